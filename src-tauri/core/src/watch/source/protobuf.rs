//! Lists and watches that come as Kubernetes protobuf.

use bytes::{Buf, BytesMut};

use super::{Broken, Frames, LARGEST, Told, told_error};
use crate::{
    objects::{Decode, Meta},
    wire::{self, ListReader, Message, wire},
};

/// Objects handed over at once: enough to spare locks, few enough that the first rows show at once.
const BATCH: usize = 500;
/// Bytes of a watch frame's length.
const LENGTH: usize = 4;

/// Reads a list while it arrives; answers its version and the token of the next page.
pub(super) async fn list<T>(
    mut frames: Frames,
    decode: Decode<T>,
    take: &mut impl FnMut(Vec<T>),
) -> Result<(String, String), Broken> {
    let mut reader = ListReader::default();
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(piece) = frames.next().await? {
        reader.feed(&piece);
        if reader.waiting() > LARGEST {
            return Err(Broken::TooLarge { bytes: LARGEST });
        }
        while let Some(item) = reader.next_item()? {
            batch.push(decode(&item)?);
            if batch.len() == BATCH {
                take(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
                // Decoding can outrun the network for a long time; others want the thread too.
                tokio::task::yield_now().await;
            }
        }
    }
    let meta = reader.finish()?;
    take(batch);
    Ok((meta.resource_version, meta.r#continue))
}

/// Reads events, each with its length before it, until the answer ends.
pub(super) async fn watch<T>(
    mut frames: Frames,
    decode: Decode<T>,
    mut take: impl FnMut(Vec<Told<T>>),
) -> Result<(), Broken> {
    let mut buffer = BytesMut::new();
    while let Some(piece) = frames.next().await? {
        buffer.extend_from_slice(&piece);
        let mut told = Vec::new();
        while let Some(length) = buffer.first_chunk::<LENGTH>() {
            let length = u32::from_be_bytes(*length) as usize;
            if length > LARGEST {
                take(told);
                return Err(Broken::TooLarge { bytes: LARGEST });
            }
            let Some(frame) = buffer.get(LENGTH..LENGTH + length) else {
                break;
            };
            match event(frame, decode) {
                Ok(event) => told.push(event),
                Err(error) => {
                    take(told);
                    return Err(error);
                }
            }
            buffer.advance(LENGTH + length);
        }
        take(told);
    }
    if buffer.is_empty() {
        Ok(())
    } else {
        Err(Broken::Cut)
    }
}

/// `meta/v1.Status`.
#[derive(Default)]
struct Status {
    message: String,
    code: i64,
    details: Details,
}

wire!(Status { 3 => message, 5 => details, 6 => code });

#[derive(Default)]
struct Details {
    retry_after: i64,
}

wire!(Details { 5 => retry_after });

/// Any object, for its version.
#[derive(Default)]
struct Bookmark {
    metadata: Meta,
}

wire!(Bookmark { 1 => metadata });

fn event<T>(frame: &[u8], decode: Decode<T>) -> Result<Told<T>, Broken> {
    let event = wire::watched(frame)?;
    match event.r#type {
        "ADDED" | "MODIFIED" => Ok(Told::Applied(decode(event.object)?)),
        "DELETED" => Ok(Told::Deleted(decode(event.object)?)),
        "BOOKMARK" => {
            let mut bookmark = Bookmark::default();
            bookmark.merge_message(event.object)?;
            Ok(Told::Bookmark(bookmark.metadata.resource_version.into()))
        }
        "ERROR" => {
            let mut status = Status::default();
            status.merge_message(event.object)?;
            let after = u64::try_from(status.details.retry_after).ok();
            Err(told_error(
                u16::try_from(status.code).unwrap_or_default(),
                status.message,
                after.filter(|&after| after > 0),
            ))
        }
        other => Err(Broken::Unknown {
            r#type: other.to_owned(),
        }),
    }
}

/// The message of a refusal; `None` when it is none that can be read.
pub(super) fn status_message(body: &[u8]) -> Option<String> {
    let mut status = Status::default();
    status.merge_message(wire::unwrap(body).ok()?).ok()?;
    Some(status.message)
}
