//! Finds the `Covers:` lines in Rust sources and the tests they stand above. Reads line by line, as people write them; knows no
//! requirement.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::list::is_id;

/// A test and the requirements it says to cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covering {
    /// The source, relative to the checkout.
    pub file: String,
    /// The line of the first `Covers:`.
    pub line: usize,
    /// The name of the test function.
    pub test: String,
    /// The ids, as written.
    pub ids: Vec<String>,
}

impl Covering {
    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// Scans every Rust source below `root` but what is built or fetched. The second list has the faults.
///
/// # Errors
/// A folder or file cannot be read.
pub fn folder(root: &Path) -> Result<(Vec<Covering>, Vec<String>)> {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("list \"{}\"", folder.display()))?;
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let skipped = name.starts_with('.')
                || name.starts_with("target")
                || name == "node_modules"
                || name == "dist";
            if path.is_dir() && !skipped && !path.join("CACHEDIR.TAG").exists() {
                open.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("read \"{}\"", path.display()))?;
                let file = path
                    .strip_prefix(root)
                    .unwrap_or(&path)
                    .display()
                    .to_string();
                source(&file, &text, &mut found, &mut faults);
            }
        }
    }
    found.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    Ok((found, faults))
}

/// What stands directly above the line being read: comments and attributes.
#[derive(Default)]
struct Above {
    first: Option<usize>,
    ids: Vec<String>,
    is_test: bool,
    /// The last `Covers:` line ended with a comma and goes on in the next.
    goes_on: bool,
    /// Inside an attribute of several lines.
    in_attribute: bool,
}

fn source(file: &str, text: &str, found: &mut Vec<Covering>, faults: &mut Vec<String>) {
    let mut above = Above::default();
    for (index, line) in text.lines().enumerate() {
        let (number, line) = (index + 1, line.trim());
        let comment = line
            .trim_start_matches('/')
            .trim_start_matches('!')
            .trim_start();
        if above.in_attribute {
            above.in_attribute = !line.ends_with(']');
        } else if line.starts_with("//") {
            let list = match comment.strip_prefix("Covers:") {
                Some(_) if !line.starts_with("///") => {
                    faults.push(format!(
                        "{file}:{number}: a Covers line is a doc comment: \"/// Covers: …\""
                    ));
                    continue;
                }
                Some(list) => list,
                None if above.goes_on => comment,
                None => continue,
            };
            above.first.get_or_insert(number);
            above.goes_on = list.trim_end().ends_with(',');
            if let Err(word) = ids(list, &mut above.ids) {
                faults.push(format!(
                    "{file}:{number}: \"{word}\" is not an id like INC-07"
                ));
            }
        } else if line.starts_with("#[") {
            above.is_test |= is_test_attribute(line);
            above.in_attribute = !line.contains(']');
        } else {
            let test = function_name(line);
            if let Some(first) = above.first {
                match test.filter(|_| above.is_test) {
                    Some(test) => found.push(Covering {
                        file: file.to_owned(),
                        line: first,
                        test: test.to_owned(),
                        ids: std::mem::take(&mut above.ids),
                    }),
                    None => faults.push(format!(
                        "{file}:{first}: this Covers line stands above no test"
                    )),
                }
            }
            above = Above::default();
        }
    }
    if let Some(first) = above.first {
        faults.push(format!(
            "{file}:{first}: this Covers line stands above no test"
        ));
    }
}

/// Reads `INC-07, FIX-01.` into `ids`, or returns the first word that is no id.
fn ids<'a>(list: &'a str, ids: &mut Vec<String>) -> Result<(), &'a str> {
    let list = list.trim().trim_end_matches(['.', ',']);
    for word in list.split(',').map(str::trim) {
        if !is_id(word) {
            return Err(word);
        }
        ids.push(word.to_owned());
    }
    Ok(())
}

/// `#[test]`, `#[tokio::test(…)]` and their like.
fn is_test_attribute(line: &str) -> bool {
    let path = line.trim_start_matches("#[");
    let path = path.split(['(', ']']).next().unwrap_or_default().trim();
    path.rsplit("::")
        .next()
        .is_some_and(|last| last == "test" || last.ends_with("_test"))
}

/// The name of the function a line begins.
fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let words_before = before
        .split_whitespace()
        .all(|word| ["pub", "async", "pub(crate)"].contains(&word));
    let name = after.split(['(', '<']).next()?.trim();
    words_before.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `@` stands for the words that would make this very file's fixtures count.
    fn check(text: &str, expect: &[(&str, &[&str])], expect_faults: &[&str]) {
        let (mut found, mut faults) = (Vec::new(), Vec::new());
        source(
            "a.rs",
            &text.replace('@', "Covers:"),
            &mut found,
            &mut faults,
        );
        let found: Vec<(&str, Vec<&str>)> = found
            .iter()
            .map(|one| {
                (
                    one.test.as_str(),
                    one.ids.iter().map(String::as_str).collect(),
                )
            })
            .collect();
        let expect: Vec<(&str, Vec<&str>)> = expect
            .iter()
            .map(|(test, ids)| (*test, ids.to_vec()))
            .collect();
        assert_eq!(found, expect, "{text}");
        assert_eq!(faults, expect_faults, "{text}");
    }

    #[test]
    fn a_covers_line_belongs_to_the_test_below() {
        check(
            "    /// @ INC-07, FIX-01\n    #[test]\n    fn one() {",
            &[("one", &["INC-07", "FIX-01"])],
            &[],
        );
        check(
            "#[tokio::test(start_paused = true)]\n/// @ INC-07.\nasync fn two() {",
            &[("two", &["INC-07"])],
            &[],
        );
        check(
            "/// What it asserts.\n/// @ INC-07,\n///   FIX-01\n/// More.\n#[tokio::test(\n    flavor = \"x\"\n)]\nasync fn three() {",
            &[("three", &["INC-07", "FIX-01"])],
            &[],
        );
        check(
            "/// @ INC-07\n/// @ FIX-01\n// why\n#[wasm_bindgen_test]\nfn four() {",
            &[("four", &["INC-07", "FIX-01"])],
            &[],
        );
    }

    #[test]
    fn a_covers_line_that_counts_for_nothing_is_a_fault() {
        let nowhere = "a.rs:1: this Covers line stands above no test";
        check("/// @ INC-07\nfn not_a_test() {", &[], &[nowhere]);
        check("/// @ INC-07\n\n#[test]\nfn apart() {", &[], &[nowhere]);
        check("/// @ INC-07\n#[test]\nmod tests {", &[], &[nowhere]);
        check("/// @ INC-07", &[], &[nowhere]);
        let plain = "a.rs:1: a Covers line is a doc comment: \"/// Covers: …\"";
        check("// @ INC-07\n#[test]\nfn one() {", &[], &[plain]);
        check("//! @ INC-07", &[], &[plain]);
        check(
            "/// @ INC-7 and more\n#[test]\nfn one() {",
            &[("one", &[])],
            &["a.rs:1: \"INC-7 and more\" is not an id like INC-07"],
        );
    }

    #[test]
    fn a_test_without_the_line_is_no_news() {
        check(
            "/// Text.\n#[test]\nfn one() {\n    let x = 1;\n}\n",
            &[],
            &[],
        );
    }
}
