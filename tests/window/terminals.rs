//! Terminals as a person uses them: typed into, resized, flooded, ended and closed.

use kubegraf_testcluster::{Cluster, Options, Tier, require};

use crate::{
    display::journey,
    journeys::{ROWS, shows_rows},
    page::{Page, SOON, quoted},
};

const KEYS: &str = ".dock .xterm-helper-textarea";
const DRAWN: &str =
    "(document.querySelector('.dock .xterm-rows')?.innerText ?? '').replaceAll('\\u00a0', ' ')";

/// Opens the menu of a row.
async fn right_click(page: &Page, row: &str) -> Result<(), String> {
    let script = format!(
        "const row = document.querySelector({}); const at = row.getBoundingClientRect(); \
         const where = {{bubbles: true, cancelable: true, button: 2, clientX: at.x + 40, clientY: at.y + 8}}; \
         row.dispatchEvent(new PointerEvent('pointerdown', where)); \
         row.dispatchEvent(new MouseEvent('contextmenu', where)); return 1",
        quoted(row)
    );
    page.run(&script).await.map(drop)
}

/// Types a line.
async fn types(page: &Page, line: &str) -> Result<(), String> {
    page.keys(KEYS, &format!("{line}\u{e007}")).await
}

/// Waits until the terminal shows a line with a text.
async fn shows(page: &Page, text: &str) -> Result<(), String> {
    let script = format!("return {DRAWN}.includes({})", quoted(text));
    match page
        .until(&format!("\"{text}\" in the terminal"), SOON, &script)
        .await
    {
        Ok(_) => Ok(()),
        Err(error) => {
            let drawn = page.run(&format!("return {DRAWN}")).await?;
            Err(format!("{error}; it shows {drawn}"))
        }
    }
}

/// What happens in any terminal that runs a POSIX shell.
async fn works(page: &Page) -> Result<(), String> {
    // The answer, not the echo of what was typed.
    types(page, "echo is-$((6*7)); echo rows-$(stty size)").await?;
    shows(page, "is-42").await?;
    let size = format!("return {DRAWN}.match(/rows-(\\d+) (\\d+)/)?.slice(1).join(' ') ?? false");
    let before = page.until("its size", SOON, &size).await?;
    // The program hears of a new size.
    page.run(
        "const handle = document.querySelector('.dock-handle'); \
         for (let i = 0; i < 6; i++) handle.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowUp', bubbles: true})); \
         return 1",
    )
    .await?;
    let since = std::time::Instant::now();
    loop {
        types(page, "clear; echo rows-$(stty size)").await?;
        let after = page.until("its size", SOON, &size).await?;
        if after != before {
            break;
        }
        if since.elapsed() > SOON {
            return Err(format!("the size stays {before}"));
        }
    }
    // A flood leaves the window alive, and a key ends it.
    types(page, "yes flood").await?;
    shows(page, "flood").await?;
    page.keys(KEYS, "\u{e009}c\u{e000}").await?;
    types(page, "clear; echo af''ter").await?;
    shows(page, "after").await?;
    // What a program says only draws.
    let title = page.run("return document.title").await?;
    types(
        page,
        "printf '\\033]0;owned\\007\\033]52;c;b3duZWQ=\\007\\033]8;;https://example.com\\007li''nk\\033]8;;\\007\\n'",
    )
    .await?;
    shows(page, "link").await?;
    if page.run("return document.title").await? != title {
        return Err("a program has set the window's title".into());
    }
    types(page, "exit 3").await?;
    page.until(
        "its exit code",
        SOON,
        "return document.querySelector('.dock .terminal-bar')?.innerText.includes('exit code 3')",
    )
    .await?;
    // Again, and away.
    page.click(".dock [data-action=again]").await?;
    page.sees(".dock [data-terminal][data-ended=false]", SOON)
        .await?;
    types(page, "echo ag''ain").await?;
    shows(page, "again").await?;
    page.click(".dock .dock-tab-group [aria-label^=Close]")
        .await?;
    page.until(
        "a dock without the terminal",
        SOON,
        "return document.querySelector('.dock [data-terminal]') === null",
    )
    .await
    .map(drop)
}

/// Covers: TRM-01, TRM-06
#[tokio::test]
async fn a_shell_of_this_machine_is_used_in_the_dock() {
    journey("terminal_local", None, |page| async move {
        shows_rows(&page).await?;
        page.click("[data-action=local-terminal]").await?;
        works(&page).await
    })
    .await;
}

/// Covers: POD-12, TRM-02, TRM-08
#[tokio::test]
async fn a_shell_in_a_pod_is_used_in_the_dock() {
    if !require(Tier::Real) {
        return;
    }
    let cluster = Cluster::up(Options::real())
        .await
        .expect("the real cluster comes up");
    let pod = format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: box}}
spec: {{terminationGracePeriodSeconds: 0, containers: [{{name: shell, image: {}, command: [sleep, inf]}}]}}
",
        cluster.image("busybox:1")
    );
    cluster.apply(&pod).await.expect("the pod is accepted");
    let wait = ["wait", "pod/box", "--for=condition=Ready", "--timeout=60s"];
    cluster.run(&wait).await.expect("the pod runs");
    let kubeconfig = cluster.kubeconfig().to_owned();
    journey("terminal_pod", Some(&kubeconfig), |page| async move {
        page.go("pods").await?;
        page.sees(&format!("{ROWS}[data-name=box]"), SOON).await?;
        right_click(&page, "[role=row][data-name=box]").await?;
        page.click("[data-action=menu-terminal]").await?;
        page.sees(KEYS, SOON).await?;
        types(&page, "hostname").await?;
        shows(&page, "box").await?;
        works(&page).await
    })
    .await;
    cluster.down().await.expect("the cluster goes down");
}

/// Covers: TRM-08
#[tokio::test]
async fn the_demo_says_that_nothing_runs_in_its_pods() {
    journey("terminal_demo", None, |page| async move {
        shows_rows(&page).await?;
        right_click(&page, ROWS).await?;
        page.sees(
            "[data-action=menu-terminal]:disabled[title*='demo cluster']",
            SOON,
        )
        .await
    })
    .await;
}
