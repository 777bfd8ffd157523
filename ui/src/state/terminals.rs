//! One open terminal: its stream, and the drawing that outlives the tab's hiding.

use kubegraf_ipc::{
    Code, Error,
    terminal::{
        DrawnTerminal, ENDED, OUTPUT, OpenTerminal, ResizeTerminal, TerminalEnd, TerminalPlace,
        TerminalSize, TypeTerminal,
    },
};
use leptos::{prelude::*, task::spawn_local};

use crate::ipc::{self, Screen, WatchGuard};

/// What is drawn is told in steps of this, bytes.
const STEP: u32 = 64 << 10;

/// An open terminal. Dropping its owner ends it.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Where it runs.
    pub place: StoredValue<TerminalPlace>,
    /// How it ended; `None` while it runs.
    pub end: RwSignal<Option<TerminalEnd>>,
    /// Why it cannot be opened.
    pub failure: RwSignal<Option<Error>>,
    screen: StoredValue<Option<Screen>, LocalStorage>,
    guard: StoredValue<Option<WatchGuard>>,
    drawn: StoredValue<u32>,
    /// What was typed and is not sent yet: one message is under way at a time, so that keys stay in
    /// order.
    typed: StoredValue<String>,
    sending: StoredValue<bool>,
}

impl Terminal {
    /// A terminal that is opened when it is first shown.
    #[must_use]
    pub fn new(place: TerminalPlace) -> Self {
        let terminal = Self {
            place: StoredValue::new(place),
            end: RwSignal::new(None),
            failure: RwSignal::new(None),
            screen: StoredValue::new_local(None),
            guard: StoredValue::new(None),
            drawn: StoredValue::new(0),
            typed: StoredValue::new(String::new()),
            sending: StoredValue::new(false),
        };
        on_cleanup(move || {
            if let Some(Some(screen)) = terminal.screen.try_update_value(Option::take) {
                screen.dispose();
            }
        });
        terminal
    }

    /// Shows it in an element, and opens it the first time.
    pub fn show(self, parent: web_sys::HtmlElement) {
        let shown = self
            .screen
            .with_value(|screen| screen.as_ref().map(|s| s.mount(&parent)));
        if shown.is_some() {
            return;
        }
        spawn_local(async move {
            let made = Screen::make(
                move |text| self.typed(text),
                move |columns, rows| self.resized(TerminalSize { columns, rows }),
                move |bytes| self.drew(bytes),
            );
            match made.await {
                Ok(screen) => {
                    let size = screen.mount(&parent);
                    if self.screen.try_set_value(Some(screen)).is_none() {
                        self.open(size.unwrap_or((80, 24)));
                    }
                }
                Err(error) => {
                    self.failure.try_set(Some(error));
                }
            }
        });
    }

    /// Opens it again after it has ended.
    pub fn again(self) {
        self.end.set(None);
        self.failure.set(None);
        self.open((80, 24));
    }

    fn open(self, (columns, rows): (u16, u16)) {
        self.drawn.set_value(0);
        let request = OpenTerminal {
            place: self.place.get_value(),
            size: TerminalSize { columns, rows },
        };
        let opened = ipc::watch_bytes(
            &request,
            move |kind, bytes| self.heard(kind, bytes),
            move |error| {
                self.failure.try_set(Some(error));
            },
        );
        match opened {
            Ok(guard) => self.guard.set_value(Some(guard)),
            Err(error) => self.failure.set(Some(error)),
        }
    }

    fn heard(self, kind: u8, bytes: js_sys::Uint8Array) {
        match kind {
            OUTPUT => {
                self.screen.try_with_value(|screen| {
                    if let Some(screen) = screen {
                        screen.write(&bytes);
                    }
                });
            }
            ENDED => {
                let end: Option<TerminalEnd> =
                    js_sys::JSON::parse(&String::from_utf8_lossy(&bytes.to_vec()))
                        .ok()
                        .and_then(|end| serde_wasm_bindgen::from_value(end).ok());
                self.guard.try_set_value(None);
                self.end.try_set(end.or(Some(TerminalEnd {
                    exit_code: None,
                    reason: None,
                })));
            }
            _ => {}
        }
    }

    fn watch(self) -> Result<u32, Error> {
        self.guard
            .try_with_value(|guard| guard.as_ref().map(WatchGuard::id))
            .flatten()
            .ok_or_else(|| Error::new(Code::NotFound, "the terminal is not open"))
    }

    fn typed(self, text: String) {
        if self.watch().is_err()
            || self
                .typed
                .try_update_value(|typed| typed.push_str(&text))
                .is_none()
        {
            return;
        }
        if self.sending.get_value() {
            return;
        }
        self.sending.set_value(true);
        spawn_local(async move {
            while let Some(text) = self
                .typed
                .try_update_value(std::mem::take)
                .filter(|t| !t.is_empty())
            {
                let Ok(watch) = self.watch() else { break };
                if ipc::call(TypeTerminal { watch, text }).await.is_err() {
                    break;
                }
            }
            self.sending.try_set_value(false);
        });
    }

    fn resized(self, size: TerminalSize) {
        if let Ok(watch) = self.watch() {
            ipc::send(ResizeTerminal { watch, size });
        }
    }

    fn drew(self, bytes: u32) {
        let Some(drawn) = self.drawn.try_get_value().map(|before| before + bytes) else {
            return;
        };
        if drawn < STEP {
            self.drawn.set_value(drawn);
            return;
        }
        self.drawn.set_value(0);
        if let Ok(watch) = self.watch() {
            ipc::send(DrawnTerminal {
                watch,
                bytes: drawn,
            });
        }
    }
}
