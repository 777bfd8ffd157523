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
pub async fn right_click(page: &Page, row: &str) -> Result<(), String> {
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
pub async fn types(page: &Page, line: &str) -> Result<(), String> {
    page.keys(KEYS, &format!("{line}\u{e007}")).await
}

/// Waits until the terminal shows a line with a text.
pub async fn shows(page: &Page, text: &str) -> Result<(), String> {
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
    // Nor does it freeze the window: repeated two thousand million times.
    types(
        page,
        "printf 'a\\033[2147483647b\\033[2147483647L\\033[2147483647S\\033[2147483647I'; clear; echo un''harmed",
    )
    .await?;
    shows(page, "unharmed").await?;
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

/// Chooses from a list.
pub async fn choose(page: &Page, list: &str, value: &str) -> Result<(), String> {
    let script = format!(
        "const list = document.querySelector({}); list.value = {}; \
         list.dispatchEvent(new Event('change', {{bubbles: true}})); return 1",
        quoted(list),
        quoted(value)
    );
    page.run(&script).await.map(drop)
}

/// Fills a field.
pub async fn fill(page: &Page, field: &str, text: &str) -> Result<(), String> {
    page.sees(field, SOON).await?;
    let script = format!(
        "const field = document.querySelector({}); field.value = {}; \
         field.dispatchEvent(new Event('input', {{bubbles: true}})); return 1",
        quoted(field),
        quoted(text)
    );
    page.run(&script).await.map(drop)
}

/// One program run by the dialog, and a file copied out by the other.
async fn runs_and_copies(page: &Page) -> Result<(), String> {
    right_click(page, "[role=row][data-name=box]").await?;
    page.click("[data-action=menu-run]").await?;
    fill(
        page,
        "[data-run-dialog] input",
        "echo out > /tmp/made; cat /tmp/made; exit 2",
    )
    .await?;
    page.click("[data-action=run-in-pod]").await?;
    page.until(
        "its output and exit code",
        SOON,
        "return document.querySelector('.run-output')?.innerText.trim() === 'out' \
            && document.querySelector('[data-run-outcome]').innerText.includes('Exit code 2')",
    )
    .await?;
    page.click("[role=dialog] .dialog-foot .button:not(.primary)")
        .await?;
    right_click(page, "[role=row][data-name=box]").await?;
    page.click("[data-action=menu-copy-files]").await?;
    fill(
        page,
        "[data-copy-dialog] [aria-label='Path in the container']",
        "/tmp/made",
    )
    .await?;
    page.click("[data-action=start-copy]").await?;
    let copied = "return document.querySelector('[data-copy-state]').innerText.includes('1 file, 4 bytes copied to')";
    page.until("a copied file", SOON, copied).await?;
    page.click("[role=dialog] .dialog-foot .button:not(.primary)")
        .await
}

/// A port of the pod, from the dialog to its end.
async fn forwards(page: &Page) -> Result<(), String> {
    right_click(page, "[role=row][data-name=box]").await?;
    page.click("[data-action=menu-forward]").await?;
    page.sees(
        "[data-forward-dialog] [data-port='8080'][aria-pressed=true]",
        SOON,
    )
    .await?;
    page.click("[data-action=start-forward]").await?;
    page.go("port-forwards").await?;
    page.sees("[data-forward][data-state=Active]", SOON).await?;
    let url = "return document.querySelector('[data-forward] [data-url]').dataset.url";
    let url = page.run(url).await?;
    let port = url
        .as_str()
        .and_then(|url| url.rsplit(':').next()?.parse::<u16>().ok());
    let port = port.ok_or_else(|| format!("{url} has no port"))?;
    let greeting = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
        std::io::Read::read_to_string(&mut stream, &mut text)?;
        Ok::<_, std::io::Error>(text)
    });
    let greeting = greeting.await.map_err(|error| error.to_string())?;
    if greeting.as_deref().ok() != Some("hello\n") {
        return Err(format!("the forward answers {greeting:?}"));
    }
    // What went through it is counted, it is listed with what runs, and it ends.
    page.until(
        "a counted connection",
        SOON,
        "return document.querySelector('[data-forward]').innerText.includes('1 connection')",
    )
    .await?;
    page.sees(".dock [data-running='1']", SOON).await?;
    page.click("[data-action=stop-forward]").await?;
    page.sees("[data-forward][data-state=Stopped]", SOON)
        .await?;
    page.click("[data-action=forget-forward]").await?;
    page.until(
        "an empty list",
        SOON,
        "return document.querySelector('[data-forward]') === null",
    )
    .await
    .map(drop)
}

/// Covers: TRM-05, TRM-06, CMP-17
#[tokio::test]
async fn a_terminal_fills_the_window_and_goes_on_in_the_dock() {
    journey("terminal_whole", None, |page| async move {
        shows_rows(&page).await?;
        page.go("terminal").await?;
        page.sees(".app[data-dock=whole] .dock [data-terminal]", SOON)
            .await?;
        types(&page, "echo he''re").await?;
        shows(&page, "here").await?;
        let tall = "return document.querySelector('.dock-body').clientHeight > 500";
        page.until("a terminal over the whole window", SOON, tall)
            .await?;
        page.go("pods").await?;
        page.sees(".app[data-dock=part]", SOON).await?;
        types(&page, "echo st''ill").await?;
        shows(&page, "still").await?;
        // It is among what runs, and ends from there.
        page.click(".dock [data-running]").await?;
        page.click("[data-action=end-running]").await?;
        page.until(
            "nothing that runs",
            SOON,
            "return document.querySelector('.dock [data-running], .dock [data-terminal]') === null",
        )
        .await
        .map(drop)
    })
    .await;
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

/// Covers: POD-09, POD-12, TRM-02, TRM-08, PFW-01, PFW-04, PFW-05
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
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: shell
    image: {}
    command: [sh, -c, nc -ll -p 8080 -e echo hello & sleep inf]
    ports: [{{containerPort: 8080, name: greeter}}]
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
        // Another shell, chosen by name.
        page.sees("[data-terminal-container] option", SOON).await?;
        choose(&page, "[data-terminal-run]", "ash").await?;
        types(&page, "echo shell-$0").await?;
        shows(&page, "shell-ash").await?;
        works(&page).await?;
        runs_and_copies(&page).await?;
        forwards(&page).await
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
