//! Copies of the whole database: a consistent one made while the app works, and one taken over in a single
//! transaction. Which copies there are, and where, is not known here.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use time::OffsetDateTime;

use super::{Durability, Error, Result, SCHEMA_VERSION, Store};

/// What a failed copy was of.
const WHAT: &str = "backup";
/// What a failed take-over was of.
const RESTORE: &str = "restored backup";

impl Store {
    /// Writes a copy of everything that is acknowledged into `file`, which must not be there.
    ///
    /// # Errors
    /// When nothing is kept in a file, or the copy cannot be written.
    pub async fn copy_into(&self, file: &Path) -> Result<()> {
        if self.durability == Durability::Memory {
            return Err(Error::NothingKept);
        }
        sqlx::query("VACUUM INTO ?")
            .bind(file.display().to_string())
            .execute(&self.readers)
            .await
            .map_err(Error::write(WHAT))?;
        Ok(())
    }

    /// Replaces every row by those of `copy`, all or nothing. `copy` is brought to this version's schema
    /// first, so hand over one that may be changed. `now` names a damaged one.
    ///
    /// # Errors
    /// When the copy is damaged or of a newer version, or the writes are refused: then nothing was replaced.
    pub async fn take_over(&self, copy: &Path, now: OffsetDateTime) -> Result<()> {
        let (migrated, notes) = Self::open(copy, now).await?;
        migrated.close().await;
        if let Some(note) = notes.first() {
            return Err(Error::BadCopy {
                path: copy.to_owned(),
                reason: format!("{note:?}"),
            });
        }
        // A task of its own: given up half way it would leave its transaction open on the one writer.
        let (store, copy) = (self.clone(), copy.to_owned());
        let work = tokio::spawn(async move {
            let mut writer = store
                .writer
                .acquire()
                .await
                .map_err(Error::write(RESTORE))?;
            sqlx::query("ATTACH ? AS copy")
                .bind(copy.display().to_string())
                .execute(&mut *writer)
                .await
                .map_err(Error::write(RESTORE))?;
            let replaced = replace_all(&mut writer).await;
            let detached = writer.execute("DETACH copy").await;
            replaced.map_err(Error::write(RESTORE))?;
            detached.map(drop).map_err(Error::write(RESTORE))
        });
        work.await
            .expect("the copying neither panics nor is given up")
    }
}

async fn replace_all(writer: &mut SqliteConnection) -> std::result::Result<(), sqlx::Error> {
    let mut transaction = writer.begin().await?;
    // Lines are replaced after the executions they belong to.
    transaction
        .execute("PRAGMA defer_foreign_keys = ON")
        .await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
    )
    .fetch_all(&mut *transaction)
    .await?;
    for table in &tables {
        // The names are those of our own schema.
        let clear = format!("DELETE FROM main.\"{table}\"");
        transaction.execute(AssertSqlSafe(clear)).await?;
    }
    for table in &tables {
        let fill = format!("INSERT INTO main.\"{table}\" SELECT * FROM copy.\"{table}\"");
        transaction.execute(AssertSqlSafe(fill)).await?;
    }
    transaction.commit().await
}

/// Reads a copy from its first to its last page.
///
/// # Errors
/// [`Error::BadCopy`] when it is no whole database of the app, [`Error::NewerSchema`] when a newer version
/// has written it.
pub(crate) async fn check_copy(path: &Path) -> Result<()> {
    let bad = |reason: String| Error::BadCopy {
        path: path.to_owned(),
        reason,
    };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .immutable(true);
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .map_err(|error| bad(error.to_string()))?;
    let read = async {
        let verdict: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
            .fetch_one(&mut connection)
            .await?;
        let version: i64 = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&mut connection)
            .await?;
        let ours: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM sqlite_schema WHERE name IN ('audit', 'executions', 'incidents', 'settings')",
        )
        .fetch_one(&mut connection)
        .await?;
        Ok::<_, sqlx::Error>((verdict, version, ours))
    };
    let read = read.await;
    // Only looked at: there is nothing that closing could lose.
    let _ = connection.close().await;
    let (verdict, version, ours) = read.map_err(|error| bad(error.to_string()))?;
    if verdict != "ok" {
        return Err(bad(verdict));
    }
    if ours != 4 {
        return Err(bad("it is no database of KubeGraf".into()));
    }
    let found = u32::try_from(version).unwrap_or(u32::MAX);
    if found > SCHEMA_VERSION {
        return Err(Error::NewerSchema {
            path: path.to_owned(),
            found,
            supported: SCHEMA_VERSION,
        });
    }
    Ok(())
}
