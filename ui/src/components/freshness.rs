//! Whether what is shown is what the cluster holds.

use kubegraf_ipc::{age::human_duration, object::Freshness};
use leptos::prelude::*;

use crate::{model::words::grouped, state::clock::Clock};

/// A chip that says how fresh a view is.
#[component]
pub fn FreshnessChip(
    /// The freshness; `None` before core has said.
    #[prop(into)]
    freshness: Signal<Option<Freshness>>,
) -> impl IntoView {
    let clock = Clock::expect();
    let state = move || {
        freshness.with(|freshness| match freshness {
            None | Some(Freshness::Loading { .. }) => "loading",
            Some(Freshness::Live) => "live",
            Some(Freshness::Reconnecting { .. }) => "reconnecting",
            Some(Freshness::Forbidden { .. }) => "forbidden",
        })
    };
    let text = move || {
        freshness.with(|freshness| match freshness {
            None | Some(Freshness::Loading { seen: 0 }) => "loading".to_owned(),
            Some(Freshness::Loading { seen }) => format!("loading {} …", grouped(*seen)),
            Some(Freshness::Live) => "live".into(),
            Some(Freshness::Reconnecting { since, .. }) => {
                format!(
                    "reconnecting, as of {} ago",
                    human_duration(clock.now() - since)
                )
            }
            Some(Freshness::Forbidden { .. }) => "forbidden".into(),
        })
    };
    let why = move || {
        freshness.with(|freshness| match freshness {
            Some(Freshness::Live) => Some("Every change arrives as it happens".to_owned()),
            Some(Freshness::Reconnecting { error, .. }) => Some(error.clone()),
            Some(Freshness::Forbidden { message, .. }) => Some(message.clone()),
            _ => None,
        })
    };
    view! {
        <span class="freshness number" data-freshness=state title=why role="status">
            {text}
        </span>
    }
}
