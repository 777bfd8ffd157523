//! Times on the wire: RFC 3339 text, kept as epoch seconds.

use serde::{Deserialize, Deserializer};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Epoch seconds of an RFC 3339 text; `None` when it is none.
pub(crate) fn parse(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .map(OffsetDateTime::unix_timestamp)
}

/// An absent, null or unreadable time is `None`: a table shows it as `<unknown>`.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<i64>, D::Error> {
    Ok(Option::<std::borrow::Cow<'de, str>>::deserialize(d)?
        .as_deref()
        .and_then(parse))
}
