//! What a person does all day: look at the dashboard, arrange a table, mark and copy, jump.

use serde_json::Value;

use crate::{
    display::journey,
    journeys::{ROWS, shows_rows},
    page::{Page, SOON, quoted},
};

/// Keeps what is copied where the test can read it: there is no clipboard to ask under Xvfb.
const CATCH_COPIES: &str = "window.__copied = null; \
    navigator.clipboard.writeText = text => { window.__copied = text; return Promise.resolve(); }; return 1";

async fn press(page: &Page, key: &str, control: bool) -> Result<(), String> {
    let script = format!(
        "const at = document.querySelector('[role=grid]'); at.focus(); \
         at.dispatchEvent(new KeyboardEvent('keydown', {{key: {}, ctrlKey: {control}, bubbles: true, cancelable: true}})); return 1",
        quoted(key)
    );
    page.run(&script).await.map(drop)
}

async fn heads(page: &Page) -> Result<Vec<String>, String> {
    let script = "return [...document.querySelectorAll('[data-sort]')].map(e => e.dataset.sort)";
    let heads = page.run(script).await?;
    serde_json::from_value(heads).map_err(|e| e.to_string())
}

/// Covers: NAV-38
#[tokio::test]
async fn the_dashboard_counts_what_the_table_shows() {
    journey("dashboard", None, |page| async move {
        // The demo cluster lives: read both until they speak of the same moment.
        let mut last = String::new();
        for _ in 0..10 {
            page.go("dashboard").await?;
            page.sees("[data-score]", SOON).await?;
            let counted = page
                .until("count of the pods", SOON, "return document.querySelector('[data-states=pods]')?.dataset.total ?? null")
                .await?;
            let failing = page
                .run("return document.querySelector('[data-tile=failing]').dataset.count")
                .await?;
            shows_rows(&page).await?;
            let rows = page
                .run("return document.querySelector('[role=grid]').getAttribute('aria-rowcount')")
                .await?;
            let bad = page
                .run("return String([...document.querySelectorAll('.facet.tone-bad .number')].reduce((sum, e) => sum + Number(e.innerText.replaceAll(',', '')), 0))")
                .await?;
            if (&counted, &failing) == (&rows, &bad) {
                return Ok(());
            }
            last = format!("{counted} pods, {failing} failing; the table {rows}, {bad}");
        }
        Err(format!("the dashboard never equals the table: {last}"))
    })
    .await;
}

/// Covers: CMP-01
#[tokio::test]
async fn a_choice_of_columns_is_there_after_a_reload() {
    journey("columns", None, |page| async move {
        shows_rows(&page).await?;
        let before = heads(&page).await?;
        if before.contains(&"NODE".to_owned()) || !before.contains(&"READY".to_owned()) {
            return Err(format!("kubectl has other columns: {before:?}"));
        }
        page.click("[aria-haspopup=dialog][aria-label^=Columns]").await?;
        page.click("[data-column=NODE]").await?;
        page.click("[data-column=READY]").await?;
        let changed = "const heads = [...document.querySelectorAll('[data-sort]')].map(e => e.dataset.sort); \
            return heads.includes('NODE') && !heads.includes('READY')";
        page.until("changed columns", SOON, changed).await?;
        // Core keeps it a moment after the window shows it.
        let kept = "window.__TAURI__.core.invoke('get_preferences', {request: {}})\
            .then(p => window.__kept = p.tables.length); return window.__kept";
        page.until("kept layout", SOON, kept).await?;

        page.client().refresh().await.map_err(|e| e.to_string())?;
        page.sees(ROWS, SOON).await?;
        page.until("the same columns after a reload", SOON, changed).await?;
        Ok(())
    })
    .await;
}

