//! `bench window`: the app itself over a cluster of many pods. Frames while its table scrolls, and the way of a change from the API server to
//! the frame that shows it. The window is driven as a person's is; what the page says of its frames is all that is known of it.

mod page;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use bytes::{Buf, BytesMut};
use futures::StreamExt;
use http_body_util::BodyExt;
use kube::Client;
use kube::api::{Api, ListParams};
use kube::client::Body;
use kube::core::PartialObjectMeta;
use kubegraf_testcluster::Binary;
use serde_json::Value;
use tokio::task::JoinHandle;
use xtask::bench::sheet::Sheet;

use self::page::Page;
use crate::asked::Asked;
use crate::ours::connect;
use crate::stage::Stage;
use crate::verdict::{at_least, at_most};
use crate::view::percentile;
use crate::wire;

/// Changes in a second.
const RATE: f64 = 1_000.0;
/// Seconds of them, and of each way to scroll.
const SECONDS: u32 = 20;
/// Pods that change.
const CHANGING: u32 = 2_000;
/// Frames in a second that a display shows.
const FULL: f64 = 60.0;
/// What a finger does, a flick does, and a dragged bar does: name and CSS px a frame.
const SCROLLS: &[(&str, u32)] = &[
    ("scroll, 2 rows a frame", 56),
    ("scroll, a screen a frame", 700),
    ("scroll, 100 screens a frame", 70_000),
];

/// Views that are gone to in turn, so many times in all; each has rows in every cluster.
const VIEWS: &str = "['nodes', 'pods', 'namespaces', 'pods']";
const CHANGES: u32 = 80;

/// The app's table, and the plain list that is the floor.
const TABLE: &str = "[role=grid]";
const PLAIN: &str = "#plain";

/// Frames of one stretch of time.
struct Frames {
    what: String,
    /// Milliseconds from each frame to the next.
    gaps: Vec<f64>,
    /// Share of the frames that showed a row without its text.
    bare: f64,
}

/// Brings a cluster up, opens the app on it, prints the table.
pub async fn conduct(asked: &Asked) -> Result<()> {
    let stage = Stage::up(asked.pods).await?;
    let outcome = measured(asked, &stage).await;
    stage.down().await?;
    sheet(asked, &outcome?).publish(asked.write)
}

/// What was seen of the window.
struct Seen {
    /// Seconds from its start to the whole table.
    shown: f64,
    /// Milliseconds from a route to the frame with its rows.
    routes: Vec<f64>,
    frames: Vec<Frames>,
    /// Milliseconds from a change to the frame with it.
    delays: Vec<f64>,
}

async fn measured(asked: &Asked, stage: &Stage) -> Result<Seen> {
    stage.quiet().await?;
    let kubeconfig = stage.cluster().kubeconfig();
    let (_clusters, connection) = connect(&kubeconfig.display().to_string()).await?;
    let began = std::time::Instant::now();
    let page = Page::open(Path::new(&asked.app), kubeconfig).await?;
    page.go("pods").await?;
    let all = format!(
        "return Number(document.querySelector('[role=grid]')?.getAttribute('aria-rowcount')) >= {}",
        asked.pods
    );
    page.until("whole table", &all).await?;
    let shown = began.elapsed().as_secs_f64();
    eprintln!("the window shows {} pods after {shown:.1} s", asked.pods);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let routes = routes(&page).await?;
    let mut frames = vec![scroll(&page, "nothing moves", TABLE, 0).await?];
    for (what, pixels) in SCROLLS {
        frames.push(scroll(&page, what, TABLE, *pixels).await?);
    }
    plain(&page).await?;
    let (what, pixels) = SCROLLS[0];
    frames.push(scroll(&page, &format!("a plain list: {what}"), PLAIN, pixels).await?);
    page.run("document.querySelector('#plain').remove(); return 1")
        .await?;
    let (churned, delays) =
        churn(&page, connection.client().clone(), &stage.cluster().store()).await?;
    frames.push(churned);
    page.close().await?;
    Ok(Seen {
        shown,
        routes,
        frames,
        delays,
    })
}

