//! What fills the main part of the window, one module per view.

#![allow(
    clippy::needless_pass_by_value,
    reason = "a component owns its props: the view macro builds them for it"
)]

pub mod first_paint;
pub mod incidents;
pub mod no_cluster;
pub mod registry;
pub mod table;
pub mod table_empty;
