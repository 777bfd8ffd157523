//! The window's place: the URL's hash is the truth, so back, forward and deep links just work.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsValue;

use crate::{
    route::{Page, Route},
    state::prefs,
};

/// Where the window is.
#[derive(Clone, Copy, Debug)]
pub struct Navigation {
    route: RwSignal<Route>,
}

impl Navigation {
    /// Follows the hash for the life of the window and hands the place to every component below.
    pub fn provide() -> Self {
        let route = RwSignal::new(current());
        let listener = window_event_listener(ev::hashchange, move |_| {
            let place = current();
            if route.with_untracked(|before| *before != place) {
                route.set(place);
            }
        });
        on_cleanup(move || listener.remove());
        let navigation = Self { route };
        provide_context(navigation);
        navigation
    }

    /// The place provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// What to show.
    #[must_use]
    pub fn route(self) -> Route {
        self.route.get()
    }

    /// Goes to a view; back leads here again.
    pub fn go(self, route: &Route) {
        // Setting a hash of our own making cannot fail.
        let _ = window().location().set_hash(&route.hash());
    }

    /// The view has changed what it shows: a reload, or a link, leads to the same. Not a step for back.
    pub fn settle(self, route: &Route) {
        if self.route.with_untracked(|now| now == route) {
            return;
        }
        if let Ok(history) = window().history() {
            // Engines refuse this when it is done too often; then only the address is behind.
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&route.hash()));
        }
        self.route.set(route.clone());
    }

    /// Where the user was before.
    pub fn back(self) {
        if let Ok(history) = window().history() {
            let _ = history.back();
        }
    }

    /// Where the user was before going back.
    pub fn forward(self) {
        if let Ok(history) = window().history() {
            let _ = history.forward();
        }
    }
}

fn current() -> Route {
    let hash = window().location().hash().unwrap_or_default();
    // The start view is repeated in local storage: it is needed before core can be asked.
    Route::parse(&hash)
        .or_else(|| Route::parse(&prefs::get("start")?))
        .unwrap_or(Route::Page(Page::Dashboard))
}
