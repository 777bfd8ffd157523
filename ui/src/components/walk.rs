//! Walking a list by keyboard: arrows and two keys (`j` and `k`) move the focus among its items.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use crate::{
    model::keys::{Act, Place},
    state::shortcuts::Shortcuts,
};

/// Moves the focus to the next or previous of the page's elements that match `css`.
pub fn walk(event: &ev::KeyboardEvent, shortcuts: Shortcuts, css: &str) {
    let by: i32 = match (event.key().as_str(), shortcuts.act(Place::List, event)) {
        ("ArrowDown", _) | (_, Some(Act::NextEntry)) => 1,
        ("ArrowUp", _) | (_, Some(Act::PreviousEntry)) => -1,
        _ => return,
    };
    let Ok(items) = document().query_selector_all(css) else {
        return;
    };
    let active = document().active_element();
    let count = i32::try_from(items.length()).unwrap_or(0);
    let item = |index: i32| items.get(index.unsigned_abs());
    let at = (0..count).find(|&index| {
        item(index).is_some() && item(index) == active.clone().map(JsCast::unchecked_into)
    });
    let next = at.map_or(0, |at| (at + by).clamp(0, count - 1));
    if let Some(element) = item(next).and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok()) {
        event.prevent_default();
        let _ = element.focus();
    }
}
