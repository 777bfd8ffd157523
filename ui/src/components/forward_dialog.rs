//! Asks which port to forward, and where to.

use kubegraf_ipc::{
    Error,
    forward::{Forward, ListPorts, OfferedPort, StartForward},
    object::ObjectRef,
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{dialog::Dialog, field::Field},
    ipc,
    model::words::sentence,
    state::{forwards::Forwards, toasts::Toasts},
};

/// The dialog, when it is asked for.
#[component]
pub fn ForwardDialog() -> impl IntoView {
    let forwards = Forwards::expect();
    move || {
        let (cluster, object) = forwards.wanted.get()?;
        Some(view! { <Asking cluster object /> })
    }
}

#[component]
fn Asking(
    /// The cluster.
    cluster: String,
    /// What is forwarded to.
    object: ObjectRef,
) -> impl IntoView {
    let (forwards, toasts) = (Forwards::expect(), Toasts::expect());
    let close = move || forwards.wanted.set(None);
    let offered = RwSignal::new(None::<Vec<OfferedPort>>);
    let port = RwSignal::new(String::new());
    let local = RwSignal::new(String::new());
    let failure = RwSignal::new(None::<Error>);
    let sending = RwSignal::new(false);
    let title = format!("Forward a port of {} {}", object.kind, object.name);
    let asked = StoredValue::new((cluster, object));
    spawn_local(async move {
        let (cluster, object) = asked.get_value();
        let answer = ipc::call(ListPorts { cluster, object }).await;
        match answer {
            Ok(ports) => {
                if let Some(first) = ports.first() {
                    port.try_set(first.port.to_string());
                    local.try_set(local_for(first.port));
                }
                offered.try_set(Some(ports));
            }
            Err(error) => {
                offered.try_set(Some(Vec::new()));
                failure.try_set(Some(error));
            }
        }
    });
    let wrong = move || {
        let text = local.get();
        let fine = text.is_empty() || text.parse::<u16>().is_ok();
        (!fine).then(|| format!("\"{text}\" is no port: 1 to 65535, or nothing for any free one."))
    };
    let start = move || {
        if sending.get_untracked() || untrack(wrong).is_some() {
            return;
        }
        sending.set(true);
        failure.set(None);
        let (cluster, object) = asked.get_value();
        let request = StartForward {
            request_id: ipc::request_id(),
            cluster,
            object,
            port: port.get_untracked(),
            local_port: local.get_untracked().parse().unwrap_or(0),
        };
        spawn_local(async move {
            let answer = ipc::call(request).await;
            sending.try_set(false);
            match answer {
                Ok(Forward { url, .. }) => {
                    toasts.say(format!("Forwarding from {url}"));
                    close();
                }
                Err(error) => drop(failure.try_set(Some(error))),
            }
        });
    };
    let choice = move |one: OfferedPort| {
        let number = one.port.to_string();
        let words = [one.port.to_string(), one.name, one.container];
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
        let own = number.clone();
        view! {
            <button
                class="chip"
                type="button"
                data-port=number.clone()
                aria-pressed=move || (port.get() == own).to_string()
                on:click=move |_| {
                    port.set(number.clone());
                    local.set(local_for(one.port));
                }
            >
                {words.join(" · ")}
            </button>
        }
    };
    view! {
        <Dialog title on_close=close>
            <form
                class="dialog-body forward-form"
                data-forward-dialog
                on:submit=move |event| {
                    event.prevent_default();
                    start();
                }
            >
                <div class="forward-ports">
                    {move || offered.get().map(|ports| ports.into_iter().map(choice).collect_view())}
                </div>
                <Field title="Port there" label="Port there" text=port />
                <Field title="Port here" label="Port here" text=local placeholder="any free one" />
                <p class="dim">"It is open to this machine only, never to its network."</p>
                <p class="forward-failure" role="alert">
                    {move || wrong().or_else(|| failure.get().map(|error| sentence(&error.message)))}
                </p>
            </form>
            <div class="dialog-foot">
                <span class="dim">"It ends when you stop it or quit."</span>
                <button class="button" type="button" on:click=move |_| close()>"Cancel"</button>
                <button class="button primary" type="button" data-action="start-forward"
                    disabled=move || sending.get() || port.with(String::is_empty) || wrong().is_some()
                    on:click=move |_| start()>
                    "Forward"
                </button>
            </div>
        </Dialog>
    }
}

/// A port of this machine for one over there: those below 1024 are not everybody's.
fn local_for(port: u16) -> String {
    let local = if port < 1_024 { port + 8_000 } else { port };
    local.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_for_everybody_is_proposed() {
        for (there, here) in [
            (80, "8080"),
            (443, "8443"),
            (8_443, "8443"),
            (1_024, "1024"),
        ] {
            assert_eq!(local_for(there), here);
        }
    }
}
