//! What the core needs to know of the machine it runs on.

use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    clock::{Clock, SystemClock},
    clusters::Sources,
};

/// How a core is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the database and the logs live.
    pub data_dir: PathBuf,
    /// Where clusters come from.
    pub sources: Sources,
    /// Who sits at this machine, for the audit trail.
    pub actor: String,
    /// Where "now" comes from.
    pub clock: Arc<dyn Clock>,
}

/// The machine does not say where things belong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no home directory.
    #[error("there is no directory for application data; set KUBEGRAF_DATA_DIR")]
    NoDataDir,
}

impl Options {
    /// Reads `KUBEGRAF_DATA_DIR`, `KUBECONFIG` and the user's name; `demo` starts on the demo
    /// cluster even if there are contexts.
    ///
    /// # Errors
    /// [`Error::NoDataDir`].
    pub fn from_environment(demo: bool) -> Result<Self, Error> {
        let data_dir = match env::var_os("KUBEGRAF_DATA_DIR").filter(|dir| !dir.is_empty()) {
            Some(dir) => PathBuf::from(dir),
            None => dirs::data_dir().ok_or(Error::NoDataDir)?.join("kubegraf"),
        };
        let listed = env::var_os("KUBECONFIG").filter(|list| !list.is_empty());
        let kubeconfigs = match listed {
            Some(list) => env::split_paths(&list)
                .filter(|p| *p != Path::new(""))
                .collect(),
            None => dirs::home_dir()
                .map(|home| home.join(".kube").join("config"))
                .into_iter()
                .collect(),
        };
        let actor = ["USER", "USERNAME", "LOGNAME"]
            .iter()
            .find_map(|name| env::var(name).ok());
        Ok(Self {
            data_dir,
            sources: Sources { kubeconfigs, demo },
            actor: actor.unwrap_or_else(|| "unknown".into()),
            clock: Arc::new(SystemClock),
        })
    }
}
