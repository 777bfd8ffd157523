//! PodDisruptionBudgets: how many pods may go.

use serde_json::json;

use super::{Controller, pods};
use crate::clock::Millis;
use crate::kinds::{DISRUPTION_BUDGETS, PODS};
use crate::object::{self, Fields, set_condition};
use crate::selector;
use crate::store::{Change, Key, Object};
use crate::world::World;

pub(super) struct Budgets;

impl Controller for Budgets {
    fn touched(&mut self, w: &World, change: &Change, keys: &mut Vec<Key>) {
        match change.kind {
            DISRUPTION_BUDGETS if !change.removed => keys.push(change.key.clone()),
            PODS => keys.extend(
                w.store
                    .within(DISRUPTION_BUDGETS, change.key.namespace())
                    .filter(|(_, b)| {
                        selector::selects(
                            b.pointer("/spec/selector"),
                            change.object.map("/metadata/labels"),
                        )
                    })
                    .map(|(k, _)| k.clone()),
            ),
            _ => {}
        }
    }

    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis> {
        let budget = w.store.get(DISRUPTION_BUDGETS, key).cloned()?;
        let chosen: Vec<Object> = w
            .store
            .within(PODS, key.namespace())
            .filter(|(_, p)| {
                selector::selects(budget.pointer("/spec/selector"), p.map("/metadata/labels"))
            })
            .filter(|(_, p)| pods::is_active(p))
            .map(|(_, p)| p.clone())
            .collect();
        let expected = i64::try_from(chosen.len()).unwrap_or(0);
        let healthy =
            i64::try_from(chosen.iter().filter(|p| pods::is_ready(p)).count()).unwrap_or(0);
        let desired = match budget.pointer("/spec/maxUnavailable") {
            Some(v) => expected - pods::portion(Some(v), expected, true),
            None => pods::portion(budget.pointer("/spec/minAvailable"), expected, true),
        };
        let allowed = if expected == 0 {
            0
        } else {
            (healthy - desired).max(0)
        };
        let stamp = w.stamp();
        w.modify(DISRUPTION_BUDGETS, key, |o| {
            let generation = o.int("/metadata/generation").unwrap_or(0);
            for (field, n) in [
                ("currentHealthy", healthy),
                ("desiredHealthy", desired.max(0)),
                ("disruptionsAllowed", allowed),
                ("expectedPods", expected),
                ("observedGeneration", generation),
            ] {
                o.put(&format!("/status/{field}"), n);
            }
            let (status, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
            let c = json!({"type": "DisruptionAllowed", "status": status, "reason": reason, "message": "", "observedGeneration": generation});
            if object::condition(o, "DisruptionAllowed").is_none_or(|old| old.text("/status") != status || old.int("/observedGeneration") != Some(generation)) {
                set_condition(o, c, &stamp);
            }
        });
        None
    }
}
