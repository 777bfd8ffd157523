//! What can be switched off.

use serde::{Deserialize, Serialize};

/// Lists what can be switched off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct ListFeatures {}

/// Something that can be switched off. Without it the core refuses its commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct FeatureInfo {
    /// Names it.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What it does, as the end of "lets you …".
    pub about: String,
    /// Views that are not offered without it, as routes.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub routes: Vec<String>,
    /// Whether it is on.
    pub on: bool,
}
