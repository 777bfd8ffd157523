//! Opening the file, whatever state it is in.
//!
//! A newer schema is refused before anything is written. A damaged file is moved aside and a
//! fresh one begun. Where no file can be written (read-only place, full disk) the store lives in
//! memory, so that the app still shows clusters; what changes a cluster asks
//! [`Store::durability`] first.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    Connection, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use time::{OffsetDateTime, format_description::FormatItem, macros::format_description};

use super::{Durability, Error, Result, Store, seal::Seal};

/// The newest schema this version knows: the number of the last file in `migrations/`.
pub const SCHEMA_VERSION: u32 = 4;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const STAMP: &[FormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// What a person must be told about how the store was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenNote {
    /// The file was damaged: it was moved aside, history starts anew.
    Quarantined {
        /// Where the damaged file is now.
        copy: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
    /// No file could be used: nothing is kept, and nothing may be changed in a cluster.
    InMemory {
        /// Why not.
        reason: String,
    },
}

/// Why a file could not be used.
enum Trouble {
    Newer(u32),
    Damaged(String),
    Unusable(String),
    Migrate(sqlx::migrate::MigrateError),
}

impl Store {
    /// Opens the database file at `path`, making it and its directory where absent. `now` names a
    /// quarantined copy.
    ///
    /// # Errors
    /// [`Error::NewerSchema`] for a file of a newer version, [`Error::Quarantine`] where a damaged
    /// file cannot be moved, [`Error::Migrate`] where its schema cannot be brought up to date. A
    /// read-only place or a full disk is no error but an [`OpenNote::InMemory`].
    pub async fn open(path: &Path, now: OffsetDateTime) -> Result<(Self, Vec<OpenNote>)> {
        let mut notes = Vec::new();
        let mut trouble = match open_file(path).await {
            Ok(store) => return Ok((store, notes)),
            Err(trouble) => trouble,
        };
        if let Trouble::Damaged(reason) = trouble {
            let copy = quarantine(path, now)?;
            notes.push(OpenNote::Quarantined { copy, reason });
            trouble = match open_file(path).await {
                Ok(store) => return Ok((store, notes)),
                Err(trouble) => trouble,
            };
        }
        let reason = match trouble {
            Trouble::Newer(found) => {
                return Err(Error::NewerSchema {
                    path: path.to_owned(),
                    found,
                    supported: SCHEMA_VERSION,
                });
            }
            Trouble::Migrate(source) => {
                return Err(Error::Migrate {
                    path: path.to_owned(),
                    version: SCHEMA_VERSION,
                    source,
                });
            }
            Trouble::Damaged(reason) | Trouble::Unusable(reason) => reason,
        };
        notes.push(OpenNote::InMemory { reason });
        Ok((Self::in_memory().await?, notes))
    }

    /// An empty store that ends with the process.
    ///
    /// # Errors
    /// [`Error::Open`] when SQLite refuses.
    pub async fn in_memory() -> Result<Self> {
        // One connection for both sides: a second one would see a database of its own.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(
                SqliteConnectOptions::new()
                    .in_memory(true)
                    .foreign_keys(true),
            )
            .await
            .map_err(Error::Open)?;
        MIGRATIONS
            .run(&pool)
            .await
            .map_err(|source| Error::Migrate {
                path: PathBuf::from(":memory:"),
                version: SCHEMA_VERSION,
                source,
            })?;
        Ok(Self {
            writer: pool.clone(),
            readers: pool,
            durability: Durability::Memory,
            seal: Arc::new(Seal::fresh().map_err(Error::Key)?),
        })
    }
}

async fn open_file(path: &Path) -> std::result::Result<Store, Trouble> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(|error| {
            Trouble::Unusable(format!("cannot make \"{}\": {error}", directory.display()))
        })?;
    }
    if header(path)?.is_some_and(|version| version > SCHEMA_VERSION) {
        return Err(Trouble::Newer(header(path)?.unwrap_or_default()));
    }
    let base = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true);
    if wal_has_pages(path) {
        // The header may be older than the log; a read-only look folds nothing into the file.
        let version = logged_version(&base).await?;
        if version > SCHEMA_VERSION {
            return Err(Trouble::Newer(version));
        }
    }
    create_private(path)?;
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(
            base.clone()
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full),
        )
        .await
        .map_err(trouble)?;
    match prepare(&writer, &base, path).await {
        Ok((readers, seal)) => Ok(Store {
            writer,
            readers,
            durability: Durability::Disk,
            seal: Arc::new(seal),
        }),
        Err(trouble) => {
            // A quarantine moves the file: no connection may still hold it.
            writer.close().await;
            Err(trouble)
        }
    }
}

