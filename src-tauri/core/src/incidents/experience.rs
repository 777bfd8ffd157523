//! What was learned: how often fixes worked, and how often people confirmed a cause. Sections 7 and 10 of
//! the catalogue. Numbers only: reading them is somebody else's work.

use std::{collections::BTreeMap, sync::Arc};

use kubegraf_ipc::{
    incident::{Fix, FixRecord, Impact, Safety},
    lifecycle::Verdict,
    object::ObjectRef,
};

/// Known outcomes a rate needs until it counts as much as the level above it.
const M: f64 = 4.0;
/// What the base of a cause weighs against the verdicts of people.
const BASE: f64 = 8.0;
/// After this many days an outcome counts half.
const HALF_LIFE_DAYS: f64 = 90.0;

/// The known outcome of an applied fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The cluster's id.
    pub cluster: String,
    /// Cause id.
    pub cause: String,
    /// Action id.
    pub action: String,
    /// The workload it was for; its uid does not count.
    pub owner: ObjectRef,
    /// Whether the incident was resolved and stayed so.
    pub worked: bool,
    /// When that was known, epoch seconds.
    pub at: i64,
}

/// What a person said last of an incident of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The cause it was given.
    pub cause: String,
    /// Whether that is right.
    pub verdict: Verdict,
    /// The cause it has in truth.
    pub correct_cause: Option<String>,
}

/// What one cluster has learned, and all others of fixes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Experience {
    fixes: Arc<BTreeMap<(String, String), Outcomes>>,
    causes: Arc<BTreeMap<String, Verdicts>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Outcomes {
    everywhere: Level,
    cluster: Level,
    owners: BTreeMap<(String, String, String), Level>,
}

/// Outcomes on one level, each weighing half after ninety days.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Level {
    worked: f64,
    known: f64,
    record: Option<FixRecord>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Verdicts {
    confirmed: f64,
    rejected: f64,
}

impl Level {
    fn add(&mut self, worked: bool, weight: f64) {
        self.known += weight;
        self.worked += if worked { weight } else { 0.0 };
        let before = self.record.unwrap_or(FixRecord {
            worked: 0,
            times: 0,
        });
        self.record = Some(FixRecord {
            worked: before.worked + u32::from(worked),
            times: before.times + 1,
        });
    }

    /// The rate on this level, drawn towards the one of the level above.
    fn smoothed(self, above: f64) -> f64 {
        (self.worked + M * above) / (self.known + M)
    }
}

impl Experience {
    /// What outcomes and verdicts teach a cluster, as of `now`. `said` are the verdicts of this cluster.
    #[must_use]
    pub fn of(cluster: &str, tried: &[Tried], said: &[Said], now: i64) -> Self {
        let mut fixes: BTreeMap<(String, String), Outcomes> = BTreeMap::new();
        for one in tried {
            #[allow(
                clippy::cast_precision_loss,
                reason = "seconds of some years fit exactly"
            )]
            let days = (now - one.at).max(0) as f64 / 86_400.0;
            let weight = 0.5_f64.powf(days / HALF_LIFE_DAYS);
            let key = (one.cause.clone(), one.action.clone());
            let outcomes = fixes.entry(key).or_default();
            outcomes.everywhere.add(one.worked, weight);
            if one.cluster == cluster {
                outcomes.cluster.add(one.worked, weight);
                let owner = outcomes.owners.entry(named(&one.owner)).or_default();
                owner.add(one.worked, weight);
            }
        }
        let mut causes: BTreeMap<String, Verdicts> = BTreeMap::new();
        for one in said {
            match one.verdict {
                Verdict::Correct => causes.entry(one.cause.clone()).or_default().confirmed += 1.0,
                Verdict::WrongCause | Verdict::NotAnIncident => {
                    causes.entry(one.cause.clone()).or_default().rejected += 1.0;
                }
                // They are about the fix.
                Verdict::FixWorked | Verdict::FixFailed => {}
            }
            if let Some(right) = one
                .correct_cause
                .as_ref()
                .filter(|right| **right != one.cause)
            {
                causes.entry(right.clone()).or_default().confirmed += 1.0;
            }
        }
        Self {
            fixes: Arc::new(fixes),
            causes: Arc::new(causes),
        }
    }

    /// The base confidence of a cause after what people said: `(8·base + confirmed) / (8 + confirmed +
    /// rejected)`.
    pub(super) fn base(&self, cause: &str, base: f64) -> f64 {
        let Some(said) = self.causes.get(cause) else {
            return base;
        };
        (BASE * base + said.confirmed) / (BASE + said.confirmed + said.rejected)
    }

    /// How probably a fix works, 0 to 1: its rate for the owner, drawn towards the cluster's, drawn towards
    /// everyone's, drawn towards what is expected of its kind.
    fn success(&self, cause: &str, action: &str, owner: &ObjectRef, safety: Safety) -> f64 {
        let prior = match safety {
            Safety::Safe => 0.7,
            Safety::NeedsApproval => 0.6,
            Safety::PlanOnly => 0.4,
        };
        let Some(known) = self.known(cause, action) else {
            return prior;
        };
        let of_owner = known.owners.get(&named(owner)).copied().unwrap_or_default();
        of_owner.smoothed(known.cluster.smoothed(known.everywhere.smoothed(prior)))
    }

    /// Writes down in a fix how probably it works for the owner, and how it went before.
    pub(crate) fn expect(&self, cause: &str, owner: &ObjectRef, fix: &mut Fix) -> f64 {
        let success = self.success(cause, &fix.action, owner, fix.safety);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 100"
        )]
        let percent = (success * 100.0).round() as u8;
        fix.expected = percent;
        fix.record = self.record(cause, &fix.action, owner);
        success
    }

    /// How often it worked for the owner; `None` where it was never tried.
    fn record(&self, cause: &str, action: &str, owner: &ObjectRef) -> Option<FixRecord> {
        self.known(cause, action)?.owners.get(&named(owner))?.record
    }

    fn known(&self, cause: &str, action: &str) -> Option<&Outcomes> {
        self.fixes.get(&(cause.to_owned(), action.to_owned()))
    }
}

