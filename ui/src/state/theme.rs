//! Light, dark, or as the system has it. `boot.js` applies the stored choice before first paint.

use leptos::prelude::*;

use crate::state::prefs;

/// Key of the stored choice; `boot.js` reads it too.
const KEY: &str = "theme";

/// What the user chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Follows the desktop.
    System,
    /// Always dark.
    Dark,
    /// Always light.
    Light,
}

impl Theme {
    /// The stored choice.
    #[must_use]
    pub fn stored() -> Self {
        match prefs::get(KEY).as_deref() {
            Some("dark") => Self::Dark,
            Some("light") => Self::Light,
            _ => Self::System,
        }
    }

    /// Stores the choice and repaints the window.
    pub fn apply(self) {
        prefs::set(KEY, self.name());
        if let Some(root) = document().document_element() {
            // Setting an attribute of <html> cannot fail.
            let _ = root.set_attribute("data-theme", self.name());
        }
    }

    /// The next choice of the toggle.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::System => Self::Dark,
            Self::Dark => Self::Light,
            Self::Light => Self::System,
        }
    }

    /// As stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }
}
