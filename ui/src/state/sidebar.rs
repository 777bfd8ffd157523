//! The sidebar: which flyout is out, and which sections are pinned beside the rail. What is in a section is the
//! registry's affair.

use std::time::Duration;

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};

use crate::{
    model::sections,
    state::{choices::Choices, prefs, session::Session},
    views::registry::{Entry, SECTIONS, Section, entries},
};

/// Key of the pinned sections, in local storage.
const PINS: &str = "pins";
/// Windows at least this wide start with everything pinned, CSS px.
const ROOMY: f64 = 1440.0;
/// Narrower ones have no room for what is pinned; the style sheet says the same.
const NARROW: f64 = 900.0;
/// A pointer that only passes opens nothing.
const PASSING: Duration = Duration::from_millis(80);
/// A pointer may leave for so long on its way into the flyout.
const GRACE: Duration = Duration::from_millis(250);

/// What stands out of the rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flyout {
    /// The field that finds a view.
    Switcher,
    /// The views of a section.
    Of(Section),
}

/// The sidebar.
#[derive(Clone, Copy, Debug)]
pub struct Sidebar {
    /// What is out.
    pub out: RwSignal<Option<Flyout>>,
    /// The pinned sections, in the rail's order.
    pub pins: RwSignal<Vec<Section>>,
    /// The sections there are, each with its views.
    pub sections: Memo<Vec<(Section, Vec<Entry>)>>,
    /// Whether it was asked for by a click, and not by a pointer that came by.
    held: StoredValue<bool>,
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl Sidebar {
    /// Hands it to every component below.
    pub fn provide(session: Session, choices: Choices) -> Self {
        let pins = match prefs::get(PINS) {
            Some(stored) => sections::read(&stored, SECTIONS, Section::id),
            None if width() >= ROOMY => SECTIONS.to_vec(),
            None => Vec::new(),
        };
        let sections = Memo::new(move |_| {
            let entries = session
                .kinds
                .with(|kinds| entries(kinds.as_deref().unwrap_or_default(), &choices.hidden()));
            let mut sections: Vec<(Section, Vec<Entry>)> = Vec::new();
            for entry in entries {
                match sections.last_mut() {
                    Some((section, list)) if *section == entry.section => list.push(entry),
                    _ => sections.push((entry.section, vec![entry])),
                }
            }
            sections
        });
        let sidebar = Self {
            out: RwSignal::new(None),
            pins: RwSignal::new(pins),
            sections,
            held: StoredValue::new(false),
            timer: StoredValue::new(None),
        };
        provide_context(sidebar);
        sidebar
    }

    /// The one provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// Whether a section's views are in sight anyway.
    fn is_in_sight(self, flyout: Flyout) -> bool {
        match flyout {
            Flyout::Switcher => false,
            Flyout::Of(section) => {
                width() >= NARROW && self.pins.with_untracked(|pins| pins.contains(&section))
            }
        }
    }

    /// A pointer has come upon a section.
    pub fn come(self, flyout: Flyout) {
        self.wait();
        if self.held.get_value() || self.is_in_sight(flyout) {
            return;
        }
        if self.out.get_untracked().is_some() {
            self.out.set(Some(flyout));
        } else {
            self.later(PASSING, Some(flyout));
        }
    }

    /// A pointer has left the section and its flyout.
    pub fn go(self) {
        self.wait();
        if !self.held.get_value() {
            self.later(GRACE, None);
        }
    }

    /// The keyboard has come upon a section.
    pub fn focus(self, flyout: Flyout) {
        self.wait();
        self.held.set_value(false);
        let wanted = (!self.is_in_sight(flyout)).then_some(flyout);
        if self.out.get_untracked() != wanted {
            self.out.set(wanted);
        }
    }

    /// A section was clicked: its flyout stays until it is clicked again, or something else is.
    pub fn press(self, flyout: Flyout) {
        self.wait();
        if self.held.get_value() && self.out.get_untracked() == Some(flyout) {
            return self.close();
        }
        self.held.set_value(true);
        self.out.set(Some(flyout));
    }

    /// Puts the flyout away.
    pub fn close(self) {
        self.wait();
        self.held.set_value(false);
        if self.out.get_untracked().is_some() {
            self.out.set(None);
        }
    }

    /// Pins a section, or takes the pin out.
    pub fn pin(self, section: Section) {
        let pinned = self.pins.with_untracked(|pins| pins.contains(&section));
        let is_one = |other: &Section| match *other == section {
            true => !pinned,
            false => self.pins.with_untracked(|pins| pins.contains(other)),
        };
        self.pin_only(SECTIONS.iter().copied().filter(is_one).collect());
        self.close();
    }

    /// Pins every section, or, when any is pinned, none.
    pub fn pin_all(self) {
        let any = self.pins.with_untracked(|pins| !pins.is_empty());
        self.pin_only(if any { Vec::new() } else { SECTIONS.to_vec() });
        self.close();
    }

    fn pin_only(self, pins: Vec<Section>) {
        prefs::set(PINS, &sections::write(&pins, Section::id));
        self.pins.set(pins);
    }

    fn wait(self) {
        if let Some(Some(timer)) = self.timer.try_update_value(Option::take) {
            timer.clear();
        }
    }

    fn later(self, after: Duration, out: Option<Flyout>) {
        let show = move || {
            self.out.try_set(out);
        };
        if let Ok(timer) = set_timeout_with_handle(show, after) {
            self.timer.set_value(Some(timer));
        }
    }
}

fn width() -> f64 {
    let width = window().inner_width().ok();
    width.and_then(|width| width.as_f64()).unwrap_or(ROOMY)
}
