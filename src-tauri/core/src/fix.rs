//! `kubegraf fix`: previews or applies the top fix of an incident from the command line.
//!
//! It goes the way the window goes: the same detection, plan, approval, execution, audit trail and
//! store. It decides nothing by itself; without `--yes` it asks.

mod arguments;
mod report;

use std::{
    ffi::OsString,
    io::{self, BufRead, Write},
    time::Duration,
};

use kubegraf_ipc::{
    cluster::AllowExec,
    execution::{ApplyPlan, Consent, ExecutionEvent, Outcome, Plan, PreviewFix, WatchExecution},
    incident::GetIncident,
    incident::{Incident, IncidentState, IncidentsEvent, Safety, WatchIncidents},
    object::{Delta, Freshness},
};
use tokio::sync::mpsc;
use uuid::Uuid;

pub use arguments::{Arguments, Which};
use report::Answer;

use crate::{Core, Options, StreamKey, incidents::fingerprint, scan::Output};

/// How a fix is to be called.
pub const HELP: &str = "\
Previews or applies the best fix of an incident, and waits for its outcome

Usage: kubegraf fix --incident ID | --first [--dry-run] [--yes] [--output table|json]
                    [--kubeconfig F] [--context C] [--namespace N | -A] [--demo]

  --incident ID         the incident: an id of the window or of this command, or a
                        fingerprint of \"kubegraf scan --output json\"
  --first               the most probable root of all
  --dry-run             show what would be done, and stop
  -y, --yes             do not ask
  --confirm NAME        the cluster's name, which a protected cluster wants typed
  -o, --output FORMAT   table (default) or json
  --kubeconfig F        kubeconfig to use instead of KUBECONFIG or ~/.kube/config
  --context C           context to use instead of the current one
  -n, --namespace N     only incidents that concern this namespace
  -A, --all-namespaces  all namespaces (the default)
  --allow-exec          allow the program the kubeconfig names for credentials, as the window asks
  --demo                the embedded demo cluster

Exit: 0 healed, or shown with --dry-run; 1 not applied, or applied and not healed;
2 could not look; 3 there is no such incident, or nothing the app can do about it.
The change is in the audit trail of KUBEGRAF_DATA_DIR, as one made in the window.
";

/// How long the first evaluation may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How a fix ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It has worked, or was shown as asked.
    Done,
    /// Nothing was applied, or it has not worked.
    Failed,
    /// The cluster could not be looked at.
    Blind,
    /// There is no such incident, or no fix the app can apply.
    Nothing,
}

impl End {
    /// The process exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Blind => 2,
            Self::Nothing => 3,
        }
    }
}

/// Why nothing was fixed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line makes no sense.
    #[error("{0}; see kubegraf fix --help")]
    Usage(String),
    /// The cluster or the app's data cannot be used.
    #[error("{0}")]
    Blind(String),
    /// There is nothing to do.
    #[error("{0}")]
    Nothing(String),
    /// It was not applied.
    #[error("{0}")]
    Refused(String),
    /// The answer cannot be written.
    #[error("the answer cannot be written: {0}")]
    Write(#[from] io::Error),
}

impl Error {
    fn end(&self) -> End {
        match self {
            Self::Usage(_) | Self::Blind(_) | Self::Write(_) => End::Blind,
            Self::Nothing(_) => End::Nothing,
            Self::Refused(_) => End::Failed,
        }
    }
}

fn blind(error: impl std::fmt::Display) -> Error {
    Error::Blind(error.to_string())
}

