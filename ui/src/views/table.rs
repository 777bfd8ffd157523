//! The table of a kind: everything about it comes from the kind's entry in the registry.

use std::time::Duration;

use kubegraf_ipc::{
    object::Freshness,
    table::{KindInfo, Row},
};
use leptos::{html, prelude::*, task::spawn_local};

use crate::{
    components::{
        column_menu::ColumnMenu,
        empty::EmptyState,
        facets::Facets,
        filter::FilterBox,
        freshness::FreshnessChip,
        grid::Grid,
        icon::Icon,
        marking::{MarkBar, RowMenu, RowMenuAt},
        row_actions::{open_logs, open_shell},
    },
    model::{
        drill,
        words::{grouped, plural},
    },
    route::Route,
    state::{
        layout::Layout, navigation::Navigation, panes::Panes, session::Session, table::Table,
        toasts::Toasts,
    },
    views::{first_paint::FirstPaint, table_empty::TableEmpty},
};

/// How long a person who types is let type on before the address follows.
const TYPED: Duration = Duration::from_millis(400);

/// The view of one kind.
#[component]
pub fn TableView(
    /// [`KindInfo::id`].
    kind: String,
) -> impl IntoView {
    let session = Session::expect();
    let id = StoredValue::new(kind);
    let found = Memo::new(move |_| id.with_value(|id| session.kind(id)));
    let known = move || session.kinds.with(Option::is_some);
    move || match found.get() {
        Some(kind) => view! { <KindTable kind /> }.into_any(),
        None if known() => view! {
            <EmptyState
                icon=Icon::Empty
                title=format!("There is no view \"{}\"", id.get_value())
                text="The address names nothing this version shows."
            >
                <a class="button" href="#/pods">"Show pods"</a>
            </EmptyState>
        }
        .into_any(),
        None => view! { <Skeletons /> }.into_any(),
    }
}

/// The table of a known kind.
#[component]
fn KindTable(
    /// The registry's entry.
    kind: KindInfo,
) -> impl IntoView {
    let session = Session::expect();
    let navigation = Navigation::expect();
    let grid = NodeRef::<html::Div>::new();
    let asked = move || match navigation.route() {
        Route::Table { filter, facet, .. } => (filter, facet),
        Route::Incidents { .. } | Route::Page(_) => (String::new(), None),
    };
    let (filter, facet) = untrack(asked);
    let table = Table::new(filter, facet);
    Effect::new(move |_| {
        let (filter, facet) = asked();
        // An address that follows the view asks for nothing.
        if table.view.with_untracked(|view| view.filter != filter) {
            table.filter(filter);
        }
        if table.view.with_untracked(|view| view.facet != facet) {
            table.facet(facet);
        }
    });
    keep_address(&kind.id, table, navigation);
    let layout = Layout::of(kind.clone());
    let menu = RowMenuAt::provide();
    let from = kind.id.clone();
    let on_open = Callback::new(move |row: Row| {
        let kinds = session.kinds.get_untracked().unwrap_or_default();
        let Some(step) = drill::step(&from, &row, &kinds) else {
            return;
        };
        if let Some(namespace) = step.namespace {
            session.choose(vec![namespace]);
        }
        navigation.go(&Route::filtered(&step.kind, &step.filter));
    });
    let panes = Panes::expect();
    let (of, entered, whose) = (kind.clone(), kind.clone(), kind.clone());
    let on_logs = Callback::new(move |row: Row| open_logs(&of, &row, session, panes));
    let toasts = Toasts::expect();
    let on_shell =
        Callback::new(move |row: Row| open_shell(&entered, &row, session, panes, toasts));
    let (id, namespaced) = (kind.id.clone(), kind.namespaced);
    let reopen = RwSignal::new(());
    Effect::new(move |_| {
        reopen.track();
        let namespaces = if namespaced {
            session.chosen.get()
        } else {
            Vec::new()
        };
        if let Some(cluster) = session.cluster.get() {
            table.open(cluster, id.clone(), namespaces);
        }
    });

    let freshness = Memo::new(move |_| {
        table
            .head
            .with(|head| head.as_ref().map(|h| h.freshness.clone()))
    });
    let limited = Memo::new(move |_| {
        let names = table
            .head
            .with(|head| Some(head.as_ref()?.limited_to.clone()));
        names.unwrap_or_default()
    });
    let loading =
        Memo::new(move |_| matches!(freshness.get(), None | Some(Freshness::Loading { .. })));
    let shows = Memo::new(move |_| {
        let some = table
            .head
            .with(|head| head.as_ref().is_some_and(|head| head.matched > 0));
        match (table.failure.with(Option::is_some), some, loading.get()) {
            (false, true, _) => Shows::Rows,
            (false, false, true) => Shows::Skeletons,
            _ => Shows::Reason,
        }
    });
    let title = kind.title.clone();
    let view_id = kind.id.clone();
    view! {
        <FirstPaint view=view_id ready=Signal::derive(move || table.settled()) selector="[role=row][data-uid]" />
        <div class="view-head">
            <h1>{kind.title.clone()}</h1>
            <Counts table />
            <FreshnessChip freshness limited />
        </div>
        <div class="toolbar">
            <FilterBox table grid />
            <Facets table />
            <MarkBar table layout />
            <ColumnMenu layout />
            <ExportButton table layout />
        </div>
        {move || match shows.get() {
            Shows::Rows => {
                view! { <Grid table title=title.clone() layout on_open on_logs on_shell grid /> }.into_any()
            }
            Shows::Skeletons => view! { <Skeletons /> }.into_any(),
            Shows::Reason => view! { <TableEmpty table kind=kind.clone() reopen /> }.into_any(),
        }}
        <RowMenu at=menu table layout on_open kind=whose />
    }
}

