//! Backups of what the app has kept, and the settings as a file.

use kubegraf_ipc::{
    Error,
    backup::{
        BackUpNow, Backup, BackupReason, BackupStatus, DeleteBackup, ExportSettings,
        GetBackupStatus, ImportSettings, ListBackups, RestoreBackup,
    },
    preferences::PreferenceChange,
};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use super::{Check, Choice, Part};
use crate::{
    components::{dialog::Dialog, when::when},
    ipc,
    model::{
        diagnostics::bytes,
        words::{plural, sentence},
    },
    state::{choices::Choices, toasts::Toasts},
};

/// How they stand and which there are, or why that is not known.
type Found = Result<(BackupStatus, Vec<Backup>), Error>;

/// What is known of the backups.
#[derive(Clone, Copy)]
struct Known {
    all: RwSignal<Option<Found>>,
    /// Whether something is being done that takes a moment.
    busy: RwSignal<bool>,
    toasts: Toasts,
}

impl Known {
    fn read(self) {
        spawn_local(async move {
            let status = ipc::call(GetBackupStatus {}).await;
            let list = ipc::call(ListBackups {}).await;
            let both = status.and_then(|status| Ok((status, list?)));
            self.all.try_set(Some(both));
        });
    }

    fn make(self) {
        self.busy.set(true);
        spawn_local(async move {
            let request = BackUpNow {
                request_id: ipc::request_id(),
            };
            match ipc::call(request).await {
                Ok(made) => self
                    .toasts
                    .say(format!("Backed up, {}.", bytes(made.bytes))),
                Err(error) => self.toasts.complain("backing up", &error),
            }
            self.busy.try_set(false);
            self.read();
        });
    }

    fn delete(self, name: String) {
        spawn_local(async move {
            let request = DeleteBackup {
                request_id: ipc::request_id(),
                name,
            };
            if let Err(error) = ipc::call(request).await {
                self.toasts.complain("deleting the backup", &error);
            }
            self.read();
        });
    }

    fn restore(self, name: String) {
        self.busy.set(true);
        spawn_local(async move {
            let request = RestoreBackup {
                request_id: ipc::request_id(),
                name,
            };
            match ipc::call(request).await {
                // Every stream shows what was before.
                Ok(_) => drop(window().location().reload()),
                Err(error) => {
                    self.toasts.complain("restoring the backup", &error);
                    self.busy.try_set(false);
                    self.read();
                }
            }
        });
    }
}

/// Database and backup.
#[component]
pub fn BackupPart() -> impl IntoView {
    let choices = Choices::expect();
    let known = Known {
        all: RwSignal::new(None),
        busy: RwSignal::new(false),
        toasts: Toasts::expect(),
    };
    known.read();
    let daily = Memo::new(move |_| choices.all.with(|all| all.backup_daily));
    Effect::new(move |before: Option<bool>| {
        let now = daily.get();
        if before.is_some_and(|before| before != now) {
            known.read();
        }
        now
    });
    let keep = Memo::new(move |_| choices.all.with(|all| all.backup_keep));
    let chosen = RwSignal::new(None::<Backup>);
    view! {
        <Part title="Database and backup">
            {move || match known.all.get() {
                None => view! { <div class="bone"></div> }.into_any(),
                Some(Err(error)) => {
                    view! { <p class="tone-bad selectable">{sentence(&error.message)}</p> }.into_any()
                }
                Some(Ok((status, _))) => view! { <Standing status /> }.into_any(),
            }}
            <div class="setting-line">
                <span>"Every day"</span>
                <Check
                    on=daily.into()
                    text="make a backup while KubeGraf runs"
                    change=PreferenceChange::BackupDaily
                />
            </div>
            <div class="setting-line" role="radiogroup" aria-label="Daily backups kept">
                <span>"Daily backups kept"</span>
                <span class="options">
                    {[("3", 3), ("7", 7), ("14", 14), ("30", 30)].map(|(title, value)| view! {
                        <Choice
                            title
                            on=Signal::derive(move || keep.get() == value)
                            change=PreferenceChange::BackupKeep(value)
                        />
                    }).into_iter().collect_view()}
                </span>
            </div>
            <div class="setting-line">
                <span>"By hand"</span>
                <button
                    class="button small"
                    type="button"
                    data-action="back-up"
                    disabled=move || known.busy.get()
                    on:click=move |_| known.make()
                >
                    "Back up now"
                </button>
            </div>
            {move || match known.all.get() {
                Some(Ok((_, list))) if !list.is_empty() => {
                    view! { <List list known chosen /> }.into_any()
                }
                _ => ().into_any(),
            }}
            {move || chosen.get().map(|backup| view! { <Restore backup known chosen /> })}
        </Part>
    }
}

/// Where they are and how many.
#[component]
fn Standing(
    /// How things stand.
    status: BackupStatus,
) -> impl IntoView {
    let next = match (status.next_at, status.last_at) {
        (Some(next), Some(_)) => format!("next on {}", when(next)),
        (Some(_), None) => "the first is made soon".to_owned(),
        (None, _) => "none is made by itself".to_owned(),
    };
    view! {
        <p class="dim" data-backups=status.count>
            {format!(
                "{}, {}, in {}; {next}.",
                plural(u64::from(status.count), "backup"),
                bytes(status.bytes),
                status.folder,
            )}
        </p>
        {status.failure.map(|failure| view! {
            <p class="tone-bad selectable" role="alert">
                {format!("The last daily backup failed: {failure}.")}
            </p>
        })}
    }
}

