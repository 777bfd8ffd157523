//! Follows the kubeconfig files on disk: rewritten, replaced, truncated, deleted, made anew.
//!
//! The system's notices come first; a slow look at the files' stamps catches what they miss (links,
//! network drives, directories that do not exist yet).

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use notify::{RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::Clusters;

/// Editors write in several steps; they are read as one.
const SETTLE: Duration = Duration::from_millis(300);
/// Between two looks without a notice.
const LOOK: Duration = Duration::from_secs(10);

/// Reads the kubeconfigs anew whenever they have changed.
pub(crate) async fn follow(clusters: Arc<Clusters>) {
    let mut added = clusters.changes();
    loop {
        let files = clusters.files();
        let noticed = Arc::new(Notify::new());
        let _watcher = watcher(&files, Arc::clone(&noticed));
        let mut seen = stamps(&files);
        loop {
            tokio::select! {
                () = noticed.notified() => tokio::time::sleep(SETTLE).await,
                () = tokio::time::sleep(LOOK) => {}
                changed = added.changed() => if changed.is_err() { return },
            }
            if clusters.files() != files {
                clusters.reload().await;
                break;
            }
            let now = stamps(&files);
            if now != seen {
                seen = now;
                clusters.reload().await;
            }
        }
    }
}

fn watcher(files: &[PathBuf], noticed: Arc<Notify>) -> Option<notify::RecommendedWatcher> {
    let notice = move |_: notify::Result<notify::Event>| noticed.notify_one();
    let mut watcher = match notify::recommended_watcher(notice) {
        Ok(watcher) => watcher,
        Err(error) => {
            tracing::warn!(%error, "kubeconfigs are looked at now and then only");
            return None;
        }
    };
    // A file that is replaced by a rename is another file: its directory tells.
    let dirs: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    for dir in dirs {
        if let Err(error) = watcher.watch(dir, RecursiveMode::NonRecursive) {
            tracing::debug!(dir = %dir.display(), %error, "this directory gives no notices");
        }
    }
    Some(watcher)
}

/// What changes when a file does.
type Stamp = Option<(u64, Option<SystemTime>, u64)>;

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |file: &PathBuf| {
        let meta = std::fs::metadata(file).ok()?;
        #[cfg(unix)]
        let id = std::os::unix::fs::MetadataExt::ino(&meta);
        #[cfg(not(unix))]
        let id = 0;
        Some((meta.len(), meta.modified().ok(), id))
    };
    files.iter().map(stamp).collect()
}
