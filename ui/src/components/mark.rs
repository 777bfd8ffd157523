//! Shapes that say how good or bad a thing is, without colour: a screen reader hears the word.

use kubegraf_ipc::{incident::Severity, object::Tone};
use leptos::prelude::*;

use crate::model::words;

/// The shape of a tone: check, half dot, ring, triangle, cross.
#[component]
pub fn ToneMark(
    /// How the thing is.
    #[prop(into)]
    tone: Signal<Tone>,
) -> impl IntoView {
    let shape = move || match tone.get() {
        Tone::Ok => "<circle cx='6' cy='6' r='4' fill='currentColor'/>",
        Tone::Pending => {
            "<circle cx='6' cy='6' r='4' fill='none' stroke='currentColor' stroke-width='1.5'/>\
             <path d='M6 2a4 4 0 0 1 0 8z' fill='currentColor'/>"
        }
        Tone::Neutral => {
            "<path d='M2.5 6.5l2.2 2.2 4.8-5' fill='none' stroke='currentColor' stroke-width='1.6'/>"
        }
        Tone::Warn => "<path d='M6 1.5 11 10.5H1z' fill='currentColor'/>",
        Tone::Bad => {
            "<path d='M2.5 2.5l7 7m0-7l-7 7' fill='none' stroke='currentColor' stroke-width='2'/>"
        }
    };
    let class = move || format!("mark mark-{}", words::tone(tone.get()));
    view! {
        <span class=class>
            <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" inner_html=shape></svg>
        </span>
    }
}

/// The shape of a severity – octagon, triangle, diamond, circle – and its word.
#[component]
pub fn SeverityMark(
    /// How bad it is.
    #[prop(into)]
    severity: Signal<Severity>,
    /// Whether the word is shown, not only spoken.
    #[prop(default = true)]
    worded: bool,
) -> impl IntoView {
    let shape = move || match severity.get() {
        Severity::Critical => {
            "<path d='M4.5 1h5L13 4.5v5L9.5 13h-5L1 9.5v-5z' fill='currentColor'/>"
        }
        Severity::High => "<path d='M7 1.5 13.5 12.5H.5z' fill='currentColor'/>",
        Severity::Medium => "<path d='M7 .5 13.5 7 7 13.5.5 7z' fill='currentColor'/>",
        Severity::Low => "<circle cx='7' cy='7' r='5' fill='currentColor'/>",
    };
    let class = move || format!("severity severity-{}", words::severity(severity.get()));
    view! {
        <span class=class>
            <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" inner_html=shape></svg>
            <span class:hidden-visually=!worded>{move || words::severity(severity.get())}</span>
        </span>
    }
}
