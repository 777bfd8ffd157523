//! What was run before, newest first.

use kubegraf_ipc::{
    age::human_duration,
    execution::{Execution, ExecutionStatus},
};
use leptos::prelude::*;

use crate::{
    components::chip::StatusChip,
    model::words::{self, path, sentence, took},
    state::{clock::Clock, dock::Dock},
};

/// The executions of the active cluster.
#[component]
pub fn History() -> impl IntoView {
    let dock = Dock::expect();
    view! {
        <div class="history">
            <Show
                when=move || !dock.history.with(Vec::is_empty)
                fallback=|| view! {
                    <p class="history-empty dim">
                        "Nothing has been run on this cluster yet. Fixes you apply appear here with their output and the way back."
                    </p>
                }
            >
                <ul aria-label="Executions">
                    <For
                        each=move || dock.history.get()
                        key=|execution| (execution.id.clone(), words::status(execution.status), execution.outcome.map(words::outcome_id))
                        let:execution
                    >
                        <HistoryItem execution />
                    </For>
                </ul>
            </Show>
        </div>
    }
}

/// One execution.
#[component]
fn HistoryItem(
    /// The execution.
    execution: Execution,
) -> impl IntoView {
    let dock = Dock::expect();
    let clock = Clock::expect();
    let Execution {
        id,
        title,
        target,
        status,
        outcome,
        started_at,
        duration,
        ..
    } = execution;
    let tone = words::status_tone(status);
    let ended = match (outcome, status) {
        (Some(outcome), _) => words::outcome(outcome),
        (None, ExecutionStatus::Running) => "Still running",
        (None, _) => "",
    };
    let opened = id.clone();
    view! {
        <li>
            <button
                class="history-item"
                type="button"
                data-history=id
                on:click=move |_| dock.show(&opened)
            >
                <StatusChip tone word=words::status(status).to_owned() />
                <span class="clip">{sentence(&title)}</span>
                <span class="clip mono dim">{path(&target)}</span>
                <span class="clip dim">{ended}</span>
                <span class="dim number">{duration.map(took)}</span>
                <span class="dim number" data-at=started_at>
                    {move || format!("{} ago", human_duration(clock.now() - started_at))}
                </span>
            </button>
        </li>
    }
}
