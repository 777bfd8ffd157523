//! Which keys do what, and giving them others by pressing them.

use leptos::{ev, html, prelude::*};

use super::Part;
use crate::{
    model::{
        chord::Chord,
        keys::{FIXED, Line, Place},
    },
    state::shortcuts::{self, Shortcuts},
};

/// The keys are being pressed for one action.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    /// The action's id.
    id: String,
    /// What was pressed, while something is in its way.
    pressed: Option<Pressed>,
}

/// Keys that cannot simply be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pressed {
    /// They may have no other meaning.
    Refused(String),
    /// They are another action's: its id and what it does.
    Taken {
        chord: Chord,
        id: String,
        does: String,
    },
}

/// Every key, by where it works.
#[component]
pub fn KeyboardPart() -> impl IntoView {
    let shortcuts = Shortcuts::expect();
    let asked = RwSignal::new(None::<Asked>);
    let changed = Memo::new(move |_| shortcuts.map.with(|map| map.is_changed()));
    let places = Place::ALL.map(|place| {
        let lines = move || {
            shortcuts
                .map
                .with(|map| map.of(place).cloned().collect::<Vec<_>>())
        };
        let fixed = FIXED
            .iter()
            .filter(move |key| key.place == place)
            .map(|key| {
                let each = key.keys.split(' ').map(|key| view! { <kbd>{key}</kbd> });
                view! {
                    <div class="shortcut">
                        <span>{key.does}</span>
                        <span class="shortcut-keys">{each.collect_view()}</span>
                        <span class="dim">"fixed"</span>
                    </div>
                }
            });
        view! {
            <div class="key-place">
                <h3>{place.title()}</h3>
                <For
                    each=lines
                    key=|line| (line.what.id.clone(), line.chord.clone(), line.changed)
                    let:line
                >
                    <ShortcutLine line asked />
                </For>
                {fixed.collect_view()}
            </div>
        }
    });
    view! {
        <Part title="Keyboard">
            <p class="dim">
                "Change, then press the keys. Escape leaves them as they are. A letter alone never changes a cluster, whichever it is."
            </p>
            {places.into_iter().collect_view()}
            <div class="shortcut-all">
                <button
                    class="button small"
                    type="button"
                    data-action="reset-shortcuts"
                    disabled=move || !changed.get()
                    on:click=move |_| {
                        asked.set(None);
                        shortcuts.reset_all();
                    }
                >
                    "All keys as they come"
                </button>
            </div>
        </Part>
    }
}

/// One action, its keys, and what can be done about them.
#[component]
fn ShortcutLine(
    /// The action.
    line: Line,
    /// Which action waits for its keys.
    asked: RwSignal<Option<Asked>>,
) -> impl IntoView {
    let shortcuts = Shortcuts::expect();
    let id = StoredValue::new(line.what.id.clone());
    let mine = Memo::new(move |_| {
        let asked = asked.get();
        asked.filter(|asked| id.with_value(|id| asked.id == *id))
    });
    let keys = line.chord.as_ref().map(ToString::to_string);
    let has_keys = keys.is_some();
    let shown = match keys.clone() {
        Some(keys) => view! { <kbd>{keys}</kbd> }.into_any(),
        None => view! { <span class="dim">"no keys"</span> }.into_any(),
    };
    let does = line.what.does.clone();
    let label = format!(
        "Change the keys of: {does}. Now {}",
        keys.as_deref().unwrap_or("none")
    );
    view! {
        <div class="shortcut" data-shortcut=line.what.id.clone()>
            <span>{does}</span>
            <span class="shortcut-keys">{shown}</span>
            <span class="shortcut-deeds">
                <button
                    class="button small"
                    type="button"
                    aria-label=label
                    data-action="change-shortcut"
                    on:click=move |_| asked.set(Some(Asked { id: id.get_value(), pressed: None }))
                >
                    "Change"
                </button>
                {has_keys.then(|| view! {
                    <button
                        class="button small"
                        type="button"
                        data-action="no-shortcut"
                        on:click=move |_| shortcuts.give(&id.get_value(), None)
                    >
                        "None"
                    </button>
                })}
                {line.changed.then(|| view! {
                    <button
                        class="button small"
                        type="button"
                        data-action="reset-shortcut"
                        title=match line.what.default {
                            Some(keys) => format!("It comes with {keys}"),
                            None => "It comes without keys".into(),
                        }
                        on:click=move |_| shortcuts.reset(&id.get_value())
                    >
                        "Reset"
                    </button>
                })}
            </span>
            {move || mine.get().map(|mine| view! { <Press mine asked /> })}
        </div>
    }
}

/// Waits for the keys.
#[component]
fn Press(
    /// The action, and what is in the way.
    mine: Asked,
    /// Which action waits for its keys.
    asked: RwSignal<Option<Asked>>,
) -> impl IntoView {
    let shortcuts = Shortcuts::expect();
    let field = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            // It takes the keys once it has the focus; without it Change can be pressed again.
            let _ = field.focus();
        }
    });
    let own = mine.id.clone();
    let pressed = move |event: ev::KeyboardEvent| {
        // A button in here is pressed by its own keys.
        if event.target() != event.current_target() || event.key() == "Tab" {
            return;
        }
        event.prevent_default();
        event.stop_propagation();
        if event.key() == "Escape" {
            return asked.set(None);
        }
        let Some(chord) = shortcuts::chord(&event) else {
            return;
        };
        let refused = chord.refused().map(Pressed::Refused);
        let taken = || {
            shortcuts.map.with_untracked(|map| {
                let line = map.in_the_way(&own, &chord)?;
                Some(Pressed::Taken {
                    chord: chord.clone(),
                    id: line.what.id.clone(),
                    does: line.what.does.clone(),
                })
            })
        };
        match refused.or_else(taken) {
            None => {
                asked.set(None);
                shortcuts.give(&own, Some(&chord));
            }
            pressed => asked.set(Some(Asked {
                id: own.clone(),
                pressed,
            })),
        }
    };
    let id = StoredValue::new(mine.id);
    let said = match mine.pressed {
        None => view! { "Press the keys …" }.into_any(),
        Some(Pressed::Refused(why)) => view! { {why} ". Press others." }.into_any(),
        Some(Pressed::Taken {
            chord,
            id: other,
            does,
        }) => {
            let text = format!("{chord} is taken: {does}.");
            let swap = move |_| {
                asked.set(None);
                shortcuts.give(&other, None);
                shortcuts.give(&id.get_value(), Some(&chord));
            };
            view! {
                <span>{text} " Press others, or"</span>
                <button class="button small" type="button" data-action="take-shortcut" on:click=swap>
                    "use them here"
                </button>
            }
            .into_any()
        }
    };
    view! {
        <div
            class="shortcut-press"
            role="group"
            aria-label="Press the keys, Escape to leave them"
            aria-live="polite"
            tabindex="0"
            node_ref=field
            on:keydown=pressed
        >
            {said}
            <button class="button small" type="button" on:click=move |_| asked.set(None)>"Cancel"</button>
        </div>
    }
}