async fn prepare(
    writer: &SqlitePool,
    base: &SqliteConnectOptions,
    path: &Path,
) -> std::result::Result<(SqlitePool, Seal), Trouble> {
    let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(writer)
        .await
        .map_err(trouble)?;
    if verdict != "ok" {
        return Err(Trouble::Damaged(verdict));
    }
    MIGRATIONS.run(writer).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::Execute(source)
        | sqlx::migrate::MigrateError::ExecuteMigration(source, _) => trouble(source),
        other => Trouble::Migrate(other),
    })?;
    // The file may be readable only: migrations that have nothing to do would not tell.
    sqlx::query("UPDATE settings SET updated_at = updated_at WHERE 0")
        .execute(writer)
        .await
        .map_err(trouble)?;
    let seal = Seal::beside(path).map_err(|error| {
        Trouble::Unusable(format!("cannot use the key beside the file: {error}"))
    })?;
    seal_what_is_open(writer, &seal).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .connect_with(base.clone().read_only(true))
        .await
        .map_err(trouble)?;
    Ok((readers, seal))
}

/// Seals undo records that were written before records were sealed, and leaves no trace of them in the
/// file's free pages or its log.
async fn seal_what_is_open(writer: &SqlitePool, seal: &Seal) -> std::result::Result<(), Trouble> {
    let all: Vec<(String, String)> =
        sqlx::query_as("SELECT id, undo FROM executions WHERE undo IS NOT NULL")
            .fetch_all(writer)
            .await
            .map_err(trouble)?;
    let open: Vec<_> = all
        .into_iter()
        .filter(|(_, undo)| !Seal::is_sealed(undo))
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let mut transaction = writer.begin().await.map_err(trouble)?;
    for (id, undo) in open {
        let sealed = seal
            .close(&id, &undo)
            .map_err(|error| Trouble::Unusable(error.to_string()))?;
        sqlx::query("UPDATE executions SET undo = ? WHERE id = ?")
            .bind(sealed)
            .bind(&id)
            .execute(&mut *transaction)
            .await
            .map_err(trouble)?;
    }
    transaction.commit().await.map_err(trouble)?;
    for tidy in ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] {
        sqlx::query(tidy).execute(writer).await.map_err(trouble)?;
    }
    Ok(())
}

/// Schema version in the header of an existing file; `None` for an absent or empty one.
fn header(path: &Path) -> std::result::Result<Option<u32>, Trouble> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Trouble::Unusable(format!(
                "cannot open \"{}\": {error}",
                path.display()
            )));
        }
    };
    let mut bytes = Vec::with_capacity(100);
    file.by_ref()
        .take(100)
        .read_to_end(&mut bytes)
        .map_err(|error| {
            Trouble::Unusable(format!("cannot read \"{}\": {error}", path.display()))
        })?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.len() < 100 || !bytes.starts_with(b"SQLite format 3\0") {
        return Err(Trouble::Damaged("the file is not a SQLite database".into()));
    }
    Ok(Some(u32::from_be_bytes([
        bytes[60], bytes[61], bytes[62], bytes[63],
    ])))
}

fn wal_has_pages(path: &Path) -> bool {
    std::fs::metadata(beside(path, "-wal")).is_ok_and(|meta| meta.len() > 0)
}

async fn logged_version(base: &SqliteConnectOptions) -> std::result::Result<u32, Trouble> {
    let mut connection = SqliteConnection::connect_with(&base.clone().read_only(true))
        .await
        .map_err(trouble)?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut connection)
        .await
        .map_err(trouble)?;
    connection.close().await.map_err(trouble)?;
    Ok(u32::try_from(version).unwrap_or(u32::MAX))
}

/// Makes an absent file readable by its owner alone: it holds undo records and the audit trail.
fn create_private(path: &Path) -> std::result::Result<(), Trouble> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|error| Trouble::Unusable(format!("cannot write \"{}\": {error}", path.display())))
}

fn quarantine(path: &Path, now: OffsetDateTime) -> Result<PathBuf> {
    let stamp = now
        .format(STAMP)
        .unwrap_or_else(|_| now.unix_timestamp().to_string());
    let failed = |source| Error::Quarantine {
        path: path.to_owned(),
        source,
    };
    let copy = (0..)
        .map(|n| match n {
            0 => beside(path, &format!(".corrupt-{stamp}")),
            n => beside(path, &format!(".corrupt-{stamp}-{n}")),
        })
        .find(|candidate| !candidate.exists())
        .expect("the numbers do not end");
    std::fs::rename(path, &copy).map_err(failed)?;
    for suffix in ["-wal", "-shm"] {
        match std::fs::rename(beside(path, suffix), beside(&copy, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error));
            }
            _ => {}
        }
    }
    Ok(copy)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is the argument of map_err"
)]
fn trouble(error: sqlx::Error) -> Trouble {
    const CORRUPT: i32 = 11;
    const NOT_A_DATABASE: i32 = 26;
    let code = match &error {
        sqlx::Error::Database(database) => {
            database.code().and_then(|code| code.parse::<i32>().ok())
        }
        _ => None,
    };
    // The low byte is the primary code, the rest says more.
    match code.map(|code| code & 0xff) {
        Some(CORRUPT | NOT_A_DATABASE) => Trouble::Damaged(error.to_string()),
        _ => Trouble::Unusable(error.to_string()),
    }
}
