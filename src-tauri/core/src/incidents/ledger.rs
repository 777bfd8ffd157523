//! The life of incidents: ids, states, times. Evaluations go in, stored incidents come out.
//!
//! A state machine over cluster time; it reads no clock and writes no database. An incident becomes
//! resolving as soon as its symptoms are gone, and resolved once they stayed away for the quiet time.
//! It resolves at once, by `fix`, when a fix of this app was applied to its target, its symptoms are
//! gone and the target's rollout is complete: then the outcome was observed, not merely awaited.

use std::{cell::OnceCell, collections::BTreeMap};

use kubegraf_ipc::{
    incident::{Incident, IncidentRow, IncidentState, IncidentSummary, Safety},
    lifecycle::{AppliedFix, Attention},
    object::{Delta, ObjectRef},
};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    detectors,
    found::Found,
    graph::Graph,
    ranking,
    snapshot::{Existence, Snapshot},
};

/// An incident with all that is needed to go on with it after a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredIncident {
    /// The cluster's id.
    pub cluster: String,
    /// What makes two sightings the same incident.
    pub fingerprint: String,
    /// When it was resolved, cluster time.
    pub resolved_at: Option<i64>,
    /// How often it came back within a day.
    pub reopened: u32,
    /// What the contract shows of it.
    pub incident: Incident,
}

/// How long symptoms must stay away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// At least this; seconds.
    pub least: i64,
    /// And this many times the type's threshold.
    pub thresholds: i64,
    /// For containers that crash or are killed; seconds.
    pub crashes: i64,
    /// After an object is gone without replacement; seconds.
    pub gone: i64,
}

impl Default for Quiet {
    fn default() -> Self {
        Self {
            least: 300,
            thresholds: 2,
            crashes: 600,
            gone: 60,
        }
    }
}

/// An incident that comes back within this is the same one; seconds.
const REOPENS: i64 = 86_400;

/// The incidents of one cluster.
#[derive(Clone, Debug)]
pub struct Ledger {
    cluster: String,
    quiet: Quiet,
    incidents: BTreeMap<String, StoredIncident>,
}

impl Ledger {
    /// An empty one.
    #[must_use]
    pub fn new(cluster: impl Into<String>, quiet: Quiet) -> Self {
        Self {
            cluster: cluster.into(),
            quiet,
            incidents: BTreeMap::new(),
        }
    }

    /// Goes on from what was stored; incidents of other clusters are left out.
    #[must_use]
    pub fn restore(mut self, stored: impl IntoIterator<Item = StoredIncident>) -> Self {
        for incident in stored {
            if incident.cluster == self.cluster {
                self.incidents
                    .insert(incident.incident.row.id.clone(), incident);
            }
        }
        self
    }

    /// Takes an evaluation in; `created` is the wall clock's epoch second, for ids and timestamps
    /// alone. Returns what has to be stored, resolved ones first.
    pub fn observe(
        &mut self,
        snapshot: &Snapshot,
        found: Vec<Found>,
        created: i64,
    ) -> Vec<StoredIncident> {
        let now = snapshot.now;
        let before = self.incidents.clone();
        let mut seen: Vec<String> = Vec::new();
        for found in found {
            seen.push(self.sighted(found, now, created));
        }
        // Looking at a cluster is work, and mostly nothing is missed.
        let snapshot = snapshot.in_order();
        let graph = OnceCell::new();
        for (id, stored) in &mut self.incidents {
            if stored.incident.row.state != IncidentState::Resolved && !seen.contains(id) {
                missed(
                    stored,
                    graph.get_or_init(|| Graph::new(&snapshot)),
                    self.quiet,
                );
            }
        }
        self.incidents
            .retain(|_, stored| stored.resolved_at.is_none_or(|at| now - at <= REOPENS));
        let mut changed: Vec<StoredIncident> = self
            .incidents
            .iter()
            .filter(|(id, stored)| before.get(*id) != Some(*stored))
            .map(|(_, stored)| stored.clone())
            .collect();
        changed.sort_by_key(|stored| stored.incident.row.state != IncidentState::Resolved);
        changed
    }

    /// Notes that a fix of the app was applied; `false` when there is no such unresolved incident.
    pub fn fix_applied(&mut self, id: &str, fix: AppliedFix) -> bool {
        let open = self
            .incidents
            .get_mut(id)
            .filter(|stored| stored.incident.row.state != IncidentState::Resolved);
        if let Some(stored) = open {
            stored.incident.applied_fix = Some(fix);
            return true;
        }
        false
    }

