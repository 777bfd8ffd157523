//! Every key of the window, one list: the help overlay and the settings show it.

use crate::route::{Page, Route};

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
}

/// One key and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Where it works.
    pub place: Place,
    /// What is pressed; alternatives are separated by spaces.
    pub keys: &'static str,
    /// What happens.
    pub does: &'static str,
}

const fn key(place: Place, keys: &'static str, does: &'static str) -> Key {
    Key { place, keys, does }
}

/// The keys.
pub const KEYS: &[Key] = &[
    key(
        Place::Everywhere,
        "Ctrl+K",
        "Search and run anything (⌘K on a Mac)",
    ),
    key(
        Place::Everywhere,
        ":",
        "Jump: :pods kube-system, :ctx NAME, :ns NAME",
    ),
    key(Place::Everywhere, "?", "Show what keys do here"),
    key(Place::Everywhere, "[ ]", "Back and forward"),
    key(Place::Everywhere, "Esc", "Close what is open"),
    key(Place::Table, "/", "Filter"),
    key(Place::Table, "j k ↓ ↑", "Next and previous row"),
    key(Place::Table, "g G", "First and last row"),
    key(Place::Table, "PgDn PgUp", "A page down and up"),
    key(Place::Table, "Enter", "Go on to what belongs to the row"),
    key(Place::Table, "l", "Logs of what the row runs"),
    key(Place::Table, "s", "A shell in the pod"),
    key(Place::Table, "Space", "Mark the row"),
    key(Place::Table, "Shift+Click", "Mark up to the row"),
    key(Place::Table, "Ctrl+A", "Mark all rows that match"),
    key(Place::Table, "c", "Copy the names"),
    key(Place::Table, "C", "Copy the rows as a table"),
    key(
        Place::Table,
        "Esc",
        "Take the marks away, then the selection",
    ),
    key(
        Place::Table,
        "Alt+← Alt+→",
        "Move the column whose head has the focus",
    ),
    key(Place::List, "j k ↓ ↑", "Next and previous entry"),
    key(Place::List, "Enter", "Open the entry"),
    key(Place::Palette, "↓ ↑", "Move"),
    key(Place::Palette, "Enter", "Run"),
    key(Place::Palette, "Esc", "Close"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for (index, key) in KEYS.iter().enumerate() {
            let twice = KEYS[..index]
                .iter()
                .any(|other| other.place == key.place && other.keys == key.keys);
            assert!(!twice, "{key:?}");
        }
        assert_eq!(
            Place::of(&Route::table("pods")),
            [Place::Table, Place::Everywhere, Place::Palette]
        );
        assert!(!Place::of(&Route::Page(Page::Dashboard)).contains(&Place::Table));
        for place in Place::ALL {
            assert!(KEYS.iter().any(|key| key.place == place), "{place:?}");
        }
    }
}
