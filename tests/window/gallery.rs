//! The gallery of components, judged by axe in every theme and scheme; and a view that dies.

use std::path::Path;

use crate::{
    axe,
    display::{first_start, journey, log_of},
    page::{Page, SOON},
};

const LOOKS: &[(&str, &str)] = &[
    ("dark", "kubegraf"),
    ("light", "kubegraf"),
    ("dark", "high_contrast"),
    ("light", "high_contrast"),
    ("dark", "hpe"),
    ("light", "hpe"),
];

async fn look(page: &Page, theme: &str, scheme: &str) -> Result<(), String> {
    page.run(&format!(
        "document.documentElement.dataset.theme = '{theme}'; \
         document.documentElement.dataset.scheme = '{scheme}'; return 1"
    ))
    .await?;
    page.until("settled colours", SOON, axe::QUIET_COLOURS)
        .await
        .map(drop)
}

/// Covers: CMP-14, CMP-15
#[tokio::test]
async fn every_component_stands_in_every_theme() {
    let script = axe::script_or_skip();
    journey("gallery", None, |page| async move {
        page.go("gallery").await?;
        page.sees("[data-shelf=Failing]", SOON).await?;
        page.click("[data-action=toast]").await?;
        page.sees(".toast", SOON).await?;
        page.click("[data-action=complain]").await?;
        page.sees(".toast-error", SOON).await?;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("window/gallery");
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        if let Some(script) = &script {
            page.run(&format!("{script}; return 1")).await?;
        }
        let mut found = Vec::new();
        for (theme, scheme) in LOOKS {
            look(&page, theme, scheme).await?;
            page.picture(&folder.join(format!("{scheme}-{theme}.png")))?;
            if script.is_some() {
                let lines = axe::judged(&page).await?;
                found.extend(
                    lines
                        .iter()
                        .map(|line| format!("{scheme}, {theme}: {line}")),
                );
            }
        }
        match found.as_slice() {
            [] => Ok(()),
            found => Err(found.join("\n")),
        }
    })
    .await;
}

/// Covers: ERR-07
#[tokio::test]
async fn a_view_that_dies_says_so_and_the_dashboard_opens_instead() {
    journey("dies", None, |page| async move {
        page.go("gallery").await?;
        page.click("[data-action=panic]").await?;
        page.sees("#fatal:not([hidden])", SOON).await?;
        let text = page.text("#fatal").await?;
        for word in ["gallery", "the gallery was asked to", "Reload"] {
            if !text.contains(word) {
                return Err(format!("the fallback does not say {word:?}: {text}"));
            }
        }
        page.click("#fatal-leave").await?;
        page.sees("#fatal[hidden]", SOON).await?;
        page.sees("main[data-view=dashboard] [data-tile]", SOON)
            .await?;
        if !log_of("dies").contains("the gallery was asked to") {
            return Err("the app's log does not have it".into());
        }
        Ok(())
    })
    .await;
}

/// Covers: ERR-07
#[tokio::test]
async fn after_a_reload_the_same_rows_are_shown_and_a_view_that_fails_twice_is_left() {
    journey("dies-twice", None, |page| async move {
        page.go("pods").await?;
        page.sees("[role=row][data-uid]", SOON).await?;
        let typed = "const f = document.querySelector('[aria-label=\"Filter rows\"]'); f.value = 'kube-system'; \
            f.dispatchEvent(new Event('input', {bubbles: true})); return 1";
        page.run(typed).await?;
        page.until("the filter in the address", SOON, "return location.hash === '#/pods?filter=kube-system'")
            .await?;
        // What a trap of the page's own code looks like from outside.
        let trap = "const trap = new WebAssembly.RuntimeError('unreachable'); \
            dispatchEvent(new ErrorEvent('error', {error: trap, message: 'unreachable'})); return 1";
        page.run(trap).await?;
        page.sees("#fatal:not([hidden])", SOON).await?;
        page.sees("#fatal-again[hidden]", SOON).await?;
        page.click("#fatal-reload").await?;
        let same = "const rows = [...document.querySelectorAll('[role=row][data-uid]')]; \
            return document.querySelector('#fatal')?.hidden && rows.length > 0 \
            && rows.every(e => e.dataset.namespace === 'kube-system') \
            && document.querySelector('[aria-label=\"Filter rows\"]').value === 'kube-system'";
        page.until("the same rows", SOON, same).await?;
        page.run(trap).await?;
        page.sees("#fatal-again:not([hidden])", SOON).await?;
        let text = page.text("#fatal").await?;
        for word in ["pods", "short while ago", "Open the dashboard"] {
            if !text.contains(word) {
                return Err(format!("the fallback does not say {word:?}: {text}"));
            }
        }
        page.click("#fatal-leave.primary").await?;
        page.sees("main[data-view=dashboard] [data-tile]", SOON)
            .await
    })
    .await;
}

/// Covers: SET-13
#[tokio::test]
async fn the_policy_is_agreed_to_once() {
    first_start("policy", None, |page| async move {
        page.sees("dialog [data-policy]", SOON).await?;
        let text = page.text("dialog").await?;
        if !text.contains("no telemetry") {
            return Err(format!("the policy says {text}"));
        }
        page.click("[data-action=accept-policy]").await?;
        page.until(
            "an agreement that is kept",
            SOON,
            "return window.__TAURI__.core.invoke('get_preferences', {request: {}}).then(all => all.policy === 1)",
        )
        .await?;
        page.client().refresh().await.map_err(|e| e.to_string())?;
        page.sees("main[data-view=dashboard] [data-tile]", SOON)
            .await?;
        if page.count("[data-policy]").await? > 0 {
            return Err("it is asked a second time".into());
        }
        // Who has no cluster is on the demo cluster, and shown the way to one.
        page.click("[data-connect] [data-action=connect]").await?;
        page.sees("dialog [data-action=pick-file]", SOON).await?;
        page.sees("dialog [data-field=kubeconfig]", SOON).await
    })
    .await;
}
