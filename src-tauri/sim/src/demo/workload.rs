//! How a workload of the demo company is described. Plain data with defaults.

use crate::images::LogStyle;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Deployment,
    StatefulSet,
    DaemonSet,
}

#[derive(Debug, Clone)]
pub(super) struct Workload {
    pub kind: Kind,
    pub namespace: &'static str,
    pub name: &'static str,
    pub image: String,
    pub tag: &'static str,
    /// Earlier tags, oldest first.
    pub older: Vec<&'static str>,
    pub replicas: i64,
    /// Requests: millicores, MiB. The memory limit is twice the request.
    pub cpu: i64,
    pub memory: i64,
    /// What it really uses.
    pub uses_cpu: i64,
    pub uses_memory: i64,
    pub port: u16,
    pub log: LogStyle,
    pub age_days: i64,
    /// Hours since the running release.
    pub released_hours: i64,
    /// Largest size, when an autoscaler minds it.
    pub autoscaled: Option<i64>,
    /// Size of its volume in GiB.
    pub volume: Option<u32>,
    pub env: Vec<(&'static str, &'static str)>,
    /// Environment variables naming what it must reach.
    pub needs: Vec<&'static str>,
    pub service: bool,
    pub budget: bool,
}

/// A Deployment of the company's own code.
pub(super) fn own(
    namespace: &'static str,
    name: &'static str,
    tag: &'static str,
    replicas: i64,
) -> Workload {
    // Something between 60 and 360, different for each name and always the same.
    let spread = i64::try_from(crate::rng::hash_of(&[namespace, name]) % 300).unwrap_or(0) + 60;
    Workload {
        kind: Kind::Deployment,
        namespace,
        name,
        image: format!("registry.lumen.example/{namespace}/{name}"),
        tag,
        older: Vec::new(),
        replicas,
        cpu: 100 + spread / 3,
        memory: 128 + spread / 2,
        uses_cpu: 30 + spread / 4,
        uses_memory: 100 + spread / 3,
        port: 8080,
        log: LogStyle::HttpJson,
        age_days: 8 + spread / 7,
        released_hours: 5 + spread * 2 / 3,
        autoscaled: None,
        volume: None,
        env: Vec::new(),
        needs: Vec::new(),
        service: true,
        budget: replicas >= 3,
    }
}

/// Somebody else's program.
pub(super) fn third_party(
    namespace: &'static str,
    name: &'static str,
    image: &str,
    tag: &'static str,
    replicas: i64,
) -> Workload {
    Workload {
        image: image.to_owned(),
        log: LogStyle::Controller,
        age_days: 60,
        released_hours: 24 * 19,
        ..own(namespace, name, tag, replicas)
    }
}

impl Workload {
    pub(super) fn after(mut self, older: &[&'static str]) -> Self {
        self.older = older.to_vec();
        self
    }

    pub(super) fn stateful(mut self, gib: u32) -> Self {
        self.kind = Kind::StatefulSet;
        self.volume = Some(gib);
        self
    }

    pub(super) fn everywhere(mut self) -> Self {
        self.kind = Kind::DaemonSet;
        self.service = false;
        self.budget = false;
        self
    }

    pub(super) fn size(mut self, cpu: i64, memory: i64) -> Self {
        (self.cpu, self.memory, self.uses_cpu, self.uses_memory) =
            (cpu, memory, cpu * 6 / 10, memory * 8 / 10);
        self
    }

    pub(super) fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    pub(super) fn logs(mut self, style: LogStyle) -> Self {
        self.log = style;
        self
    }

    pub(super) fn silent(mut self) -> Self {
        self.service = false;
        self
    }

    pub(super) fn autoscaled(mut self, most: i64) -> Self {
        self.autoscaled = Some(most);
        self.uses_cpu = self.cpu * 6 / 10;
        self
    }

    pub(super) fn env(mut self, name: &'static str, value: &'static str) -> Self {
        self.env.push((name, value));
        self
    }

    /// An address it must reach to start.
    pub(super) fn needs(mut self, name: &'static str, address: &'static str) -> Self {
        self.needs.push(name);
        self.env(name, address)
    }
}
