//! Feeds the contract's command list to Tauri's ACL, and makes sure there is a page to embed.

use std::{fs, path::Path};

/// Shown by a shell that was built before its window.
const NO_UI: &str = "<!doctype html><meta charset=utf-8><title>KubeGraf</title>\
    <p>The window was not built. Run <code>cargo xtask run</code>.</p>";

fn main() {
    let dist = Path::new("ui/dist");
    if !dist.join("index.html").exists() {
        fs::create_dir_all(dist).expect("ui/dist can be created");
        fs::write(dist.join("index.html"), NO_UI).expect("ui/dist can be written");
    }
    let manifest = tauri_build::AppManifest::new().commands(kubegraf_ipc::COMMANDS);
    let attributes = tauri_build::Attributes::new().app_manifest(manifest);
    tauri_build::try_build(attributes).expect("tauri.conf.json fits the contract");
}
