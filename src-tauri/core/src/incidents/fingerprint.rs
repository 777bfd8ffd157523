//! What makes two sightings one incident: cluster, type, owner and container; never pod names or uids.

use std::fmt::Write as _;

use kubegraf_ipc::object::ObjectRef;
use sha2::{Digest, Sha256};

/// What makes two sightings of an incident the same: a hexadecimal SHA-256.
#[must_use]
pub fn of(cluster: &str, r#type: &str, owner: &ObjectRef, container: Option<&str>) -> String {
    let mut hash = Sha256::new();
    for part in [
        cluster,
        r#type,
        &owner.kind,
        &owner.namespace,
        stem(owner),
        container.unwrap_or_default(),
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes every write");
            text
        })
}

/// A CronJob's Jobs are named after their minute.
fn stem(owner: &ObjectRef) -> &str {
    match owner.name.rsplit_once('-') {
        Some((stem, minute))
            if owner.kind == "Job"
                && minute.len() >= 8
                && minute.bytes().all(|b| b.is_ascii_digit()) =>
        {
            stem
        }
        _ => &owner.name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_and_uids_do_not_count() {
        let job = |name: &str, uid: &str| ObjectRef {
            api_version: "batch/v1".into(),
            kind: "Job".into(),
            namespace: "shop".into(),
            name: name.into(),
            uid: Some(uid.into()),
        };
        let of = |object: &ObjectRef, container| of("c", "oom_killed", object, container);
        assert_eq!(
            of(&job("sync-29012345", "a"), None),
            of(&job("sync-29012346", "b"), None)
        );
        assert_ne!(of(&job("sync-1", "a"), None), of(&job("sync-2", "a"), None));
        assert_ne!(
            of(&job("sync-1", "a"), None),
            of(&job("sync-1", "a"), Some("app"))
        );
    }
}
