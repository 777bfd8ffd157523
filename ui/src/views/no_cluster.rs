//! Shown while there is no cluster: still connecting, or nothing to connect to.

use leptos::prelude::*;

use crate::{
    components::{cluster_menu::ClusterItem, empty::EmptyState, icon::Icon},
    model::{contexts, words::sentence},
    route::{Page, Route},
    state::session::Session,
    views::table::Skeletons,
};

/// Offers the clusters there are.
#[component]
pub fn NoCluster() -> impl IntoView {
    let session = Session::expect();
    let open = RwSignal::new(false);
    let reason = move || {
        let failure = session.failure.get().map(|error| error.message);
        let status = session
            .status
            .with(|s| s.as_ref().and_then(|s| s.error.clone()));
        failure.or(status).map(|reason| sentence(&reason))
    };
    let waiting =
        move || session.status.with(Option::is_none) && session.failure.with(Option::is_none);
    move || {
        if waiting() {
            return view! {
                <div class="view-head"><h1>"Connecting …"</h1></div>
                <div class="toolbar"></div>
                <Skeletons />
            }
            .into_any();
        }
        let text = reason().unwrap_or_else(|| "Choose one to begin.".into());
        view! {
            <EmptyState icon=Icon::Plug title="No cluster is connected" text>
                <div class="cluster-choice">
                    <For each=move || session.clusters.get().clusters key=contexts::key let:entry>
                        <ClusterItem entry open />
                    </For>
                </div>
                <a class="button" href=Route::Page(Page::Clusters).hash()>"Files, problems and diagnosis"</a>
            </EmptyState>
        }
        .into_any()
    }
}
