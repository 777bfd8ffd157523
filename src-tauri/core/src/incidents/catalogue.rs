//! docs/incidents.md, generated from the lists; this test says when it is stale.

use std::{collections::BTreeSet, env, fmt::Write as _, fs, path::PathBuf};

use super::{ACTIONS, DETECTORS, causes, links};

fn document() -> String {
    let mut text = String::from(
        "# Incidents\n\nWhat the engine detects, how it explains it and what it can do about it today. Generated from\nthe lists in `src-tauri/core/src/incidents`; do not edit. To write it anew:\n`KUBEGRAF_WRITE_DOCS=1 cargo test -p kubegraf-core the_catalogue_is_current`. Ids are stable.\n\n## Types\n|Type|Severity|Threshold|Seen when|\n|-|-|-|-|\n",
    );
    let mut line = |cells: &[&str]| {
        writeln!(text, "|{}|", cells.join("|")).unwrap();
    };
    for detector in DETECTORS {
        let severity = format!("{:?}", detector.severity()).to_lowercase();
        let threshold = format!("{} s", detector.threshold());
        line(&[
            &format!("`{}`", detector.r#type()),
            &severity,
            &threshold,
            detector.doc(),
        ]);
    }
    text += "\n## Causes\nBase confidence before corroboration and rivals; `unknown` (0.20) is what is left.\n\n|Cause|Explains|Base|Decided by|Fixes|\n|-|-|-|-|-|\n";
    for rule in causes::rules() {
        let list = |ids: &[&str]| {
            ids.iter()
                .map(|id| format!("`{id}`"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let base = format!("{:.2}", rule.class.base());
        writeln!(
            text,
            "|`{}`|{}|{base}|{}|{}|",
            rule.cause,
            list(rule.explains),
            rule.doc,
            list(rule.actions)
        )
        .unwrap();
    }
    text += "\n## Actions\n|Action|Impact|Safety|Does|\n|-|-|-|-|\n";
    for action in ACTIONS {
        let word = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
        let safety = serde_json::to_value(action.safety).unwrap();
        let safety = safety.as_str().unwrap().to_owned();
        writeln!(
            text,
            "|`{}`|{}|{safety}|{}|",
            action.id,
            word(&action.impact),
            action.doc
        )
        .unwrap();
    }
    text
}

#[test]
fn the_catalogue_is_current() {
    let path: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "..",
        "..",
        "docs",
        "incidents.md",
    ]
    .iter()
    .collect();
    if env::var_os("KUBEGRAF_WRITE_DOCS").is_some() {
        fs::write(&path, document()).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        stored,
        document(),
        "docs/incidents.md is stale; run with KUBEGRAF_WRITE_DOCS=1"
    );
}

#[test]
fn the_lists_name_what_exists_and_nothing_twice() {
    let types: Vec<_> = DETECTORS.iter().map(|detector| detector.r#type()).collect();
    let causes: Vec<_> = causes::rules().map(|rule| rule.cause).collect();
    for list in [&types, &causes] {
        assert_eq!(list.iter().collect::<BTreeSet<_>>().len(), list.len());
    }
    for rule in causes::rules() {
        assert!(
            rule.explains.iter().all(|id| types.contains(id)),
            "{}",
            rule.cause
        );
        assert!(
            rule.actions
                .iter()
                .all(|id| ACTIONS.iter().any(|action| action.id == *id)),
            "{}",
            rule.cause
        );
    }
    for row in links::ROWS {
        assert!(
            row.from
                .iter()
                .chain(row.effect)
                .all(|id| types.contains(id))
        );
    }
}
