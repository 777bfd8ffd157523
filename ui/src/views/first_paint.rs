//! Tells core, once per page, when the first rows are on screen.

use std::sync::atomic::{AtomicBool, Ordering};

use kubegraf_ipc::app::{ReportUi, UiReport};
use leptos::prelude::*;

use crate::ipc;

static REPORTED: AtomicBool = AtomicBool::new(false);

/// Waits until `rows` is above zero and the rows have been painted, then reports. Draws nothing.
#[component]
pub fn FirstPaint(
    /// The view the rows are in.
    view: String,
    /// Rows the view holds.
    #[prop(into)]
    rows: Signal<usize>,
    /// What the rows are, as a CSS selector.
    selector: &'static str,
) -> impl IntoView {
    Effect::new(move |_| {
        if rows.get() == 0 || REPORTED.swap(true, Ordering::Relaxed) {
            return;
        }
        let view = view.clone();
        // The frame after the next one begins only when the rows have been painted.
        request_animation_frame(move || {
            request_animation_frame(move || {
                let drawn = document().query_selector_all(selector);
                let rows = drawn.map_or(0, |drawn| drawn.length());
                if rows == 0 {
                    // The view was left before it was painted: the next one reports.
                    REPORTED.store(false, Ordering::Relaxed);
                    return;
                }
                let report = UiReport::FirstPaint { view, rows };
                ipc::send(ReportUi { report });
            });
        });
    });
}
