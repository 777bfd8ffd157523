//! From a recommended fix to an intent that an execution can plan, and when it has worked.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use kubegraf_ipc::{
    Code, Error,
    incident::{Incident, IncidentState, PatchType},
};

use super::Detection;
use crate::executions::{
    ApiError, Applied, Change, DEADLINE, Intent, OutcomeCheck, Progress, Rollout,
};

/// The intent of one of an incident's fixes.
pub(super) fn of(
    incident: &Incident,
    fix: u32,
    detection: Weak<Detection>,
) -> Result<Intent, Error> {
    let id = &incident.row.id;
    if incident.row.state == IncidentState::Resolved {
        return Err(Error::new(
            Code::Conflict,
            format!("incident \"{id}\" is resolved"),
        ));
    }
    let chosen = incident
        .recommended_fixes
        .get(fix as usize)
        .ok_or_else(|| {
            let there = incident.recommended_fixes.len();
            let message =
                format!("fix {fix} of incident \"{id}\" does not exist, there are {there}");
            Error::new(Code::NotFound, message)
        })?;
    let patch = chosen.patch.clone().ok_or_else(|| {
        let message = format!(
            "\"{}\" is a plan: its steps are for a person",
            chosen.action
        );
        Error::new(Code::InvalidArgument, message)
    })?;
    let change = match patch.r#type {
        PatchType::Create => {
            Change::Create(serde_json::from_str(&patch.body).map_err(|error| {
                Error::new(Code::Internal, format!("the object to create: {error}"))
            })?)
        }
        PatchType::Merge | PatchType::Strategic | PatchType::Json => Change::Patch(patch),
    };
    Ok(Intent {
        title: chosen.description.clone(),
        action: chosen.action.clone(),
        target: chosen.target.clone(),
        change,
        impact: chosen.impact,
        safety: chosen.safety,
        preview: chosen.preview.clone(),
        incident: Some(id.clone()),
        check: Some(Arc::new(Gone {
            detection,
            incident: id.clone(),
            action: chosen.action.clone(),
            description: chosen.description.clone(),
        })),
        deadline: DEADLINE,
    })
}

/// A fix has worked when the rollout it caused is complete and its incident's symptoms are gone.
struct Gone {
    detection: Weak<Detection>,
    incident: String,
    action: String,
    description: String,
}

#[async_trait]
impl OutcomeCheck for Gone {
    async fn look(&self, applied: &Applied<'_>) -> Result<Progress, ApiError> {
        let Some(detection) = self.detection.upgrade() else {
            return Ok(Progress::Stuck(
                "the cluster is not watched any more".into(),
            ));
        };
        detection.fix_applied(&self.incident, &self.action, &self.description);
        let rollout = Rollout.look(applied).await?;
        let Progress::Healed(complete) = rollout else {
            return Ok(rollout);
        };
        Ok(match detection.row(&self.incident).map(|row| row.state) {
            Some(IncidentState::Open) => {
                Progress::NotYet(format!("{complete}; the incident is still open"))
            }
            Some(IncidentState::Resolving | IncidentState::Resolved) | None => {
                Progress::Healed(format!("{complete}; the incident's symptoms are gone"))
            }
        })
    }
}
