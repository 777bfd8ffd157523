//! Whether credentials are good by what they say of themselves, and whether the server takes them.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use http::Request;
use kube::client::Body;
use serde_json::Value;
use tokio::time::timeout;
use x509_parser::pem::Pem;

use super::{Finding, STEP, tls};
use crate::clusters::{
    Connection,
    connection::{reason, refusal},
    credentials::Source,
    files,
    prepare::Prepared,
};

/// What the credentials say of themselves: their end, if they have one. `None` when they say nothing.
pub(super) fn held(prepared: &Prepared, now: i64) -> Option<Finding> {
    let end = |what: &str, at: i64, renew: &str| {
        let detail = format!("{what} ends {}", tls::date(at));
        if at <= now {
            Finding::failed(format!("{what} ended {}", tls::date(at)), renew)
        } else {
            Finding::ok(detail)
        }
    };
    let data = prepared.config.auth_info.client_certificate_data.as_ref();
    if let Some(pem) = data.and_then(|data| BASE64_STANDARD.decode(data).ok()) {
        let chain: Vec<Vec<u8>> = Pem::iter_from_buffer(&pem)
            .filter_map(|block| Some(block.ok()?.contents))
            .collect();
        let at = tls::ends(&chain)?;
        let found = end(
            "the client certificate",
            at,
            "get a new kubeconfig: its client certificate has ended",
        );
        let shown = tls::described(&chain[..1]);
        return Some(Finding {
            detail: format!("{}\n{shown}", found.detail),
            ..found
        });
    }
    let token = match &prepared.source {
        Source::Fixed(header) => header.to_str().ok()?.strip_prefix("Bearer ")?.to_owned(),
        Source::File(path) => match files::text(path) {
            Ok(token) => token.trim().to_owned(),
            Err(error) => {
                let detail = format!(
                    "the token file \"{}\" cannot be read: {error}",
                    path.display()
                );
                return Some(Finding::failed(
                    detail,
                    "the tool that writes the file has to run first",
                ));
            }
        },
        Source::None | Source::Exec(_) => return None,
    };
    let at = token_end(&token)?;
    Some(end("the token", at, "log in again: the token has ended"))
}

/// `exp` of a JWT, epoch seconds.
fn token_end(token: &str) -> Option<i64> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = BASE64_URL_SAFE_NO_PAD
        .decode(claims.trim_end_matches('='))
        .ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims["exp"].as_f64().map(|exp| exp as i64)
}

/// Whether the server takes them: `/api` is for whoever it knows.
pub(super) async fn taken(connection: &Connection, held: Option<Finding>) -> Finding {
    let request = Request::get("/api").body(Body::empty());
    let request = request.expect("a constant path is well-formed");
    let said = held.as_ref().map(|held| held.detail.clone());
    let with = |line: String| match &said {
        Some(said) => format!("{line}\n{said}"),
        None => line,
    };
    let answer = match timeout(STEP, connection.mutating_client().send(request)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Finding::failed(with(reason(&error)), advice_of(held)),
        Err(_) => {
            return Finding::failed(
                with(format!("silent for {} s", STEP.as_secs())),
                "try again",
            );
        }
    };
    let status = answer.status();
    let body = answer.into_body().collect_bytes().await.unwrap_or_default();
    match status.as_u16() {
        200 => Finding::ok(with("the server takes them".into())),
        401 => Finding::failed(with(refusal(status, &body)), advice_of(held)),
        403 => {
            let words = refusal(status, &body);
            if words.contains("system:anonymous") {
                return Finding::failed(
                    with(words),
                    "the kubeconfig's user has no credentials the server knows: log in, or name another user",
                );
            }
            Finding::warning(
                with(words),
                "the server knows you, but you may not even list its APIs: ask for the role system:discovery",
            )
        }
        _ => Finding::failed(with(refusal(status, &body)), "try again in a while"),
    }
}

fn advice_of(held: Option<Finding>) -> String {
    held.map(|held| held.advice)
        .filter(|advice| !advice.is_empty())
        .unwrap_or_else(|| {
            "the server does not know these credentials: log in again, or get a new kubeconfig"
                .into()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_token_is_read_without_its_key() {
        let token = |claims: &str| format!("e30.{}.sig", BASE64_URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(
            token_end(&token("{\"exp\": 1893456000}")),
            Some(1_893_456_000)
        );
        assert_eq!(token_end(&token("{}")), None);
        assert_eq!(token_end("opaque"), None);
    }
}
