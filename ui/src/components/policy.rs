//! What KubeGraf does with what it sees: shown once, until a person has agreed to it.

use kubegraf_ipc::{
    app::Leave,
    preferences::{POLICY, PreferenceChange},
};
use leptos::prelude::*;

use crate::{
    components::dialog::Dialog,
    state::{choices::Choices, desk::Desk},
};

/// Each promise, and what it means.
const PROMISES: &[(&str, &str)] = &[
    (
        "Nothing is sent anywhere.",
        "KubeGraf talks to the clusters of your kubeconfigs and to nobody else. There is no telemetry, no account and no cloud.",
    ),
    (
        "It stays on this computer.",
        "Incidents, executions, the audit trail and settings are in a database that only your user can read.",
    ),
    (
        "Secrets are not kept.",
        "Values of Secrets are masked and never written down; credentials stay where your kubeconfig has them.",
    ),
    (
        "Nothing changes by itself.",
        "A change of a cluster is shown as a diff first, applied when you say so, and written into the audit trail.",
    ),
    (
        "No program runs unasked.",
        "A program that a kubeconfig names for credentials runs once you have allowed it.",
    ),
];

/// The question, while it waits for an answer.
#[component]
pub fn PolicyDialog() -> impl IntoView {
    let choices = Choices::expect();
    let desk = Desk::expect();
    let asks =
        Memo::new(move |_| choices.known.get() && choices.all.with(|all| all.policy < POLICY));
    view! {
        <Show when=move || asks.get()>
            <Dialog title=Signal::stored("What KubeGraf does with what it sees".to_owned()) on_close=|| ()>
                <div class="dialog-body policy" data-policy=POLICY>
                    <Promises />
                </div>
                <div class="dialog-foot">
                    <span class="dim">"Settings, Privacy, shows this again."</span>
                    <button
                        class="button"
                        type="button"
                        data-action="refuse-policy"
                        on:click=move |_| desk.leave(Leave::Quit)
                    >
                        "Quit"
                    </button>
                    <button
                        class="button primary"
                        type="button"
                        data-action="accept-policy"
                        autofocus
                        on:click=move |_| choices.change(PreferenceChange::Policy(POLICY))
                    >
                        "Agree and begin"
                    </button>
                </div>
            </Dialog>
        </Show>
    }
}

/// The promises, for the dialog and for the settings.
#[component]
pub fn Promises() -> impl IntoView {
    let line = |(promise, text): &(&'static str, &'static str)| {
        view! {
            <li>
                <strong>{*promise}</strong>
                " "
                {*text}
            </li>
        }
    };
    view! { <ul class="promises">{PROMISES.iter().map(line).collect_view()}</ul> }
}
