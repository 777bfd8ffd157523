//! A picture of every view the rail offers, in light and dark: what `cargo xtask screenshots` keeps. Each view
//! fits its window.

use std::path::{Path, PathBuf};

use crate::{
    axe,
    display::journey,
    page::{Page, SOON, quoted},
};

/// Where the pictures go, if they are wanted.
fn folder() -> PathBuf {
    match std::env::var_os("KG_SCREENSHOTS").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_TARGET_TMPDIR")).join("window/pictures"),
    }
}

/// What sticks out of the window to the right, if anything.
const FITS: &str = "const wide = document.documentElement.scrollWidth - innerWidth; \
    if (wide > 0) return `the page is ${wide} px too wide`; \
    const out = [...document.querySelectorAll('main button, main a, main input, main select')] \
        .filter(e => e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1 \
            && !e.closest('[role=grid], .facets, .toolbar')); \
    return out.length ? `outside: ${out[0].outerHTML.slice(0, 160)}` : 'fits'";

async fn fits(page: &Page, what: &str) -> Result<(), String> {
    match page.run(FITS).await?.as_str() {
        Some("fits") => Ok(()),
        found => Err(format!("{what}: {}", found.unwrap_or_default())),
    }
}

/// Fills what is empty without a person: a picture of nothing shows nothing.
async fn prepare(page: &Page, route: &str) -> Result<(), String> {
    match route {
        "dashboard" | "cluster-overview" => {
            let drawn = "const line = document.querySelector('.usage-stroke'); \
                return line !== null && line.getAttribute('points').trim().split(' ').length > 2";
            page.until("a line of what is used", SOON, drawn)
                .await
                .map(drop)
        }
        "logs" => {
            let read = "const all = [...document.querySelectorAll('main button')].find(b => b.innerText === 'Read every pod'); \
                all?.click(); return document.querySelectorAll('main [data-line]').length > 12";
            page.until("lines of logs", SOON, read).await.map(drop)
        }
        // The home of the test is nobody's.
        "cluster-manager" => {
            let home = "for (const path of document.querySelectorAll('main code, main .mono')) \
                path.textContent = path.textContent.replace(/^\\/.*\\/(?=none$)/, '~/.kube/'); return 1";
            page.run(home).await.map(drop)
        }
        _ => Ok(()),
    }
}

/// Covers: CMP-14
#[tokio::test]
async fn every_view_has_its_picture_and_fits_its_window() {
    journey("pictures", None, |page| async move {
        let folder = folder();
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        page.go("incidents").await?;
        page.sees("a[data-incident]", SOON).await?;
        let links = page
            .run("return [...document.querySelectorAll('nav.rail a[href]')].map(a => a.getAttribute('href').slice(2))")
            .await?;
        let mut routes: Vec<String> = links
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|link| link.as_str().map(str::to_owned))
            .collect();
        // It opens a shell of this very machine, whose name is nobody's business, and a dock that stays.
        routes.retain(|route| route != "terminal");
        if routes.len() < 10 {
            return Err(format!("the rail offers {routes:?}"));
        }
        let incident = page
            .run("return document.querySelector('a[data-incident] .fix-ready')?.closest('a').getAttribute('href').slice(2) ?? null")
            .await?;
        routes.extend(incident.as_str().map(str::to_owned));
        for theme in ["light", "dark"] {
            page.run(&format!(
                "window.__TAURI__.core.invoke('set_preference', {{request: {{requestId: crypto.randomUUID(), \
                 change: {{preference: 'theme', value: {}}}}}}}); return 1",
                quoted(theme)
            ))
            .await?;
            let now = format!("return document.documentElement.dataset.theme === {}", quoted(theme));
            page.until("the theme", SOON, &now).await?;
            for route in &routes {
                page.go(route).await?;
                page.until("a quiet view", SOON, axe::QUIET).await?;
                prepare(&page, route).await?;
                let name = match route.strip_prefix("incidents/") {
                    Some(_) => "incident",
                    None => route,
                };
                fits(&page, route).await?;
                page.run("document.activeElement?.blur(); return 1").await?;
                // The frame that shows what the page has.
                page.run("return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")
                    .await?;
                page.picture(&folder.join(format!("{name}-{theme}.png")))?;
            }
        }
        Ok(())
    })
    .await;
}
