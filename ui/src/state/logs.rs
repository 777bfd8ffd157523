//! One open log: the stream behind it, the slice of lines it holds, and what the user asked to see.

use kubegraf_ipc::{
    Code, Error,
    logs::{
        FindLog, ListLogPatterns, LogHead, LogLine, LogOptions, LogPatterns, LogPlace, LogSource,
        LogTarget, LogView, LogsEvent, ReadLogText, SaveLogs, SavedLogs, SetLogView, WatchLogs,
    },
};
use leptos::prelude::*;

use crate::ipc::{self, WatchGuard};

/// An open log. Dropping its owner ends the stream.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    /// The figures around the slice; `None` before the first event.
    pub head: RwSignal<Option<LogHead>>,
    /// The slice.
    pub lines: RwSignal<Vec<LogLine>>,
    /// Every container that is or was read.
    pub sources: RwSignal<Vec<LogSource>>,
    /// What the user asked to see.
    pub view: RwSignal<LogView>,
    /// What is read.
    pub options: RwSignal<LogOptions>,
    /// Why it cannot be followed, or what is wrong with the query.
    pub failure: RwSignal<Option<Error>>,
    guard: StoredValue<Option<WatchGuard>>,
    opened: StoredValue<Option<(String, LogTarget)>>,
    sent: StoredValue<Option<u32>>,
    scheduled: StoredValue<bool>,
}

impl Log {
    /// A log that shows nothing yet; [`Self::open`] fills it.
    #[must_use]
    pub fn new(options: LogOptions) -> Self {
        let view = LogView {
            count: 120,
            fields: true,
            ..LogView::default()
        };
        Self {
            head: RwSignal::new(None),
            lines: RwSignal::new(Vec::new()),
            sources: RwSignal::new(Vec::new()),
            view: RwSignal::new(view),
            options: RwSignal::new(options),
            failure: RwSignal::new(None),
            guard: StoredValue::new(None),
            opened: StoredValue::new(None),
            sent: StoredValue::new(None),
            scheduled: StoredValue::new(false),
        }
    }

    /// Begins to follow; what was followed before ends.
    pub fn open(self, cluster: String, of: LogTarget) {
        self.guard.set_value(None);
        self.sent.set_value(None);
        self.failure.set(None);
        self.head.set(None);
        self.lines.set(Vec::new());
        self.sources.set(Vec::new());
        self.view.update(|view| {
            view.hidden.clear();
            view.place = LogPlace::End;
        });
        self.opened.set_value(Some((cluster.clone(), of.clone())));
        let view = self.view.get_untracked();
        let asked = view.revision;
        let request = WatchLogs {
            cluster,
            of,
            options: self.options.get_untracked(),
            view,
        };
        let opened = ipc::watch(
            &request,
            move |event| self.heard(event, asked),
            move |error| {
                self.failure.try_set(Some(error));
            },
        );
        match opened {
            Ok(guard) => self.guard.set_value(Some(guard)),
            Err(error) => self.failure.set(Some(error)),
        }
    }

    /// Reads the same again with other options.
    pub fn reread(self, change: impl FnOnce(&mut LogOptions)) {
        self.options.update(change);
        if let Some((cluster, of)) = self.opened.get_value() {
            self.open(cluster, of);
        }
    }

    /// Changes what is wanted; the request leaves with the next frame.
    pub fn ask(self, change: impl FnOnce(&mut LogView)) {
        let top = self
            .lines
            .with_untracked(|lines| lines.first().map(|line| line.at));
        self.view.update(|view| {
            let before = (view.place, shown_by(view));
            change(view);
            view.revision += 1;
            // Other lines have other numbers: what was read is kept in view by its time.
            if let (LogPlace::Line { .. }, Some(time)) = (view.place, top)
                && before.0 == view.place
                && before.1 != shown_by(view)
            {
                view.place = LogPlace::Time { time };
            }
        });
        if !self.scheduled.get_value() {
            self.scheduled.set_value(true);
            request_animation_frame(move || {
                if self.scheduled.try_set_value(false).is_none() {
                    self.send_view();
                }
            });
        }
    }

