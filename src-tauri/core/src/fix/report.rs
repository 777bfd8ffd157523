//! What a fix says, as JSON for programs or as text for people.

use std::io::{self, Write};

use kubegraf_ipc::{
    execution::{Consent, DiffTag, DryRun, Execution, Plan},
    incident::{Fix, Incident},
};
use serde_json::json;

/// All that is known at the end; what was not reached is absent.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The incident.
    pub incident: Option<Incident>,
    /// Its fix.
    pub fix: Option<Fix>,
    /// What was shown.
    pub plan: Option<Plan>,
    /// What was run.
    pub execution: Option<Execution>,
    /// Its lines.
    pub lines: Vec<String>,
    /// Why it went no further.
    pub error: Option<String>,
}

/// The answer for programs.
pub(super) fn json(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    let value = json!({
        "incident": answer.incident,
        "fix": answer.fix,
        "plan": answer.plan,
        "execution": answer.execution,
        "output": answer.lines,
        "error": answer.error,
    });
    serde_json::to_writer_pretty(&mut *out, &value)?;
    writeln!(out)
}

/// The incident and its fix, before anything is asked of the server.
pub(super) fn introduce(incident: &Incident, fix: &Fix, out: &mut dyn Write) -> io::Result<()> {
    let row = &incident.row;
    writeln!(out, "{}", plain(&row.title))?;
    writeln!(out, "  {}", plain(&incident.description))?;
    writeln!(
        out,
        "  type {}, cause {} ({:.0} %), {}\n",
        row.r#type,
        row.cause,
        row.confidence * 100.0,
        row.id
    )?;
    writeln!(out, "{}", plain(&fix.description))?;
    for line in fix.preview.lines() {
        writeln!(out, "  {}", plain(line))?;
    }
    writeln!(out)
}

/// What the server says to it.
pub(super) fn preview(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    for line in &plan.diff {
        match line.tag {
            DiffTag::Same => writeln!(out, "    {}", plain(&line.text))?,
            DiffTag::Delete => writeln!(out, "  - {}", plain(&line.text))?,
            DiffTag::Insert => writeln!(out, "  + {}", plain(&line.text))?,
            DiffTag::Gap => writeln!(out, "    …")?,
        }
    }
    writeln!(out)?;
    match &plan.dry_run {
        DryRun::Accepted => writeln!(out, "The server accepts it (dry run).")?,
        DryRun::Refused { message } => {
            writeln!(out, "The server refuses it: {}", plain(message))?;
        }
    }
    for permission in plan.permissions.iter().filter(|one| !one.allowed) {
        let (verb, resource) = (&permission.verb, &permission.resource);
        writeln!(out, "You may not {} {}.", plain(verb), plain(resource))?;
    }
    for line in &plan.blast_radius {
        writeln!(out, "{}", plain(line))?;
    }
    if let Consent::Type { text } = &plan.consent {
        let text = plain(text);
        writeln!(
            out,
            "Cluster \"{text}\" is protected: its name must be typed."
        )?;
    }
    Ok(())
}

/// Cluster text must not steer the terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}
