use kubegraf_ipc::object::ObjectRef;
use serde::{Deserialize, Serialize};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{Error, Result, Store, from_column, from_json, to_column, to_json};

/// One line of the audit trail, as it is written. Never holds a value of a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When, epoch seconds.
    pub at: i64,
    /// The user of the machine and the user of the cluster.
    pub who: String,
    /// The cluster's id.
    pub cluster: String,
    /// Action id.
    pub action: String,
    /// What is changed.
    pub object: ObjectRef,
    /// Before it is sent, or after.
    pub phase: AuditPhase,
    /// What is changed in it: field paths, no values.
    pub what: String,
    /// How it went; `None` before.
    pub result: Option<String>,
    /// The execution it belongs to.
    pub execution: Option<String>,
}

/// Which of the two rows of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditPhase {
    /// Stored before anything is sent.
    Before,
    /// Stored when the result is known.
    After,
}

/// One line of the audit trail, as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Grows with every row.
    pub id: i64,
    /// The row.
    pub entry: AuditEntry,
}

impl Store {
    /// Adds a row; it is on disk when this returns.
    ///
    /// # Errors
    /// When the write is refused.
    pub async fn add_audit(&self, entry: &AuditEntry) -> Result<()> {
        let mut connection = self
            .writer
            .acquire()
            .await
            .map_err(Error::write("audit row"))?;
        insert(&mut connection, entry).await
    }

    /// The newest rows, newest first; with `execution`, only its rows.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn audit(&self, execution: Option<&str>, limit: u32) -> Result<Vec<AuditRow>> {
        let rows = match execution {
            Some(execution) => {
                sqlx::query("SELECT * FROM audit WHERE execution = ? ORDER BY id DESC LIMIT ?")
                    .bind(execution)
            }
            None => sqlx::query("SELECT * FROM audit ORDER BY id DESC LIMIT ?"),
        };
        let rows = rows
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(Error::read("audit"))?;
        rows.iter().map(decode).collect()
    }
}

pub(super) async fn insert(connection: &mut SqliteConnection, entry: &AuditEntry) -> Result<()> {
    sqlx::query(
        "INSERT INTO audit (at, who, cluster, action, object, phase, what, result, execution)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(entry.at)
    .bind(&entry.who)
    .bind(&entry.cluster)
    .bind(&entry.action)
    .bind(to_json("audited object", &entry.object)?)
    .bind(to_column(&entry.phase)?)
    .bind(&entry.what)
    .bind(&entry.result)
    .bind(&entry.execution)
    .execute(connection)
    .await
    .map_err(Error::write("audit row"))?;
    Ok(())
}

fn decode(row: &SqliteRow) -> Result<AuditRow> {
    let read = Error::read;
    let object: String = row.try_get("object").map_err(read("audit"))?;
    let phase: String = row.try_get("phase").map_err(read("audit"))?;
    Ok(AuditRow {
        id: row.try_get("id").map_err(read("audit"))?,
        entry: AuditEntry {
            at: row.try_get("at").map_err(read("audit"))?,
            who: row.try_get("who").map_err(read("audit"))?,
            cluster: row.try_get("cluster").map_err(read("audit"))?,
            action: row.try_get("action").map_err(read("audit"))?,
            object: from_json("audited object", &object)?,
            phase: from_column("audit phase", &phase)?,
            what: row.try_get("what").map_err(read("audit"))?,
            result: row.try_get("result").map_err(read("audit"))?,
            execution: row.try_get("execution").map_err(read("audit"))?,
        },
    })
}
