//! How much CPU, memory, network and disk things use at a moment: a day curve, noise and the program's own needs,
//! all computed from the seed. Nothing is stored, so it costs nothing until somebody asks.

use serde_json::Value;

use crate::clock::{DAY, HOUR, Millis, parse_stamp};
use crate::images::App;
use crate::object::{self, Fields};
use crate::quantity::{self, float, round};
use crate::rng::{hash_of, unit};
use crate::world::World;

/// What something uses right now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub nano_cpu: i64,
    pub bytes: i64,
}

impl std::ops::Add for Usage {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            nano_cpu: self.nano_cpu + other.nano_cpu,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// The window metrics are averaged over: values change once in it.
pub(crate) const WINDOW: Millis = 15_000;

/// One running container.
pub(crate) fn container(w: &World, pod: &Value, spec: &Value, app: &App) -> Usage {
    let tick = w.now() / WINDOW;
    let id = format!("{}/{}", object::uid(pod), spec.text("/name"));
    let noise = |what: &str, step: Millis| {
        unit(hash_of(&[
            &id,
            what,
            &step.to_string(),
            &w.seed.to_string(),
        ])) * 2.0
            - 1.0
    };
    let slow = {
        // Two draws per ten minutes, joined by a line, so that graphs breathe instead of jumping.
        let (step, part) = (tick / 40, float(tick % 40) / 40.0);
        noise("slow", step) * (1.0 - part) + noise("slow", step + 1) * part
    };
    let load = day_curve(w.now()) * (1.0 + 0.22 * slow + 0.08 * noise("fast", tick));
    let mut nano_cpu = round(float(app.cpu_milli) * 1e6 * load.max(0.02));
    if let Some(limit) = quantity::milli(spec.text("/resources/limits/cpu")) {
        nano_cpu = nano_cpu.min(limit * 1_000_000);
    }
    let need = float(app.memory_mib) * 1_048_576.0;
    let mut bytes = round(need * (0.9 + 0.06 * slow + 0.01 * noise("mem", tick)));
    if let Some(limit) = quantity::whole(spec.text("/resources/limits/memory")) {
        bytes = bytes.min(round(float(limit) * 0.995));
    }
    Usage { nano_cpu, bytes }
}

/// The containers of a pod that run, with what they use.
pub(crate) fn of_pod(w: &World, pod: &Value) -> Vec<(String, Usage)> {
    pod.items("/status/containerStatuses")
        .iter()
        .filter(|s| s.has("/state/running"))
        .filter_map(|s| {
            let name = s.text("/name");
            let spec = pod
                .items("/spec/containers")
                .iter()
                .find(|c| c.text("/name") == name)?;
            let app = crate::controllers::kubelet::app_of(w, pod, spec);
            Some((name.to_owned(), container(w, pod, spec, &app)))
        })
        .collect()
}

/// A node: its pods and the system below them.
pub(crate) fn of_node(w: &World, node: &str) -> Usage {
    let system = Usage {
        nano_cpu: 90_000_000,
        bytes: 620 * 1_048_576,
    };
    w.store
        .all(crate::kinds::PODS)
        .filter(|(_, p)| p.text("/spec/nodeName") == node && p.text("/status/phase") == "Running")
        .flat_map(|(_, p)| of_pod(w, p))
        .fold(system, |sum, (_, u)| sum + u)
}

/// Bytes a pod has received and sent since it started.
pub(crate) fn network(w: &World, pod: &Value) -> (i64, i64) {
    let since = parse_stamp(pod.text("/status/startTime")).unwrap_or_else(|| w.now());
    let seconds = (w.now() - since).max(0) / 1000;
    let rate = i64::try_from(hash_of(&[object::uid(pod), "net"]) % 40_000).unwrap_or(0) + 2_000;
    (seconds * rate, seconds * rate * 7 / 5)
}

/// Traffic over the day: quiet at four in the morning, busiest in the evening; 1 on average.
fn day_curve(now: Millis) -> f64 {
    let hour = float(now.rem_euclid(DAY)) / float(HOUR);
    1.0 + 0.45 * ((hour - 10.0) / 24.0 * std::f64::consts::TAU).sin()
        + 0.1 * ((hour - 3.0) / 12.0 * std::f64::consts::TAU).sin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_has_a_shape_and_a_mean_of_one() {
        let points: Vec<f64> = (0..24).map(|h| day_curve(h * HOUR)).collect();
        let mean = points.iter().sum::<f64>() / 24.0;
        assert!((mean - 1.0).abs() < 0.01, "mean {mean}");
        assert!(points[4] < 0.8 && points[18] > 1.2, "{points:?}");
    }
}
