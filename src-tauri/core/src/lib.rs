//! KubeGraf's core: clusters, watches, tables, incidents, executions and the store.
//!
//! It owns every kube client and every credential and hands out only the plain data of
//! `kubegraf-ipc`. It knows nothing of Tauri, of windows or of how things look.

pub mod objects;
pub mod store;
