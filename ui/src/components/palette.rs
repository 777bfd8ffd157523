//! The palette: everything the window can do, found by typing.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use crate::{
    components::icon::{Glyph, Icon},
    model::{
        keys::{Act, Place},
        palette::{self, Entry},
    },
    route::Route,
    state::{
        choices::Choices, dock::Dock, navigation::Navigation, palette::Palette,
        shortcuts::Shortcuts,
    },
};

/// The palette, and the keys that open it.
#[component]
pub fn PalettePanel() -> impl IntoView {
    let palette = Palette::expect();
    let navigation = Navigation::expect();
    let shortcuts = Shortcuts::expect();
    let dock = Dock::expect();
    let choices = Choices::expect();
    let keys = window_event_listener(ev::keydown, move |event| {
        let Some(act) = shortcuts.act_from_afar(Place::Everywhere, &event) else {
            return;
        };
        match act {
            Act::Palette => match palette.typed.with_untracked(Option::is_some) {
                true => palette.close(),
                false => palette.open(""),
            },
            Act::Jump => palette.open(":"),
            Act::Keys => palette.keys.set(true),
            Act::Back => navigation.back(),
            Act::Forward => navigation.forward(),
            Act::Dock => dock.open.update(|open| *open = !*open),
            Act::Larger => choices.zoom(1),
            Act::Smaller => choices.zoom(-1),
            Act::PlainSize => choices.zoom(0),
            Act::View(view) => {
                if let Some(route) = Route::parse(&view) {
                    navigation.go(&route);
                }
            }
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || keys.remove());
    let open = Memo::new(move |_| palette.typed.with(Option::is_some));
    view! {
        <Show when=move || open.get()>
            <Panel />
        </Show>
    }
}

#[component]
fn Panel() -> impl IntoView {
    let palette = Palette::expect();
    let dialog = NodeRef::<html::Dialog>::new();
    let field = NodeRef::<html::Input>::new();
    let before = StoredValue::new_local(document().active_element());
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
        {
            // It is in the document and closed, so showing it cannot fail.
            let _ = dialog.show_modal();
            if let Some(field) = field.get_untracked() {
                let _ = field.focus();
                let end = field.value().len().try_into().unwrap_or(0);
                let _ = field.set_selection_range(end, end);
            }
        }
    });
    on_cleanup(move || {
        let opener = before.try_get_value().flatten();
        let opener = opener.and_then(|opener| opener.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(opener) = opener {
            request_animation_frame(move || {
                // Where the opener is gone, the browser's own choice stays.
                let _ = opener.focus();
            });
        }
    });
    let typed = move || palette.typed.get().unwrap_or_default();
    let found = Memo::new(move |_| {
        let typed = typed();
        let all = palette.entries(&typed);
        if typed.trim_start().starts_with(':') {
            return all;
        }
        palette
            .recent
            .with(|recent| palette::answer(&typed, &all, recent))
    });
    let at = RwSignal::new(0_usize);
    Effect::new(move |_| {
        palette.typed.with(|_| ());
        at.set(0);
    });
    let current = Memo::new(move |_| found.with(|found| found.get(at.get()).cloned()));
    let run = move |entry: Option<Entry>| {
        if let Some(entry) = entry {
            palette.run(&entry);
        }
    };
    let keys = move |event: ev::KeyboardEvent| {
        let count = found.with_untracked(Vec::len);
        match event.key().as_str() {
            "ArrowDown" if count > 0 => at.update(|at| *at = (*at + 1) % count),
            "ArrowUp" if count > 0 => at.update(|at| *at = (*at + count - 1) % count),
            "Enter" => run(current.get_untracked()),
            _ => return,
        }
        event.prevent_default();
        let id = format!("palette-{}", at.get_untracked());
        if let Some(item) = document().get_element_by_id(&id) {
            item.scroll_into_view_with_bool(false);
        }
    };
    let outside = move |event: ev::MouseEvent| {
        if event.target() == event.current_target() {
            palette.close();
        }
    };
    let lines = move || {
        let mut last = None;
        found
            .get()
            .into_iter()
            .enumerate()
            .map(|(index, entry)| {
                let heads = last != Some(entry.group);
                last = Some(entry.group);
                (index, heads, entry)
            })
            .collect::<Vec<_>>()
    };
    view! {
        <dialog
            class="palette"
            role="dialog"
            aria-modal="true"
            aria-label="Command palette"
            node_ref=dialog
            on:cancel=move |event: ev::Event| {
                event.prevent_default();
                palette.close();
            }
            on:click=outside
        >
            <div class="palette-box">
                <div class="palette-field">
                    <Glyph icon=Icon::Search />
                    <input
                        type="text"
                        role="combobox"
                        aria-expanded="true"
                        aria-controls="palette-list"
                        aria-activedescendant=move || format!("palette-{}", at.get())
                        aria-label="Search or run"
                        placeholder="Search or run – : jumps, e.g. :pods kube-system"
                        spellcheck="false"
                        autocomplete="off"
                        node_ref=field
                        prop:value=typed
                        on:input:target=move |event| palette.typed.set(Some(event.target().value()))
                        on:keydown=keys
                    />
                </div>
                <div class="palette-body">
                    <div class="palette-list" id="palette-list" role="listbox" aria-label="Results">
                        <For
                            each=lines
                            key=|(index, heads, entry)| (*index, *heads, entry.group, entry.title.clone(), entry.key.clone())
                            let((index, heads, entry))
                        >
                            {heads.then(|| view! { <p class="palette-group">{entry.group.title()}</p> })}
                            <div
                                class="palette-item"
                                role="option"
                                id=format!("palette-{index}")
                                aria-selected=move || (at.get() == index).to_string()
                                data-entry=entry.title.clone()
                                on:pointermove=move |_| at.set(index)
                                on:click={
                                    let entry = entry.clone();
                                    move |_| run(Some(entry.clone()))
                                }
                            >
                                <span class="clip">{entry.title.clone()}</span>
                                {entry.key.clone().map(|key| view! { <kbd>{key}</kbd> })}
                            </div>
                        </For>
                        <Show when=move || found.with(Vec::is_empty)>
                            <p class="palette-none">"Nothing answers to that."</p>
                        </Show>
                    </div>
                    <div class="palette-preview">
                        {move || current.get().map(|entry| view! {
                            <h2>{entry.group.title()}</h2>
                            <p class="palette-name">{entry.title}</p>
                            <p class="dim">{entry.about}</p>
                        })}
                    </div>
                </div>
                <p class="palette-foot dim">
                    <kbd>"↑"</kbd><kbd>"↓"</kbd>" move "
                    <kbd>"Enter"</kbd>" run "
                    <kbd>"Esc"</kbd>" close"
                </p>
            </div>
        </dialog>
    }
}
