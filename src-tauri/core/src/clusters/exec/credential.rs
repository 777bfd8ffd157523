//! The `ExecCredential` a program writes.

use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What a program gave.
pub(crate) struct Given {
    pub(crate) token: Option<String>,
    /// Certificate and key, PEM.
    pub(crate) identity: Option<(String, String)>,
    /// Epoch seconds.
    pub(crate) expires: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    api_version: String,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Reads it; an error never quotes what was written.
pub(super) fn read(output: &[u8], api_version: &str) -> Result<Given, String> {
    let wire: Wire = serde_json::from_slice(output).map_err(|error| {
        if output.trim_ascii().is_empty() {
            return "it wrote nothing".to_owned();
        }
        format!("no JSON of an ExecCredential (line {})", error.line())
    })?;
    if wire.kind != "ExecCredential" {
        return Err("its kind is not ExecCredential".into());
    }
    if wire.api_version != api_version {
        return Err(format!("it speaks another version than \"{api_version}\""));
    }
    let status = wire.status.ok_or("it has no status")?;
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let identity = match (
        filled(status.client_certificate_data),
        filled(status.client_key_data),
    ) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => return Err("certificate and key must come together".into()),
    };
    let token = filled(status.token);
    if token.is_none() && identity.is_none() {
        return Err("it has neither a token nor a certificate".into());
    }
    let expires = filled(status.expiration_timestamp)
        .map(|text| expiry(&text).ok_or("its expirationTimestamp is no time"))
        .transpose()?;
    Ok(Given {
        token,
        identity,
        expires,
    })
}

/// Epoch seconds of an RFC 3339 time.
pub(crate) fn expiry(text: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Some(at.unix_timestamp())
}
