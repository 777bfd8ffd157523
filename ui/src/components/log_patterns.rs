//! What the warnings and errors of a log have in common, and how often each was read.

use kubegraf_ipc::{
    Error,
    logs::{LogLevel, LogPattern, LogPatterns},
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{
        icon::{Glyph, Icon},
        menu::Menu,
    },
    model::{
        logs,
        words::{grouped, plural, sentence},
    },
    state::logs::Log,
};

/// The button, and the list it opens.
#[component]
pub fn Patterns(
    /// The log.
    log: Log,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let button = view! { "Patterns" <Glyph icon=Icon::Down size=12 /> };
    view! {
        <Menu open label="Patterns of warnings and errors" class="chip" role="dialog" button=button.into_any()>
            <List log open />
        </Menu>
    }
}

#[component]
fn List(
    /// The log.
    log: Log,
    /// Closes the list.
    open: RwSignal<bool>,
) -> impl IntoView {
    let told = RwSignal::new(None::<Result<LogPatterns, Error>>);
    spawn_local(async move {
        told.try_set(Some(log.patterns().await));
    });
    let only = move |pattern: &LogPattern| {
        let query = logs::pattern_query(&pattern.text);
        open.set(false);
        log.ask(|view| {
            (view.query, view.regex, view.only_matches) = (query, true, true);
        });
    };
    move || match told.get() {
        None => view! { <p class="menu-note">"Counting"</p> }.into_any(),
        Some(Err(error)) => {
            view! { <p class="menu-note">{sentence(&error.message)}</p> }.into_any()
        }
        Some(Ok(told)) if told.patterns.is_empty() => {
            view! { <p class="menu-note">"No line says warning or worse."</p> }.into_any()
        }
        Some(Ok(LogPatterns { patterns, others })) => {
            let items = patterns.into_iter().map(|pattern| {
                let from = plural(pattern.sources.len() as u64, "container");
                let class = if pattern.level >= LogLevel::Error {
                    "number tone-bad"
                } else {
                    "number tone-warn"
                };
                let (count, text) = (grouped(pattern.count), pattern.text.clone());
                view! {
                    <button
                        class="menu-item log-pattern"
                        type="button"
                        data-pattern
                        title=format!("{}, from {from}. Show only these lines.", logs::level(pattern.level))
                        on:click=move |_| only(&pattern)
                    >
                        <span class=class>{count}</span>
                        <span class="clip mono">{text}</span>
                    </button>
                }
            });
            view! {
                <p class="menu-note">"Since the log was opened; # is what differs"</p>
                {items.collect_view()}
                {(others > 0).then(|| view! {
                    <p class="menu-note">{format!("{} in other patterns", plural(others, "line"))}</p>
                })}
            }
            .into_any()
        }
    }
}
