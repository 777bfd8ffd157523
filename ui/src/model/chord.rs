//! One press of keys: read from what the browser tells, kept and shown as text. Knows no browser and not what
//! a press does.

use std::fmt;

/// What the browser tells of a press.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Press<'a> {
    /// `KeyboardEvent.key`: what the layout makes of it.
    pub key: &'a str,
    /// `KeyboardEvent.code`: the key's place on a US keyboard.
    pub code: &'a str,
    /// Ctrl, or ⌘ on a Mac.
    pub control: bool,
    /// Alt, or ⌥ on a Mac.
    pub alt: bool,
    /// Shift.
    pub shift: bool,
    /// AltGr, which some systems tell as Ctrl and Alt together.
    pub alt_graph: bool,
}

/// Keys that are pressed together. A letter or sign without Ctrl and Alt carries its own shift: `C` is another
/// key than `c`, and `?` is wherever the layout has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    control: bool,
    alt: bool,
    shift: bool,
    key: String,
}

/// Keys whose meaning is not for a person to change, alone or with shift.
const FIXED: &[&str] = &[
    "Esc",
    "Enter",
    "Tab",
    "↑",
    "↓",
    "←",
    "→",
    "PgUp",
    "PgDn",
    "Home",
    "End",
    "Backspace",
    "Del",
];
/// What every text field does with Ctrl.
const OF_FIELDS: &[&str] = &["C", "V", "X", "Z"];

/// Names the browser has for keys, and ours.
const NAMES: &[(&str, &str)] = &[
    (" ", "Space"),
    ("Escape", "Esc"),
    ("ArrowUp", "↑"),
    ("ArrowDown", "↓"),
    ("ArrowLeft", "←"),
    ("ArrowRight", "→"),
    ("PageUp", "PgUp"),
    ("PageDown", "PgDn"),
    ("Delete", "Del"),
];

impl Chord {
    /// What was pressed; `None` while only Ctrl and the like are held, or where the layout composes.
    #[must_use]
    pub fn pressed(press: Press<'_>) -> Option<Self> {
        let (control, alt) = match press.alt_graph {
            true => (false, false),
            false => (press.control, press.alt),
        };
        let key = match letter(press.code) {
            // With Alt a Mac makes other signs of letters; the key itself is meant.
            Some(letter) if alt => letter.to_owned(),
            _ => named(press.key)?,
        };
        let held = control || alt;
        // Plus needs shift on most keyboards; nobody holds it to draw larger.
        let key = if held && key == "=" {
            "+".to_owned()
        } else {
            key
        };
        let sign = !is_name(&key);
        let key = if held && sign {
            key.to_uppercase()
        } else {
            key
        };
        // Where a sign of its own came of shift, shift is said already.
        let shift = press.shift && (!sign || (held && key.chars().all(char::is_alphanumeric)));
        Some(Self {
            control,
            alt,
            shift,
            key,
        })
    }

    /// Reads what [`fmt::Display`] writes; `None` when no keys can give it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut chord = Self {
            control: false,
            alt: false,
            shift: false,
            key: String::new(),
        };
        let mut rest = text;
        while let Some((word, after)) = rest.split_once('+').filter(|(_, after)| !after.is_empty())
        {
            let held = match word {
                "Ctrl" => &mut chord.control,
                "Alt" => &mut chord.alt,
                "Shift" => &mut chord.shift,
                _ => return None,
            };
            if std::mem::replace(held, true) {
                return None;
            }
            rest = after;
        }
        let named = is_name(rest);
        let sign = rest.chars().count() == 1 && !rest.chars().any(|c| c.is_control() || c == ' ');
        if !(named || sign) {
            return None;
        }
        if !named && (chord.control || chord.alt) && rest.to_uppercase() != rest {
            return None;
        }
        chord.key = rest.to_owned();
        Some(chord)
    }

    /// Whether it is pressed while a person writes: a plain key is text then.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.control || self.alt || (self.key.len() > 1 && self.key.starts_with('F'))
    }

    /// Why it may not be given another meaning, if so.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        let plain = !self.control && !self.alt;
        if plain && FIXED.contains(&self.key.as_str()) {
            return Some(format!("{self} always does what it does everywhere"));
        }
        let of_fields = self.control && !self.alt && OF_FIELDS.contains(&self.key.as_str());
        of_fields.then(|| format!("{self} belongs to text fields"))
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [
            (self.control, "Ctrl+"),
            (self.alt, "Alt+"),
            (self.shift, "Shift+"),
        ] {
            if held {
                f.write_str(name)?;
            }
        }
        f.write_str(&self.key)
    }
}

