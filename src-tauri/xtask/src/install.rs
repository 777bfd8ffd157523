//! Brings what is missing, with apt where it may (as root, or by a sudo that asks no password); else prints the one command that
//! does and stops. Never asks a question, never touches what is there.

use std::env;
use std::io::Write as _;
use std::process::Command;

use anyhow::{Result, bail};

use crate::needs::Need;
use crate::process;

/// How packages can be installed on this machine by this user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apt {
    /// As root.
    Root,
    /// By `sudo -n`.
    Sudo,
    /// Not by us: a person has to type the command.
    ByHand,
    /// There is no apt.
    Absent,
}

/// Makes sure that all of `needs` are there; `purpose` completes "is missing to …".
///
/// # Errors
/// Something is missing and could not be installed; the message has the command that does it.
pub fn ensure(purpose: &str, needs: &[&[Need]]) -> Result<()> {
    let missing: Vec<&Need> = needs
        .iter()
        .flat_map(|list| list.iter())
        .filter(|need| !need.is_met())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = list(missing.iter().map(|need| need.name())).replace(' ', ", ");
    let packages = list(
        missing
            .iter()
            .map(|need| need.debian)
            .filter(|name| !name.is_empty()),
    );
    if let Some(need) = missing.iter().find(|need| need.debian.is_empty()) {
        bail!("{} missing to {purpose}: {}", need.name(), need.elsewhere);
    }
    let apt = apt();
    match apt {
        Apt::Absent => {
            let advice = list(missing.iter().map(|need| need.elsewhere));
            bail!("{names} missing to {purpose}: {advice}");
        }
        Apt::ByHand => bail!(
            "{names} missing to {purpose}: run `sudo apt-get install -y {packages}`, then this again"
        ),
        Apt::Root | Apt::Sudo => {}
    }
    eprintln!("{names} missing to {purpose}: installing {packages}");
    let words: Vec<&str> = packages.split(' ').collect();
    if !install(apt, &words) {
        // A fresh machine has no package lists yet, or old ones.
        let updated = process::succeeds(apt_get(apt).args(["-qq", "update"]));
        if !install(apt, &words) {
            let why = if updated {
                ""
            } else {
                " (the package lists could not be fetched: is there a network?)"
            };
            bail!(
                "{names} missing to {purpose} and apt-get did not install it{why}: run `sudo apt-get install -y {packages}`"
            );
        }
    }
    let still = list(
        missing
            .iter()
            .filter(|need| !need.is_met())
            .map(|need| need.name()),
    );
    if !still.is_empty() {
        bail!("{still} still missing to {purpose} after installing {packages}");
    }
    Ok(())
}

/// The names of those of `needs` that are missing, for a report that installs nothing.
#[must_use]
pub fn missing(needs: &[&[Need]]) -> Vec<&'static str> {
    needs
        .iter()
        .flat_map(|list| list.iter())
        .filter(|need| !need.is_met())
        .map(Need::name)
        .collect()
}

fn apt() -> Apt {
    if process::find("apt-get").is_none() {
        Apt::Absent
    } else if is_root() {
        Apt::Root
    } else if process::succeeds(Command::new("sudo").args(["-n", "true"])) {
        Apt::Sudo
    } else {
        Apt::ByHand
    }
}

/// Whether this tool runs as root.
#[must_use]
pub fn is_root() -> bool {
    process::capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Installs Debian packages if this user may; says whether they are there now.
pub fn packages(names: &[&str]) -> bool {
    let apt = apt();
    match apt {
        Apt::Root | Apt::Sudo => {
            install(apt, names)
                || (process::succeeds(apt_get(apt).args(["-qq", "update"])) && install(apt, names))
        }
        Apt::ByHand | Apt::Absent => false,
    }
}

fn install(apt: Apt, names: &[&str]) -> bool {
    let mut command = apt_get(apt);
    command
        .args(["-qq", "-y", "--no-install-recommends", "install"])
        .args(names);
    let mut said = Vec::new();
    let done = process::lines(&mut command, |line| said.push(line.to_owned()));
    let done = done.is_ok_and(|status| status.success());
    if !done {
        let _ = writeln!(std::io::stderr(), "{}", said.join("\n"));
    }
    done
}

fn apt_get(apt: Apt) -> Command {
    let mut command = match apt {
        Apt::Sudo => {
            let mut command = Command::new("sudo");
            command.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            command
        }
        _ => Command::new("apt-get"),
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command.current_dir(env::temp_dir());
    command
}

/// Words in the order they came, each once.
fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for word in words {
        if !seen.contains(&word) {
            seen.push(word);
        }
    }
    seen.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::needs::Probe;

    #[test]
    fn what_is_there_needs_no_package_manager() {
        let cargo = Need {
            probe: Probe::Program("cargo"),
            debian: "no-such-package",
            elsewhere: "",
        };
        ensure("test", &[&[cargo]]).unwrap();
        assert!(missing(&[&[cargo]]).is_empty());
    }

    #[test]
    fn what_no_package_brings_is_named_with_its_remedy() {
        let absent = Need {
            probe: Probe::Program("kubegraf-no-such-program"),
            debian: "",
            elsewhere: "get it from go.dev",
        };
        let error = ensure("build the control plane", &[&[absent]])
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "kubegraf-no-such-program missing to build the control plane: get it from go.dev"
        );
    }

    #[test]
    fn a_word_is_listed_once() {
        assert_eq!(list(["a", "b", "a"].into_iter()), "a b");
    }
}
