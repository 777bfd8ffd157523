//! Every shortcut of the window, one table: what keys do by themselves, what a person has made of it, and what
//! is in the way of what. The overlay of `?`, the palette and the settings show it; every view asks it.

use kubegraf_ipc::preferences::Shortcut;

use crate::{
    model::chord::Chord,
    route::{Page, Route},
};

/// Where a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In every view.
    Everywhere,
    /// In a table.
    Table,
    /// In the list of incidents or of clusters.
    List,
    /// In the palette.
    Palette,
}

impl Place {
    /// All of them, in the order they are shown.
    pub const ALL: [Self; 4] = [Self::Table, Self::List, Self::Everywhere, Self::Palette];

    /// Those whose keys work in a view.
    #[must_use]
    pub fn of(route: &Route) -> Vec<Self> {
        let own = match route {
            Route::Table { .. } => Some(Self::Table),
            Route::Incidents { .. } | Route::Page(Page::Clusters) => Some(Self::List),
            Route::Page(_) => None,
        };
        let places = own.into_iter();
        places.chain([Self::Everywhere, Self::Palette]).collect()
    }

    /// The heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Table => "In a table",
            Self::List => "In the list",
            Self::Palette => "In the palette",
        }
    }

    /// Whether a key can be meant for either.
    const fn meets(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Everywhere, Self::Table | Self::List)
                | (Self::Table | Self::List, Self::Everywhere)
        ) || self as u8 == other as u8
    }
}

/// What a key can be given to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Opens and closes the palette.
    Palette,
    /// Opens the palette with `:`.
    Jump,
    /// Shows what keys do.
    Keys,
    /// To the view before.
    Back,
    /// To the view after.
    Forward,
    /// Opens and closes the dock.
    Dock,
    /// Draws everything larger.
    Larger,
    /// Draws everything smaller.
    Smaller,
    /// Draws everything as it comes.
    PlainSize,
    /// Opens a view, by [`Route::view`].
    View(String),
    /// To the filter box.
    Filter,
    /// To the next row.
    Next,
    /// To the previous row.
    Previous,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// The logs of the row.
    Logs,
    /// A shell in the row's pod.
    Shell,
    /// Marks the row.
    Mark,
    /// Marks every row.
    MarkAll,
    /// Copies names.
    CopyNames,
    /// Copies rows.
    CopyRows,
    /// To the next entry of a list.
    NextEntry,
    /// To the previous entry of a list.
    PreviousEntry,
}

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bindable {
    /// What is done.
    pub act: Act,
    /// What the stored choice names it by.
    pub id: String,
    /// Where it works.
    pub place: Place,
    /// The keys it has by itself.
    pub default: Option<&'static str>,
    /// What happens.
    pub does: String,
}

/// Act, id, place, keys, what happens.
const ACTS: &[(Act, &str, Place, &str, &str)] = &[
    (
        Act::Palette,
        "palette",
        Place::Everywhere,
        "Ctrl+K",
        "Search and run anything (Ctrl is ⌘ on a Mac)",
    ),
    (
        Act::Jump,
        "jump",
        Place::Everywhere,
        ":",
        "Jump: :pods kube-system, :ctx NAME, :ns NAME",
    ),
    (
        Act::Keys,
        "keys",
        Place::Everywhere,
        "?",
        "Show what keys do here",
    ),
    (Act::Back, "back", Place::Everywhere, "[", "Back"),
    (Act::Forward, "forward", Place::Everywhere, "]", "Forward"),
    (
        Act::Dock,
        "dock",
        Place::Everywhere,
        "Ctrl+J",
        "Open or close the dock",
    ),
    (
        Act::Larger,
        "zoom.larger",
        Place::Everywhere,
        "Ctrl++",
        "Draw everything larger",
    ),
    (
        Act::Smaller,
        "zoom.smaller",
        Place::Everywhere,
        "Ctrl+-",
        "Draw everything smaller",
    ),
    (
        Act::PlainSize,
        "zoom.plain",
        Place::Everywhere,
        "Ctrl+0",
        "Draw everything as it comes",
    ),
    (Act::Filter, "table.filter", Place::Table, "/", "Filter"),
    (Act::Next, "table.next", Place::Table, "j", "Next row"),
    (
        Act::Previous,
        "table.previous",
        Place::Table,
        "k",
        "Previous row",
    ),
    (Act::First, "table.first", Place::Table, "g", "First row"),
    (Act::Last, "table.last", Place::Table, "G", "Last row"),
    (
        Act::Logs,
        "table.logs",
        Place::Table,
        "l",
        "Logs of what the row runs",
    ),
    (
        Act::Shell,
        "table.shell",
        Place::Table,
        "s",
        "A shell in the pod",
    ),
    (
        Act::Mark,
        "table.mark",
        Place::Table,
        "Space",
        "Mark the row",
    ),
    (
        Act::MarkAll,
        "table.mark-all",
        Place::Table,
        "Ctrl+A",
        "Mark all rows that match",
    ),
    (
        Act::CopyNames,
        "table.copy-names",
        Place::Table,
        "c",
        "Copy the names",
    ),
    (
        Act::CopyRows,
        "table.copy-rows",
        Place::Table,
        "C",
        "Copy the rows as a table",
    ),
    (Act::NextEntry, "list.next", Place::List, "j", "Next entry"),
    (
        Act::PreviousEntry,
        "list.previous",
        Place::List,
        "k",
        "Previous entry",
    ),
];