/// Keeps the filter and the state in the address, so that a reload and a link show the same rows.
fn keep_address(kind: &str, table: Table, navigation: Navigation) {
    let kind = kind.to_owned();
    let shown = Memo::new(move |_| {
        table
            .view
            .with(|view| (view.filter.clone(), view.facet.clone()))
    });
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let give_up = move || {
        if let Some(handle) = waiting.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    };
    Effect::new(move |before: Option<()>| {
        let (filter, facet) = shown.get();
        if before.is_none() {
            return;
        }
        give_up();
        let route = Route::Table {
            kind: kind.clone(),
            filter,
            facet,
        };
        let settle = move || {
            // Whoever has gone elsewhere meanwhile stays there.
            let here = untrack(|| navigation.route().view() == route.view());
            if here {
                navigation.settle(&route);
            }
        };
        waiting.set_value(set_timeout_with_handle(settle, TYPED).ok());
    });
    on_cleanup(give_up);
}

/// Writes what matches to a file.
#[component]
fn ExportButton(
    /// The table.
    table: Table,
    /// Its columns.
    layout: Layout,
) -> impl IntoView {
    let toasts = Toasts::expect();
    let busy = RwSignal::new(false);
    let export = move |_| {
        busy.set(true);
        let columns = layout.shown.get_untracked().into_iter();
        let columns = columns.map(|column| column.name).collect();
        spawn_local(async move {
            match table.export(columns).await {
                Ok(done) => toasts.say(format!(
                    "{} written to {}",
                    plural(done.rows, "row"),
                    done.path
                )),
                Err(error) => toasts.complain("exporting the table", &error),
            }
            busy.try_set(false);
        });
    };
    view! {
        <button
            class="button small"
            type="button"
            data-action="export"
            title="Every row that matches, as a CSV file in the downloads folder"
            disabled=move || busy.get()
            on:click=export
        >
            "Export"
        </button>
    }
}

/// What fills a table's body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// There are rows.
    Rows,
    /// The first rows are on their way.
    Skeletons,
    /// There are none, and a reason for it.
    Reason,
}

/// "1,284 of 51,870".
#[component]
fn Counts(
    /// The table.
    table: Table,
) -> impl IntoView {
    let text = move || {
        table.head.with(|head| match head {
            None => String::new(),
            Some(head) if head.matched == head.total => grouped(head.total),
            Some(head) => format!("{} of {}", grouped(head.matched), grouped(head.total)),
        })
    };
    view! { <span class="dim number" data-counts>{text}</span> }
}

/// What stands where rows will be.
#[component]
pub fn Skeletons() -> impl IntoView {
    let rows = (0..40).map(|_| {
        view! {
            <div class="row row-skeleton">
                <span></span>
                <span class="bone"></span>
                <span class="bone"></span>
                <span class="bone"></span>
                <span class="bone"></span>
            </div>
        }
    });
    view! { <div class="skeletons" role="status" aria-busy="true" aria-label="Loading">{rows.collect_view()}</div> }
}
