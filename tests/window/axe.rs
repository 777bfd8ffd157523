//! Every view judged by axe-core: no serious finding in either theme.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    display::journey,
    page::{Page, SOON},
};

/// The release that judges; another one may find other things.
const RELEASE: &str = "4.14.1";
/// Nothing is loading, and no colour is half way from one theme to the other: a contrast measured then is nobody's.
pub const QUIET: &str = "return document.querySelector('main .bone, main [aria-busy=true]') === null \
    && !document.getAnimations().some(a => a instanceof CSSTransition && a.playState === 'running')";
/// No colour is half way from one theme to the other, and nothing that opens is half there.
pub const QUIET_COLOURS: &str = "return !document.getAnimations().some(a => a.playState === 'running' \
    && a.effect.getTiming().iterations !== Infinity)";
const VIEWS: &[&str] = &[
    "dashboard",
    "cluster-overview",
    "cluster-manager",
    "incidents",
    "pods",
    "events",
    "nodes",
    "logs",
    "port-forwards",
    "settings",
    "terminal",
    "users",
];
/// What opens in or over a view: its name, what opens it, and what is seen then.
const ABOVE: &[(&str, &str, &str)] = &[
    (
        "the palette",
        "document.querySelector('[data-action=palette]').click()",
        "dialog.palette [data-entry]",
    ),
    (
        "the help of keys",
        "document.querySelector('[aria-label=\"What keys do\"]').click()",
        "[data-keys]",
    ),
    (
        "the notification centre",
        "document.querySelector('.bell').click()",
        "[data-notices]",
    ),
    (
        "an incident",
        "location.hash = '#/incidents'; const first = setInterval(() => { \
         const line = document.querySelector('a[data-incident]'); if (line) { clearInterval(first); line.click(); } }, 50)",
        "[data-incident-detail]",
    ),
    (
        "a shortcut that waits",
        "location.hash = '#/settings'; const first = setInterval(() => { \
         const line = document.querySelector('[data-action=change-shortcut]'); if (line) { clearInterval(first); line.click(); } }, 50)",
        ".shortcut-press",
    ),
];

/// The script, fetched by npm once per target directory; why not, when it cannot be.
fn script() -> Result<String, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe");
    let file: PathBuf = folder.join("node_modules/axe-core/axe.min.js");
    if !file.exists() {
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let fetched = Command::new("npm")
            .args(["install", "--silent", "--no-fund", "--no-audit", "--prefix"])
            .arg(&folder)
            .arg(format!("axe-core@{RELEASE}"))
            .stdin(Stdio::null())
            .status();
        match fetched {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("npm ended with {status}")),
            Err(error) => return Err(format!("npm: {error}")),
        }
    }
    std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
}

/// What is serious about the page, one line per rule.
pub async fn judged(page: &Page) -> Result<Vec<String>, String> {
    let run = "window.__judged = null; \
        axe.run(document, {resultTypes: ['violations']}).then( \
        found => window.__judged = found.violations.filter(v => ['serious', 'critical'].includes(v.impact)) \
        .map(v => `${v.id} (${v.impact}), ${v.nodes.length} times: ${v.nodes[0].html.slice(0, 200)}`), \
        error => window.__judged = [String(error)]); return 1";
    page.run(run).await?;
    let found = page
        .until("a judgement", SOON, "return window.__judged")
        .await?;
    let lines = found.as_array().cloned().unwrap_or_default();
    let text = |line: &Value| line.as_str().unwrap_or_default().to_owned();
    Ok(lines.iter().map(text).collect())
}

/// The script; nothing, said aloud, where it cannot be had and need not be.
pub fn script_or_skip() -> Option<String> {
    match script() {
        Ok(script) => Some(script),
        Err(why) => {
            let required = std::env::var("KG_REQUIRE_WINDOW").is_ok_and(|value| value == "1");
            assert!(!required, "axe-core cannot be had: {why}");
            println!("SKIPPED axe: {why}");
            None
        }
    }
}

#[tokio::test]
async fn no_view_has_a_serious_finding_in_either_theme() {
    let Some(script) = script_or_skip() else {
        return;
    };
    journey("axe", None, |page| async move {
        let mut found = Vec::new();
        page.go("pods").await?;
        page.sees("[role=row][data-uid]", SOON).await?;
        page.run(&format!("{script}; return 1")).await?;
        for theme in ["dark", "light"] {
            page.run(&format!(
                "document.documentElement.dataset.theme = '{theme}'; return 1"
            ))
            .await?;
            for view in VIEWS {
                page.go(view).await?;
                page.until("a quiet view", SOON, QUIET).await?;
                let lines = judged(&page).await?;
                found.extend(
                    lines
                        .iter()
                        .map(|line| format!("{view} in {theme}: {line}")),
                );
            }
        }
        for (what, open, seen) in ABOVE {
            page.client().refresh().await.map_err(|e| e.to_string())?;
            page.go("dashboard").await?;
            page.until("a quiet view", SOON, QUIET).await?;
            page.run(&format!("{script}; {open}; return 1")).await?;
            page.sees(seen, SOON).await?;
            page.until("settled colours", SOON, QUIET_COLOURS).await?;
            let lines = judged(&page).await?;
            found.extend(lines.iter().map(|line| format!("{what}: {line}")));
        }
        match found.as_slice() {
            [] => Ok(()),
            found => Err(found.join("\n")),
        }
    })
    .await;
}
