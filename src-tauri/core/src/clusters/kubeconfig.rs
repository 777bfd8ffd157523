//! Kubeconfig files, merged as kubectl merges them, with the origin of every context kept.
//!
//! A file that cannot be read is left out and named; the others still work. Nothing is ever
//! written back.

mod file;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use kube::config::{AuthInfo, Cluster, Context as ContextParts, Kubeconfig};
use kubegraf_ipc::cluster::{
    ClusterEntry, FileOrigin, KubeconfigFile, KubeconfigPart, KubeconfigProblem, ShadowedName,
};

use super::exec::ExecCommand;

/// Everything the files say.
#[derive(Clone, Debug, Default)]
pub struct Contexts {
    /// In the order of the files; the first of a name wins.
    pub list: Vec<Context>,
    /// The files that were looked at.
    pub files: Vec<KubeconfigFile>,
    /// Files that were left out.
    pub problems: Vec<KubeconfigProblem>,
    /// Names that a later file defines again.
    pub shadowed: Vec<ShadowedName>,
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
    /// Whether the server's certificate is not verified, or there is no TLS.
    pub insecure: bool,
    /// Why it cannot be used, whatever the network does.
    pub broken: Option<String>,
    exec: Option<ExecCommand>,
}

impl Context {
    /// The cluster id of this context.
    #[must_use]
    pub fn id(&self) -> String {
        format!("context:{}", self.name)
    }

    /// The program that gives its credentials.
    pub(crate) fn exec(&self) -> Option<&ExecCommand> {
        self.exec.as_ref()
    }

    /// The entry of the list, before anything else is known of it.
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
            error: self.broken.clone(),
            is_demo: false,
            is_connected: false,
            insecure: self.insecure,
            protected: false,
            exec: None,
            namespaces: Vec::new(),
            health: None,
        }
    }
}

/// Where the definitions of one part come from.
type Origins = HashMap<String, PathBuf>;

impl Contexts {
    /// Reads the files. One that does not exist is skipped, as kubectl does.
    #[must_use]
    pub fn read(files: &[(PathBuf, FileOrigin)]) -> Self {
        let mut all = Self::default();
        let (mut contexts, mut clusters, mut users) =
            (Origins::new(), Origins::new(), Origins::new());
        for (path, origin) in files {
            let exists = path.exists();
            let mut known = KubeconfigFile {
                path: path.display().to_string(),
                origin: *origin,
                exists,
                contexts: 0,
            };
            match exists.then(|| file::read(path)) {
                Some(Ok(file)) => {
                    known.contexts = u32::try_from(file.contexts.len()).unwrap_or(u32::MAX);
                    let merged = &mut all.merged;
                    let shadowed = &mut all.shadowed;
                    let mut part = Merge { path, shadowed };
                    part.append(
                        KubeconfigPart::Cluster,
                        &mut clusters,
                        &mut merged.clusters,
                        file.clusters,
                        |c| &c.name,
                    );
                    part.append(
                        KubeconfigPart::User,
                        &mut users,
                        &mut merged.auth_infos,
                        file.auth_infos,
                        |u| &u.name,
                    );
                    part.append(
                        KubeconfigPart::Context,
                        &mut contexts,
                        &mut merged.contexts,
                        file.contexts,
                        |c| &c.name,
                    );
                    if merged
                        .current_context
                        .as_deref()
                        .unwrap_or_default()
                        .is_empty()
                    {
                        merged.current_context = file.current_context;
                    }
                }
                Some(Err(error)) => all.problems.push(KubeconfigProblem {
                    path: path.display().to_string(),
                    line: error.line(),
                    message: error.to_string(),
                }),
                None => {}
            }
            all.files.push(known);
        }
        let names = all.merged.contexts.iter();
        all.list = names
            .map(|named| all.context(&named.name, named.context.as_ref(), &contexts[&named.name]))
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

    /// What the files say of a context's cluster and user; defaults where they say nothing.
    pub(crate) fn parts(&self, name: &str) -> (ContextParts, Cluster, AuthInfo) {
        let context = self.merged.contexts.iter().find(|c| c.name == name);
        let context = context.and_then(|c| c.context.clone()).unwrap_or_default();
        let cluster = self
            .merged
            .clusters
            .iter()
            .find(|c| c.name == context.cluster);
        let cluster = cluster.and_then(|c| c.cluster.clone()).unwrap_or_default();
        let user = context.user.as_ref().and_then(|user| {
            let named = self.merged.auth_infos.iter().find(|u| &u.name == user)?;
            named.auth_info.clone()
        });
        (context, cluster, user.unwrap_or_default())
    }

    fn context(&self, name: &str, said: Option<&ContextParts>, path: &Path) -> Context {
        let (parts, cluster, user) = self.parts(name);
        let server = cluster.server.unwrap_or_default();
        let user_name = parts.user.clone().unwrap_or_default();
        let broken = if said.is_none() {
            Some("the context is empty: it names no cluster".to_owned())
        } else if !self.merged.clusters.iter().any(|c| c.name == parts.cluster) {
            Some(format!(
                "no kubeconfig defines the cluster \"{}\"",
                parts.cluster
            ))
        } else if !user_name.is_empty()
            && !self.merged.auth_infos.iter().any(|u| u.name == user_name)
        {
            Some(format!("no kubeconfig defines the user \"{user_name}\""))
        } else if server.is_empty() {
            Some(format!("the cluster \"{}\" has no server", parts.cluster))
        } else {
            None
        };
        Context {
            name: name.to_owned(),
            path: path.to_owned(),
            namespace: parts
                .namespace
                .filter(|namespace| !namespace.is_empty())
                .unwrap_or_else(|| "default".into()),
            user: user_name,
            insecure: cluster.insecure_skip_tls_verify == Some(true)
                || server.starts_with("http://"),
            server: without_credentials(&server),
            broken,
            exec: user.exec.as_ref().map(ExecCommand::of),
        }
    }
}

struct Merge<'a> {
    path: &'a Path,
    shadowed: &'a mut Vec<ShadowedName>,
}

