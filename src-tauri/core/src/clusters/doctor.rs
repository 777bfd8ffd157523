//! The context doctor: walks the way to a cluster step by step and says where it ends and what to
//! try. It looks with its own eyes (resolver, sockets, handshake), not through the client, so that
//! each step's failure is told apart.

mod credentials;
mod network;
mod tls;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use kube::Config;
use kubegraf_ipc::doctor::{Check, CheckState, Diagnosis, Step};

use super::{
    Clusters, Connection, Context, DEMO, Error,
    credentials::{Source, bearer},
    exec::{self, Plugin},
    prepare::{self, Prepared},
};

/// For one step that uses the network.
const STEP: Duration = Duration::from_secs(5);
/// The clocks may differ by this much before it is worth a word: certificates and tokens have edges.
const SKEW: i64 = 30;

/// What a step found.
struct Finding {
    state: CheckState,
    detail: String,
    advice: String,
}

impl Finding {
    fn new(state: CheckState, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            state,
            detail: detail.into(),
            advice: advice.into(),
        }
    }

    fn ok(detail: impl Into<String>) -> Self {
        Self::new(CheckState::Ok, detail, "")
    }

    fn warning(detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(CheckState::Warning, detail, advice)
    }

    fn failed(detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(CheckState::Failed, detail, advice)
    }

    fn skipped(detail: impl Into<String>) -> Self {
        Self::new(CheckState::Skipped, detail, "")
    }
}

/// The steps walked so far.
struct Walk {
    checks: Vec<Check>,
    began: Instant,
}

impl Walk {
    fn add(&mut self, step: Step, found: Finding) -> CheckState {
        let state = found.state;
        self.checks.push(Check {
            step,
            name: name(step).into(),
            state,
            detail: found.detail,
            advice: found.advice,
            took_ms: u32::try_from(self.began.elapsed().as_millis()).unwrap_or(u32::MAX),
        });
        self.began = Instant::now();
        state
    }

    /// The steps that were not reached.
    fn end(mut self, why: &str) -> Vec<Check> {
        for step in STEPS {
            if !self.checks.iter().any(|check| check.step == step) {
                self.add(step, Finding::skipped(why));
            }
        }
        self.checks
    }
}

const STEPS: [Step; 9] = [
    Step::Kubeconfig,
    Step::ExecPlugin,
    Step::Proxy,
    Step::Dns,
    Step::Tcp,
    Step::Tls,
    Step::Http,
    Step::Credentials,
    Step::Clock,
];

fn name(step: Step) -> &'static str {
    match step {
        Step::Kubeconfig => "Kubeconfig entry",
        Step::ExecPlugin => "Credential program",
        Step::Proxy => "Proxy",
        Step::Dns => "Name resolution",
        Step::Tcp => "Connection",
        Step::Tls => "TLS certificate",
        Step::Http => "API server",
        Step::Credentials => "Credentials",
        Step::Clock => "Clock",
    }
}

impl Clusters {
    /// Walks the way to a cluster.
    ///
    /// # Errors
    /// [`Error::Unknown`]; whatever else is wrong is part of the diagnosis.
    pub(crate) async fn diagnose(&self, id: &str) -> Result<Diagnosis, Error> {
        let contexts = self.reload().await;
        let walk = Walk {
            checks: Vec::new(),
            began: Instant::now(),
        };
        let checks = if id == DEMO {
            let mut walk = walk;
            walk.add(
                Step::Kubeconfig,
                Finding::ok("embedded in the app: there is no way to walk"),
            );
            walk.end("the demo cluster has no network")
        } else {
            let context = contexts
                .find(id)
                .ok_or_else(|| Error::Unknown(id.to_owned()))?;
            let allowed = self.consented(context).unwrap_or(false);
            let prepared = prepare::prepare(&contexts, context, allowed, &self.path).await;
            self.walk(walk, context, prepared).await
        };
        Ok(Diagnosis {
            cluster: id.to_owned(),
            at: self.clock.epoch_seconds(),
            checks,
        })
    }

    async fn walk(
        &self,
        mut walk: Walk,
        context: &Context,
        prepared: Result<Prepared, Error>,
    ) -> Vec<Check> {
        let mut prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                let advice = format!("correct \"{}\" and look again", context.path.display());
                walk.add(Step::Kubeconfig, Finding::failed(error.to_string(), advice));
                return walk.end("the kubeconfig entry cannot be used");
            }
        };
        walk.add(Step::Kubeconfig, entry(context));

        if let Source::Exec(plugin) = &prepared.source {
            let (found, source) = exec(plugin, &mut prepared.config).await;
            let state = walk.add(Step::ExecPlugin, found);
            match source {
                Some(source) => prepared.source = source,
                // The way itself can be walked without credentials.
                None if state == CheckState::Failed => prepared.source = Source::None,
                None => {}
            }
        } else {
            walk.add(
                Step::ExecPlugin,
                Finding::skipped("the kubeconfig names no program"),
            );
        }

        walk.add(Step::Proxy, network::proxy(&prepared.config));
        let (found, addresses) = network::resolve(&prepared.config).await;
        if walk.add(Step::Dns, found) == CheckState::Failed {
            return walk.end("the name has no address");
        }
        if walk.add(
            Step::Tcp,
            network::connect(&prepared.config, &addresses).await,
        ) == CheckState::Failed
        {
            return walk.end("there is no connection");
        }
        if walk.add(
            Step::Tls,
            tls::shake_hands(&prepared.config, self.clock.epoch_seconds()).await,
        ) == CheckState::Failed
        {
            return walk.end("the handshake failed");
        }
        self.talk(walk, context, prepared).await
    }

    async fn talk(&self, mut walk: Walk, context: &Context, prepared: Prepared) -> Vec<Check> {
        let now = self.clock.epoch_seconds();
        let held = credentials::held(&prepared, now);
        let connection = match Connection::open(context, prepared, Arc::clone(&self.clock)) {
            Ok(connection) => connection,
            Err(error) => {
                let advice = "check the client certificate and its key in the kubeconfig";
                walk.add(Step::Http, Finding::failed(error.to_string(), advice));
                return walk.end("no client can be built");
            }
        };
        let (found, date) = network::version(&connection).await;
        let reached = walk.add(Step::Http, found) != CheckState::Failed;
        let found = if reached {
            credentials::taken(&connection, held).await
        } else {
            held.unwrap_or_else(|| Finding::skipped("the API server does not answer"))
        };
        walk.add(Step::Credentials, found);
        walk.add(Step::Clock, clock(date, self.clock.epoch_seconds()));
        walk.end("")
    }
}

