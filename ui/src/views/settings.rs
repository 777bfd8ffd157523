//! What can be set; applied at once and kept by core.

mod backup;
mod desktop;
mod features;
mod keyboard;
mod login;
mod terminal;
mod updates;

use kubegraf_ipc::preferences::{PreferenceChange, Scheme, Theme};
use leptos::prelude::*;

use crate::{
    components::{
        diagnostics::Diagnostics,
        icon::{Glyph, Icon},
        policy::Promises,
        tick::Tick,
    },
    model::{fuzzy, zoom},
    route::{Page, Route},
    state::{choices::Choices, palette::Palette, session::Session},
    views::registry,
};

/// A part of the view.
struct PartInfo {
    /// Its heading.
    title: &'static str,
    /// The words it is found by, besides its heading.
    words: &'static str,
}

/// The parts, in their order.
const PARTS: &[PartInfo] = &[
    part(
        "Appearance",
        "theme light dark colours scheme high contrast flash changes motion size zoom larger percent",
    ),
    part("Start", "view dashboard first opens"),
    part(
        "Window",
        "closing close tray hide quit login autostart start",
    ),
    part(
        "Notifications",
        "alerts desktop native incidents changes clusters scans pause background",
    ),
    part("Refresh", "interval dashboard overview seconds"),
    part(
        "Terminals",
        "terminal font size letters scrollback cursor blink bell copy on select shell gpu webgl",
    ),
    part("Tables", "columns layout reset order width"),
    part("Clusters", "kubeconfig files contexts protected"),
    part(
        "Safety",
        "read-only readonly protected production confirm changes",
    ),
    part(
        "Login",
        "accounts users password sign in roles admin viewer session",
    ),
    part(
        "Features",
        "flags switch off fixes logs port-forwards files export doctor feedback snoozing exec plugins",
    ),
    part(
        "Keyboard",
        "shortcuts keys bindings change reset conflict press",
    ),
    part(
        "Database and backup",
        "restore daily copies retention SQLite",
    ),
    part("Settings as a file", "export import"),
    part("Updates", "newer version check install publisher"),
    part("Privacy", "policy telemetry consent data secrets"),
    part(
        "Diagnostics",
        "cache statistics capabilities connections API calls latency watches memory throttled",
    ),
    part("About", "version licence data directory"),
];

const fn part(title: &'static str, words: &'static str) -> PartInfo {
    PartInfo { title, words }
}

/// The settings.
#[component]
pub fn SettingsView() -> impl IntoView {
    let search = RwSignal::new(String::new());
    let shows = move |title: &'static str| {
        Signal::derive(move || {
            let part = PARTS.iter().find(|part| part.title == title);
            search.with(|typed| {
                part.is_some_and(|part| {
                    let words: Vec<_> =
                        part.title.split(' ').chain(part.words.split(' ')).collect();
                    typed
                        .split_whitespace()
                        .all(|typed| words.iter().any(|word| fuzzy_start(typed, word)))
                })
            })
        })
    };
    let palette = Palette::expect();
    Effect::new(move |_| {
        if palette.change_keys.get() {
            palette.change_keys.set(false);
            // The parts stand when the frame does.
            request_animation_frame(|| jump("Keyboard"));
        }
    });
    let none = move || PARTS.iter().all(|part| !shows(part.title).get());
    view! {
        <div class="view-head">
            <h1>"Settings"</h1>
            <span class="dim">"Applied at once, kept on this computer"</span>
        </div>
        <div class="toolbar">
            <div class="filter">
                <Glyph icon=Icon::Search size=14 />
                <input
                    class="input"
                    type="text"
                    placeholder="Find a setting"
                    aria-label="Find a setting"
                    prop:value=move || search.get()
                    on:input:target=move |event| search.set(event.target().value())
                />
            </div>
        </div>
        <div class="settings-frame">
        <nav class="settings-nav" aria-label="Settings">
            {PARTS.iter().map(|part| {
                let title = part.title;
                let shown = shows(title);
                view! {
                    <button
                        class="settings-jump"
                        type="button"
                        disabled=move || !shown.get()
                        on:click=move |_| jump(title)
                    >
                        {title}
                    </button>
                }
            }).collect_view()}
        </nav>
        <div class="board settings">
            <Show when=move || shows("Appearance").get()><Appearance /></Show>
            <Show when=move || shows("Start").get()><Start /></Show>
            <Show when=move || shows("Window").get()><desktop::WindowPart /></Show>
            <Show when=move || shows("Notifications").get()><desktop::AlertsPart /></Show>
            <Show when=move || shows("Refresh").get()><Refresh /></Show>
            <Show when=move || shows("Terminals").get()><terminal::TerminalPart /></Show>
            <Show when=move || shows("Tables").get()><Tables /></Show>
            <Show when=move || shows("Clusters").get()><Clusters /></Show>
            <Show when=move || shows("Safety").get()><features::SafetyPart /></Show>
            <Show when=move || shows("Login").get()><login::LoginPart /></Show>
            <Show when=move || shows("Features").get()><features::FeaturesPart /></Show>
            <Show when=move || shows("Keyboard").get()>
                <keyboard::KeyboardPart />
            </Show>
            <Show when=move || shows("Database and backup").get()><backup::BackupPart /></Show>
            <Show when=move || shows("Settings as a file").get()><backup::FilePart /></Show>
            <Show when=move || shows("Updates").get()><updates::UpdatesPart /></Show>
            <Show when=move || shows("Privacy").get()>
                <Part title="Privacy"><Promises /></Part>
            </Show>
            <Show when=move || shows("Diagnostics").get()>
                <Part title="Diagnostics"><Diagnostics /></Part>
            </Show>
            <Show when=move || shows("About").get()><About /></Show>
            <Show when=none>
                <p class="dim">"No setting is called that."</p>
            </Show>
        </div>
        </div>
    }
}

