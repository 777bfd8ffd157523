//! How terminals look and behave.

use kubegraf_ipc::{
    preferences::{PreferenceChange, TerminalCursor, TerminalPreferences},
    terminal::{ListShells, Shell},
};
use leptos::{prelude::*, task::spawn_local};

use super::{Check, Choice, Part};
use crate::{ipc, state::choices::Choices};

/// The sizes of letters that are offered, CSS px.
const LETTERS: &[u32] = &[8, 9, 10, 11, 12, 13, 14, 16, 18, 20, 24, 28, 32];
/// The lines to scroll back that are offered.
const SCROLLBACK: &[u32] = &[0, 1_000, 5_000, 10_000, 50_000, 100_000];

#[component]
pub(super) fn TerminalPart() -> impl IntoView {
    let choices = Choices::expect();
    let now = Memo::new(move |_| choices.all.with(|all| all.terminal.clone()));
    let set = move |change: fn(&mut TerminalPreferences, u32), value: u32| {
        let mut terminal = now.get_untracked();
        change(&mut terminal, value);
        choices.change(PreferenceChange::Terminal(terminal));
    };
    let shells = RwSignal::new(Vec::<Shell>::new());
    spawn_local(async move {
        // What cannot be listed cannot be chosen; the user's own remains.
        if let Ok(found) = ipc::call(ListShells {}).await {
            shells.try_set(found);
        }
    });
    let choose_shell = move |path: String| {
        let terminal = TerminalPreferences {
            shell: (!path.is_empty()).then_some(path),
            ..now.get_untracked()
        };
        choices.change(PreferenceChange::Terminal(terminal));
    };
    let cursors = move || {
        let cursors = [
            ("Block", TerminalCursor::Block),
            ("Bar", TerminalCursor::Bar),
            ("Underline", TerminalCursor::Underline),
        ];
        let one = |(title, cursor): (&'static str, TerminalCursor)| {
            let change = PreferenceChange::Terminal(TerminalPreferences {
                cursor,
                ..now.get()
            });
            let on = Signal::derive(move || now.with(|now| now.cursor == cursor));
            view! { <Choice title on change /> }
        };
        cursors.map(one).into_iter().collect_view()
    };
    let switch = move |text: &'static str,
                       read: fn(&TerminalPreferences) -> bool,
                       write: fn(&mut TerminalPreferences, bool)| {
        let change = move |on: bool| {
            let mut terminal = now.get_untracked();
            write(&mut terminal, on);
            PreferenceChange::Terminal(terminal)
        };
        view! { <Check on=Signal::derive(move || now.with(read)) text change /> }
    };
    view! {
        <Part title="Terminals">
            <label class="setting-line">
                <span>"Letters"</span>
                <Figures setting="terminal-font" offered=LETTERS unit="px"
                    now=Signal::derive(move || now.with(|now| now.font_size))
                    choose=move |value| set(|terminal, value| terminal.font_size = value, value) />
            </label>
            <label class="setting-line">
                <span>"Lines to scroll back"</span>
                <Figures setting="terminal-scrollback" offered=SCROLLBACK unit="lines"
                    now=Signal::derive(move || now.with(|now| now.scrollback))
                    choose=move |value| set(|terminal, value| terminal.scrollback = value, value) />
            </label>
            <label class="setting-line">
                <span>"Shell of this computer"</span>
                <select
                    class="input"
                    data-setting="terminal-shell"
                    prop:value=move || now.with(|now| now.shell.clone().unwrap_or_default())
                    on:change:target=move |event| choose_shell(event.target().value())
                >
                    <option value="">"Your own"</option>
                    {move || {
                        let chosen = now.with(|now| now.shell.clone());
                        let mut all: Vec<String> = shells.get().into_iter().map(|shell| shell.path).collect();
                        // One that is not on this computer is shown as it is set.
                        all.extend(chosen.clone().filter(|path| !all.contains(path)));
                        all.into_iter().map(|path| {
                            let selected = chosen.as_ref() == Some(&path);
                            let title = path.clone();
                            view! { <option value=path selected=selected>{title}</option> }
                        }).collect_view()
                    }}
                </select>
            </label>
            <div class="setting-line" role="radiogroup" aria-label="Cursor">
                <span>"Cursor"</span>
                <span class="options">{cursors}</span>
            </div>
            <div class="setting-line">
                <span>"Behaviour"</span>
                <span class="options">
                    {switch("the cursor blinks", |now| now.cursor_blinks, |now, on| now.cursor_blinks = on)}
                    {switch("the bell flashes the terminal", |now| now.bell_flashes, |now, on| now.bell_flashes = on)}
                    {switch("what is selected is copied", |now| now.copy_on_select, |now, on| now.copy_on_select = on)}
                    {switch("a graphics card draws, where there is one", |now| now.gpu, |now, on| now.gpu = on)}
                </span>
            </div>
        </Part>
    }
}

/// One of several figures.
#[component]
fn Figures(
    /// Names the list.
    setting: &'static str,
    /// What is offered.
    offered: &'static [u32],
    /// What they count.
    unit: &'static str,
    /// What is set.
    now: Signal<u32>,
    /// Sets another.
    choose: impl Fn(u32) + 'static,
) -> impl IntoView {
    view! {
        <select
            class="input"
            data-setting=setting
            prop:value=move || now.get().to_string()
            on:change:target=move |event| {
                if let Ok(value) = event.target().value().parse() {
                    choose(value);
                }
            }
        >
            {move || {
                let now = now.get();
                let mut all = offered.to_vec();
                if !all.contains(&now) {
                    all.push(now);
                    all.sort_unstable();
                }
                all.into_iter().map(|value| {
                    view! { <option value=value.to_string() selected=value == now>{format!("{value} {unit}")}</option> }
                }).collect_view()
            }}
        </select>
    }
}
