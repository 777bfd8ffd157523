//! Every view in every size a person can choose, in small and large windows: nothing sticks out, nothing is cut.

use std::time::Duration;

use serde_json::Value;

use crate::{
    axe,
    display::journey,
    page::{Page, SOON},
};

/// Width and height of the window in px, and percent.
const SIZES: &[(u32, u32, u32)] = &[
    (1280, 800, 200),
    (1280, 800, 150),
    (1280, 800, 125),
    (1280, 800, 100),
    (1920, 1080, 200),
    (1920, 1080, 100),
    (3840, 2160, 200),
    (3840, 2160, 100),
];

/// What sticks out and cannot be scrolled to, if anything.
pub const OUTSIDE: &str = "const page = document.documentElement; \
    if (page.scrollWidth > innerWidth + 1) return `the page is ${page.scrollWidth - innerWidth} px too wide`; \
    if (page.scrollHeight > innerHeight + 1) return `the page is ${page.scrollHeight - innerHeight} px too high`; \
    const scrolls = e => { for (let p = e.parentElement; p; p = p.parentElement) { \
        const flow = getComputedStyle(p).overflowX; \
        if ((flow === 'auto' || flow === 'scroll') && p.scrollWidth > p.clientWidth + 1) return true; } return false; }; \
    const out = [...document.querySelectorAll('header button, main button, main a, main input, main select, main h1, main h2, .dock-bar button')] \
        .filter(e => e.getClientRects().length && !scrolls(e)) \
        .filter(e => { const at = e.getBoundingClientRect(); return at.right > innerWidth + 1 || at.left < -1; }); \
    if (out.length) return `outside: ${out[0].outerHTML.slice(0, 200)}`; \
    const main = document.querySelector('main'); \
    if (!document.querySelector('.dock-body') && main.clientHeight < innerHeight * 0.6) return `the view has ${main.clientHeight} of ${innerHeight} px`; \
    return null";

/// The routes the rail offers.
pub async fn routes(page: &Page) -> Result<Vec<String>, String> {
    let links = page
        .run("return [...document.querySelectorAll('nav.rail a[href]')].map(a => a.getAttribute('href').slice(2))")
        .await?;
    let links = links.as_array().cloned().unwrap_or_default();
    let routes: Vec<String> = links
        .iter()
        .filter_map(|link| link.as_str().map(str::to_owned))
        .collect();
    match routes.len() {
        0..10 => Err(format!("the rail offers {routes:?}")),
        _ => Ok(routes),
    }
}

async fn draw(page: &Page, (width, height, percent): (u32, u32, u32)) -> Result<(), String> {
    page.client()
        .set_window_size(width, height)
        .await
        .map_err(|error| error.to_string())?;
    page.run(&format!(
        "window.__TAURI__.core.invoke('set_preference', {{request: {{requestId: crypto.randomUUID(), \
         change: {{preference: 'zoom', value: {percent}}}}}}}); return 1"
    ))
    .await?;
    let there = format!("return Math.abs(innerWidth - {width} * 100 / {percent}) <= 2");
    page.until(&format!("{percent} % of {width} px"), SOON, &there)
        .await
        .map(drop)
}

/// Covers: SET-11
#[tokio::test]
async fn every_view_fits_in_every_size() {
    journey("sizes", None, |page| async move {
        page.go("incidents").await?;
        page.sees("a[data-incident]", SOON).await?;
        let mut routes = routes(&page).await?;
        let incident = page
            .run("return document.querySelector('a[data-incident]').getAttribute('href').slice(2)")
            .await?;
        routes.extend(incident.as_str().map(str::to_owned));
        // It opens the dock, which stays: what it leaves to a view is for a person to say.
        routes.retain(|route| route != "terminal");
        let mut found = Vec::new();
        for size in SIZES {
            draw(&page, *size).await?;
            for route in &routes {
                page.go(route).await?;
                page.until("a quiet view", SOON, axe::QUIET).await?;
                let (width, _, percent) = size;
                if let Value::String(what) = page.run(OUTSIDE).await? {
                    found.push(format!("{route} in {width} px at {percent} %: {what}"));
                }
            }
        }
        match found.as_slice() {
            [] => Ok(()),
            found => Err(found.join("\n")),
        }
    })
    .await;
}

/// Covers: SET-11
#[tokio::test]
async fn keys_draw_everything_larger_and_it_stays_so() {
    journey("larger", None, |page| async move {
        page.go("dashboard").await?;
        page.sees("[data-tile]", SOON).await?;
        let before = page.run("return innerWidth").await?.as_f64().unwrap_or_default();
        page.run(
            "window.dispatchEvent(new KeyboardEvent('keydown', {key: '+', ctrlKey: true, bubbles: true, cancelable: true})); return 1",
        )
        .await?;
        let larger = format!("return Math.abs(innerWidth - {before} / 1.1) <= 2");
        page.until("110 %", SOON, &larger).await?;
        page.client().refresh().await.map_err(|e| e.to_string())?;
        page.sees("[data-tile]", SOON).await?;
        page.until("110 % after a reload", Duration::from_secs(5), &larger)
            .await?;
        page.go("settings").await?;
        // The driver's pointer does not know of the size: it would come down elsewhere.
        page.sees("[data-option=\"100 %\"]", SOON).await?;
        page.run("document.querySelector('[data-option=\"100 %\"]').click(); return 1")
            .await?;
        page.until("100 %", SOON, &format!("return Math.abs(innerWidth - {before}) <= 1"))
            .await
            .map(drop)
    })
    .await;
}
