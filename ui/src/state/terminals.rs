//! One open terminal: its stream, and the drawing that outlives the tab's hiding.

use kubegraf_ipc::{
    Code, Error,
    preferences::{PreferenceChange, TerminalPreferences},
    terminal::{
        DrawnTerminal, ENDED, ListContainers, OUTPUT, OpenTerminal, PodContainer, ResizeTerminal,
        TerminalEnd, TerminalPlace, TerminalSize, TypeTerminal,
    },
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    ipc::{self, Screen, ScreenEvents, WatchGuard},
    state::choices::Choices,
};

/// What is drawn is told in steps of this, bytes.
const STEP: u32 = 64 << 10;
/// The most that is sent in one message, bytes; a longer paste goes in pieces.
const PIECE: usize = 64 << 10;
/// The most columns or rows.
const MOST: u16 = 1_000;
/// A terminal that has no place on screen yet.
const UNSEEN: (u16, u16) = (80, 24);

/// An open terminal. Dropping its owner ends it.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Where it runs.
    pub place: RwSignal<TerminalPlace>,
    /// What else can be entered: the containers of its pod.
    pub containers: RwSignal<Vec<PodContainer>>,
    /// How it ended; `None` while it runs.
    pub end: RwSignal<Option<TerminalEnd>>,
    /// Why it cannot be opened.
    pub failure: RwSignal<Option<Error>>,
    /// The address a person has clicked, until he has said whether it is opened.
    pub link: RwSignal<Option<String>>,
    choices: Choices,
    screen: StoredValue<Option<Screen>, LocalStorage>,
    guard: StoredValue<Option<WatchGuard>>,
    /// Whether core has opened it; what is typed before that waits.
    ready: StoredValue<bool>,
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
            place: RwSignal::new(place),
            containers: RwSignal::new(Vec::new()),
            end: RwSignal::new(None),
            failure: RwSignal::new(None),
            link: RwSignal::new(None),
            choices: Choices::expect(),
            screen: StoredValue::new_local(None),
            guard: StoredValue::new(None),
            ready: StoredValue::new(false),
            drawn: StoredValue::new(0),
            typed: StoredValue::new(String::new()),
            sending: StoredValue::new(false),
        };
        terminal.list_containers();
        // Whatever is set is seen at once, by all that are open.
        let look = Memo::new(move |_| terminal.choices.all.with(|all| all.terminal.clone()));
        Effect::new(move |_| {
            let look = look.get();
            terminal
                .screen
                .with_value(|screen| screen.iter().for_each(|screen| screen.look(&look)));
        });
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
            .with_value(|screen| screen.as_ref().map(|screen| screen.mount(&parent)));
        if shown.is_some() {
            return;
        }
        spawn_local(async move {
            let heard = ScreenEvents {
                text: Box::new(move |text| self.typed(&text)),
                size: Box::new(move |columns, rows| self.resized(bounded(columns, rows))),
                drawn: Box::new(move |bytes| self.drew(bytes)),
                font: Box::new(move |font_size| {
                    let terminal = TerminalPreferences {
                        font_size,
                        ..self.choices.all.with_untracked(|all| all.terminal.clone())
                    };
                    self.choices.change(PreferenceChange::Terminal(terminal));
                }),
                link: Box::new(move |url| drop(self.link.try_set(Some(url)))),
            };
            let look = self.choices.all.with_untracked(|all| all.terminal.clone());
            match Screen::make(heard, &look).await {
                Ok(screen) => {
                    screen.mount(&parent);
                    // The tab may be closed by now.
                    match self.screen.try_set_value(Some(screen)) {
                        None => self.open(),
                        Some(late) => late.iter().for_each(Screen::dispose),
                    }
                }
                Err(error) => {
                    self.failure.try_set(Some(error));
                }
            }
        });
    }

    /// Leaves where it is and opens it elsewhere.
    pub fn enter(self, change: impl FnOnce(&mut TerminalPlace)) {
        self.place.update(change);
        self.guard.set_value(None);
        self.again();
    }

    fn list_containers(self) {
        let request = self.place.with_untracked(|place| match place {
            TerminalPlace::Container {
                cluster,
                namespace,
                pod,
                ..
            } => Some(ListContainers {
                cluster: cluster.clone(),
                namespace: namespace.clone(),
                pod: pod.clone(),
            }),
            TerminalPlace::Debug { .. } | TerminalPlace::Local { .. } => None,
        });
        let Some(request) = request else { return };
        spawn_local(async move {
            // Opening the terminal says what is wrong with the pod.
            if let Ok(containers) = ipc::call(request).await {
                self.containers.try_set(containers);
            }
        });
    }

    /// Whether a program runs in it.
    #[must_use]
    pub fn runs(self) -> bool {
        self.end.with(Option::is_none) && self.failure.with(Option::is_none)
    }

    /// Whether it can be opened again: an approval is used up.
    #[must_use]
    pub fn repeats(self) -> bool {
        self.place
            .with(|place| !matches!(place, TerminalPlace::Debug { .. }))
    }

    /// Opens it again after it has ended.
    pub fn again(self) {
        self.end.set(None);
        self.failure.set(None);
        self.screen
            .with_value(|screen| screen.iter().for_each(Screen::reset));
        self.open();
    }

    fn size(self) -> TerminalSize {
        let size = self
            .screen
            .try_with_value(|screen| screen.as_ref().and_then(Screen::size));
        let (columns, rows) = size.flatten().unwrap_or(UNSEEN);
        bounded(columns, rows)
    }

    fn open(self) {
        self.drawn.set_value(0);
        self.ready.set_value(false);
        self.typed.set_value(String::new());
        let size = self.size();
        let request = OpenTerminal {
            place: self.place.get_untracked(),
            size,
        };
        let answered = move |answer: Result<(), Error>| match answer {
            Ok(()) => {
                self.ready.try_set_value(true);
                let now = self.size();
                if now != size {
                    self.resized(now);
                }
                self.send();
            }
            Err(error) => {
                self.guard.try_set_value(None);
                self.failure.try_set(Some(error));
            }
        };
        let heard = move |kind, bytes| self.heard(kind, &bytes);
        let opened = ipc::watch_bytes(&request, heard, answered);
        match opened {
            Ok(guard) => self.guard.set_value(Some(guard)),
            Err(error) => self.failure.set(Some(error)),
        }
    }

    fn heard(self, kind: u8, bytes: &js_sys::Uint8Array) {
        match kind {
            OUTPUT => {
                self.screen.try_with_value(|screen| {
                    if let Some(screen) = screen {
                        screen.write(bytes);
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

    fn typed(self, text: &str) {
        let is_open = self.watch().is_ok();
        if is_open {
            self.typed.update_value(|typed| typed.push_str(text));
            self.send();
        }
    }

    /// Sends what was typed, one piece after the other.
    fn send(self) {
        let waits = self.ready.try_get_value() == Some(true)
            && self.sending.try_get_value() == Some(false)
            && self.typed.with_value(|typed| !typed.is_empty());
        if !waits {
            return;
        }
        self.sending.set_value(true);
        spawn_local(async move {
            while let Ok(watch) = self.watch() {
                let piece = self.typed.try_update_value(first_piece).unwrap_or_default();
                if piece.is_empty() {
                    break;
                }
                if ipc::call(TypeTerminal { watch, text: piece })
                    .await
                    .is_err()
                {
                    break;
                }
            }
            self.sending.try_set_value(false);
        });
    }

    fn resized(self, size: TerminalSize) {
        if let (Ok(watch), Some(true)) = (self.watch(), self.ready.try_get_value()) {
            ipc::send(ResizeTerminal { watch, size });
        }
    }

    /// Finds text in what was drawn; answers whether there is any.
    pub fn find(self, text: &str, backwards: bool) -> bool {
        let found = self
            .screen
            .try_with_value(|screen| screen.as_ref().map(|screen| screen.find(text, backwards)));
        found.flatten().unwrap_or(false)
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

/// A size that core takes, however large the screen and small the letters.
fn bounded(columns: u16, rows: u16) -> TerminalSize {
    TerminalSize {
        columns: columns.clamp(1, MOST),
        rows: rows.clamp(1, MOST),
    }
}

/// Takes the first piece of what was typed.
fn first_piece(typed: &mut String) -> String {
    let end = typed.floor_char_boundary(PIECE);
    let rest = typed.split_off(end);
    std::mem::replace(typed, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_paste_goes_in_pieces_that_are_whole_characters() {
        let paste = "ä€🦀".repeat(50_000);
        let (mut left, mut sent) = (paste.clone(), String::new());
        while !left.is_empty() {
            let piece = first_piece(&mut left);
            assert!(!piece.is_empty() && piece.len() <= PIECE);
            sent.push_str(&piece);
        }
        assert_eq!(sent, paste);
        assert_eq!(first_piece(&mut left), "");
    }
}