/// Shows a part.
fn jump(title: &str) {
    let part = document().query_selector(&format!("[data-part=\"{title}\"]"));
    if let Ok(Some(part)) = part {
        part.scroll_into_view();
    }
}

/// Whether a word begins with what was typed.
fn fuzzy_start(typed: &str, word: &str) -> bool {
    fuzzy::score(typed, word).is_some() && word.to_lowercase().starts_with(&typed.to_lowercase())
}

/// One part.
#[component]
fn Part(
    /// Its heading.
    title: &'static str,
    /// What it holds.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card setting" data-part=title>
            <h2>{title}</h2>
            <div class="card-body">{children()}</div>
        </section>
    }
}

/// One of several values.
#[component]
fn Choice(
    /// What it is called.
    #[prop(into)]
    title: String,
    /// Whether it is the one.
    on: Signal<bool>,
    /// Makes it so.
    change: PreferenceChange,
) -> impl IntoView {
    let choices = Choices::expect();
    let name = title.clone();
    view! {
        <button
            class="chip"
            type="button"
            role="radio"
            aria-checked=move || on.get().to_string()
            data-option=name
            on:click=move |_| choices.change(change.clone())
        >
            {title}
        </button>
    }
}

/// Something that is on or off.
#[component]
fn Check(
    /// Whether it is on.
    on: Signal<bool>,
    /// What is so when it is.
    text: &'static str,
    /// What makes it so, or not.
    change: impl Fn(bool) -> PreferenceChange + Copy + 'static,
) -> impl IntoView {
    let choices = Choices::expect();
    view! {
        <button
            class="setting-check"
            type="button"
            role="checkbox"
            aria-checked=move || on.get().to_string()
            data-check=text
            on:click=move |_| choices.change(change(!on.get_untracked()))
        >
            <Tick on />
            {text}
        </button>
    }
}

#[component]
fn Appearance() -> impl IntoView {
    let choices = Choices::expect();
    let theme = Memo::new(move |_| choices.all.with(|all| all.theme));
    let scheme = Memo::new(move |_| choices.all.with(|all| all.scheme));
    let flash = Signal::derive(move || choices.all.with(|all| all.flash));
    let size = Memo::new(move |_| choices.all.with(|all| all.zoom));
    let themes = [
        ("As the system", Theme::System),
        ("Light", Theme::Light),
        ("Dark", Theme::Dark),
    ];
    let schemes = [
        ("KubeGraf", Scheme::Kubegraf),
        ("High contrast", Scheme::HighContrast),
        ("HPE green", Scheme::Hpe),
    ];
    view! {
        <Part title="Appearance">
            <div class="setting-line" role="radiogroup" aria-label="Theme">
                <span>"Theme"</span>
                <span class="options">
                    {themes.map(|(title, value)| view! {
                        <Choice
                            title
                            on=Signal::derive(move || theme.get() == value)
                            change=PreferenceChange::Theme(value)
                        />
                    }).into_iter().collect_view()}
                </span>
            </div>
            <div class="setting-line" role="radiogroup" aria-label="Colours">
                <span>"Colours"</span>
                <span class="options">
                    {schemes.map(|(title, value)| view! {
                        <Choice
                            title
                            on=Signal::derive(move || scheme.get() == value)
                            change=PreferenceChange::Scheme(value)
                        />
                    }).into_iter().collect_view()}
                </span>
            </div>
            <div class="setting-line" role="radiogroup" aria-label="Size">
                <span>"Size"</span>
                <span class="options">
                    {zoom::SIZES.map(|percent| view! {
                        <Choice
                            title=format!("{percent} %")
                            on=Signal::derive(move || size.get() == percent)
                            change=PreferenceChange::Zoom(percent)
                        />
                    }).into_iter().collect_view()}
                </span>
            </div>
            <div class="setting-line">
                <span>"Changed cells"</span>
                <Check
                    on=flash
                    text="flash once (never while the system asks for less motion)"
                    change=PreferenceChange::Flash
                />
            </div>
        </Part>
    }
}

