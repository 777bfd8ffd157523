//! Which crate may depend on which: `ipc ← core ← shell`, `ipc ← ui`, `sim ← core's demo mode and tests`. Asks `cargo tree` and compares
//! with rules that are data.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::{process, wasm, workspace};

/// What a crate may not, or may only, depend on (tests' dependencies are free).
struct Rule {
    package: &'static str,
    limit: Limit,
    why: &'static str,
}

enum Limit {
    /// Nothing but these.
    Only(&'static [&'static str]),
    /// None of these; a `*` at the end stands for any ending.
    Never(&'static [&'static str]),
}

const RULES: &[Rule] = &[
    Rule {
        package: "kubegraf-ipc",
        limit: Limit::Only(&[
            "kubegraf-ipc",
            "serde",
            "serde_core",
            "serde_derive",
            "proc-macro2",
            "quote",
            "syn",
            "unicode-ident",
        ]),
        why: "the contract is plain data that also compiles for wasm",
    },
    Rule {
        package: "kubegraf-core",
        limit: Limit::Never(&[
            "tauri*",
            "wry",
            "tao",
            "webkit2gtk*",
            "gtk",
            "leptos*",
            "kubegraf",
            "kubegraf-ui",
        ]),
        why: "core runs and is tested without a window",
    },
    Rule {
        package: "kubegraf-sim",
        limit: Limit::Never(&[
            "kubegraf-core",
            "kubegraf",
            "kubegraf-ui",
            "tauri*",
            "leptos*",
        ]),
        why: "the simulated API must not share core's idea of the truth",
    },
    Rule {
        package: "kubegraf-ui",
        limit: Limit::Never(&[
            "kubegraf-core",
            "kubegraf-sim",
            "kubegraf",
            "kube*-client",
            "kube",
            "kube-*",
            "k8s-openapi",
            "tokio",
            "tauri*",
            "sqlx*",
        ]),
        why: "the front end knows the contract only",
    },
];

/// Checks every rule.
///
/// # Errors
/// The crates that may not be there, and why not.
pub fn check() -> Result<()> {
    let mut faults = Vec::new();
    for rule in RULES {
        let crates = tree(rule.package)?;
        let intruders = intruders(rule, &crates);
        if !intruders.is_empty() {
            faults.push(format!(
                "{} depends on {}: {}",
                rule.package,
                intruders.join(", "),
                rule.why
            ));
        }
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("; "));
    }
    Ok(())
}

/// Every crate that `package` is built with or from.
fn tree(package: &str) -> Result<BTreeSet<String>> {
    let mut cargo = workspace::cargo();
    cargo.args([
        "tree",
        "--quiet",
        "--package",
        package,
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    if package == "kubegraf-ui" {
        cargo.args(["--target", wasm::TARGET]);
    }
    let said = process::capture(&mut cargo)?;
    Ok(said
        .lines()
        .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
        .collect())
}

fn intruders<'a>(rule: &Rule, crates: &'a BTreeSet<String>) -> Vec<&'a str> {
    let forbidden = |name: &str| match rule.limit {
        Limit::Only(allowed) => !allowed.contains(&name),
        Limit::Never(patterns) => {
            name != rule.package && patterns.iter().any(|pattern| matches(pattern, name))
        }
    };
    crates
        .iter()
        .map(String::as_str)
        .filter(|name| forbidden(name))
        .collect()
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(limit: Limit, crates: &[&str], expect: &[&str]) {
        let crates = crates.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(
            intruders(
                &Rule {
                    package: "kubegraf-x",
                    limit,
                    why: ""
                },
                &crates
            ),
            expect
        );
    }

    #[test]
    fn an_intruder_is_named() {
        let never = || Limit::Never(&["tauri*", "wry", "kubegraf*"]);
        check(
            never(),
            &[
                "kubegraf-x",
                "serde",
                "tauric",
                "tauri",
                "tauri-utils",
                "wryer",
            ],
            &["tauri", "tauri-utils", "tauric"],
        );
        check(never(), &["kubegraf-x", "serde"], &[]);
        check(
            Limit::Only(&["kubegraf-x", "serde"]),
            &["kubegraf-x", "serde", "tokio"],
            &["tokio"],
        );
    }

    #[test]
    fn the_tree_of_a_crate_has_what_it_is_built_with() {
        let crates = tree("xtask").unwrap();
        assert!(
            crates.contains("anyhow") && crates.contains("xtask"),
            "{crates:?}"
        );
        assert!(
            !crates.contains("tempfile"),
            "tests' dependencies do not count"
        );
    }
}
