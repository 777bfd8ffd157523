//! What the person has set up, as core keeps it. Theme and colours are repeated in local storage,
//! because they must be there before core can be asked.

use kubegraf_ipc::features::{FeatureInfo, ListFeatures};
use kubegraf_ipc::preferences::{
    PreferenceChange, Preferences, Scheme, SetPreference, TableLayout, Theme, WatchPreferences,
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    ipc::{self, WatchGuard},
    model::zoom,
    state::{account::Accounts, prefs, toasts::Toasts},
};

/// The preferences of the window.
#[derive(Clone, Copy, Debug)]
pub struct Choices {
    /// All of them; the built-in ones until core has answered.
    pub all: RwSignal<Preferences>,
    /// Whether core has answered.
    pub known: RwSignal<bool>,
    /// What can be switched off; empty until core has answered.
    pub features: RwSignal<Vec<FeatureInfo>>,
    /// Changes that core has not answered: what it tells meanwhile is older than what is shown.
    under_way: StoredValue<u32>,
    guard: StoredValue<Option<WatchGuard>>,
    toasts: Toasts,
    accounts: Accounts,
}

impl Choices {
    /// Asks core and hands the preferences to every component below.
    pub fn provide(toasts: Toasts) -> Self {
        let choices = Self {
            all: RwSignal::new(Preferences {
                theme: stored_theme(),
                scheme: stored_scheme(),
                ..Preferences::default()
            }),
            known: RwSignal::new(false),
            features: RwSignal::new(Vec::new()),
            under_way: StoredValue::new(0),
            guard: StoredValue::new(None),
            toasts,
            accounts: Accounts::expect(),
        };
        provide_context(choices);
        let failed = move |error| {
            toasts.complain("reading the preferences", &error);
            choices.known.set(true);
        };
        let opened = ipc::watch(
            &WatchPreferences {},
            move |all| {
                if choices.under_way.get_value() == 0 {
                    choices.take(all);
                }
                choices.known.set(true);
            },
            failed,
        );
        match opened {
            Ok(guard) => choices.guard.set_value(Some(guard)),
            Err(error) => failed(error),
        }
        spawn_local(async move {
            match ipc::call(ListFeatures {}).await {
                Ok(list) => choices.features.set(list),
                Err(error) => toasts.complain("reading the features", &error),
            }
        });
        choices
    }

    /// The views that are switched off, as routes.
    #[must_use]
    pub fn hidden(self) -> Vec<String> {
        let off = self.all.with(|all| all.features_off.clone());
        let mut hidden: Vec<String> = self.features.with(|features| {
            let hidden = features.iter().filter(|feature| off.contains(&feature.id));
            hidden.flat_map(|feature| feature.routes.clone()).collect()
        });
        let accounts = self.accounts;
        if !accounts.login_required() || !accounts.is_admin() {
            hidden.push("users".into());
        }
        hidden
    }

    /// The preferences provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// How the table of a kind is laid out.
    #[must_use]
    pub fn layout(self, kind: &str) -> Option<TableLayout> {
        self.all
            .with(|all| all.tables.iter().find(|table| table.kind == kind).cloned())
    }

    /// Shows a change at once and has core keep it; what core refuses is taken back.
    pub fn change(self, change: PreferenceChange) {
        spawn_local(self.keep(change));
    }

    /// Draws everything a step larger (1) or smaller (-1), or as it comes (0).
    pub fn zoom(self, by: i32) {
        let now = self.all.with_untracked(|all| all.zoom);
        let wanted = zoom::stepped(now, by);
        if wanted != now {
            self.change(PreferenceChange::Zoom(wanted));
        }
    }

