//! What keys do in this window: the table of keys, with what the person has made of it.

use kubegraf_ipc::preferences::{PreferenceChange, Shortcut};
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use crate::{
    model::{
        chord::{Chord, Press},
        keys::{Act, Keymap, Place, bindable},
    },
    state::{choices::Choices, session::Session},
    views::registry,
};

/// The keys of the window.
#[derive(Clone, Copy, Debug)]
pub struct Shortcuts {
    /// What they do now.
    pub map: Memo<Keymap>,
    choices: Choices,
}

impl Shortcuts {
    /// Hands the keys to every component below; they follow the settings and the views there are.
    pub fn provide(choices: Choices, session: Session) -> Self {
        let chosen = Memo::new(move |_| choices.all.with(|all| all.shortcuts.clone()));
        let map = Memo::new(move |_| {
            let kinds = session.kinds.get().unwrap_or_default();
            let views: Vec<_> = registry::entries(&kinds, &choices.hidden())
                .into_iter()
                .map(|entry| (entry.route.view().to_owned(), entry.title, entry.keys))
                .collect();
            chosen.with(|chosen| Keymap::new(bindable(&views), chosen))
        });
        let shortcuts = Self { map, choices };
        provide_context(shortcuts);
        shortcuts
    }

    /// The keys provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// What a press does in a place.
    #[must_use]
    pub fn act(self, place: Place, event: &ev::KeyboardEvent) -> Option<Act> {
        let chord = chord(event)?;
        self.map
            .with_untracked(|map| map.act(place, &chord).cloned())
    }

    /// The same for a place that does not have the focus itself: what a person writes, and what belongs to an
    /// open dialog, does nothing.
    #[must_use]
    pub fn act_from_afar(self, place: Place, event: &ev::KeyboardEvent) -> Option<Act> {
        let chord = chord(event)?;
        let act = self
            .map
            .with_untracked(|map| map.act(place, &chord).cloned())?;
        // The palette closes by the keys that open it.
        let anywhere = act == Act::Palette && chord.is_held();
        let field = writes(event) && !chord.is_held();
        (anywhere || !(field || behind_a_dialog())).then_some(act)
    }

    /// The keys of an act, as they are shown.
    #[must_use]
    pub fn keys(self, act: &Act) -> Option<String> {
        self.map.with(|map| map.keys(act))
    }

    /// Gives keys to the action `id`, or takes them away.
    pub fn give(self, id: &str, chord: Option<&Chord>) {
        self.choices.change(PreferenceChange::Shortcut(Shortcut {
            action: id.into(),
            keys: chord.map(ToString::to_string),
        }));
    }

    /// The action's own keys again.
    pub fn reset(self, id: &str) {
        self.choices
            .change(PreferenceChange::PlainShortcut(id.into()));
    }

    /// Every action's own keys again.
    pub fn reset_all(self) {
        self.choices.change(PreferenceChange::PlainShortcuts);
    }
}

/// What was pressed.
#[must_use]
pub fn chord(event: &ev::KeyboardEvent) -> Option<Chord> {
    let (key, code) = (event.key(), event.code());
    Chord::pressed(Press {
        key: &key,
        code: &code,
        control: event.ctrl_key() || event.meta_key(),
        alt: event.alt_key(),
        shift: event.shift_key(),
        alt_graph: event.get_modifier_state("AltGraph"),
    })
}

/// Whether a key press is text for a field.
fn writes(event: &ev::KeyboardEvent) -> bool {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| {
        element
            .closest("input, textarea, select")
            .is_ok_and(|found| found.is_some())
    })
}

fn behind_a_dialog() -> bool {
    document()
        .query_selector("dialog[open]")
        .is_ok_and(|dialog| dialog.is_some())
}
