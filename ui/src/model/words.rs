//! The words of the window: numbers, severities, states and outcomes as a person reads them.

use kubegraf_ipc::{
    execution::{ExecutionStatus, Outcome},
    incident::{EvidenceSource, Fix, Impact, IncidentRow, IncidentState, Safety, Severity},
    object::{ObjectRef, Tone},
};

/// An incident's title where its object stands beside it anyway: `Node/a: the kubelet is silent` becomes
/// `The kubelet is silent`.
#[must_use]
pub fn plain_title(row: &IncidentRow) -> String {
    let object = format!("{}/{}: ", row.resource.kind, row.resource.name);
    sentence(row.title.strip_prefix(&object).unwrap_or(&row.title))
}

/// `51870` as `51,870`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 pod`, `2 pods`.
#[must_use]
pub fn plural(count: u64, one: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {one}{ending}", grouped(count))
}

/// `image_pull_error` as `image pull error`.
#[must_use]
pub fn spaced(id: &str) -> String {
    id.replace('_', " ")
}

/// How sure a cause is, in one word.
#[must_use]
pub fn confidence(figure: f64) -> &'static str {
    match figure {
        f if f >= 0.75 => "likely",
        f if f >= 0.4 => "possible",
        _ => "weak",
    }
}

/// `shop/checkout`, or the name alone for a cluster-scoped object.
#[must_use]
pub fn path(object: &ObjectRef) -> String {
    if object.namespace.is_empty() {
        object.name.clone()
    } else {
        format!("{}/{}", object.namespace, object.name)
    }
}

/// `a`, `a, b`, `a, b +2`.
#[must_use]
pub fn few(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, other] => format!("{one}, {other}"),
        [one, other, more @ ..] => format!("{one}, {other} +{}", more.len()),
    }
}

/// How long something took: `2.5 s`, `1 min 4 s`.
#[must_use]
#[allow(
    clippy::cast_possible_truncation,
    reason = "durations of minutes, rounded on purpose"
)]
pub fn took(seconds: f64) -> String {
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        let whole = seconds.round() as i64;
        format!("{} min {} s", whole / 60, whole % 60)
    }
}

/// One word for a severity.
#[must_use]
pub const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
    }
}

/// One word for an incident's state.
#[must_use]
pub const fn state(state: IncidentState) -> &'static str {
    match state {
        IncidentState::Open => "open",
        IncidentState::Resolving => "resolving",
        IncidentState::Resolved => "resolved",
    }
}

/// One word for an execution's status.
#[must_use]
pub const fn status(status: ExecutionStatus) -> &'static str {
    match status {
        ExecutionStatus::Idle => "idle",
        ExecutionStatus::Planned => "planned",
        ExecutionStatus::Running => "running",
        ExecutionStatus::Succeeded => "succeeded",
        ExecutionStatus::Failed => "failed",
    }
}

/// The tone of an execution's status.
#[must_use]
pub const fn status_tone(status: ExecutionStatus) -> Tone {
    match status {
        ExecutionStatus::Idle | ExecutionStatus::Planned => Tone::Neutral,
        ExecutionStatus::Running => Tone::Pending,
        ExecutionStatus::Succeeded => Tone::Ok,
        ExecutionStatus::Failed => Tone::Bad,
    }
}

/// How an outcome is written in an attribute, as the contract spells it.
#[must_use]
pub const fn outcome_id(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Healed => "healed",
        Outcome::AppliedNotHealed => "applied_not_healed",
        Outcome::NotApplied => "not_applied",
        Outcome::Cancelled => "cancelled",
        Outcome::Interrupted => "interrupted",
    }
}

/// How an execution ended, in a sentence.
#[must_use]
pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Healed => "Applied, and the problem is gone",
        Outcome::AppliedNotHealed => "Applied, but the problem is still there",
        Outcome::NotApplied => "Nothing was changed",
        Outcome::Cancelled => "Cancelled; what was already applied stays",
        Outcome::Interrupted => "The app ended while it ran; part of it may have been applied",
    }
}

/// How much a fix touches.
#[must_use]
pub const fn impact(impact: Impact) -> &'static str {
    match impact {
        Impact::Low => "low impact",
        Impact::Medium => "medium impact",
        Impact::High => "high impact",
    }
}

/// Who may let a fix run.
#[must_use]
pub const fn safety(safety: Safety) -> &'static str {
    match safety {
        Safety::Safe => "safe, reversible",
        Safety::NeedsApproval => "needs your approval",
        Safety::PlanOnly => "steps for a person",
    }
}

