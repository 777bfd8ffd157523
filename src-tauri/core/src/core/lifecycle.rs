//! What a person does with an incident: acknowledge, snooze, judge, compare, take along.

use std::sync::Arc;

use kubegraf_ipc::{
    Code, Error, Reply,
    execution::Outcome,
    lifecycle::{
        AcknowledgeIncident, Attention, ExportIncident, ExportedIncident, Feedback, GiveFeedback,
        ListFeedback, SimilarIncident, SimilarIncidents, SnoozeIncident, Verdict,
    },
};

use super::Core;
use crate::{
    clock::Clock,
    detection::Detections,
    features,
    incidents::{self, ALIKE, Tried, similarity},
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
    detections: Detections,
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
        self.keep(worked).await;
    }

    async fn keep(&self, worked: bool) {
        let mut remedy = self.remedy.clone();
        (remedy.tried.worked, remedy.tried.at) = (worked, self.clock.epoch_seconds());
        if let Err(error) = self.store.add_remedy(&remedy).await {
            tracing::warn!(%error, "the outcome of a fix cannot be remembered");
        }
        self.detections.learn().await;
    }
}

impl Core {
    /// What there is to learn from an execution; `None` where it is for no incident.
    pub(super) async fn lesson(&self, execution: &str) -> Option<Lesson> {
        if !self.has(features::FIX_MEMORY).await {
            return None;
        }
        let execution = self.0.executions.get(execution).await.ok()?;
        let detection = self.detection(&execution.cluster).await.ok()?;
        let incident = detection.incident(execution.incident.as_ref()?).ok()?;
        Some(Lesson {
            remedy: Remedy {
                execution: execution.id,
                tried: Tried {
                    cluster: execution.cluster,
                    cause: incident.root_cause.cause,
                    action: execution.action,
                    owner: incident.row.resource,
                    worked: false,
                    at: 0,
                },
            },
            store: self.0.store.clone(),
            detections: self.0.detections.clone(),
            clock: Arc::clone(&self.0.clock),
        })
    }

    /// [`AcknowledgeIncident`].
    pub async fn acknowledge_incident(
        &self,
        request: AcknowledgeIncident,
    ) -> Reply<AcknowledgeIncident> {
        let now = self.0.clock.epoch_seconds();
        let who = self.actor();
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
            who: self.actor(),
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
            store
                .add_feedback(&request.cluster, &request.id, &cause, &feedback)
                .await?;
            self.heed(&request.cluster, &request.id, feedback.verdict)
                .await
        };
        self.0.requests.once(&request.request_id, give).await
    }

    /// Lets a verdict count: one about the cause in what is thought of causes, one about the fix as the
    /// outcome of the execution that applied it.
    async fn heed(
        &self,
        cluster: &str,
        incident: &str,
        verdict: Option<Verdict>,
    ) -> Result<(), Error> {
        let worked = match verdict {
            Some(Verdict::FixWorked) => true,
            Some(Verdict::FixFailed) => false,
            Some(Verdict::Correct | Verdict::WrongCause | Verdict::NotAnIncident) => {
                self.0.detections.learn().await;
                return Ok(());
            }
            None => return Ok(()),
        };
        let executions = self.0.store.executions(Some(cluster), COMPARED).await?;
        let applied = executions.into_iter().find(|one| {
            one.execution.incident.as_deref() == Some(incident) && one.reverts.is_none()
        });
        if let Some(applied) = applied
            && let Some(lesson) = self.lesson(&applied.execution.id).await
        {
            lesson.keep(worked).await;
        }
        Ok(())
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
