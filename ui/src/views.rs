//! What fills the main part of the window, one module per view.

#![allow(
    clippy::needless_pass_by_value,
    reason = "a component owns its props: the view macro builds them for it"
)]

pub mod cluster_overview;
pub mod clusters;
pub mod dashboard;
pub mod first_paint;
pub mod forwards;
#[cfg(feature = "gallery")]
pub mod gallery;
pub mod incidents;
pub mod logs;
pub mod no_cluster;
pub mod registry;
pub mod settings;
pub mod sign_in;
pub mod table;
pub mod table_empty;
pub mod terminal;
pub mod users;
