//! Newer versions of the app: found, shown, fetched, checked and put in place by Tauri's updater. Whom to
//! ask and whose signature counts stands in the configuration of whoever packaged the app; where nobody
//! stands there, nothing is ever sent.

use std::{error::Error as _, path::PathBuf, sync::Mutex, time::Duration};

use kubegraf_core::{Core, Sink, StreamKey};
use kubegraf_ipc::{
    Code, Error, Reply,
    preferences::GetPreferences,
    update::{
        CheckUpdate, Download, InstallUpdate, NewVersion, RestartApp, UpdatePhase, UpdateState,
        WatchUpdate,
    },
};
use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_updater::{Error as Failure, Update, Updater, UpdaterExt};
use tokio::sync::watch;

/// The first look, after the window has had its start to itself.
const FIRST: Duration = Duration::from_secs(60);
/// Between two looks.
const PERIOD: Duration = Duration::from_secs(24 * 60 * 60);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Characters of notes that are shown.
const NOTES: usize = 20_000;

/// How things stand, and the version that was found.
pub struct Updates {
    state: watch::Sender<UpdateState>,
    found: Mutex<Option<Update>>,
    /// One look or one download at a time.
    busy: tokio::sync::Mutex<()>,
    /// The program that is replaced; the one that runs, unless a test says otherwise.
    program: Option<PathBuf>,
}

impl Updates {
    /// Asks whom the configuration names. `program` is what an update replaces, if not what runs.
    pub fn new<R: Runtime>(app: &AppHandle<R>, program: Option<PathBuf>) -> Self {
        let state = UpdateState {
            current: app.package_info().version.to_string(),
            asks: asked(app),
            checked_at: None,
            phase: UpdatePhase::Unknown,
        };
        Self {
            state: watch::Sender::new(state),
            found: Mutex::default(),
            busy: tokio::sync::Mutex::default(),
            program,
        }
    }

    fn tell(&self, phase: UpdatePhase) -> UpdateState {
        self.state.send_modify(|state| state.phase = phase);
        self.state.borrow().clone()
    }
}

/// Whom the configuration names; nobody without a key, because nothing could be checked.
fn asked<R: Runtime>(app: &AppHandle<R>) -> Option<String> {
    let updater = app.config().plugins.0.get("updater")?;
    let key = updater.get("pubkey")?.as_str()?;
    let first = updater.get("endpoints")?.as_array()?.first()?.as_str()?;
    (!key.is_empty()).then(|| first.to_owned())
}

