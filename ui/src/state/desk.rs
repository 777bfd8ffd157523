//! What the desktop asks of the window: to open a view, and what closing it does.

use kubegraf_ipc::{
    app::{Leave, LeaveWindow},
    incident::Severity,
    preferences::{Closing, PreferenceChange},
};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use crate::{
    ipc,
    route::Route,
    state::{choices::Choices, incidents::Incidents, navigation::Navigation, toasts::Toasts},
};

/// The window's side of the desktop.
#[derive(Clone, Copy, Debug)]
pub struct Desk {
    /// Whether a person has to say what closing the window does.
    pub asked: RwSignal<bool>,
    choices: Choices,
    toasts: Toasts,
}

impl Desk {
    /// Listens for the life of the window.
    pub fn provide(
        choices: Choices,
        navigation: Navigation,
        incidents: Incidents,
        toasts: Toasts,
    ) -> Self {
        let desk = Self {
            asked: RwSignal::new(false),
            choices,
            toasts,
        };
        provide_context(desk);
        hear("kubegraf-closing", move |_| desk.asked.set(true));
        hear("kubegraf-open", move |route| {
            if let Some(route) = Route::parse(&route) {
                navigation.go(&route);
            }
        });
        hear("kubegraf-severity", move |word| {
            incidents.wanted.set(severity(&word));
        });
        desk
    }

    /// The desk provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// Keeps what closing does from now on, and does it.
    pub fn answer(self, closing: Closing) {
        self.asked.set(false);
        let then = match closing {
            Closing::Ask => Leave::Stay,
            Closing::Hide => Leave::Hide,
            Closing::Quit => Leave::Quit,
        };
        spawn_local(async move {
            // A choice that cannot be kept is asked for again; the window goes all the same.
            self.choices.keep(PreferenceChange::Closing(closing)).await;
            self.leave(then);
        });
    }

    /// Takes the window away.
    pub fn leave(self, how: Leave) {
        spawn_local(async move {
            if let Err(error) = ipc::call(LeaveWindow { how }).await {
                self.toasts.complain("closing the window", &error);
            }
        });
    }
}

/// Hears an event of the shell, with its text.
fn hear(name: &'static str, on: impl Fn(String) + 'static) {
    let listener = window_event_listener_untyped(name, move |event| {
        let event = event.dyn_into::<web_sys::CustomEvent>().ok();
        on(event
            .and_then(|event| event.detail().as_string())
            .unwrap_or_default());
    });
    on_cleanup(move || listener.remove());
}

fn severity(word: &str) -> Option<Severity> {
    match word {
        "critical" => Some(Severity::Critical),
        "high" => Some(Severity::High),
        "medium" => Some(Severity::Medium),
        "low" => Some(Severity::Low),
        _ => None,
    }
}
