//! The app's memory: one SQLite file for incidents, executions, the audit trail, settings and
//! what was learnt about fixes.
//!
//! It knows rows and durability, nothing of clusters or windows. All SQL of the project is below
//! this module; callers get typed functions. One connection writes, with `synchronous=FULL`, so
//! that an acknowledged write survives a kill and a power cut; up to four connections read beside it.

mod accounts;
mod audit;
mod copy;
mod error;
mod executions;
mod feedback;
mod incidents;
mod notices;
mod open;
mod remedies;
mod retention;
mod seal;
mod settings;

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use sqlx::SqlitePool;

pub(crate) use accounts::{NewUser, UserEdit};
pub(crate) use copy::check_copy;

pub use audit::{AuditEntry, AuditPhase, AuditRow};
pub use error::Error;
pub use executions::{ExecutionRow, FinishedExecution, LineRow, NewExecution};
pub use incidents::{IncidentQuery, IncidentRecord};
pub use open::{OpenNote, SCHEMA_VERSION};
pub use remedies::Remedy;
pub use retention::{Retention, Swept};

use seal::Seal;

/// Whatever a store function answers.
pub type Result<T> = std::result::Result<T, Error>;

/// A cheap handle on the one database.
#[derive(Clone, Debug)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
    durability: Durability,
    seal: Arc<Seal>,
}

/// Where acknowledged writes end up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// In a file, synced before the acknowledgement.
    Disk,
    /// In memory, gone with the process: the file could not be used.
    Memory,
}

impl Store {
    /// Where acknowledged writes end up.
    pub fn durability(&self) -> Durability {
        self.durability
    }

    /// Waits for the writes under way and closes every connection, which folds the write-ahead
    /// log into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// The text an enum of the contract has on the wire, which is also its text in a column.
fn to_column<T: Serialize>(value: &T) -> Result<String> {
    match serde_json::to_value(value).map_err(|source| Error::encode("value", source))? {
        serde_json::Value::String(text) => Ok(text),
        other => Ok(other.to_string()),
    }
}

/// The enum a column's text stands for.
fn from_column<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|source| Error::Decode { what, source })
}

fn to_json<T: Serialize>(what: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|source| Error::encode(what, source))
}

fn from_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|source| Error::Decode { what, source })
}