/// Looks once a day, while the preferences want it.
pub(crate) async fn follow<R: Runtime>(app: AppHandle<R>, core: Core) {
    if app.state::<Updates>().state.borrow().asks.is_none() {
        return;
    }
    tokio::time::sleep(FIRST).await;
    loop {
        let wanted = core.get_preferences(GetPreferences {}).await;
        if wanted.is_ok_and(|all| all.update_check)
            && let Err(error) = check_update(&app, CheckUpdate {}).await
        {
            tracing::debug!(%error, "no newer version was looked for");
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// [`CheckUpdate`].
pub(crate) async fn check_update<R: Runtime>(
    app: &AppHandle<R>,
    _: CheckUpdate,
) -> Reply<CheckUpdate> {
    let updates = app.state::<Updates>();
    if updates.state.borrow().asks.is_none() {
        return Err(Error::new(
            Code::SwitchedOff,
            "this build of KubeGraf names nobody who could be asked for newer versions",
        ));
    }
    let Ok(_turn) = updates.busy.try_lock() else {
        return Ok(updates.state.borrow().clone());
    };
    updates.tell(UpdatePhase::Checking);
    let looked = async { updater(app, &updates)?.check().await };
    let phase = match looked.await {
        Ok(Some(update)) => {
            let new = shown(&update);
            *lock(&updates.found) = Some(update);
            UpdatePhase::Available(new)
        }
        Ok(None) => UpdatePhase::Newest,
        Err(error) => told(&error),
    };
    updates
        .state
        .send_modify(|state| state.checked_at = Some(now()));
    Ok(updates.tell(phase))
}

/// [`InstallUpdate`].
pub(crate) async fn install_update<R: Runtime>(
    app: &AppHandle<R>,
    request: InstallUpdate,
) -> Reply<InstallUpdate> {
    let updates = app.state::<Updates>();
    let Ok(_turn) = updates.busy.try_lock() else {
        return Err(Error::new(
            Code::Conflict,
            "an update is being looked for or fetched already",
        ));
    };
    let found = lock(&updates.found).clone();
    let Some(update) = found.filter(|update| update.version == request.version) else {
        let message = format!("there is no version \"{}\" to install", request.version);
        return Err(Error::new(Code::NotFound, message));
    };
    let mut received = 0;
    let progress = |length: usize, total: Option<u64>| {
        received += length as u64;
        updates.tell(UpdatePhase::Downloading(Download {
            version: update.version.clone(),
            received,
            total,
        }));
    };
    progress_began(&updates, &update);
    let installed = match update.download(progress, || ()).await {
        Ok(bytes) => install(update.clone(), bytes).await,
        Err(error) => Err(error),
    };
    let phase = match installed {
        Ok(()) => {
            *lock(&updates.found) = None;
            UpdatePhase::Installed(update.version.clone())
        }
        Err(error) => {
            tracing::warn!(%error, version = %update.version, "an update was not installed");
            told(&error)
        }
    };
    Ok(updates.tell(phase))
}

fn progress_began(updates: &Updates, update: &Update) {
    updates.tell(UpdatePhase::Downloading(Download {
        version: update.version.clone(),
        received: 0,
        total: None,
    }));
}

/// Puts a version in its place; its signature is checked again before.
async fn install(update: Update, bytes: Vec<u8>) -> Result<(), Failure> {
    let work = tokio::task::spawn_blocking(move || update.install(bytes));
    work.await
        .unwrap_or_else(|error| Err(std::io::Error::other(error).into()))
}

/// [`RestartApp`].
pub(crate) async fn restart_app<R: Runtime>(
    app: &AppHandle<R>,
    _: RestartApp,
) -> Reply<RestartApp> {
    app.request_restart();
    Ok(())
}

/// Streams how things stand.
pub(crate) fn watch_update<R: Runtime>(
    app: &AppHandle<R>,
    _: WatchUpdate,
    core: &Core,
    key: StreamKey,
    sink: Sink<UpdateState>,
) -> Result<(), Error> {
    let states = app.state::<Updates>().state.subscribe();
    core.relay(key, states, sink);
    Ok(())
}

fn updater<R: Runtime>(app: &AppHandle<R>, updates: &Updates) -> Result<Updater, Failure> {
    let mut builder = app.updater_builder().timeout(PATIENCE);
    if let Some(program) = &updates.program {
        builder = builder.executable_path(program);
    }
    builder.build()
}

fn shown(update: &Update) -> NewVersion {
    let notes = update.body.as_deref().unwrap_or_default();
    NewVersion {
        version: update.version.clone(),
        notes: notes.chars().take(NOTES).collect(),
        published_at: update.date.map(|date| date.unix_timestamp()),
    }
}

/// What a failure is to a person. Not to reach anybody is none.
fn told(failure: &Failure) -> UpdatePhase {
    match failure {
        Failure::Reqwest(error) if !error.is_decode() && !error.is_builder() => {
            UpdatePhase::Offline
        }
        Failure::Minisign(_)
        | Failure::Base64(_)
        | Failure::SignatureUtf8(_)
        | Failure::SignedVersionMismatch { .. }
        | Failure::MissingSignedVersion => UpdatePhase::Failed(format!(
            "its signature is not the publisher's, so it was not installed: {failure}"
        )),
        Failure::ReleaseNotFound => {
            UpdatePhase::Failed("who was asked did not answer with a version".into())
        }
        other => {
            let cause = other.source().map(|cause| format!(": {cause}"));
            UpdatePhase::Failed(format!("{other}{}", cause.unwrap_or_default()))
        }
    }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
