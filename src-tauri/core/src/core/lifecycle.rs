//! What a person does with an incident: acknowledge, snooze, judge, compare, take along.

use std::sync::Arc;

use kubegraf_ipc::{
    Code, Error, Reply,
    execution::Outcome,
    incident::{FixRecord, Incident},
    lifecycle::{
        AcknowledgeIncident, Attention, ExportIncident, ExportedIncident, Feedback, GiveFeedback,
        ListFeedback, SimilarIncident, SimilarIncidents, SnoozeIncident,
    },
};

use super::Core;
use crate::{
    clock::Clock,
    incidents::{self, ALIKE, similarity},
    store::{IncidentQuery, Remedy, Store},
    table::export,
};

/// The longest snooze, seconds.
const LONGEST_SNOOZE: u32 = 30 * 86_400;
/// The longest note, characters.
const LONGEST_NOTE: usize = 4_000;
/// Earlier incidents that are compared.
const COMPARED: u32 = 500;
/// Similar ones that are shown.
const SHOWN: usize = 5;

/// What there is to learn from an execution that is under way.
pub(super) struct Lesson {
    remedy: Remedy,
    store: Store,
    clock: Arc<dyn Clock>,
}

impl Lesson {
    /// Remembers how the fix went; what was not applied or not watched to its end teaches nothing.
    pub(super) async fn learn(&self, outcome: Outcome) {
        let worked = match outcome {
            Outcome::Healed => true,
            Outcome::AppliedNotHealed => false,
            Outcome::NotApplied | Outcome::Cancelled | Outcome::Interrupted => return,
        };
        let remedy = Remedy {
            worked,
            at: self.clock.epoch_seconds(),
            ..self.remedy.clone()
        };
        if let Err(error) = self.store.add_remedy(&remedy).await {
            tracing::warn!(%error, "the outcome of a fix cannot be remembered");
        }
    }
}

impl Core {
    /// What there is to learn from an execution; `None` where it is for no incident.
    pub(super) async fn lesson(&self, execution: &str) -> Option<Lesson> {
        let execution = self.0.executions.get(execution).await.ok()?;
        let detection = self.detection(&execution.cluster).await.ok()?;
        let incident = detection.incident(execution.incident.as_ref()?).ok()?;
        Some(Lesson {
            remedy: Remedy {
                execution: execution.id,
                cluster: execution.cluster,
                cause: incident.root_cause.cause,
                action: execution.action,
                owner: incident.row.resource,
                worked: false,
                at: 0,
            },
            store: self.0.store.clone(),
            clock: Arc::clone(&self.0.clock),
        })
    }

    /// Tells of each fix how it went before.
    pub(super) async fn recall(&self, cluster: &str, incident: &mut Incident) -> Result<(), Error> {
        let now = self.0.clock.epoch_seconds();
        let (owner, cause) = (&incident.row.resource, &incident.root_cause.cause);
        for fix in &mut incident.recommended_fixes {
            let rate = self
                .0
                .store
                .remedy_rate(cluster, owner, cause, &fix.action, now)
                .await?;
            let here = rate.owner;
            fix.record = (here.times > 0).then_some(FixRecord {
                worked: here.times_worked,
                times: here.times,
            });
        }
        Ok(())
    }

    /// [`AcknowledgeIncident`].
    pub async fn acknowledge_incident(
        &self,
        request: AcknowledgeIncident,
    ) -> Reply<AcknowledgeIncident> {
        let now = self.0.clock.epoch_seconds();
        let who = self.0.actor.clone();
        let acknowledge = async {
            let detection = self.detection(&request.cluster).await?;
            let change = |attention: Attention| Attention {
                acknowledged_at: request.acknowledged.then_some(now),
                acknowledged_by: request.acknowledged.then_some(who),
                ..attention
            };
            detection.attend(&request.id, change).await
        };
        self.0.requests.once(&request.request_id, acknowledge).await
    }