#[component]
fn Start() -> impl IntoView {
    let choices = Choices::expect();
    let session = Session::expect();
    let views = move || {
        let kinds = session.kinds.get().unwrap_or_default();
        let all = registry::entries(&kinds, &choices.hidden()).into_iter();
        all.filter(|entry| entry.route != Route::Page(Page::Settings))
            .map(|entry| (entry.route.view().to_owned(), entry.title))
            .collect::<Vec<_>>()
    };
    view! {
        <Part title="Start">
            <label class="setting-line">
                <span>"First view"</span>
                <select
                    class="input"
                    data-setting="start"
                    prop:value=move || choices.all.with(|all| all.start_view.clone())
                    on:change:target=move |event| {
                        choices.change(PreferenceChange::StartView(event.target().value()));
                    }
                >
                    <For each=views key=|(id, _)| id.clone() let((id, title))>
                        <option
                            value=id.clone()
                            selected=move || choices.all.with(|all| all.start_view == id)
                        >
                            {title}
                        </option>
                    </For>
                </select>
            </label>
        </Part>
    }
}

#[component]
fn Refresh() -> impl IntoView {
    let choices = Choices::expect();
    let seconds = Memo::new(move |_| choices.all.with(|all| all.overview_seconds));
    let paces = [
        ("1 s", 1),
        ("2 s", 2),
        ("5 s", 5),
        ("15 s", 15),
        ("60 s", 60),
    ];
    view! {
        <Part title="Refresh">
            <div class="setting-line" role="radiogroup" aria-label="Dashboard at most every">
                <span>"Dashboard at most every"</span>
                <span class="options">
                    {paces.map(|(title, value)| view! {
                        <Choice
                            title
                            on=Signal::derive(move || seconds.get() == value)
                            change=PreferenceChange::OverviewSeconds(value)
                        />
                    }).into_iter().collect_view()}
                </span>
            </div>
            <p class="dim">"Tables are not refreshed: every change arrives as it happens."</p>
        </Part>
    }
}

#[component]
fn Tables() -> impl IntoView {
    let choices = Choices::expect();
    let session = Session::expect();
    let tables = move || {
        choices.all.with(|all| {
            let kinds = all.tables.iter().map(|table| table.kind.clone());
            kinds.collect::<Vec<_>>()
        })
    };
    view! {
        <Part title="Tables">
            <For each=tables key=Clone::clone let:kind>
                <div class="setting-line">
                    <span>{session.kind(&kind).map_or_else(|| kind.clone(), |kind| kind.title)}</span>
                    <button
                        class="button small"
                        type="button"
                        on:click=move |_| choices.change(PreferenceChange::PlainTable(kind.clone()))
                    >
                        "Columns as kubectl has them"
                    </button>
                </div>
            </For>
            <Show when=move || tables().is_empty()>
                <p class="dim">"Every table has the columns of kubectl. A table's Columns button changes that."</p>
            </Show>
        </Part>
    }
}

#[component]
fn Clusters() -> impl IntoView {
    view! {
        <Part title="Clusters">
            <p class="dim">
                "Kubeconfig files, contexts, protection and credentials programs are set where the clusters are listed."
            </p>
            <a class="button small" href=Route::Page(Page::Clusters).hash()>"Open clusters"</a>
        </Part>
    }
}

#[component]
fn About() -> impl IntoView {
    let session = Session::expect();
    let version = move || {
        session
            .status
            .with(|s| s.as_ref().map(|s| s.version.clone()))
    };
    view! {
        <Part title="About">
            <div class="setting-line"><span>"KubeGraf"</span><span class="number">{version}</span></div>
            <div class="setting-line"><span>"Licence"</span><span>"Apache-2.0"</span></div>
            <p class="dim">
                "Nothing is sent anywhere but to the clusters you connect. What is kept – incidents, executions, the audit trail, these settings – is in kubegraf.db in the app's data directory; KUBEGRAF_DATA_DIR moves it."
            </p>
        </Part>
    }
}
