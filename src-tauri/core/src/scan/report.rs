//! The answer of a scan, as JSON for programs or as text for people.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use kubegraf_ipc::{
    incident::{Evidence, Fix, PatchType, Severity, Signal},
    object::ObjectRef,
};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Answer, Error, Output};
use crate::incidents::{Found, Remark};

/// Prints the answer.
pub(super) fn write(answer: &Answer, output: Output, out: &mut dyn Write) -> io::Result<()> {
    let ids = ids(answer);
    match output {
        Output::Json => {
            let incidents: Vec<Value> = answer
                .incidents
                .iter()
                .zip(&ids)
                .map(|(found, id)| incident(answer, found, id))
                .collect();
            let notes: Vec<Value> = answer.remarks.iter().map(note).collect();
            let whole = json!({
                "incidents": incidents, "findings": answer.findings, "notes": notes,
                "now": time(answer.now),
            });
            serde_json::to_writer_pretty(&mut *out, &whole)?;
            writeln!(out)
        }
        Output::Table => table(answer, &ids, out),
    }
}

/// Prints the answer of a scan that could not look.
pub(super) fn write_empty(error: &Error, out: &mut dyn Write) -> io::Result<()> {
    let whole = json!({
        "incidents": [], "findings": [], "notes": [], "error": error.to_string(),
    });
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

/// `inc-<type>-<10-digit second>` of the onset, the next free second on collision: two scans of one
/// cluster give one incident one id, which `kubegraf fix` takes.
fn ids(answer: &Answer) -> Vec<String> {
    let mut taken = BTreeSet::new();
    answer
        .incidents
        .iter()
        .map(|found| {
            let mut second = found.first_seen.max(0);
            while !taken.insert((found.r#type, second)) {
                second += 1;
            }
            format!("inc-{}-{second:010}", found.r#type)
        })
        .collect()
}

fn incident(answer: &Answer, found: &Found, id: &str) -> Value {
    let cause = &found.root_cause;
    json!({
        "id": id,
        "type": found.r#type,
        "severity": found.severity,
        "title": found.title,
        "description": found.description,
        "resource": object(&found.resource),
        "rootCause": {
            "cause": cause.cause,
            "target": object(&cause.target),
            "container": cause.container,
            "confidence": cause.confidence,
            "explanation": cause.explanation,
            "evidence": cause.evidence.iter().map(evidence).collect::<Vec<_>>(),
            "alternatives": cause.alternatives.iter().map(|other| json!({
                "cause": other.cause,
                "target": object(&other.target),
                "confidence": other.confidence,
            })).collect::<Vec<_>>(),
        },
        "chain": found.chain.iter().map(|link| json!({
            "from": object(&link.from), "link": link.link, "to": object(&link.to),
        })).collect::<Vec<_>>(),
        "symptoms": found.symptoms.iter().map(symptom).collect::<Vec<_>>(),
        "affected": found.affected,
        "facts": found.facts,
        "trigger": found.trigger.as_ref().map(|trigger| json!({
            "object": object(&trigger.object), "at": time(trigger.at), "what": trigger.what,
        })),
        "recommendedFixes": found.fixes.iter().map(fix).collect::<Vec<_>>(),
        "state": "open",
        "fingerprint": found.fingerprint,
        "timestamp": time(answer.now),
        "firstSeen": time(found.first_seen),
        "lastSeen": time(answer.now),
        "reopenCount": 0,
    })
}

fn note(remark: &Remark) -> Value {
    json!({"note": remark.note, "object": object(&remark.object), "text": remark.text})
}

fn symptom(signal: &Signal) -> Value {
    json!({
        "type": signal.r#type,
        "object": object(&signal.object),
        "container": signal.container,
        "firstSeen": time(signal.first_seen),
        "lastSeen": time(signal.last_seen),
        "evidence": signal.evidence.iter().map(evidence).collect::<Vec<_>>(),
    })
}

fn evidence(seen: &Evidence) -> Value {
    json!({
        "object": object(&seen.object),
        "field": seen.field,
        "observed": parsed(&seen.observed),
        "expected": seen.expected.as_deref().map(parsed),
        "source": seen.source,
        "at": seen.at.map(time),
    })
}

fn fix(fix: &Fix) -> Value {
    let (r#type, body) = match &fix.patch {
        None => ("none", Value::Null),
        Some(patch) => {
            let r#type = match patch.r#type {
                PatchType::Merge => "merge",
                PatchType::Strategic => "strategic",
                PatchType::Json => "json",
                PatchType::Create => "create",
            };
            (r#type, parsed(&patch.body))
        }
    };
    json!({
        "action": fix.action,
        "description": fix.description,
        "target": object(&fix.target),
        "impact": fix.impact,
        "safety": fix.safety,
        "preview": fix.preview,
        "patch": {"type": r#type, "body": body},
    })
}

fn object(object: &ObjectRef) -> Value {
    let mut value = json!({
        "apiVersion": object.api_version,
        "kind": object.kind,
        "namespace": object.namespace,
        "name": object.name,
    });
    if let Some(uid) = object.uid.as_ref().filter(|uid| !uid.is_empty()) {
        value["uid"] = uid.as_str().into();
    }
    value
}

/// Values travel as JSON text; here they are the values themselves.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fn time(at: i64) -> Value {
    OffsetDateTime::from_unix_timestamp(at)
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .map_or(Value::Null, Value::from)
}

fn table(answer: &Answer, ids: &[String], out: &mut dyn Write) -> io::Result<()> {
    if answer.incidents.is_empty() && answer.findings.is_empty() {
        writeln!(out, "No incidents.")?;
        return notes(answer, out);
    }
    for (found, id) in answer.incidents.iter().zip(ids) {
        let severity = word(found.severity);
        let place = match found.resource.namespace.as_str() {
            "" => String::new(),
            namespace => format!(" in {}", plain(namespace)),
        };
        let cause = &found.root_cause;
        writeln!(out, "{severity:<8}  {}{place}", plain(&found.title))?;
        writeln!(out, "          {}", plain(&found.description))?;
        writeln!(
            out,
            "          type {}, cause {} ({:.0} %), target {}/{}",
            found.r#type,
            cause.cause,
            cause.confidence * 100.0,
            cause.target.kind,
            plain(&cause.target.name),
        )?;
        if let Some(fix) = found.fixes.first() {
            writeln!(out, "          fix: {}", plain(&fix.description))?;
            for line in fix.preview.lines() {
                writeln!(out, "               {}", plain(line))?;
            }
        }
        writeln!(out, "          {id}\n")?;
    }
    for finding in &answer.findings {
        let severity = word(finding.severity);
        let object = &finding.resource;
        let container = finding
            .container
            .as_deref()
            .map_or_else(String::new, |name| format!(", container {}", plain(name)));
        writeln!(
            out,
            "{severity:<8}  {}: {}/{} in {}{container}: {}",
            finding.check,
            object.kind,
            plain(&object.name),
            plain(&object.namespace),
            finding.message,
        )?;
        for path in &finding.paths {
            writeln!(out, "          {}", plain(path))?;
        }
    }
    if !answer.findings.is_empty() {
        writeln!(out, "\n{} findings", answer.findings.len())?;
    }
    let count = |severity| {
        answer
            .incidents
            .iter()
            .filter(|found| found.severity == severity)
            .count()
    };
    writeln!(
        out,
        "{} incidents: {} critical, {} high, {} medium, {} low",
        answer.incidents.len(),
        count(Severity::Critical),
        count(Severity::High),
        count(Severity::Medium),
        count(Severity::Low),
    )?;
    notes(answer, out)
}

fn notes(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    for remark in &answer.remarks {
        let object = &remark.object;
        let place = match object.namespace.as_str() {
            "" => String::new(),
            namespace => format!(" in {}", plain(namespace)),
        };
        writeln!(
            out,
            "note      {}/{}{place} {}",
            object.kind,
            plain(&object.name),
            plain(&remark.text),
        )?;
    }
    Ok(())
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "CRITICAL",
        Severity::High => "HIGH",
        Severity::Medium => "MEDIUM",
        Severity::Low => "LOW",
    }
}

/// Cluster text must not steer the terminal.
fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}
