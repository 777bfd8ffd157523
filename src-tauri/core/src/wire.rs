//! The Kubernetes protobuf encoding, read into core's own types.
//!
//! A message is a run of numbered fields; [`wire!`](macro@crate::wire::wire) lists the numbers a
//! type reads (they are those of `generated.proto` of each API group) and everything else is
//! skipped without a copy. Nothing is ever written in this encoding. Only kinds that a cluster has
//! by the ten thousand are read this way; all others come as JSON.

mod envelope;
mod field;

pub(crate) use envelope::{ListReader, unwrap, watched};
pub(crate) use field::{Field, MapEntries, local_name, quantities, time};

/// The bytes are not what the encoding allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A message ends inside a field.
    #[error("the answer ends inside a field")]
    Truncated,
    /// A number is longer than ten bytes.
    #[error("the answer has an endless number")]
    Varint,
    /// A field of a kind that Kubernetes does not use.
    #[error("the answer has a field of unknown wire type {0}")]
    WireType(u8),
    /// A field holds another kind of value than it should.
    #[error("the answer has a field of the wrong kind")]
    Mismatch,
    /// Text that is not UTF-8.
    #[error("the answer has text that is not UTF-8")]
    Utf8,
    /// The four bytes that every answer begins with are missing.
    #[error("the answer is not Kubernetes protobuf")]
    Magic,
}

/// The value of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A number or a truth.
    Varint(u64),
    /// Text, bytes or a message.
    Bytes(&'a [u8]),
    /// A fixed-width number, which no field that is read has.
    Fixed,
}

impl<'a> Value<'a> {
    /// The bytes of a text or message field.
    pub(crate) fn bytes(self) -> Result<&'a [u8], Malformed> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Varint(_) | Self::Fixed => Err(Malformed::Mismatch),
        }
    }

    /// The number of a number field.
    pub(crate) fn varint(self) -> Result<u64, Malformed> {
        match self {
            Self::Varint(number) => Ok(number),
            Self::Bytes(_) | Self::Fixed => Err(Malformed::Mismatch),
        }
    }
}

/// A type that is read from a message.
pub(crate) trait Message: Default {
    /// Takes one field; a number it does not know is skipped.
    fn field(&mut self, number: u32, value: Value<'_>) -> Result<(), Malformed>;

    /// Takes every field of a message.
    fn merge_message(&mut self, message: &[u8]) -> Result<(), Malformed> {
        for field in Fields(message) {
            let (number, value) = field?;
            self.field(number, value)?;
        }
        Ok(())
    }
}

/// The fields of a message, in order.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.take_field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn take_field(&mut self) -> Result<(u32, Value<'a>), Malformed> {
        let tag = varint(&mut self.0)?.ok_or(Malformed::Truncated)?;
        let number = u32::try_from(tag >> 3).map_err(|_| Malformed::Varint)?;
        let value = match tag & 7 {
            0 => Value::Varint(varint(&mut self.0)?.ok_or(Malformed::Truncated)?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = varint(&mut self.0)?.ok_or(Malformed::Truncated)?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            other => return Err(Malformed::WireType(other as u8)),
        };
        Ok((number, value))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed::Truncated)?;
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(Malformed::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }
}

/// The number the bytes begin with; `None` when they end inside it.
pub(crate) fn varint(bytes: &mut &[u8]) -> Result<Option<u64>, Malformed> {
    let mut number = 0_u64;
    for (index, byte) in bytes.iter().enumerate() {
        if index == 10 {
            return Err(Malformed::Varint);
        }
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            *bytes = &bytes[index + 1..];
            return Ok(Some(number));
        }
    }
    if bytes.len() >= 10 {
        return Err(Malformed::Varint);
    }
    Ok(None)
}

/// Lists which field numbers a type reads: `wire!(Type { 1 => name, 4 => limits via quantities });`
macro_rules! wire {
    ($type:ty { $($number:literal => $($field:ident).+ $(via $how:path)?),* $(,)? }) => {
        impl $crate::wire::Message for $type {
            fn field(
                &mut self,
                number: u32,
                value: $crate::wire::Value<'_>,
            ) -> Result<(), $crate::wire::Malformed> {
                match number {
                    $($number => $crate::wire::wire!(@take self.$($field).+, value $(, $how)?),)*
                    _ => Ok(()),
                }
            }
        }
    };
    (@take $place:expr, $value:ident) => { $crate::wire::Field::merge(&mut $place, $value) };
    (@take $place:expr, $value:ident, $how:path) => { $how(&mut $place, $value) };
}
pub(crate) use wire;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Inner {
        text: String,
    }
    wire!(Inner { 1 => text });

    #[derive(Debug, Default, PartialEq)]
    struct Outer {
        many: Vec<Inner>,
        number: i64,
        maybe: Option<bool>,
    }
    wire!(Outer { 2 => many, 3 => number, 4 => maybe });

    #[test]
    fn unknown_fields_are_skipped_and_known_ones_read() {
        let bytes = [
            0x12, 3, 0x0a, 1, b'a', // many[0].text
            0x2a, 2, 9, 9, // field 5: unknown bytes
            0x31, 0, 0, 0, 0, 0, 0, 0, 0, // field 6: fixed64
            0x12, 3, 0x0a, 1, b'b', // many[1].text
            0x18, 0x96, 0x01, // number = 150
            0x20, 1, // maybe = true
        ];
        let mut outer = Outer::default();
        outer.merge_message(&bytes).unwrap();
        let inner = |text: &str| Inner { text: text.into() };
        assert_eq!(outer.many, [inner("a"), inner("b")]);
        assert_eq!((outer.number, outer.maybe), (150, Some(true)));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = Outer::default().merge_message(&bytes);
            let _ = <crate::objects::Pod as crate::objects::Object>::DECODE.unwrap()(&bytes);
            let _ = unwrap(&bytes);
            let _ = watched(&bytes);
        }
    }

    #[test]
    fn every_cut_of_a_message_is_an_error_or_a_shorter_message() {
        let bytes = [0x12, 3, 0x0a, 1, b'a', 0x18, 0x96, 0x01];
        for end in [1, 2, 3, 4, 6, 7] {
            let cut = Outer::default().merge_message(&bytes[..end]);
            assert_eq!(cut, Err(Malformed::Truncated), "{end}");
        }
        let endless = [
            0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,
        ];
        assert_eq!(
            Outer::default().merge_message(&endless),
            Err(Malformed::Varint)
        );
    }
}
