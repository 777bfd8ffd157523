//! What keys do, from the one table of them.

use leptos::prelude::*;

use crate::{
    components::dialog::Dialog,
    model::keys::{FIXED, Line, Place},
    route::{Page, Route},
    state::{navigation::Navigation, palette::Palette, shortcuts::Shortcuts},
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
                    <button
                        class="button"
                        type="button"
                        data-action="change-keys"
                        on:click=move |_| {
                            close();
                            navigation.go(&Route::Page(Page::Settings));
                            palette.change_keys.set(true);
                        }
                    >
                        "Change keys"
                    </button>
                    <button class="button" type="button" on:click=move |_| close()>
                        "Close"
                    </button>
                </div>
            </Dialog>
        </Show>
    }
}

/// The keys that are set, by where they work.
#[component]
fn KeyList(
    /// The places to show.
    places: Vec<Place>,
) -> impl IntoView {
    let shortcuts = Shortcuts::expect();
    let places = places.into_iter().map(move |place| {
        let set = move || {
            shortcuts.map.with(|map| {
                let lines = map.of(place).filter_map(key_of);
                lines
                    .map(|(keys, does)| view! { <KeyLine keys does /> })
                    .collect_view()
            })
        };
        let fixed = FIXED.iter().filter(move |key| key.place == place);
        let fixed =
            fixed.map(|key| view! { <KeyLine keys=key.keys.into() does=key.does.into() /> });
        view! {
            <div class="key-place">
                <h2>{place.title()}</h2>
                {set}
                {fixed.collect_view()}
            </div>
        }
    });
    view! { <div class="key-list">{places.collect_view()}</div> }
}

fn key_of(line: &Line) -> Option<(String, String)> {
    Some((line.chord.as_ref()?.to_string(), line.what.does.clone()))
}

/// One of them.
#[component]
fn KeyLine(
    /// What is pressed; alternatives are separated by spaces.
    keys: String,
    /// What happens.
    does: String,
) -> impl IntoView {
    let each = keys
        .split(' ')
        .map(|key| view! { <kbd>{key.to_owned()}</kbd> });
    view! {
        <div class="key-line">
            <span>{each.collect_view()}</span>
            <span>{does}</span>
        </div>
    }
}
