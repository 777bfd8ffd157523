//! What keys do, from the one list of them.

use leptos::prelude::*;

use crate::{
    components::dialog::Dialog,
    model::keys::{KEYS, Place},
    state::{navigation::Navigation, palette::Palette},
};

/// The overlay that `?` opens.
#[component]
pub fn KeyOverlay() -> impl IntoView {
    let palette = Palette::expect();
    let navigation = Navigation::expect();
    let close = move || palette.keys.set(false);
    view! {
        <Show when=move || palette.keys.get()>
            <Dialog title="What keys do here" on_close=close>
                <div class="dialog-body" data-keys>
                    <KeyList places=Place::of(&navigation.route()) />
                </div>
                <div class="dialog-foot">
                    <span class="dim">"A letter alone never changes a cluster."</span>
                    <button class="button" type="button" on:click=move |_| close()>
                        "Close"
                    </button>
                </div>
            </Dialog>
        </Show>
    }
}

/// The keys, by where they work.
#[component]
pub fn KeyList(
    /// The places to show.
    places: Vec<Place>,
) -> impl IntoView {
    let places = places.into_iter().map(|place| {
        let keys = KEYS.iter().filter(move |key| key.place == place);
        let lines = keys.map(|key| {
            let each = key.keys.split(' ').map(|key| view! { <kbd>{key}</kbd> });
            view! {
                <div class="key-line">
                    <span>{each.collect_view()}</span>
                    <span>{key.does}</span>
                </div>
            }
        });
        view! {
            <div class="key-place">
                <h2>{place.title()}</h2>
                {lines.collect_view()}
            </div>
        }
    });
    view! { <div class="key-list">{places.collect_view()}</div> }
}
