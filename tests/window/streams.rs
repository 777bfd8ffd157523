//! What flows: the logs of a row in the dock, and of many pods in their view.

use crate::{
    display::journey,
    journeys::{ROWS, shows_rows},
    page::{Page, SOON},
};

/// Selects the first row that runs and opens its logs by the key.
async fn logs_of_a_running_pod(page: &Page) -> Result<(), String> {
    shows_rows(page).await?;
    let script = format!(
        "const row = [...document.querySelectorAll('{ROWS}')].find(row => row.innerText.includes('Running')); \
         row.dispatchEvent(new PointerEvent('pointerdown', {{button: 0, bubbles: true}})); \
         const grid = document.querySelector('[role=grid]'); grid.focus(); \
         grid.dispatchEvent(new KeyboardEvent('keydown', {{key: 'l', bubbles: true, cancelable: true}})); return 1"
    );
    page.run(&script).await?;
    page.sees(".dock [data-log] [data-line]", SOON).await
}

/// Covers: CMP-05, POD-10
#[tokio::test]
async fn the_logs_of_a_row_are_followed_filtered_and_closed() {
    journey("logs", None, |page| async move {
        logs_of_a_running_pod(&page).await?;
        let end = "return Number(document.querySelector('.dock .log-scroller').dataset.end)";
        let first = page.run(end).await?.as_u64().unwrap_or(0);
        let grows = format!(
            "return Number(document.querySelector('.dock .log-scroller').dataset.end) > {first}"
        );
        page.until("newer lines", SOON, &grows).await?;
        // The newest line is in view, and a screenful of lines in the page.
        page.until(
            "the newest line in view",
            SOON,
            "const at = document.querySelector('.dock .log-scroller'); \
             const lines = at.querySelectorAll('[data-line]'); \
             return lines[lines.length - 1].getBoundingClientRect().bottom <= at.getBoundingClientRect().bottom + 2 \
                 && at.scrollHeight - at.scrollTop - at.clientHeight < 20",
        )
        .await?;
        if page.count(".dock [data-line]").await? > 500 {
            return Err("all lines are in the page".into());
        }
        // Only what holds a word, and the word marked.
        page.run(
            "const box = document.querySelector('.dock .log-query input'); box.value = 'a'; \
             box.dispatchEvent(new Event('input', {bubbles: true})); return 1",
        )
        .await?;
        page.sees(".dock [data-line] mark", SOON).await?;
        page.sees(".dock [data-log-hits]", SOON).await?;
        // It goes on while the window shows something else, and ends with its tab.
        page.go("nodes").await?;
        page.sees(".dock [data-log] [data-line]", SOON).await?;
        page.click(".dock .dock-tab-group [aria-label^=Close]").await?;
        page.until(
            "a dock without the log",
            SOON,
            "return document.querySelector('.dock [data-log]') === null",
        )
        .await
        .map(drop)
    })
    .await;
}

/// Covers: EVT-04
#[tokio::test]
async fn the_logs_view_merges_pods_and_toggles_them() {
    journey("logs-view", None, |page| async move {
        page.go("logs").await?;
        page.click("[data-action=every-log]").await?;
        page.sees("main [data-line] .log-source", SOON).await?;
        let several = "return new Set([...document.querySelectorAll('main .log-source')].map(e => e.innerText)).size > 3";
        page.until("lines of several pods", SOON, several).await?;
        // What the grave lines have in common, counted; choosing one shows its lines only.
        page.click("main [aria-label='Patterns of warnings and errors']").await?;
        page.click("main [data-pattern]").await?;
        page.until(
            "only lines of the pattern",
            SOON,
            "const lines = [...document.querySelectorAll('main [data-line]')].filter(line => !line.dataset.remark); \
             return lines.length > 0 && lines.every(line => line.dataset.hit)",
        )
        .await?;
        page.run(
            "const box = document.querySelector('main .log-query input'); box.value = ''; \
             box.dispatchEvent(new Event('input', {bubbles: true})); return 1",
        )
        .await?;
        // A moment is a place among the lines.
        page.sees("main [data-line] .log-time", SOON).await?;
        page.click("main [aria-label=Time]").await?;
        page.run(
            "const first = document.querySelector('main [data-line] .log-time').innerText.slice(0, 8); \
             const now = new Date(); const two = n => String(n).padStart(2, '0'); \
             const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`; \
             const field = document.querySelector('main [data-log-time=to]'); field.value = `${day}T${first}`; \
             field.dispatchEvent(new Event('input', {bubbles: true})); return 1",
        )
        .await?;
        page.click("main [data-action=log-jump]").await?;
        page.sees("main [data-log-toggle=follow][aria-pressed=false]", SOON).await?;
        page.click("main [aria-label=Time]").await?;
        page.click("main [data-since='300']").await?;
        page.until(
            "lines of the last minutes",
            SOON,
            "return document.querySelector('main [data-log-times]').innerText.includes('5 minutes') \
                && document.querySelectorAll('main [data-line]').length > 0",
        )
        .await?;
        page.click("main [data-least=error]").await?;
        page.until(
            "only errors",
            SOON,
            "const lines = [...document.querySelectorAll('main [data-line]')]; \
             return lines.length > 0 && lines.every(line => ['error', 'fatal'].includes(line.dataset.level) || line.dataset.remark)",
        )
        .await
        .map(drop)
    })
    .await;
}
