//! What the window knows, as signals: one writer each, handed down by context.

pub mod clock;
pub mod dock;
pub mod incidents;
pub mod navigation;
pub mod prefs;
pub mod session;
pub mod table;
pub mod theme;
pub mod toasts;