    /// [`SnoozeIncident`].
    pub async fn snooze_incident(&self, request: SnoozeIncident) -> Reply<SnoozeIncident> {
        let now = self.0.clock.epoch_seconds();
        let snooze = async {
            if request.seconds > LONGEST_SNOOZE {
                let message = format!(
                    "seconds is {}, it must be at most {LONGEST_SNOOZE}",
                    request.seconds
                );
                return Err(Error::new(Code::InvalidArgument, message));
            }
            let until = (request.seconds > 0).then(|| now + i64::from(request.seconds));
            let detection = self.detection(&request.cluster).await?;
            let change = |attention: Attention| Attention {
                snoozed_until: until,
                ..attention
            };
            detection.attend(&request.id, change).await
        };
        self.0.requests.once(&request.request_id, snooze).await
    }

    /// [`GiveFeedback`].
    pub async fn give_feedback(&self, request: GiveFeedback) -> Reply<GiveFeedback> {
        let feedback = Feedback {
            at: self.0.clock.epoch_seconds(),
            who: self.0.actor.clone(),
            verdict: request.verdict,
            correct_cause: request.correct_cause.filter(|cause| !cause.is_empty()),
            note: request.note,
        };
        let give = async {
            let length = feedback.note.chars().count();
            if length > LONGEST_NOTE {
                let message = format!("the note has {length} characters, at most {LONGEST_NOTE}");
                return Err(Error::new(Code::InvalidArgument, message));
            }
            if feedback.verdict.is_none() && feedback.note.trim().is_empty() {
                let message = "neither a verdict nor a note was given";
                return Err(Error::new(Code::InvalidArgument, message));
            }
            let detection = self.detection(&request.cluster).await?;
            let cause = detection.incident(&request.id)?.root_cause.cause;
            let store = &self.0.store;
            Ok(store
                .add_feedback(&request.cluster, &request.id, &cause, &feedback)
                .await?)
        };
        self.0.requests.once(&request.request_id, give).await
    }

    /// [`ListFeedback`].
    pub async fn list_feedback(&self, request: ListFeedback) -> Reply<ListFeedback> {
        Ok(self.0.store.feedback(&request.cluster, &request.id).await?)
    }

    /// [`SimilarIncidents`].
    pub async fn similar_incidents(&self, request: SimilarIncidents) -> Reply<SimilarIncidents> {
        let detection = self.detection(&request.cluster).await?;
        let incident = detection.incident(&request.id)?;
        let query = IncidentQuery {
            cluster: Some(request.cluster),
            limit: COMPARED,
            ..Default::default()
        };
        let mut alike: Vec<SimilarIncident> = self
            .0
            .store
            .incidents(&query)
            .await?
            .into_iter()
            .map(|record| record.incident)
            .filter(|other| other.row.id != incident.row.id)
            .map(|other| SimilarIncident {
                similarity: similarity(&incident, &other),
                resolution: other.resolution,
                applied_fix: other.applied_fix,
                row: other.row,
            })
            .filter(|other| other.similarity >= ALIKE)
            .collect();
        // Stable: of equals the one seen last stays first.
        alike.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        alike.truncate(SHOWN);
        Ok(alike)
    }

    /// [`ExportIncident`].
    pub async fn export_incident(&self, request: ExportIncident) -> Reply<ExportIncident> {
        let connection = self.connection(&request.cluster)?;
        let incident = self
            .detection(&request.cluster)
            .await?
            .incident(&request.id)?;
        let said = self.0.store.feedback(&request.cluster, &request.id).await?;
        let markdown = incidents::markdown(connection.name(), &incident, &said);
        let (name, text) = (request.id, markdown.clone());
        let write = move || export::text(&export::folder()?, &name, "md", &text);
        let written = tokio::task::spawn_blocking(write).await;
        let path = written.map_err(|error| Error::new(Code::Internal, error.to_string()))??;
        Ok(ExportedIncident {
            path: path.display().to_string(),
            markdown,
        })
    }
}
