//! `cargo xtask requirements`: which requirement is covered by which test, and what share of each area. Reads the list of
//! `docs/requirements.md` and the `Covers:` lines of the tests; believes both and runs neither.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::options::{Flag, Given, Words};
use crate::verb::Verb;
use crate::workspace;

pub mod list;
pub mod scan;

use list::Requirement;
use scan::Covering;

/// The verb.
pub struct Requirements;

impl Verb for Requirements {
    fn name(&self) -> &'static str {
        "requirements"
    }
    fn about(&self) -> &'static str {
        "prints which requirement is covered by which test, and fails on an id that does not exist"
    }
    fn flags(&self) -> &'static [Flag] {
        &[Flag {
            name: "--left",
            value: None,
            about: "list what no test covers, with its text, instead",
        }]
    }
    fn words(&self) -> Words {
        Words::UpTo {
            most: 1,
            usage: "[AREA or ID]",
            about: "With an area (INC) or an id (INC-07) only that is shown.",
        }
    }
    fn run(&self, given: &Given) -> Result<()> {
        let file = workspace::root().join("docs/requirements.md");
        let text =
            fs::read_to_string(&file).with_context(|| format!("read \"{}\"", file.display()))?;
        let requirements = list::read(&text)?;
        let (covering, mut faults) = scan::folder(workspace::root())?;
        faults.extend(unknown(&requirements, &covering));
        let wanted = given.words.first().map_or("", String::as_str);
        if !wanted.is_empty()
            && !requirements
                .iter()
                .any(|one| one.area() == wanted || one.id == wanted)
        {
            bail!("there is no area and no requirement \"{wanted}\" in docs/requirements.md");
        }
        let shown =
            |one: &&Requirement| wanted.is_empty() || one.area() == wanted || one.id == wanted;
        let chosen: Vec<&Requirement> = requirements.iter().filter(shown).collect();
        if given.has("--left") {
            print!("{}", left(&chosen, &covering));
        } else {
            print!("{}", report(&chosen, &covering));
        }
        if !faults.is_empty() {
            bail!(
                "{} wrong Covers lines:\n  {}",
                faults.len(),
                faults.join("\n  ")
            );
        }
        Ok(())
    }
}

/// The tests of each id.
fn tests_by_id(covering: &[Covering]) -> BTreeMap<&str, Vec<&Covering>> {
    let mut by_id: BTreeMap<&str, Vec<&Covering>> = BTreeMap::new();
    for one in covering {
        for id in &one.ids {
            by_id.entry(id).or_default().push(one);
        }
    }
    by_id
}

/// One fault for each id that no requirement has.
#[must_use]
pub fn unknown(requirements: &[Requirement], covering: &[Covering]) -> Vec<String> {
    let known = |id: &str| requirements.iter().any(|one| one.id == id);
    let fault = |one: &Covering, id: &str| {
        format!("{}: \"{id}\" is not in docs/requirements.md", one.place())
    };
    covering
        .iter()
        .flat_map(|one| {
            one.ids
                .iter()
                .filter(|id| !known(id))
                .map(move |id| fault(one, id))
        })
        .collect()
}

/// Each covered id with its tests, then each area's share.
#[must_use]
pub fn report(requirements: &[&Requirement], covering: &[Covering]) -> String {
    let by_id = tests_by_id(covering);
    let mut text = String::new();
    let mut areas: Vec<(&str, usize, usize)> = Vec::new();
    for one in requirements {
        if areas.last().is_none_or(|(area, ..)| *area != one.area()) {
            areas.push((one.area(), 0, 0));
        }
        let counts = areas.last_mut().expect("pushed above");
        counts.2 += 1;
        if let Some(tests) = by_id.get(one.id.as_str()) {
            counts.1 += 1;
            for (index, test) in tests.iter().enumerate() {
                let id = if index == 0 { one.id.as_str() } else { "" };
                text.push_str(&format!("{id:<8} {} ({})\n", test.test, test.place()));
            }
        }
    }
    text.push('\n');
    for (area, covered, all) in &areas {
        text.push_str(&format!(
            "{area:<8} {covered:>4} of {all:>4}   {:>3} %\n",
            share(*covered, *all)
        ));
    }
    let (covered, all) = areas
        .iter()
        .fold((0, 0), |sum, area| (sum.0 + area.1, sum.1 + area.2));
    text.push_str(&format!(
        "{:<8} {covered:>4} of {all:>4}   {:>3} %\n",
        "all",
        share(covered, all)
    ));
    text
}

/// What no test covers, with its text.
fn left(requirements: &[&Requirement], covering: &[Covering]) -> String {
    let by_id = tests_by_id(covering);
    let uncovered = requirements
        .iter()
        .filter(|one| !by_id.contains_key(one.id.as_str()));
    uncovered
        .map(|one| format!("{} {}\n", one.id, one.text))
        .collect()
}

fn share(covered: usize, all: usize) -> usize {
    (covered * 100).checked_div(all).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(id: &str) -> Requirement {
        Requirement {
            id: id.to_owned(),
            text: format!("text of {id}"),
        }
    }

    fn covering(test: &str, ids: &[&str]) -> Covering {
        Covering {
            file: "core/src/a.rs".to_owned(),
            line: 7,
            test: test.to_owned(),
            ids: ids.iter().map(|&id| id.to_owned()).collect(),
        }
    }

    #[test]
    fn the_share_is_counted_by_area_and_in_all() {
        let all = ["INC-01", "INC-02", "FIX-01"].map(requirement);
        let all: Vec<&Requirement> = all.iter().collect();
        let text = report(
            &all,
            &[
                covering("one", &["INC-01", "FIX-01"]),
                covering("two", &["INC-01"]),
            ],
        );
        assert!(
            text.contains("INC-01   one (core/src/a.rs:7)\n         two (core/src/a.rs:7)\n"),
            "{text}"
        );
        assert!(text.contains("INC         1 of    2    50 %\n"), "{text}");
        assert!(text.contains("FIX         1 of    1   100 %\n"), "{text}");
        assert!(text.ends_with("all         2 of    3    66 %\n"), "{text}");
        assert_eq!(
            left(&all, &[covering("one", &["INC-01"])]),
            "INC-02 text of INC-02\nFIX-01 text of FIX-01\n"
        );
    }

    #[test]
    fn an_unknown_id_is_a_fault_with_its_place() {
        let faults = unknown(
            &[requirement("INC-01")],
            &[covering("one", &["INC-01", "INC-99"])],
        );
        assert_eq!(
            faults,
            ["core/src/a.rs:7: \"INC-99\" is not in docs/requirements.md"]
        );
    }

    #[test]
    fn the_list_and_the_tests_of_this_checkout_agree() {
        let text = fs::read_to_string(workspace::root().join("docs/requirements.md")).unwrap();
        let requirements = list::read(&text).unwrap();
        assert!(
            requirements.len() >= 599,
            "{} requirements: ids are never removed",
            requirements.len()
        );
        let (covering, mut faults) = scan::folder(workspace::root()).unwrap();
        faults.extend(unknown(&requirements, &covering));
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
