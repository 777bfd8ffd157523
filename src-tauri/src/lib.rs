//! The shell: wires the core to a Tauri window and to the command line.
//!
//! It knows both Tauri and the core, and decides nothing: a command's body is one call into core.

#![allow(
    clippy::needless_pass_by_value,
    reason = "Tauri hands State and Channel to commands by value"
)]

#[cfg(feature = "wry")]
mod alerts;
pub mod app;
pub mod cli;
mod commands;
mod desk;
#[cfg(feature = "wry")]
mod instance;
#[cfg(all(feature = "wry", target_os = "linux"))]
mod painting;
pub mod placement;
#[cfg(feature = "wry")]
mod tray;
#[cfg(feature = "wry")]
pub mod updates;
#[cfg(feature = "wry")]
mod zoom;
