//! The way between views: sections of the rail, their flyouts, and what is pinned.

use crate::{
    display::journey,
    page::{Page, SOON},
};

/// The section whose flyout is out has the focus; presses a key there.
async fn press(page: &Page, key: &str) -> Result<(), String> {
    let script = format!(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{key: {key:?}, bubbles: true, cancelable: true}})); return 1"
    );
    page.run(&script).await.map(drop)
}

/// Waits until what has the focus is called so.
async fn focused(page: &Page, what: &str) -> Result<(), String> {
    let script =
        format!("return document.activeElement?.innerText.trim().startsWith({what:?}) ?? false");
    page.until(&format!("focus on {what}"), SOON, &script)
        .await
        .map(drop)
}

/// The views that are out.
async fn out(page: &Page) -> Result<String, String> {
    let all = "return [...document.querySelectorAll('.flyout:not([hidden]) a .clip')].map(e => e.innerText).join()";
    Ok(page.run(all).await?.as_str().unwrap_or_default().to_owned())
}

/// Covers: NAV-02, NAV-04, NAV-05, NAV-07, NAV-08
#[tokio::test]
async fn a_section_shows_its_views_and_stays_in_sight_when_pinned() {
    journey("sidebar", None, |page| async move {
        page.go("dashboard").await?;
        page.sees("[data-tile]", SOON).await?;
        page.sees("nav.rail a[href='#/pods']", SOON).await?;
        let sections = "return [...document.querySelectorAll('nav.rail [data-section]')].map(e => e.dataset.section).join()";
        let sections = page.run(sections).await?;
        if sections != "Go to a view,Overview,Insights,Workloads,Networking,Platform,Settings" {
            return Err(format!("the rail has {sections}"));
        }
        let width = page.run("return document.querySelector('nav.rail').getBoundingClientRect().width").await?;
        if width.as_f64() != Some(56.0) {
            return Err(format!("the rail is {width} px wide"));
        }

        // By keyboard: to a section, into its flyout, to a view.
        page.run("document.querySelector('[data-section=Workloads]').focus(); return 1").await?;
        page.sees("[data-section=Workloads][aria-expanded=true]", SOON).await?;
        let views = out(&page).await?;
        if views != "Pods,Deployments,ReplicaSets" {
            return Err(format!("the workloads are {views}"));
        }
        press(&page, "ArrowRight").await?;
        focused(&page, "Pods").await?;
        press(&page, "ArrowDown").await?;
        focused(&page, "Deployments").await?;
        page.run("document.activeElement.click(); return 1").await?;
        page.sees("main[data-view=deployments]", SOON).await?;
        page.sees("[data-section=Workloads][aria-current=true][aria-expanded=false]", SOON).await?;
        page.sees("[data-section=Overview]:not([aria-current])", SOON).await?;

        // By a pointer that comes and goes.
        let slot = "document.querySelector('[data-section=Networking]').parentElement";
        page.run(&format!("{slot}.dispatchEvent(new PointerEvent('pointerenter')); return 1")).await?;
        page.sees("[data-section=Networking][aria-expanded=true]", SOON).await?;
        page.run(&format!("{slot}.dispatchEvent(new PointerEvent('pointerleave')); return 1")).await?;
        page.sees("[data-section=Networking][aria-expanded=false]", SOON).await?;

        // A click holds it, Escape puts it away and leaves the focus on its button.
        page.click("[data-section=Insights]").await?;
        page.sees("[data-section=Insights][aria-expanded=true]", SOON).await?;
        press(&page, "Escape").await?;
        page.sees("[data-section=Insights][aria-expanded=false]", SOON).await?;
        page.until("focus on its button", SOON, "return document.activeElement.dataset.section === 'Insights'").await?;

        // What is pinned stays, over a reload too.
        page.click("[data-section=Insights]").await?;
        page.click(".flyout:not([hidden]) [data-pin=insights]").await?;
        page.sees("nav.pins a[href='#/incidents']", SOON).await?;
        page.run("location.reload(); return 1").await?;
        page.sees("nav.pins a[href='#/incidents']", SOON).await?;
        page.click("nav.pins [data-pin=insights]").await?;
        let gone = "return document.querySelector('nav.pins') === null";
        page.until("a sidebar without it", SOON, gone).await?;

        // A few letters find a view.
        page.click("[data-section='Go to a view']").await?;
        page.until("focus on the field", SOON, "return document.activeElement.matches('.flyout input')").await?;
        let typed = "const f = document.activeElement; f.value = 'pf'; f.dispatchEvent(new Event('input', {bubbles: true})); return 1";
        page.run(typed).await?;
        page.until(
            "the only view",
            SOON,
            "return [...document.querySelectorAll('.flyout:not([hidden]) a .clip')].map(e => e.innerText).join() === 'Port-forwards'",
        )
        .await?;
        press(&page, "Enter").await?;
        page.sees("main[data-view=port-forwards]", SOON).await?;

        // What is broken is counted where one would look for it.
        page.until(
            "the number of open incidents",
            SOON,
            "const n = document.querySelector('[data-section=Insights] [data-badge]'); return n !== null && Number(n.dataset.badge) > 0",
        )
        .await
        .map(drop)
    })
    .await;
}
