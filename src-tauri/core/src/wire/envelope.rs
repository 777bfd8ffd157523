//! What objects are wrapped in: the envelope, the frames of a watch, and a list as it arrives.

use bytes::{Buf, Bytes, BytesMut};

use super::{Fields, Malformed, Message, varint, wire};

/// Every answer begins with it.
const MAGIC: &[u8] = b"k8s\0";
/// The object's bytes in `runtime.Unknown` and in `WatchEvent.object`.
const UNKNOWN_RAW: u32 = 2;
/// `items` of every list message.
const LIST_ITEMS: u32 = 2;
/// A list's `metadata`.
const LIST_META: u32 = 1;

/// The object inside an envelope: `k8s\0`, then `runtime.Unknown {raw: 2}`.
///
/// # Errors
/// [`Malformed`] when it is no envelope.
pub(crate) fn unwrap(bytes: &[u8]) -> Result<&[u8], Malformed> {
    let unknown = bytes.strip_prefix(MAGIC).ok_or(Malformed::Magic)?;
    let mut raw: &[u8] = &[];
    for field in Fields(unknown) {
        if let (UNKNOWN_RAW, value) = field? {
            raw = value.bytes()?;
        }
    }
    Ok(raw)
}

/// One event of a watch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Watched<'a> {
    /// `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`.
    pub(crate) r#type: &'a str,
    /// The object's message; a `Status` for `ERROR`.
    pub(crate) object: &'a [u8],
}

