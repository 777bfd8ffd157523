//! Incidents beside their fixes: narrowed, acknowledged, put to sleep, judged, taken away as a file.

use crate::{
    display::journey,
    page::{Page, SOON, quoted},
};

/// The ids the list shows, in order.
const SHOWN: &str =
    "[...document.querySelectorAll('a[data-incident]')].map(e => e.dataset.incident)";

async fn opens(page: &Page, id: &str) -> Result<(), String> {
    page.click(&format!("a[data-incident={}]", quoted(id)))
        .await?;
    page.sees(&format!("[data-incident-detail={}]", quoted(id)), SOON)
        .await
}

async fn shows(page: &Page, what: &str, id: &str, is: bool) -> Result<(), String> {
    let script = format!("return {SHOWN}.includes({}) === {is}", quoted(id));
    page.until(what, SOON, &script).await.map(drop)
}

/// Covers: INC-14, INC-19
#[tokio::test]
async fn the_list_is_narrowed_by_severity_type_and_words() {
    journey("incident_filter", None, |page| async move {
        page.go("incidents").await?;
        page.until("several incidents", SOON, &format!("return {SHOWN}.length > 4")).await?;
        // What the head counts is the sum of what the chips count, resolved ones apart.
        let sums = "const head = document.querySelector('[data-counts]').innerText; \
            const total = Number(head.match(/^(\\d+)/)?.[1]); \
            const parts = [...head.matchAll(/(\\d+) (critical|high|medium|low)/g)].reduce((sum, m) => sum + Number(m[1]), 0); \
            return total > 0 && total === parts";
        page.until("a sum of severities", SOON, sums).await?;
        let severity = page.until("a severity to choose", SOON, "return document.querySelector('[data-severity]')?.dataset.severity ?? null").await?;
        let chip = format!("[data-severity={severity}]");
        page.click(&chip).await?;
        let only = format!(
            "const all = [...document.querySelectorAll('a[data-incident]')]; \
             return all.length > 0 && all.every(e => e.querySelector('.severity-' + {severity}))"
        );
        page.until("only those of a severity", SOON, &only).await?;
        page.click(&chip).await?;
        let choose = "const field = document.querySelector('[data-setting=incident-type]'); \
            field.value = field.options[1].value; field.dispatchEvent(new Event('change', {bubbles: true})); \
            return field.value";
        let kind = page.run(choose).await?;
        let only = format!(
            "const all = [...document.querySelectorAll('a[data-incident]')]; \
             return all.length > 0 && all.every(e => e.dataset.type === {kind})"
        );
        page.until("only those of a type", SOON, &only).await?;
        let type_ = "const field = document.querySelector('[aria-label=\"Filter incidents\"]'); \
            field.value = 'no such words'; field.dispatchEvent(new Event('input', {bubbles: true})); return 1";
        page.run(type_).await?;
        page.click("[data-none] button").await?;
        page.until("all of them again", SOON, &format!("return {SHOWN}.length > 4")).await.map(drop)
    })
    .await;
}

/// Covers: INC-15
#[tokio::test]
async fn an_incident_is_acknowledged_snoozed_judged_and_exported() {
    journey("incident_deeds", None, |page| async move {
        page.go("incidents").await?;
        let first = page.until("an incident", SOON, &format!("return {SHOWN}[0] ?? null")).await?;
        let id = first.as_str().unwrap_or_default().to_owned();
        opens(&page, &id).await?;

        page.click("[data-action=acknowledge]").await?;
        let seen = "return document.querySelector('.deeds [data-attention]').innerText.includes('acknowledged')";
        page.until("word of the acknowledgement", SOON, seen).await?;
        page.client().refresh().await.map_err(|e| e.to_string())?;
        page.until("the same after a reload", SOON, "return document.querySelector('.deeds [data-attention]')?.innerText.includes('acknowledged') ?? false").await?;

        page.click("[data-action=feedback]").await?;
        page.click("[data-verdict=Correct]").await?;
        let note = "const field = document.querySelector('[data-field=note]'); field.value = 'seen before, 07 <b>'; \
            field.dispatchEvent(new Event('input', {bubbles: true})); return 1";
        page.run(note).await?;
        page.click("[data-action=send-feedback]").await?;
        page.until("the dialog gone", SOON, "return document.querySelector('[data-feedback]') === null").await?;
        page.click("[data-action=feedback]").await?;
        let said = "return document.querySelector('.feedback-said')?.innerText.includes('seen before, 07 <b>') ?? false";
        page.until("what was said", SOON, said).await?;
        page.run("document.querySelector('[data-feedback]').closest('dialog').dispatchEvent(new Event('cancel', {cancelable: true})); return 1").await?;

        page.click("[data-action=export-incident]").await?;
        let written = "return document.querySelector('[aria-label=Messages]').innerText.match(/Written to (.+\\.md)\\./)?.[1] ?? null";
        let path = page.until("word of the file", SOON, written).await?;
        let path = path.as_str().unwrap_or_default();
        let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
        let title = page.text("[data-incident-detail] h1").await?;
        if !text.contains(&title) {
            return Err(format!("the file does not hold {title:?}: {text}"));
        }

        page.click("[aria-haspopup=menu][aria-label=Snooze]").await?;
        page.click("[data-snooze=\"3600\"]").await?;
        shows(&page, "the list without it", &id, false).await?;
        page.click("[data-snoozed]").await?;
        shows(&page, "it among those asleep", &id, true).await?;
        opens(&page, &id).await?;
        page.click("[aria-haspopup=menu][aria-label=Snooze]").await?;
        page.click("[data-snooze=\"0\"]").await?;
        // The chips before it go with it: what is clicked next has to stand still.
        page.sees("[data-none]", SOON).await?;
        page.click("[data-snoozed]").await?;
        shows(&page, "it in the list again", &id, true).await
    })
    .await;
}
