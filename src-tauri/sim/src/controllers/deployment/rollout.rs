//! Moving pods from the old ReplicaSets to the new one within the allowed surge and unavailability.

use serde_json::Value;

use super::{Sets, scale, size};
use crate::controllers::pods::{self, portion};
use crate::object::{self, Fields};
use crate::store::Object;
use crate::world::World;

fn recreates(d: &Value) -> bool {
    d.text("/spec/strategy/type") == "Recreate"
}

pub(super) fn max_surge(d: &Value) -> i64 {
    if recreates(d) {
        0
    } else {
        portion(
            d.pointer("/spec/strategy/rollingUpdate/maxSurge"),
            size(d),
            true,
        )
    }
}

fn max_unavailable(d: &Value) -> i64 {
    if recreates(d) {
        return size(d);
    }
    let n = portion(
        d.pointer("/spec/strategy/rollingUpdate/maxUnavailable"),
        size(d),
        false,
    )
    .min(size(d));
    // Neither surge nor unavailability would mean no progress at all.
    if n == 0 && max_surge(d) == 0 { 1 } else { n }
}

fn available(rs: &Value) -> i64 {
    rs.int("/status/availableReplicas").unwrap_or(0)
}

pub(super) fn proceed(w: &mut World, d: &Value, sets: &Sets) {
    let Some(new) = &sets.new else { return };
    if recreates(d) {
        recreate(w, d, sets, new);
    } else if !grow(w, d, sets, new) {
        shrink(w, d, sets, new);
    }
}

fn recreate(w: &mut World, d: &Value, sets: &Sets, new: &Object) {
    let mut waiting = false;
    for rs in &sets.old {
        if size(rs) > 0 {
            scale(w, d, rs, 0);
        }
        waiting |= !pods::of_owner(w, object::uid(rs))
            .iter()
            .all(|p| matches!(p.text("/status/phase"), "Succeeded" | "Failed"));
    }
    if !waiting && size(new) != size(d) {
        scale(w, d, new, size(d));
    }
}

/// Scales the new set up as far as the surge allows. True when it did something.
fn grow(w: &mut World, d: &Value, sets: &Sets, new: &Object) -> bool {
    let wanted = size(d);
    if size(new) == wanted {
        return false;
    }
    if size(new) > wanted {
        return scale(w, d, new, wanted);
    }
    let total: i64 = sets.all().map(|rs| size(rs)).sum();
    let room = wanted + max_surge(d) - total;
    if room <= 0 {
        return false;
    }
    scale(w, d, new, size(new) + room.min(wanted - size(new)))
}

/// Scales old sets down: first pods that do not serve, then as many as availability allows.
fn shrink(w: &mut World, d: &Value, sets: &Sets, new: &Object) {
    let mut old: Vec<(Object, i64)> = sets
        .old
        .iter()
        .filter(|rs| size(rs) > 0)
        .map(|rs| (rs.clone(), size(rs)))
        .collect();
    if old.is_empty() {
        return;
    }
    let total: i64 = sets.all().map(|rs| size(rs)).sum();
    let least = size(d) - max_unavailable(d);
    let unavailable_new = size(new) - available(new);
    let mut room = total - least - unavailable_new;
    if room <= 0 {
        return;
    }
    for (rs, left) in &mut old {
        let unhealthy = (*left - available(rs)).max(0).min(room);
        *left -= unhealthy;
        room -= unhealthy;
    }
    let serving: i64 = sets.all().map(|rs| available(rs)).sum();
    let mut spare = serving - least;
    for (_, left) in &mut old {
        let fewer = (*left).min(spare.max(0));
        *left -= fewer;
        spare -= fewer;
    }
    for (rs, to) in old {
        if to != size(&rs) {
            scale(w, d, &rs, to);
        }
    }
}