/// Covers: CMP-01, CMP-02
#[tokio::test]
async fn rows_are_marked_and_copied() {
    journey("marks", None, |page| async move {
        page.go("deployments").await?;
        page.sees(ROWS, SOON).await?;
        page.run(CATCH_COPIES).await?;
        press(&page, "j", false).await?;
        press(&page, " ", false).await?;
        press(&page, "j", false).await?;
        press(&page, " ", false).await?;
        page.sees("[data-marks=\"2\"]", SOON).await?;
        page.click("[data-action=copy-names]").await?;
        let copied = page.until("copied names", SOON, "return window.__copied").await?;
        let marked = page
            .run("return [...document.querySelectorAll('[data-marked]')].map(e => e.dataset.name).sort().join('\\n')")
            .await?;
        let sorted = |text: &Value| {
            let mut lines: Vec<String> = text.as_str().unwrap_or_default().lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let names: Vec<String> = sorted(&copied)
            .iter()
            .map(|line| line.rsplit('/').next().unwrap_or_default().to_owned())
            .collect();
        if names != sorted(&marked) || names.len() != 2 {
            return Err(format!("marked {marked}, copied {copied}"));
        }

        press(&page, "a", true).await?;
        let all = page
            .until(
                "every row marked",
                SOON,
                "const all = document.querySelector('[role=grid]').getAttribute('aria-rowcount'); \
                 return document.querySelector('[data-marks]')?.dataset.marks === all ? all : null",
            )
            .await?;
        page.run(CATCH_COPIES).await?;
        press(&page, "C", false).await?;
        let table = page.until("copied rows", SOON, "return window.__copied").await?;
        let table = table.as_str().unwrap_or_default();
        let rows = table.lines().count() as u64 - 1;
        if Some(rows) != all.as_str().and_then(|all| all.parse().ok()) || !table.starts_with("NAMESPACE\tNAME\tREADY") {
            return Err(format!("{rows} rows of {all} copied: {table}"));
        }
        press(&page, "Escape", false).await?;
        page.until("no mark", SOON, "return document.querySelector('[data-marks]') === null")
            .await
            .map(drop)
    })
    .await;
}

/// Covers: NAV-22, NAV-24
#[tokio::test]
async fn the_palette_finds_and_jumps() {
    journey("palette", None, |page| async move {
        shows_rows(&page).await?;
        let open = "window.dispatchEvent(new KeyboardEvent('keydown', {key: 'k', ctrlKey: true, cancelable: true})); return 1";
        page.run(open).await?;
        page.sees("dialog.palette input", SOON).await?;
        let typed = |text: &str| {
            format!(
                "const field = document.querySelector('dialog.palette input'); field.value = {}; \
                 field.dispatchEvent(new Event('input', {{bubbles: true}})); return 1",
                quoted(text)
            )
        };
        let enter = "document.querySelector('dialog.palette input')\
            .dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true})); return 1";
        page.run(&typed("deplo")).await?;
        page.sees("[data-entry=Deployments][aria-selected=true]", SOON).await?;
        page.run(enter).await?;
        page.sees("main[data-view=deployments]", SOON).await?;

        let colon = "window.dispatchEvent(new KeyboardEvent('keydown', {key: ':', cancelable: true})); return 1";
        page.run(colon).await?;
        page.sees("dialog.palette input", SOON).await?;
        page.run(&typed(":pods kube-system")).await?;
        page.sees("[data-entry=\"Open pods in kube-system\"]", SOON).await?;
        page.run(enter).await?;
        page.sees("main[data-view=pods]", SOON).await?;
        let only = "const rows = [...document.querySelectorAll('[role=row][data-uid]')]; \
            return rows.length > 0 && rows.every(e => e.dataset.namespace === 'kube-system')";
        page.until("only pods of kube-system", SOON, only).await?;

        page.run(colon).await?;
        page.run(&typed(":widgets")).await?;
        let text = page.text("dialog.palette").await?;
        if !text.contains("widgets") || !text.contains("no view or kind") {
            return Err(format!("an unknown kind is not named: {text}"));
        }
        Ok(())
    })
    .await;
}

/// Covers: CMP-01
#[tokio::test]
async fn what_a_filtered_table_shows_is_what_its_file_holds() {
    journey("export", None, |page| async move {
        page.go("deployments").await?;
        page.sees(ROWS, SOON).await?;
        let count = "return Number(document.querySelector('[role=grid]').getAttribute('aria-rowcount'))";
        let all = page.run(count).await?.as_u64().unwrap_or_default();
        let namespace = page
            .run("return document.querySelector('[role=row][data-uid]').dataset.namespace")
            .await?;
        let filter = format!(
            "const field = document.querySelector('[aria-label=\"Filter rows\"]'); field.value = {namespace}; \
             field.dispatchEvent(new Event('input', {{bubbles: true}})); return 1"
        );
        page.run(&filter).await?;
        let fewer = format!(
            "const rows = Number(document.querySelector('[role=grid]').getAttribute('aria-rowcount')); \
             const shown = [...document.querySelectorAll('[role=row][data-uid]')]; \
             return rows > 0 && rows < {all} && shown.length === rows \
             ? shown.map(e => e.dataset.namespace + '/' + e.dataset.name).sort() : null"
        );
        let shown = page.until("fewer rows", SOON, &fewer).await?;
        page.click("[data-action=export]").await?;
        let said = page
            .until(
                "word of the file",
                SOON,
                "return document.querySelector('[aria-label=Messages]').innerText.match(/rows? written to (.+\\.csv)/)?.[1] ?? null",
            )
            .await?;
        let path = said.as_str().unwrap_or_default();
        let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
        let mut lines = text.lines();
        let heads: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
        if heads[..2] != ["NAMESPACE", "NAME"] || !heads.contains(&"READY") {
            return Err(format!("the file's heads are {heads:?}"));
        }
        let mut names: Vec<String> = lines
            .map(|line| line.split(',').take(2).collect::<Vec<_>>().join("/"))
            .collect();
        names.sort();
        if Value::from(names.clone()) != shown {
            return Err(format!("the table shows {shown}, the file holds {names:?}"));
        }
        Ok(())
    })
    .await;
}
