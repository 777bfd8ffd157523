//! What a person thinks of what the app said about an incident.

use kubegraf_ipc::{
    Error,
    age::human_duration,
    lifecycle::{Feedback, GiveFeedback, ListFeedback, Verdict},
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::dialog::Dialog,
    ipc,
    model::words::{sentence, spaced},
    state::{clock::Clock, toasts::Toasts},
};

/// The most that a note may hold.
const LONGEST: u32 = 4_000;

const VERDICTS: [Verdict; 5] = [
    Verdict::Correct,
    Verdict::WrongCause,
    Verdict::NotAnIncident,
    Verdict::FixWorked,
    Verdict::FixFailed,
];

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Correct => "The cause is right",
        Verdict::WrongCause => "It is another cause",
        Verdict::NotAnIncident => "Nothing is broken",
        Verdict::FixWorked => "The fix helped",
        Verdict::FixFailed => "The fix did not help",
    }
}

/// Asks, and shows what was said before.
#[component]
pub fn FeedbackDialog(
    /// The cluster's id.
    cluster: String,
    /// The incident's id.
    id: String,
    /// Called when the dialog is done with.
    on_close: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let toasts = Toasts::expect();
    let clock = Clock::expect();
    let (cluster, id) = (StoredValue::new(cluster), StoredValue::new(id));
    let verdict = RwSignal::new(None::<Verdict>);
    let cause = RwSignal::new(String::new());
    let note = RwSignal::new(String::new());
    let refused = RwSignal::new(None::<Error>);
    let said = RwSignal::new(Vec::<Feedback>::new());
    spawn_local(async move {
        let request = ListFeedback {
            cluster: cluster.get_value(),
            id: id.get_value(),
        };
        if let Ok(before) = ipc::call(request).await {
            said.try_set(before);
        }
    });
    let send = move |_| {
        refused.set(None);
        spawn_local(async move {
            let named = cause.get_untracked().trim().to_owned();
            let other = verdict.get_untracked() == Some(Verdict::WrongCause) && !named.is_empty();
            let request = GiveFeedback {
                request_id: ipc::request_id(),
                cluster: cluster.get_value(),
                id: id.get_value(),
                verdict: verdict.get_untracked(),
                correct_cause: other.then_some(named),
                note: note.get_untracked().trim().to_owned(),
            };
            match ipc::call(request).await {
                Ok(()) => {
                    toasts.say("Kept beside the incident, on this computer.");
                    on_close();
                }
                Err(error) => {
                    refused.try_set(Some(error));
                }
            }
        });
    };
    let nothing = move || verdict.get().is_none() && note.with(|note| note.trim().is_empty());
    view! {
        <Dialog title=Signal::stored("What do you think of it?".to_owned()) on_close>
            <div class="dialog-body feedback" data-feedback>
                <div class="options" role="radiogroup" aria-label="Verdict">
                    {VERDICTS.map(|own| {
                        let on = move || verdict.get() == Some(own);
                        view! {
                            <button
                                class="chip"
                                type="button"
                                role="radio"
                                data-verdict=format!("{own:?}")
                                aria-checked=move || on().to_string()
                                on:click=move |_| verdict.set((!on()).then_some(own))
                            >
                                {word(own)}
                            </button>
                        }
                    }).into_iter().collect_view()}
                </div>
                <Show when=move || verdict.get() == Some(Verdict::WrongCause)>
                    <label class="add-file-field">
                        <span>"The cause, if you know it"</span>
                        <input
                            class="input"
                            type="text"
                            prop:value=move || cause.get()
                            on:input:target=move |event| cause.set(event.target().value())
                        />
                    </label>
                </Show>
                <label class="add-file-field">
                    <span>"A note for whoever looks at this later"</span>
                    <textarea
                        class="input feedback-note"
                        maxlength=LONGEST
                        data-field="note"
                        prop:value=move || note.get()
                        on:input:target=move |event| note.set(event.target().value())
                    ></textarea>
                </label>
                <p class="tone-bad" role="alert">{move || refused.get().map(|error| sentence(&error.message))}</p>
                <Show when=move || !said.with(Vec::is_empty)>
                    <h2>"Said before"</h2>
                    <ul class="feedback-said">
                        <For each=move || said.get() key=|one| (one.at, one.note.clone()) let:one>
                            <li class="selectable">
                                {one.verdict.map(|verdict| view! { <strong>{word(verdict)}</strong> " " })}
                                {one.correct_cause.map(|cause| format!("({}) ", spaced(&cause)))}
                                {one.note}
                                <span class="dim number" data-at=one.at>
                                    {move || format!(" {}, {} ago", one.who, human_duration((clock.now() - one.at).max(0)))}
                                </span>
                            </li>
                        </For>
                    </ul>
                </Show>
            </div>
            <div class="dialog-foot">
                <span class="dim">"It stays on this computer and ranks causes and fixes here."</span>
                <button class="button" type="button" on:click=move |_| on_close()>"Cancel"</button>
                <button
                    class="button primary"
                    type="button"
                    data-action="send-feedback"
                    disabled=nothing
                    on:click=send
                >
                    "Keep it"
                </button>
            </div>
        </Dialog>
    }
}
