//! The tiers of tests as data: what each needs and how it is run. Counting is [`super::libtest`]'s, clusters are [`super::clusters`]'s.

use std::process::Command;

use anyhow::Result;

use super::clusters::{Cluster, ControlPlane};
use super::libtest::{Reader, Tally};
use crate::needs::{self, Need};
use crate::{app, bench, bundle, install, process, ui, workspace};

/// One tier.
pub struct Tier {
    /// Its name in the table.
    pub name: &'static str,
    /// Whether it needs neither a cluster nor a window.
    pub fast: bool,
    /// Whether it needs the binaries of the control plane.
    pub clusters: bool,
    /// What has to be installed.
    needs: &'static [&'static [Need]],
    run: fn(&mut Session, &'static str) -> Result<Tally>,
}

/// Every tier, in its order: the one that fails for the plainest reason first.
pub const TIERS: &[Tier] = &[
    Tier {
        name: "unit",
        fast: true,
        clusters: false,
        needs: &[],
        run: unit,
    },
    Tier {
        name: "ui",
        fast: true,
        clusters: false,
        needs: &[],
        run: front_end,
    },
    Tier {
        name: "shell",
        fast: true,
        clusters: false,
        needs: &[needs::WINDOW],
        run: shell,
    },
    Tier {
        name: "cluster",
        fast: false,
        clusters: true,
        needs: &[],
        run: cluster,
    },
    Tier {
        name: "window",
        fast: false,
        clusters: true,
        needs: &[needs::WINDOW, needs::HEADLESS, needs::WEBDRIVER],
        run: window,
    },
    Tier {
        name: "bundle",
        fast: false,
        clusters: false,
        needs: &[needs::WINDOW, needs::HEADLESS, needs::NPM],
        run: package,
    },
];

/// Crates whose tests need no window.
const PLAIN: &[&str] = &[
    "kubegraf-ipc",
    "kubegraf-sim",
    "kubegraf-core",
    "kubegraf-testcluster",
    "xtask",
    "xtask-bindgen",
];

/// Test targets of those crates that need a cluster, by a word of their names; all of the test clusters' own do.
const NEEDS_CLUSTER: &[&str] = &["cluster", "kwok", "real", "conformance"];

/// One run of `cargo xtask test`.
pub struct Session {
    filter: Option<String>,
    control_plane: Option<ControlPlane>,
}

impl Session {
    /// Begins a run of the tests whose path contains `filter`.
    #[must_use]
    pub fn new(filter: Option<String>) -> Self {
        Self {
            filter,
            control_plane: None,
        }
    }

    /// Starts building the binaries of the control plane behind everything else.
    pub fn prepare_clusters(&mut self) {
        self.control_plane = Some(ControlPlane::build());
    }

    /// Runs `tier` to its end, whatever happens.
    pub fn play(&mut self, tier: &Tier) -> Tally {
        println!("\n=== {}", tier.name);
        if let Err(error) = install::ensure(&format!("run the {} tests", tier.name), tier.needs) {
            return unavailable(&format!("{}: {error:#}", tier.name));
        }
        (tier.run)(self, tier.name).unwrap_or_else(|error| {
            println!("{} | {error:#}", tier.name);
            Tally::failure(format!("{}: {error:#}", tier.name))
        })
    }

    /// Runs `cargo test` with `arguments` and counts.
    fn cargo_test(
        &self,
        tier: &str,
        arguments: &[&str],
        with: impl FnOnce(&mut Command),
    ) -> Result<Tally> {
        let mut cargo = workspace::cargo();
        cargo.args(["test", "--no-fail-fast"]).args(arguments);
        if in_ci() {
            cargo
                .env("KG_REQUIRE_CLUSTER", "1")
                .env("KG_REQUIRE_TIER_B", "1")
                .env("KG_REQUIRE_WINDOW", "1");
        }
        with(&mut cargo);
        cargo.arg("--");
        cargo.args(self.filter.as_deref()).arg("--show-output");
        let mut reader = Reader::default();
        let status = process::lines(&mut cargo, |line| {
            if reader.read(line) {
                println!("{tier} | {line}");
            }
        })?;
        Ok(reader.finish(status.success(), tier))
    }
}

/// Whether nobody is there to read a skip: then what is missing is a failure.
fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()))
}

