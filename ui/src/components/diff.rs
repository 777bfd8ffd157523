//! A diff of YAML lines: sign and colour, and words for a screen reader.

use kubegraf_ipc::execution::{DiffLine, DiffTag};
use leptos::prelude::*;

use crate::model::diff::{counts, mark, spoken};

/// The lines of a diff.
#[component]
pub fn Diff(
    /// The lines.
    lines: Vec<DiffLine>,
) -> impl IntoView {
    if lines.is_empty() {
        return view! { <p class="dim">"Nothing in the object would change."</p> }.into_any();
    }
    let (insert, delete) = counts(&lines);
    let drawn = lines.into_iter().map(|line| {
        let (sign, class) = mark(line.tag);
        let number = |number: Option<u32>| number.map(|number| number.to_string());
        let text = match line.tag {
            DiffTag::Gap => spoken(DiffTag::Gap).to_owned(),
            _ => line.text,
        };
        view! {
            <div class=format!("diff-line {class}") role="listitem">
                <span class="diff-number">{number(line.old)}</span>
                <span class="diff-number">{number(line.new)}</span>
                <span class="diff-sign" aria-hidden="true">{sign}</span>
                <span class="hidden-visually">{spoken(line.tag)} ": "</span>
                <code>{text}</code>
            </div>
        }
    });
    view! {
        <p class="diff-counts number">
            <span class="tone-ok">"+" {insert}</span>
            " "
            <span class="tone-bad">"−" {delete}</span>
        </p>
        <div class="diff" role="list" aria-label="Changes">{drawn.collect_view()}</div>
    }
    .into_any()
}