/// Goes from view to view; answers how long each took to stand there with its rows, painted.
async fn routes(page: &Page) -> Result<Vec<f64>> {
    let script = format!(
        "const views = {VIEWS}, took = []; let changes = 0; window.__routes = null; \
         const go = () => {{ \
           if (changes === {CHANGES}) {{ window.__routes = took; return; }} \
           const view = views[changes++ % views.length], at = performance.now(); \
           const look = () => requestAnimationFrame(() => {{ \
             if (!document.querySelector(`main[data-view=\"${{view}}\"] [role=row][data-uid]`)) return look(); \
             setTimeout(() => {{ took.push(performance.now() - at); setTimeout(go, 100); }}, 0); \
           }}); \
           location.hash = `#/${{view}}`; look(); \
         }}; go(); return 1"
    );
    page.run(&script).await?;
    let took = numbers(
        &page
            .until("end of the routes", "return window.__routes")
            .await?,
    );
    eprintln!("another view: {:.0} ms", percentile(&took, 0.5));
    Ok(took)
}

/// Lays the floor over the table: rows and cells of its size that are all there from the start and never change.
async fn plain(page: &Page) -> Result<()> {
    let script = "const grid = document.querySelector('[role=grid]'), at = grid.getBoundingClientRect(); \
         const cells = [...grid.querySelectorAll('.row:not([data-slot]) .cell')].slice(0, grid.getAttribute('aria-colcount')); \
         const row = cells.map(cell => `<span style=\"position:absolute;left:${cell.getBoundingClientRect().left - at.left}px\"></span>`).join(''); \
         const list = document.createElement('div'); list.id = 'plain'; \
         list.style.cssText = `position:fixed;left:${at.left}px;top:${at.top}px;width:${at.width}px;height:${at.height}px;overflow:auto;z-index:99;background:var(--surface);font-size:12px`; \
         list.innerHTML = `<div style=\"position:relative;height:28px\">${row}</div>`.repeat(1000); \
         [...list.children].forEach(row => [...row.children].forEach((span, i) => span.textContent = cells[i].innerText)); \
         document.body.append(list); return 1";
    page.run(script).await.map(drop)
}

/// Moves a list by so many px a frame, to and fro, and counts the frames.
async fn scroll(page: &Page, what: &str, list: &str, pixels: u32) -> Result<Frames> {
    let script = format!(
        "const grid = document.querySelector('{list}'); grid.scrollTop = 0; \
         const gaps = []; let bare = 0, last = 0, way = {pixels}, until = performance.now() + {SECONDS} * 1000; \
         window.__frames = null; \
         const step = now => {{ \
           if (last) gaps.push(now - last); last = now; \
           const box = grid.getBoundingClientRect(); \
           if ([...grid.querySelectorAll('[data-slot=bones]')].some(row => {{ const at = row.getBoundingClientRect(); \
             return at.bottom > box.top + 30 && at.top < box.bottom; }})) bare += 1; \
           if (now > until) {{ window.__frames = {{gaps, bare: bare / Math.max(gaps.length, 1)}}; return; }} \
           if (grid.scrollTop + way < 0 || grid.scrollTop + way > grid.scrollHeight - grid.clientHeight) way = -way; \
           grid.scrollTop += way; \
           requestAnimationFrame(step); \
         }}; requestAnimationFrame(step); return 1"
    );
    page.run(&script).await?;
    let seen = page.until("frames", "return window.__frames").await?;
    let frames = Frames {
        what: what.to_owned(),
        gaps: numbers(&seen["gaps"]),
        bare: seen["bare"].as_f64().unwrap_or_default(),
    };
    eprintln!("{what}: {:.1} frames/s", frames.rate());
    Ok(frames)
}