/// A key that always does the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// Where it works.
    pub place: Place,
    /// What is pressed; alternatives are separated by spaces.
    pub keys: &'static str,
    /// What happens.
    pub does: &'static str,
}

const fn fixed(place: Place, keys: &'static str, does: &'static str) -> Fixed {
    Fixed { place, keys, does }
}

/// The keys that cannot be changed.
pub const FIXED: &[Fixed] = &[
    fixed(Place::Everywhere, "Esc", "Close what is open"),
    fixed(Place::Table, "↓ ↑", "Next and previous row"),
    fixed(Place::Table, "PgDn PgUp", "A page down and up"),
    fixed(Place::Table, "Enter", "Go on to what belongs to the row"),
    fixed(Place::Table, "Shift+Click", "Mark up to the row"),
    fixed(
        Place::Table,
        "Esc",
        "Take the marks away, then the selection",
    ),
    fixed(
        Place::Table,
        "Alt+← Alt+→",
        "Move the column whose head has the focus",
    ),
    fixed(Place::List, "↓ ↑", "Next and previous entry"),
    fixed(Place::List, "Enter", "Open the entry"),
    fixed(Place::Palette, "↓ ↑", "Move"),
    fixed(Place::Palette, "Enter", "Run"),
    fixed(Place::Palette, "Esc", "Close"),
];

/// Everything a key can be given to: the table above, and a line per view, as id, title and its own keys.
#[must_use]
pub fn bindable(views: &[(String, String, Option<&'static str>)]) -> Vec<Bindable> {
    let acts = ACTS.iter().map(|(act, id, place, default, does)| Bindable {
        act: act.clone(),
        id: (*id).into(),
        place: *place,
        default: Some(default),
        does: (*does).into(),
    });
    let views = views.iter().map(|(view, title, default)| Bindable {
        act: Act::View(view.clone()),
        id: format!("view.{view}"),
        place: Place::Everywhere,
        default: *default,
        does: format!("Open {title}"),
    });
    acts.chain(views).collect()
}

/// What every key does now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    lines: Vec<Line>,
}

/// One line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is done.
    pub what: Bindable,
    /// By which keys; none when they were taken away.
    pub chord: Option<Chord>,
    /// Whether a person has changed it.
    pub changed: bool,
}

impl Keymap {
    /// The keys of `all` with what was chosen. A choice that no keys can give counts as not made; keys that
    /// stand twice where both could be meant work for the first line only, and a chosen one goes before.
    #[must_use]
    pub fn new(all: Vec<Bindable>, chosen: &[Shortcut]) -> Self {
        let mut lines: Vec<Line> = all
            .into_iter()
            .map(|what| {
                let choice = chosen.iter().find(|choice| choice.action == what.id);
                let wanted = choice.and_then(|choice| match &choice.keys {
                    None => Some(None),
                    Some(keys) => Some(Some(Chord::parse(keys)?)),
                });
                let own = || what.default.and_then(Chord::parse);
                Line {
                    changed: wanted.is_some(),
                    chord: wanted.unwrap_or_else(own),
                    what,
                }
            })
            .collect();
        for at in 0..lines.len() {
            let line = &lines[at];
            let before = lines.iter().enumerate().any(|(other_at, other)| {
                let first = match (other.changed, line.changed) {
                    (true, false) => true,
                    (false, true) => false,
                    _ => other_at < at,
                };
                first && line.chord.is_some() && clashes(other, line)
            });
            if before {
                lines[at].chord = None;
            }
        }
        Self { lines }
    }

    /// The lines of a place.
    pub fn of(&self, place: Place) -> impl Iterator<Item = &Line> {
        self.lines
            .iter()
            .filter(move |line| line.what.place == place)
    }

    /// What a press does in a place.
    #[must_use]
    pub fn act(&self, place: Place, chord: &Chord) -> Option<&Act> {
        let line = self
            .of(place)
            .find(|line| line.chord.as_ref() == Some(chord))?;
        Some(&line.what.act)
    }

