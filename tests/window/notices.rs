//! What happened while nobody looked: told by the bell, marked, deleted, and there after a reload.

use std::fs;

use crate::{
    display::journey,
    page::{Page, SOON},
    servers::{Server, kubeconfig},
};

async fn unread(page: &Page, count: u32) -> Result<(), String> {
    let script = format!(
        "return Number(document.querySelector('.bell [data-unread]')?.dataset.unread ?? 0) === {count}"
    );
    page.until(&format!("{count} unread"), SOON, &script)
        .await
        .map(drop)
}

/// Covers: NTF-01, NTF-02, NTF-03, NTF-05, ERR-08
#[tokio::test]
async fn a_failed_switch_is_told_marked_and_deleted() {
    let (east, west) = (Server::start("east").await, Server::start("west").await);
    let gone = Server::refusing("gone");
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("config");
    fs::write(&file, kubeconfig(&[&east, &west, &gone])).expect("it is written");
    journey("notices", Some(&file), |page| async move {
        page.go("cluster-manager").await?;
        unread(&page, 0).await?;
        page.click("[data-switch=\"context:gone\"]").await?;
        page.click("[data-action=close-failed]").await?;
        unread(&page, 1).await?;
        page.click("[data-switch=\"context:west\"]").await?;
        page.sees("main[data-view=dashboard]", SOON).await?;
        unread(&page, 2).await?;

        page.client().refresh().await.map_err(|e| e.to_string())?;
        unread(&page, 2).await?;
        page.click(".bell").await?;
        let text = page.text("[data-notices]").await?;
        for word in ["Now on west", "Switching to gone failed", "refused"] {
            if !text.contains(word) {
                return Err(format!("the centre does not say {word:?}: {text}"));
            }
        }
        page.click("[data-level=success] [data-action=mark]")
            .await?;
        unread(&page, 1).await?;
        page.click("[data-shown=Unread]").await?;
        page.until(
            "one line",
            SOON,
            "return document.querySelectorAll('[data-notice]').length === 1",
        )
        .await?;
        page.sees("[data-level=error]", SOON).await?;
        page.click("[data-shown=All]").await?;
        page.click("[data-level=success] [data-action=mark]")
            .await?;
        unread(&page, 2).await?;
        page.click("[data-action=read-all]").await?;
        unread(&page, 0).await?;
        page.click("[data-level=error] [data-action=delete]")
            .await?;
        page.until(
            "one line left",
            SOON,
            "return document.querySelectorAll('[data-notice]').length === 1",
        )
        .await?;
        page.click("[data-action=delete-read]").await?;
        page.until(
            "nothing left",
            SOON,
            "return document.querySelectorAll('[data-notice]').length === 0",
        )
        .await
        .map(drop)
    })
    .await;
}
