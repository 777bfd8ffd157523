//! One execution: how it stands, what it says, how it ended, and the way back.

use kubegraf_ipc::{
    execution::{Execution, ExecutionStatus, Outcome},
    object::Tone,
};
use leptos::{html, prelude::*};

use crate::{
    components::{
        chip::StatusChip,
        icon::{Glyph, Icon},
        object_link::ObjectLink,
        plan::Wanted,
    },
    model::words::{self, sentence, took},
    state::{
        clock::Clock,
        dock::{Dock, Line, Tab},
    },
};

/// An execution that is followed.
#[component]
pub fn ExecutionPanel(
    /// Its tab.
    tab: Tab,
    /// Which preview is open, for the way back.
    wanted: RwSignal<Option<Wanted>>,
) -> impl IntoView {
    let Tab {
        id,
        execution,
        lines,
        failure,
    } = tab;
    let (for_status, for_outcome) = (execution.clone(), execution.clone());
    let status = Memo::new(move |_| {
        for_status.with(|e| e.as_ref().map_or(ExecutionStatus::Planned, |e| e.status))
    });
    let outcome = Memo::new(move |_| for_outcome.with(|e| e.as_ref().and_then(|e| e.outcome)));
    let shown = lines.clone();
    let output = NodeRef::<html::Ol>::new();
    follow(output, lines);
    view! {
        <div
            class="execution"
            data-execution=id
            data-status=move || words::status(status.get())
            data-outcome=move || outcome.get().map(words::outcome_id)
        >
            <ExecutionHead execution status outcome wanted />
            {move || failure.get().map(|error| view! {
                <p class="execution-failure tone-bad" role="alert">{sentence(&error.message)}</p>
            })}
            <ol class="lines" node_ref=output aria-label="Output" tabindex="0">
                <For
                    each=move || shown.get()
                    key=|line| line.number
                    let:line
                >
                    <OutputLine line />
                </For>
            </ol>
        </div>
    }
}

/// What is done, how it stands, and what can be done about it.
#[component]
fn ExecutionHead(
    /// The execution.
    execution: ArcRwSignal<Option<Execution>>,
    /// Where it stands.
    status: Memo<ExecutionStatus>,
    /// How it ended.
    outcome: Memo<Option<Outcome>>,
    /// Which preview is open.
    wanted: RwSignal<Option<Wanted>>,
) -> impl IntoView {
    let dock = Dock::expect();
    let clock = Clock::expect();
    let current = Memo::new(move |_| execution.get());
    let word = Signal::derive(move || words::status(status.get()).to_owned());
    let tone = Signal::derive(move || words::status_tone(status.get()));
    let time = move || {
        let execution = current.get()?;
        Some(match execution.duration {
            Some(duration) => took(duration),
            None => format!("{} s", (clock.now() - execution.started_at).max(0)),
        })
    };
    let id = move || current.with_untracked(|e| e.as_ref().map(|e| e.id.clone()));
    let revertible = move || {
        status.get() != ExecutionStatus::Running
            && current.with(|e| e.as_ref().is_some_and(|e| e.revertible))
    };
    view! {
        <div class="execution-head">
            <StatusChip tone word />
            <strong class="clip">
                {move || current.get().map(|execution| sentence(&execution.title))}
            </strong>
            <span class="execution-target">
                {move || current.get().map(|execution| view! { <ObjectLink object=execution.target /> })}
            </span>
            <span class="dim number">{time}</span>
            {move || outcome.get().map(|outcome| {
                let tone = outcome_tone(outcome);
                view! {
                    <span class=format!("tone-{}", words::tone(tone)) role="status">{words::outcome(outcome)}</span>
                }
            })}
            <span class="execution-space"></span>
            <Show when=move || status.get() == ExecutionStatus::Running>
                <button
                    class="button small"
                    type="button"
                    data-action="cancel"
                    on:click=move |_| { if let Some(id) = id() { dock.cancel(id) } }
                >
                    "Cancel"
                </button>
            </Show>
            <Show when=revertible>
                <button
                    class="button small"
                    type="button"
                    data-action="revert"
                    on:click=move |_| wanted.set(id().map(|execution| Wanted::Revert { execution }))
                >
                    <Glyph icon=Icon::Revert size=14 />
                    "Revert"
                </button>
            </Show>
        </div>
    }
}

/// One line of output.
#[component]
fn OutputLine(
    /// The line.
    line: Line,
) -> impl IntoView {
    let time = js_sys::Date::new(&millis(line.at).into());
    let time = format!(
        "{:02}:{:02}:{:02}",
        time.get_hours(),
        time.get_minutes(),
        time.get_seconds()
    );
    view! {
        <li class="line" class:line-trouble=line.is_trouble data-line>
            <time class="number">{time}</time>
            <span class="line-sign" aria-hidden="true">{if line.is_trouble { "!" } else { "" }}</span>
            <span>{line.text}</span>
        </li>
    }
}

/// The tone of an outcome.
#[must_use]
pub const fn outcome_tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Healed => Tone::Ok,
        Outcome::AppliedNotHealed | Outcome::Interrupted => Tone::Warn,
        Outcome::NotApplied => Tone::Bad,
        Outcome::Cancelled => Tone::Neutral,
    }
}

/// Keeps the last line in view, unless the user has scrolled up.
fn follow(output: NodeRef<html::Ol>, lines: ArcRwSignal<Vec<Line>>) {
    Effect::new(move |_| {
        lines.track();
        let Some(list) = output.get() else { return };
        let below = list.scroll_height() - list.scroll_top() - list.client_height();
        if below < 40 {
            request_animation_frame(move || list.set_scroll_top(list.scroll_height()));
        }
    });
}

#[allow(
    clippy::cast_precision_loss,
    reason = "epoch seconds are far below 2^53"
)]
fn millis(seconds: i64) -> f64 {
    seconds as f64 * 1_000.0
}
