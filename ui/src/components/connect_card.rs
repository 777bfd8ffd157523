//! The next step of whoever has no cluster yet.

use leptos::prelude::*;

use crate::{components::kubeconfig_files::AddFile, state::session::Session};

/// A quiet card while there is nothing but the demo cluster.
#[component]
pub fn ConnectCard() -> impl IntoView {
    let session = Session::expect();
    let adding = RwSignal::new(false);
    let alone = Memo::new(move |_| {
        session
            .clusters
            .with(|list| !list.clusters.is_empty() && list.clusters.iter().all(|c| c.is_demo))
    });
    view! {
        <Show when=move || alone.get()>
            <section class="connect" data-connect aria-label="Connect a cluster">
                <p>
                    <strong>"This is the demo cluster."</strong>
                    " No kubeconfig with a context was found. Add a file to connect a cluster of yours; KUBECONFIG and ~/.kube/config are read too."
                </p>
                <button class="button small" type="button" data-action="connect" on:click=move |_| adding.set(true)>
                    "Add kubeconfig…"
                </button>
            </section>
        </Show>
        <Show when=move || adding.get()>
            <AddFile on_close=move || adding.set(false) />
        </Show>
    }
}
