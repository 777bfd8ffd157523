//! What a test asks for. Knows nothing of how a cluster is built.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Error, crowd};

/// How much of the cluster is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// A real control plane; nodes and containers are played by kwok. Needs no root.
    Kwok,
    /// The same control plane with a real kubelet, containerd and runc. Needs root on Linux.
    Real,
}

impl Tier {
    /// Both tiers, the cheap one first.
    pub const ALL: [Self; 2] = [Self::Kwok, Self::Real];
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kwok => "kwok",
            Self::Real => "real",
        })
    }
}

impl FromStr for Tier {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|tier| tier.to_string() == text)
            .ok_or_else(|| Error::Options(format!("tier \"{text}\" is neither kwok nor real")))
    }
}

/// What to build. The default is a kwok cluster of three empty nodes.
#[derive(Debug, Clone)]
pub struct Options {
    /// Default: [`Tier::Kwok`].
    pub tier: Tier,
    /// Default: `kwok-` or `real-` and six random characters.
    pub name: Option<String>,
    /// Default: 3 for kwok (1–5,000), 1 for real (1–2).
    pub nodes: u32,
    /// Running pods to start with, in the namespace `fill`, owned by Deployments of 100. More than
    /// 1,000 are bound to their nodes without the scheduler, for speed.
    /// Default: 0. Only [`Tier::Kwok`] takes more than 100.
    pub pods: u32,
    /// Pods of about 10 KB of JSON each, as production has them: a hundred Deployments in a dozen
    /// namespaces, some of them failing, every default and managed field set. All but one of each
    /// Deployment are written straight into the store, 50,000 in seconds. The same number gives the
    /// same pods but for their times and the identities of their owners.
    /// Default: 0. Only [`Tier::Kwok`]; at least as many as there are Deployments.
    pub crowd: u32,
    /// Whether metrics-server answers `metrics.k8s.io`. Default: false. Only [`Tier::Real`].
    pub metrics: bool,
    /// How long bringing up may take before it fails with the logs. Default: 120 s, and a second
    /// more for each 20 pods.
    pub deadline: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tier: Tier::Kwok,
            name: None,
            nodes: 3,
            pods: 0,
            crowd: 0,
            metrics: false,
            deadline: None,
        }
    }
}

impl Options {
    /// Three kwok nodes.
    #[must_use]
    pub fn kwok() -> Self {
        Self::default()
    }

    /// One real node.
    #[must_use]
    pub fn real() -> Self {
        Self {
            tier: Tier::Real,
            nodes: 1,
            ..Self::default()
        }
    }

    /// The defaults of `tier`.
    #[must_use]
    pub fn of(tier: Tier) -> Self {
        match tier {
            Tier::Kwok => Self::kwok(),
            Tier::Real => Self::real(),
        }
    }

    /// Lower-case letters, digits and dashes, at most 24 characters.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// See [`Options::nodes`].
    #[must_use]
    pub fn nodes(mut self, nodes: u32) -> Self {
        self.nodes = nodes;
        self
    }

    /// See [`Options::pods`].
    #[must_use]
    pub fn pods(mut self, pods: u32) -> Self {
        self.pods = pods;
        self
    }

    /// See [`Options::crowd`].
    #[must_use]
    pub fn crowd(mut self, pods: u32) -> Self {
        self.crowd = pods;
        self
    }

    /// See [`Options::metrics`].
    #[must_use]
    pub fn metrics(mut self, metrics: bool) -> Self {
        self.metrics = metrics;
        self
    }

    /// See [`Options::deadline`].
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    pub(crate) fn time_limit(&self) -> Duration {
        self.deadline.unwrap_or(Duration::from_secs(
            120 + u64::from(self.pods) / 20 + u64::from(self.crowd) / 200,
        ))
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let (most_nodes, most_pods) = match self.tier {
            Tier::Kwok => (5_000, 200_000),
            Tier::Real => (2, 100),
        };
        if !(1..=most_nodes).contains(&self.nodes) {
            return refuse(format!(
                "{} nodes asked for, {} takes 1 to {most_nodes}",
                self.nodes, self.tier
            ));
        }
        if self.pods > most_pods {
            return refuse(format!(
                "{} pods asked for, {} takes at most {most_pods}",
                self.pods, self.tier
            ));
        }
        let crowd = crowd::WORKLOADS..=most_pods;
        if self.crowd > 0 && (self.tier != Tier::Kwok || !crowd.contains(&self.crowd)) {
            return refuse(format!(
                "a crowd of {} pods asked for, kwok takes {} to {most_pods}, real none",
                self.crowd,
                crowd.start()
            ));
        }
        if self.metrics && self.tier != Tier::Real {
            return refuse("metrics-server is offered for the real tier only".into());
        }
        self.name.as_deref().map_or(Ok(()), check_name)
    }
}

pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 24 || name.starts_with('-') || !name.chars().all(allowed) {
        return refuse(format!(
            "name \"{name}\" is not 1 to 24 lower-case letters, digits and inner dashes"
        ));
    }
    Ok(())
}

fn refuse(reason: String) -> Result<(), Error> {
    Err(Error::Options(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(options: &Options, expect: Option<&str>) {
        let got = options.check().err().map(|error| error.to_string());
        match expect {
            None => assert_eq!(got, None),
            Some(part) => {
                let got = got.expect("accepted what should be refused");
                assert!(got.contains(part), "{got:?} does not name {part:?}");
            }
        }
    }

    #[test]
    fn options_name_what_they_refuse() {
        check(&Options::kwok(), None);
        check(&Options::real().nodes(2).metrics(true).name("a-1"), None);
        check(&Options::kwok().nodes(0), Some("0 nodes"));
        check(&Options::real().nodes(3), Some("1 to 2"));
        check(&Options::real().pods(101), Some("at most 100"));
        check(&Options::kwok().metrics(true), Some("metrics-server"));
        check(&Options::kwok().crowd(500), None);
        check(&Options::kwok().crowd(5), Some("crowd of 5"));
        check(&Options::real().crowd(500), Some("real none"));
        check(&Options::kwok().name("../x"), Some("\"../x\""));
        check(&Options::kwok().name("-x"), Some("\"-x\""));
        check(&Options::kwok().name("x".repeat(25)), Some("24"));
    }

    #[test]
    fn tiers_read_what_they_print() {
        for tier in Tier::ALL {
            assert_eq!(tier.to_string().parse::<Tier>().unwrap(), tier);
        }
        assert!(
            "kind"
                .parse::<Tier>()
                .unwrap_err()
                .to_string()
                .contains("\"kind\"")
        );
    }
}
