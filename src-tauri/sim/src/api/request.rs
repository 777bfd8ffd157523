//! A request taken apart: target, verb, query, wanted form, body.

use bytes::Bytes;
use http::Method;
use http::request::Parts;
use serde_json::Value;

use super::form::Accept;
use crate::kinds::{Kind, KindId};
use crate::status::Status;
use crate::world::World;

/// What the path names.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// Discovery, version, health.
    Root(String),
    /// A collection; an empty namespace is all of them.
    Items { kind: KindId, namespace: String },
    /// One object, or a subresource of it; `rest` is what follows (a proxied path).
    Item {
        kind: KindId,
        namespace: String,
        name: String,
        sub: Option<String>,
        rest: String,
    },
}

#[derive(Debug)]
pub(crate) struct Request {
    pub target: Target,
    /// The API verb, as permissions name it.
    pub verb: &'static str,
    pub query: Query,
    pub accept: Accept,
    pub content_type: String,
    pub body: Bytes,
    /// The row of the kind; a dummy for [`Target::Root`].
    pub row: Option<Kind>,
}

impl Request {
    pub(crate) fn read(world: &World, parts: &Parts, body: Bytes) -> Result<Self, Status> {
        let header = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|v| v.to_str().ok())
                .unwrap_or_default()
        };
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let target = target(world, parts.uri.path())?;
        let content_type = header("content-type")
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        let watching = query.flag("watch");
        let verb = match (&target, &parts.method) {
            (Target::Root(_), &Method::GET) => "get",
            (Target::Items { .. }, &Method::GET | &Method::HEAD) if watching => "watch",
            (Target::Items { .. }, &Method::GET | &Method::HEAD) => "list",
            (Target::Items { .. }, &Method::DELETE) => "deletecollection",
            (Target::Item { .. }, &Method::GET | &Method::HEAD) => "get",
            (Target::Item { .. }, &Method::DELETE) => "delete",
            (Target::Item { .. }, &Method::PUT) => "update",
            (Target::Item { .. }, &Method::PATCH) => "patch",
            (Target::Items { .. } | Target::Item { sub: Some(_), .. }, &Method::POST) => "create",
            _ => return Err(Status::method_not_allowed()),
        };
        let row = match &target {
            Target::Root(_) => None,
            Target::Items { kind, .. } | Target::Item { kind, .. } => Some(world.kind(*kind)),
        };
        if let (Some(row), Target::Items { .. } | Target::Item { sub: None, .. }) = (&row, &target)
            && !row.verbs().contains(&verb)
        {
            return Err(Status::method_not_allowed());
        }
        Ok(Self {
            target,
            verb,
            query,
            accept: Accept::parse(header("accept")),
            content_type,
            body,
            row,
        })
    }

    pub(crate) fn kind(&self) -> KindId {
        match &self.target {
            Target::Root(_) => KindId(usize::MAX),
            Target::Items { kind, .. } | Target::Item { kind, .. } => *kind,
        }
    }

    pub(crate) fn namespace(&self) -> &str {
        match &self.target {
            Target::Root(_) => "",
            Target::Items { namespace, .. } | Target::Item { namespace, .. } => namespace,
        }
    }

    pub(crate) fn name(&self) -> &str {
        match &self.target {
            Target::Item { name, .. } => name,
            _ => "",
        }
    }

    pub(crate) fn row(&self) -> Result<&Kind, Status> {
        self.row.as_ref().ok_or_else(Status::no_such_path)
    }

    /// `pods` or `pods/log`; empty for discovery.
    pub(crate) fn resource_path(&self) -> String {
        let Some(row) = &self.row else {
            return String::new();
        };
        match &self.target {
            Target::Item { sub: Some(sub), .. } => format!("{}/{sub}", row.plural),
            _ => row.plural.to_string(),
        }
    }

    pub(crate) fn json(&self) -> Result<Value, Status> {
        if !matches!(self.content_type.as_str(), "" | "application/json") {
            return Err(Status::unsupported_media(&[
                "application/json",
                "application/yaml",
                "application/vnd.kubernetes.protobuf",
            ]));
        }
        serde_json::from_slice(&self.body).map_err(|e| {
            Status::bad_request(format!(
                "the object provided is unrecognized (must be of type {}): {e}",
                self.row.as_ref().map_or("Status", |r| &r.kind)
            ))
        })
    }

    pub(crate) fn dry_run(&self) -> Result<bool, Status> {
        match self.query.text("dryRun") {
            "" => Ok(false),
            "All" => Ok(true),
            other => {
                let refusal = crate::status::Refusal::unsupported(
                    "dryRun",
                    &Value::from(vec![other]),
                    &["All"],
                );
                let options = match self.verb {
                    "create" => "CreateOptions",
                    "update" => "UpdateOptions",
                    "patch" => "PatchOptions",
                    _ => "DeleteOptions",
                };
                Err(super::options::invalid(options, &[refusal]))
            }
        }
    }
}

