//! Single reads: an object in full, and what a cluster can do. Kept for a moment in the cache.
//!
//! Values of Secrets never leave here.

use std::sync::Arc;

use http::Request;
use kube::client::Body;
use kubegraf_ipc::{
    Code, Error,
    inspect::{Capabilities, GetObject, ObjectFormat, ObjectText},
    object::ObjectRef,
};
use serde_json::{Map, Value, json};

use crate::{
    cache::{Cache, Kept, Key},
    clock::Clock,
    clusters::Connection,
};

/// What stands for a value that is not shown.
const MASK: &str = "***";
/// Where `kubectl apply` keeps a copy of everything, a Secret's values included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Reads of one connection.
pub(crate) struct Reader<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) cache: &'a Cache,
    pub(crate) clock: &'a dyn Clock,
}

impl Reader<'_> {
    /// One object in full, values of Secrets masked.
    pub(crate) async fn object(&self, request: &GetObject) -> Result<ObjectText, Error> {
        let (path, plural) = self.path(&request.object).await?;
        let kept = self.read(&path, &plural, request.refresh).await?;
        let mut object = (*kept.value).clone();
        let found = described(&object, &request.object);
        let wanted = request.object.uid.as_ref().filter(|uid| !uid.is_empty());
        if wanted.is_some() && wanted != found.uid.as_ref() {
            let message = format!(
                "{} \"{}\" is another one of the same name now",
                found.kind, found.name
            );
            return Err(Error::new(Code::NotFound, message));
        }
        let redacted = cleaned(&mut object);
        let version = object["metadata"]["resourceVersion"].as_str();
        let resource_version = version.unwrap_or_default().to_owned();
        let unwritable = |error: String| {
            Error::new(Code::Internal, "the object cannot be written").with_detail(error)
        };
        let text = match request.format {
            ObjectFormat::Json => {
                serde_json::to_string_pretty(&object).map_err(|e| unwritable(e.to_string()))?
            }
            ObjectFormat::Yaml => {
                serde_saphyr::to_string(&object).map_err(|e| unwritable(e.to_string()))?
            }
        };
        Ok(ObjectText {
            object: found,
            resource_version,
            text,
            redacted,
            fetched_at: kept.at,
        })
    }

    /// What the cluster serves.
    pub(crate) async fn capabilities(&self, durable_store: bool) -> Result<Capabilities, Error> {
        let groups = self.read("/apis", "apis", false).await?;
        let groups = groups.value["groups"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let served = groups
            .iter()
            .filter_map(|group| group["preferredVersion"]["groupVersion"].as_str());
        let mut api_groups: Vec<String> = served.map(str::to_owned).collect();
        api_groups.push("v1".into());
        api_groups.sort();
        // A group stays listed when the server behind it is away.
        let metrics = match api_groups.iter().find(|g| g.starts_with("metrics.k8s.io/")) {
            Some(group) => self
                .read(&format!("/apis/{group}"), "apis", false)
                .await
                .is_ok(),
            None => false,
        };
        Ok(Capabilities {
            version: env!("CARGO_PKG_VERSION").into(),
            durable_store,
            kube_version: self.connection.version().map(str::to_owned),
            metrics,
            api_groups,
        })
    }

    /// The path of an object, and its kind's plural, from what the server says of its kinds.
    async fn path(&self, object: &ObjectRef) -> Result<(String, String), Error> {
        for (what, name) in [("name", &object.name), ("namespace", &object.namespace)] {
            // Whatever else a kind allows, these would be another path.
            let other_path =
                name.contains(['/', '?', '#', '%']) || matches!(name.as_str(), "." | "..");
            if other_path || (what == "name" && name.is_empty()) {
                let message = format!("object.{what} \"{name}\" cannot be the {what} of an object");
                return Err(Error::new(Code::InvalidArgument, message));
            }
        }
        let group = match object.api_version.as_str() {
            "" => {
                return Err(Error::new(
                    Code::InvalidArgument,
                    "object.apiVersion is empty",
                ));
            }
            version
                if version.matches('/').count() > 1
                    || version.contains(['?', '#', '%'])
                    || version.contains("..") =>
            {
                let message = format!("object.apiVersion \"{version}\" is no version of an API");
                return Err(Error::new(Code::InvalidArgument, message));
            }
            version if version.contains('/') => format!("/apis/{version}"),
            version => format!("/api/{version}"),
        };
        let kinds = self.read(&group, "apis", false).await?;
        let resources = kinds.value["resources"].as_array();
        let resource = resources.into_iter().flatten().find(|resource| {
            resource["kind"] == object.kind.as_str()
                && resource["name"]
                    .as_str()
                    .is_some_and(|name| !name.contains('/'))
        });
        let Some((resource, plural)) = resource.and_then(|r| Some((r, r["name"].as_str()?))) else {
            let message = format!(
                "the cluster has no kind \"{}\" in \"{}\"",
                object.kind, object.api_version
            );
            return Err(Error::new(Code::NotFound, message));
        };
        let path = if resource["namespaced"] == true {
            if object.namespace.is_empty() {
                let message = format!("a {} lives in a namespace, and none is given", object.kind);
                return Err(Error::new(Code::InvalidArgument, message));
            }
            format!(
                "{group}/namespaces/{}/{plural}/{}",
                object.namespace, object.name
            )
        } else {
            format!("{group}/{plural}/{}", object.name)
        };
        Ok((path, plural.to_owned()))
    }

    async fn read(&self, path: &str, plural: &str, refresh: bool) -> Result<Kept, Error> {
        let key = Key {
            cluster: self.connection.id().to_owned(),
            path: path.to_owned(),
        };
        if refresh {
            self.cache.forget(&key);
        } else if let Some(kept) = self.cache.get(&key) {
            return Ok(kept);
        }
        let (value, bytes) = self.ask(path).await?;
        let at = self.clock.epoch_seconds();
        let kept = Kept::new(Arc::new(value), at, bytes, Cache::life(plural));
        self.cache.put(key, kept.clone());
        Ok(kept)
    }

    async fn ask(&self, path: &str) -> Result<(Value, u64), Error> {
        let request = Request::get(path)
            .body(Body::empty())
            .map_err(|error| Error::new(Code::InvalidArgument, error.to_string()))?;
        let unreachable = |error: kube::Error| {
            let message = format!("\"{}\" does not answer", self.connection.name());
            Error::new(Code::Unreachable, message)
                .with_detail(error.to_string())
                .retryable()
        };
        let client = self.connection.client();
        let (parts, body) = client
            .send(request)
            .await
            .map_err(unreachable)?
            .into_parts();
        let bytes = body.collect_bytes().await.map_err(unreachable)?;
        if !parts.status.is_success() {
            return Err(refused(parts.status.as_u16(), path, &bytes));
        }
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            Error::new(Code::Internal, "the answer is no JSON").with_detail(error.to_string())
        })?;
        Ok((value, bytes.len() as u64))
    }
}

