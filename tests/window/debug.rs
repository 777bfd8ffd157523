//! Looking where there is no shell: a debug container in a pod and a shell on a node, from the row's menu to
//! what is left behind; and how terminals are set up.

use kubegraf_testcluster::{Cluster, Options, Tier, require};

use crate::{
    display::journey,
    journeys::shows_rows,
    page::{Page, SOON},
    terminals::{choose, fill, right_click, shows, types},
};

/// From the dialog to the approved preview; `said` stands in the preview.
async fn approve(page: &Page, image: &str, said: &[&str]) -> Result<(), String> {
    fill(page, "[data-debug-dialog] [aria-label=Image]", image).await?;
    page.click("[data-action=preview-debug]").await?;
    page.sees(".dialog .diff", SOON).await?;
    let shown = page.text(".dialog .plan").await?;
    for part in said {
        if !shown.contains(part) {
            return Err(format!("\"{part}\" is not in the preview: {shown}"));
        }
    }
    page.click(".dialog [data-action=apply]").await
}

async fn close(page: &Page) -> Result<(), String> {
    page.click(".dock .dock-tab-group [aria-label^=Close]")
        .await?;
    let gone = "return document.querySelector('.dock [data-terminal]') === null";
    page.until("a dock without the terminal", SOON, gone)
        .await
        .map(drop)
}

/// Covers: SEC-18
#[tokio::test]
async fn a_pod_and_a_node_are_looked_into_as_shown() {
    if !require(Tier::Real) {
        return;
    }
    let cluster = Cluster::up(Options::real())
        .await
        .expect("the real cluster comes up");
    let image = cluster.image("busybox:1");
    let pod = format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: box}}
spec: {{terminationGracePeriodSeconds: 0, containers: [{{name: shell, image: {image}, command: [sleep, inf]}}]}}
"
    );
    cluster.apply(&pod).await.expect("the pod is made");
    let wait = ["wait", "pod/box", "--for=condition=Ready", "--timeout=90s"];
    cluster.run(&wait).await.expect("the pod runs");
    journey("debug", Some(cluster.kubeconfig()), |page| async move {
        page.go("pods").await?;
        page.sees("[role=row][data-name=box]", SOON).await?;
        right_click(&page, "[role=row][data-name=box]").await?;
        page.click("[data-action=menu-debug]").await?;
        let chosen = "return document.querySelector('[data-debug-container]')?.value === 'shell'";
        page.until("the pod's own container", SOON, chosen).await?;
        let said = [
            "cannot be removed",
            "ephemeralContainers",
            "targetContainerName: shell",
        ];
        approve(&page, &image, &said).await?;
        shows(&page, "runs").await?;
        types(&page, "echo is-$((6*7)); ps | grep sl''eep").await?;
        shows(&page, "is-42").await?;
        shows(&page, "sleep inf").await?;
        types(&page, "exit").await?;
        page.sees(".dock [data-terminal][data-ended=true]", SOON)
            .await?;
        if page.count(".dock [data-action=again]").await? > 0 {
            return Err("an approval can be used again".into());
        }
        close(&page).await?;

        page.go("nodes").await?;
        page.sees("[role=row][data-uid]", SOON).await?;
        right_click(&page, "[role=row][data-uid]").await?;
        page.click("[data-action=menu-node-shell]").await?;
        let said = [
            "privileged: true",
            "hostPID: true",
            "deleted when the terminal closes",
        ];
        approve(&page, &image, &said).await?;
        shows(&page, "runs").await?;
        types(&page, "echo node-$(id -u)").await?;
        shows(&page, "node-0").await?;
        page.go("pods").await?;
        page.sees("[role=row][data-name^=node-shell]", SOON).await?;
        close(&page).await?;
        page.until(
            "pods without the shell's",
            SOON,
            "return document.querySelector('[role=row][data-name^=node-shell]') === null",
        )
        .await
        .map(drop)
    })
    .await;
    cluster.down().await.expect("the cluster ends");
}

/// Covers: TRM-04
#[tokio::test]
async fn a_terminal_follows_its_settings_and_asks_before_it_opens_an_address() {
    journey("terminal_settings", None, |page| async move {
        shows_rows(&page).await?;
        page.click("[data-action=local-terminal]").await?;
        types(&page, "printf 'https://exam''ple.com/%s\\n' path").await?;
        shows(&page, "https://example.com/path").await?;

        page.go("settings").await?;
        choose(&page, "[data-setting=terminal-font]", "20").await?;
        let size = "const rows = document.querySelector('.dock .xterm-rows'); \
            return getComputedStyle(rows).fontSize === '20px'";
        page.until("larger letters in the open terminal", SOON, size).await?;
        page.click("[data-option=Underline]").await?;
        // A cursor has its shape where one types; elsewhere it is an outline.
        let shaped = "document.querySelector('.dock .xterm-helper-textarea').focus(); \
            return document.querySelector('.dock .xterm-cursor-underline') !== null";
        page.until("an underline as cursor", SOON, shaped).await?;
        choose(&page, "[data-setting=terminal-font]", "12").await?;

        // Clicked, it is shown whole and waits for a yes.
        let clicked = "const row = [...document.querySelectorAll('.dock .xterm-rows > div')] \
                .find(row => row.innerText.replaceAll('\\u00a0', ' ').trim() === 'https://example.com/path'); \
            if (!row) return false; \
            const at = row.getBoundingClientRect(); const screen = document.querySelector('.dock .xterm-screen'); \
            for (const kind of ['mousemove', 'mousedown', 'mouseup', 'click']) { \
                screen.dispatchEvent(new MouseEvent(kind, {clientX: at.x + 40, clientY: at.y + 6, bubbles: true, button: 0})); } \
            return document.querySelector('[data-link-url]')?.innerText === 'https://example.com/path'";
        page.until("the question", SOON, clicked).await?;
        page.click(".dialog .dialog-foot .button:not(.primary)").await?;
        let refused = "return window.__TAURI__.core.invoke('open_link', {request: {url: 'file:///etc/passwd'}}) \
            .then(() => false, error => error.message.includes('neither http nor https'))";
        page.until("a refusal of what is not of the web", SOON, refused).await.map(drop)
    })
    .await;
}
