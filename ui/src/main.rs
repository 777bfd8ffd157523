//! The window's front end: Leptos components over the contract.
//!
//! It holds no truth of its own: what it shows came from core a moment ago, and what it changes
//! goes through a plan core has made. Only `ipc.rs` knows that core is behind Tauri.

mod app;
mod components;
mod gate;
mod ipc;
mod model;
mod route;
mod state;
mod views;

use leptos::{ev, prelude::*};

fn main() {
    std::panic::set_hook(Box::new(|panic| {
        let message = format!("KubeGraf {}\n{panic}", env!("CARGO_PKG_VERSION"));
        show_fatal(&message);
        ipc::report_error(message);
    }));
    let reporter = window_event_listener(ev::error, |event| {
        let message = event.message();
        // Browsers raise this one when a layout takes two frames; nothing failed.
        if !message.starts_with("ResizeObserver loop") {
            ipc::report_error(message);
        }
    });
    // The listener lives as long as the page.
    std::mem::forget(reporter);
    mount_to_body(gate::Gate);
}

/// Fills the fallback that `boot.js` shows once the code has died.
fn show_fatal(message: &str) {
    if let Some(text) = document().get_element_by_id("fatal-text") {
        text.set_text_content(Some(message));
    }
}
