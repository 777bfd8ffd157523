//! The only file that knows Tauri: typed commands and streams over the contract.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use js_sys::{Array, Function, Object, Promise, Reflect};
use kubegraf_ipc::{
    Code, Command, Error, Reply, Watch,
    app::{ReportUi, UiReport, Unwatch},
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
/// `on_end` hears why the stream could not be opened; it is not called otherwise.
///
/// # Errors
/// [`Code::Internal`] when the page runs outside the app.
pub fn watch<W: Watch + 'static>(
    request: &W,
    on_event: impl Fn(W::Event) + 'static,
    on_end: impl FnOnce(Error) + 'static,
) -> Result<WatchGuard, Error> {
    let live = Arc::new(AtomicBool::new(true));
    let alive = Arc::clone(&live);
    let handler = Closure::<dyn Fn(JsValue)>::new(move |message: JsValue| {
        if alive.load(Ordering::Relaxed) {
            match decode(&message) {
                Ok(event) => on_event(event),
                Err(error) => warn!("{}: {error}", W::NAME),
            }
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
        if let Err(error) = invoke(W::NAME, &arguments).await
            && alive.load(Ordering::Relaxed)
        {
            on_end(error);
        }
    });
    Ok(guard)
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
