//! KubeGraf's core: clusters, watches, tables, incidents, executions and the store.
//!
//! It owns every kube client and every credential and hands out only the plain data of
//! `kubegraf-ipc`. It knows nothing of Tauri, of windows or of how things look.

mod accounts;
mod backups;
mod cache;
pub mod clock;
pub mod clusters;
mod core;
mod detection;
pub mod executions;
mod features;
mod files;
pub mod fix;
mod forwards;
pub mod incidents;
mod inspect;
pub mod kinds;
mod logs;
pub mod objects;
mod options;
mod overview;
mod preferences;
mod quantity;
mod requests;
pub mod scan;
mod security;
pub mod store;
mod streams;
pub mod table;
mod task;
mod terminals;
pub mod watch;
mod wire;

pub use crate::core::{Core, StartError};
pub use options::{Error as OptionsError, Options};
pub use streams::{Sink, StreamKey};
pub use task::TaskGuard;