fn target(world: &World, path: &str) -> Result<Target, Status> {
    let decoded = decode(path);
    let parts: Vec<&str> = decoded.split('/').filter(|p| !p.is_empty()).collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        _ => return Ok(Target::Root(decoded.trim_end_matches('/').to_owned())),
    };
    let find = |plural: &str| {
        world
            .kinds
            .by_path(group, version, plural)
            .ok_or_else(Status::no_such_path)
    };
    let item = |kind, namespace: &str, name: &str, rest: &[&str]| Target::Item {
        kind,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        sub: rest.first().map(|s| (*s).to_owned()),
        rest: rest.get(1..).unwrap_or_default().join("/"),
    };
    match rest {
        ["namespaces", name] if group.is_empty() => Ok(item(find("namespaces")?, "", name, &[])),
        ["namespaces", name, sub @ ("status" | "finalize")] if group.is_empty() => {
            Ok(item(find("namespaces")?, "", name, &[sub]))
        }
        ["namespaces", namespace, plural, rest @ ..] => {
            let kind = find(plural)?;
            if !world.kinds.get(kind).namespaced {
                return Err(Status::no_such_path());
            }
            Ok(match rest {
                [] => Target::Items {
                    kind,
                    namespace: (*namespace).to_owned(),
                },
                [name, rest @ ..] => item(kind, namespace, name, rest),
            })
        }
        [plural] => Ok(Target::Items {
            kind: find(plural)?,
            namespace: String::new(),
        }),
        [plural, name, rest @ ..] => {
            let kind = find(plural)?;
            if world.kinds.get(kind).namespaced {
                return Err(Status::no_such_path());
            }
            Ok(item(kind, "", name, rest))
        }
        [] => Err(Status::no_such_path()),
    }
}

/// The query parameters; the first of a repeated one counts.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    fn parse(text: &str) -> Self {
        Self(
            text.split('&')
                .filter(|p| !p.is_empty())
                .map(|p| {
                    let (k, v) = p.split_once('=').unwrap_or((p, ""));
                    (decode(&k.replace('+', " ")), decode(&v.replace('+', " ")))
                })
                .collect(),
        )
    }

    pub(crate) fn text(&self, key: &str) -> &str {
        self.0.iter().find(|(k, _)| k == key).map_or("", |(_, v)| v)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(k, _)| k == key)
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        matches!(self.text(key), "true" | "1")
            || (self.has(key) && self.text(key).is_empty() && key == "watch")
    }

    pub(crate) fn number(&self, key: &str) -> Option<i64> {
        self.text(key).parse().ok()
    }
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten();
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        let q = Query::parse("labelSelector=app%3Dweb%2Ctier+in+%28a%29&watch=1&x");
        assert_eq!(q.text("labelSelector"), "app=web,tier in (a)");
        assert!(q.flag("watch"));
        assert!(!q.flag("x"));
    }
}