fn refused(status: u16, path: &str, body: &[u8]) -> Error {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = said["message"]
        .as_str()
        .filter(|message| !message.is_empty());
    let message = message.map_or_else(|| format!("the server answered {status}"), str::to_owned);
    let code = match status {
        401 => Code::Unreachable,
        403 => Code::Forbidden,
        404 | 410 => Code::NotFound,
        _ => Code::Internal,
    };
    let error = Error::new(code, message).with_detail(format!("GET {path}: {status}"));
    if status == 429 || status >= 500 {
        error.retryable()
    } else {
        error
    }
}

fn described(object: &Value, asked: &ObjectRef) -> ObjectRef {
    let meta = &object["metadata"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    ObjectRef {
        api_version: text(&object["apiVersion"]).unwrap_or_else(|| asked.api_version.clone()),
        kind: text(&object["kind"]).unwrap_or_else(|| asked.kind.clone()),
        namespace: text(&meta["namespace"]).unwrap_or_default(),
        name: text(&meta["name"]).unwrap_or_else(|| asked.name.clone()),
        uid: text(&meta["uid"]),
    }
}

/// Drops what only servers read and masks what nobody should; says whether something was masked.
fn cleaned(object: &mut Value) -> bool {
    let is_secret = object["kind"] == "Secret";
    let mut masked = false;
    if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.remove("managedFields");
        let notes = meta.get_mut("annotations").and_then(Value::as_object_mut);
        if let Some(copy) = notes.and_then(|notes| notes.get_mut(LAST_APPLIED))
            && is_secret
        {
            *copy = json!(MASK);
            masked = true;
        }
    }
    if is_secret {
        for field in ["data", "stringData"] {
            let values = object.get_mut(field).and_then(Value::as_object_mut);
            for value in values.into_iter().flat_map(Map::values_mut) {
                *value = json!(MASK);
                masked = true;
            }
        }
    }
    masked
}