    /// Notes what a person said about an incident; `false` when there is none.
    pub fn attend(&mut self, id: &str, attention: Attention) -> bool {
        let stored = self.incidents.get_mut(id);
        let there = stored.is_some();
        if let Some(stored) = stored {
            stored.incident.row.attention = attention;
        }
        there
    }

    /// One incident in full.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&StoredIncident> {
        self.incidents.get(id)
    }

    /// The rows, most probable root first, resolved ones last, the latest of those first.
    #[must_use]
    pub fn rows(&self) -> Vec<IncidentRow> {
        let mut all: Vec<&StoredIncident> = self.incidents.values().collect();
        all.sort_by_cached_key(|stored| {
            let row = &stored.incident.row;
            let resolved = stored.resolved_at.map(std::cmp::Reverse);
            let symptoms = stored.incident.symptoms.len();
            let rank = ranking::key(
                row.severity,
                row.confidence,
                symptoms,
                row.first_seen,
                row.id.clone(),
            );
            (resolved, rank)
        });
        all.into_iter()
            .map(|stored| stored.incident.row.clone())
            .collect()
    }

    /// One sighting of an incident; its id.
    fn sighted(&mut self, found: Found, now: i64, created: i64) -> String {
        let same = self
            .incidents
            .values()
            .filter(|stored| stored.fingerprint == found.fingerprint)
            .filter(|stored| stored.resolved_at.is_none_or(|at| now - at <= REOPENS))
            .max_by_key(|stored| (stored.resolved_at.is_none(), stored.resolved_at))
            .map(|stored| stored.incident.row.id.clone());
        let id = same.unwrap_or_else(|| self.free_id(found.r#type, created));
        let stored = self.incidents.get(&id);
        let reopened = stored.map_or(0, |stored| {
            stored.reopened + u32::from(stored.resolved_at.is_some())
        });
        // One that comes back is news, and what was applied did not hold.
        let lasting = stored.filter(|stored| stored.resolved_at.is_none());
        let applied_fix = lasting.and_then(|stored| stored.incident.applied_fix.clone());
        let attention = lasting.map(|stored| stored.incident.row.attention.clone());
        // The first sighting stays the beginning, also when older signals fall out of the snapshot.
        let first_seen = stored.map_or(found.first_seen, |stored| {
            stored.incident.row.first_seen.min(found.first_seen)
        });
        let timestamp = stored.map_or_else(
            || rfc3339(created),
            |stored| stored.incident.timestamp.clone(),
        );
        let fingerprint = found.fingerprint.clone();
        let mut incident = incident(&id, found, first_seen, now, timestamp);
        incident.row.reopened = reopened;
        incident.row.attention = attention.unwrap_or_default();
        incident.applied_fix = applied_fix;
        let cluster = self.cluster.clone();
        let stored = StoredIncident {
            cluster,
            fingerprint,
            resolved_at: None,
            reopened,
            incident,
        };
        self.incidents.insert(id.clone(), stored);
        id
    }

    fn free_id(&self, r#type: &str, created: i64) -> String {
        (created..)
            .map(|second| format!("inc-{type}-{second:010}", r#type = r#type))
            .find(|id| !self.incidents.contains_key(id))
            .expect("seconds do not run out")
    }
}

fn incident(id: &str, found: Found, first_seen: i64, now: i64, timestamp: String) -> Incident {
    Incident {
        row: IncidentRow {
            id: id.to_owned(),
            r#type: found.r#type.to_owned(),
            severity: found.severity,
            state: IncidentState::Open,
            title: found.title,
            resource: found.resource,
            cause: found.root_cause.cause.clone(),
            confidence: found.root_cause.confidence,
            first_seen,
            last_seen: now,
            fix_ready: found
                .fixes
                .iter()
                .any(|fix| fix.patch.is_some() && fix.safety != Safety::PlanOnly),
            reopened: 0,
            attention: Attention::default(),
        },
        description: found.description,
        root_cause: found.root_cause,
        chain: found.chain,
        symptoms: found.symptoms,
        facts: found.facts,
        trigger: found.trigger,
        recommended_fixes: found.fixes,
        timestamp,
        resolution: None,
        applied_fix: None,
    }
}

/// An unresolved incident whose symptoms are not in the snapshot.
fn missed(stored: &mut StoredIncident, graph: &Graph<'_>, quiet: Quiet) {
    let now = graph.now();
    let row = &stored.incident.row;
    let detector = detectors::of(&row.r#type);
    // A kind that cannot be read proves nothing.
    if detector.is_some_and(|detector| detector.reads().iter().any(|kind| !graph.knows(*kind))) {
        return;
    }
    let threshold = detector.map_or(0, |detector| detector.threshold());
    let crashes = matches!(
        row.r#type.as_str(),
        "pod_crash_loop"
            | "init_container_failed"
            | "oom_killed"
            | "high_restart_count"
            | "container_start_error"
    );
    let wait = quiet.least.max(quiet.thresholds * threshold);
    let wait = if crashes {
        wait.max(quiet.crashes)
    } else {
        wait
    };
    let away = now - row.last_seen;
    let gone = graph.snapshot().existence(&row.resource) == Existence::Gone;
    let healed =
        stored.incident.applied_fix.is_some() && settled(graph, &stored.incident.root_cause.target);
    let resolution = if gone && away >= quiet.gone {
        Some("object_gone")
    } else if healed {
        Some("fix")
    } else if away >= wait {
        Some("auto")
    } else {
        None
    };
    stored.incident.row.state = match resolution {
        Some(_) => IncidentState::Resolved,
        None => IncidentState::Resolving,
    };
    stored.incident.resolution = resolution.map(str::to_owned);
    stored.resolved_at = resolution.map(|_| now);
}

/// Whether the object a fix changed has reached what it was asked for.
fn settled(graph: &Graph<'_>, target: &ObjectRef) -> bool {
    match graph.deployment(target) {
        Some(deployment) => {
            let status = &deployment.status;
            let desired = deployment.spec.replicas.unwrap_or(1);
            status.observed_generation >= deployment.metadata.generation
                && status.updated_replicas >= desired
                && status.available_replicas >= desired
                && status.replicas == status.updated_replicas
        }
        // A node that shows no symptom any more has nothing left to reach; another workload has no
        // type here, so its quiet time decides.
        None => target.kind == "Node",
    }
}

/// Counts of unresolved incidents.
#[must_use]
pub fn summary(rows: &[IncidentRow]) -> IncidentSummary {
    use kubegraf_ipc::incident::Severity;
    let mut summary = IncidentSummary::default();
    for row in rows
        .iter()
        .filter(|row| row.state != IncidentState::Resolved)
    {
        summary.total += 1;
        let counts = &mut summary.by_severity;
        *match row.severity {
            Severity::Critical => &mut counts.critical,
            Severity::High => &mut counts.high,
            Severity::Medium => &mut counts.medium,
            Severity::Low => &mut counts.low,
        } += 1;
    }
    summary
}

/// What a receiver of `before` needs to hold `after`. That an incident is still there is no change.
#[must_use]
pub fn deltas(before: &[IncidentRow], after: &[IncidentRow]) -> Vec<Delta<IncidentRow>> {
    let known: BTreeMap<&str, &IncidentRow> =
        before.iter().map(|row| (row.id.as_str(), row)).collect();
    let kept: std::collections::BTreeSet<&str> = after.iter().map(|row| row.id.as_str()).collect();
    let changed = |row: &&IncidentRow| {
        known.get(row.id.as_str()).is_none_or(|old| {
            let old = IncidentRow {
                last_seen: row.last_seen,
                ..(*old).clone()
            };
            old != **row
                || row.state == IncidentState::Resolved
                    && known[row.id.as_str()].last_seen != row.last_seen
        })
    };
    let rows: Vec<IncidentRow> = after.iter().filter(changed).cloned().collect();
    let ids: Vec<String> = before
        .iter()
        .filter(|row| !kept.contains(row.id.as_str()))
        .map(|row| row.id.clone())
        .collect();
    let mut deltas = Vec::new();
    if !rows.is_empty() {
        deltas.push(Delta::Apply { rows });
    }
    if !ids.is_empty() {
        deltas.push(Delta::Delete { ids });
    }
    deltas
}

fn rfc3339(second: i64) -> String {
    OffsetDateTime::from_unix_timestamp(second)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
}

#[cfg(test)]
mod tests;
