//! Which dialog of a pod is open: copying files, running one program.

use kubegraf_ipc::files::InContainer;
use leptos::prelude::*;

/// The dialogs, each open for the container it holds.
#[derive(Clone, Copy, Debug)]
pub struct PodTools {
    /// Copies files.
    pub copy: RwSignal<Option<InContainer>>,
    /// Runs one program.
    pub run: RwSignal<Option<InContainer>>,
}

impl PodTools {
    /// Hands closed dialogs to every component below.
    pub fn provide() {
        provide_context(Self {
            copy: RwSignal::new(None),
            run: RwSignal::new(None),
        });
    }

    /// The dialogs provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }
}
