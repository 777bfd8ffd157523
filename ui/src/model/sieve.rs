//! Which incidents of the list are shown.

use std::collections::BTreeMap;

use kubegraf_ipc::incident::{IncidentRow, IncidentState, Severity};

/// What an incident must be to be shown; what is not set lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sieve {
    /// Its severity.
    pub severity: Option<Severity>,
    /// Where it stands in its life.
    pub state: Option<IncidentState>,
    /// Its type id.
    pub kind: Option<String>,
    /// Whether it is kept quiet: those that are stand apart.
    pub snoozed: bool,
    /// Words that its title, object or cause holds.
    pub words: String,
}

impl Sieve {
    /// Whether an incident is shown.
    #[must_use]
    pub fn passes(&self, row: &IncidentRow, now: i64) -> bool {
        let asleep = row.attention.snoozed_until.is_some_and(|until| until > now);
        asleep == self.snoozed
            && self.severity.is_none_or(|wanted| row.severity == wanted)
            && self.state.is_none_or(|wanted| row.state == wanted)
            && self
                .kind
                .as_ref()
                .is_none_or(|wanted| row.r#type == *wanted)
            && self.says(row)
    }

    /// The same without one of its conditions, to count what each of its values would show.
    #[must_use]
    pub fn without(&self, drop: impl FnOnce(&mut Self)) -> Self {
        let mut other = self.clone();
        drop(&mut other);
        other
    }

    fn says(&self, row: &IncidentRow) -> bool {
        if self.words.trim().is_empty() {
            return true;
        }
        let text = format!(
            "{}\n{}\n{}\n{}\n{}\n{}",
            row.title,
            row.r#type,
            row.cause,
            row.resource.kind,
            row.resource.namespace,
            row.resource.name
        )
        .to_lowercase();
        let words = self.words.to_lowercase();
        words.split_whitespace().all(|word| text.contains(word))
    }
}

/// How many incidents pass, by `part`.
pub fn counts<T: Ord>(
    rows: &[IncidentRow],
    sieve: &Sieve,
    now: i64,
    part: impl Fn(&IncidentRow) -> T,
) -> BTreeMap<T, u64> {
    let mut counts = BTreeMap::new();
    for row in rows.iter().filter(|row| sieve.passes(row, now)) {
        *counts.entry(part(row)).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubegraf_ipc::{lifecycle::Attention, object::ObjectRef};

    fn row(kind: &str, severity: Severity, namespace: &str) -> IncidentRow {
        IncidentRow {
            id: format!("inc-{kind}"),
            r#type: kind.into(),
            severity,
            state: IncidentState::Open,
            title: format!("checkout has a {kind}"),
            resource: ObjectRef {
                api_version: "apps/v1".into(),
                kind: "Deployment".into(),
                namespace: namespace.into(),
                name: "checkout".into(),
                uid: None,
            },
            cause: "image_tag_not_found".into(),
            confidence: 0.9,
            first_seen: 0,
            last_seen: 0,
            fix_ready: false,
            reopened: 0,
            attention: Attention::default(),
        }
    }

    #[test]
    fn each_condition_narrows_and_what_sleeps_stands_apart() {
        let rows = [
            row("image_pull_error", Severity::High, "shop"),
            row("oom_killed", Severity::Critical, "pay"),
            row("node_not_ready", Severity::Critical, ""),
        ];
        let shown = |sieve: Sieve| -> Vec<&str> {
            let rows = rows.iter().filter(|row| sieve.passes(row, 100));
            rows.map(|row| row.r#type.as_str()).collect()
        };
        let sieve = Sieve::default();
        assert_eq!(shown(sieve.clone()).len(), 3);
        let severe = Sieve {
            severity: Some(Severity::Critical),
            ..sieve.clone()
        };
        assert_eq!(shown(severe.clone()), ["oom_killed", "node_not_ready"]);
        let worded = Sieve {
            words: "OOM pay".into(),
            ..sieve.clone()
        };
        assert_eq!(shown(worded), ["oom_killed"]);
        let resolved = Sieve {
            state: Some(IncidentState::Resolved),
            ..sieve
        };
        assert!(shown(resolved).is_empty());
        let mut quiet = row("oom_killed", Severity::High, "shop");
        quiet.attention.snoozed_until = Some(101);
        let asleep = Sieve {
            snoozed: true,
            ..Sieve::default()
        };
        assert!(asleep.passes(&quiet, 100) && !asleep.passes(&quiet, 101));
        assert!(!Sieve::default().passes(&quiet, 100) && Sieve::default().passes(&quiet, 101));
        let all = severe.without(|sieve| sieve.severity = None);
        let counted = counts(&rows, &all, 100, |row| row.severity);
        assert_eq!(counted[&Severity::Critical], 2);
        assert_eq!(counted[&Severity::High], 1);
    }
}
