//! The only file that knows Tauri and scripts: typed commands and streams over the contract.

use std::{
    cell::Cell,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use kubegraf_ipc::{
    Code, Command, Error, Reply, Watch,
    app::{ReportUi, UiReport, Unwatch},
    preferences::TerminalPreferences,
};
use leptos::{logging::warn, task::spawn_local};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

/// Sends a command and awaits its answer.
///
/// # Errors
/// What core answered, or [`Code::Internal`] when the call did not get that far.
pub async fn call<C: Command>(request: C) -> Reply<C> {
    let arguments = arguments(&request)?;
    decode(&invoke(C::NAME, &arguments).await?)
}

/// Sends a command whose answer nobody waits for; a failure is logged.
pub fn send<C: Command + 'static>(request: C) {
    spawn_local(async move {
        if let Err(error) = call(request).await {
            warn!("{}: {error}", C::NAME);
        }
    });
}

/// Opens a stream; events arrive in order until the guard is dropped.
///
/// `on_end` hears why the stream could not be opened, or that something came over it which this window does not
/// understand: what is shown would be wrong from then on, so nothing follows.
///
/// # Errors
/// [`Code::Internal`] when the page runs outside the app.
pub fn watch<W: Watch + 'static>(
    request: &W,
    on_event: impl Fn(W::Event) + 'static,
    on_end: impl FnOnce(Error) + 'static,
) -> Result<WatchGuard, Error> {
    let end = Rc::new(Cell::new(Some(on_end)));
    let ended = Rc::clone(&end);
    let whole = Cell::new(true);
    let handle = move |message: JsValue| match decode(&message) {
        Ok(event) if whole.get() => on_event(event),
        Ok(_) => {}
        Err(error) => {
            whole.set(false);
            if let Some(on_end) = ended.take() {
                report_error(format!("{}: {error}", W::NAME));
                on_end(error);
            }
        }
    };
    let answered = move |answer: Result<(), Error>| {
        if let Err(error) = answer
            && let Some(on_end) = end.take()
        {
            on_end(error);
        }
    };
    open(request, handle, answered)
}

fn open<W: Watch + 'static>(
    request: &W,
    handle: impl Fn(JsValue) + 'static,
    answered: impl FnOnce(Result<(), Error>) + 'static,
) -> Result<WatchGuard, Error> {
    let live = Arc::new(AtomicBool::new(true));
    let alive = Arc::clone(&live);
    let handler = Closure::<dyn Fn(JsValue)>::new(move |message: JsValue| {
        if alive.load(Ordering::Relaxed) {
            handle(message);
        }
    });
    let class: Function = member(&tauri()?, "Channel")?;
    let channel = Reflect::construct(&class, &Array::of1(&handler.into_js_value()))
        .map_err(|thrown| failure(&thrown))?;
    let id = Reflect::get(&channel, &"id".into())
        .ok()
        .and_then(|id| serde_wasm_bindgen::from_value::<u32>(id).ok())
        .ok_or_else(|| Error::new(Code::Internal, "a channel without an id"))?;
    let arguments = arguments(request)?;
    put(&arguments, "events", &channel)?;
    let guard = WatchGuard { id, live };
    let alive = Arc::clone(&guard.live);
    spawn_local(async move {
        let answer = invoke(W::NAME, &arguments).await;
        if alive.load(Ordering::Relaxed) {
            answered(answer.map(drop));
        }
    });
    Ok(guard)
}

/// Opens a stream whose messages are binary: a kind byte and the rest. `answered` hears once whether
/// it could be opened.
///
/// # Errors
/// [`Code::Internal`] when the page runs outside the app.
pub fn watch_bytes<W: Watch + 'static>(
    request: &W,
    on_message: impl Fn(u8, Uint8Array) + 'static,
    answered: impl FnOnce(Result<(), Error>) + 'static,
) -> Result<WatchGuard, Error> {
    let handle = move |message: JsValue| {
        let bytes = Uint8Array::new(&message);
        if bytes.length() == 0 {
            return warn!("{}: an empty message", W::NAME);
        }
        on_message(bytes.get_index(0), bytes.subarray(1, bytes.length()));
    };
    open(request, handle, answered)
}

