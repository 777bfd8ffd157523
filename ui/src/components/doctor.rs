//! The doctor's report: the way to a cluster step by step, where it ends, and what to try.

use kubegraf_ipc::{
    Error,
    doctor::{Check, CheckState, Diagnosis},
    object::Tone,
};
use leptos::prelude::*;

use crate::{components::mark::ToneMark, model::words::sentence};

/// The steps, worst news included; a line of bones while they are walked.
#[component]
pub fn DoctorReport(
    /// The report; `None` while it is made.
    report: RwSignal<Option<Result<Diagnosis, Error>>>,
) -> impl IntoView {
    move || {
        match report.get() {
        None => view! {
            <div class="doctor" aria-busy="true" role="status">
                <p class="dim">"Looking step by step: file, credentials, name, connection, certificate, answer …"</p>
                <div class="bone"></div>
            </div>
        }
        .into_any(),
        Some(Err(error)) => view! {
            <p class="tone-bad selectable">{sentence(&error.message)}</p>
        }
        .into_any(),
        Some(Ok(diagnosis)) => view! {
            <ol class="doctor" aria-label="Steps to the cluster">
                {diagnosis.checks.into_iter().map(|check| view! { <Step check /> }).collect_view()}
            </ol>
        }
        .into_any(),
    }
    }
}

/// One step.
#[component]
fn Step(
    /// The step.
    check: Check,
) -> impl IntoView {
    let tone = tone(check.state);
    let took = (check.took_ms > 0).then(|| format!("{} ms", check.took_ms));
    let advice = (!check.advice.is_empty()).then(|| sentence(&check.advice));
    view! {
        <li
            class="step"
            class:step-skipped=check.state == CheckState::Skipped
            class:step-failed=check.state == CheckState::Failed
            data-check=word(check.state)
        >
            <ToneMark tone />
            <span class="step-name">{check.name}</span>
            <span class=format!("step-word tone-{}", crate::model::words::tone(tone))>{word(check.state)}</span>
            <span class="step-took dim number">{took}</span>
            <p class="step-detail selectable">{check.detail}</p>
            {advice.map(|advice| view! {
                <p class="step-advice selectable"><strong>"Try: "</strong>{advice}</p>
            })}
        </li>
    }
}

const fn tone(state: CheckState) -> Tone {
    match state {
        CheckState::Ok => Tone::Ok,
        CheckState::Warning => Tone::Warn,
        CheckState::Failed => Tone::Bad,
        CheckState::Skipped => Tone::Pending,
    }
}

const fn word(state: CheckState) -> &'static str {
    match state {
        CheckState::Ok => "fine",
        CheckState::Warning => "warning",
        CheckState::Failed => "failed",
        CheckState::Skipped => "not reached",
    }
}

/// The report as text, to paste into a message or an issue.
#[must_use]
pub fn report_text(name: &str, diagnosis: &Diagnosis) -> String {
    let mut text = format!("The way to \"{name}\":\n");
    for check in &diagnosis.checks {
        text.push_str(&format!("- {}: {}\n", check.name, word(check.state)));
        for line in check.detail.lines().filter(|line| !line.is_empty()) {
            text.push_str(&format!("    {line}\n"));
        }
        if !check.advice.is_empty() {
            text.push_str(&format!("    try: {}\n", check.advice));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubegraf_ipc::doctor::Step as Way;

    #[test]
    fn a_report_reads_as_text_with_its_advice() {
        let check = |name: &str, state, detail: &str, advice: &str| Check {
            step: Way::Tcp,
            name: name.into(),
            state,
            detail: detail.into(),
            advice: advice.into(),
            took_ms: 3,
        };
        let diagnosis = Diagnosis {
            cluster: "c".into(),
            at: 0,
            checks: vec![
                check("Name", CheckState::Ok, "127.0.0.1", ""),
                check(
                    "Connection",
                    CheckState::Failed,
                    "refused\nport 1",
                    "start the server",
                ),
                check("Certificate", CheckState::Skipped, "", ""),
            ],
        };
        assert_eq!(
            report_text("prod", &diagnosis),
            "The way to \"prod\":\n- Name: fine\n    127.0.0.1\n- Connection: failed\n    refused\n    port 1\n    \
             try: start the server\n- Certificate: not reached\n"
        );
    }
}
