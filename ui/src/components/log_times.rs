//! Of which time lines are read, and the way to a moment.

use kubegraf_ipc::logs::LogPlace;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::{
    components::{
        icon::{Glyph, Icon},
        menu::Menu,
    },
    state::logs::Log,
};

/// What can be chosen at once: seconds, and how it is called.
const RECENT: &[(u32, &str)] = &[
    (300, "Last 5 minutes"),
    (900, "Last 15 minutes"),
    (3_600, "Last hour"),
    (86_400, "Last day"),
];

/// The button, and what it opens.
#[component]
pub fn Times(
    /// The log.
    log: Log,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let text = move || {
        log.options.with(|options| {
            let recent = RECENT
                .iter()
                .find(|(seconds, _)| options.since_seconds == Some(*seconds));
            match (recent, options.since, options.until) {
                (Some((_, name)), ..) => *name,
                (None, None, None) => "Any time",
                _ => "A span",
            }
        })
    };
    let button = view! { <span data-log-times>{text}</span> <Glyph icon=Icon::Down size=12 /> };
    view! {
        <Menu open label="Time" class="chip" role="dialog" button=button.into_any()>
            <Choices log open />
        </Menu>
    }
}

#[component]
fn Choices(
    /// The log.
    log: Log,
    /// Closes the pop-up.
    open: RwSignal<bool>,
) -> impl IntoView {
    let any = move |_| {
        open.set(false);
        log.reread(|options| {
            (options.since_seconds, options.since, options.until) = (None, None, None);
            options.tail = Some(1_000);
        });
    };
    let recent = RECENT.iter().map(|(seconds, name)| {
        let choose = move |_| {
            open.set(false);
            log.reread(|options| {
                (options.since_seconds, options.since, options.until) = (Some(*seconds), None, None);
                options.tail = None;
            });
        };
        view! {
            <button class="menu-item" type="button" data-since=*seconds on:click=choose>{*name}</button>
        }
    });
    let options = log.options.get_untracked();
    let from = RwSignal::new(options.since.map(local).unwrap_or_default());
    let until = RwSignal::new(options.until.map(local).unwrap_or_default());
    let to = RwSignal::new(String::new());
    let span = move |_| {
        let (since, until) = (
            moment(&from.get_untracked()),
            moment(&until.get_untracked()),
        );
        open.set(false);
        log.reread(|options| {
            options.since_seconds = None;
            (options.since, options.until) = (since, until);
            options.tail = if since.is_none() && until.is_none() {
                Some(1_000)
            } else {
                None
            };
        });
    };
    let jump = move |_| {
        if let Some(time) = moment(&to.get_untracked()) {
            open.set(false);
            log.ask(|view| view.place = LogPlace::Time { time });
        }
    };
    let field = move |label: &'static str, name: &'static str, value: RwSignal<String>| {
        view! {
            <label class="log-moment">
                <span>{label}</span>
                <input
                    class="input"
                    type="datetime-local"
                    step="1"
                    data-log-time=name
                    prop:value=move || value.get()
                    on:input:target=move |event| value.set(event.target().value())
                />
            </label>
        }
    };
    view! {
        <button class="menu-item" type="button" data-since="any" on:click=any>"Any time"</button>
        {recent.collect_view()}
        <div class="log-span">
            {field("From", "from", from)}
            {field("Until", "until", until)}
            <button class="button small" type="button" data-action="log-span" on:click=span>"Read this span"</button>
        </div>
        <div class="log-span">
            {field("Jump to", "to", to)}
            <button
                class="button small"
                type="button"
                data-action="log-jump"
                disabled=move || to.with(|to| moment(to).is_none())
                on:click=jump
            >
                "Jump"
            </button>
        </div>
    }
}

/// What a field for a local time holds, as milliseconds since the epoch.
fn moment(text: &str) -> Option<i64> {
    let time = js_sys::Date::parse(text);
    #[allow(
        clippy::cast_possible_truncation,
        reason = "milliseconds are whole and below 2^53"
    )]
    (time.is_finite() && time >= 0.0).then_some(time as i64)
}

/// A moment as a field for a local time holds it.
#[allow(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 fit a float"
)]
fn local(time: i64) -> String {
    let date = js_sys::Date::new(&JsValue::from_f64(time as f64));
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        date.get_full_year(),
        date.get_month() + 1,
        date.get_date(),
        date.get_hours(),
        date.get_minutes(),
        date.get_seconds()
    )
}
