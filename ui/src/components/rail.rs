//! The way between views: a rail of sections, and beside it the sections that are pinned.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use crate::{
    components::{
        icon::{Glyph, Icon},
        rail_flyout::{Badge, SectionFlyout, Switcher, ViewLink},
    },
    model::sections::top,
    route::Route,
    state::{
        navigation::Navigation,
        sidebar::{Flyout, Sidebar},
    },
    views::registry::{Entry, Section},
};

/// The rail at the left edge.
#[component]
pub fn Rail() -> impl IntoView {
    let sidebar = Sidebar::expect();
    let nav = NodeRef::<html::Div>::new();
    let inside = move |target: Option<web_sys::EventTarget>| {
        let node = target.and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        nav.get_untracked()
            .is_some_and(|nav| node.is_some() && nav.contains(node.as_ref()))
    };
    let elsewhere = window_event_listener(ev::pointerdown, move |event| {
        if !inside(event.target()) {
            sidebar.close();
        }
    });
    on_cleanup(move || elsewhere.remove());
    let left = move |event: ev::FocusEvent| {
        if event.related_target().is_some() && !inside(event.related_target()) {
            sidebar.close();
        }
    };
    let pinned = move || {
        sidebar.sections.with(|sections| {
            let is_pinned =
                |(section, _): &&(Section, _)| sidebar.pins.with(|pins| pins.contains(section));
            sections
                .iter()
                .filter(is_pinned)
                .cloned()
                .collect::<Vec<_>>()
        })
    };
    view! {
        <div class="sidebar" node_ref=nav on:focusout=left>
            <nav class="rail" aria-label="Sections" on:keydown=move |event| keys(&event, sidebar)>
                <span class="rail-logo" aria-hidden="true">"K"</span>
                <Slot
                    flyout=Flyout::Switcher
                    title="Go to a view"
                    label="Go to"
                    icon=Icon::Search
                    current=Signal::stored(false)
                    badge=false
                    lines=sidebar.sections.with_untracked(|sections| sections.iter().map(|(_, list)| list.len()).sum())
                >
                    <Show when=move || sidebar.out.get() == Some(Flyout::Switcher)>
                        <Switcher />
                    </Show>
                </Slot>
                <For each=move || sidebar.sections.get() key=titles let((section, list))>
                    <SectionSlot section list />
                </For>
                <button
                    class="rail-button rail-turn"
                    type="button"
                    data-action="pin-all"
                    aria-pressed=move || sidebar.pins.with(|pins| !pins.is_empty()).to_string()
                    aria-label="Keep the views in sight"
                    title="Keep the views in sight"
                    on:click=move |_| sidebar.pin_all()
                >
                    <Glyph icon=Icon::Sidebar />
                </button>
            </nav>
            <Show when=move || !pinned().is_empty()>
                <nav class="pins" aria-label="Pinned views">
                    <For each=pinned key=titles let((section, list))>
                        <div class="pins-head">
                            <h2>{section.title()}</h2>
                            <Pin section />
                        </div>
                        <ul>{list.into_iter().map(|entry| view! { <ViewLink entry /> }).collect_view()}</ul>
                    </For>
                </nav>
            </Show>
        </div>
    }
}

/// What makes a section another one to draw.
fn titles((section, list): &(Section, Vec<Entry>)) -> (Section, Vec<String>) {
    (
        *section,
        list.iter().map(|entry| entry.title.clone()).collect(),
    )
}

/// One section of the rail and its flyout.
#[component]
fn SectionSlot(
    /// Which.
    section: Section,
    /// Its views.
    list: Vec<Entry>,
) -> impl IntoView {
    let navigation = Navigation::expect();
    let views: Vec<String> = list
        .iter()
        .map(|entry| entry.route.view().to_owned())
        .collect();
    let current =
        Signal::derive(move || views.iter().any(|view| navigation.route().view() == view));
    let badge = list
        .iter()
        .any(|entry| matches!(entry.route, Route::Incidents { .. }));
    view! {
        <Slot
            flyout=Flyout::Of(section)
            title=section.title()
            label=section.short()
            icon=section.icon()
            current
            badge
            lines=list.len()
        >
            <SectionFlyout section list=list.clone() />
        </Slot>
    }
}

