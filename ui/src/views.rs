//! What fills the main part of the window, one module per view.

pub mod first_paint;
pub mod incidents;
pub mod no_cluster;
pub mod registry;
pub mod table;
pub mod table_empty;
