//! Backups: copies of the database beside it, in a folder of their own. What is in a copy is the store's.
//!
//! A copy is made under another name, read from end to end, synced and only then given its name: whatever
//! has a backup's name is whole. Files of other names are never touched.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use kubegraf_ipc::{
    Code, Error as WireError,
    backup::{Backup, BackupReason},
};
use time::{
    OffsetDateTime, PrimitiveDateTime, format_description::FormatItem, macros::format_description,
};
use tokio::sync::Mutex;

use crate::store::{self, Store, check_copy};

const FOLDER: &str = "backups";
const STAMP: &[FormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");
const PARTIAL: &str = ".partial";
/// A backup a day.
const DAY: i64 = 86_400;
/// Copies that are kept of what a restore has replaced.
const REPLACED: usize = 3;

/// A backup that was not made, found or taken over.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder or a file in it cannot be used.
    #[error("the backup \"{path}\" cannot be {what}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// There is none of that name.
    #[error("there is no backup \"{0}\"")]
    Unknown(String),
    /// A restore would forget what is being done.
    #[error("a change of a cluster is under way; restore when it has ended")]
    Busy,
    /// The database said no.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<Error> for WireError {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::Unknown(_) => Self::new(Code::NotFound, error.to_string()),
            Error::Busy => Self::new(Code::Conflict, error.to_string()),
            Error::File { .. } => Self::new(Code::Storage, error.to_string()),
        }
    }
}

/// The backups of one database.
pub(crate) struct Backups {
    folder: PathBuf,
    /// The key of what is sealed in the database: a copy that is brought up to date needs the same.
    key: PathBuf,
    store: Store,
    /// One at a time: two made in one second would have one name.
    working: Mutex<()>,
}

impl Backups {
    pub(crate) fn new(data_dir: &Path, store: Store) -> Self {
        Self {
            folder: data_dir.join(FOLDER),
            key: data_dir.join("kubegraf.db.key"),
            store,
            working: Mutex::default(),
        }
    }