/// The backups, the newest first.
#[component]
fn List(
    /// The backups.
    list: Vec<Backup>,
    /// What is known of them.
    known: Known,
    /// The one to restore.
    chosen: RwSignal<Option<Backup>>,
) -> impl IntoView {
    let line = move |backup: Backup| {
        let (name, at) = (backup.name.clone(), when(backup.at));
        let (why, size) = (reason(backup.reason), bytes(backup.bytes));
        let id = backup.name.clone();
        let (restore, delete) = (format!("Restore {at}"), format!("Delete {at}"));
        view! {
            <li class="backup" data-backup=id>
                <span class="number">{at}</span>
                <span class="dim">{why}</span>
                <span class="dim number">{size}</span>
                <button
                    class="button small"
                    type="button"
                    aria-label=restore
                    data-action="restore"
                    disabled=move || known.busy.get()
                    on:click=move |_| chosen.set(Some(backup.clone()))
                >
                    "Restore"
                </button>
                <button
                    class="button small"
                    type="button"
                    aria-label=delete
                    data-action="delete-backup"
                    disabled=move || known.busy.get()
                    on:click=move |_| known.delete(name.clone())
                >
                    "Delete"
                </button>
            </li>
        }
    };
    view! {
        <ul class="backups" aria-label="Backups">
            {list.into_iter().map(line).collect_view()}
        </ul>
    }
}

const fn reason(reason: BackupReason) -> &'static str {
    match reason {
        BackupReason::Asked => "by hand",
        BackupReason::Daily => "daily",
        BackupReason::Replaced => "before a restore",
    }
}

/// Asks before everything is replaced.
#[component]
fn Restore(
    /// The one to restore.
    backup: Backup,
    /// What is known of all.
    known: Known,
    /// The one to restore, while it is asked for.
    chosen: RwSignal<Option<Backup>>,
) -> impl IntoView {
    let title = format!("Restore what was on {}?", when(backup.at));
    let close = move || chosen.set(None);
    view! {
        <Dialog title=Signal::stored(title) on_close=close>
            <div class="dialog-body">
                <p>
                    "Incidents, executions, the audit trail, notifications and settings become what they were then. The backup is read from end to end first; a damaged one changes nothing."
                </p>
                <p class="dim">"What is replaced is backed up too, and listed as “before a restore”. No cluster is changed."</p>
            </div>
            <div class="dialog-foot">
                <span class="dim"></span>
                <button class="button" type="button" on:click=move |_| close()>"Cancel"</button>
                <button
                    class="button primary"
                    type="button"
                    data-action="restore-now"
                    on:click=move |_| {
                        close();
                        known.restore(backup.name.clone());
                    }
                >
                    "Restore"
                </button>
            </div>
        </Dialog>
    }
}

/// The settings as a file.
#[component]
pub fn FilePart() -> impl IntoView {
    let toasts = Toasts::expect();
    let refused = RwSignal::new(None::<String>);
    let export = move |_| {
        spawn_local(async move {
            match ipc::call(ExportSettings {}).await {
                Ok(saved) => toasts.say(format!("Written to {}.", saved.path)),
                Err(error) => toasts.complain("exporting the settings", &error),
            }
        });
    };
    let import = move |event: leptos::ev::Event| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some((input, file)) = input.and_then(|input| {
            let file = input.files()?.get(0)?;
            Some((input, file))
        }) else {
            return;
        };
        refused.set(None);
        spawn_local(async move {
            let text = JsFuture::from(file.text()).await;
            // The same file can be chosen again, once it is mended.
            input.set_value("");
            let Some(text) = text.ok().and_then(|text| text.as_string()) else {
                refused.set(Some(format!("{} cannot be read.", file.name())));
                return;
            };
            let request = ImportSettings {
                request_id: ipc::request_id(),
                text,
            };
            match ipc::call(request).await {
                Ok(_) => toasts.say(format!("The settings are those of {}.", file.name())),
                Err(error) => refused.set(Some(sentence(&error.message))),
            }
        });
    };
    view! {
        <Part title="Settings as a file">
            <div class="setting-line">
                <span>"Export"</span>
                <button class="button small" type="button" data-action="export-settings" on:click=export>
                    "Write a file"
                </button>
            </div>
            <label class="setting-line">
                <span>"Import"</span>
                <input
                    type="file"
                    accept=".json,application/json"
                    data-field="import-settings"
                    aria-describedby="import-error"
                    on:change=import
                />
            </label>
            <p class="tone-bad selectable" id="import-error" role="alert">{move || refused.get()}</p>
            <p class="dim">
                "Everything on this page but backups, for another machine. Nothing of a cluster and no secret is in it; what the file sets wrongly is named, and nothing of it is taken."
            </p>
        </Part>
    }
}
