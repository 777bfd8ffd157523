//! Tells core, once per page, when the first table is on screen: its rows, or that it has none.

use std::sync::atomic::{AtomicBool, Ordering};

use kubegraf_ipc::app::{ReportUi, UiReport};
use leptos::prelude::*;

use crate::ipc;

static REPORTED: AtomicBool = AtomicBool::new(false);

/// Waits until the view knows what it holds and has been painted, then reports. Draws nothing.
#[component]
pub fn FirstPaint(
    /// The view the rows are in.
    view: String,
    /// Whether the view holds rows, or knows that there are none.
    #[prop(into)]
    ready: Signal<bool>,
    /// What the rows are, as a CSS selector.
    selector: &'static str,
) -> impl IntoView {
    Effect::new(move |_| {
        if !ready.get() || REPORTED.swap(true, Ordering::Relaxed) {
            return;
        }
        let view = view.clone();
        // The frame after the next one begins only when the view has been painted.
        request_animation_frame(move || {
            request_animation_frame(move || {
                if ready.try_get_untracked() != Some(true) {
                    // The view was left before it was painted: the next one reports.
                    REPORTED.store(false, Ordering::Relaxed);
                    return;
                }
                let drawn = document().query_selector_all(selector);
                let rows = drawn.map_or(0, |drawn| drawn.length());
                let report = UiReport::FirstPaint { view, rows };
                ipc::send(ReportUi { report });
            });
        });
    });
}