/// The letter or digit of a key's place.
fn letter(code: &str) -> Option<&str> {
    code.strip_prefix("Key")
        .or_else(|| code.strip_prefix("Digit"))
}

fn named(key: &str) -> Option<String> {
    if let Some((_, ours)) = NAMES.iter().find(|(theirs, _)| *theirs == key) {
        return Some((*ours).to_owned());
    }
    let sign = key.chars().count() == 1;
    (sign || is_name(key)).then(|| key.to_owned())
}

/// Whether a key is called by a name of ours, and not by the sign it makes.
fn is_name(key: &str) -> bool {
    let function = key.strip_prefix('F').and_then(|n| n.parse::<u8>().ok());
    let named = NAMES.iter().any(|(_, ours)| *ours == key) || FIXED.contains(&key);
    named || function.is_some_and(|n| (1..=24).contains(&n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press<'a>(key: &'a str, held: &str) -> Press<'a> {
        Press {
            key,
            code: "",
            control: held.contains('c'),
            alt: held.contains('a'),
            shift: held.contains('s'),
            alt_graph: held.contains('g'),
        }
    }

    #[test]
    fn what_is_pressed_is_read_and_comes_back_from_its_text() {
        for (key, held, expected) in [
            ("j", "", "j"),
            ("G", "s", "G"),
            ("?", "s", "?"),
            ("+", "", "+"),
            ("+", "c", "Ctrl++"),
            ("=", "c", "Ctrl++"),
            (" ", "", "Space"),
            ("k", "c", "Ctrl+K"),
            ("K", "cs", "Ctrl+Shift+K"),
            (",", "c", "Ctrl+,"),
            ("?", "cs", "Ctrl+?"),
            ("ArrowDown", "s", "Shift+↓"),
            ("F5", "", "F5"),
            ("Enter", "ca", "Ctrl+Alt+Enter"),
            // AltGr and 8 on a German keyboard.
            ("[", "cag", "["),
            ("ü", "", "ü"),
        ] {
            let chord = Chord::pressed(press(key, held)).expect(key);
            assert_eq!(chord.to_string(), expected);
            assert_eq!(Chord::parse(expected), Some(chord));
        }
        let option = Press {
            key: "¡",
            code: "Digit1",
            alt: true,
            ..Press::default()
        };
        assert_eq!(Chord::pressed(option), Chord::parse("Alt+1"));
    }

    #[test]
    fn what_is_no_press_is_none() {
        for key in ["Control", "Shift", "Dead", "Unidentified", "CapsLock", ""] {
            assert_eq!(Chord::pressed(press(key, "c")), None, "{key}");
        }
        for text in [
            "",
            "Ctrl+",
            "Ctrl",
            "Meta+K",
            "Ctrl+Ctrl+K",
            "Ctrl+k",
            "ab",
            "F0",
            "F99",
            " ",
            "\n",
        ] {
            assert_eq!(Chord::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn keys_that_always_mean_the_same_are_refused() {
        for (text, refused) in [
            ("Esc", true),
            ("Enter", true),
            ("Shift+↓", true),
            ("Ctrl+C", true),
            ("Ctrl+Enter", false),
            ("c", false),
            ("Ctrl+Alt+C", false),
        ] {
            let chord = Chord::parse(text).expect(text);
            assert_eq!(chord.refused().is_some(), refused, "{text}");
        }
        assert!(Chord::parse("F5").expect("a key").is_held());
        assert!(!Chord::parse("F").expect("a key").is_held());
    }
}
