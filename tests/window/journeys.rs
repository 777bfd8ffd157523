//! Short journeys on the demo cluster.

use std::time::Duration;

use crate::{
    display::{journey, log_of},
    page::{Page, SOON},
};

pub const ROWS: &str = "[role=grid] [role=row][data-uid]";

pub async fn shows_rows(page: &Page) -> Result<(), String> {
    page.go("pods").await?;
    page.sees("main[data-view=\"pods\"] [role=grid]", SOON)
        .await?;
    page.sees(ROWS, SOON).await?;
    page.sees("[data-freshness=\"live\"]", SOON).await
}

/// Covers: SYS-01, POD-01
#[tokio::test]
async fn it_starts_on_the_demo_cluster_and_shows_its_pods() {
    journey("starts", None, |page| async move {
        shows_rows(&page).await?;
        let total = page
            .run("return Number(document.querySelector('[role=grid]').getAttribute('aria-rowcount'))")
            .await?;
        let (total, shown) = (total.as_u64().unwrap_or(0), page.count(ROWS).await?);
        if total < 100 || !(10..=200).contains(&shown) {
            return Err(format!("{shown} rows in the page of {total} in all"));
        }
        let text = page.text("[role=grid]").await?;
        for word in ["STATUS", "Running"] {
            if !text.contains(word) {
                return Err(format!("the table does not say \"{word}\": {text}"));
            }
        }
        Ok(())
    })
    .await;
}

/// Covers: RTU-12
#[tokio::test]
async fn a_reload_leaks_no_stream() {
    journey("reload", None, |page| async move {
        shows_rows(&page).await?;
        for round in 0..4 {
            page.client()
                .refresh()
                .await
                .map_err(|e| format!("reload {round}: {e}"))?;
            shows_rows(&page).await?;
        }
        // Each page that goes says how many streams it had open and how many are left.
        let log = log_of("reload");
        let ended: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("the page's streams ended"))
            .collect();
        // The tray goes on following clusters, incidents, forwards and preferences; alerts follow notices, the zoom preferences.
        let own = 6;
        let left = ended
            .iter()
            .filter(|line| {
                let left = line.split("left=").nth(1);
                left.and_then(|left| left.trim().parse::<u32>().ok())
                    .is_none_or(|left| left > own)
            })
            .count();
        let counts: std::collections::BTreeSet<_> = ended
            .iter()
            .skip(1)
            .filter_map(|line| line.split("ended=").nth(1)?.split_whitespace().next())
            .collect();
        if ended.len() < 4 || left > 0 || counts.len() > 2 {
            return Err(format!("streams pile up over reloads: {ended:#?}"));
        }
        Ok(())
    })
    .await;
}

/// Covers: IPC-06
#[tokio::test]
async fn the_page_may_ask_for_the_contract_and_nothing_else() {
    journey("acl", None, |page| async move {
        shows_rows(&page).await?;
        for command in ["plugin:window|close", "plugin:shell|execute", "plugin:event|listen"] {
            let script = format!(
                "window.__answer = null; window.__TAURI__.core.invoke('{command}', {{}})\
                 .then(() => window.__answer = 'done', e => window.__answer = 'refused: ' + e); return 1"
            );
            page.run(&script).await?;
            let answer = page.until("answer", SOON, "return window.__answer").await?;
            let answer = answer.as_str().unwrap_or_default();
            let refused = answer.contains("not allowed") || answer.contains("not found");
            if !refused {
                return Err(format!("\"{command}\" was answered \"{answer}\""));
            }
        }
        let status = "window.__answer = null; window.__TAURI__.core.invoke('get_status', {request: {}})\
            .then(s => window.__answer = s.clusterName, e => window.__answer = 'refused: ' + e); return 1";
        page.run(status).await?;
        let name = page.until("status", SOON, "return window.__answer").await?;
        if name != "Demo cluster" { return Err(format!("the status names {name}")) }
        Ok(())
    })
    .await;
}

/// Covers: SYS-11
#[tokio::test]
async fn nothing_is_loaded_from_outside() {
    journey("offline", None, |page| async move {
        shows_rows(&page).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let outside = page
            .run(
                "return performance.getEntriesByType('resource').map(e => e.name)\
                 .filter(n => !n.startsWith(location.origin) && !n.startsWith('ipc:') \
                 && !n.startsWith('data:') && !n.startsWith('http://ipc.localhost')).join(' ')",
            )
            .await?;
        if outside != "" {
            return Err(format!("loaded from outside: {outside}"));
        }
        Ok(())
    })
    .await;
}
