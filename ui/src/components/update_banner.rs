//! A newer version: a line at the top of the window, and a dialog with what is new in it.

use kubegraf_ipc::update::{Download, NewVersion, UpdatePhase};
use leptos::prelude::*;

use crate::{
    components::{dialog::Dialog, when::when},
    model::{diagnostics::bytes, words::sentence},
    state::updates::Updates,
};

/// The line, while there is a version that was not put away, and the dialog when it is asked for.
#[component]
pub fn UpdateBanner() -> impl IntoView {
    let updates = Updates::expect();
    let shown = Memo::new(move |_| {
        let new = updates.available()?;
        (updates.dismissed.get().as_ref() != Some(&new.version)).then_some(new.version)
    });
    view! {
        {move || shown.get().map(|version| {
            let put_away = version.clone();
            view! {
                <div class="update-banner" role="status" data-update=version>
                    <span>{format!("KubeGraf {version} is there.")}</span>
                    <button class="button small" type="button" data-action="show-update"
                        on:click=move |_| updates.open.set(true)>
                        "What is new"
                    </button>
                    <button class="button small" type="button" data-action="dismiss-update"
                        on:click=move |_| updates.dismissed.set(Some(put_away.clone()))>
                        "Not now"
                    </button>
                </div>
            }
        })}
        <Show when=move || updates.open.get()><UpdateDialog /></Show>
    }
}

#[component]
fn UpdateDialog() -> impl IntoView {
    let updates = Updates::expect();
    let close = move || updates.open.set(false);
    // What was found stays in sight while it is fetched.
    let found = RwSignal::new(None::<NewVersion>);
    Effect::new(move |_| {
        if let Some(new) = updates.available() {
            found.set(Some(new));
        }
    });
    let title = Signal::derive(move || {
        found.with(|found| {
            let version = found.as_ref().map(|new| new.version.clone());
            format!("KubeGraf {}", version.unwrap_or_default())
        })
    });
    view! {
        <Dialog title on_close=close>
            <div class="dialog-body update-body">
                {move || found.get().map(|new| {
                    let published = new.published_at.map(|at| format!("Published on {}.", when(at)));
                    view! {
                        <p class="dim">{published}</p>
                        <pre class="update-notes selectable" tabindex="0" aria-label="What is new">
                            {if new.notes.is_empty() { "The publisher says nothing about it.".to_owned() } else { new.notes }}
                        </pre>
                    }
                })}
                <p role="status" data-update-phase>{move || said(&updates.phase())}</p>
            </div>
            <div class="dialog-foot">
                <span class="dim">"Its signature is checked before it is installed."</span>
                <button class="button" type="button" on:click=move |_| close()>"Close"</button>
                {move || match updates.phase() {
                    UpdatePhase::Available(new) => view! {
                        <button class="button primary" type="button" data-action="install-update"
                            on:click=move |_| updates.install(new.version.clone())>
                            "Download and install"
                        </button>
                    }.into_any(),
                    UpdatePhase::Installed(_) => view! {
                        <button class="button primary" type="button" data-action="restart"
                            on:click=move |_| updates.restart()>
                            "Restart now"
                        </button>
                    }.into_any(),
                    UpdatePhase::Failed(_) | UpdatePhase::Offline => view! {
                        <button class="button" type="button" data-action="check-update"
                            on:click=move |_| updates.check()>
                            "Look again"
                        </button>
                    }.into_any(),
                    _ => ().into_any(),
                }}
            </div>
        </Dialog>
    }
}

/// A phase in words.
#[must_use]
pub fn said(phase: &UpdatePhase) -> String {
    match phase {
        UpdatePhase::Unknown => "Nobody was asked yet.".into(),
        UpdatePhase::Checking => "Looking …".into(),
        UpdatePhase::Newest => "This is the newest version.".into(),
        UpdatePhase::Offline => {
            "Who is asked cannot be reached just now; it is tried again.".into()
        }
        UpdatePhase::Available(new) => format!("Version {} is there.", new.version),
        UpdatePhase::Downloading(Download {
            received, total, ..
        }) => match total {
            Some(total) => format!("{} of {} have come.", bytes(*received), bytes(*total)),
            None => format!("{} have come.", bytes(*received)),
        },
        UpdatePhase::Installed(version) => {
            format!("Version {version} is installed and runs from the next start on.")
        }
        UpdatePhase::Failed(why) => sentence(why),
    }
}
