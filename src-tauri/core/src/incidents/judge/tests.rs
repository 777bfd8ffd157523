use std::{fs, path::Path};

use proptest::prelude::*;

use super::{Judge, Kinds, Snapshot};
use crate::{
    incidents::{evaluate, snapshot::Kind},
    scan,
};

/// One thing that happens to a cluster.
#[derive(Clone, Debug)]
enum Step {
    /// What a file shows appears in a namespace, over what has the same names.
    Appear { file: usize, namespace: usize },
    /// An object changes its version and nothing else.
    Touch { object: usize },
    /// An object goes.
    Vanish { object: usize },
    /// Time passes, seconds.
    Wait { seconds: i64 },
    /// The clock is set back, seconds.
    SetBack { seconds: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (any::<prop::sample::Index>(), 0..2_usize)
            .prop_map(|(file, namespace)| Step::Appear { file: file.index(10_000), namespace }),
        3 => any::<prop::sample::Index>().prop_map(|at| Step::Touch { object: at.index(10_000) }),
        6 => any::<prop::sample::Index>().prop_map(|at| Step::Vanish { object: at.index(10_000) }),
        3 => (1..700_i64).prop_map(|seconds| Step::Wait { seconds }),
        1 => (1..50_i64).prop_map(|seconds| Step::SetBack { seconds }),
    ];
    prop::collection::vec(step, 1..30)
}

/// The snapshots of the scan's fixtures, each in its own namespace and in another.
fn shown() -> Vec<[Snapshot; 2]> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scan");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| {
            let text = fs::read_to_string(file).unwrap();
            let other = text.replace("namespace: shop", "namespace: other");
            [scan::snapshot(&text), scan::snapshot(&other)]
        })
        .collect()
}

fn start() -> Snapshot {
    let mut snapshot = Snapshot {
        cluster: "test".into(),
        now: 1_795_255_200,
        ..Snapshot::default()
    };
    for kind in Kind::ALL {
        snapshot.declare(*kind);
    }
    snapshot
}

fn take(snapshot: &mut Snapshot, step: &Step, shown: &[[Snapshot; 2]]) {
    match *step {
        Step::Appear { file, namespace } => snapshot.absorb(&shown[file % shown.len()][namespace]),
        Step::Touch { object } => snapshot.disturb(object, false),
        Step::Vanish { object } => snapshot.disturb(object, true),
        Step::Wait { seconds } => snapshot.now += seconds,
        Step::SetBack { seconds } => snapshot.now -= seconds,
    }
}

/// Covers: INC-02
#[test]
fn what_is_judged_again_is_what_is_judged_from_nothing() {
    let shown = shown();
    let config = ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(steps in steps())| {
        let mut judge = Judge::default();
        let mut snapshot = start();
        for (number, step) in steps.iter().enumerate() {
            take(&mut snapshot, step, &shown);
            let again = judge.judge(&snapshot);
            let anew = evaluate(&snapshot);
            prop_assert_eq!(again, anew, "after step {} of {:?}", number, steps);
        }
    });
}

/// Time alone, through every threshold: one fixture at a time, in steps of seconds and of minutes.
///
/// Covers: INC-02
#[test]
fn what_only_time_changes_is_seen_when_it_is_due() {
    for [snapshot, _] in &shown() {
        let mut judge = Judge::default();
        let mut now = start();
        now.absorb(snapshot);
        now.now -= 1_000;
        for wait in [
            0, 1, 29, 30, 31, 60, 61, 240, 300, 301, 600, 900, 901, 3_600, 86_400,
        ] {
            now.now += wait;
            assert_eq!(judge.judge(&now), evaluate(&now));
        }
    }
}

/// What is kept is used: a change in one namespace leaves what was found in another alone.
#[test]
fn a_change_costs_what_it_touches() {
    let shown = shown();
    let mut snapshot = start();
    for [one, other] in shown.iter().take(20) {
        snapshot.absorb(one);
        snapshot.absorb(other);
    }
    let mut judge = Judge::default();
    let before = judge.judge(&snapshot);
    assert!(!before.is_empty());
    let held = |judge: &Judge, namespace: &str| -> Vec<*const super::Remembered> {
        let kept = judge.kept[namespace].iter().flatten();
        // Evictions are counted by node, for instance: that reads pods of every namespace, and what
        // reads the symptoms found before it is found anew with them.
        let elsewhere = Kinds::of(Kind::Pods);
        kept.filter(|kept| kept.notes.due == i64::MAX && !kept.notes.abroad.meets(elsewhere))
            .filter(|kept| !kept.notes.earlier)
            .filter(|kept| !kept.signals.is_empty())
            .map(|kept| kept.signals.as_ptr())
            .collect()
    };
    let untouched = held(&judge, "other");
    assert!(!untouched.is_empty());
    // The first objects are pods, sorted by namespace: "other" comes before "shop".
    let pods = snapshot.pods.as_ref().unwrap();
    let last = pods.len() - 1;
    assert_eq!(pods.all()[last].metadata.namespace, *"shop");
    snapshot.disturb(last, false);
    assert_eq!(judge.judge(&snapshot), before);
    assert_eq!(held(&judge, "other"), untouched);
}
