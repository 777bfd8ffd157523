//! A moment in the words and the time zone of the person who looks.

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue};

/// Day and time of epoch seconds.
#[must_use]
pub fn when(at: i64) -> String {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of this age of the world are exact in a double"
    )]
    let date = js_sys::Date::new(&JsValue::from_f64((at * 1_000) as f64));
    String::from(date.to_locale_string("default", &JsValue::UNDEFINED))
}

/// Whatever tells an age names its moment in `data-at`, as epoch seconds. A pointer that comes upon it is shown
/// day and time: they are written then, because most are never asked for.
pub fn tell_moments() {
    let listener = window_event_listener(ev::pointerover, |event| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let Some(element) = target.and_then(|target| target.closest("[data-at]").ok().flatten())
        else {
            return;
        };
        let at = element.get_attribute("data-at");
        if let Some(at) = at
            .and_then(|at| at.parse::<i64>().ok())
            .filter(|at| *at > 0)
        {
            // Setting an attribute of a well-known name cannot fail.
            let _ = element.set_attribute("title", &when(at));
        }
    });
    on_cleanup(move || listener.remove());
}
