//! Planning: the live object, the server's dry run of exactly what would be sent, and what a person
//! must know before saying yes. Nothing here changes a cluster.

use http::{Method, StatusCode};
use kubegraf_ipc::{
    execution::{Consent, DryRun, Permission, Plan},
    incident::{PatchType, Safety},
    object::ObjectRef,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    api::{ApiError, Mutation, Named, Resource, allowed, get, read},
    blast::{self, Neighbourhood},
    diff::{authored, changed_fields, is_secret, lines, mask},
    error::Error,
    intent::{Change, Intent, Target},
};

/// A status that changes all the time must not keep a dry run from its object.
const LOOKS: u32 = 5;

/// The object now, and what the server would make of it.
pub(super) struct Look {
    /// The object; `None` where it is absent.
    pub live: Option<Value>,
    /// The request, bound to the version looked at.
    pub mutation: Mutation,
    /// The server's answer to its dry run: the object afterwards, `None` where it would be gone.
    pub answer: Result<Option<Value>, ApiError>,
    keep_status: bool,
}

impl Look {
    pub fn before(&self) -> Option<Value> {
        self.live
            .as_ref()
            .map(|live| authored(live, self.keep_status))
    }

    pub fn after(&self) -> Option<Value> {
        let after = self.answer.as_ref().ok()?.as_ref()?;
        Some(authored(after, self.keep_status))
    }

    pub fn version(&self) -> &str {
        self.live
            .as_ref()
            .and_then(|live| live["metadata"]["resourceVersion"].as_str())
            .unwrap_or_default()
    }

    pub fn uid(&self) -> Option<String> {
        Some(self.live.as_ref()?["metadata"]["uid"].as_str()?.to_owned())
    }
}

/// Reads the object and asks for a dry run of the change.
///
/// # Errors
/// When the object cannot be read, or the patch is malformed. A refused dry run is a [`Look`].
pub(super) async fn look(
    target: &Target,
    resource: &Resource,
    intent: &Intent,
) -> Result<Look, Error> {
    let path = resource.object(&intent.target);
    let keep_status = touches_status(&intent.change);
    let mut looks = 0;
    loop {
        looks += 1;
        let live = match read(&target.client, || get(&path)).await {
            Ok(reply) => Some(reply.body),
            Err(error)
                if error.is(StatusCode::NOT_FOUND)
                    && matches!(intent.change, Change::Create(_)) =>
            {
                None
            }
            Err(error) => {
                return Err(Error::api(format!("read {}", Named(&intent.target)))(error));
            }
        };
        let mutation = mutation(resource, intent, live.as_ref())?;
        let answer = read(&target.client, || mutation.request(true)).await;
        let answer = match answer {
            Err(error) if error.is(StatusCode::CONFLICT) && live.is_some() && looks < LOOKS => {
                continue;
            }
            Err(unclear @ ApiError::Unclear { .. }) => {
                return Err(Error::api(format!("dry-run {}", Named(&intent.target)))(
                    unclear,
                ));
            }
            Err(refused) if is_secret(&intent.target.api_version, &intent.target.kind) => {
                Err(refused.without_values())
            }
            Err(refused) => Err(refused),
            Ok(_) if intent.change == Change::Delete => Ok(None),
            Ok(reply) => Ok(Some(reply.body)),
        };
        return Ok(Look {
            live,
            mutation,
            answer,
            keep_status,
        });
    }
}

