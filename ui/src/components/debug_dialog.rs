//! Asks what to look with, where there is no shell: a debug container in a pod, or a shell on a node. What is
//! created is shown by the preview that follows.

use kubegraf_ipc::{
    debug::{DEBUG_IMAGE, DEBUG_NAMESPACE, DebugTarget, PreviewDebug},
    terminal::{ContainerKind, ListContainers, PodContainer},
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{
        dialog::Dialog,
        field::Field,
        plan::{PlanDialog, Wanted},
    },
    ipc,
    state::pod_tools::PodTools,
};

/// The dialog, when it is asked for, and the preview after it.
#[component]
pub fn DebugDialog() -> impl IntoView {
    let tools = PodTools::expect();
    let wanted = RwSignal::new(None::<PreviewDebug>);
    move || {
        let (cluster, of) = tools.debug.get()?;
        Some(match wanted.get() {
            None => view! { <Asking cluster of wanted /> }.into_any(),
            Some(request) => {
                let close = move || {
                    wanted.set(None);
                    tools.debug.set(None);
                };
                view! { <PlanDialog wanted=Wanted::Debug(request) on_close=close /> }.into_any()
            }
        })
    }
}

#[component]
fn Asking(
    /// The cluster.
    cluster: String,
    /// What is looked at.
    of: DebugTarget,
    /// Where the answer goes.
    wanted: RwSignal<Option<PreviewDebug>>,
) -> impl IntoView {
    let tools = PodTools::expect();
    let close = move || tools.debug.set(None);
    let image = RwSignal::new(DEBUG_IMAGE.to_owned());
    // Of a pod the container that is looked into, of a node the namespace of its pod.
    let place = RwSignal::new(match &of {
        DebugTarget::Pod { .. } => String::new(),
        DebugTarget::Node { .. } => DEBUG_NAMESPACE.to_owned(),
    });
    let containers = RwSignal::new(Vec::<PodContainer>::new());
    let title = match &of {
        DebugTarget::Pod { pod, .. } => format!("Debug {pod}"),
        DebugTarget::Node { node, .. } => format!("Open a shell on {node}"),
    };
    if let DebugTarget::Pod { namespace, pod, .. } = &of {
        let request = ListContainers {
            cluster: cluster.clone(),
            namespace: namespace.clone(),
            pod: pod.clone(),
        };
        spawn_local(async move {
            // What is wrong with the pod is said by the preview.
            if let Ok(all) = ipc::call(request).await {
                let main: Vec<PodContainer> = all
                    .into_iter()
                    .filter(|container| container.kind == ContainerKind::Main)
                    .collect();
                let default = main.iter().find(|container| container.is_default);
                place.try_set(default.map(|found| found.name.clone()).unwrap_or_default());
                containers.try_set(main);
            }
        });
    }
    let is_node = matches!(of, DebugTarget::Node { .. });
    let asked = StoredValue::new((cluster, of));
    let ready = move || {
        image.with(|image| !image.trim().is_empty())
            && (!is_node || place.with(|place| !place.trim().is_empty()))
    };
    let preview = move || {
        if !untrack(ready) {
            return;
        }
        let (cluster, mut of) = asked.get_value();
        let chosen = place.get_untracked();
        match &mut of {
            DebugTarget::Pod { container, .. } => {
                *container = (!chosen.is_empty()).then_some(chosen);
            }
            DebugTarget::Node { namespace, .. } => chosen.trim().clone_into(namespace),
        }
        wanted.set(Some(PreviewDebug {
            cluster,
            of,
            image: image.get_untracked().trim().to_owned(),
        }));
    };
    view! {
        <Dialog title on_close=close>
            <form
                class="dialog-body forward-form"
                data-debug-dialog
                on:submit=move |event| {
                    event.prevent_default();
                    preview();
                }
            >
                <Field title="Image" label="Image" text=image />
                {if is_node {
                    view! {
                        <Field title="Namespace" label="Namespace of its pod" text=place />
                        <p class="dim">"A privileged pod is made on the node. It is root over the whole machine, and goes with the terminal."</p>
                    }
                    .into_any()
                } else {
                    view! {
                        <label>
                            <span>"Processes of"</span>
                            <select class="input" aria-label="Container whose processes are seen" data-debug-container
                                prop:value=move || place.get()
                                on:change:target=move |event| place.set(event.target().value())>
                                {move || containers.get().into_iter().map(|container| {
                                    let selected = container.name == place.get_untracked();
                                    let title = container.name.clone();
                                    view! { <option value=container.name selected=selected>{title}</option> }
                                }).collect_view()}
                                <option value="" selected=move || place.with(String::is_empty)>"no container: its own only"</option>
                            </select>
                        </label>
                        <p class="dim">"A debug container cannot be removed again: it stays listed until the pod goes."</p>
                    }
                    .into_any()
                }}
            </form>
            <div class="dialog-foot">
                <span class="dim">"The preview says what is created."</span>
                <button class="button" type="button" on:click=move |_| close()>"Cancel"</button>
                <button class="button primary" type="button" data-action="preview-debug"
                    disabled=move || !ready() on:click=move |_| preview()>
                    "Preview"
                </button>
            </div>
        </Dialog>
    }
}
