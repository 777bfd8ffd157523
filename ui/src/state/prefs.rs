//! Small choices of the window that outlive it, in the browser's local storage. Nothing here is
//! about a cluster; where storage is refused, choices last until the window closes.

/// The choice stored under `key`.
#[must_use]
pub fn get(key: &str) -> Option<String> {
    storage()?.get_item(&named(key)).ok().flatten()
}

/// Stores a choice.
pub fn set(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // A full or refused storage costs only the memory of this choice.
        let _ = storage.set_item(&named(key), value);
    }
}

fn named(key: &str) -> String {
    format!("kubegraf.{key}")
}

fn storage() -> Option<web_sys::Storage> {
    leptos::prelude::window().local_storage().ok().flatten()
}
