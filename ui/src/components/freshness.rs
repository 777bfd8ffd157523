//! Whether what is shown is what the cluster holds.

use kubegraf_ipc::{age::human_duration, object::Freshness};
use leptos::prelude::*;

use crate::{
    model::words::{self, grouped},
    state::clock::Clock,
};

/// A chip that says how fresh a view is.
#[component]
pub fn FreshnessChip(
    /// The freshness; `None` before core has said.
    #[prop(into)]
    freshness: Signal<Option<Freshness>>,
    /// The namespaces looked at one by one, where the whole cluster may not be read.
    #[prop(optional, into)]
    limited: Signal<Vec<String>>,
) -> impl IntoView {
    let clock = Clock::expect();
    let state = move || {
        freshness.with(|freshness| match freshness {
            None | Some(Freshness::Loading { .. }) => "loading",
            Some(Freshness::Live) => "live",
            Some(Freshness::Reconnecting {
                throttled_until: Some(until),
                ..
            }) if *until > clock.now() => "throttled",
            Some(Freshness::Reconnecting { .. }) => "reconnecting",
            Some(Freshness::Forbidden { .. }) => "forbidden",
        })
    };
    let text = move || {
        freshness.with(|freshness| match freshness {
            None | Some(Freshness::Loading { seen: 0 }) => "loading".to_owned(),
            Some(Freshness::Loading { seen }) => format!("loading {} …", grouped(*seen)),
            Some(Freshness::Live) => "live".into(),
            Some(Freshness::Reconnecting {
                since,
                throttled_until,
                ..
            }) => {
                let now = clock.now();
                let ago = human_duration((now - since).max(0));
                match throttled_until {
                    Some(until) if *until > now => {
                        format!(
                            "slowed by the server for {} s, as of {ago} ago",
                            until - now
                        )
                    }
                    _ => format!("reconnecting, as of {ago} ago"),
                }
            }
            Some(Freshness::Forbidden { .. }) if limited.with(|names| names.len() > 1) => {
                "forbidden in a namespace".into()
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
        {move || limited.with(|names| (!names.is_empty()).then(|| {
            let shown = words::few(names);
            view! {
                <span
                    class="chip"
                    data-limited
                    title=format!("You may not list this in the whole cluster. Looked at one by one: {}. More can be chosen in the namespace menu.", names.join(", "))
                >
                    {format!("only in {shown}")}
                </span>
            }
        }))}
    }
}
