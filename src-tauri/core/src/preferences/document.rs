//! The preferences as a file a person can take to another machine.

use kubegraf_ipc::preferences::{PreferenceChange, Preferences};
use serde::{Deserialize, Serialize};

use super::{Error, apply};

/// What the file says it is.
const KIND: &str = "kubegraf-settings";
/// The newest form there is.
const VERSION: u32 = 1;
/// Bytes of a file that is looked at.
const MOST: usize = 1 << 20;

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    kind: String,
    version: u32,
    preferences: Preferences,
}

/// The file's text.
pub(crate) fn write(preferences: &Preferences) -> String {
    let document = Document {
        kind: KIND.into(),
        version: VERSION,
        preferences: preferences.clone(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("preferences are plain data");
    text.push('\n');
    text
}

/// The preferences of a file's text, checked one by one as if a person had set them.
pub(crate) fn read(text: &str) -> Result<Preferences, Error> {
    if text.len() > MOST {
        return Err(Error::File(format!("it has {} bytes", text.len())));
    }
    let document: Document =
        serde_json::from_str(text).map_err(|error| Error::File(error.to_string()))?;
    if document.kind != KIND {
        return Err(Error::File(format!("its kind is \"{}\"", document.kind)));
    }
    if document.version > VERSION {
        let version = document.version;
        return Err(Error::File(format!(
            "version {version} is of a newer KubeGraf"
        )));
    }
    let read = document.preferences;
    let mut checked = Preferences {
        tables: Vec::new(),
        shortcuts: Vec::new(),
        ..read.clone()
    };
    let changes = [
        PreferenceChange::Zoom(read.zoom),
        PreferenceChange::StartView(read.start_view),
        PreferenceChange::OverviewSeconds(read.overview_seconds),
        PreferenceChange::BackupKeep(read.backup_keep),
        PreferenceChange::Terminal(read.terminal),
    ];
    // A feature that only a newer or an older version has is nothing to this one.
    checked
        .features_off
        .retain(|id| crate::features::exists(id));
    let tables = read.tables.into_iter().map(PreferenceChange::Table);
    let shortcuts = read.shortcuts.into_iter().map(PreferenceChange::Shortcut);
    for change in changes.into_iter().chain(tables).chain(shortcuts) {
        apply(&mut checked, change)?;
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use kubegraf_ipc::preferences::{Closing, Shortcut, Theme};

    use super::*;

    /// Covers: SET-02
    #[test]
    fn what_is_written_is_read_again_and_what_is_wrong_is_named() {
        let preferences = Preferences {
            theme: Theme::Dark,
            closing: Closing::Hide,
            overview_seconds: 5,
            shortcuts: vec![Shortcut {
                action: "palette".into(),
                keys: Some("Ctrl+P".into()),
            }],
            ..Preferences::default()
        };
        let text = write(&preferences);
        assert_eq!(read(&text).unwrap(), preferences);
        for (text, why) in [
            (
                text.replace("\"overviewSeconds\": 5", "\"overviewSeconds\": 0"),
                "every 0 s",
            ),
            (text.replace("\"dashboard\"", "\"moon\""), "\"moon\""),
            (
                text.replace("kubegraf-settings", "kubegraf-dreams"),
                "kubegraf-dreams",
            ),
            (text.replace("\"version\": 1", "\"version\": 2"), "newer"),
            (text.replace("\"palette\"", "\"a b\""), "\"a b\""),
            (text.replace("\"zoom\": 100", "\"zoom\": 500"), "500 %"),
            (text.replace("Ctrl+P", &"K".repeat(33)), "no keys"),
            (text.replace("\"dark\"", "\"pink\""), "pink"),
            (String::new(), "EOF"),
            (" ".repeat(MOST + 1), "bytes"),
        ] {
            let refused = read(&text).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
