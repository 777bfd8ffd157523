//! Lists and watches that come as JSON.

use bytes::{Buf, BytesMut};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{Broken, Frames, LARGEST, Told, told_error};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListMeta {
    resource_version: String,
    r#continue: String,
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default)]
    metadata: ListMeta,
    items: Option<Vec<T>>,
}

/// Reads one page; answers its version and the token of the next.
pub(super) async fn list<T: DeserializeOwned>(
    mut frames: Frames,
    take: &mut impl FnMut(Vec<T>),
) -> Result<(String, String), Broken> {
    let mut page = BytesMut::new();
    while let Some(piece) = frames.next().await? {
        if page.len() + piece.len() > LARGEST {
            return Err(Broken::TooLarge { bytes: LARGEST });
        }
        page.extend_from_slice(&piece);
    }
    let list: List<T> =
        serde_json::from_slice(&page).map_err(|error| Broken::other("list", error))?;
    take(list.items.unwrap_or_default());
    Ok((list.metadata.resource_version, list.metadata.r#continue))
}

#[derive(Deserialize)]
struct Event<'a> {
    r#type: &'a str,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    message: String,
    code: u16,
    details: Details,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Details {
    retry_after_seconds: u64,
}

#[derive(Deserialize)]
struct Bookmark {
    metadata: ListMeta,
}

/// Reads events, one a line, until the answer ends.
pub(super) async fn watch<T: DeserializeOwned>(
    mut frames: Frames,
    mut take: impl FnMut(Vec<Told<T>>),
) -> Result<(), Broken> {
    let mut buffer = BytesMut::new();
    while let Some(piece) = frames.next().await? {
        // What was there holds no line end: only the new piece is searched.
        let mut searched = buffer.len();
        buffer.extend_from_slice(&piece);
        let mut told = Vec::new();
        while let Some(end) = buffer[searched..].iter().position(|&byte| byte == b'\n') {
            let end = searched + end;
            let line = &buffer[..end];
            if !line.iter().all(u8::is_ascii_whitespace) {
                match event(line) {
                    Ok(event) => told.push(event),
                    Err(error) => {
                        take(told);
                        return Err(error);
                    }
                }
            }
            buffer.advance(end + 1);
            searched = 0;
        }
        if buffer.len() > LARGEST {
            return Err(Broken::TooLarge { bytes: LARGEST });
        }
        take(told);
    }
    if buffer.iter().all(u8::is_ascii_whitespace) {
        Ok(())
    } else {
        Err(Broken::Cut)
    }
}

fn event<T: DeserializeOwned>(line: &[u8]) -> Result<Told<T>, Broken> {
    let unreadable = |error| Broken::other("watch", error);
    let event: Event<'_> = serde_json::from_slice(line).map_err(unreadable)?;
    let text = event.object.get();
    match event.r#type {
        "ADDED" | "MODIFIED" => serde_json::from_str(text)
            .map(Told::Applied)
            .map_err(unreadable),
        "DELETED" => serde_json::from_str(text)
            .map(Told::Deleted)
            .map_err(unreadable),
        "BOOKMARK" => serde_json::from_str(text)
            .map(|bookmark: Bookmark| Told::Bookmark(bookmark.metadata.resource_version))
            .map_err(unreadable),
        "ERROR" => {
            let status: Status = serde_json::from_str(text).map_err(unreadable)?;
            let after = status.details.retry_after_seconds;
            Err(told_error(
                status.code,
                status.message,
                (after > 0).then_some(after),
            ))
        }
        other => Err(Broken::Unknown {
            r#type: other.to_owned(),
        }),
    }
}
