//! Closing on a desktop with a tray: asked once, hidden, told of what breaks, and brought back by a click.

#![allow(
    clippy::needless_pass_by_value,
    reason = "zbus hands a call's header over by value"
)]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use zbus::{
    Connection, connection, interface, message::Header, object_server::SignalEmitter,
    zvariant::OwnedValue,
};

use crate::{
    display::journey_on_desk,
    page::{Page, SOON, quoted},
};

/// A desktop's tray and its notifications, as the app sees them on the session bus.
#[derive(Clone)]
struct Desk {
    bus: Connection,
    told: Arc<Mutex<Vec<Told>>>,
    item: Item,
}

/// A notification that was shown.
#[derive(Clone, Debug)]
struct Told {
    id: u32,
    title: String,
    body: String,
}

/// Where an item of the tray is: the program's name on the bus and the item's path.
type Item = Arc<Mutex<Option<(String, String)>>>;

/// A node of a menu as it travels: its number, its properties, its children.
type Node = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

struct Tray(Item);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Tray {
    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        Vec::new()
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    fn register_status_notifier_item(&self, path: &str, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().map(ToString::to_string);
        let item = sender.map(|sender| (sender, path.to_owned()));
        *self.0.lock().expect("nobody panics with it") = item;
    }
}

struct Notifications(Arc<Mutex<Vec<Told>>>);

#[interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    #[allow(clippy::too_many_arguments, reason = "the desktop's own interface")]
    fn notify(
        &self,
        _app: &str,
        _replaces: u32,
        _icon: &str,
        summary: &str,
        body: &str,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expires: i32,
    ) -> u32 {
        let mut told = self.0.lock().expect("nobody panics with it");
        let id = u32::try_from(told.len()).expect("they are few") + 1;
        told.push(Told {
            id,
            title: summary.into(),
            body: body.into(),
        });
        id
    }

    fn get_capabilities(&self) -> Vec<String> {
        vec!["body".into(), "actions".into()]
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        let word = || "test".to_owned();
        (word(), word(), word(), "1.2".into())
    }

    fn close_notification(&self, _id: u32) {}

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, action: &str)
    -> zbus::Result<()>;
}

impl Desk {
    async fn on(address: String) -> Self {
        let (told, item) = (Arc::default(), Item::default());
        let bus = connection::Builder::address(address.as_str())
            .and_then(|bus| bus.name("org.kde.StatusNotifierWatcher"))
            .and_then(|bus| bus.name("org.freedesktop.Notifications"))
            .and_then(|bus| bus.serve_at("/StatusNotifierWatcher", Tray(Arc::clone(&item))))
            .and_then(|bus| {
                let notifications = Notifications(Arc::clone(&told));
                bus.serve_at("/org/freedesktop/Notifications", notifications)
            })
            .expect("the names are well formed")
            .build()
            .await
            .expect("the session bus takes a tray");
        Self { bus, told, item }
    }

