//! The frame: rail, header, the view of the current route, dock, and what floats above.

use leptos::prelude::*;

use crate::{
    components::{dock::DockPanel, header::Header, rail::Rail, toasts::ToastList},
    route::Route,
    state::{
        clock::Clock, dock::Dock, incidents::Incidents, navigation::Navigation, session::Session,
        toasts::Toasts,
    },
    views::{incidents::IncidentsView, no_cluster::NoCluster, table::TableView},
};

/// The whole window.
#[component]
pub fn App() -> impl IntoView {
    Clock::provide();
    Toasts::provide();
    let navigation = Navigation::provide();
    let session = Session::provide();
    Incidents::provide(session);
    Dock::provide(session, Toasts::expect());

    let view = Memo::new(move |_| navigation.route().view().to_owned());
    let is_incidents = Memo::new(move |_| matches!(navigation.route(), Route::Incidents { .. }));
    view! {
        <div class="app">
            <Rail />
            <Header />
            <main data-view=move || view.get()>
                {move || {
                    if session.cluster.get().is_none() {
                        view! { <NoCluster /> }.into_any()
                    } else if is_incidents.get() {
                        view! { <IncidentsView /> }.into_any()
                    } else {
                        let kind = view.get();
                        view! { <TableView kind /> }.into_any()
                    }
                }}
            </main>
            <DockPanel />
        </div>
        <ToastList />
    }
}