/// An open stream. Dropping it ends the stream on both sides; late events are ignored.
#[derive(Debug)]
pub struct WatchGuard {
    id: u32,
    live: Arc<AtomicBool>,
}

impl WatchGuard {
    /// The channel's id, by which [`kubegraf_ipc::table::SetTableView`] names the stream.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }
}

impl Drop for WatchGuard {
    fn drop(&mut self) {
        self.live.store(false, Ordering::Relaxed);
        send(Unwatch { watch: self.id });
    }
}

/// What is done when something happens on a screen.
pub struct ScreenEvents {
    /// Text was typed.
    pub text: Box<dyn Fn(String)>,
    /// It has so many columns and rows now.
    pub size: Box<dyn Fn(u16, u16)>,
    /// So many bytes more are drawn.
    pub drawn: Box<dyn Fn(u32)>,
    /// Letters of so many CSS px are wanted.
    pub font: Box<dyn Fn(u32)>,
    /// An address was clicked.
    pub link: Box<dyn Fn(String)>,
}

/// What a terminal is drawn on: the script `terminal.js` around xterm.js, loaded on demand.
#[derive(Clone, Debug)]
pub struct Screen(JsValue);

impl Screen {
    /// Loads the script and makes a screen that tells what happens on it.
    ///
    /// # Errors
    /// [`Code::Internal`] when the script cannot be loaded.
    pub async fn make(heard: ScreenEvents, look: &TerminalPreferences) -> Result<Self, Error> {
        let load: Function = member(&js_sys::global(), "loadTerminal")?;
        let promise = load
            .call0(&JsValue::NULL)
            .map_err(|thrown| failure(&thrown))?
            .dyn_into::<Promise>()
            .map_err(|_| Error::new(Code::Internal, "\"loadTerminal\" returned no promise"))?;
        let script = JsFuture::from(promise).await;
        let script = script.map_err(|thrown| failure(&thrown))?;
        let make: Function = member(&script, "make")?;
        let on = Object::new();
        let text = Closure::<dyn Fn(String)>::new(heard.text).into_js_value();
        let size = Closure::<dyn Fn(u16, u16)>::new(heard.size).into_js_value();
        let drawn = Closure::<dyn Fn(u32)>::new(heard.drawn).into_js_value();
        let font = Closure::<dyn Fn(u32)>::new(heard.font).into_js_value();
        let link = Closure::<dyn Fn(String)>::new(heard.link).into_js_value();
        for (name, does) in [
            ("text", text),
            ("size", size),
            ("drawn", drawn),
            ("font", font),
            ("link", link),
        ] {
            put(&on, name, &does)?;
        }
        let screen = make.call2(&script, &on, &plain(look)?);
        screen.map(Self).map_err(|thrown| failure(&thrown))
    }

    /// Changes how it looks and behaves.
    pub fn look(&self, look: &TerminalPreferences) {
        if let Ok(look) = plain(look) {
            self.call("look", &look);
        }
    }

    /// Shows it in an element.
    pub fn mount(&self, parent: &web_sys::HtmlElement) {
        self.call("mount", parent);
    }

    /// Its columns and rows.
    #[must_use]
    pub fn size(&self) -> Option<(u16, u16)> {
        let size = self.call("size", &JsValue::UNDEFINED)?;
        serde_wasm_bindgen::from_value(size).ok()
    }

    /// Makes it as new.
    pub fn reset(&self) {
        self.call("reset", &JsValue::UNDEFINED);
    }

    /// Draws what a program wrote.
    pub fn write(&self, bytes: &Uint8Array) {
        self.call("write", bytes);
    }

    /// Finds text in what was drawn; answers whether there is any.
    #[must_use]
    pub fn find(&self, text: &str, backwards: bool) -> bool {
        let name = if backwards {
            "findPrevious"
        } else {
            "findNext"
        };
        let found = self.call(name, &text.into());
        found.is_some_and(|found| found.is_truthy())
    }

