//! Parts of a running cluster that stop answering, and come back.

use std::time::{Duration, Instant};

use super::Cluster;
use crate::Error;
use crate::process::{self, Identity, Signal};

/// A part that does not work until this guard is dropped or [ended](Self::end).
#[derive(Debug)]
#[must_use = "dropping the guard ends the outage"]
pub struct Outage<'a> {
    cluster: &'a Cluster,
    part: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It keeps its connections and answers nothing.
    Frozen,
    /// It is gone; connections to it are refused.
    Ended,
    /// It works again.
    Over,
}

impl Cluster {
    /// The names of its parts: "etcd", "kube-apiserver", "kube-scheduler" …, "kwok" or, per node,
    /// "containerd-0" and "kubelet-0".
    #[must_use]
    pub fn parts(&self) -> Vec<String> {
        self.lock().iter().map(|part| part.name.clone()).collect()
    }

    /// Makes a part stand still. A frozen API server is a half-open connection to all its clients; the
    /// node of a frozen kubelet turns Unknown after some 45 s.
    ///
    /// # Errors
    /// [`Error::Options`] when no part of that name runs.
    pub fn freeze(&self, part: &str) -> Result<Outage<'_>, Error> {
        self.identity(part)?.signal(Signal::Stop);
        Ok(Outage {
            cluster: self,
            part: part.into(),
            kind: Kind::Frozen,
        })
    }

    /// Ends a part, as a crash would. The end of the outage starts it anew with the same data and port.
    ///
    /// # Errors
    /// [`Error::Options`] when no part of that name runs; [`Error::Remains`] when it cannot be ended.
    pub fn crash(&self, part: &str) -> Result<Outage<'_>, Error> {
        let identity = self.identity(part)?;
        let mut child = {
            let mut parts = self.lock();
            let found = parts.iter_mut().find(|candidate| candidate.name == part);
            found.and_then(|part| part.child.take())
        };
        identity.kill();
        if let Some(child) = &mut child {
            // In a namespace this is who started it there; it ends by itself or by this.
            let _ = child.kill();
            let _ = child.wait();
        }
        let limit = Instant::now() + Duration::from_secs(10);
        while identity.lives() {
            if Instant::now() > limit {
                return Err(Error::Remains {
                    name: self.name().into(),
                    what: format!("{part} (pid {}) survives SIGKILL", identity.pid),
                });
            }
            process::pause(Duration::from_millis(5));
        }
        Ok(Outage {
            cluster: self,
            part: part.into(),
            kind: Kind::Ended,
        })
    }

    /// The process that does the work of a part.
    pub(super) fn identity(&self, part: &str) -> Result<Identity, Error> {
        let parts = self.lock();
        let found = parts.iter().find(|candidate| candidate.name == part);
        let child = found.and_then(|part| part.child.as_ref()?.id().into());
        let entered = found.is_some_and(|part| part.command.get_program() == "nsenter");
        child
            .and_then(Identity::of)
            .and_then(|holder| {
                if entered {
                    holder.child()
                } else {
                    Some(holder)
                }
            })
            .ok_or_else(|| {
                let names: Vec<_> = parts.iter().map(|part| part.name.as_str()).collect();
                Error::Options(format!(
                    "no part \"{part}\" runs; there are {}",
                    names.join(", ")
                ))
            })
    }

    fn revive(&self, name: &str) -> Result<(), Error> {
        let (log, pid_file) = (self.log_file(name), self.pid_file(name));
        let mut parts = self.lock();
        let part = parts.iter_mut().find(|part| part.name == name);
        let part = part.expect("an outage is of a part of its cluster");
        part.child = Some(process::start(&mut part.command, &log, &pid_file)?);
        Ok(())
    }
}

impl Outage<'_> {
    /// Lets the part work again. It may need seconds until it answers.
    ///
    /// # Errors
    /// [`Error::Start`] when it cannot be started again.
    pub fn end(mut self) -> Result<(), Error> {
        self.over()
    }

    fn over(&mut self) -> Result<(), Error> {
        match std::mem::replace(&mut self.kind, Kind::Over) {
            Kind::Frozen => {
                // One that died meanwhile is named by whoever waits for the cluster next.
                if let Ok(identity) = self.cluster.identity(&self.part) {
                    identity.signal(Signal::Continue);
                }
                Ok(())
            }
            Kind::Ended => self.cluster.revive(&self.part),
            Kind::Over => Ok(()),
        }
    }
}

impl Drop for Outage<'_> {
    fn drop(&mut self) {
        // Whoever wants to know whether it worked calls `end`.
        let _ = self.over();
    }
}
