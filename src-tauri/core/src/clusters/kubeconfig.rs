//! Kubeconfig files, merged as kubectl merges them, with the origin of every context kept.
//!
//! A file that cannot be read is left out and named; the others still work. Nothing is ever
//! written back.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use kube::config::Kubeconfig;
use kubegraf_ipc::cluster::{ClusterEntry, KubeconfigProblem};

/// Everything the files say.
#[derive(Debug, Default)]
pub struct Contexts {
    /// In the order of the files; the first of a name wins.
    pub list: Vec<Context>,
    /// Files that were left out.
    pub problems: Vec<KubeconfigProblem>,
    /// The merged kubeconfig, with paths made absolute.
    pub merged: Kubeconfig,
}

/// One context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Its name.
    pub name: String,
    /// The file it comes from.
    pub path: PathBuf,
    /// Its own namespace, or "default".
    pub namespace: String,
    /// The user it names; empty for none.
    pub user: String,
    /// Address of its server; empty when the cluster it names is missing.
    pub server: String,
}

impl Context {
    /// The cluster id of this context.
    #[must_use]
    pub fn id(&self) -> String {
        format!("context:{}", self.name)
    }

    /// The entry of the list, before it is known to be reachable.
    #[must_use]
    pub fn entry(&self) -> ClusterEntry {
        ClusterEntry {
            id: self.id(),
            name: self.name.clone(),
            context_name: self.name.clone(),
            namespace: self.namespace.clone(),
            server: self.server.clone(),
            is_active: false,
            is_reachable: None,
            kubeconfig_path: self.path.display().to_string(),
            error: None,
            is_demo: false,
        }
    }
}

impl Contexts {
    /// Reads the files. One that does not exist is skipped, as kubectl does.
    #[must_use]
    pub fn read(files: &[PathBuf]) -> Self {
        let mut all = Self::default();
        let mut origins = Vec::new();
        for path in files.iter().filter(|path| path.exists()) {
            match Kubeconfig::read_from(path) {
                Ok(file) => all.add(path, file, &mut origins),
                Err(error) => all.skip(path, &error),
            }
        }
        all.list = origins
            .into_iter()
            .filter_map(|(name, path)| all.context(name, path))
            .collect();
        all
    }

    /// The context a fresh kubectl would use.
    #[must_use]
    pub fn current(&self) -> Option<&Context> {
        let wanted = self.merged.current_context.as_ref();
        self.list
            .iter()
            .find(|c| Some(&c.name) == wanted)
            .or_else(|| self.list.first())
    }

    /// The context with that cluster id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Context> {
        self.list.iter().find(|context| context.id() == id)
    }

    fn add(&mut self, path: &Path, file: Kubeconfig, origins: &mut Vec<(String, PathBuf)>) {
        let names: Vec<String> = file
            .contexts
            .iter()
            .map(|context| context.name.clone())
            .collect();
        match self.merged.clone().merge(file) {
            Ok(merged) => {
                self.merged = merged;
                let known: HashSet<String> = origins.iter().map(|(name, _)| name.clone()).collect();
                let fresh = names.into_iter().filter(|name| !known.contains(name));
                origins.extend(fresh.map(|name| (name, path.to_owned())));
            }
            Err(error) => self.skip(path, &error),
        }
    }

    fn skip(&mut self, path: &Path, error: &dyn std::error::Error) {
        let mut message = error.to_string();
        if let Some(source) = error.source() {
            message = format!("{message}: {source}");
        }
        self.problems.push(KubeconfigProblem {
            path: path.display().to_string(),
            message,
        });
    }

    fn context(&self, name: String, path: PathBuf) -> Option<Context> {
        let context = self
            .merged
            .contexts
            .iter()
            .find(|c| c.name == name)?
            .context
            .as_ref()?;
        let cluster = self
            .merged
            .clusters
            .iter()
            .find(|c| c.name == context.cluster);
        let server = cluster.and_then(|c| c.cluster.as_ref()?.server.clone());
        Some(Context {
            name,
            path,
            namespace: context
                .namespace
                .clone()
                .unwrap_or_else(|| "default".into()),
            user: context.user.clone().unwrap_or_default(),
            server: server.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(dir: &Path, name: &str, contexts: &[(&str, &str)]) -> PathBuf {
        let mut text = String::from("apiVersion: v1\nkind: Config\n");
        let part = |kind: &str, body: &dyn Fn(&str, &str) -> String| {
            let items: String = contexts
                .iter()
                .map(|(name, server)| body(name, server))
                .collect();
            format!("{kind}:\n{items}")
        };
        text += &part("clusters", &|n, s| {
            format!("- name: {n}\n  cluster: {{server: \"{s}\"}}\n")
        });
        text += &part("users", &|n, _| {
            format!("- name: {n}\n  user: {{token: t}}\n")
        });
        text += &part("contexts", &|n, _| {
            format!("- name: {n}\n  context: {{cluster: {n}, user: {n}}}\n")
        });
        text += &format!("current-context: {}\n", contexts[0].0);
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Covers: CLU-01
    #[test]
    fn the_first_file_wins_and_a_broken_one_is_named_but_harms_none() {
        let dir = tempfile::tempdir().unwrap();
        let first = file(
            dir.path(),
            "a",
            &[("prod", "https://a:1"), ("dev", "https://a:2")],
        );
        let broken = dir.path().join("broken");
        std::fs::write(&broken, "clusters: [ {").unwrap();
        let second = file(
            dir.path(),
            "b",
            &[("dev", "https://b:2"), ("lab", "https://b:3")],
        );
        let missing = dir.path().join("missing");

        let contexts = Contexts::read(&[first.clone(), broken.clone(), missing, second.clone()]);
        let seen: Vec<_> = contexts
            .list
            .iter()
            .map(|c| (c.name.as_str(), c.server.as_str(), &c.path))
            .collect();
        assert_eq!(
            seen,
            [
                ("prod", "https://a:1", &first),
                ("dev", "https://a:2", &first),
                ("lab", "https://b:3", &second)
            ]
        );
        assert_eq!(contexts.current().unwrap().name, "prod");
        assert_eq!(contexts.problems.len(), 1);
        assert_eq!(contexts.problems[0].path, broken.display().to_string());
    }
}
