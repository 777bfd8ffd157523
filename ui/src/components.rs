//! The parts views are made of, one file each, its style beside it.

#![allow(
    clippy::needless_pass_by_value,
    reason = "a component owns its props: the view macro builds them for it"
)]

pub mod chain;
pub mod chip;
pub mod cluster_menu;
pub mod copy;
pub mod dialog;
pub mod diff;
pub mod dock;
pub mod empty;
pub mod evidence;
pub mod execution;
pub mod facets;
pub mod filter;
pub mod fixes;
pub mod freshness;
pub mod grid;
pub mod grid_head;
pub mod grid_row;
pub mod header;
pub mod history;
pub mod icon;
pub mod incident_detail;
pub mod incident_row;
pub mod mark;
pub mod menu;
pub mod namespace_menu;
pub mod object_link;
pub mod plan;
pub mod rail;
pub mod theme_toggle;
pub mod toasts;
