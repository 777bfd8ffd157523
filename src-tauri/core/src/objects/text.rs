//! Text of an object: eight bytes, shared where it repeats.

use std::{borrow::Borrow, fmt, ops::Deref, sync::LazyLock};

use arcstr::ArcStr;
use serde::{Deserialize, Deserializer, de::Visitor};

use super::pool::{Handle, Pool};

/// Longer text hardly repeats, and comparing it costs.
const POOLED: usize = 128;

static TEXTS: LazyLock<Pool<ArcStr>> = LazyLock::new(Pool::new);

impl Handle for ArcStr {
    type Value = str;

    fn value(&self) -> &str {
        self
    }

    fn is_alone(&self) -> bool {
        Self::strong_count(self) == Some(1)
    }
}

/// An immutable string. Equal ones share their bytes when they were made by [`Text::from`].
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(ArcStr);

impl Text {
    /// Text that is not expected to occur twice (a name, a uid): it stays out of the pool.
    #[must_use]
    pub fn unique(text: &str) -> Self {
        Self(ArcStr::from(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For serde: a field whose values hardly repeat.
    pub(super) fn deserialize_unique<'de, D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_str(TextVisitor(Self::unique))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        match text.len() {
            0 => Self::default(),
            1..=POOLED => Self(TEXTS.share(text, || ArcStr::from(text))),
            _ => Self::unique(text),
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.as_str().to_owned()
    }
}

impl From<&Text> for String {
    fn from(text: &Text) -> Self {
        text.as_str().to_owned()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

macro_rules! compares {
    ($($other:ty),*) => {$(
        impl PartialEq<$other> for Text {
            fn eq(&self, other: &$other) -> bool {
                **self == **other
            }
        }
        impl PartialEq<Text> for $other {
            fn eq(&self, other: &Text) -> bool {
                **self == **other
            }
        }
    )*};
}
compares!(&str, String);

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<Text> for str {
    fn eq(&self, other: &Text) -> bool {
        *self == **other
    }
}

struct TextVisitor(fn(&str) -> Text);

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok((self.0)(text))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_str(TextVisitor(|text| Self::from(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share_their_bytes_unless_they_are_unique() {
        let (a, b) = (Text::from("kube-system"), Text::from("kube-system"));
        assert_eq!(a.as_ptr(), b.as_ptr());
        let c = Text::unique("kube-system");
        assert_ne!(a.as_ptr(), c.as_ptr());
        assert_eq!(a, c);
        assert_eq!(size_of::<Text>(), 8);
        let decoded: Text = serde_json::from_str(r#""kube-system""#).unwrap();
        assert_eq!(decoded.as_ptr(), a.as_ptr());
    }
}
