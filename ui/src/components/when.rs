//! A moment in the words and the time zone of the person who looks.

use wasm_bindgen::JsValue;

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
