//! The kubeconfig files that are looked at, and adding and removing one.

use kubegraf_ipc::{
    Error,
    app::PickKubeconfig,
    cluster::{AddKubeconfig, FileOrigin, KubeconfigFile, RemoveKubeconfig},
};
use leptos::{ev, html, prelude::*, task::spawn_local};

use crate::{
    components::dialog::Dialog,
    ipc,
    model::words::{plural, sentence},
    state::{connecting::Connecting, session::Session, toasts::Toasts},
};

/// The files in their order.
#[component]
pub fn KubeconfigFiles() -> impl IntoView {
    let session = Session::expect();
    let files = Memo::new(move |_| session.clusters.with(|list| list.files.clone()));
    view! {
        <Show when=move || !files.with(Vec::is_empty)>
            <h2 class="files-head">"Kubeconfig files, the first that names something counts"</h2>
            <ul class="files">
                <For
                    each=move || files.get()
                    key=|file| (file.path.clone(), file.exists, file.contexts)
                    let:file
                >
                    <FileLine file />
                </For>
            </ul>
        </Show>
    }
}

/// One file.
#[component]
fn FileLine(
    /// The file.
    file: KubeconfigFile,
) -> impl IntoView {
    let session = Session::expect();
    let toasts = Toasts::expect();
    let path = file.path.clone();
    let remove = move |_| {
        let path = path.clone();
        spawn_local(async move {
            let request = RemoveKubeconfig {
                request_id: ipc::request_id(),
                path: path.clone(),
            };
            match ipc::call(request).await {
                Ok(list) => {
                    session.clusters.set(list);
                    toasts.say(format!(
                        "{path} is not looked at any more; the file itself is untouched."
                    ));
                }
                Err(error) => toasts.complain("removing the file", &error),
            }
        });
    };
    view! {
        <li class="file" data-file=file.path>
            <code class="clip" title=file.path.clone()>{file.path.clone()}</code>
            <span class="dim number">
                {if file.exists {
                    plural(file.contexts.into(), "context")
                } else {
                    "not there".to_owned()
                }}
            </span>
            <span class="dim">
                {match file.origin {
                    FileOrigin::Environment => "from the environment",
                    FileOrigin::Added => "added here",
                }}
            </span>
            {(file.origin == FileOrigin::Added).then(|| view! {
                <button class="button small" type="button" data-action="remove-file" on:click=remove>
                    "Remove"
                </button>
            })}
        </li>
    }
}

/// Asks for a path; what is wrong with it is said beside the field.
#[component]
pub fn AddFile(
    /// Called when the dialog is done with.
    on_close: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let session = Session::expect();
    let connecting = Connecting::expect();
    let toasts = Toasts::expect();
    let path = RwSignal::new(String::new());
    let refused = RwSignal::new(None::<Error>);
    let busy = RwSignal::new(false);
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            let _ = field.focus();
        }
    });
    let add = move || {
        let wanted = path.get_untracked().trim().to_owned();
        if wanted.is_empty() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        refused.set(None);
        spawn_local(async move {
            let request = AddKubeconfig {
                request_id: ipc::request_id(),
                path: wanted.clone(),
            };
            match ipc::call(request).await {
                Ok(list) => {
                    session.clusters.set(list);
                    toasts.say(format!("{wanted} is looked at from now on."));
                    on_close();
                    connecting.refresh();
                }
                Err(error) => {
                    refused.try_set(Some(error));
                }
            }
            busy.try_set(false);
        });
    };
    let pick = move |_| {
        spawn_local(async move {
            match ipc::call(PickKubeconfig {}).await {
                Ok(Some(chosen)) => {
                    refused.try_set(None);
                    path.try_set(chosen);
                }
                Ok(None) => {}
                Err(error) => {
                    refused.try_set(Some(error));
                }
            }
        });
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        add();
    };
    view! {
        <Dialog title=Signal::stored("Add a kubeconfig file".to_owned()) on_close>
            <form class="dialog-form" on:submit=submit>
                <div class="dialog-body add-file">
                    <label class="add-file-field">
                        <span>"Path of the file"</span>
                        <span class="add-file-line">
                        <input
                            class="input mono"
                            type="text"
                            placeholder="/home/me/.kube/staging.yaml"
                            spellcheck="false"
                            autocomplete="off"
                            node_ref=field
                            data-field="kubeconfig"
                            aria-invalid=move || refused.with(Option::is_some).then_some("true")
                            aria-describedby="add-file-error"
                            prop:value=move || path.get()
                            on:input:target=move |event| {
                                refused.set(None);
                                path.set(event.target().value());
                            }
                        />
                        <button class="button" type="button" data-action="pick-file" on:click=pick>
                            "Choose…"
                        </button>
                        </span>
                    </label>
                    <p class="tone-bad selectable" id="add-file-error" role="alert">
                        {move || refused.get().map(|error| sentence(&error.message))}
                    </p>
                    <p class="dim">
                        "It is read and followed, never written or copied. Where a name stands in several files the first one counts; files from the environment come first."
                    </p>
                </div>
                <div class="dialog-foot">
                    <span class="dim"></span>
                    <button class="button" type="button" on:click=move |_| on_close()>"Cancel"</button>
                    <button
                        class="button primary"
                        type="submit"
                        data-action="add-kubeconfig"
                        disabled=move || busy.get() || path.with(|path| path.trim().is_empty())
                    >
                        "Add the file"
                    </button>
                </div>
            </form>
        </Dialog>
    }
}
