//! What is set: found, switched off in core, written to a file and read back, backed up and restored.

use crate::{
    display::journey,
    page::{Page, SOON, quoted},
};

async fn asks(page: &Page, command: &str, request: &str) -> Result<String, String> {
    let script = format!(
        "return window.__TAURI__.core.invoke({}, {{request: {request}}}).then(a => JSON.stringify(a), e => 'refused: ' + e.message)",
        quoted(command)
    );
    let answer = page.run(&script).await?;
    Ok(answer.as_str().unwrap_or_default().to_owned())
}

async fn checked(page: &Page, css: &str, on: bool) -> Result<(), String> {
    page.sees(&format!("{css}[aria-checked={on}]"), SOON).await
}

/// Covers: SET-02
#[tokio::test]
async fn what_is_switched_off_is_gone_and_refused() {
    journey("features", None, |page| async move {
        page.go("settings").await?;
        let feature = "[data-feature=port_forwards]";
        page.sees("nav.rail a[href='#/port-forwards']", SOON).await?;
        checked(&page, feature, true).await?;
        page.click(feature).await?;
        checked(&page, feature, false).await?;
        page.until(
            "a rail without it",
            SOON,
            "return document.querySelector(\"nav.rail a[href='#/port-forwards']\") === null",
        )
        .await?;
        let request = r#"{"requestId": "x", "cluster": "demo", "port": "80", "localPort": 0,
            "object": {"apiVersion": "v1", "kind": "Pod", "namespace": "data", "name": "kafka-0"}}"#;
        let refused = asks(&page, "start_forward", request).await?;
        if !refused.contains("\"Port-forwards\" is switched off") {
            return Err(format!("core answers {refused}"));
        }
        page.click(feature).await?;
        page.sees("nav.rail a[href='#/port-forwards']", SOON).await?;

        let typed = "const f = document.querySelector('[aria-label=\"Find a setting\"]'); f.value = 'restore'; \
            f.dispatchEvent(new Event('input', {bubbles: true})); return 1";
        page.run(typed).await?;
        page.until(
            "the one part that is about it",
            SOON,
            "const parts = [...document.querySelectorAll('[data-part]')].map(p => p.dataset.part); \
             return parts.length === 1 && parts[0] === 'Database and backup'",
        )
        .await
        .map(drop)
    })
    .await;
}

/// Covers: BAK-01, BAK-02, BAK-03, SET-08
#[tokio::test]
async fn a_backup_is_made_and_restored() {
    journey("backup", None, |page| async move {
        page.go("settings").await?;
        let flash = "[data-check^='flash once']";
        checked(&page, flash, true).await?;
        page.click("[data-action=back-up]").await?;
        page.sees("[data-backup$='-asked.db']", SOON).await?;

        page.click(flash).await?;
        checked(&page, flash, false).await?;
        page.run("window.before = true; return 1").await?;
        page.click("[data-backup$='-asked.db'] [data-action=restore]")
            .await?;
        page.click("[data-action=restore-now]").await?;
        page.until(
            "a page that was loaded anew",
            SOON,
            "return window.before === undefined && document.querySelector('main') !== null",
        )
        .await?;
        page.go("settings").await?;
        checked(&page, flash, true).await?;
        page.sees("[data-backup$='-replaced.db']", SOON).await?;
        // What was read into memory is what was restored: incidents are found again.
        page.go("incidents").await?;
        page.sees("a[data-incident]", SOON).await?;
        let refused = asks(
            &page,
            "restore_backup",
            r#"{"requestId": "y", "name": "../kubegraf.db"}"#,
        );
        match refused.await? {
            refused if refused.contains("no backup") => Ok(()),
            other => Err(format!("a path out of the folder is answered {other}")),
        }
    })
    .await;
}

/// Covers: SET-02, SET-07
#[tokio::test]
async fn the_settings_go_into_a_file_and_come_back() {
    journey("settings-file", None, |page| async move {
        page.go("settings").await?;
        page.click("[data-option=Dark]").await?;
        page.sees("html[data-theme=dark]", SOON).await?;
        page.click("[data-option=\"HPE green\"]").await?;
        page.sees("html[data-scheme=hpe]", SOON).await?;
        page.click("[data-action=export-settings]").await?;
        let written = "return [...document.querySelectorAll('.toast')].map(t => t.innerText).find(t => t.includes('Written to')) ?? null";
        let text = page.until("a file", SOON, written).await?;
        let text = text.as_str().unwrap_or_default();
        let path = text
            .split("Written to ")
            .nth(1)
            .and_then(|rest| rest.split(".json").next())
            .map(|path| format!("{path}.json"))
            .ok_or_else(|| format!("the toast says {text:?}"))?;
        let file = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
        page.click("[data-option=Light]").await?;
        page.sees("html[data-theme=light]", SOON).await?;

        let choose = |text: &str| {
            format!(
                "const field = document.querySelector('[data-field=import-settings]'); \
                 const data = new DataTransfer(); data.items.add(new File([{}], 'mine.json')); \
                 field.files = data.files; field.dispatchEvent(new Event('change', {{bubbles: true}})); return 1",
                quoted(text)
            )
        };
        page.run(&choose(&file.replace("\"dashboard\"", "\"moon\"")))
            .await?;
        page.until(
            "a reason",
            SOON,
            "return document.querySelector('#import-error').innerText.includes('moon')",
        )
        .await?;
        page.sees("html[data-theme=light]", SOON).await?;
        page.run(&choose(&file)).await?;
        page.sees("html[data-theme=dark][data-scheme=hpe]", SOON).await
    })
    .await;
}