/// What the order of fixes gives for how much they touch.
pub(super) fn gentleness(impact: Impact) -> f64 {
    match impact {
        Impact::Low => 1.0,
        Impact::Medium => 0.9,
        Impact::High => 0.75,
    }
}

fn named(owner: &ObjectRef) -> (String, String, String) {
    (
        owner.kind.clone(),
        owner.namespace.clone(),
        owner.name.clone(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000;

    fn owner(name: &str) -> ObjectRef {
        ObjectRef {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: "shop".into(),
            name: name.into(),
            uid: None,
        }
    }

    fn tried(cluster: &str, name: &str, worked: bool, days_ago: i64) -> Tried {
        Tried {
            cluster: cluster.into(),
            cause: "image_tag_not_found".into(),
            action: "set_image".into(),
            owner: owner(name),
            worked,
            at: NOW - days_ago * 86_400,
        }
    }

    fn success(tried: &[Tried], name: &str) -> f64 {
        let learned = Experience::of("here", tried, &[], NOW);
        let of = learned.success(
            "image_tag_not_found",
            "set_image",
            &owner(name),
            Safety::NeedsApproval,
        );
        (of * 1_000.0).round() / 1_000.0
    }

    #[test]
    fn a_rate_is_drawn_towards_the_level_above_it() {
        assert_eq!(success(&[], "web"), 0.6);
        // Another cluster's: (1 + 4·0.6) / 5 = 0.68 everywhere, and nothing nearer.
        assert_eq!(success(&[tried("there", "web", true, 0)], "web"), 0.68);
        // This cluster's, of another owner: (1 + 4·0.68) / 5.
        assert_eq!(success(&[tried("here", "api", true, 0)], "web"), 0.744);
        // The owner's own: (1 + 4·0.744) / 5.
        assert_eq!(success(&[tried("here", "web", true, 0)], "web"), 0.795);
        // Ninety days ago it counts half: (0.5 + 4·0.6) / 4.5 and so on.
        assert_eq!(success(&[tried("here", "web", true, 90)], "web"), 0.719);
        let failed: Vec<_> = (0..6).map(|_| tried("here", "web", false, 0)).collect();
        assert!(success(&failed, "web") < 0.1, "{}", success(&failed, "web"));
        let learned = Experience::of("here", &failed, &[], NOW);
        assert_eq!(
            learned.record("image_tag_not_found", "set_image", &owner("web")),
            Some(FixRecord {
                worked: 0,
                times: 6
            })
        );
        assert_eq!(
            learned.record("image_tag_not_found", "set_image", &owner("api")),
            None
        );
    }

    #[test]
    fn verdicts_move_the_base_of_a_cause() {
        let said = |verdict, correct: Option<&str>| Said {
            cause: "application_error".into(),
            verdict,
            correct_cause: correct.map(str::to_owned),
        };
        let base = |all: &[Said], cause| {
            let base = Experience::of("here", &[], all, NOW).base(cause, 0.45);
            (base * 1_000.0).round() / 1_000.0
        };
        assert_eq!(base(&[], "application_error"), 0.45);
        // (8·0.45 + 2) / 10 and (8·0.45) / 10.
        let right = [said(Verdict::Correct, None), said(Verdict::Correct, None)];
        assert_eq!(base(&right, "application_error"), 0.56);
        let wrong = [
            said(Verdict::WrongCause, Some("dependency_unreachable")),
            said(Verdict::NotAnIncident, None),
        ];
        assert_eq!(base(&wrong, "application_error"), 0.36);
        assert_eq!(base(&wrong, "dependency_unreachable"), 0.511);
        assert_eq!(
            base(&[said(Verdict::FixFailed, None)], "application_error"),
            0.45
        );
    }
}