impl Merge<'_> {
    /// The first definition of a name stays; a later one is noted.
    fn append<T>(
        &mut self,
        part: KubeconfigPart,
        origins: &mut Origins,
        into: &mut Vec<T>,
        from: Vec<T>,
        name: impl Fn(&T) -> &String,
    ) {
        for item in from {
            if let Some(used) = origins.get(name(&item)) {
                self.shadowed.push(ShadowedName {
                    part,
                    name: name(&item).clone(),
                    used: used.display().to_string(),
                    ignored: self.path.display().to_string(),
                });
            } else {
                origins.insert(name(&item).clone(), self.path.to_owned());
                into.push(item);
            }
        }
    }
}

/// `https://user:password@host` is shown as `https://host`.
pub(super) fn without_credentials(server: &str) -> String {
    let Some((scheme, rest)) = server.split_once("://") else {
        return server.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => server.to_owned(),
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

        let files =
            [&first, &broken, &missing, &second].map(|f| (f.clone(), FileOrigin::Environment));
        let contexts = Contexts::read(&files);
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
        assert!(contexts.problems[0].line.is_some());
        assert_eq!(
            contexts
                .files
                .iter()
                .map(|f| (f.exists, f.contexts))
                .collect::<Vec<_>>(),
            [(true, 2), (true, 0), (false, 0), (true, 2)]
        );
        let shadowed: Vec<_> = contexts
            .shadowed
            .iter()
            .map(|s| (s.part, s.name.as_str()))
            .collect();
        assert_eq!(
            shadowed,
            [
                (KubeconfigPart::Cluster, "dev"),
                (KubeconfigPart::User, "dev"),
                (KubeconfigPart::Context, "dev")
            ]
        );
        assert_eq!(contexts.shadowed[0].used, first.display().to_string());
        assert_eq!(contexts.shadowed[0].ignored, second.display().to_string());
    }

    #[test]
    fn a_context_that_cannot_work_says_why_and_an_unverified_server_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        let text = "clusters:\n\
            - {name: plain, cluster: {server: \"http://u:p@a:1/x\"}}\n\
            - {name: blind, cluster: {server: \"https://b\", insecure-skip-tls-verify: true}}\n\
            contexts:\n\
            - {name: a, context: {cluster: plain}}\n\
            - {name: b, context: {cluster: blind, user: nobody}}\n\
            - {name: c, context: {cluster: gone}}\n\
            - {name: d}\n";
        std::fs::write(&path, text).unwrap();
        let contexts = Contexts::read(&[(path, FileOrigin::Environment)]);
        assert_eq!(contexts.problems, []);
        let seen: Vec<_> = contexts
            .list
            .iter()
            .map(|c| (c.server.as_str(), c.insecure, c.broken.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [
                ("http://a:1/x", true, None),
                (
                    "https://b",
                    true,
                    Some("no kubeconfig defines the user \"nobody\"")
                ),
                (
                    "",
                    false,
                    Some("no kubeconfig defines the cluster \"gone\"")
                ),
                ("", false, Some("the context is empty: it names no cluster")),
            ]
        );
    }
}
