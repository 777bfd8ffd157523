//! Just enough of the watch formats to tell events apart: where a frame ends, and the number that the churn
//! has written into it. Shares nothing with the core's decoder, so that the two cannot be wrong together.

use bytes::{Buf, Bytes, BytesMut};

/// Joins pieces and cuts them into whole events. What is left at the end is no whole event.
pub fn frames(pieces: &[Bytes], protobuf: bool) -> Vec<Bytes> {
    let mut left = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
    for piece in pieces {
        left.extend_from_slice(piece);
    }
    let mut left = left.freeze();
    let mut found = Vec::new();
    while let Some(end) = end(&left, protobuf) {
        found.push(left.split_to(end));
    }
    found
}

fn end(left: &Bytes, protobuf: bool) -> Option<usize> {
    if protobuf {
        let length = (left.len() >= 4).then(|| left.slice(..4).get_u32() as usize + 4)?;
        (left.len() >= length).then_some(length)
    } else {
        left.iter().position(|byte| *byte == b'\n').map(|at| at + 1)
    }
}

/// The restart count of the pod's first container; `None` for what is not about a pod that has one.
pub fn restarts(frame: &[u8], protobuf: bool) -> Option<u32> {
    if !protobuf {
        let event: serde_json::Value = serde_json::from_slice(frame).ok()?;
        let count = &event["object"]["status"]["containerStatuses"][0]["restartCount"];
        return count.as_u64()?.try_into().ok();
    }
    // WatchEvent.object, RawExtension.raw, then the object in its envelope: Unknown.raw, Pod.status,
    // PodStatus.containerStatuses, ContainerStatus.restartCount.
    let event = unwrapped(frame.get(4..)?);
    let object = field(field(event, 2)?, 1)?;
    let status = field(field(unwrapped(object), 3)?, 8)?;
    number(status, 5)?.try_into().ok()
}

/// The message in the envelope of Kubernetes, if it has one.
fn unwrapped(bytes: &[u8]) -> &[u8] {
    bytes
        .strip_prefix(b"k8s\0")
        .and_then(|unknown| field(unknown, 2))
        .unwrap_or(bytes)
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn field(message: &[u8], wanted: u64) -> Option<&[u8]> {
    find(message, wanted).and_then(|value| match value {
        Value::Bytes(bytes) => Some(bytes),
        Value::Number(_) => None,
    })
}

fn number(message: &[u8], wanted: u64) -> Option<u64> {
    find(message, wanted).and_then(|value| match value {
        Value::Number(number) => Some(number),
        Value::Bytes(_) => None,
    })
}

/// The first field of that number.
fn find(mut message: &[u8], wanted: u64) -> Option<Value<'_>> {
    while !message.is_empty() {
        let tag = varint(&mut message)?;
        let value = match tag & 7 {
            0 => Value::Number(varint(&mut message)?),
            1 => Value::Bytes(take(&mut message, 8)?),
            2 => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                Value::Bytes(take(&mut message, length)?)
            }
            5 => Value::Bytes(take(&mut message, 4)?),
            _ => return None,
        };
        if tag >> 3 == wanted {
            return Some(value);
        }
    }
    None
}

fn take<'a>(message: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = message.split_at_checked(length)?;
    *message = rest;
    Some(taken)
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_cut_where_events_end() {
        let json = [
            Bytes::from_static(b"{\"a\":1}\n{\"b"),
            Bytes::from_static(b"\":2}\n{"),
        ];
        let found = frames(&json, false);
        assert_eq!(found, [&b"{\"a\":1}\n"[..], b"{\"b\":2}\n"]);
        let wire = [
            Bytes::from_static(&[0, 0, 0, 1, 9, 0, 0]),
            Bytes::from_static(&[0, 2, 7, 7, 0]),
        ];
        let found = frames(&wire, true);
        assert_eq!(found, [&[0, 0, 0, 1, 9][..], &[0, 0, 0, 2, 7, 7]]);
    }

    #[test]
    fn the_number_is_found_in_both_encodings() {
        let json = br#"{"type":"MODIFIED","object":{"status":{"containerStatuses":[{"restartCount":300}]}}}"#;
        assert_eq!(restarts(json, false), Some(300));
        let wrap = |number: u8, inner: &[u8]| -> Vec<u8> {
            let length = u8::try_from(inner.len()).expect("it is short");
            [&[number << 3 | 2, length], inner].concat()
        };
        let envelope = |inner: &[u8]| [&b"k8s\0"[..], &wrap(2, inner)].concat();
        let status = wrap(8, &[&wrap(1, b"app")[..], &[5 << 3, 0xac, 0x02]].concat());
        let pod = envelope(&wrap(3, &status));
        let event = envelope(&[wrap(1, b"MODIFIED"), wrap(2, &wrap(1, &pod))].concat());
        let frame = [&[0, 0, 0, 0], &event[..]].concat();
        assert_eq!(restarts(&frame, true), Some(300));
        assert_eq!(restarts(&frame[..20], true), None);
    }
}
