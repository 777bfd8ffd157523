//! The frame: rail, header, the view of the current route, dock, and what floats above.

use leptos::prelude::*;

use crate::{
    components::{
        closing_dialog::ClosingDialog, connecting_dialogs::ConnectingDialogs,
        copy_dialog::CopyDialog, debug_dialog::DebugDialog, dock::DockPanel,
        forward_dialog::ForwardDialog, header::Header, key_list::KeyOverlay, palette::PalettePanel,
        policy::PolicyDialog, rail::Rail, run_dialog::RunDialog, toasts::ToastList,
        update_banner::UpdateBanner, when::tell_moments,
    },
    route::{Page, Route},
    state::{
        choices::Choices, clock::Clock, connecting::Connecting, desk::Desk, dock::Dock,
        forwards::Forwards, incidents::Incidents, navigation::Navigation, notices::Notices,
        palette::Palette, panes::Panes, pod_tools::PodTools, session::Session,
        shortcuts::Shortcuts, sidebar::Sidebar, toasts::Toasts, updates::Updates,
    },
    views::{
        cluster_overview::ClusterOverview, clusters::ClustersView, dashboard::Dashboard,
        forwards::ForwardsView, incidents::IncidentsView, logs::LogsView, no_cluster::NoCluster,
        settings::SettingsView, table::TableView, terminal::TerminalView, users::UsersView,
    },
};

/// The whole window.
#[component]
pub fn App() -> impl IntoView {
    Clock::provide();
    tell_moments();
    Toasts::provide();
    let toasts = Toasts::expect();
    Notices::provide(toasts);
    Updates::provide(toasts);
    let choices = Choices::provide(toasts);
    let navigation = Navigation::provide();
    let session = Session::provide();
    Sidebar::provide(session, choices);
    let incidents = Incidents::provide(session);
    Desk::provide(choices, navigation, incidents, toasts);
    Forwards::provide(toasts);
    PodTools::provide();
    Panes::provide(Dock::provide(session, toasts));
    let panes = Panes::expect();
    let connecting = Connecting::provide(session, navigation, toasts);
    let shortcuts = Shortcuts::provide(choices, session);
    Palette::provide(session, navigation, choices, connecting, shortcuts);

    let view = Memo::new(move |_| navigation.route().view().to_owned());
    let shows = Memo::new(move |_| match navigation.route() {
        Route::Page(page) => Shows::Page(page),
        Route::Incidents { .. } => Shows::Incidents,
        Route::Table { kind, .. } => Shows::Table(kind),
    });
    let connected = Memo::new(move |_| session.cluster.with(Option::is_some));
    view! {
        <div class="app" data-dock=move || if panes.is_whole() { "whole" } else { "part" }>
            <Rail />
            <Header />
            <main data-view=move || view.get()>
                {move || match (shows.get(), connected.get()) {
                    // What is not about the active cluster needs none.
                    (Shows::Page(Page::Settings), _) => view! { <SettingsView /> }.into_any(),
                    (Shows::Page(Page::Users), _) => view! { <UsersView /> }.into_any(),
                    #[cfg(feature = "gallery")]
                    (Shows::Page(Page::Gallery), _) => {
                        view! { <crate::views::gallery::Gallery /> }.into_any()
                    }
                    (Shows::Page(Page::Clusters), _) => view! { <ClustersView /> }.into_any(),
                    (Shows::Page(Page::Forwards), _) => view! { <ForwardsView /> }.into_any(),
                    (Shows::Page(Page::Terminal), _) => view! { <TerminalView /> }.into_any(),
                    (_, false) => view! { <NoCluster /> }.into_any(),
                    (Shows::Page(Page::Dashboard), _) => view! { <Dashboard /> }.into_any(),
                    (Shows::Page(Page::ClusterOverview), _) => {
                        view! { <ClusterOverview /> }.into_any()
                    }
                    (Shows::Page(Page::Logs), _) => view! { <LogsView /> }.into_any(),
                    (Shows::Incidents, _) => view! { <IncidentsView /> }.into_any(),
                    (Shows::Table(kind), _) => view! { <TableView kind /> }.into_any(),
                }}
            </main>
            <DockPanel />
        </div>
        <ToastList />
        <UpdateBanner />
        <ConnectingDialogs />
        <ClosingDialog />
        <PolicyDialog />
        <PalettePanel />
        <ForwardDialog />
        <CopyDialog />
        <RunDialog />
        <DebugDialog />
        <KeyOverlay />
    }
}

/// What fills the main part; changes only when another view has to be built.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shows {
    /// A view without parts.
    Page(Page),
    /// The incidents.
    Incidents,
    /// The table of a kind.
    Table(String),
}
