//! Why a table shows no rows, and what to do about it.

use kubegraf_ipc::{
    object::Freshness,
    table::{KindInfo, TableHead, TableView},
};
use leptos::prelude::*;

use crate::{
    components::{copy::CopyButton, empty::EmptyState, icon::Icon},
    model::{
        rbac,
        words::{grouped, sentence},
    },
    state::{session::Session, table::Table},
};

/// Why there are no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    /// The watch could not be opened.
    Failed(String),
    /// The user may not read this.
    Forbidden {
        verb: String,
        resource: String,
        message: String,
    },
    /// Filter or facet lets nothing through.
    Narrowed(String),
    /// The chosen namespaces have none.
    Elsewhere(String),
    /// There are none.
    None,
}

/// The reason, the most specific first.
#[component]
pub fn TableEmpty(
    /// The table.
    table: Table,
    /// Its kind.
    kind: KindInfo,
    /// Opens the table anew.
    reopen: RwSignal<()>,
) -> impl IntoView {
    let session = Session::expect();
    let namespaced = kind.namespaced;
    let reason = Memo::new(move |_| {
        let chosen = if namespaced {
            session.chosen.get()
        } else {
            Vec::new()
        };
        let failure = table.failure.get().map(|error| error.message);
        table
            .head
            .with(|head| reason(failure, head.as_ref(), &table.view.get(), &chosen))
    });
    let things = kind.title.to_lowercase();
    let group = rbac::group(&kind.api_version).to_owned();
    move || {
        match reason.get() {
        Reason::Failed(message) => view! {
            <EmptyState icon=Icon::Plug title=format!("The {things} cannot be followed") text=message>
                <button class="button" type="button" on:click=move |_| reopen.notify()>
                    "Try again"
                </button>
            </EmptyState>
        }
        .into_any(),
        Reason::Forbidden {
            verb,
            resource,
            message,
        } => view! { <Forbidden verb resource group=group.clone() message /> }.into_any(),
        Reason::Narrowed(text) => view! {
            <EmptyState icon=Icon::Search title=format!("No {things} match") text>
                <ClearFilter table />
            </EmptyState>
        }
        .into_any(),
        Reason::Elsewhere(names) => view! {
            <EmptyState
                icon=Icon::Namespaces
                title=format!("No {things} in {names}")
                text="Other namespaces may have some."
            >
                <button class="button" type="button" on:click=move |_| session.choose(Vec::new())>
                    "Show all namespaces"
                </button>
            </EmptyState>
        }
        .into_any(),
        Reason::None => view! {
            <EmptyState
                icon=Icon::Empty
                title=format!("{} has no {things}", session.cluster_name())
                text="They appear here as soon as the cluster has one; nothing needs to be reloaded."
            />
        }
        .into_any(),
    }
    }
}

/// Takes filter and facet away.
#[component]
fn ClearFilter(
    /// The table.
    table: Table,
) -> impl IntoView {
    let clear = move |_| {
        table.facet(None);
        table.filter(String::new());
    };
    view! {
        <button class="button" type="button" data-action="clear-filter" on:click=clear>
            "Clear the filter"
        </button>
    }
}

/// Which permission is missing, and the rule that grants it.
#[component]
fn Forbidden(
    /// The refused verb.
    verb: String,
    /// The refused resource.
    resource: String,
    /// Its API group.
    group: String,
    /// The server's own words.
    message: String,
) -> impl IntoView {
    let rule = rbac::rule(&group, &resource);
    let copied = rule.clone();
    view! {
        <EmptyState
            icon=Icon::Shield
            title=format!("You may not {verb} {resource}")
            text=sentence(&message)
        >
            <pre>{rule}</pre>
            <CopyButton text=copied label="Copy the rule" />
        </EmptyState>
    }
}

fn reason(
    failure: Option<String>,
    head: Option<&TableHead>,
    view: &TableView,
    chosen: &[String],
) -> Reason {
    if let Some(message) = failure {
        return Reason::Failed(sentence(&message));
    }
    let Some(head) = head else {
        return Reason::None;
    };
    match &head.freshness {
        Freshness::Forbidden {
            verb,
            resource,
            message,
        } => Reason::Forbidden {
            verb: verb.clone(),
            resource: resource.clone(),
            message: message.clone(),
        },
        _ if head.filter_error.is_some() || !view.filter.is_empty() || view.facet.is_some() => {
            Reason::Narrowed(narrowed(view, head))
        }
        _ if !chosen.is_empty() => Reason::Elsewhere(chosen.join(", ")),
        _ => Reason::None,
    }
}

fn narrowed(view: &TableView, head: &TableHead) -> String {
    if let Some(error) = &head.filter_error {
        return sentence(error);
    }
    let (total, filter) = (grouped(head.total), &view.filter);
    match &view.facet {
        Some(facet) if filter.is_empty() => format!("None of {total} is {facet} right now."),
        Some(facet) => format!("None of {total} is {facet} and contains “{filter}”."),
        None => format!("None of {total} contains “{filter}”."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(freshness: Freshness, filter: &str, facet: Option<&str>, chosen: &[&str]) -> Reason {
        let head = TableHead {
            revision: 0,
            total: 1_284,
            matched: 0,
            offset: 0,
            facets: vec![],
            freshness,
            limited_to: vec![],
            filter_error: None,
        };
        let view = TableView {
            filter: filter.into(),
            facet: facet.map(str::to_owned),
            ..TableView::default()
        };
        let chosen: Vec<_> = chosen.iter().map(|&name| name.to_owned()).collect();
        reason(None, Some(&head), &view, &chosen)
    }

    #[test]
    fn the_most_specific_reason_is_given() {
        let text = |text: &str| text.to_owned();
        let refused = Freshness::Forbidden {
            verb: text("list"),
            resource: text("pods"),
            message: text("no"),
        };
        assert!(matches!(
            check(refused, "x", None, &["a"]),
            Reason::Forbidden { .. }
        ));
        assert_eq!(
            check(Freshness::Live, "x", Some("Failed"), &["a"]),
            Reason::Narrowed(text("None of 1,284 is Failed and contains “x”."))
        );
        assert_eq!(
            check(Freshness::Live, "", None, &["a", "b"]),
            Reason::Elsewhere(text("a, b"))
        );
        assert_eq!(check(Freshness::Live, "", None, &[]), Reason::None);
    }
}
