//! What a journey does on the page: look, wait, click, ask.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use fantoccini::{Client, Locator};
use serde_json::Value;

/// The page of a window. Errors are sentences for the person who reads the failed test.
#[derive(Clone)]
pub struct Page {
    client: Client,
    display: String,
}

/// Long enough for a slow machine; nothing waits when what it waits for is there.
pub const SOON: Duration = Duration::from_secs(60);

impl Page {
    pub fn new(client: Client, display: String) -> Self {
        Self { client, display }
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Saves what the screen shows, small: few colours, because the window has few.
    pub fn picture(&self, file: &Path) -> Result<(), String> {
        let saved = Command::new("import")
            .args(["-display", &self.display, "-window", "root"])
            .args([
                "+dither",
                "-colors",
                "160",
                "-define",
                "png:compression-level=9",
            ])
            .arg(format!("PNG8:{}", file.display()))
            .status();
        match saved {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("import ended with {status}")),
            Err(error) => Err(format!("import: {error}")),
        }
    }

    /// Runs a script and gives what it returns.
    pub async fn run(&self, script: &str) -> Result<Value, String> {
        self.client
            .execute(script, Vec::new())
            .await
            .map_err(|error| format!("script failed: {error}"))
    }

    /// Waits until a script returns something true, and gives it.
    pub async fn until(&self, what: &str, limit: Duration, script: &str) -> Result<Value, String> {
        let since = Instant::now();
        loop {
            let value = self.run(script).await?;
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return Ok(value);
            }
            if since.elapsed() > limit {
                return Err(format!("no {what} within {} s", limit.as_secs()));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits for an element.
    pub async fn sees(&self, css: &str, limit: Duration) -> Result<(), String> {
        let script = format!("return document.querySelector({}) !== null", quoted(css));
        self.until(css, limit, &script).await.map(drop)
    }

    /// Waits for an element and clicks it as a person would.
    pub async fn click(&self, css: &str) -> Result<(), String> {
        self.sees(css, SOON).await?;
        let element = self
            .client
            .find(Locator::Css(css))
            .await
            .map_err(|e| format!("{css}: {e}"))?;
        element
            .click()
            .await
            .map_err(|error| format!("{css} cannot be clicked: {error}"))
    }

    /// Types into an element, key by key.
    pub async fn keys(&self, css: &str, text: &str) -> Result<(), String> {
        self.sees(css, SOON).await?;
        let element = self.client.find(Locator::Css(css)).await;
        let element = element.map_err(|error| format!("{css}: {error}"))?;
        let typed = element.send_keys(text).await;
        typed.map_err(|error| format!("{css} takes no keys: {error}"))
    }

    /// The text of the first element.
    pub async fn text(&self, css: &str) -> Result<String, String> {
        let script = format!(
            "return document.querySelector({})?.innerText ?? null",
            quoted(css)
        );
        let value = self.until(css, SOON, &script).await?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// How many elements there are.
    pub async fn count(&self, css: &str) -> Result<u64, String> {
        let script = format!("return document.querySelectorAll({}).length", quoted(css));
        Ok(self.run(&script).await?.as_u64().unwrap_or_default())
    }

    /// Goes to a route of the app.
    pub async fn go(&self, route: &str) -> Result<(), String> {
        self.run(&format!(
            "location.hash = {}",
            quoted(&format!("#/{route}"))
        ))
        .await?;
        let view = route.split('/').next().unwrap_or(route);
        self.sees(&format!("main[data-view=\"{view}\"]"), SOON)
            .await
    }
}

/// A JavaScript string.
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
