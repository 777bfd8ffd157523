//! Copies files between a container and this machine.

use kubegraf_ipc::{
    Error,
    files::{CopyEnd, CopyEvent, CopyFromPod, CopyToPod, InContainer},
};
use leptos::prelude::*;

use crate::{
    components::{dialog::Dialog, field::Field},
    ipc::{self, WatchGuard},
    model::words::{grouped, plural, sentence},
    state::pod_tools::PodTools,
};

/// The dialog, when it is asked for.
#[component]
pub fn CopyDialog() -> impl IntoView {
    let tools = PodTools::expect();
    move || Some(view! { <Asking place=tools.copy.get()? /> })
}

#[component]
fn Asking(
    /// The container.
    place: InContainer,
) -> impl IntoView {
    let tools = PodTools::expect();
    // Dropping the guard ends the copy.
    let close = move || tools.copy.set(None);
    let here = RwSignal::new(true);
    let there = RwSignal::new(String::new());
    let local = RwSignal::new(String::new());
    let now = RwSignal::new(None::<CopyEvent>);
    let failure = RwSignal::new(None::<Error>);
    let guard = StoredValue::new(None::<WatchGuard>);
    let title = format!("Copy files of {}", place.pod);
    let place = StoredValue::new(place);
    let busy = move || now.with(|now| now.as_ref().is_some_and(|now| now.end.is_none()));
    let ready = move || {
        !busy()
            && there.with(|path| path.starts_with('/'))
            && (here.get() || !local.with(String::is_empty))
    };
    let start = move || {
        if !untrack(ready) {
            return;
        }
        failure.set(None);
        now.set(Some(CopyEvent::default()));
        let hear = move |event| drop(now.try_set(Some(event)));
        let fail = move |error| {
            now.try_set(None);
            failure.try_set(Some(error));
        };
        let (place, path) = (place.get_value(), there.get_untracked());
        let opened = if here.get_untracked() {
            ipc::watch(&CopyFromPod { from: place, path }, hear, fail)
        } else {
            let local = local.get_untracked();
            let request = CopyToPod {
                to: place,
                local,
                folder: path,
            };
            ipc::watch(&request, hear, fail)
        };
        match opened {
            Ok(open) => guard.set_value(Some(open)),
            Err(error) => fail(error),
        }
    };
    let stop = move |_| {
        guard.set_value(None);
        now.set(None);
    };
    let way = move |label: &'static str, name: &'static str, is_here: bool| {
        view! {
            <button class="chip" type="button" data-copy-way=name aria-pressed=move || (here.get() == is_here).to_string()
                disabled=busy on:click=move |_| here.set(is_here)>
                {label}
            </button>
        }
    };
    let example = Signal::derive(move || if here.get() { "/etc/nginx" } else { "/tmp" }.to_owned());
    view! {
        <Dialog title on_close=close>
            <form
                class="dialog-body forward-form"
                data-copy-dialog
                on:submit=move |event| {
                    event.prevent_default();
                    start();
                }
            >
                <div class="forward-ports">
                    {way("From the container", "here", true)}
                    {way("Into the container", "there", false)}
                </div>
                <Show when=move || !here.get()>
                    <Field title="This machine" label="Path of this machine" text=local placeholder="a file or a folder" />
                </Show>
                <Field title="Container" label="Path in the container" text=there placeholder=example />
                <p class="dim">
                    {move || if here.get() {
                        "It is put into a new folder among the downloads. Links and names that lead elsewhere are left out."
                    } else {
                        "It is put into this folder under its own name; what is there by that name is replaced."
                    }}
                </p>
                <p class="dim number" role="status" data-copy-state>{move || now.get().map(|now| told(&now))}</p>
                {move || now.with(|now| {
                    let end = now.as_ref()?.end.as_ref()?;
                    (!end.left_out.is_empty()).then(|| left_out(end))
                })}
                <p class="forward-failure" role="alert">
                    {move || failure.get().map(|error| sentence(&error.message))}
                </p>
            </form>
            <div class="dialog-foot">
                <span class="dim">"It is in the audit trail."</span>
                <Show when=busy>
                    <button class="button" type="button" data-action="stop-copy" on:click=stop>"Stop"</button>
                </Show>
                <button class="button" type="button" on:click=move |_| close()>"Close"</button>
                <button class="button primary" type="button" data-action="start-copy"
                    disabled=move || !ready() on:click=move |_| start()>
                    "Copy"
                </button>
            </div>
        </Dialog>
    }
}

fn told(now: &CopyEvent) -> String {
    let amount = format!(
        "{}, {}",
        plural(now.files, "file"),
        plural(now.bytes, "byte")
    );
    match &now.end {
        None => format!("{amount} so far"),
        Some(CopyEnd {
            failure: Some(why),
            path,
            ..
        }) => format!("{} Incomplete: {amount} in {path}", sentence(why)),
        Some(CopyEnd { path, .. }) => format!("{amount} copied to {path}"),
    }
}

fn left_out(end: &CopyEnd) -> impl IntoView + use<> {
    let lines = end
        .left_out
        .clone()
        .into_iter()
        .map(|line| view! { <li>{line}</li> });
    view! {
        <details>
            <summary>{format!("{} left out", grouped(end.left_out_count))}</summary>
            <ul class="copy-left-out">{lines.collect_view()}</ul>
        </details>
    }
}
