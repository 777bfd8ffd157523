//! Plans that wait for their approval, and whether an approval fits what was shown.
//!
//! A plan can be approved for a quarter of an hour, once, and only as it was shown.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use kubegraf_ipc::execution::{ApplyPlan, Consent, DryRun, Plan};

use super::{Error, Intent, Target, api::Resource, plan::Look};

/// How long a plan can be approved, in seconds.
pub const PLAN_LIFE: i64 = 15 * 60;
/// How many plans are kept; the oldest goes first.
pub const MAX_PLANS: usize = 100;

#[derive(Default)]
pub(super) struct Plans {
    by_id: HashMap<String, Arc<Planned>>,
    order: VecDeque<String>,
}

pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) made_at: i64,
    pub(super) target: Target,
    pub(super) resource: Resource,
    pub(super) intent: Intent,
    pub(super) look: Look,
    pub(super) reverts: Option<String>,
    /// Set while it is being applied, and for good once it was.
    pub(super) taken: AtomicBool,
}

/// Whether an approval fits its plan.
pub(super) fn check(planned: &Planned, request: &ApplyPlan) -> Result<(), Error> {
    let plan = &planned.plan;
    if plan.hash != request.hash {
        return Err(Error::HashMismatch);
    }
    if !plan.applicable {
        let denied = plan
            .permissions
            .iter()
            .find(|permission| !permission.allowed);
        return Err(Error::NotApplicable {
            reason: match (&plan.dry_run, denied) {
                (DryRun::Refused { message }, _) => format!("the dry run was refused: {message}"),
                (_, Some(denied)) => format!("you may not {} {}", denied.verb, denied.resource),
                _ => "its steps are for a person".into(),
            },
        });
    }
    match &plan.consent {
        Consent::Type { text } if request.typed.as_ref() != Some(text) => {
            Err(Error::ConsentMissing {
                cluster: text.clone(),
            })
        }
        _ => Ok(()),
    }
}

/// Keeps a plan from being applied twice; given back on drop unless kept.
pub(super) struct Claim<'a>(Option<&'a AtomicBool>);

impl<'a> Claim<'a> {
    pub(super) fn on(planned: &'a Planned) -> Option<Self> {
        let was_taken = planned.taken.swap(true, Ordering::AcqRel);
        (!was_taken).then_some(Self(Some(&planned.taken)))
    }

    pub(super) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(taken) = self.0 {
            taken.store(false, Ordering::Release);
        }
    }
}

impl Plans {
    pub(super) fn add(&mut self, planned: Planned) {
        let now = planned.made_at;
        while let Some(oldest) = self.order.front() {
            let stale = self
                .by_id
                .get(oldest)
                .is_none_or(|plan| plan.made_at + PLAN_LIFE < now);
            if !stale && self.by_id.len() < MAX_PLANS {
                break;
            }
            self.by_id.remove(oldest);
            self.order.pop_front();
        }
        let id = planned.plan.id.clone();
        self.order.push_back(id.clone());
        self.by_id.insert(id, Arc::new(planned));
    }

    pub(super) fn get(&self, id: &str, now: i64) -> Option<Arc<Planned>> {
        let planned = self.by_id.get(id)?;
        (planned.made_at + PLAN_LIFE >= now).then(|| Arc::clone(planned))
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.by_id.remove(id);
    }
}
