//! Login, as a person meets it: switched on, signed out, refused, let in, and what a viewer may not do.

use crate::{
    axe,
    display::journey,
    page::{Page, SOON, quoted},
};

const RIGHT: &str = "correct horse battery";

async fn asks(page: &Page, command: &str, request: &str) -> Result<String, String> {
    let script = format!(
        "return window.__TAURI__.core.invoke({}, {{request: {request}}}).then(a => JSON.stringify(a), e => 'refused: ' + e.code)",
        quoted(command)
    );
    let answer = page.run(&script).await?;
    Ok(answer.as_str().unwrap_or_default().to_owned())
}

async fn signs_in(page: &Page, name: &str, password: &str) -> Result<(), String> {
    page.keys("[data-form=login] [data-field=name]", name)
        .await?;
    page.keys("[data-form=login] [data-field=password]", password)
        .await?;
    page.click("[data-action=login]").await
}

async fn signs_out(page: &Page) -> Result<(), String> {
    page.click(".account-button").await?;
    page.click("[data-action=logout]").await?;
    page.sees("main[data-view=sign-in]", SOON).await
}

/// Covers: AUT-01, AUT-02, AUT-07, AUT-10, AUT-11, AUT-12, ERR-09
#[tokio::test]
async fn login_is_switched_on_and_a_viewer_is_refused() {
    let script = axe::script_or_skip();
    journey("accounts", None, |page| async move {
        // Nobody was asked until now.
        page.go("settings").await?;
        page.click("[data-action=require-login]").await?;
        for (field, text) in [("name", "Ada"), ("password", RIGHT), ("again", RIGHT)] {
            let css = format!("[data-form=first-account] [data-field={field}]");
            page.keys(&css, text).await?;
        }
        page.click("[data-action=require-login-now]").await?;
        page.sees("main[data-view=sign-in]", SOON).await?;
        for command in ["get_status", "list_clusters"] {
            let answer = asks(&page, command, "{}").await?;
            if answer != "refused: signed_out" {
                return Err(format!("without a session \"{command}\" answers {answer}"));
            }
        }
        if let Some(script) = &script {
            page.run(&format!("{script}; return 1")).await?;
            let found = axe::judged(&page).await?;
            if !found.is_empty() {
                return Err(found.join("\n"));
            }
        }
        signs_in(&page, "ada", "wrong password").await?;
        page.until(
            "a reason",
            SOON,
            "return document.querySelector('[data-said]').innerText.includes('wrong')",
        )
        .await?;
        page.run("document.querySelector('[data-field=name]').value = ''; \
            document.querySelector('[data-field=name]').dispatchEvent(new Event('input', {bubbles: true})); return 1")
            .await?;
        signs_in(&page, "ada", RIGHT).await?;
        page.sees("nav.rail a[href='#/users']", SOON).await?;
        let kept = "return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])";
        let kept = page.run(kept).await?.to_string();
        if kept.contains("token") || kept.contains("horse") || kept.contains("ada") {
            return Err(format!("the page keeps {kept}"));
        }

        page.go("users").await?;
        page.sees("tr[data-user=Ada]", SOON).await?;
        page.click("[data-action=add-user]").await?;
        page.keys("[data-form=add-user] [data-field=name]", "Vic").await?;
        page.keys("[data-form=add-user] [data-field=password]", RIGHT).await?;
        page.click("[data-action=add-user-now]").await?;
        page.sees("tr[data-user=Vic]", SOON).await?;
        signs_out(&page).await?;

        signs_in(&page, "vic", RIGHT).await?;
        page.sees(".account-button[aria-label='Account Vic, Viewer']", SOON).await?;
        page.go("pods").await?;
        page.sees("[role=row][data-uid]", SOON).await?;
        let plan = r#"{"requestId": "x", "plan": "p", "hash": "h", "typed": null}"#;
        let answer = asks(&page, "apply_plan", plan).await?;
        if answer != "refused: not_allowed" {
            return Err(format!("a viewer's \"apply_plan\" is answered {answer}"));
        }
        signs_out(&page).await
    })
    .await;
}

/// Covers: UPD-06
#[tokio::test]
async fn nobody_is_asked_for_updates_and_the_start_at_login_is_kept() {
    journey("autostart", None, |page| async move {
        page.go("settings").await?;
        page.sees("[data-updates=off]", SOON).await?;
        let answer = asks(&page, "check_update", "{}").await?;
        if answer != "refused: switched_off" {
            return Err(format!("\"check_update\" is answered {answer}"));
        }
        let check = "[data-check=autostart]:not(:disabled)";
        page.sees(&format!("{check}[aria-checked=false]"), SOON)
            .await?;
        page.click(check).await?;
        page.sees(&format!("{check}[aria-checked=true]"), SOON)
            .await?;
        page.run("window.before = true; location.reload(); return 1")
            .await?;
        page.until(
            "a page that was loaded anew",
            SOON,
            "return window.before === undefined && document.querySelector('main') !== null",
        )
        .await?;
        page.sees(&format!("{check}[aria-checked=true]"), SOON)
            .await?;
        page.click(check).await?;
        page.sees(&format!("{check}[aria-checked=false]"), SOON)
            .await
    })
    .await;
}