/// A tier whose needs are not met.
fn unavailable(why: &str) -> Tally {
    println!("SKIPPED {why}");
    if in_ci() {
        Tally::failure(why)
    } else {
        Tally::skip(why)
    }
}

/// The test targets of the plain crates, those that need a cluster or those that do not.
fn targets(on_a_cluster: bool) -> Result<Vec<bench::Target>> {
    let needs_cluster = |target: &bench::Target| {
        target.package == "kubegraf-testcluster"
            || target
                .name
                .split('_')
                .any(|word| NEEDS_CLUSTER.contains(&word))
    };
    let mut targets = bench::targets("test")?;
    targets
        .retain(|one| PLAIN.contains(&one.package.as_str()) && needs_cluster(one) == on_a_cluster);
    // It installs a package: its own tier does that.
    targets.retain(|one| one.name != "bundle");
    Ok(targets)
}

fn unit(session: &mut Session, tier: &'static str) -> Result<Tally> {
    let targets = targets(false)?;
    let mut arguments = vec!["--lib", "--bins"];
    for package in PLAIN {
        arguments.extend(["--package", package]);
    }
    for target in &targets {
        arguments.extend(["--test", &target.name]);
    }
    session.cargo_test(tier, &arguments, |_| ())
}

fn front_end(session: &mut Session, tier: &'static str) -> Result<Tally> {
    session.cargo_test(tier, &["--package", "kubegraf-ui"], |_| ())
}

/// The shell on Tauri's mock runtime: every command of the contract is wired and granted.
fn shell(session: &mut Session, tier: &'static str) -> Result<Tally> {
    // The shell embeds the front end; the one its tests meet is the one that is shipped.
    ui::build(ui::Profile::Small)?;
    session.cargo_test(
        tier,
        &[
            "--package",
            "kubegraf",
            "--lib",
            "--test",
            "app",
            "--features",
            "custom-protocol",
        ],
        |_| (),
    )
}

fn cluster(session: &mut Session, tier: &'static str) -> Result<Tally> {
    if let Some(why) = session.control_plane.as_mut().and_then(ControlPlane::wait) {
        return Ok(unavailable(&format!("cluster: {why}")));
    }
    let real = install::is_root() && cfg!(target_os = "linux");
    if real && let Err(error) = install::ensure("run real nodes", &[needs::REAL_NODES]) {
        // The tests of that kind say themselves that they were skipped, and fail in CI.
        println!("{tier} | {error:#}");
    }
    let mut tally = Tally::default();
    for target in targets(true)? {
        let arguments = ["--package", &target.package, "--test", &target.name];
        let played = if target.name == "conformance" {
            Cluster::up("kwok").and_then(|playground| {
                session.cargo_test(tier, &arguments, |cargo| {
                    cargo.env("KUBEGRAF_CONFORMANCE_KUBECONFIG", playground.kubeconfig());
                })
            })
        } else {
            session.cargo_test(tier, &arguments, |_| ())
        };
        // One cluster that does not come up must not hide what the other tests find.
        tally.add(
            &played.unwrap_or_else(|error| Tally::failure(format!("{}: {error:#}", target.name))),
        );
    }
    Ok(tally)
}

/// Journeys in a real window under Xvfb. The clusters some of them ask for are built by now or skipped by the test.
fn window(session: &mut Session, tier: &'static str) -> Result<Tally> {
    if let Some(why) = session.control_plane.as_mut().and_then(ControlPlane::wait) {
        println!("{tier} | without clusters: {why}");
    }
    ui::build(ui::Profile::Small)?;
    let binary = app::build(false)?;
    let arguments = [
        "--package",
        "kubegraf",
        "--test",
        "window",
        "--features",
        "custom-protocol",
    ];
    session.cargo_test(tier, &arguments, |cargo| {
        cargo.env("KUBEGRAF_BINARY", binary);
    })
}

/// The Debian package, installed, started and removed again.
fn package(session: &mut Session, tier: &'static str) -> Result<Tally> {
    if !cfg!(target_os = "linux") {
        return Ok(unavailable(
            "bundle: packages are built and tried on Linux only",
        ));
    }
    let packages = bundle::make(bundle::Build::Debug)?;
    session.cargo_test(tier, &["--package", "xtask", "--test", "bundle"], |cargo| {
        cargo
            .env("KUBEGRAF_DEB", &packages.deb)
            .env("KUBEGRAF_RPM", &packages.rpm);
    })
}