/// A button of the rail and what comes out of it.
#[component]
fn Slot(
    /// What comes out.
    flyout: Flyout,
    /// What it is called.
    title: &'static str,
    /// The same in few letters.
    label: &'static str,
    /// How it is drawn.
    icon: Icon,
    /// Whether the view that is shown is in there.
    current: Signal<bool>,
    /// Whether it counts the incidents.
    badge: bool,
    /// How many lines the flyout has.
    lines: usize,
    /// The flyout.
    children: ChildrenFn,
) -> impl IntoView {
    let sidebar = Sidebar::expect();
    let out = Memo::new(move |_| sidebar.out.get() == Some(flyout));
    let place = NodeRef::<html::Div>::new();
    // A flyout is fixed to the window, because the rail scrolls: it is told where its button is.
    let at = Memo::new(move |_| {
        let place = place.get().filter(|_| out.get());
        let height = window()
            .inner_height()
            .ok()
            .and_then(|height| height.as_f64());
        place.zip(height).map_or(0.0, |(place, height)| {
            top(place.get_bounding_client_rect().top(), lines, height)
        })
    });
    let press = move |_| {
        sidebar.press(flyout);
        // It is there with the next frame.
        request_animation_frame(move || {
            let place = place.get_untracked();
            focus(place.and_then(|place| {
                place
                    .query_selector(".flyout:not([hidden]) input")
                    .ok()
                    .flatten()
            }));
        });
    };
    view! {
        <div
            class="rail-slot"
            node_ref=place
            on:pointerenter=move |_| sidebar.come(flyout)
            on:pointerleave=move |_| sidebar.go()
        >
            <button
                class="rail-button"
                type="button"
                data-section=title
                title=title
                aria-haspopup="true"
                aria-expanded=move || out.get().to_string()
                aria-current=move || current.get().then_some("true")
                on:focus=move |_| sidebar.focus(flyout)
                on:click=press
            >
                <Glyph icon size=18 />
                <span class="rail-label">{label}</span>
                {badge.then(|| view! { <Badge /> })}
            </button>
            <div class="flyout" hidden=move || !out.get() style:top=move || format!("{}px", at.get())>
                {children()}
            </div>
        </div>
    }
}

/// Pins a section, or takes its pin out.
#[component]
pub fn Pin(
    /// Which.
    section: Section,
) -> impl IntoView {
    let sidebar = Sidebar::expect();
    let pinned = Memo::new(move |_| sidebar.pins.with(|pins| pins.contains(&section)));
    view! {
        <button
            class="icon-button pin"
            type="button"
            data-pin=section.id()
            aria-pressed=move || pinned.get().to_string()
            aria-label=format!("Keep {} in sight", section.title())
            title=move || if pinned.get() { "Take the pin out" } else { "Keep in sight" }
            on:click=move |_| sidebar.pin(section)
        >
            <Glyph icon=Icon::Pin size=14 />
        </button>
    }
}

/// Arrows walk the rail and its flyouts; Escape puts the flyout away.
fn keys(event: &ev::KeyboardEvent, sidebar: Sidebar) {
    let Some(at) = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
    else {
        return;
    };
    let flyout = at.closest(".flyout").ok().flatten();
    let slot = at.closest(".rail-slot").ok().flatten();
    let button = move || {
        slot.as_ref()
            .and_then(|slot| slot.query_selector(".rail-button").ok().flatten())
    };
    let taken = match (event.key().as_str(), &flyout) {
        ("Escape", _) if sidebar.out.get_untracked().is_some() => {
            focus(button());
            sidebar.close();
            true
        }
        ("ArrowRight", None) => focus(at.parent_element().and_then(|slot| {
            slot.query_selector(".flyout:not([hidden]) :is(a, input)")
                .ok()
                .flatten()
        })),
        ("ArrowLeft", Some(_)) if at.tag_name() != "INPUT" => focus(button()),
        ("ArrowDown", None) => step(".rail > .rail-slot > .rail-button, .rail-turn", &at, 1),
        ("ArrowUp", None) => step(".rail > .rail-slot > .rail-button, .rail-turn", &at, -1),
        ("ArrowDown", Some(_)) => step(".flyout:not([hidden]) :is(input, a)", &at, 1),
        ("ArrowUp", Some(_)) => step(".flyout:not([hidden]) :is(input, a)", &at, -1),
        _ => false,
    };
    if taken {
        event.prevent_default();
        event.stop_propagation();
    }
}

/// Moves the focus to the next of the elements that match.
fn step(css: &str, from: &web_sys::Element, by: i32) -> bool {
    let Ok(all) = document().query_selector_all(css) else {
        return false;
    };
    let count = i32::try_from(all.length()).unwrap_or(0);
    let element = |index: i32| {
        let node = all.get(index.unsigned_abs())?;
        node.dyn_into::<web_sys::Element>().ok()
    };
    let at = (0..count).find(|&index| element(index).as_ref() == Some(from));
    at.is_some_and(|at| focus(element((at + by).clamp(0, count - 1))))
}

fn focus(element: Option<web_sys::Element>) -> bool {
    let element = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}
