//! Recent warning events, alike ones together.

use kubegraf_ipc::{
    age::human_duration,
    overview::{Overview, WarningGroup},
};
use leptos::prelude::*;

use crate::{
    model::words::{grouped, path},
    route::Route,
    state::clock::Clock,
};

/// Groups listed.
const MOST: usize = 6;

/// The groups, the latest first.
#[component]
pub fn WarningList(
    /// The overview.
    overview: RwSignal<Option<Overview>>,
) -> impl IntoView {
    let groups = Memo::new(move |_| {
        overview.with(|o| {
            let groups = o.as_ref()?.events.iter();
            Some(groups.take(MOST).cloned().collect::<Vec<_>>())
        })
    });
    view! {
        <div class="warnings">
            <For
                each=move || groups.get().unwrap_or_default()
                key=|group| (group.reason.clone(), group.object.clone(), group.times, group.last_seen)
                let:group
            >
                <WarningLine group />
            </For>
            <Show when=move || groups.with(|groups| groups.as_ref().is_some_and(Vec::is_empty))>
                <p class="card-note">"No warning event is kept in the cluster."</p>
            </Show>
        </div>
    }
}

/// One group.
#[component]
fn WarningLine(
    /// The group.
    group: WarningGroup,
) -> impl IntoView {
    let clock = Clock::expect();
    let seen = group.last_seen;
    let since = move || seen.map(|seen| human_duration((clock.now() - seen).max(0)));
    let whose = match group.objects {
        1 => path(&group.object),
        others => format!("{} and {} more", path(&group.object), grouped(others - 1)),
    };
    view! {
        <a
            class="warning"
            href=Route::filtered("events", &group.reason).hash()
            title=group.message.clone()
            data-warning=group.reason.clone()
        >
            <span class="warning-top">
                <strong>{group.reason.clone()}</strong>
                <span class="dim number">{format!("×{}", grouped(group.times))}</span>
                <span class="mono clip">{whose}</span>
                <span class="dim number warning-since" data-at=seen>{since}</span>
            </span>
            <span class="clip dim">{group.message.clone()}</span>
        </a>
    }
}