/// The request, with the version of the object as its condition.
fn mutation(resource: &Resource, intent: &Intent, live: Option<&Value>) -> Result<Mutation, Error> {
    let path = resource.object(&intent.target);
    let metadata = live.map(|live| &live["metadata"]);
    let version = metadata.map(|metadata| &metadata["resourceVersion"]);
    let (method, path, content_type, body) = match &intent.change {
        Change::Create(object) => (
            Method::POST,
            resource.collection(&intent.target.namespace),
            "application/json",
            object.clone(),
        ),
        Change::Delete => (
            Method::DELETE,
            path,
            "application/json",
            json!({ "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
                "preconditions": { "uid": metadata.map(|metadata| &metadata["uid"]),
                    "resourceVersion": version } }),
        ),
        Change::Patch(patch) if patch.r#type == PatchType::Create => {
            let object = serde_json::from_str(&patch.body).map_err(|source| Error::BadPatch {
                expected: "create",
                source,
            })?;
            let path = resource.collection(&intent.target.namespace);
            (Method::POST, path, "application/json", object)
        }
        Change::Patch(patch) | Change::Subresource(_, patch) => {
            let path = match intent.change {
                Change::Subresource(name, _) => format!("{path}/{name}"),
                _ => path,
            };
            let (content_type, expected) = match patch.r#type {
                PatchType::Merge => ("application/merge-patch+json", "merge"),
                PatchType::Strategic => ("application/strategic-merge-patch+json", "strategic"),
                PatchType::Json => ("application/json-patch+json", "json"),
                PatchType::Create => ("application/json", "create"),
            };
            let bad = |source| Error::BadPatch { expected, source };
            let body = match patch.r#type {
                PatchType::Json => {
                    let mut ops: Vec<Value> = serde_json::from_str(&patch.body).map_err(bad)?;
                    // Replacing it by the same is the condition: the server refuses another one.
                    ops.insert(0, json!({ "op": "replace", "path": "/metadata/resourceVersion", "value": version }));
                    ops.into()
                }
                PatchType::Merge | PatchType::Strategic | PatchType::Create => {
                    let mut root: serde_json::Map<String, Value> =
                        serde_json::from_str(&patch.body).map_err(bad)?;
                    let metadata = root.entry("metadata").or_insert_with(|| json!({}));
                    if let (Some(metadata), Some(version)) = (metadata.as_object_mut(), version) {
                        metadata.insert("resourceVersion".into(), version.clone());
                    }
                    root.into()
                }
            };
            (Method::PATCH, path, content_type, body)
        }
    };
    Ok(Mutation {
        method,
        path,
        content_type,
        body: body.to_string().into_bytes(),
    })
}

fn touches_status(change: &Change) -> bool {
    let Change::Patch(patch) = change else {
        return false;
    };
    match serde_json::from_str(&patch.body) {
        Ok(Value::Object(root)) => root.contains_key("status"),
        Ok(Value::Array(ops)) => ops.iter().any(|op| {
            op["path"]
                .as_str()
                .is_some_and(|path| path.starts_with("/status"))
        }),
        _ => false,
    }
}

/// Makes the plan of a look. `refusal` is a reason of ours, beside the server's.
pub(super) async fn describe(
    id: String,
    target: &Target,
    resource: &Resource,
    intent: &Intent,
    look: &Look,
    refusal: Option<String>,
    neighbourhood: &dyn Neighbourhood,
) -> Result<Plan, Error> {
    let (before, after) = (look.before(), look.after());
    let dry_run = match (&look.answer, refusal) {
        (_, Some(message)) => DryRun::Refused { message },
        (Ok(_), None) => DryRun::Accepted,
        (Err(error), None) => DryRun::Refused {
            message: error.to_string(),
        },
    };
    let (permissions, around) = futures::join!(
        permissions(target, resource, intent, look),
        surroundings(target, intent, neighbourhood),
    );
    let permissions = permissions?;
    let mut blast_radius = match look.answer {
        Ok(_) => blast::sentences(
            &intent.target.kind,
            look.live.as_ref(),
            look.answer.as_ref().ok().and_then(Option::as_ref),
            around.as_ref(),
        ),
        Err(_) => Vec::new(),
    };
    if look.answer.is_ok() && before.is_some() && before == after {
        blast_radius.insert(
            0,
            "the object is like this already: nothing would change".into(),
        );
    }
    let applicable = dry_run == DryRun::Accepted
        && permissions.iter().all(|permission| permission.allowed)
        && intent.safety != Safety::PlanOnly;
    let mut plan = Plan {
        id,
        hash: String::new(),
        cluster: target.cluster.clone(),
        cluster_name: target.cluster_name.clone(),
        title: intent.title.clone(),
        action: intent.action.clone(),
        target: ObjectRef {
            uid: look.uid().or_else(|| intent.target.uid.clone()),
            ..intent.target.clone()
        },
        impact: intent.impact,
        safety: intent.safety,
        preview: intent.preview.clone(),
        diff: match look.answer {
            Ok(_) => shown_diff(&intent.target, before, after),
            Err(_) => Vec::new(),
        },
        dry_run,
        permissions,
        blast_radius,
        applicable,
        consent: if target.protected {
            Consent::Type {
                text: target.cluster_name.clone(),
            }
        } else {
            Consent::Click
        },
    };
    plan.hash = hash(&plan, look);
    Ok(plan)
}