/// Lets pods change at [`RATE`] in a table ordered by restarts, where each change goes to the top.
async fn churn(page: &Page, client: Client, store: &str) -> Result<(Frames, Vec<f64>)> {
    page.run("document.querySelector('[role=grid]').scrollTop = 0; return 1")
        .await?;
    let descends = "return document.querySelector('[data-sort=RESTARTS]').closest('[role=columnheader]').getAttribute('aria-sort') === 'descending'";
    while page.run(descends).await? != Value::Bool(true) {
        page.click("[data-sort=RESTARTS]").await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (arrivals, follower) = follow(client).await?;
    let watch = "const at = [...document.querySelectorAll('[role=columnheader]')].findIndex(e => e.dataset.sort === 'RESTARTS' || e.querySelector('[data-sort=RESTARTS]')); \
         window.__stop = false; window.__seen = []; const gaps = []; let last = 0; \
         const step = now => { \
           if (last) gaps.push(now - last); last = now; \
           const row = document.querySelector('[role=row][aria-rowindex=\"1\"][data-uid]'); \
           const count = row ? parseInt(row.children[at].innerText) : null; \
           setTimeout(() => window.__seen.push([Date.now(), count]), 0); \
           if (window.__stop) { window.__gaps = gaps; return; } \
           requestAnimationFrame(step); \
         }; requestAnimationFrame(step); return at";
    page.run(watch).await?;
    let events = RATE as u32 * SECONDS;
    let mut churn = tokio::process::Command::new(Binary::Load.path());
    churn.arg("churn").arg(store);
    churn.args(["--events", &events.to_string()]);
    churn.args(["--pods", &CHANGING.to_string()]);
    churn.args(["--replace", "0", "--rate", &RATE.to_string()]);
    let said = churn
        .kill_on_drop(true)
        .output()
        .await
        .context("start the churn")?;
    if !said.status.success() {
        bail!(
            "the churn failed: {}",
            String::from_utf8_lossy(&said.stderr).trim()
        );
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    page.run("window.__stop = true; return 1").await?;
    page.until("frames", "return window.__gaps ?? null").await?;
    let gaps = numbers(&page.run("return window.__gaps").await?);
    let seen = page.run("return window.__seen").await?;
    follower.abort();
    let arrivals = arrivals.lock().unwrap_or_else(PoisonError::into_inner);
    let delays = delays(&arrivals, &painted(&seen))?;
    let frames = Frames {
        what: format!("{RATE:.0} changes/s, each to the top"),
        gaps,
        bare: 0.0,
    };
    eprintln!("{}: {:.1} frames/s", frames.what, frames.rate());
    Ok((frames, delays))
}

/// When each number arrived, ms since the epoch.
type Arrivals = Arc<Mutex<BTreeMap<u32, f64>>>;

/// A watch of its own beside the app's: says when the API server had told a change.
async fn follow(client: Client) -> Result<(Arrivals, JoinHandle<()>)> {
    let api: Api<PartialObjectMeta<k8s_openapi::api::core::v1::Pod>> = Api::all(client.clone());
    let now = api.list_metadata(&ListParams::default().limit(1)).await?;
    let version = now.metadata.resource_version.unwrap_or_default();
    let request = http::Request::get(format!(
        "/api/v1/pods?watch=1&resourceVersion={version}&timeoutSeconds=600"
    ))
    .header(http::header::ACCEPT, "application/vnd.kubernetes.protobuf")
    .body(Body::empty())?;
    let response = client.send(request).await.context("watch the pods")?;
    if !response.status().is_success() {
        bail!("the watch is refused: {}", response.status());
    }
    let arrivals = Arrivals::default();
    let noted = Arc::clone(&arrivals);
    let follower = tokio::spawn(async move {
        let mut body = response.into_body().into_data_stream();
        let mut left = BytesMut::new();
        while let Some(Ok(piece)) = body.next().await {
            left.extend_from_slice(&piece);
            let now = epoch_ms();
            while let Some(length) = left.first_chunk::<4>() {
                let whole = u32::from_be_bytes(*length) as usize + 4;
                if left.len() < whole {
                    break;
                }
                if let Some(number) = wire::restarts(&left[..whole], true) {
                    let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
                    noted.entry(number).or_insert(now);
                }
                left.advance(whole);
            }
        }
    });
    Ok((arrivals, follower))
}

/// Frames in order: when, and the number at the top.
fn painted(seen: &Value) -> Vec<(f64, u32)> {
    let frame = |frame: &Value| {
        let number = frame.get(1)?.as_u64()?;
        Some((frame.get(0)?.as_f64()?, u32::try_from(number).ok()?))
    };
    seen.as_array()
        .into_iter()
        .flatten()
        .filter_map(frame)
        .collect()
}

/// From each arrival to the first frame whose top is no older. What stood above the changes from the start says nothing of them.
fn delays(arrivals: &BTreeMap<u32, f64>, painted: &[(f64, u32)]) -> Result<Vec<f64>> {
    let before = painted.first().map_or(0, |(_, number)| *number);
    let mut frames = painted.iter().peekable();
    let mut delays = Vec::new();
    let (mut played, mut unseen) = (0_u32, 0_u32);
    for (number, arrived) in arrivals.range(before + 1..) {
        played += 1;
        while frames.next_if(|(_, top)| top < number).is_some() {}
        match frames.peek() {
            Some((at, _)) => delays.push((at - arrived).max(0.0)),
            None => unseen += 1,
        }
    }
    if played == 0 || unseen > 0 {
        bail!("{unseen} of {played} changes were never painted: the run is void");
    }
    Ok(delays)
}

fn sheet(asked: &Asked, seen: &Seen) -> Sheet {
    let Seen {
        shown,
        routes,
        frames,
        delays,
    } = seen;
    let mut rows: Vec<Vec<String>> = frames.iter().map(Frames::row).collect();
    for (what, times) in [
        ("another view → its rows painted", routes),
        ("change at the API server → painted", delays),
    ] {
        let of = |share| format!("{:.0}", percentile(times, share));
        let none = || "–".to_owned();
        rows.push(vec![
            what.to_owned(),
            none(),
            of(0.5),
            of(0.99),
            of(1.0),
            none(),
        ]);
    }
    let slowest = frames
        .iter()
        .filter(|frames| frames.what.starts_with("scroll"))
        .map(Frames::rate)
        .fold(FULL, f64::min);
    let rate = |begins: &str| {
        let found = frames.iter().find(|frames| frames.what.starts_with(begins));
        found.map_or(0.0, Frames::rate)
    };
    Sheet {
        name: format!("window {}", asked.pods),
        title: format!("The window over {} pods", asked.pods),
        how: format!(
            "`cargo xtask bench window --pods {}`: the release build under Xvfb (software rendering, 1280 × 800), driven by WebKit's driver, on the same \
             processors as the API server. It showed all pods {shown:.1} s after its start. {SECONDS} s of each line; a frame is one \
             requestAnimationFrame, bare is the share of frames in which a visible row had no text yet. The plain list is the floor: 1,000 rows of \
             the same cells that are all in the page and never change, none of our code. Another view: {CHANGES} times between views with rows, \
             from the new address to the end of the frame that shows them. The last line: {RATE:.0} changes a second, from \
             the moment another watch was told to the end of the frame that shows it or a later one.",
            asked.pods,
        ),
        columns: ["", "frames/s", "p50 ms", "p99 ms", "most ms", "bare %"]
            .map(str::to_owned)
            .into(),
        rows,
        verdicts: vec![
            at_least("the slowest scroll", slowest, 0.98 * FULL, "frames/s"),
            at_least(
                "scrolling beside a plain list of the same size",
                rate(SCROLLS[0].0) / rate("a plain list"),
                0.9,
                "×",
            ),
            at_most("another view, p50", percentile(routes, 0.5), 50.0, "ms"),
            at_most(
                "change → painted row, p99",
                percentile(delays, 0.99),
                100.0,
                "ms",
            ),
        ],
    }
}

impl Frames {
    fn rate(&self) -> f64 {
        let time: f64 = self.gaps.iter().sum();
        #[allow(clippy::cast_precision_loss, reason = "frames of some seconds")]
        let count = self.gaps.len() as f64;
        count * 1_000.0 / time
    }

    fn row(&self) -> Vec<String> {
        let of = |share| format!("{:.0}", percentile(&self.gaps, share));
        vec![
            self.what.clone(),
            format!("{:.1}", self.rate()),
            of(0.5),
            of(0.99),
            of(1.0),
            format!("{:.1}", self.bare * 100.0),
        ]
    }
}

fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_f64).collect()
}

fn epoch_ms() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_painted_with_the_first_frame_that_is_no_older() {
        let arrivals = BTreeMap::from([(3, 5.0), (10, 100.0), (11, 110.0), (12, 120.0)]);
        let frames = [(90.0, 7), (116.0, 10), (133.0, 12)];
        assert_eq!(delays(&arrivals, &frames).unwrap(), [16.0, 23.0, 13.0]);
        assert!(
            delays(&arrivals, &frames[..2]).is_err(),
            "12 was never seen"
        );
    }

    #[test]
    fn a_rate_is_of_the_time_the_frames_took() {
        let frames = Frames {
            what: "x".into(),
            gaps: vec![10.0, 10.0, 30.0],
            bare: 0.5,
        };
        assert_eq!(frames.row(), ["x", "60.0", "10", "30", "30", "50.0"]);
    }
}
