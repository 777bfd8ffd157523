//! Runs one program in a container and shows what it said.

use kubegraf_ipc::{
    Error,
    files::InContainer,
    terminal::{RunInPod, RunOutput},
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::dialog::Dialog,
    ipc,
    model::words::{plural, sentence},
    state::pod_tools::PodTools,
};

/// The dialog, when it is asked for.
#[component]
pub fn RunDialog() -> impl IntoView {
    let tools = PodTools::expect();
    move || Some(view! { <Asking place=tools.run.get()? /> })
}

#[component]
fn Asking(
    /// Where it is run.
    place: InContainer,
) -> impl IntoView {
    let tools = PodTools::expect();
    let line = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let told = RwSignal::new(None::<Result<RunOutput, Error>>);
    let title = format!("Run a program in {}", place.pod);
    let place = StoredValue::new(place);
    let run = move || {
        let text = line.get_untracked();
        if busy.get_untracked() || text.trim().is_empty() {
            return;
        }
        busy.set(true);
        told.set(None);
        let InContainer {
            cluster,
            namespace,
            pod,
            uid,
            container,
        } = place.get_value();
        let request = RunInPod {
            request_id: ipc::request_id(),
            cluster,
            namespace,
            pod,
            uid,
            container,
            // Words as a person writes them: pipes and quotes are the shell's.
            words: vec!["sh".into(), "-c".into(), text],
        };
        spawn_local(async move {
            let answer = ipc::call(request).await;
            told.try_set(Some(answer));
            busy.try_set(false);
        });
    };
    let outcome = move || {
        told.with(|told| match told {
            None => String::new(),
            Some(Err(error)) => sentence(&error.message),
            Some(Ok(output)) => {
                let how = match (output.exit_code, &output.reason) {
                    (Some(code), _) => format!("Exit code {code}."),
                    (None, reason) => sentence(reason.as_deref().unwrap_or("it ended")),
                };
                match output.left_out {
                    0 => how,
                    left_out => format!("{how} {} more were left out.", plural(left_out, "byte")),
                }
            }
        })
    };
    let part = move |get: fn(&RunOutput) -> &String| {
        move || {
            told.with(|told| match told {
                Some(Ok(output)) if !get(output).is_empty() => Some(get(output).clone()),
                _ => None,
            })
        }
    };
    let (stdout, stderr) = (part(|output| &output.stdout), part(|output| &output.stderr));
    view! {
        <Dialog title on_close=move || tools.run.set(None)>
            <form
                class="dialog-body forward-form"
                data-run-dialog
                on:submit=move |event| {
                    event.prevent_default();
                    run();
                }
            >
                <input
                    class="input mono"
                    type="text"
                    placeholder="df -h"
                    aria-label="Command line"
                    spellcheck="false"
                    autocomplete="off"
                    autofocus
                    prop:value=move || line.get()
                    on:input:target=move |event| line.set(event.target().value())
                />
                <p class="dim" role="status" data-run-outcome>
                    {move || if busy.get() { "It runs, for a minute at most.".to_owned() } else { outcome() }}
                </p>
                <Show when=move || stdout().is_some()>
                    <pre class="run-output" tabindex="0" aria-label="Output">{stdout}</pre>
                </Show>
                <Show when=move || stderr().is_some()>
                    <pre class="run-output tone-bad" tabindex="0" aria-label="Complaints">{stderr}</pre>
                </Show>
            </form>
            <div class="dialog-foot">
                <span class="dim">"By the container's sh; it is in the audit trail."</span>
                <button class="button" type="button" on:click=move |_| tools.run.set(None)>"Close"</button>
                <button class="button primary" type="button" data-action="run-in-pod"
                    disabled=move || busy.get() || line.with(|line| line.trim().is_empty())
                    on:click=move |_| run()>
                    "Run"
                </button>
            </div>
        </Dialog>
    }
}
