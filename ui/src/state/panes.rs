//! What the user has open in the dock besides executions: logs and terminals. Each lives until its tab is closed,
//! whatever the window shows meanwhile.

use kubegraf_ipc::{
    logs::{LogOptions, LogTarget},
    object::ObjectRef,
    terminal::TerminalPlace,
};
use leptos::prelude::*;

use crate::state::{dock::Dock, logs::Log, terminals::Terminal};

/// One tab of the dock.
#[derive(Clone, Debug)]
pub struct Pane {
    /// Names it among the tabs.
    pub id: String,
    /// What its tab says.
    pub title: String,
    /// What it holds.
    pub holds: Holds,
    owner: Owner,
}

/// What a pane holds.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// A log.
    Log(Log),
    /// A terminal.
    Terminal(Terminal),
}

/// The open panes.
#[derive(Clone, Copy, Debug)]
pub struct Panes {
    /// In the order they were opened.
    pub list: RwSignal<Vec<Pane>>,
    dock: Dock,
    /// Whether the dock takes the whole window while it is open.
    whole: RwSignal<bool>,
    owner: StoredValue<Owner>,
    opened: StoredValue<u32>,
}

impl Panes {
    /// Hands an empty list to every component below.
    pub fn provide(dock: Dock) {
        let owner = Owner::current().expect("the window's component owns this");
        provide_context(Self {
            list: RwSignal::new(Vec::new()),
            dock,
            whole: RwSignal::new(false),
            owner: StoredValue::new(owner),
            opened: StoredValue::new(0),
        });
    }

    /// The panes provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// Opens the logs of an object in the dock.
    pub fn open_log(self, cluster: String, object: ObjectRef) {
        let title = object.name.clone();
        let of = LogTarget::Object {
            object,
            container: None,
        };
        self.add("logs", title, || {
            let log = Log::new(LogOptions::default());
            log.open(cluster, of);
            Holds::Log(log)
        });
    }

    /// Opens a terminal in the dock.
    pub fn open_terminal(self, title: String, place: TerminalPlace) {
        self.add("terminal", title, || Holds::Terminal(Terminal::new(place)));
    }

    /// Brings a pane to the front.
    pub fn show(self, id: &str) {
        self.dock.open.set(true);
        self.dock.front.set(Some(id.to_owned()));
    }

    /// Whether the dock takes the whole window.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.whole.get() && self.dock.open.get()
    }

    /// Lets the dock take the whole window, or shrink again.
    pub fn grow(self, whole: bool) {
        // The window may be closing.
        self.whole.try_set(whole);
    }

    /// Ends a pane and closes its tab.
    pub fn close(self, id: &str) {
        let mut closed = None;
        self.list.update(|panes| {
            if let Some(at) = panes.iter().position(|pane| pane.id == id) {
                closed = Some(panes.remove(at));
            }
        });
        if self.dock.front.get_untracked().as_deref() == Some(id) {
            let last = self
                .list
                .with_untracked(|panes| panes.last().map(|pane| pane.id.clone()));
            self.dock.front.set(last);
        }
        // What the tab drew has to be gone before what it drew from.
        if let Some(pane) = closed {
            request_animation_frame(move || pane.owner.cleanup());
        }
    }

    fn add(self, kind: &str, title: String, make: impl FnOnce() -> Holds) {
        let number = self.opened.get_value() + 1;
        self.opened.set_value(number);
        let owner = self.owner.with_value(Owner::child);
        let holds = owner.with(make);
        let id = format!("{kind}-{number}");
        let pane = Pane {
            id: id.clone(),
            title,
            holds,
            owner,
        };
        self.list.update(|panes| panes.push(pane));
        self.show(&id);
    }
}
