//! The list of clusters, and the decisions about them.

use std::path::PathBuf;

use kubegraf_ipc::cluster::{ClusterEntry, ClusterList, FileOrigin};

use super::{Active, Clusters, Contexts, Error, connection, lock};

/// More are no choice but a mistake.
const MAX_NAMESPACES: usize = 1000;

impl Clusters {
    /// Every context of every readable kubeconfig, and the demo cluster, as of the last reading.
    pub fn list(&self) -> ClusterList {
        let contexts = self.contexts();
        let current = match &*self.active.borrow() {
            Active::Connected(connection) => Some(connection.id().to_owned()),
            Active::None | Active::Connecting { .. } | Active::Failed { .. } => None,
        };
        let decided = self.preferences.decided();
        let (open, health) = (lock(&self.open), lock(&self.health));
        let complete = |mut entry: ClusterEntry| {
            entry.exec = contexts.find(&entry.id).and_then(|context| {
                let exec = context.exec()?;
                Some(exec.shown(decided.allowed.contains(&exec.hash())))
            });
            entry.is_connected = open.contains_key(&entry.id);
            entry.is_active = current.as_ref() == Some(&entry.id);
            entry.protected = decided.protected.contains(&entry.id);
            entry.namespaces = decided
                .namespaces
                .get(&entry.id)
                .cloned()
                .unwrap_or_default();
            if let Some(health) = health.get(&entry.id) {
                entry.is_reachable = Some(health.reachable);
                entry.error = health.error.clone().or(entry.error);
                entry.health = Some(health.clone());
            }
            entry
        };
        let entries = contexts.list.iter().map(super::Context::entry);
        let clusters = entries
            .chain([connection::demo_entry()])
            .map(complete)
            .collect();
        ClusterList {
            clusters,
            current_cluster: current,
            problems: contexts.problems.clone(),
            files: contexts.files.clone(),
            shadowed: contexts.shadowed.clone(),
        }
    }

    /// Adds a kubeconfig that can be read.
    ///
    /// # Errors
    /// [`Error::File`] says why it cannot.
    pub(crate) async fn add_file(&self, path: &str) -> Result<ClusterList, Error> {
        let refuse = |reason: &str| Error::File {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        let file = PathBuf::from(path);
        if !file.is_absolute() {
            return Err(refuse("it is no absolute path"));
        }
        if self.files().contains(&file) {
            return Err(refuse("it is looked at already"));
        }
        let tried = [(file.clone(), FileOrigin::Added)];
        let read = tokio::task::spawn_blocking(move || Contexts::read(&tried)).await;
        let read = read.map_err(|error| refuse(&error.to_string()))?;
        if let Some(problem) = read.problems.first() {
            return Err(refuse(&problem.message));
        }
        if read.files.iter().any(|file| !file.exists) {
            return Err(refuse("there is no such file"));
        }
        if read.list.is_empty() {
            return Err(refuse("it has no context"));
        }
        let added = |decided: &mut super::preferences::Decided| {
            if !decided.kubeconfigs.contains(&file) {
                decided.kubeconfigs.push(file);
            }
        };
        self.preferences.decide(added).await?;
        self.reload().await;
        Ok(self.list())
    }

    /// Stops looking at a file that was added.
    ///
    /// # Errors
    /// When it was not added in the app.
    pub(crate) async fn remove_file(&self, path: &str) -> Result<ClusterList, Error> {
        let file = PathBuf::from(path);
        if !self.preferences.decided().kubeconfigs.contains(&file) {
            return Err(Error::File {
                path: path.to_owned(),
                reason: "only files added in the app can be removed".into(),
            });
        }
        let remove = |decided: &mut super::preferences::Decided| {
            decided.kubeconfigs.retain(|known| *known != file);
        };
        self.preferences.decide(remove).await?;
        self.reload().await;
        Ok(self.list())
    }

    /// Lets a context's program run, if it still is the one that was shown.
    ///
    /// # Errors
    /// [`Error::OtherExec`], [`Error::Unknown`].
    pub(crate) async fn allow_exec(&self, id: &str, hash: &str) -> Result<(), Error> {
        let contexts = self.reload().await;
        let context = contexts
            .find(id)
            .ok_or_else(|| Error::Unknown(id.to_owned()))?;
        if context.exec().is_none_or(|exec| exec.hash() != hash) {
            return Err(Error::OtherExec(context.name.clone()));
        }
        let allow = |decided: &mut super::preferences::Decided| {
            decided.allowed.insert(hash.to_owned());
        };
        self.preferences.decide(allow).await?;
        self.changed();
        Ok(())
    }

    /// Protects a cluster, or ends that.
    ///
    /// # Errors
    /// When it is not known.
    pub(crate) async fn protect(&self, id: &str, protected: bool) -> Result<(), Error> {
        self.known(id)?;
        let protect = |decided: &mut super::preferences::Decided| {
            if protected {
                decided.protected.insert(id.to_owned());
            } else {
                decided.protected.remove(id);
            }
        };
        self.preferences.decide(protect).await?;
        self.changed();
        Ok(())
    }

    /// Whether changes want its name typed.
    pub(crate) fn is_protected(&self, id: &str) -> bool {
        self.preferences.decided().protected.contains(id)
    }

    /// Remembers the namespaces chosen.
    ///
    /// # Errors
    /// When the cluster is not known or there are more than 1000.
    pub(crate) async fn choose(&self, id: &str, mut chosen: Vec<String>) -> Result<(), Error> {
        self.known(id)?;
        if chosen.len() > MAX_NAMESPACES {
            return Err(Error::Namespaces(chosen.len()));
        }
        chosen.sort();
        chosen.dedup();
        if let Ok(connection) = self.connection(id) {
            connection.choose(&chosen);
        }
        let choose = |decided: &mut super::preferences::Decided| {
            if chosen.is_empty() {
                decided.namespaces.remove(id);
            } else {
                decided.namespaces.insert(id.to_owned(), chosen);
            }
        };
        self.preferences.decide(choose).await?;
        self.changed();
        Ok(())
    }

    fn known(&self, id: &str) -> Result<(), Error> {
        if id == super::DEMO || self.contexts().find(id).is_some() {
            return Ok(());
        }
        Err(Error::Unknown(id.to_owned()))
    }
}