/// Runs a fix to its end. `options` says where the app's data is; `input` is asked for a yes.
///
/// # Errors
/// When `out` cannot be written.
pub async fn run(
    arguments: impl Iterator<Item = OsString>,
    options: Options,
    input: &mut (dyn BufRead + Send),
    out: &mut (dyn Write + Send),
    log: &mut (dyn Write + Send),
) -> io::Result<End> {
    let arguments: Vec<OsString> = arguments.collect();
    let json = crate::scan::wants_json(&arguments);
    let mut answer = Answer::default();
    let done = match arguments::parse(arguments.into_iter()) {
        Ok(Some(parsed)) => attempt(&parsed, options, input, out, log, &mut answer).await,
        Ok(None) => {
            out.write_all(HELP.as_bytes())?;
            return Ok(End::Done);
        }
        Err(error) => Err(error),
    };
    let end = match done {
        Ok(end) => end,
        Err(Error::Write(error)) => return Err(error),
        Err(error) => {
            // Nobody may be reading; there is nothing else to tell them.
            let _ = writeln!(log, "kubegraf: {error}");
            answer.error = Some(error.to_string());
            error.end()
        }
    };
    if json {
        report::json(&answer, out)?;
    }
    out.flush()?;
    Ok(end)
}

async fn attempt(
    arguments: &Arguments,
    mut options: Options,
    input: &mut (dyn BufRead + Send),
    out: &mut (dyn Write + Send),
    log: &mut (dyn Write + Send),
    answer: &mut Answer,
) -> Result<End, Error> {
    if let Some(file) = &arguments.kubeconfig {
        options.sources.kubeconfigs = vec![file.clone()];
    }
    options.sources.demo = arguments.demo;
    let core = Core::start_guest(options).await.map_err(blind)?;
    let done = treat(&core, arguments, input, out, log, answer).await;
    core.stop().await;
    done
}

async fn treat(
    core: &Core,
    arguments: &Arguments,
    input: &mut (dyn BufRead + Send),
    out: &mut (dyn Write + Send),
    log: &mut (dyn Write + Send),
    answer: &mut Answer,
) -> Result<End, Error> {
    let context = arguments.context.as_deref();
    let mut entered = core.enter(context, arguments.demo).await;
    if let Some(consent) = entered
        .as_ref()
        .err()
        .and_then(|error| error.consent.as_ref())
        && arguments.allow_exec
    {
        let allow = AllowExec {
            request_id: format!("fix-{}", consent.plugin.hash),
            cluster: consent.cluster.clone(),
            hash: consent.plugin.hash.clone(),
        };
        let permitted = core.permit_errand("allow_exec").await;
        permitted.map_err(|error| Error::Blind(error.message))?;
        core.allow_exec(allow)
            .await
            .map_err(|error| Error::Blind(error.message))?;
        entered = core.enter(context, arguments.demo).await;
    }
    let cluster = entered.map_err(|error| Error::Blind(error.message))?;
    let ids = tokio::time::timeout(PATIENCE, ranked(core, &cluster))
        .await
        .map_err(|_| Error::Blind("the cluster's objects did not arrive in time".into()))??;
    let incident = pick(core, &cluster, &ids, arguments).await?;
    let place = top(&incident)?;
    let fix = incident.recommended_fixes[place].clone();
    let table = arguments.output == Output::Table;
    if table {
        report::introduce(&incident, &fix, out)?;
    }
    answer.incident = Some(incident.clone());
    answer.fix = Some(fix.clone());
    if fix.safety == Safety::PlanOnly || fix.patch.is_none() {
        let message = "these steps are for a person: the app applies none of them".to_owned();
        return match arguments.dry_run {
            true => Ok(End::Done),
            false => Err(Error::Nothing(message)),
        };
    }
    let request = PreviewFix {
        cluster: cluster.clone(),
        incident: incident.row.id.clone(),
        fix: u32::try_from(place).unwrap_or_default(),
    };
    let previewed = core.preview_fix(request).await;
    let plan = previewed.map_err(|error| Error::Refused(error.message))?;
    if table {
        report::preview(&plan, out)?;
    }
    answer.plan = Some(plan.clone());
    if !plan.applicable {
        return Err(Error::Refused(
            "the fix cannot be applied: see its dry run and its permissions".into(),
        ));
    }
    if arguments.dry_run {
        return Ok(End::Done);
    }
    let typed = consent(&plan, arguments, input, log)?;
    let permitted = core.permit_errand("apply_plan").await;
    permitted.map_err(|error| Error::Refused(error.message))?;
    let started = core
        .apply_plan(ApplyPlan {
            request_id: Uuid::new_v4().to_string(),
            plan: plan.id.clone(),
            hash: plan.hash.clone(),
            typed,
        })
        .await
        .map_err(|error| Error::Refused(error.message))?;
    let outcome = follow(core, started.execution, table, out, answer).await?;
    match outcome {
        Outcome::Healed => Ok(End::Done),
        Outcome::AppliedNotHealed => Err(Error::Refused(
            "applied, and the incident was still there at the deadline".into(),
        )),
        Outcome::NotApplied => Err(Error::Refused("nothing was changed".into())),
        Outcome::Cancelled | Outcome::Interrupted => {
            Err(Error::Refused("ended before its outcome was known".into()))
        }
    }
}