    /// Takes it away.
    pub fn dispose(&self) {
        self.call("dispose", &JsValue::UNDEFINED);
    }

    fn call(&self, name: &str, argument: &JsValue) -> Option<JsValue> {
        let method: Function = member(&self.0, name).ok()?;
        method.call1(&self.0, argument).ok()
    }
}

/// A fresh id for a change, so that a resent call runs once.
#[must_use]
pub fn request_id() -> String {
    let window: JsValue = js_sys::global().into();
    let random = member::<JsValue>(&window, "crypto").and_then(|crypto| {
        let uuid: Function = member(&crypto, "randomUUID")?;
        uuid.call0(&crypto).map_err(|thrown| failure(&thrown))
    });
    random
        .ok()
        .and_then(|id| id.as_string())
        .unwrap_or_else(|| {
            format!(
                "{:x}-{:x}",
                js_sys::Date::now().to_bits(),
                js_sys::Math::random().to_bits()
            )
        })
}

/// Tells core's log that something failed in the window.
pub fn report_error(message: String) {
    let report = UiReport::Error { message };
    send(ReportUi { report });
}

async fn invoke(name: &str, arguments: &Object) -> Result<JsValue, Error> {
    let core = tauri()?;
    let invoke: Function = member(&core, "invoke")?;
    let promise = invoke
        .call2(&core, &name.into(), arguments)
        .map_err(|thrown| failure(&thrown))?
        .dyn_into::<Promise>()
        .map_err(|_| Error::new(Code::Internal, "\"invoke\" returned no promise"))?;
    JsFuture::from(promise)
        .await
        .map_err(|reject| failure(&reject))
}

/// `window.__TAURI__.core`, the public names of `withGlobalTauri`.
fn tauri() -> Result<JsValue, Error> {
    member::<JsValue>(&js_sys::global(), "__TAURI__")
        .and_then(|tauri| member::<JsValue>(&tauri, "core"))
        .map_err(|_| Error::new(Code::Internal, "this page runs outside the app"))
}

fn arguments<T: Serialize>(request: &T) -> Result<Object, Error> {
    let request = request
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|error| Error::new(Code::Internal, format!("encoding a request: {error}")))?;
    let arguments = Object::new();
    put(&arguments, "request", &request)?;
    Ok(arguments)
}

fn plain<T: Serialize>(value: &T) -> Result<JsValue, Error> {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|error| Error::new(Code::Internal, format!("encoding for the page: {error}")))
}

fn decode<T: DeserializeOwned>(value: &JsValue) -> Result<T, Error> {
    serde_wasm_bindgen::from_value(value.clone())
        .map_err(|error| Error::new(Code::Internal, format!("decoding an answer: {error}")))
}

/// A rejection of core is an [`Error`]; one of Tauri itself (ACL, unknown command) is a string.
fn failure(reject: &JsValue) -> Error {
    if let Ok(error) = serde_wasm_bindgen::from_value::<Error>(reject.clone()) {
        return error;
    }
    let text = reject.as_string().unwrap_or_else(|| format!("{reject:?}"));
    Error::new(Code::Internal, text)
}

/// A property of a plain object. Asked for as [`JsValue`], because bundled modules have no
/// prototype and so are no instance of `Object`.
fn member<T: JsCast>(object: &JsValue, name: &str) -> Result<T, Error> {
    Reflect::get(object, &name.into())
        .ok()
        .filter(|value| !value.is_undefined() && !value.is_null())
        .and_then(|value| value.dyn_into::<T>().ok())
        .ok_or_else(|| Error::new(Code::Internal, format!("\"{name}\" is missing in the page")))
}

fn put(object: &Object, name: &str, value: &JsValue) -> Result<(), Error> {
    Reflect::set(object, &name.into(), value)
        .map(drop)
        .map_err(|thrown| failure(&thrown))
}