    /// Where they are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// All there are, the newest first.
    pub(crate) fn list(&self) -> Result<Vec<Backup>, Error> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(&self.folder, "listed", error)),
        };
        let mut all: Vec<Backup> = entries
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let (at, reason) = parse(&name)?;
                Some(Backup {
                    bytes: entry.metadata().ok()?.len(),
                    name,
                    at,
                    reason,
                })
            })
            .collect();
        all.sort_by(|a, b| (b.at, &b.name).cmp(&(a.at, &a.name)));
        Ok(all)
    }

    /// Makes one.
    pub(crate) async fn make(
        &self,
        reason: BackupReason,
        now: OffsetDateTime,
    ) -> Result<Backup, Error> {
        let _one_at_a_time = self.working.lock().await;
        self.copy(reason, now).await
    }

    async fn copy(&self, reason: BackupReason, now: OffsetDateTime) -> Result<Backup, Error> {
        make_private(&self.folder)?;
        let mut now = now;
        let file = loop {
            let file = self.folder.join(name(now, reason));
            if !file.exists() {
                break file;
            }
            now += time::Duration::seconds(1);
        };
        let partial = file.with_extension(format!("db{PARTIAL}"));
        remove(&partial)?;
        let copied = async {
            self.store.copy_into(&partial).await?;
            check_copy(&partial).await?;
            let sync = || {
                restrict(&partial)?;
                fs::File::open(&partial)?.sync_all()?;
                fs::rename(&partial, &file)?;
                // The name too must outlive a power cut; where folders cannot be synced, it has to.
                let _ = fs::File::open(&self.folder).and_then(|folder| folder.sync_all());
                fs::metadata(&file)
            };
            sync().map_err(|error| failed(&file, "written", error))
        };
        match copied.await {
            Ok(meta) => Ok(Backup {
                name: name(now, reason),
                at: now.unix_timestamp(),
                bytes: meta.len(),
                reason,
            }),
            Err(error) => {
                remove(&partial)?;
                Err(error)
            }
        }
    }

    /// Makes the daily one if it is due, and drops those beyond `keep`; answers when the next is due.
    pub(crate) async fn daily(&self, keep: u32, now: OffsetDateTime) -> Result<i64, Error> {
        let due = self.due()?;
        if due > now.unix_timestamp() {
            return Ok(due);
        }
        self.make(BackupReason::Daily, now).await?;
        self.drop_beyond(BackupReason::Daily, keep as usize)?;
        Ok(now.unix_timestamp() + DAY)
    }

    /// When the next daily one is due.
    pub(crate) fn due(&self) -> Result<i64, Error> {
        Ok(self.last_daily()?.map_or(i64::MIN, |last| last + DAY))
    }

    /// When the last daily one was made.
    fn last_daily(&self) -> Result<Option<i64>, Error> {
        let all = self.list()?;
        let daily = all.iter().find(|one| one.reason == BackupReason::Daily);
        Ok(daily.map(|one| one.at))
    }

    /// Replaces everything by what a backup holds; answers the copy of what was replaced.
    pub(crate) async fn restore(&self, name: &str, now: OffsetDateTime) -> Result<Backup, Error> {
        let _one_at_a_time = self.working.lock().await;
        let file = self.file(name)?;
        check_copy(&file).await?;
        let replaced = self.copy(BackupReason::Replaced, now).await?;
        // The backup itself stays as it is: an older one is brought up to date as a copy.
        let work = file.with_extension(format!("db.restoring{PARTIAL}"));
        remove(&work)?;
        fs::copy(&file, &work).map_err(|error| failed(&file, "read", error))?;
        let beside = |suffix: &str| {
            let mut path = work.clone().into_os_string();
            path.push(suffix);
            PathBuf::from(path)
        };
        if self.key.exists() {
            fs::copy(&self.key, beside(".key")).map_err(|e| failed(&self.key, "read", e))?;
        }
        let taken = self.store.take_over(&work, now).await;
        for suffix in ["", "-wal", "-shm", ".key"] {
            remove(&beside(suffix))?;
        }
        taken?;
        self.drop_beyond(BackupReason::Replaced, REPLACED)?;
        Ok(replaced)
    }

    /// Deletes one.
    pub(crate) async fn delete(&self, name: &str) -> Result<(), Error> {
        let _one_at_a_time = self.working.lock().await;
        let file = self.file(name)?;
        fs::remove_file(&file).map_err(|error| failed(&file, "deleted", error))
    }

    /// Removes what a kill has left half made.
    pub(crate) fn tidy(&self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for entry in entries {
            let half = entry.file_name().to_string_lossy().contains(PARTIAL);
            if half && let Err(error) = fs::remove_file(entry.path()) {
                tracing::warn!(%error, path = %entry.path().display(), "half a backup cannot be removed");
            }
        }
    }

    fn drop_beyond(&self, reason: BackupReason, keep: usize) -> Result<(), Error> {
        let all = self.list()?.into_iter();
        for one in all.filter(|one| one.reason == reason).skip(keep) {
            let file = self.folder.join(&one.name);
            fs::remove_file(&file).map_err(|error| failed(&file, "deleted", error))?;
        }
        Ok(())
    }

    /// The file of a name that is a backup's: no path leads out of the folder.
    fn file(&self, name: &str) -> Result<PathBuf, Error> {
        let file = self.folder.join(name);
        if parse(name).is_none() || !file.is_file() {
            return Err(Error::Unknown(name.to_owned()));
        }
        Ok(file)
    }
}

fn name(at: OffsetDateTime, reason: BackupReason) -> String {
    let stamp = at
        .format(STAMP)
        .unwrap_or_else(|_| at.unix_timestamp().to_string());
    format!("kubegraf-{stamp}-{}.db", word(reason))
}

fn parse(name: &str) -> Option<(i64, BackupReason)> {
    let (stamp, word) = name
        .strip_prefix("kubegraf-")?
        .strip_suffix(".db")?
        .split_once('-')?;
    let at = PrimitiveDateTime::parse(stamp, STAMP).ok()?.assume_utc();
    let reason = REASONS
        .into_iter()
        .find(|reason| self::word(*reason) == word)?;
    Some((at.unix_timestamp(), reason))
}

const REASONS: [BackupReason; 3] = [
    BackupReason::Asked,
    BackupReason::Daily,
    BackupReason::Replaced,
];

const fn word(reason: BackupReason) -> &'static str {
    match reason {
        BackupReason::Asked => "asked",
        BackupReason::Daily => "daily",
        BackupReason::Replaced => "replaced",
    }
}

fn failed(path: &Path, what: &'static str, source: io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        what,
        source,
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed(path, "removed", error))
        }
        _ => Ok(()),
    }
}

/// Makes the folder, for its owner alone: copies hold what the database holds.
fn make_private(folder: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| failed(folder, "made", error))
}

#[cfg(unix)]
fn restrict(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
