//! Short messages that float above the view.

use std::time::Duration;

use kubegraf_ipc::{
    Code, Error,
    notice::{NoticeLevel, NoticeSource},
};
use leptos::prelude::*;

use crate::{
    model::words::sentence,
    state::notices::{News, tell},
};

/// How long good news stays.
const GOOD_NEWS: Duration = Duration::from_secs(6);
/// More than this many at once and the oldest makes room.
const MOST: usize = 4;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// Distinguishes it from the others.
    pub id: u32,
    /// Whether it waits until dismissed.
    pub is_error: bool,
    /// What happened.
    pub text: String,
    /// The raw cause.
    pub detail: Option<String>,
}

/// The messages on screen, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toasts {
    /// Hands an empty list to every component below.
    pub fn provide() {
        provide_context(Self {
            list: RwSignal::new(Vec::new()),
            next: StoredValue::new(0),
        });
    }

    /// The list provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// Good news; goes by itself.
    pub fn say(self, text: impl Into<String>) {
        let id = self.push(false, text.into(), None);
        set_timeout(move || self.dismiss(id), GOOD_NEWS);
    }

    /// Bad news; stays until dismissed.
    pub fn complain(self, what: &str, error: &Error) {
        let next = match error.code {
            Code::Unreachable => " Choose another cluster or check the connection.",
            _ => "",
        };
        let text = sentence(&format!(
            "{what}: {}.{next}",
            error.message.trim_end_matches('.')
        ));
        self.push(true, text.clone(), error.detail.clone());
        // What tells of notices must not tell of its own failures: it would never end.
        if !what.contains("notification") {
            tell(News {
                key: String::new(),
                level: NoticeLevel::Error,
                source: NoticeSource::Command,
                cluster: String::new(),
                title: text,
                detail: error.detail.clone(),
                route: None,
            });
        }
    }

    /// The messages on screen.
    #[must_use]
    pub fn list(self) -> Vec<Toast> {
        self.list.get()
    }

    /// Takes one away.
    pub fn dismiss(self, id: u32) {
        self.list.update(|list| list.retain(|toast| toast.id != id));
    }

    fn push(self, is_error: bool, text: String, detail: Option<String>) -> u32 {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.list.update(|list| {
            list.retain(|toast| toast.text != text);
            if list.len() >= MOST {
                list.remove(0);
            }
            list.push(Toast {
                id,
                is_error,
                text,
                detail,
            });
        });
        id
    }
}