fn shown_diff(
    target: &ObjectRef,
    before: Option<Value>,
    after: Option<Value>,
) -> Vec<kubegraf_ipc::execution::DiffLine> {
    if !is_secret(&target.api_version, &target.kind) {
        return lines(before.as_ref(), after.as_ref());
    }
    let (mut old, mut new) = (
        before.clone().unwrap_or_default(),
        after.clone().unwrap_or_default(),
    );
    mask(&mut old, &mut new);
    lines(before.map(|_| old).as_ref(), after.map(|_| new).as_ref())
}

/// What the audit trail says is changed: fields, no values.
pub(super) fn what(intent: &Intent, look: &Look) -> String {
    const FIELDS: usize = 20;
    match intent.change {
        Change::Delete => "delete".into(),
        Change::Create(_) => "create".into(),
        Change::Patch(_) | Change::Subresource(..) => {
            let fields = changed_fields(look.before().as_ref(), look.after().as_ref());
            match fields.len() {
                0 => "patch, nothing differs".into(),
                n if n > FIELDS => format!(
                    "patch {} and {} more",
                    fields[..FIELDS].join(", "),
                    n - FIELDS
                ),
                _ => format!("patch {}", fields.join(", ")),
            }
        }
    }
}

async fn permissions(
    target: &Target,
    resource: &Resource,
    intent: &Intent,
    look: &Look,
) -> Result<Vec<Permission>, Error> {
    let verbs: &[(&str, Option<&str>)] = match intent.change {
        Change::Patch(_) => &[("get", None), ("patch", None)],
        Change::Subresource(name, _) => &[("get", None), ("patch", Some(name))],
        Change::Delete => &[("get", None), ("delete", None)],
        Change::Create(_) => &[("get", None), ("create", None)],
    };
    let mut permissions = Vec::new();
    for (verb, part) in verbs {
        let name = match part {
            Some(part) => format!("{}/{part}", resource.plural),
            None => resource.plural.clone(),
        };
        let answer = allowed(&target.client, resource, &intent.target, (verb, *part))
            .await
            .map_err(Error::api(format!("ask whether you may {verb} {name}")))?;
        permissions.push(Permission {
            verb: (*verb).into(),
            group: resource.group.clone(),
            resource: name,
            namespace: intent.target.namespace.clone(),
            // A server that does not answer such questions has answered by deeds: the object was
            // read, and the dry run needs the permission of the change.
            allowed: answer.unwrap_or(*verb == "get" || look.answer.is_ok()),
        });
    }
    Ok(permissions)
}

async fn surroundings(
    target: &Target,
    intent: &Intent,
    neighbourhood: &dyn Neighbourhood,
) -> Option<blast::Surroundings> {
    if !blast::is_workload(&intent.target.kind) {
        return None;
    }
    Some(neighbourhood.look(target, &intent.target.namespace).await)
}

/// Binds an approval to all that was shown, the request, and the version it was shown of.
fn hash(plan: &Plan, look: &Look) -> String {
    let shown = serde_json::to_vec(plan).expect("a plan is plain data");
    let mut hasher = Sha256::new();
    for part in [
        shown.as_slice(),
        look.version().as_bytes(),
        look.mutation.method.as_str().as_bytes(),
        look.mutation.path.as_bytes(),
        look.mutation.body.as_slice(),
    ] {
        hasher.update(
            u64::try_from(part.len())
                .expect("a length fits")
                .to_be_bytes(),
        );
        hasher.update(part);
    }
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
