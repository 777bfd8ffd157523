//! The next step of whoever has no cluster yet, and what is wrong with the files that should name one.

use kubegraf_ipc::cluster::KubeconfigProblem;
use leptos::prelude::*;

use crate::{
    components::kubeconfig_files::AddFile,
    model::words::sentence,
    route::{Page, Route},
    state::session::Session,
};

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
    let problem = Memo::new(move |_| session.clusters.with(|list| list.problems.first().cloned()));
    view! {
        <Show when=move || alone.get()>
            <section class="connect" data-connect aria-label="Connect a cluster">
                <p>
                    <strong>"This is the demo cluster."</strong>
                    " "
                    {move || match problem.get() {
                        Some(problem) => view! { <Unread problem /> }.into_any(),
                        None => "No kubeconfig with a context was found. Add a file to connect a cluster of yours; KUBECONFIG and ~/.kube/config are read too.".into_any(),
                    }}
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

/// A file that could not be read is why there is no cluster.
#[component]
fn Unread(
    /// What is wrong with it.
    problem: KubeconfigProblem,
) -> impl IntoView {
    let line = problem.line.map(|line| format!(", line {line}"));
    view! {
        "Yours are missing because "
        <code>{problem.path}</code>
        {line}
        " cannot be read: "
        {sentence(&problem.message)}
        ". It is read again as soon as it changes. "
        <a href=Route::Page(Page::Clusters).hash()>"Files and problems"</a>
    }
}
