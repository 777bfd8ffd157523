//! Terminals: a shell in a container, or one of this machine.
//!
//! What a terminal says travels as binary messages: one kind byte, [`OUTPUT`] or [`ENDED`], and
//! the rest. The window says how much it has drawn, so that a flood waits where it comes from.

use serde::{Deserialize, Serialize};

use crate::execution::ApplyPlan;

/// The message holds what the program wrote.
pub const OUTPUT: u8 = 0;
/// The message holds a [`TerminalEnd`] as JSON; it is the last.
pub const ENDED: u8 = 1;
/// Core stops reading when this much is not drawn yet, bytes.
pub const WINDOW: u64 = 1 << 19;
/// The most that may be typed or pasted at once, bytes.
pub const MOST_TYPED: usize = 1 << 20;

/// The most that is kept of what a program run by [`RunInPod`] says, bytes.
pub const MOST_SAID: usize = 1 << 20;

/// Opens a terminal; it ends with its stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct OpenTerminal {
    /// Where.
    pub place: TerminalPlace,
    /// Its size.
    pub size: TerminalSize,
}

/// Where a terminal runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum TerminalPlace {
    /// In a container.
    Container {
        /// [`crate::cluster::ClusterEntry::id`].
        cluster: String,
        /// Namespace of the pod.
        namespace: String,
        /// The pod.
        pod: String,
        /// Its identity: another pod of the same name is never entered.
        uid: Option<String>,
        /// The container; `None` is the pod's default one.
        container: Option<String>,
        /// What is run.
        run: InPod,
    },
    /// In what an approved [`crate::debug::PreviewDebug`] creates; a pod made for it goes with the terminal.
    Debug {
        /// The approval. It is used up by opening the terminal.
        approval: ApplyPlan,
    },
    /// On this machine.
    Local {
        /// [`Shell::path`]; `None` is the user's own.
        shell: Option<String>,
        /// The cluster its tools speak to; `None` leaves the environment as it is.
        cluster: Option<String>,
    },
}

/// What a terminal in a container runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "run")]
pub enum InPod {
    /// The best shell there is.
    #[default]
    BestShell,
    /// This program and its arguments.
    Command {
        /// The program first.
        #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
        words: Vec<String>,
    },
    /// Nothing: the terminal is that of the container's own process.
    Attach,
}

/// Lists the containers of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ListContainers {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// Namespace of the pod.
    pub namespace: String,
    /// The pod.
    pub pod: String,
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct PodContainer {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// What it is for.
    pub kind: ContainerKind,
    /// Whether it runs now.
    pub running: bool,
    /// Whether it is entered when none is named.
    pub is_default: bool,
}

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum ContainerKind {
    /// The pod's work.
    Main,
    /// Before or beside it.
    Init,
    /// To look into the pod.
    Ephemeral,
}

/// Runs one program in a container and waits for its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct RunInPod {
    /// A resent request runs nothing new.
    pub request_id: String,
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// Namespace of the pod.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// Its identity: another pod of the same name is never entered.
    pub uid: Option<String>,
    /// The container; `None` is the pod's default one.
    pub container: Option<String>,
    /// The program first.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub words: Vec<String>,
}

/// What a program has said, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct RunOutput {
    /// Its output, at most [`MOST_SAID`] bytes.
    pub stdout: String,
    /// Its complaints, at most [`MOST_SAID`] bytes.
    pub stderr: String,
    /// Bytes of both that are left out.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub left_out: u64,
    /// Its exit code, when it has one.
    pub exit_code: Option<i32>,
    /// Why it has none.
    pub reason: Option<String>,
}

/// Columns and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct TerminalSize {
    /// 1 to 1,000.
    pub columns: u16,
    /// 1 to 1,000.
    pub rows: u16,
}

/// A binary message; never sent as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct TerminalBytes(
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))] pub Vec<u8>,
);

/// How a terminal has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct TerminalEnd {
    /// The program's exit code, when it has one.
    pub exit_code: Option<i32>,
    /// Why it ended, when there is more to say.
    pub reason: Option<String>,
}

/// Types into a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct TypeTerminal {
    /// The stream's channel id.
    pub watch: u32,
    /// What is typed; at most [`MOST_TYPED`] bytes.
    pub text: String,
}

/// Changes a terminal's size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ResizeTerminal {
    /// The stream's channel id.
    pub watch: u32,
    /// Its size now.
    pub size: TerminalSize,
}

/// Says how much the window has drawn since it last said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct DrawnTerminal {
    /// The stream's channel id.
    pub watch: u32,
    /// Bytes of output.
    pub bytes: u32,
}

/// Opens an address that a program has written in a terminal, in the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct OpenLink {
    /// `http` or `https`, as a person has seen and confirmed it.
    pub url: String,
}

/// Lists the shells of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ListShells {}

/// A shell of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Shell {
    /// `bash`.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// Whether it is the user's own.
    pub is_default: bool,
}