    /// Whether the newest lines are shown, whatever comes.
    #[must_use]
    pub fn follows(self) -> bool {
        self.view.with(|view| view.place == LogPlace::End)
    }

    /// Finds the next line that holds the query.
    ///
    /// # Errors
    /// What core answered, or that the log is not open.
    pub async fn find(self, from: u64, backwards: bool) -> Result<Option<u64>, Error> {
        let watch = self.watch()?;
        ipc::call(FindLog {
            watch,
            from,
            backwards,
        })
        .await
    }

    /// What the warnings and errors have in common.
    ///
    /// # Errors
    /// What core answered, or that the log is not open.
    pub async fn patterns(self) -> Result<LogPatterns, Error> {
        let watch = self.watch()?;
        ipc::call(ListLogPatterns { watch }).await
    }

    /// Lines as they were written.
    ///
    /// # Errors
    /// What core answered, or that the log is not open.
    pub async fn text(self, from: u64, count: u32) -> Result<String, Error> {
        let watch = self.watch()?;
        ipc::call(ReadLogText {
            watch,
            from,
            count,
            prefixed: self.sources.with_untracked(|sources| sources.len() > 1),
        })
        .await
    }

    /// Has core write what is shown to a file.
    ///
    /// # Errors
    /// What core answered, or that the log is not open.
    pub async fn save(self) -> Result<SavedLogs, Error> {
        let watch = self.watch()?;
        let prefixed = self.sources.with_untracked(|sources| sources.len() > 1);
        ipc::call(SaveLogs { watch, prefixed }).await
    }

    fn watch(self) -> Result<u32, Error> {
        self.guard
            .with_value(|guard| guard.as_ref().map(WatchGuard::id))
            .ok_or_else(|| Error::new(Code::NotFound, "the log is not open"))
    }

    /// Core knows the stream once it has sent an event: before, the view would be refused.
    fn send_view(self) {
        let (Some(sent), view) = (self.sent.get_value(), self.view.get_untracked()) else {
            return;
        };
        if sent == view.revision {
            return;
        }
        self.sent.set_value(Some(view.revision));
        let Ok(watch) = self.watch() else { return };
        leptos::task::spawn_local(async move {
            let refused = ipc::call(SetLogView { watch, view }).await.err();
            self.failure.try_set(refused);
        });
    }

    fn heard(self, event: LogsEvent, opened_with: u32) {
        if self.sent.try_get_value().flatten().is_none() {
            self.sent.try_set_value(Some(opened_with));
            self.send_view();
        }
        let (revision, start) = (event.revision, event.head.start);
        // Before, the moment may be among lines that are not known yet.
        let is_known = event.head.unsearched == 0;
        if let Some(sources) = event.sources {
            self.sources.try_set(sources);
        }
        let same = self
            .lines
            .try_with_untracked(|lines| *lines == event.lines)
            .unwrap_or(true);
        if !same {
            self.lines.try_set(event.lines);
        }
        let head = Some(event.head);
        if self.head.try_with_untracked(|before| *before != head) == Some(true) {
            self.head.try_set(head);
        }
        // A time has become a place among the lines.
        let jumped = self.view.try_with_untracked(|view| {
            view.revision == revision && matches!(view.place, LogPlace::Time { .. })
        });
        if jumped == Some(true) && is_known {
            self.ask(|view| view.place = LogPlace::Line { number: start });
        }
    }
}

/// What decides which lines have numbers.
fn shown_by(view: &LogView) -> impl PartialEq + use<> {
    let query = view
        .only_matches
        .then(|| (view.query.clone(), view.regex, view.match_case));
    (query, view.least, view.hidden.clone())
}