    /// The same, and waits until core has kept it or refused.
    pub async fn keep(self, change: PreferenceChange) {
        let before = self.all.get_untracked();
        let mut after = before.clone();
        foresee(&mut after, change.clone());
        self.take(after);
        self.under_way.update_value(|count| *count += 1);
        let request = SetPreference {
            request_id: ipc::request_id(),
            change,
        };
        let answer = ipc::call(request).await;
        self.under_way.update_value(|count| *count -= 1);
        match answer {
            Ok(all) if self.under_way.get_value() == 0 => self.take(all),
            Ok(_) => {}
            Err(error) => {
                self.take(before);
                self.toasts.complain("keeping the setting", &error);
            }
        }
    }

    fn take(self, all: Preferences) {
        prefs::set("theme", theme_name(all.theme));
        prefs::set("scheme", scheme_name(all.scheme));
        prefs::set("start", &all.start_view);
        if let Some(root) = document().document_element() {
            // Setting an attribute of <html> cannot fail.
            let _ = root.set_attribute("data-theme", theme_name(all.theme));
            let _ = root.set_attribute("data-scheme", scheme_name(all.scheme));
            let _ = root.set_attribute("data-flash", if all.flash { "on" } else { "off" });
        }
        if self.all.with_untracked(|before| *before != all) {
            self.all.set(all);
        }
    }
}

/// What core will answer to a change it accepts.
fn foresee(all: &mut Preferences, change: PreferenceChange) {
    match change {
        PreferenceChange::Theme(theme) => all.theme = theme,
        PreferenceChange::Scheme(scheme) => all.scheme = scheme,
        PreferenceChange::Flash(flash) => all.flash = flash,
        PreferenceChange::Zoom(percent) => all.zoom = percent,
        PreferenceChange::StartView(view) => all.start_view = view,
        PreferenceChange::OverviewSeconds(seconds) => all.overview_seconds = seconds,
        PreferenceChange::Closing(closing) => all.closing = closing,
        PreferenceChange::Alert { source, on } => {
            all.alerts.retain(|known| *known != source);
            if on {
                all.alerts.push(source);
            }
        }
        PreferenceChange::ScansPaused(paused) => all.scans_paused = paused,
        PreferenceChange::ReadOnly(on) => all.read_only = on,
        PreferenceChange::Feature { id, on } => {
            all.features_off.retain(|off| *off != id);
            if !on {
                all.features_off.push(id);
            }
        }
        PreferenceChange::BackupDaily(on) => all.backup_daily = on,
        PreferenceChange::BackupKeep(count) => all.backup_keep = count,
        PreferenceChange::UpdateCheck(on) => all.update_check = on,
        PreferenceChange::Policy(version) => all.policy = version,
        PreferenceChange::Terminal(terminal) => all.terminal = terminal,
        PreferenceChange::Table(layout) => {
            all.tables.retain(|table| table.kind != layout.kind);
            all.tables.push(layout);
        }
        PreferenceChange::PlainTable(kind) => all.tables.retain(|table| table.kind != kind),
        PreferenceChange::Shortcut(shortcut) => {
            all.shortcuts
                .retain(|known| known.action != shortcut.action);
            all.shortcuts.push(shortcut);
        }
        PreferenceChange::PlainShortcut(action) => {
            all.shortcuts.retain(|known| known.action != action);
        }
        PreferenceChange::PlainShortcuts => all.shortcuts.clear(),
    }
}

/// As stored, shown and written in the page.
#[must_use]
pub const fn theme_name(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "system",
        Theme::Dark => "dark",
        Theme::Light => "light",
    }
}

/// As stored and written in the page.
#[must_use]
pub const fn scheme_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Kubegraf => "kubegraf",
        Scheme::HighContrast => "high_contrast",
        Scheme::Hpe => "hpe",
    }
}

fn stored_theme() -> Theme {
    match prefs::get("theme").as_deref() {
        Some("dark") => Theme::Dark,
        Some("light") => Theme::Light,
        _ => Theme::System,
    }
}

fn stored_scheme() -> Scheme {
    match prefs::get("scheme").as_deref() {
        Some("high_contrast") => Scheme::HighContrast,
        Some("hpe") => Scheme::Hpe,
        _ => Scheme::Kubegraf,
    }
}
