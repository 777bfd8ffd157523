//! The health score: 100 less what is lost, each loss with its reason and its figures. Pure.

use kubegraf_ipc::{
    object::{Freshness, Tone},
    overview::{Counts, Health, Loss, LossReason, Overview, Resource},
};

/// What the score rests on: without these there is no score.
const NEEDED: &[&str] = &["pods", "nodes"];

/// The health of a cluster; `None` while its pods, nodes or incidents are not known.
pub(super) fn judge(overview: &Overview) -> Option<Health> {
    let known = |kind: &&str| {
        overview.sources.iter().any(|source| {
            source.kind == **kind
                && matches!(
                    source.freshness,
                    Freshness::Live | Freshness::Reconnecting { .. }
                )
        })
    };
    if !NEEDED.iter().all(known) {
        return None;
    }
    let finished = of_tone(&overview.pods, Tone::Neutral);
    let incidents = overview.incidents?;
    let total = u64::from(incidents.total);
    let incidents = incidents.by_severity;
    let full = overview.capacity.iter().filter(|capacity| {
        capacity.resource != Resource::Pods
            && capacity.allocatable > 0
            && capacity.requested.saturating_mul(10) > capacity.allocatable.saturating_mul(9)
    });
    let mut losses = vec![
        share(
            LossReason::NodesNotReady,
            of_tone(&overview.nodes, Tone::Bad),
            overview.nodes.total,
            40,
        ),
        share(
            LossReason::PodsFailing,
            of_tone(&overview.pods, Tone::Bad),
            overview.pods.total - finished,
            30,
        ),
        share(
            LossReason::DeploymentsDown,
            of_tone(&overview.deployments, Tone::Bad),
            overview.deployments.total,
            20,
        ),
        each(
            LossReason::CriticalIncidents,
            incidents.critical,
            total,
            8,
            24,
        ),
        each(LossReason::HighIncidents, incidents.high, total, 3, 12),
        each(
            LossReason::NearlyFull,
            u32::try_from(full.count()).unwrap_or(u32::MAX),
            2,
            5,
            5,
        ),
    ];
    losses.retain(|loss| loss.points > 0);
    losses.sort_by_key(|loss| std::cmp::Reverse(loss.points));
    let lost: u32 = losses.iter().map(|loss| loss.points).sum();
    Some(Health {
        score: 100_u32.saturating_sub(lost),
        losses,
    })
}

fn of_tone(counts: &Counts, tone: Tone) -> u64 {
    let states = counts.states.iter().filter(|state| state.tone == tone);
    states.map(|state| state.count).sum()
}

/// Points by share, all of them at a third and beyond; one broken thing costs at least a point.
fn share(reason: LossReason, count: u64, of: u64, most: u32) -> Loss {
    let points = match (count, of) {
        (0, _) | (_, 0) => 0,
        _ => (u64::from(most) * count * 3)
            .div_ceil(of)
            .min(u64::from(most)),
    };
    Loss {
        reason,
        count,
        of,
        points: u32::try_from(points).unwrap_or(most),
    }
}

fn each(reason: LossReason, count: u32, of: u64, points: u32, most: u32) -> Loss {
    Loss {
        reason,
        count: count.into(),
        of,
        points: count.saturating_mul(points).min(most),
    }
}

#[cfg(test)]
mod tests {
    use kubegraf_ipc::{
        incident::IncidentSummary,
        overview::{Source, StateCount, Usage},
    };

    use super::*;

    fn counts(states: &[(Tone, u64)]) -> Counts {
        Counts {
            total: states.iter().map(|(_, count)| count).sum(),
            states: states
                .iter()
                .map(|&(tone, count)| StateCount {
                    word: format!("{tone:?}"),
                    tone,
                    count,
                })
                .collect(),
        }
    }

    fn overview(pods: &[(Tone, u64)], nodes: &[(Tone, u64)]) -> Overview {
        let live = |kind: &str| Source {
            kind: kind.into(),
            freshness: Freshness::Live,
        };
        Overview {
            at: 0,
            sources: vec![live("pods"), live("nodes")],
            pods: counts(pods),
            nodes: counts(nodes),
            deployments: Counts::default(),
            services: Counts::default(),
            namespaces: Counts::default(),
            incidents: Some(IncidentSummary::default()),
            health: None,
            capacity: vec![],
            usage: Usage::Waiting,
            per_node: vec![],
            per_namespace: vec![],
            warnings: 0,
            events: vec![],
        }
    }

    /// Covers: NAV-38
    #[test]
    fn the_score_is_a_hundred_less_what_is_listed() {
        let well = overview(&[(Tone::Ok, 90), (Tone::Neutral, 10)], &[(Tone::Ok, 3)]);
        assert_eq!(
            judge(&well),
            Some(Health {
                score: 100,
                losses: vec![]
            })
        );

        let mut ill = overview(
            &[(Tone::Ok, 85), (Tone::Bad, 5), (Tone::Neutral, 10)],
            &[(Tone::Ok, 2), (Tone::Bad, 1)],
        );
        let incidents = ill.incidents.as_mut().unwrap();
        incidents.total = 5;
        incidents.by_severity.critical = 1;
        incidents.by_severity.high = 4;
        let health = judge(&ill).unwrap();
        let losses: Vec<_> = health
            .losses
            .iter()
            .map(|loss| (loss.reason, loss.count, loss.of, loss.points))
            .collect();
        assert_eq!(
            losses,
            [
                (LossReason::NodesNotReady, 1, 3, 40),
                (LossReason::HighIncidents, 4, 5, 12),
                (LossReason::CriticalIncidents, 1, 5, 8),
                (LossReason::PodsFailing, 5, 90, 5),
            ]
        );
        assert_eq!(health.score, 35);
    }

    #[test]
    fn one_broken_pod_among_many_still_shows() {
        let health = judge(&overview(
            &[(Tone::Ok, 49_999), (Tone::Bad, 1)],
            &[(Tone::Ok, 3)],
        ));
        assert_eq!(health.unwrap().score, 99);
    }

    #[test]
    fn what_is_not_known_is_not_judged() {
        let mut unknown = overview(&[], &[]);
        unknown.sources[0].freshness = Freshness::Loading { seen: 7 };
        assert_eq!(judge(&unknown), None);
        unknown.sources.clear();
        assert_eq!(judge(&unknown), None);
        let mut unjudged = overview(&[(Tone::Ok, 1)], &[(Tone::Ok, 1)]);
        unjudged.incidents = None;
        assert_eq!(judge(&unjudged), None);
    }
}
