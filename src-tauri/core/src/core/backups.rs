//! Backups of the database, and the settings as a file.

use std::{sync::Arc, time::Duration};

use kubegraf_ipc::{
    Code, Error, Reply,
    backup::{
        BackUpNow, BackupReason, BackupStatus, DeleteBackup, ExportSettings, GetBackupStatus,
        ImportSettings, ListBackups, RestoreBackup, SavedFile,
    },
    preferences::Preferences,
};

use super::Core;
use crate::{
    backups::{self, Backups},
    clock::Clock,
    preferences::{Chosen, document},
    table::export,
};

/// How often it is looked at whether the daily backup is due.
const LOOK: Duration = Duration::from_secs(10 * 60);
/// Why a daily backup failed, for the settings to show.
pub(super) type Failure = Arc<std::sync::Mutex<Option<String>>>;

impl Core {
    /// [`GetBackupStatus`].
    pub async fn get_backup_status(&self, _: GetBackupStatus) -> Reply<GetBackupStatus> {
        let all = self.0.backups.list()?;
        let daily = self.0.chosen.all().await?.backup_daily;
        let now = self.0.clock.epoch_seconds();
        let next = match daily {
            true => Some(self.0.backups.due()?.max(now)),
            false => None,
        };
        let failure = lock(&self.0.backup_failure).clone();
        Ok(BackupStatus {
            folder: self.0.backups.folder().display().to_string(),
            count: u32::try_from(all.len()).unwrap_or(u32::MAX),
            bytes: all.iter().map(|one| one.bytes).sum(),
            last_at: all.first().map(|one| one.at),
            next_at: next,
            failure,
        })
    }

    /// [`ListBackups`].
    pub async fn list_backups(&self, _: ListBackups) -> Reply<ListBackups> {
        Ok(self.0.backups.list()?)
    }

    /// [`BackUpNow`].
    pub async fn back_up_now(&self, request: BackUpNow) -> Reply<BackUpNow> {
        let make = async {
            let now = self.0.clock.now();
            Ok(self.0.backups.make(BackupReason::Asked, now).await?)
        };
        self.0.requests.once(&request.request_id, make).await
    }

    /// [`RestoreBackup`].
    pub async fn restore_backup(&self, request: RestoreBackup) -> Reply<RestoreBackup> {
        let restore = async {
            // What an execution writes down next would be about a row that is gone.
            if self.0.executions.are_running() {
                return Err(backups::Error::Busy.into());
            }
            let now = self.0.clock.now();
            let replaced = self.0.backups.restore(&request.name, now).await?;
            tracing::info!(name = %request.name, "a backup was restored");
            // What was read into memory before is read anew.
            self.0.clusters.recall().await?;
            self.0.detections.end().await;
            for id in self.0.executions.recover().await? {
                tracing::warn!(execution = %id, "was running when the backup was made");
            }
            self.0.chosen.replaced();
            self.0.accounts.replaced().await?;
            self.notices_changed();
            Ok(replaced)
        };
        self.0.requests.once(&request.request_id, restore).await
    }

    /// [`DeleteBackup`].
    pub async fn delete_backup(&self, request: DeleteBackup) -> Reply<DeleteBackup> {
        let delete = async { Ok(self.0.backups.delete(&request.name).await?) };
        self.0.requests.once(&request.request_id, delete).await
    }

    /// [`ExportSettings`].
    pub async fn export_settings(&self, _: ExportSettings) -> Reply<ExportSettings> {
        let text = document::write(&self.0.chosen.all().await?);
        let write = move || export::text(&export::folder()?, "kubegraf-settings", "json", &text);
        let written = tokio::task::spawn_blocking(write).await;
        let path = written.map_err(|error| Error::new(Code::Internal, error.to_string()))??;
        Ok(SavedFile {
            path: path.display().to_string(),
        })
    }

    /// [`ImportSettings`].
    pub async fn import_settings(&self, request: ImportSettings) -> Reply<ImportSettings> {
        let import = async {
            // What a person has agreed to on another computer was not agreed to here.
            let policy = self.0.chosen.all().await?.policy;
            let read = Preferences {
                policy,
                ..document::read(&request.text)?
            };
            Ok(self
                .0
                .chosen
                .replace(read, self.0.clock.epoch_seconds())
                .await?)
        };
        self.0.requests.once(&request.request_id, import).await
    }

    /// Makes the daily backup for as long as the app runs.
    pub(super) async fn back_up_daily(
        backups: Arc<Backups>,
        chosen: Arc<Chosen>,
        clock: Arc<dyn Clock>,
        failure: Failure,
    ) {
        backups.tidy();
        loop {
            match chosen.all().await {
                Ok(all) if all.backup_daily => {
                    let made = backups.daily(all.backup_keep, clock.now()).await;
                    *lock(&failure) = made.err().map(|error| {
                        tracing::warn!(%error, "the daily backup cannot be made");
                        error.to_string()
                    });
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the preferences cannot be read"),
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn lock(failure: &Failure) -> std::sync::MutexGuard<'_, Option<String>> {
    failure
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
