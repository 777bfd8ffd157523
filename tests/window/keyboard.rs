//! What keys do, and giving them other work: pressed, refused, swapped, kept and given back.

use crate::{
    display::journey,
    journeys::{ROWS, shows_rows},
    page::{Page, SOON, quoted},
};

/// Presses a key where `css` is, or in the window as a whole.
async fn press(page: &Page, css: Option<&str>, key: &str, control: bool) -> Result<(), String> {
    let at = match css {
        Some(css) => {
            page.sees(css, SOON).await?;
            format!("document.querySelector({})", quoted(css))
        }
        None => "window".into(),
    };
    let script = format!(
        "const at = {at}; at.focus?.(); at.dispatchEvent(new KeyboardEvent('keydown', \
         {{key: {}, ctrlKey: {control}, bubbles: true, cancelable: true}})); return 1",
        quoted(key)
    );
    page.run(&script).await.map(drop)
}

fn line(id: &str) -> String {
    format!("[data-shortcut={}]", quoted(id))
}

async fn has(page: &Page, id: &str, keys: &str) -> Result<(), String> {
    let script = format!(
        "return document.querySelector({} + ' .shortcut-keys')?.innerText.trim() === {}",
        quoted(&line(id)),
        quoted(keys)
    );
    page.until(&format!("{keys:?} for {id}"), SOON, &script)
        .await
        .map(drop)
}

async fn ask(page: &Page, id: &str) -> Result<String, String> {
    page.click(&format!("{} [data-action=change-shortcut]", line(id)))
        .await?;
    let press = format!("{} .shortcut-press", line(id));
    page.sees(&press, SOON).await?;
    Ok(press)
}

async fn says(page: &Page, css: &str, word: &str) -> Result<(), String> {
    let script = format!(
        "return (document.querySelector({})?.innerText ?? '').includes({})",
        quoted(css),
        quoted(word)
    );
    page.until(&format!("{word:?} in {css}"), SOON, &script)
        .await
        .map(drop)
}

/// Covers: SET-11, NAV-22
#[tokio::test]
async fn keys_are_given_other_work_and_keep_it() {
    journey("shortcuts", None, |page| async move {
        page.go("settings").await?;
        let field = ask(&page, "table.logs").await?;
        press(&page, Some(&field), "Enter", false).await?;
        says(&page, &field, "Enter always does").await?;
        press(&page, Some(&field), "k", false).await?;
        says(&page, &field, "k is taken: Previous row").await?;
        press(&page, Some(&field), "w", false).await?;
        has(&page, "table.logs", "w").await?;

        let field = ask(&page, "palette").await?;
        press(&page, Some(&field), "p", true).await?;
        has(&page, "palette", "Ctrl+P").await?;
        says(&page, "[data-action=palette]", "Ctrl+P").await?;

        // Of two that want the same, the latter has it and the former is seen to have none.
        let field = ask(&page, "table.next").await?;
        press(&page, Some(&field), "k", false).await?;
        page.click(&format!("{field} [data-action=take-shortcut]"))
            .await?;
        has(&page, "table.next", "k").await?;
        has(&page, "table.previous", "no keys").await?;
        let field = ask(&page, "table.shell").await?;
        press(&page, Some(&field), "Escape", false).await?;
        has(&page, "table.shell", "s").await?;

        press(&page, None, "k", true).await?;
        press(&page, None, "p", true).await?;
        page.sees("dialog.palette", SOON).await?;
        says(&page, "[data-entry=\"Show keyboard shortcuts\"]", "?").await?;
        press(&page, None, "p", true).await?;
        page.until("no palette", SOON, "return document.querySelector('dialog.palette') === null")
            .await?;

        let kept = "return window.__TAURI__.core.invoke('get_preferences', {request: {}}).then(all => all.shortcuts.length === 4)";
        page.until("kept keys", SOON, kept).await?;
        page.client().refresh().await.map_err(|e| e.to_string())?;
        says(&page, "[data-action=palette]", "Ctrl+P").await?;

        shows_rows(&page).await?;
        press(&page, None, "?", false).await?;
        let help = "return [...document.querySelectorAll('[data-keys] .key-line')].some(e => e.innerText.includes('Logs of what') && e.querySelector('kbd').innerText === 'w')";
        page.until("the new key in the help", SOON, help).await?;
        page.click("[data-keys] ~ .dialog-foot .button:last-child").await?;
        page.until("no help", SOON, "return document.querySelector('[data-keys]') === null")
            .await?;
        let grid = Some("[role=grid]");
        press(&page, grid, "j", false).await?;
        press(&page, grid, "l", false).await?;
        if page.count("[role=row][aria-selected=true]").await? > 0 || page.count(".dock [data-log]").await? > 0 {
            return Err("keys do what was taken from them".into());
        }
        press(&page, grid, "k", false).await?;
        page.sees("[role=row][aria-selected=true]", SOON).await?;
        press(&page, grid, "w", false).await?;
        page.sees(".dock [data-log]", SOON).await?;

        page.go("settings").await?;
        page.click(&format!("{} [data-action=reset-shortcut]", line("table.logs")))
            .await?;
        has(&page, "table.logs", "l").await?;
        has(&page, "palette", "Ctrl+P").await?;
        page.click("[data-action=reset-shortcuts]").await?;
        has(&page, "palette", "Ctrl+K").await?;
        has(&page, "table.next", "j").await?;
        has(&page, "table.previous", "k").await?;
        Ok(())
    })
    .await;
}

/// Covers: NAV-22
#[tokio::test]
async fn views_open_by_key_and_text_is_left_alone() {
    journey("view-keys", None, |page| async move {
        shows_rows(&page).await?;
        let alt = |key: &str, at: &str| {
            format!(
                "{at}.dispatchEvent(new KeyboardEvent('keydown', {{key: {0}, code: 'Digit' + {0}, altKey: true, bubbles: true, cancelable: true}})); return 1",
                quoted(key)
            )
        };
        page.run(&alt("2", "window")).await?;
        page.sees("main[data-view=incidents]", SOON).await?;
        page.run(&alt("6", "window")).await?;
        page.sees("main[data-view=nodes]", SOON).await?;
        press(&page, None, "[", false).await?;
        page.sees("main[data-view=incidents]", SOON).await?;
        press(&page, None, "j", true).await?;
        page.sees(".dock-body", SOON).await?;
        press(&page, None, "j", true).await?;
        page.until("a closed dock", SOON, "return document.querySelector('.dock-body') === null")
            .await?;

        page.go("pods").await?;
        page.sees(ROWS, SOON).await?;
        press(&page, None, "/", false).await?;
        let focused = "return document.activeElement?.getAttribute('aria-label') === 'Filter rows'";
        page.until("focus in the filter", SOON, focused).await?;
        for key in ["?", "[", ":"] {
            press(&page, Some("[aria-label=\"Filter rows\"]"), key, false).await?;
        }
        if page.count("dialog[open]").await? > 0 {
            return Err("a sign that was typed did something".into());
        }
        page.sees("main[data-view=pods]", SOON).await
    })
    .await;
}
