//! The app's window under a display and a driver of its own. Linux only, as the driver is.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use xtask::headless::Desktop;
use xtask::process::{Running, bound};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// An open window. Dropping it ends the app, the driver and the display.
pub struct Page {
    client: Client,
    _driver: Running,
    _desktop: Desktop,
    _data: tempfile::TempDir,
}

impl Page {
    /// Opens the app with that kubeconfig and data of its own.
    pub async fn open(app: &Path, kubeconfig: &Path) -> Result<Self> {
        let data = tempfile::tempdir().context("make a directory for the app's data")?;
        let desktop = Desktop::start(1280, 800)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut driver = bound("WebKitWebDriver");
        driver
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        desktop.host(&mut driver);
        driver
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("KUBEGRAF_DATA_DIR", data.path())
            .env("HOME", data.path())
            .env("KUBECONFIG", kubeconfig);
        let driver = Running::start("WebKitWebDriver", &mut driver)?;
        let client = connect(port, app).await?;
        let page = Self {
            client,
            _driver: driver,
            _desktop: desktop,
            _data: data,
        };
        page.agree().await?;
        Ok(page)
    }

    /// Agrees to the privacy policy, as every person does once.
    async fn agree(&self) -> Result<()> {
        let accept = "[data-action=accept-policy]";
        let shown = format!("return document.querySelector('{accept}') !== null");
        self.until("policy", &shown).await?;
        self.click(accept).await?;
        let gone = "return document.querySelector('[data-policy]') === null";
        self.until("end of the policy", gone).await.map(drop)
    }

    /// Runs a script and gives what it returns.
    pub async fn run(&self, script: &str) -> Result<Value> {
        let ran = self.client.execute(script, Vec::new()).await;
        ran.context("run a script in the window")
    }

    /// Waits until a script returns something true, and gives it.
    pub async fn until(&self, what: &str, script: &str) -> Result<Value> {
        let since = Instant::now();
        loop {
            let value = self.run(script).await?;
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return Ok(value);
            }
            if since.elapsed() > PATIENCE {
                bail!("no {what} within {} s", PATIENCE.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Goes to a view.
    pub async fn go(&self, view: &str) -> Result<()> {
        self.run(&format!("location.hash = '#/{view}'")).await?;
        let there = format!("return document.querySelector('main[data-view=\"{view}\"]') !== null");
        self.until(view, &there).await.map(drop)
    }

    /// Clicks an element.
    pub async fn click(&self, css: &str) -> Result<()> {
        let element = self.client.find(Locator::Css(css)).await;
        let element = element.with_context(|| format!("find {css}"))?;
        element
            .click()
            .await
            .with_context(|| format!("click {css}"))
    }

    /// Ends the session, which closes the window.
    pub async fn close(self) -> Result<()> {
        self.client.close().await.context("end the session")
    }
}

async fn connect(port: u16, app: &Path) -> Result<Client> {
    let capabilities = json!({
        "browserName": "wry",
        "webkitgtk:browserOptions": { "binary": app, "args": [] },
    });
    let capabilities = capabilities.as_object().cloned().unwrap_or_default();
    let since = Instant::now();
    loop {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities.clone());
        match builder.connect(&format!("http://127.0.0.1:{port}")).await {
            Ok(client) => return Ok(client),
            Err(error) if since.elapsed() > Duration::from_secs(60) => {
                return Err(error).context("the driver gives no session");
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}
