//! How each type of field is read.

use std::collections::BTreeMap;

use super::{Fields, Malformed, Message, Value};
use crate::objects::{IntOrString, Map, Text};

/// A type that a field can have.
pub(crate) trait Field {
    /// Takes the field's value; a repeated field is taken once per element.
    fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed>;
}

fn utf8<'a>(value: Value<'a>) -> Result<&'a str, Malformed> {
    std::str::from_utf8(value.bytes()?).map_err(|_| Malformed::Utf8)
}

impl Field for String {
    fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed> {
        utf8(value)?.clone_into(self);
        Ok(())
    }
}

impl Field for Text {
    fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed> {
        *self = Self::from(utf8(value)?);
        Ok(())
    }
}

impl Field for bool {
    fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed> {
        *self = value.varint()? != 0;
        Ok(())
    }
}

/// Signed numbers are sign-extended to 64 bits on the wire.
impl Field for i64 {
    fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed> {
        *self = value.varint()?.cast_signed();
        Ok(())
    }
}

macro_rules! narrow {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed> {
                let number = value.varint()?.cast_signed();
                *self = Self::try_from(number).map_err(|_| Malformed::Mismatch)?;
                Ok(())
            }
        }
    )*};
}
narrow!(i32, u32, u16);

impl<M: Message> Field for M {
    fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed> {
        self.merge_message(value.bytes()?)
    }
}

impl<F: Field + Default> Field for Option<F> {
    fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed> {
        self.get_or_insert_default().merge(value)
    }
}

impl<M: Message> Message for Box<M> {
    fn field(&mut self, number: u32, value: Value<'_>) -> Result<(), Malformed> {
        (**self).field(number, value)
    }
}

impl<F: Field + Default> Field for Vec<F> {
    fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed> {
        let mut element = F::default();
        element.merge(value)?;
        self.push(element);
        Ok(())
    }
}

/// One entry of a map field.
#[derive(Default)]
pub(super) struct Entry<V> {
    key: String,
    value: V,
}

impl<V: Field + Default> Message for Entry<V> {
    fn field(&mut self, number: u32, value: Value<'_>) -> Result<(), Malformed> {
        match number {
            1 => self.key.merge(value),
            2 => self.value.merge(value),
            _ => Ok(()),
        }
    }
}

impl Field for BTreeMap<String, String> {
    fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed> {
        let mut entry = Entry::<String>::default();
        entry.merge_message(value.bytes()?)?;
        self.insert(entry.key, entry.value);
        Ok(())
    }
}

/// Built anew for each entry: only for maps of a few entries.
impl Field for Map {
    fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed> {
        let mut entries = MapEntries::default();
        entries.merge(value)?;
        let before = self.iter().map(|(key, value)| (key.clone(), value.clone()));
        *self = before.chain(entries.0).collect();
        Ok(())
    }
}

/// A port by number or name: `{type: 1, intVal: 2, strVal: 3}`, type 0 being a number.
impl Field for IntOrString {
    fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed> {
        let (mut is_text, mut number, mut text) = (0_i64, 0_i64, String::new());
        for field in Fields(value.bytes()?) {
            match field? {
                (1, value) => is_text.merge(value)?,
                (2, value) => number.merge(value)?,
                (3, value) => text.merge(value)?,
                _ => {}
            }
        }
        *self = if is_text == 0 {
            Self::Int(number)
        } else {
            Self::Text(text)
        };
        Ok(())
    }
}

/// A map in the making; [`Map`] is built when its message is whole.
#[derive(Default)]
pub(crate) struct MapEntries(Vec<(Text, Text)>);

impl MapEntries {
    pub(crate) fn take(&mut self) -> Map {
        std::mem::take(&mut self.0).into_iter().collect()
    }

    /// Takes one entry, if it passes.
    pub(crate) fn push_if(
        &mut self,
        entry: Value<'_>,
        keep: impl Fn(&str, &str) -> bool,
    ) -> Result<(), Malformed> {
        let (mut key, mut value) = ("", "");
        for field in Fields(entry.bytes()?) {
            match field? {
                (1, bytes) => key = utf8(bytes)?,
                (2, bytes) => value = utf8(bytes)?,
                _ => {}
            }
        }
        if keep(key, value) {
            self.0.push((key.into(), value.into()));
        }
        Ok(())
    }
}

impl Field for MapEntries {
    fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed> {
        self.push_if(value, |_, _| true)
    }
}

/// A `Time` or `MicroTime` as epoch seconds; the zero time is none.
pub(crate) fn time(place: &mut Option<i64>, value: Value<'_>) -> Result<(), Malformed> {
    let (mut seconds, mut nanos) = (0_i64, 0_i64);
    for field in Fields(value.bytes()?) {
        match field? {
            (1, value) => seconds.merge(value)?,
            (2, value) => nanos.merge(value)?,
            _ => {}
        }
    }
    *place = (seconds != 0 || nanos != 0).then_some(seconds);
    Ok(())
}

/// A quantity map: `map<string, {string: 1}>`.
pub(crate) fn quantities(
    place: &mut BTreeMap<String, String>,
    value: Value<'_>,
) -> Result<(), Malformed> {
    #[derive(Default)]
    struct Quantity(String);
    impl Message for Quantity {
        fn field(&mut self, number: u32, value: Value<'_>) -> Result<(), Malformed> {
            if number == 1 {
                self.0.merge(value)
            } else {
                Ok(())
            }
        }
    }
    let mut entry = Entry::<Quantity>::default();
    entry.merge_message(value.bytes()?)?;
    place.insert(entry.key, entry.value.0);
    Ok(())
}

/// `{localObjectReference: {name: 1}}`, flattened to the name.
pub(crate) fn local_name(place: &mut String, value: Value<'_>) -> Result<(), Malformed> {
    for field in Fields(value.bytes()?) {
        if let (1, name) = field? {
            place.merge(name)?;
        }
    }
    Ok(())
}