/// How probably a fix works, and why that is thought; empty where nothing is known of it.
#[must_use]
pub fn expected(fix: &Fix) -> String {
    let record = fix.record.map(|record| {
        let times = if record.times == 1 { "time" } else { "times" };
        format!("worked {} of {} {times} here", record.worked, record.times)
    });
    let expected = (fix.expected > 0 && fix.safety != Safety::PlanOnly)
        .then(|| format!("{} % expected to work", fix.expected));
    let said: Vec<String> = record.into_iter().chain(expected).collect();
    said.join(" · ")
}

/// Where an observation was read.
#[must_use]
pub const fn source(source: EvidenceSource) -> &'static str {
    match source {
        EvidenceSource::Spec => "spec",
        EvidenceSource::Status => "status",
        EvidenceSource::Event => "event",
        EvidenceSource::Computed => "computed",
        EvidenceSource::Log => "log",
    }
}

/// Class of a tone, for colour; the shape comes with the mark.
#[must_use]
pub const fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Ok => "ok",
        Tone::Pending => "pending",
        Tone::Neutral => "neutral",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
    }
}

/// A value that came as JSON text, without the quotes of a plain string.
#[must_use]
pub fn value(json: &str) -> String {
    let inner = json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(text) if !text.contains(['\\', '"']) => text.to_owned(),
        _ => json.to_owned(),
    }
}

/// A sentence begins with a capital letter; core's messages do not.
#[must_use]
pub fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

#[cfg(test)]
mod tests {
    use kubegraf_ipc::incident::FixRecord;

    use super::*;

    #[test]
    fn a_title_does_not_repeat_the_object_beside_it() {
        let mut row = IncidentRow {
            id: "inc-node_not_ready-1760000000".into(),
            r#type: "node_not_ready".into(),
            severity: Severity::Critical,
            state: IncidentState::Open,
            title: "Node/worker-a3: the kubelet does not report".into(),
            resource: ObjectRef {
                api_version: "v1".into(),
                kind: "Node".into(),
                namespace: String::new(),
                name: "worker-a3".into(),
                uid: None,
            },
            cause: "kubelet_silent".into(),
            confidence: 0.9,
            first_seen: 0,
            last_seen: 0,
            fix_ready: false,
            reopened: 0,
            attention: Default::default(),
        };
        assert_eq!(plain_title(&row), "The kubelet does not report");
        row.title = "two nodes: one rack".into();
        assert_eq!(plain_title(&row), "Two nodes: one rack");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_284, "1,284"),
            (1_051_870, "1,051,870"),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(plural(1, "pod"), "1 pod");
        assert_eq!(plural(50_000, "pod"), "50,000 pods");
    }

    #[test]
    fn what_a_fix_did_before_is_said_first() {
        let mut fix = Fix {
            action: "set_image".into(),
            description: String::new(),
            target: ObjectRef {
                api_version: "apps/v1".into(),
                kind: "Deployment".into(),
                namespace: "shop".into(),
                name: "web".into(),
                uid: None,
            },
            impact: Impact::Medium,
            safety: Safety::NeedsApproval,
            preview: String::new(),
            patch: None,
            expected: 60,
            record: None,
        };
        assert_eq!(expected(&fix), "60 % expected to work");
        fix.record = Some(FixRecord {
            worked: 5,
            times: 6,
        });
        assert_eq!(
            expected(&fix),
            "worked 5 of 6 times here · 60 % expected to work"
        );
        fix.record = Some(FixRecord {
            worked: 0,
            times: 1,
        });
        fix.safety = Safety::PlanOnly;
        assert_eq!(expected(&fix), "worked 0 of 1 time here");
    }

    #[test]
    fn confidence_has_three_words() {
        assert_eq!(confidence(0.96), "likely");
        assert_eq!(confidence(0.75), "likely");
        assert_eq!(confidence(0.5), "possible");
        assert_eq!(confidence(0.05), "weak");
    }

    #[test]
    fn plain_strings_lose_their_quotes_and_nothing_else_does() {
        assert_eq!(value("\"DB_URL\""), "DB_URL");
        assert_eq!(value("137"), "137");
        assert_eq!(value("[\"a\",\"b\"]"), "[\"a\",\"b\"]");
        assert_eq!(value("\"a\\\"b\""), "\"a\\\"b\"");
        assert_eq!(value("\""), "\"");
    }

    #[test]
    fn durations_read_short() {
        assert_eq!(took(2.5), "2.5 s");
        assert_eq!(took(64.4), "1 min 4 s");
    }

    #[test]
    fn messages_become_sentences() {
        assert_eq!(sentence("plan \"x\" is stale"), "Plan \"x\" is stale");
        assert_eq!(sentence(""), "");
    }
}
