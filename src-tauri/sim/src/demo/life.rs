//! The everyday life of the demo cluster: now and then a release goes out, or somebody scales something.

use crate::clock::{MINUTE, Millis, SECOND};
use crate::controllers::Controller;
use crate::kinds::{DEPLOYMENTS, NAMESPACES};
use crate::object::Fields;
use crate::store::{Change, Key};
use crate::world::World;

/// Deployments that get releases: none of those with a problem.
const LIVELY: &[(&str, &str)] = &[
    ("shop", "wishlist"),
    ("shop", "promotions"),
    ("payments", "invoicing"),
    ("search", "synonyms"),
    ("platform", "feature-flags"),
    ("staging", "catalog"),
    ("staging", "storefront"),
    ("ml", "feature-api"),
];

pub(super) struct Life {
    next: Millis,
}

impl Life {
    pub(super) fn new(now: Millis) -> Self {
        Self {
            next: now + 90 * SECOND,
        }
    }
}

impl Controller for Life {
    fn touched(&mut self, _: &World, change: &Change, keys: &mut Vec<Key>) {
        // One of the objects seen at the start sets it going; after that it keeps its own time.
        if change.kind == NAMESPACES && change.key.name() == "shop" && change.before.is_none() {
            keys.push(Key::new("", "life"));
        }
    }

    fn reconcile(&mut self, w: &mut World, _: &Key) -> Option<Millis> {
        let now = w.now();
        if now < self.next {
            return Some(self.next);
        }
        self.next = now + w.rng.between(3 * MINUTE, 7 * MINUTE);
        let pick = usize::try_from(w.rng.below(LIVELY.len() as u64)).unwrap_or(0);
        let (namespace, name) = LIVELY[pick];
        let key = Key::new(namespace, name);
        if w.rng.chance(0.35) {
            let by = if w.rng.chance(0.5) { 1 } else { -1 };
            w.modify(DEPLOYMENTS, &key, |o| {
                let n = (o.int("/spec/replicas").unwrap_or(1) + by).clamp(1, 5);
                o.put("/spec/replicas", n);
            });
        } else {
            release(w, &key);
        }
        Some(self.next)
    }
}

/// The next patch version of what runs now, pushed and deployed.
fn release(w: &mut World, key: &Key) {
    let Some(found) = w.store.get(DEPLOYMENTS, key) else {
        return;
    };
    let image = found
        .text("/spec/template/spec/containers/0/image")
        .to_owned();
    let Some((repository, tag)) = image.rsplit_once(':') else {
        return;
    };
    let Some((stem, patch)) = tag.rsplit_once('.') else {
        return;
    };
    let Ok(patch) = patch.parse::<u32>() else {
        return;
    };
    let tag = format!("{stem}.{}", patch + 1);
    let app = w.images.app(&image);
    w.images.add_tags(repository, &[&tag], &app);
    w.modify(DEPLOYMENTS, key, |o| {
        o.put(
            "/spec/template/spec/containers/0/image",
            format!("{repository}:{tag}"),
        );
        o.put(
            "/spec/template/metadata/labels/app.kubernetes.io~1version",
            tag.trim_start_matches('v'),
        );
        o.put(
            "/metadata/annotations/kubernetes.io~1change-cause",
            format!("release {tag}"),
        );
    });
}
