//! What the person has set up, as core keeps it. Theme and colours are repeated in local storage,
//! because they must be there before core can be asked.

use kubegraf_ipc::preferences::{
    GetPreferences, PreferenceChange, Preferences, Scheme, SetPreference, TableLayout, Theme,
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    ipc,
    state::{prefs, toasts::Toasts},
};

/// The preferences of the window.
#[derive(Clone, Copy, Debug)]
pub struct Choices {
    /// All of them; the built-in ones until core has answered.
    pub all: RwSignal<Preferences>,
    /// Whether core has answered.
    pub known: RwSignal<bool>,
    toasts: Toasts,
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
            toasts,
        };
        provide_context(choices);
        spawn_local(async move {
            match ipc::call(GetPreferences {}).await {
                Ok(all) => choices.take(all),
                Err(error) => toasts.complain("reading the preferences", &error),
            }
            choices.known.set(true);
        });
        choices
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
        let before = self.all.get_untracked();
        let mut after = before.clone();
        foresee(&mut after, change.clone());
        self.take(after);
        spawn_local(async move {
            let request = SetPreference {
                request_id: ipc::request_id(),
                change,
            };
            if let Err(error) = ipc::call(request).await {
                self.take(before);
                self.toasts.complain("keeping the setting", &error);
            }
        });
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
        PreferenceChange::StartView(view) => all.start_view = view,
        PreferenceChange::OverviewSeconds(seconds) => all.overview_seconds = seconds,
        PreferenceChange::Table(layout) => {
            all.tables.retain(|table| table.kind != layout.kind);
            all.tables.push(layout);
        }
        PreferenceChange::PlainTable(kind) => all.tables.retain(|table| table.kind != kind),
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