    /// The keys of an act, as they are shown.
    #[must_use]
    pub fn keys(&self, act: &Act) -> Option<String> {
        let line = self.lines.iter().find(|line| line.what.act == *act)?;
        line.chord.as_ref().map(ToString::to_string)
    }

    /// What has `chord` already where `id` works.
    #[must_use]
    pub fn in_the_way(&self, id: &str, chord: &Chord) -> Option<&Line> {
        let place = self
            .lines
            .iter()
            .find(|line| line.what.id == id)?
            .what
            .place;
        self.lines.iter().find(|line| {
            line.what.id != id && line.what.place.meets(place) && line.chord.as_ref() == Some(chord)
        })
    }

    /// Whether a person has changed any.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.lines.iter().any(|line| line.changed)
    }
}

fn clashes(one: &Line, other: &Line) -> bool {
    one.what.id != other.what.id
        && one.chord == other.chord
        && one.what.place.meets(other.what.place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(action: &str, keys: Option<&str>) -> Shortcut {
        Shortcut {
            action: action.into(),
            keys: keys.map(Into::into),
        }
    }

    fn chord(text: &str) -> Chord {
        Chord::parse(text).expect(text)
    }

    fn plain() -> Vec<Bindable> {
        bindable(&[
            ("pods".into(), "Pods".into(), Some("Alt+3")),
            ("nodes".into(), "Nodes".into(), None),
        ])
    }

    #[test]
    fn every_key_of_the_table_can_be_pressed_and_means_one_thing_in_a_place() {
        let map = Keymap::new(plain(), &[]);
        for line in &map.lines {
            let default = line.what.default.map(chord);
            assert_eq!(line.chord, default, "{line:?} is taken");
            assert_eq!(default.and_then(|chord| chord.refused()), None, "{line:?}");
            let same = map
                .lines
                .iter()
                .filter(|other| other.what.id == line.what.id);
            assert_eq!(same.count(), 1, "{line:?}");
        }
        for place in [Place::Everywhere, Place::Table, Place::List] {
            assert!(map.of(place).count() > 1);
        }
        for place in Place::ALL {
            assert!(FIXED.iter().any(|key| key.place == place), "{place:?}");
        }
        assert_eq!(
            Place::of(&Route::table("pods")),
            [Place::Table, Place::Everywhere, Place::Palette]
        );
        assert!(!Place::of(&Route::Page(Page::Dashboard)).contains(&Place::Table));
    }

    #[test]
    fn what_was_chosen_counts_and_what_is_nonsense_does_not() {
        let map = Keymap::new(
            plain(),
            &[
                choice("table.next", Some("n")),
                choice("table.logs", None),
                choice("view.nodes", Some("Alt+N")),
                choice("palette", Some("no such keys")),
                choice("gone", Some("x")),
            ],
        );
        assert_eq!(map.act(Place::Table, &chord("n")), Some(&Act::Next));
        assert_eq!(map.act(Place::Table, &chord("j")), None);
        assert_eq!(map.act(Place::List, &chord("j")), Some(&Act::NextEntry));
        assert_eq!(map.keys(&Act::Logs), None);
        assert_eq!(map.keys(&Act::Palette).as_deref(), Some("Ctrl+K"));
        let nodes = map.act(Place::Everywhere, &chord("Alt+N"));
        assert_eq!(nodes, Some(&Act::View("nodes".into())));
        assert!(map.is_changed());
        assert!(!Keymap::new(plain(), &[]).is_changed());
    }

    #[test]
    fn keys_that_are_taken_are_named() {
        let map = Keymap::new(plain(), &[]);
        let way = |id: &str, keys: &str| {
            let line = map.in_the_way(id, &chord(keys))?;
            Some(line.what.id.as_str())
        };
        assert_eq!(way("table.next", "k"), Some("table.previous"));
        assert_eq!(way("table.next", "Ctrl+K"), Some("palette"));
        assert_eq!(way("back", "s"), Some("table.shell"));
        assert_eq!(way("list.next", "s"), None);
        assert_eq!(way("table.next", "j"), None);
        assert_eq!(way("table.next", "n"), None);
    }

    #[test]
    fn of_two_lines_with_the_same_keys_the_chosen_one_works() {
        let map = Keymap::new(plain(), &[choice("table.shell", Some("j"))]);
        assert_eq!(map.act(Place::Table, &chord("j")), Some(&Act::Shell));
        assert_eq!(map.keys(&Act::Next), None);
        let both = [
            choice("table.shell", Some("x")),
            choice("table.logs", Some("x")),
        ];
        let map = Keymap::new(plain(), &both);
        assert_eq!(map.act(Place::Table, &chord("x")), Some(&Act::Logs));
        assert_eq!(map.keys(&Act::Shell), None);
    }
}
