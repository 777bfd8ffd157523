//! Namespaces by how much is in them.

use kubegraf_ipc::overview::{NamespaceLoad, Overview, Resource};
use leptos::prelude::*;

use crate::{
    model::{
        figures::{amount, bar},
        words::grouped,
    },
    route::Route,
    state::{navigation::Navigation, session::Session},
};

/// The namespaces with the most pods; each leads to its pods.
#[component]
pub fn NamespaceList(
    /// The overview.
    overview: RwSignal<Option<Overview>>,
    /// How many are listed.
    most: usize,
) -> impl IntoView {
    let loads = Memo::new(move |_| {
        overview.with(|o| {
            let loads = o.as_ref()?.per_namespace.iter();
            Some(loads.take(most).cloned().collect::<Vec<_>>())
        })
    });
    let fullest = Memo::new(move |_| {
        loads
            .with(|loads| loads.as_ref()?.first().map(|first| first.pods))
            .unwrap_or(0)
    });
    view! {
        <div class="loads">
            <div class="load load-head dim" aria-hidden="true">
                <span>"Namespace"</span>
                <span></span>
                <span class="numeric">"Pods"</span>
                <span class="numeric">"CPU req."</span>
                <span class="numeric">"Mem. req."</span>
            </div>
            <For
                each=move || loads.get().unwrap_or_default()
                key=|load| (load.name.clone(), load.pods, load.failing, load.cpu, load.memory)
                let:load
            >
                <LoadLine load fullest />
            </For>
            <Show when=move || loads.with(|loads| loads.as_ref().is_some_and(Vec::is_empty))>
                <p class="card-note">"No pod runs."</p>
            </Show>
        </div>
    }
}

/// One namespace.
#[component]
fn LoadLine(
    /// Its load.
    load: NamespaceLoad,
    /// Pods of the fullest one.
    fullest: Memo<u64>,
) -> impl IntoView {
    let session = Session::expect();
    let navigation = Navigation::expect();
    let name = load.name.clone();
    let name_shown = load.name.clone();
    let title = format!("Show the pods of {}", load.name);
    let open = move |_| {
        session.choose(vec![name.clone()]);
        navigation.go(&Route::table("pods"));
    };
    let (pods, failing) = (load.pods, load.failing);
    view! {
        <button
            class="load"
            type="button"
            title=title
            data-load=load.name
            on:click=open
        >
            <span class="mono clip">{name_shown}</span>
            <span class="track">
                <span class="fill fill-used" style:width=move || format!("{}%", bar(pods, fullest.get()))></span>
                {(failing > 0).then(|| view! {
                    <span class="fill fill-bad" style:width=move || format!("max(3px, {}%)", bar(failing, fullest.get()))></span>
                })}
            </span>
            <span class="numeric number">
                {grouped(pods)}
                {(failing > 0).then(|| view! {
                    <span class="tone-bad" title="failing">{format!(" ✕{}", grouped(failing))}</span>
                })}
            </span>
            <span class="numeric number dim">{amount(Resource::Cpu, load.cpu)}</span>
            <span class="numeric number dim">{amount(Resource::Memory, load.memory)}</span>
        </button>
    }
}
