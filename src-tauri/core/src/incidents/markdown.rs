//! An incident as Markdown, to be pasted into a ticket.
//!
//! Names, messages and values come from the cluster: they are quoted as code, never as markup.

use std::fmt::Write;

use kubegraf_ipc::{
    incident::{Evidence, Incident, Safety, Severity},
    lifecycle::Feedback,
    object::ObjectRef,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The whole incident, with what people said about it.
#[must_use]
pub fn markdown(cluster: &str, incident: &Incident, feedback: &[Feedback]) -> String {
    let mut text = String::new();
    // A String takes whatever is written.
    let _ = write(&mut text, cluster, incident, feedback);
    text
}

fn write(
    out: &mut String,
    cluster: &str,
    incident: &Incident,
    feedback: &[Feedback],
) -> std::fmt::Result {
    let row = &incident.row;
    let cause = &incident.root_cause;
    let severity = match row.severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
    };
    writeln!(out, "# {}\n", prose(&row.title))?;
    writeln!(out, "{}\n", prose(&incident.description))?;
    writeln!(out, "| | |\n|-|-|")?;
    for (head, value) in [
        ("Cluster", cluster.to_owned()),
        ("Object", named(&row.resource)),
        ("Type", row.r#type.clone()),
        ("Severity", severity.to_owned()),
        ("Since", time(row.first_seen)),
        ("Last seen", time(row.last_seen)),
        ("Id", row.id.clone()),
    ] {
        writeln!(out, "| {head} | {} |", code(&value))?;
    }
    if let Some(resolution) = &incident.resolution {
        writeln!(out, "| Resolved by | {} |", code(resolution))?;
    }
    if let Some(fix) = &incident.applied_fix {
        let at = time(fix.at);
        writeln!(
            out,
            "| Fix applied | {}, {} |",
            code(&fix.description),
            code(&at)
        )?;
    }
    writeln!(out, "\n## Cause\n")?;
    writeln!(
        out,
        "{} on {}, confidence {:.0} %: {}\n",
        code(&cause.cause),
        code(&named(&cause.target)),
        cause.confidence * 100.0,
        prose(&cause.explanation),
    )?;
    for other in &cause.alternatives {
        writeln!(
            out,
            "- also considered: {} on {}, {:.0} %",
            code(&other.cause),
            code(&named(&other.target)),
            other.confidence * 100.0,
        )?;
    }
    if let Some(trigger) = &incident.trigger {
        writeln!(
            out,
            "- changed just before, {}: {} ({})",
            code(&time(trigger.at)),
            prose(&trigger.what),
            code(&named(&trigger.object)),
        )?;
    }
    if !cause.evidence.is_empty() {
        writeln!(out, "\n## Evidence\n")?;
        for seen in &cause.evidence {
            writeln!(out, "- {}", evidence(seen))?;
        }
    }
    if !incident.chain.is_empty() {
        writeln!(out, "\n## How it spread\n")?;
        for link in &incident.chain {
            writeln!(
                out,
                "- {} {} {}",
                code(&named(&link.from)),
                prose(&link.link),
                code(&named(&link.to)),
            )?;
        }
    }
    writeln!(out, "\n## Symptoms\n")?;
    for symptom in &incident.symptoms {
        writeln!(
            out,
            "- {} on {} since {}",
            code(&symptom.r#type),
            code(&named(&symptom.object)),
            code(&time(symptom.first_seen)),
        )?;
    }
    if !incident.recommended_fixes.is_empty() {
        writeln!(out, "\n## Fixes\n")?;
        for (number, fix) in incident.recommended_fixes.iter().enumerate() {
            let who = match fix.safety {
                Safety::Safe => "safe",
                Safety::NeedsApproval => "needs approval",
                Safety::PlanOnly => "steps for a person",
            };
            writeln!(out, "{}. {} ({who})\n", number + 1, prose(&fix.description))?;
            fence(out, &fix.preview)?;
        }
    }
    if !feedback.is_empty() {
        writeln!(out, "\n## Notes\n")?;
        for said in feedback {
            let verdict = said
                .verdict
                .and_then(|verdict| serde_json::to_value(verdict).ok())
                .and_then(|value| value.as_str().map(|word| word.replace('_', " ")))
                .unwrap_or_else(|| "note".into());
            writeln!(
                out,
                "- {}, {}: {verdict}. {}",
                code(&time(said.at)),
                prose(&said.who),
                prose(&said.note),
            )?;
        }
    }
    Ok(())
}

fn evidence(seen: &Evidence) -> String {
    let expected = seen.expected.as_ref().map_or_else(String::new, |expected| {
        format!(", expected {}", code(expected))
    });
    let (object, field) = (code(&named(&seen.object)), code(&seen.field));
    format!("{object} {field}: {}{expected}", code(&seen.observed))
}

fn named(object: &ObjectRef) -> String {
    match object.namespace.as_str() {
        "" => format!("{}/{}", object.kind, object.name),
        namespace => format!("{}/{} in {namespace}", object.kind, object.name),
    }
}

fn time(at: i64) -> String {
    OffsetDateTime::from_unix_timestamp(at)
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_else(|| at.to_string())
}

/// A code span that nothing inside can end; one line, also inside a table.
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect::<String>()
        .replace('|', "\\|");
    let longest = text
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let ticks = "`".repeat(longest + 1);
    match longest {
        0 => format!("{ticks}{text}{ticks}"),
        _ => format!("{ticks} {text} {ticks}"),
    }
}

/// Running text in which nothing is markup.
fn prose(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            safe.push(' ');
        } else if "\\`*_[]<>#|!~".contains(letter) {
            safe.push('\\');
            safe.push(letter);
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// A block of code, indented so that it belongs to its list item.
fn fence(out: &mut String, text: &str) -> std::fmt::Result {
    for line in text.lines() {
        writeln!(out, "       {line}")?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incidents::{
        Ledger, Quiet, evaluate,
        fixtures::{Scene, deployment, pod, replica_set},
    };

    /// Covers: INC-09
    #[test]
    fn a_report_says_it_all_and_cluster_text_stays_text() {
        let snapshot = Scene::of([
            deployment("web", 1).into(),
            replica_set("web", 1).pods(1).into(),
            pod("web-1-a")
                .image("reg.io/<b>`x`:v2")
                .waiting("ImagePullBackOff", "manifest unknown")
                .of("web", 1)
                .into(),
        ])
        .snapshot();
        let mut ledger = Ledger::new("test", Quiet::default());
        let found = evaluate(&snapshot);
        let incident = ledger.observe(&snapshot, found, 1_790_000_000)[0]
            .incident
            .clone();
        let said = Feedback {
            at: 1_790_000_000,
            who: "ada".into(),
            verdict: None,
            correct_cause: None,
            note: "[click](javascript:1)".into(),
        };
        let text = markdown("prod", &incident, &[said]);
        for part in [
            "## Cause",
            "`image_pull_error`",
            "`Deployment/web in shop`",
            "## Evidence",
            "\\[click\\]",
        ] {
            assert!(text.contains(part), "{part} is missing:\n{text}");
        }
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(prose("<b>"), "\\<b\\>");
    }
}
