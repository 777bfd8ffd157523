//! What the window knows, as signals: one writer each, handed down by context.

pub mod account;
pub mod choices;
pub mod clock;
pub mod connecting;
pub mod desk;
pub mod dock;
pub mod forwards;
pub mod incidents;
pub mod layout;
pub mod logs;
pub mod navigation;
pub mod notices;
pub mod overview;
pub mod palette;
pub mod panes;
pub mod pod_tools;
pub mod prefs;
pub mod session;
pub mod shortcuts;
pub mod sidebar;
pub mod table;
pub mod terminals;
pub mod toasts;
pub mod updates;
