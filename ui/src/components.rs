//! The parts views are made of, one file each, its style beside it.

#![allow(
    clippy::needless_pass_by_value,
    reason = "a component owns its props: the view macro builds them for it"
)]

pub mod capacity;
pub mod chain;
pub mod chip;
pub mod closing_dialog;
pub mod cluster_detail;
pub mod cluster_line;
pub mod cluster_menu;
pub mod column_menu;
pub mod connect_card;
pub mod connecting_dialogs;
pub mod copy;
pub mod copy_dialog;
pub mod diagnostics;
pub mod dialog;
pub mod diff;
pub mod dock;
pub mod doctor;
pub mod empty;
pub mod evidence;
pub mod execution;
pub mod facets;
pub mod feedback;
pub mod filter;
pub mod fixes;
pub mod forward_dialog;
pub mod freshness;
pub mod grid;
pub mod grid_head;
pub mod grid_row;
pub mod header;
pub mod health;
pub mod history;
pub mod icon;
pub mod incident_deeds;
pub mod incident_detail;
pub mod incident_filter;
pub mod incident_row;
pub mod key_list;
pub mod keys;
pub mod kubeconfig_files;
pub mod load_list;
pub mod log;
pub mod log_lines;
pub mod log_patterns;
pub mod log_query;
pub mod log_times;
pub mod mark;
pub mod marking;
pub mod menu;
pub mod namespace_menu;
pub mod notice_centre;
pub mod object_link;
pub mod palette;
pub mod panes;
pub mod paused;
pub mod plan;
pub mod policy;
pub mod rail;
pub mod row_actions;
pub mod run_dialog;
pub mod running;
pub mod similar;
pub mod state_bar;
pub mod terminal;
pub mod theme_toggle;
pub mod tick;
pub mod toasts;
pub mod usage_chart;
pub mod walk;
pub mod warning_list;
pub mod when;