/// Ids of what is not resolved, the most probable root first, once all of it was judged.
async fn ranked(core: &Core, cluster: &str) -> Result<Vec<String>, Error> {
    let (sender, mut events) = mpsc::unbounded_channel::<IncidentsEvent>();
    let key = StreamKey::new("fix", 1);
    let request = WatchIncidents {
        cluster: cluster.to_owned(),
    };
    let sink = Box::new(move |event| sender.send(event).is_ok());
    core.watch_incidents(request, key, sink)
        .await
        .map_err(|error| Error::Blind(error.message))?;
    let mut over: std::collections::BTreeMap<String, bool> = std::collections::BTreeMap::new();
    while let Some(event) = events.recv().await {
        for delta in event.deltas {
            match delta {
                Delta::Reset { rows } | Delta::Apply { rows } => {
                    let rows = rows.into_iter();
                    over.extend(rows.map(|row| (row.id, row.state != IncidentState::Open)));
                }
                Delta::Delete { ids } => over.retain(|id, _| !ids.contains(id)),
            }
        }
        let whole = matches!(
            event.freshness,
            Freshness::Live | Freshness::Forbidden { .. }
        );
        if event.evaluated_at > 0 && whole {
            let open = |id: &String| over.get(id) == Some(&false);
            return Ok(event.order.into_iter().filter(open).collect());
        }
    }
    Err(Error::Blind("the cluster is not watched any more".into()))
}

async fn pick(
    core: &Core,
    cluster: &str,
    ids: &[String],
    arguments: &Arguments,
) -> Result<Incident, Error> {
    let mut there = Vec::new();
    for id in ids {
        let asked = GetIncident {
            cluster: cluster.to_owned(),
            id: id.clone(),
        };
        // One that was resolved meanwhile is no choice any more.
        if let Ok(incident) = core.get_incident(asked).await {
            there.push(incident);
        }
    }
    if let Some(namespace) = &arguments.namespace {
        there.retain(|incident| concerns(incident, namespace));
    }
    let chosen = match &arguments.which {
        Which::First => (!there.is_empty()).then_some(0),
        Which::Id(wanted) => match there.iter().position(|one| named(one, cluster, wanted)) {
            None if !core.remembers(cluster, wanted).await => scanned(&there, wanted),
            found => found,
        },
    };
    match (chosen, &arguments.which) {
        (Some(place), _) => Ok(there.swap_remove(place)),
        (None, Which::First) => Err(Error::Nothing("there is no incident".into())),
        (None, Which::Id(id)) if there.is_empty() => Err(Error::Nothing(format!(
            "there is no incident \"{id}\", nor any other"
        ))),
        (None, Which::Id(id)) => {
            let ids: Vec<&str> = there.iter().map(|one| &*one.row.id).collect();
            let ids = ids.join(", ");
            Err(Error::Nothing(format!(
                "there is no incident \"{id}\"; there are: {ids}"
            )))
        }
    }
}