fn entry(context: &Context) -> Finding {
    let user = if context.user.is_empty() {
        "none"
    } else {
        &context.user
    };
    let detail = format!(
        "file: {}\nserver: {}\nuser: {user}\nnamespace: {}",
        context.path.display(),
        context.server,
        context.namespace
    );
    if context.insecure {
        return Finding::warning(
            format!("{detail}\nthe server's identity is not verified"),
            "anyone on the way can read the credentials: set certificate-authority instead of insecure-skip-tls-verify, and use https",
        );
    }
    Finding::ok(detail)
}

/// Runs the program once; what it gives is used for the rest of the way.
async fn exec(plugin: &Plugin, config: &mut Config) -> (Finding, Option<Source>) {
    let command = &plugin.command;
    let line = format!("command: {} {}", command.command, command.args.join(" "));
    let looked = match plugin.binary().await {
        Ok((binary, path)) => format!(
            "{}\nbinary: {}\nPATH: {}",
            line.trim_end(),
            binary.display(),
            path.to_string_lossy()
        ),
        Err(error) => return (not_run(&line, &error), None),
    };
    match plugin.run().await {
        Ok(given) => {
            let expires = given
                .expires
                .map_or_else(String::new, |at| format!("\nexpires: {}", tls::date(at)));
            if let Some((certificate, key)) = given.identity {
                config.auth_info.client_certificate_data =
                    Some(BASE64_STANDARD.encode(certificate));
                config.auth_info.client_key_data = Some(BASE64_STANDARD.encode(key).into());
            }
            let source = match given.token.as_deref().map(bearer) {
                Some(Ok(header)) => Source::Fixed(header),
                Some(Err(error)) => {
                    let advice = "run the command in a terminal and look at the token it gives";
                    return (Finding::failed(format!("{looked}\n{error}"), advice), None);
                }
                None => Source::None,
            };
            (
                Finding::ok(format!("{looked}\nexit code: 0{expires}")),
                Some(source),
            )
        }
        Err(error) => {
            let detail = format!("{looked}\n{}", said(&error));
            (Finding::failed(detail, advice(plugin, &error)), None)
        }
    }
}

fn not_run(line: &str, error: &exec::Error) -> Finding {
    match error {
        exec::Error::NotAllowed(_) => Finding::failed(
            format!("{line}\nit was never allowed to run"),
            "look at the command and allow it",
        ),
        exec::Error::NotFound { path, hint, .. } => Finding::failed(
            format!("{line}\nnot found on PATH: {path}"),
            hint.clone()
                .unwrap_or_else(|| "install it, or write its full path into the kubeconfig".into()),
        ),
        error => Finding::failed(
            format!("{line}\n{error}"),
            "the program has to work without a terminal and speak client.authentication.k8s.io/v1",
        ),
    }
}

fn said(error: &exec::Error) -> String {
    let (what, stderr) = match error {
        exec::Error::Failed { how, stderr, .. } => (how.clone(), stderr),
        exec::Error::TimedOut { after, stderr, .. } => (
            format!("ended after {} s without an answer", after.as_secs()),
            stderr,
        ),
        exec::Error::Malformed { reason, stderr, .. } => (reason.clone(), stderr),
        error => return error.to_string(),
    };
    if stderr.trim().is_empty() {
        return format!("{what}\nstderr: empty");
    }
    format!("{what}\nstderr: {}", stderr.trim())
}

fn advice(plugin: &Plugin, error: &exec::Error) -> String {
    let command = &plugin.command.command;
    match error {
        exec::Error::TimedOut { .. } => format!(
            "run \"{command}\" in a terminal: it may wait for a log-in or for a network it cannot reach"
        ),
        exec::Error::Failed { .. } => {
            format!("log in again with the tool behind \"{command}\", then try once more")
        }
        _ => format!(
            "run \"{command}\" in a terminal and compare what it writes with an ExecCredential"
        ),
    }
}

fn clock(theirs: Option<i64>, ours: i64) -> Finding {
    let Some(theirs) = theirs else {
        return Finding::skipped("the server named no time");
    };
    let ahead = theirs - ours;
    let detail = match ahead {
        0 => "the same on both sides".to_owned(),
        1.. => format!("the server's clock is {ahead} s ahead of this machine's"),
        _ => format!("the server's clock is {} s behind this machine's", -ahead),
    };
    if ahead.abs() > SKEW {
        return Finding::warning(
            detail,
            "set this machine's clock by the network: tokens and certificates depend on it",
        );
    }
    Finding::ok(detail)
}

#[cfg(test)]
mod tests;