    /// Chooses the line of the tray's menu called `label`, once it is there.
    async fn choose(&self, label: &str) -> Result<(), String> {
        let since = std::time::Instant::now();
        loop {
            let seen = self.lines().await;
            if let Ok((menu, lines)) = &seen
                && let Some((id, _)) = lines
                    .iter()
                    .find(|(_, text)| text.trim_end_matches('…') == label)
            {
                let data = zbus::zvariant::Value::from(0_i32);
                let event = (*id, "clicked", data, 0_u32);
                return self.ask(menu, "Event", &event).await.map(drop);
            }
            if since.elapsed() > SOON {
                let lines = seen.map(|(_, lines)| lines);
                return Err(format!("no line {label:?} in the tray, but {lines:?}"));
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }

    /// The path of the tray's menu and its lines, those of submenus too.
    async fn lines(&self) -> Result<(String, Vec<(i32, String)>), String> {
        let (name, path) = self.place()?;
        let properties = zbus::fdo::PropertiesProxy::builder(&self.bus)
            .destination(name)
            .and_then(|proxy| proxy.path(path))
            .map_err(|error| error.to_string())?
            .build()
            .await
            .map_err(|error| error.to_string())?;
        let interface = "org.kde.StatusNotifierItem".try_into();
        let menu = properties
            .get(
                interface.map_err(|e: zbus::names::Error| e.to_string())?,
                "Menu",
            )
            .await
            .map_err(|error| error.to_string())?;
        let menu = zbus::zvariant::OwnedObjectPath::try_from(menu)
            .map_err(|error| error.to_string())?
            .to_string();
        let wanted = (0_i32, -1_i32, Vec::<&str>::new());
        let reply = self.ask(&menu, "GetLayout", &wanted).await?;
        let (_, root): (u32, Node) = reply
            .body()
            .deserialize()
            .map_err(|error| error.to_string())?;
        let (mut lines, mut left) = (Vec::new(), vec![root]);
        while let Some((id, properties, children)) = left.pop() {
            let label = properties.get("label");
            if let Some(text) = label.and_then(|label| <&str>::try_from(label).ok()) {
                lines.push((id, text.to_owned()));
            }
            for child in children {
                left.push(Node::try_from(child).map_err(|error| error.to_string())?);
            }
        }
        Ok((menu, lines))
    }

    fn place(&self) -> Result<(String, String), String> {
        let item = self.item.lock().expect("nobody panics with it").clone();
        item.ok_or_else(|| "there is no item in the tray".to_owned())
    }

    async fn ask<B>(&self, menu: &str, method: &str, body: &B) -> Result<zbus::Message, String>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        let (name, _) = self.place()?;
        self.bus
            .call_method(
                Some(name.as_str()),
                menu,
                Some("com.canonical.dbusmenu"),
                method,
                body,
            )
            .await
            .map_err(|error| error.to_string())
    }

    /// Waits for a notification whose title is this.
    async fn tells(&self, title: &str) -> Result<Told, String> {
        let since = std::time::Instant::now();
        loop {
            let told = self.told.lock().expect("nobody panics with it").clone();
            if let Some(found) = told.iter().find(|told| told.title == title) {
                return Ok(found.clone());
            }
            if since.elapsed() > SOON {
                return Err(format!("no notification {title:?}, but {told:?}"));
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    async fn click(&self, told: &Told) -> Result<(), String> {
        let server = self.bus.object_server();
        let notifications = server
            .interface::<_, Notifications>("/org/freedesktop/Notifications")
            .await
            .map_err(|error| error.to_string())?;
        Notifications::action_invoked(notifications.signal_emitter(), told.id, "default")
            .await
            .map_err(|error| error.to_string())
    }
}

async fn asks(page: &Page, command: &str, request: &str) -> Result<(), String> {
    page.run(&format!(
        "window.__TAURI__.core.invoke({}, {{request: {request}}}); return 1",
        quoted(command)
    ))
    .await
    .map(drop)
}

async fn stands(page: &Page, state: &str) -> Result<(), String> {
    let script = format!("return document.visibilityState === {}", quoted(state));
    page.until(&format!("{state} window"), SOON, &script)
        .await
        .map(drop)
}

fn notice(source: &str, level: &str, title: &str) -> String {
    serde_json::json!({
        "requestId": title, "key": "", "level": level, "source": source, "cluster": "prod",
        "title": title, "detail": null, "route": "#/settings",
    })
    .to_string()
}

/// Covers: NTF-04, SET-06
#[tokio::test]
async fn closing_asks_once_hides_and_a_click_on_an_alert_comes_back() {
    journey_on_desk("closing", None, Desk::on, |page, desk| async move {
        page.sees("main[data-view=dashboard]", SOON).await?;
        // Nobody is told on the desktop of what the open window shows.
        let seen = notice("incident", "error", "seen in the window");
        asks(&page, "add_notice", &seen).await?;
        page.sees(".bell [data-unread]", SOON).await?;

        let close = r#"{"how": "close"}"#;
        asks(&page, "leave_window", close).await?;
        page.sees("dialog [data-closing]", SOON).await?;
        stands(&page, "visible").await?;
        page.click("[data-action=closing-hide]").await?;
        stands(&page, "hidden").await?;

        for (source, level, title) in [
            ("command", "error", "not wanted"),
            ("incident", "warning", "not grave"),
            ("incident", "error", "checkout <is> down"),
        ] {
            asks(&page, "add_notice", &notice(source, level, title)).await?;
        }
        let told = desk.tells("Critical incident (prod)").await?;
        if told.body != "checkout &lt;is&gt; down" {
            return Err(format!("the notification says {told:?}"));
        }
        desk.click(&told).await?;
        stands(&page, "visible").await?;
        page.sees("main[data-view=settings]", SOON).await?;
        page.sees(
            "[data-option=\"Keep running in the tray\"][aria-checked=true]",
            SOON,
        )
        .await?;

        asks(&page, "leave_window", close).await?;
        stands(&page, "hidden").await?;
        if page.count("dialog [data-closing]").await? > 0 {
            return Err("it asks a second time".into());
        }
        let told = desk.told.lock().expect("nobody panics with it").clone();
        match told.as_slice() {
            [_] => Ok(()),
            told => Err(format!("one alert was worth it, but there were {told:?}")),
        }
    })
    .await;
}

/// Covers: SYS-05
#[tokio::test]
async fn the_tray_does_what_its_lines_say() {
    journey_on_desk("tray", None, Desk::on, |page, desk| async move {
        page.go("incidents").await?;
        page.sees("a[data-incident]", SOON).await?;
        desk.choose("Hide KubeGraf").await?;
        stands(&page, "hidden").await?;
        desk.choose("Show KubeGraf").await?;
        stands(&page, "visible").await?;
        desk.choose("Settings").await?;
        page.sees("main[data-view=settings]", SOON).await?;
        desk.choose("1 critical").await?;
        page.sees("main[data-view=incidents]", SOON).await?;
        let grave = "const all = [...document.querySelectorAll('a[data-incident] .severity')]; \
            return all.length > 0 && all.every(s => s.classList.contains('severity-critical'))";
        page.until("only critical incidents", SOON, grave).await?;
        desk.choose("Pause background scans").await?;
        page.sees("[data-paused]", SOON).await?;
        page.click("[data-action=resume-scans]").await?;
        page.until(
            "scans that go on",
            SOON,
            "return document.querySelector('[data-paused]') === null",
        )
        .await
        .map(drop)
    })
    .await;
}
