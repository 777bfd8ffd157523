//! Newer versions, and the start at login.

use kubegraf_ipc::{
    preferences::PreferenceChange,
    update::{GetAutostart, SetAutostart},
};
use leptos::{prelude::*, task::spawn_local};

use super::{Check, Part};
use crate::{
    components::{tick::Tick, update_banner::said, when::when},
    ipc,
    state::{choices::Choices, toasts::Toasts, updates::Updates},
};

/// Newer versions.
#[component]
pub fn UpdatesPart() -> impl IntoView {
    let choices = Choices::expect();
    let updates = Updates::expect();
    let daily = Signal::derive(move || choices.all.with(|all| all.update_check));
    let asks = Memo::new(move |_| updates.asks());
    let checked = move || {
        let at = updates.state.with(|state| state.as_ref()?.checked_at);
        at.map(|at| format!("Looked on {}.", when(at)))
    };
    let new = Memo::new(move |_| updates.available().is_some());
    view! {
        <Part title="Updates">
            {move || match asks.get() {
                None => view! {
                    <p class="dim" data-updates="off">
                        "This build names nobody who could be asked for newer versions, so nobody is asked and nothing is sent. Whoever packages KubeGraf sets an address and a key; until then, install newer versions as you installed this one."
                    </p>
                }.into_any(),
                Some(asked) => view! {
                    <div class="setting-line">
                        <span>"Every day"</span>
                        <Check
                            on=daily
                            text="look for a newer version"
                            change=PreferenceChange::UpdateCheck
                        />
                    </div>
                    <div class="setting-line">
                        <span>"Now"</span>
                        <span class="options">
                            <button class="button small" type="button" data-action="check-update"
                                on:click=move |_| updates.check()>
                                "Look for one"
                            </button>
                            <Show when=move || new.get()>
                                <button class="button small primary" type="button" data-action="open-update"
                                    on:click=move |_| updates.open.set(true)>
                                    "What is new"
                                </button>
                            </Show>
                        </span>
                    </div>
                    <p role="status" data-update-phase>{move || said(&updates.phase())} " " {checked}</p>
                    <p class="dim selectable">{format!("Asked is {asked}, with the version and the system of this computer and nothing else. What it sends is installed only with the publisher's signature.")}</p>
                }.into_any(),
            }}
        </Part>
    }
}

/// Whether the app starts when the person signs in to the computer.
#[component]
pub fn AutostartLine() -> impl IntoView {
    let toasts = Toasts::expect();
    let on = RwSignal::new(None::<bool>);
    spawn_local(async move {
        if let Ok(autostart) = ipc::call(GetAutostart {}).await {
            on.try_set(Some(autostart.on));
        }
    });
    let is_on = Signal::derive(move || on.get() == Some(true));
    let toggle = move |_| {
        let wanted = on.get_untracked() != Some(true);
        spawn_local(async move {
            let request = SetAutostart {
                request_id: ipc::request_id(),
                on: wanted,
            };
            match ipc::call(request).await {
                Ok(now) => drop(on.try_set(Some(now.on))),
                Err(error) => toasts.complain("changing the start at login", &error),
            }
        });
    };
    view! {
        <div class="setting-line">
            <span>"At login"</span>
            <button
                class="setting-check"
                type="button"
                role="checkbox"
                aria-checked=move || is_on.get().to_string()
                data-check="autostart"
                disabled=move || on.get().is_none()
                on:click=toggle
            >
                <Tick on=is_on />
                "start hidden in the tray (shown, where the desktop has no tray)"
            </button>
        </div>
    }
}
