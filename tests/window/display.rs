//! A window of the app under a display and a driver of its own.

use std::{
    fs::File,
    future::Future,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder};
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};
use xtask::{
    headless::Desktop,
    process::{Running, bound},
};

use crate::page::{Page, SOON};

/// WebKit's driver serves one session at a time, and two windows would slow each other down.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Where a failed journey leaves its screenshot and log.
fn remains() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("window")
}

/// An open window. Dropping it ends the app, the driver and the display.
pub struct Window {
    pub page: Page,
    name: &'static str,
    log: PathBuf,
    desktop: Desktop,
    _driver: Running,
    _data: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// Runs a journey, and keeps what it saw last when it fails.
pub async fn journey<F>(name: &'static str, kubeconfig: Option<&Path>, play: impl FnOnce(Page) -> F)
where
    F: Future<Output = Result<(), String>>,
{
    journey_on_desk(name, kubeconfig, async |_| (), |page, ()| play(page)).await;
}

/// The same on a desktop that offers more than a screen: `prepare` hears the address of its session bus
/// before the app starts, and what it gives is there until the app has ended.
pub async fn journey_on_desk<T: Clone, F>(
    name: &'static str,
    kubeconfig: Option<&Path>,
    prepare: impl AsyncFnOnce(String) -> T,
    play: impl FnOnce(Page, T) -> F,
) where
    F: Future<Output = Result<(), String>>,
{
    if !available() {
        return;
    }
    let (window, desk) = Window::open(name, kubeconfig, prepare).await;
    let outcome = match agree(&window.page).await {
        Ok(()) => play(window.page.clone(), desk.clone()).await,
        Err(error) => Err(error),
    };
    window.end(name, outcome).await;
}

/// The same, from the very first moment on: what a new person is asked is not answered yet.
pub async fn first_start<F>(
    name: &'static str,
    kubeconfig: Option<&Path>,
    play: impl FnOnce(Page) -> F,
) where
    F: Future<Output = Result<(), String>>,
{
    if !available() {
        return;
    }
    let (window, ()) = Window::open(name, kubeconfig, async |_| ()).await;
    let outcome = play(window.page.clone()).await;
    window.end(name, outcome).await;
}

/// Agrees to the privacy policy, as every person does once.
pub async fn agree(page: &Page) -> Result<(), String> {
    page.click("[data-action=accept-policy]").await?;
    let gone = "return document.querySelector('[data-policy]') === null";
    page.until("an end of the policy", SOON, gone)
        .await
        .map(drop)
}

/// Whether windows can be opened here; says what is missing, and fails where CI asks for it.
fn available() -> bool {
    let missing = ["Xvfb", "dbus-daemon", "WebKitWebDriver", "import"]
        .into_iter()
        .find(|tool| {
            let found = Command::new("which")
                .arg(tool)
                .stdout(Stdio::null())
                .status();
            !found.is_ok_and(|status| status.success())
        });
    let Some(tool) = missing else { return true };
    println!("SKIPPED window: \"{tool}\" is missing; `cargo xtask test` installs it");
    let required = std::env::var("KG_REQUIRE_WINDOW").is_ok_and(|value| value == "1");
    assert!(
        !required,
        "\"{tool}\" is missing and windows are required here"
    );
    false
}

impl Window {
    async fn open<T>(
        name: &'static str,
        kubeconfig: Option<&Path>,
        prepare: impl AsyncFnOnce(String) -> T,
    ) -> (Self, T) {
        let turn = ONE_AT_A_TIME.lock().await;
        std::fs::create_dir_all(remains()).expect("the target directory can be written");
        let log = remains().join(format!("{name}.log"));
        let data = tempfile::tempdir().expect("a directory for the app's data");
        let desktop = Desktop::start(1280, 800).expect("a display");
        let desk = prepare(desktop.bus().to_owned()).await;
        let port = free_port();
        let mut driver = bound("WebKitWebDriver");
        driver.arg(format!("--port={port}")).stdin(Stdio::null());
        let output = File::create(&log).expect("the log can be written");
        driver
            .stdout(output.try_clone().expect("a second handle"))
            .stderr(output);
        desktop.host(&mut driver);
        driver
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("KUBEGRAF_DATA_DIR", data.path())
            // What is exported goes there, and nothing of the person's own is read.
            .env("HOME", data.path())
            .env("KUBEGRAF_LOG", "info")
            // A file that is not there is no kubeconfig: the app opens its demo cluster.
            .env(
                "KUBECONFIG",
                kubeconfig.unwrap_or(&data.path().join("none")),
            );
        let driver = Running::start("WebKitWebDriver", &mut driver).expect("the driver starts");
        let page = Page::new(connect(port, &log).await, desktop.display().to_owned());
        let window = Self {
            page,
            name,
            log,
            desktop,
            _driver: driver,
            _data: data,
            _turn: turn,
        };
        (window, desk)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Keeps what a failed journey saw last, and closes the window.
    async fn end(self, name: &str, outcome: Result<(), String>) {
        if let Err(error) = &outcome {
            let shot = remains().join(format!("{name}.png"));
            let kept = self
                .desktop
                .screenshot(&shot)
                .map(|()| shot.display().to_string());
            let log = self.log();
            let tail: Vec<_> = log.lines().rev().take(20).collect();
            let tail: String = tail
                .into_iter()
                .rev()
                .map(|line| format!("  {line}\n"))
                .collect();
            panic!("{name}: {error}\nscreenshot: {kept:?}\nthe app's log ends with\n{tail}");
        }
        self.close().await;
    }

    /// Ends the session, which closes the window, and sees to it that the app is gone.
    async fn close(self) {
        let data = self._data.path().to_owned();
        self.page
            .client()
            .clone()
            .close()
            .await
            .expect("the session ends");
        for _ in 0..100 {
            if processes_with(&data).is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!(
            "{}: processes outlive their window: {:?}",
            self.name,
            processes_with(&data)
        );
    }
}

/// The app's log of the journey that is being played.
pub fn log_of(name: &str) -> String {
    std::fs::read_to_string(remains().join(format!("{name}.log"))).unwrap_or_default()
}

async fn connect(port: u16, log: &Path) -> Client {
    let binary = std::env::var("KUBEGRAF_BINARY")
        .unwrap_or_else(|_| env!("CARGO_BIN_EXE_kubegraf").to_owned());
    let capabilities = json!({
        "browserName": "wry",
        "webkitgtk:browserOptions": { "binary": binary, "args": [] },
    });
    let capabilities = capabilities.as_object().cloned().expect("it is an object");
    let mut last = String::new();
    for _ in 0..100 {
        let mut builder =
            ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities(capabilities.clone());
        match builder.connect(&format!("http://127.0.0.1:{port}")).await {
            Ok(client) => return client,
            Err(error) => last = error.to_string(),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let log = std::fs::read_to_string(log).unwrap_or_default();
    panic!("the driver gives no session: {last}\n{log}");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("it is bound").port()
}

/// Names of the app's processes, found by the data directory in their environment: the driver
/// itself has it too and stays.
fn processes_with(data: &Path) -> Vec<String> {
    let needle = format!("KUBEGRAF_DATA_DIR={}", data.display()).into_bytes();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let environment = std::fs::read(entry.path().join("environ")).ok()?;
            let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
            let ours = environment
                .split(|byte| *byte == 0)
                .any(|variable| variable == needle);
            (ours && !name.starts_with("WebKitWebDriver")).then(|| name.trim().to_owned())
        })
        .collect()
}
