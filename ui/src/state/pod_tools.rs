//! Which dialog of a pod or a node is open: copying files, running one program, debugging.

use kubegraf_ipc::{debug::DebugTarget, files::InContainer};
use leptos::prelude::*;

/// The dialogs, each open for what it holds.
#[derive(Clone, Copy, Debug)]
pub struct PodTools {
    /// Copies files.
    pub copy: RwSignal<Option<InContainer>>,
    /// Runs one program.
    pub run: RwSignal<Option<InContainer>>,
    /// Looks where there is no shell, in a cluster.
    pub debug: RwSignal<Option<(String, DebugTarget)>>,
}

impl PodTools {
    /// Hands closed dialogs to every component below.
    pub fn provide() {
        provide_context(Self {
            copy: RwSignal::new(None),
            run: RwSignal::new(None),
            debug: RwSignal::new(None),
        });
    }

    /// The dialogs provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }
}