/// Reads one frame of a watch (without its length).
///
/// # Errors
/// [`Malformed`] when it is no watch event.
pub(crate) fn watched(frame: &[u8]) -> Result<Watched<'_>, Malformed> {
    let event = if frame.starts_with(MAGIC) {
        unwrap(frame)?
    } else {
        frame
    };
    let (mut r#type, mut object): (&str, &[u8]) = ("", &[]);
    for field in Fields(event) {
        match field? {
            (1, value) => {
                r#type = std::str::from_utf8(value.bytes()?).map_err(|_| Malformed::Utf8)?;
            }
            (2, extension) => {
                for field in Fields(extension.bytes()?) {
                    if let (1, raw) = field? {
                        object = raw.bytes()?;
                    }
                }
            }
            _ => {}
        }
    }
    if object.starts_with(MAGIC) {
        object = unwrap(object)?;
    }
    Ok(Watched { r#type, object })
}

/// `ListMeta`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ListMeta {
    pub(crate) resource_version: String,
    pub(crate) r#continue: String,
}

wire!(ListMeta { 2 => resource_version, 3 => r#continue });

/// Reads a list while it arrives: items come out as soon as they are whole, so that an answer of
/// hundreds of megabytes never lies in memory.
#[derive(Debug, Default)]
pub(crate) struct ListReader {
    buffer: BytesMut,
    place: Place,
    meta: ListMeta,
    complete: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Place {
    /// Before `k8s\0`.
    #[default]
    Start,
    /// Among the fields of the envelope.
    Envelope,
    /// Among the fields of the list, of which so many bytes are still to come.
    List(usize),
}

impl ListReader {
    /// Takes the next piece of the answer.
    pub(crate) fn feed(&mut self, piece: &Bytes) {
        self.buffer.extend_from_slice(piece);
    }

    /// Bytes that have arrived and are not handed out yet.
    pub(crate) fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// The next whole item's message; `None` until more has arrived.
    ///
    /// # Errors
    /// [`Malformed`] when it is no list.
    pub(crate) fn next_item(&mut self) -> Result<Option<Bytes>, Malformed> {
        loop {
            match self.place {
                Place::Start => {
                    if self.buffer.len() < MAGIC.len() {
                        return Ok(None);
                    }
                    if !self.buffer.starts_with(MAGIC) {
                        return Err(Malformed::Magic);
                    }
                    self.buffer.advance(MAGIC.len());
                    self.place = Place::Envelope;
                }
                Place::Envelope => {
                    let Some(header) = self.header()? else {
                        return Ok(None);
                    };
                    if header.number == UNKNOWN_RAW {
                        self.buffer.advance(header.length);
                        self.place = Place::List(header.body);
                    } else if self.buffer.len() < header.length + header.body {
                        return Ok(None);
                    } else {
                        self.buffer.advance(header.length + header.body);
                    }
                }
                Place::List(0) => {
                    self.complete = true;
                    self.place = Place::Envelope;
                }
                Place::List(left) => {
                    let Some(header) = self.header()? else {
                        return Ok(None);
                    };
                    let whole = header.length + header.body;
                    if whole > left {
                        return Err(Malformed::Truncated);
                    }
                    if self.buffer.len() < whole {
                        return Ok(None);
                    }
                    self.place = Place::List(left - whole);
                    self.buffer.advance(header.length);
                    let body = self.buffer.split_to(header.body).freeze();
                    match header.number {
                        LIST_ITEMS => return Ok(Some(body)),
                        LIST_META => self.meta.merge_message(&body)?,
                        _ => {}
                    }
                }
            }
        }
    }

    /// The list's metadata, once the answer has ended.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when it ended too soon.
    pub(crate) fn finish(self) -> Result<ListMeta, Malformed> {
        if self.complete && self.place == Place::Envelope && self.buffer.is_empty() {
            Ok(self.meta)
        } else {
            Err(Malformed::Truncated)
        }
    }

    /// The next field's number, and the sizes of its header and its body.
    fn header(&self) -> Result<Option<Header>, Malformed> {
        let mut rest: &[u8] = &self.buffer;
        let Some(tag) = varint(&mut rest)? else {
            return Ok(None);
        };
        let number = u32::try_from(tag >> 3).map_err(|_| Malformed::Varint)?;
        let body = match tag & 7 {
            0 => {
                let before = rest.len();
                if varint(&mut rest)?.is_none() {
                    return Ok(None);
                }
                let length = self.buffer.len() - before;
                let body = before - rest.len();
                return Ok(Some(Header {
                    number,
                    length,
                    body,
                }));
            }
            1 => 8,
            2 => match varint(&mut rest)? {
                Some(length) => usize::try_from(length).map_err(|_| Malformed::Truncated)?,
                None => return Ok(None),
            },
            5 => 4,
            other => return Err(Malformed::WireType(other as u8)),
        };
        let length = self.buffer.len() - rest.len();
        Ok(Some(Header {
            number,
            length,
            body,
        }))
    }
}

struct Header {
    number: u32,
    /// Bytes of the header itself.
    length: usize,
    /// Bytes after it.
    body: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2, u8::try_from(body.len()).unwrap()];
        bytes.extend_from_slice(body);
        bytes
    }

    fn list() -> Vec<u8> {
        let mut list = field(1, &[field(2, b"77"), field(3, b"next")].concat());
        list.extend(field(2, b"first"));
        list.extend(field(2, b"second"));
        let unknown = [field(1, &field(1, b"v1")), field(2, &list)].concat();
        [MAGIC, &unknown].concat()
    }

    #[test]
    fn a_list_is_read_in_pieces_of_any_size() {
        let whole = list();
        for size in 1..=whole.len() {
            let mut reader = ListReader::default();
            let mut items = Vec::new();
            for piece in whole.chunks(size) {
                reader.feed(&Bytes::copy_from_slice(piece));
                while let Some(item) = reader.next_item().unwrap() {
                    items.push(item);
                }
            }
            assert_eq!(items, ["first", "second"], "pieces of {size}");
            let meta = reader.finish().unwrap();
            assert_eq!((&*meta.resource_version, &*meta.r#continue), ("77", "next"));
        }
    }

    #[test]
    fn a_list_that_ends_too_soon_is_no_list() {
        let whole = list();
        for end in 0..whole.len() {
            let mut reader = ListReader::default();
            reader.feed(&Bytes::copy_from_slice(&whole[..end]));
            while let Ok(Some(_)) = reader.next_item() {}
            assert_eq!(reader.finish(), Err(Malformed::Truncated), "cut at {end}");
        }
    }

    #[test]
    fn a_watch_event_is_read_with_and_without_an_envelope() {
        let object = [MAGIC, &field(2, b"pod")].concat();
        let event = [field(1, b"ADDED"), field(2, &field(1, &object))].concat();
        let expected = Watched {
            r#type: "ADDED",
            object: b"pod",
        };
        assert_eq!(watched(&event).unwrap(), expected);
        let enveloped = [MAGIC, &field(2, &event)].concat();
        assert_eq!(watched(&enveloped).unwrap(), expected);
    }
}
