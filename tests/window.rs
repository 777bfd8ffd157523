//! Journeys in a real window: WebKit under Xvfb, driven by WebDriver, started and ended by the
//! test itself. One window at a time; a failed journey leaves a screenshot and the app's log.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "a skipped test says so on its output")]

#[path = "window/accounts.rs"]
mod accounts;
#[path = "window/axe.rs"]
mod axe;
#[path = "window/closing.rs"]
mod closing;
#[path = "window/clusters.rs"]
mod clusters;
#[path = "window/debug.rs"]
mod debug;
#[path = "window/display.rs"]
mod display;
#[path = "window/everyday.rs"]
mod everyday;
#[path = "window/gallery.rs"]
mod gallery;
#[path = "window/incidents.rs"]
mod incidents;
#[path = "window/journeys.rs"]
mod journeys;
#[path = "window/keyboard.rs"]
mod keyboard;
#[path = "window/main_job.rs"]
mod main_job;
#[path = "window/notices.rs"]
mod notices;
#[path = "window/page.rs"]
mod page;
#[path = "window/pictures.rs"]
mod pictures;
#[path = "../src-tauri/core/tests/connections/servers.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    reason = "the core's own tests use the rest, and fail by it as they may"
)]
mod servers;
#[path = "window/settings.rs"]
mod settings;
#[path = "window/sidebar.rs"]
mod sidebar;
#[path = "window/size.rs"]
mod size;
#[path = "window/streams.rs"]
mod streams;
#[path = "window/terminals.rs"]
mod terminals;
