//! Who paints the window's page: the graphics processor, or where there is none the main thread. Linux only: elsewhere the
//! system's web view decides. Knows nothing of what is painted.
//!
//! Without a graphics processor WebKitGTK still composes layers through OpenGL, drawn by Mesa's software rasteriser:
//! on two cores a scrolled table shows 14 frames a second that way, and 55 when the page is painted straight into its window.

use std::{fs, path::Path};

use tauri::{Runtime, WebviewWindow};
use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};

/// Where the kernel lists graphics devices.
const DEVICES: &str = "/dev/dri";
/// What the names of devices that can render begin with; a `card` alone only shows what others rendered.
const RENDERS: &str = "renderD";

/// Paints without layers where no device renders them.
///
/// # Errors
/// When the window is gone already.
pub fn suit<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    if renders(Path::new(DEVICES)) {
        return Ok(());
    }
    tracing::info!("no graphics device renders, the page is painted without layers");
    window.with_webview(|webview| {
        if let Some(settings) = webview.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    })
}

/// Whether a device there renders.
fn renders(devices: &Path) -> bool {
    let names = fs::read_dir(devices).into_iter().flatten().flatten();
    names
        .map(|entry| entry.file_name())
        .any(|name| name.to_string_lossy().starts_with(RENDERS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_alone_does_not_render() {
        let devices = tempfile::tempdir().unwrap();
        let there = devices.path().join("dri");
        assert!(!renders(&there), "no such directory");
        fs::create_dir(&there).unwrap();
        fs::write(there.join("card0"), "").unwrap();
        assert!(!renders(&there));
        fs::write(there.join("renderD128"), "").unwrap();
        assert!(renders(&there));
    }
}
