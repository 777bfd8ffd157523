//! The health score, and what it lost points for.

use kubegraf_ipc::{object::Tone, overview::Overview};
use leptos::prelude::*;

use crate::{
    components::{mark::ToneMark, menu::Menu},
    model::{figures, words::plural},
};

/// The score; opened, the list of losses that adds up to it.
#[component]
pub fn HealthTile(
    /// The overview.
    overview: RwSignal<Option<Overview>>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let health = Memo::new(move |_| overview.with(|o| o.as_ref().and_then(|o| o.health.clone())));
    let score = move || health.with(|h| h.as_ref().map(|h| h.score));
    let tone = Signal::derive(move || match score() {
        Some(80..) | None => Tone::Ok,
        Some(50..80) => Tone::Warn,
        Some(_) => Tone::Bad,
    });
    let label = Signal::derive(move || match score() {
        Some(score) => format!("Health {score} {}, of 100", figures::verdict(score)),
        None => "Health not known yet".into(),
    });
    let button = view! {
        // Without the spaces between them, words that stand apart would be read as one.
        <span class="tile-title">"Health"</span>
        " "
        {move || match score() {
            None => view! { <span class="bone tile-bone"></span> }.into_any(),
            Some(score) => view! {
                <span class="tile-figure number" data-score=score>
                    <ToneMark tone />
                    {score}
                    " "
                    <span class="tile-of">{figures::verdict(score)}</span>
                </span>
            }
            .into_any(),
        }}
    };
    let losses = move || health.with(|h| h.as_ref().map(|h| h.losses.clone()).unwrap_or_default());
    view! {
        <Menu open label class="tile tile-button" button=button.into_any() role="dialog">
            <div class="losses">
                <p class="dim">
                    {move || match (score(), losses().is_empty()) {
                        (None, _) => "Pods, nodes and incidents are not all known yet.",
                        (_, true) => "100 points: nothing was found that costs any.",
                        _ => "100 points, less:",
                    }}
                </p>
                <For each=losses key=|loss| (loss.reason, loss.count, loss.of, loss.points) let:loss>
                    <a class="menu-item" href=figures::loss_route(loss.reason)>
                        <span class="loss-points number">{format!("−{}", loss.points)}</span>
                        <span>{figures::loss(&loss)}</span>
                    </a>
                </For>
                <p class="dim">
                    {move || score().map(|score| format!("leaves {}.", plural(score.into(), "point")))}
                </p>
            </div>
        </Menu>
    }
}
