//! What a kubeconfig wants run, and the hash a person's consent is bound to.

use kube::config::{ExecConfig, ExecInteractiveMode};
use kubegraf_ipc::cluster::ExecPlugin;
use sha2::{Digest, Sha256};

/// A program and everything it is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExecCommand {
    /// As the kubeconfig says, made absolute when it was relative to the file.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables set for it.
    pub env: Vec<(String, String)>,
    /// The version of the protocol it speaks.
    pub api_version: String,
    /// Whether it is told about the cluster.
    pub provide_cluster_info: bool,
    /// Whether it cannot work without a terminal.
    pub needs_terminal: bool,
    /// What to do when it is not there.
    pub install_hint: Option<String>,
}

impl ExecCommand {
    pub(crate) fn of(config: &ExecConfig) -> Self {
        let env = config.env.iter().flatten().filter_map(|variable| {
            Some((
                variable.get("name")?.clone(),
                variable.get("value")?.clone(),
            ))
        });
        Self {
            command: config.command.clone().unwrap_or_default(),
            args: config.args.clone().unwrap_or_default(),
            env: env.collect(),
            api_version: config.api_version.clone().unwrap_or_default(),
            provide_cluster_info: config.provide_cluster_info,
            needs_terminal: config.interactive_mode == Some(ExecInteractiveMode::Always),
            install_hint: config.install_hint.clone(),
        }
    }

    /// Changes whenever command, arguments or environment do.
    pub(crate) fn hash(&self) -> String {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            // With its length, so that no two lists of parts read the same.
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        part(&self.command);
        part(&self.args.len().to_string());
        self.args.iter().for_each(|argument| part(argument));
        for (name, value) in &self.env {
            part(name);
            part(value);
        }
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// What the window is told of it: no values of variables.
    pub(crate) fn shown(&self, allowed: bool) -> ExecPlugin {
        ExecPlugin {
            command: self.command.clone(),
            args: self.args.clone(),
            env: self.env.iter().map(|(name, _)| name.clone()).collect(),
            install_hint: self.install_hint.clone(),
            hash: self.hash(),
            allowed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(args: &[&str], env: &[(&str, &str)]) -> ExecCommand {
        ExecCommand {
            command: "aws".into(),
            args: args.iter().map(|&a| a.into()).collect(),
            env: env.iter().map(|&(n, v)| (n.into(), v.into())).collect(),
            api_version: "client.authentication.k8s.io/v1".into(),
            provide_cluster_info: false,
            needs_terminal: false,
            install_hint: None,
        }
    }

    #[test]
    fn any_change_of_what_runs_changes_the_hash() {
        let all = [
            command(&[], &[]),
            command(&["a", "b"], &[]),
            command(&["ab"], &[]),
            command(&["a"], &[("b", "")]),
            command(&["a"], &[("", "b")]),
            command(&[], &[("A", "1")]),
        ];
        let mut hashes: Vec<_> = all.iter().map(ExecCommand::hash).collect();
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), all.len());
    }
}
