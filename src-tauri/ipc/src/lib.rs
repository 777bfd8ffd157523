//! The contract between the window and the core: every request, reply and stream event as plain
//! data, and the list of commands.
//!
//! It compiles for the host and for wasm, and knows nothing but serde: no Tauri, no Kubernetes
//! types, no behaviour beyond the display rules both ends must agree on ([`age`]).
//! Field names travel in camelCase. Ids are opaque strings. Times are whole seconds since the
//! Unix epoch, UTC, unless a field says otherwise. Numbers stay below 2^53.

pub mod account;
pub mod age;
pub mod app;
pub mod backup;
pub mod cluster;
pub mod debug;
pub mod doctor;
pub mod error;
pub mod execution;
pub mod features;
pub mod files;
pub mod forward;
pub mod incident;
pub mod inspect;
pub mod lifecycle;
pub mod logs;
pub mod notice;
pub mod object;
pub mod overview;
pub mod preferences;
pub mod table;
pub mod terminal;
pub mod update;

mod contract;
#[cfg(test)]
mod roundtrip;

pub use contract::{COMMANDS, Command, MUTATIONS, Mutation, WATCHES, Watch};
pub use error::{Code, Error, ExecConsent};

/// What a command answers.
pub type Reply<C> = Result<<C as Command>::Reply, Error>;
