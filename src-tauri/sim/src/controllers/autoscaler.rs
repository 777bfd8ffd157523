//! Horizontal pod autoscalers on CPU utilization, reading the same numbers metrics.k8s.io shows.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::Controller;
use crate::clock::{MINUTE, Millis, SECOND};
use crate::kinds::{AUTOSCALERS, DEPLOYMENTS, KindId, PODS, STATEFUL_SETS};
use crate::object::{self, Fields, set_condition};
use crate::quantity::{self, float, round};
use crate::selector;
use crate::store::{Change, Key, Object};
use crate::usage;
use crate::world::{Note, World};

const COMPONENT: &str = "horizontal-pod-autoscaler";
const PERIOD: Millis = 30 * SECOND;
/// Fewer replicas only when the recommendation stayed lower for this long.
const STABILIZATION: Millis = 5 * MINUTE;
/// A load this near to the target changes nothing.
const TOLERANCE: f64 = 0.1;

#[derive(Default)]
pub(super) struct Autoscalers {
    /// Recent recommendations, for the stabilization window.
    recent: HashMap<Key, Vec<(Millis, i64)>>,
}

impl Controller for Autoscalers {
    fn touched(&mut self, _: &World, change: &Change, keys: &mut Vec<Key>) {
        if change.kind != AUTOSCALERS {
            return;
        }
        if change.removed {
            self.recent.remove(&change.key);
        } else if change
            .before
            .as_ref()
            .is_none_or(|b| b.get("spec") != change.object.get("spec"))
        {
            keys.push(change.key.clone());
        }
    }

    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis> {
        let hpa = w.store.get(AUTOSCALERS, key).cloned()?;
        if w.replaying {
            return None;
        }
        let again = Some(w.now() + PERIOD);
        let kind = match hpa.text("/spec/scaleTargetRef/kind") {
            "Deployment" => DEPLOYMENTS,
            "StatefulSet" => STATEFUL_SETS,
            _ => return None,
        };
        let target_key = Key::new(key.namespace(), hpa.text("/spec/scaleTargetRef/name"));
        let Some(target) = w.store.get(kind, &target_key).cloned() else {
            let message = format!(
                "the HPA controller was unable to get the target's current scale: {} {:?} not found",
                w.kinds.get(kind).resource(),
                target_key.name()
            );
            condition(w, key, "AbleToScale", false, "FailedGetScale", &message);
            w.note(Note::warning(&hpa, COMPONENT, "FailedGetScale", message));
            return again;
        };
        let current = target.int("/spec/replicas").unwrap_or(1);
        condition(
            w,
            key,
            "AbleToScale",
            true,
            "ReadyForNewScale",
            "recommended size matches current size",
        );
        if current == 0 {
            condition(
                w,
                key,
                "ScalingActive",
                false,
                "ScalingDisabled",
                "scaling is disabled since the replica count of the target is zero",
            );
            return again;
        }
        let wanted_load = hpa
            .int("/spec/metrics/0/resource/target/averageUtilization")
            .unwrap_or(80);
        match utilization(w, &target, key) {
            Err(message) => {
                condition(
                    w,
                    key,
                    "ScalingActive",
                    false,
                    "FailedGetResourceMetric",
                    &format!("the HPA was unable to compute the replica count: {message}"),
                );
                w.note(Note::warning(
                    &hpa,
                    COMPONENT,
                    "FailedGetResourceMetric",
                    message,
                ));
            }
            Ok(load) => self.follow(
                w,
                key,
                &hpa,
                &Load {
                    kind,
                    target: target_key,
                    current,
                    load,
                    wanted: wanted_load,
                },
            ),
        }
        again
    }
}

struct Load {
    kind: KindId,
    target: Key,
    current: i64,
    /// Percent of the requests.
    load: Measured,
    wanted: i64,
}

#[derive(Clone, Copy)]
struct Measured {
    percent: i64,
    /// Millicores per pod.
    average: i64,
}

