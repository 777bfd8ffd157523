//! What waits for a person on the way to a cluster: consent to run a program, and the report of a switch
//! that failed.

use kubegraf_ipc::{Error, doctor::Diagnosis};
use leptos::prelude::*;

use crate::{
    components::{
        copy::CopyButton,
        dialog::Dialog,
        doctor::{DoctorReport, report_text},
    },
    model::words::sentence,
    state::{
        connecting::{Asked, Connecting, Failed, Then},
        session::Session,
    },
};

/// Both, when there is something to ask or to tell.
#[component]
pub fn ConnectingDialogs() -> impl IntoView {
    let connecting = Connecting::expect();
    view! {
        {move || connecting.asked.get().map(|asked| view! { <ConsentDialog asked /> })}
        {move || connecting.failed.get().map(|failed| view! { <FailedDialog failed /> })}
    }
}

/// Shows what would run, and lets it run or not.
#[component]
fn ConsentDialog(
    /// What would run.
    asked: Asked,
) -> impl IntoView {
    let connecting = Connecting::expect();
    let session = Session::expect();
    let entry = session.clusters.with_untracked(|list| {
        let mut entries = list.clusters.iter();
        entries.find(|entry| entry.id == asked.cluster).cloned()
    });
    let name = session.name_of(&asked.cluster);
    let file = entry.map(|entry| entry.kubeconfig_path).unwrap_or_default();
    let title = format!("Let \"{name}\" run a program for its credentials?");
    let plugin = asked.plugin.clone();
    let allow = match asked.then {
        Then::Switch => "Allow and connect",
        Then::Look => "Allow",
    };
    let close = move || connecting.asked.set(None);
    let nothing = |text: &'static str| view! { <span class="dim">{text}</span> };
    view! {
        <Dialog title=Signal::stored(title) on_close=close>
            <div class="dialog-body consent" data-consent=asked.cluster.clone()>
                <p>
                    "The kubeconfig asks for it. It would run on this computer with your rights each time credentials are needed. It has not run yet."
                </p>
                <dl class="facts consent-facts">
                    <dt>"Program"</dt>
                    <dd><code data-consent-command>{plugin.command.clone()}</code></dd>
                    <dt>"Arguments"</dt>
                    <dd class="consent-list" data-consent-args>
                        {if plugin.args.is_empty() {
                            nothing("none").into_any()
                        } else {
                            plugin.args.iter().map(|word| view! { <code>{word.clone()}</code> }).collect_view().into_any()
                        }}
                    </dd>
                    <dt>"Variables set"</dt>
                    <dd class="consent-list" data-consent-env>
                        {if plugin.env.is_empty() {
                            nothing("none").into_any()
                        } else {
                            plugin.env.iter().map(|name| view! { <code>{name.clone()}</code> }).collect_view().into_any()
                        }}
                    </dd>
                    <dt>"Asked for by"</dt>
                    <dd><code data-consent-file>{file}</code></dd>
                    {plugin.install_hint.clone().map(|hint| view! {
                        <dt>"The file says"</dt>
                        <dd class="selectable">{hint}</dd>
                    })}
                </dl>
            </div>
            <div class="dialog-foot">
                <span class="dim">
                    "Remembered until program, arguments or variables change: then you are asked again."
                </span>
                <button class="button" type="button" data-action="refuse-exec" on:click=move |_| close()>
                    "Do not run"
                </button>
                <button
                    class="button primary"
                    type="button"
                    data-action="allow-exec"
                    on:click=move |_| connecting.allow(asked.clone())
                >
                    {allow}
                </button>
            </div>
        </Dialog>
    }
}

/// Says that the old cluster stays, and why the new one was not reached.
#[component]
fn FailedDialog(
    /// The switch.
    failed: Failed,
) -> impl IntoView {
    let connecting = Connecting::expect();
    let report = RwSignal::new(None::<Result<Diagnosis, Error>>);
    connecting.diagnose(failed.cluster.clone(), report);
    let title = format!("\"{}\" was not reached", failed.name);
    let stays = match failed.stays.as_str() {
        "" => "No cluster is connected.".to_owned(),
        stays => format!("{stays} stays in use; nothing was changed."),
    };
    let close = move || connecting.failed.set(None);
    let (again, name) = (failed.cluster.clone(), failed.name.clone());
    let reason = sentence(&failed.error.message);
    let told = reason.clone();
    let text = Signal::derive(move || match report.get() {
        Some(Ok(diagnosis)) => format!("{told}\n\n{}", report_text(&name, &diagnosis)),
        _ => told.clone(),
    });
    view! {
        <Dialog title=Signal::stored(title) on_close=close>
            <div class="dialog-body" data-switch-failed=failed.cluster.clone()>
                <p class="tone-bad selectable">{reason}</p>
                <p class="dim" data-stays>{stays}</p>
                <DoctorReport report />
            </div>
            <div class="dialog-foot">
                <CopyButton text label="Copy report" />
                <span class="dim"></span>
                <button class="button" type="button" data-action="close-failed" on:click=move |_| close()>
                    "Close"
                </button>
                <button
                    class="button primary"
                    type="button"
                    on:click=move |_| connecting.switch(again.clone())
                >
                    "Try again"
                </button>
            </div>
        </Dialog>
    }
}