/// Whether this is the incident's id, or its fingerprint here or in a scan, which knows no cluster ids.
fn named(incident: &Incident, cluster: &str, wanted: &str) -> bool {
    let row = &incident.row;
    let container = incident.root_cause.container.as_deref();
    let print = |cluster| fingerprint(cluster, &row.r#type, &row.resource, container);
    row.id == wanted || print(cluster) == wanted || print("") == wanted
}

/// The incident a scan has named: by type and onset, or the only one of its type.
fn scanned(there: &[Incident], wanted: &str) -> Option<usize> {
    let (kind, second) = wanted.strip_prefix("inc-")?.rsplit_once('-')?;
    let second: i64 = second.parse().ok()?;
    let alike = || {
        there
            .iter()
            .enumerate()
            .filter(|(_, one)| one.row.r#type == kind)
    };
    let mut exact = alike().filter(|(_, one)| one.row.first_seen == second);
    match (exact.next(), exact.next(), alike().count()) {
        (Some((place, _)), None, _) => Some(place),
        (_, _, 1) => alike().next().map(|(place, _)| place),
        _ => None,
    }
}

fn concerns(incident: &Incident, namespace: &str) -> bool {
    incident.row.resource.namespace == namespace
        || incident.root_cause.target.namespace == namespace
        || incident
            .symptoms
            .iter()
            .any(|symptom| symptom.object.namespace == namespace)
}

/// The best fix the app can apply; the first steps for a person where there is none.
fn top(incident: &Incident) -> Result<usize, Error> {
    let fixes = &incident.recommended_fixes;
    let applies = fixes
        .iter()
        .position(|fix| fix.patch.is_some() && fix.safety != Safety::PlanOnly);
    applies
        .or((!fixes.is_empty()).then_some(0))
        .ok_or_else(|| Error::Nothing(format!("nothing is known to heal \"{}\"", incident.row.id)))
}

/// What was typed, where something must be.
fn consent(
    plan: &Plan,
    arguments: &Arguments,
    input: &mut (dyn BufRead + Send),
    log: &mut (dyn Write + Send),
) -> Result<Option<String>, Error> {
    let protected = match &plan.consent {
        Consent::Click => None,
        Consent::Type { text } => Some(text),
    };
    if let (Some(name), Some(given)) = (protected, &arguments.confirm) {
        return match name == given {
            true => Ok(Some(given.clone())),
            false => Err(Error::Refused(format!(
                "--confirm \"{given}\" is not the cluster's name"
            ))),
        };
    }
    if let Some(name) = protected.filter(|_| arguments.yes) {
        return Err(Error::Refused(format!(
            "cluster \"{name}\" is protected: say --confirm \"{name}\""
        )));
    }
    if arguments.yes {
        return Ok(None);
    }
    let question = protected.map_or_else(
        || format!("Apply it to \"{}\"? [y/N] ", plan.cluster_name),
        |name| format!("Type \"{name}\" to apply it: "),
    );
    let _ = write!(log, "{}", report::plain(&question));
    let _ = log.flush();
    let mut line = String::new();
    input.read_line(&mut line)?;
    let line = line.trim();
    match protected {
        Some(name) if line == name => Ok(Some(line.to_owned())),
        None if matches!(line, "y" | "Y" | "yes") => Ok(None),
        _ => Err(Error::Refused(
            "nothing was changed: there was no yes".into(),
        )),
    }
}

/// Prints what an execution says, to its end.
async fn follow(
    core: &Core,
    execution: String,
    table: bool,
    out: &mut (dyn Write + Send),
    answer: &mut Answer,
) -> Result<Outcome, Error> {
    let (sender, mut events) = mpsc::unbounded_channel();
    let sink = Box::new(move |event| sender.send(event).is_ok());
    let request = WatchExecution { execution };
    core.watch_execution(request, StreamKey::new("fix", 2), sink)
        .await
        .map_err(|error| Error::Blind(error.message))?;
    while let Some(event) = events.recv().await {
        match event {
            ExecutionEvent::Status { execution } => answer.execution = Some(execution),
            ExecutionEvent::Stdout { data, .. } | ExecutionEvent::Stderr { data, .. } => {
                if table {
                    writeln!(out, "{}", report::plain(&data))?;
                    out.flush()?;
                }
                answer.lines.push(data);
            }
            ExecutionEvent::Complete { outcome, .. } => return Ok(outcome),
        }
    }
    Ok(Outcome::Interrupted)
}