impl Autoscalers {
    fn follow(&mut self, w: &mut World, key: &Key, hpa: &Value, l: &Load) {
        condition(
            w,
            key,
            "ScalingActive",
            true,
            "ValidMetricFound",
            "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)",
        );
        let ratio = float(l.load.percent) / float(l.wanted.max(1));
        let raw = if (ratio - 1.0).abs() <= TOLERANCE {
            l.current
        } else {
            round((float(l.current) * ratio).ceil())
        };
        let (low, high) = (
            hpa.int("/spec/minReplicas").unwrap_or(1),
            hpa.int("/spec/maxReplicas").unwrap_or(1),
        );
        let (now, stamp) = (w.now(), w.stamp());
        let recent = self.recent.entry(key.clone()).or_default();
        recent.push((now, raw));
        recent.retain(|(at, _)| *at > now - STABILIZATION);
        let steady = recent.iter().map(|(_, n)| *n).max().unwrap_or(raw);
        let bounded = steady.clamp(low, high);
        let (limited, reason, message) = match steady {
            n if n > high => (
                true,
                "TooManyReplicas",
                "the desired replica count is more than the maximum replica count",
            ),
            n if n < low => (
                true,
                "TooFewReplicas",
                "the desired replica count is less than the minimum replica count",
            ),
            _ => (
                false,
                "DesiredWithinRange",
                "the desired count is within the acceptable range",
            ),
        };
        condition(w, key, "ScalingLimited", limited, reason, message);
        w.modify(AUTOSCALERS, key, |o| {
            o.put("/status/currentReplicas", l.current);
            o.put("/status/desiredReplicas", bounded);
            o.put("/status/currentMetrics", json!([{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": l.load.percent, "averageValue": format!("{}m", l.load.average)}}}]));
            if bounded != l.current {
                o.put("/status/lastScaleTime", stamp);
            }
        });
        if bounded != l.current {
            w.modify(l.kind, &l.target, |o| o.put("/spec/replicas", bounded));
            let why = if bounded > l.current {
                "cpu resource utilization (percentage of request) above target"
            } else {
                "All metrics below target"
            };
            w.note(Note::normal(
                hpa,
                COMPONENT,
                "SuccessfulRescale",
                format!("New size: {bounded}; reason: {why}"),
            ));
        }
    }
}

/// Mean CPU use of the target's running pods, against their requests.
fn utilization(w: &World, target: &Value, key: &Key) -> Result<Measured, String> {
    let pods: Vec<Object> = w
        .store
        .within(PODS, key.namespace())
        .filter(|(_, p)| {
            selector::selects(target.pointer("/spec/selector"), p.map("/metadata/labels"))
        })
        .filter(|(_, p)| p.text("/status/phase") == "Running")
        .map(|(_, p)| p.clone())
        .collect();
    let (mut used, mut requested, mut count) = (0, 0, 0);
    for pod in &pods {
        for container in pod.items("/spec/containers") {
            let Some(request) = quantity::milli(container.text("/resources/requests/cpu")) else {
                return Err(format!(
                    "failed to get cpu utilization: missing request for cpu in container {} of Pod {}",
                    container.text("/name"),
                    object::name(pod)
                ));
            };
            requested += request;
        }
        let own: i64 = usage::of_pod(w, pod)
            .iter()
            .map(|(_, u)| u.nano_cpu / 1_000_000)
            .sum();
        used += own;
        count += 1;
    }
    if count == 0 || requested == 0 {
        return Err("failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API".into());
    }
    Ok(Measured {
        percent: used * 100 / requested,
        average: used / count,
    })
}

fn condition(w: &mut World, key: &Key, kind: &str, ok: bool, reason: &str, message: &str) {
    let stamp = w.stamp();
    let status = if ok { "True" } else { "False" };
    w.modify(AUTOSCALERS, key, |o| {
        set_condition(
            o,
            json!({"type": kind, "status": status, "reason": reason, "message": message}),
            &stamp,
        );
    });
}
