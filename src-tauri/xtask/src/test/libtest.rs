//! Reads what `cargo test -- --show-output` prints, line by line, and counts. A test that printed `SKIPPED <tier>: <why>` was skipped,
//! whatever libtest says. Knows nothing of tiers.

/// What came of some tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that ran and hold.
    pub passed: usize,
    /// Tests that do not hold, and what did not build or crashed.
    pub failed: usize,
    /// Tests that did not run for a reason they gave, and ignored ones.
    pub skipped: usize,
    /// The names of the failed.
    pub failures: Vec<String>,
    /// Why something was skipped, once for each skip that gave a reason.
    pub reasons: Vec<String>,
}

impl Tally {
    /// A whole tier that failed for one reason.
    #[must_use]
    pub fn failure(what: impl Into<String>) -> Self {
        Self {
            failed: 1,
            failures: vec![what.into()],
            ..Self::default()
        }
    }

    /// A whole tier that was skipped for one reason.
    #[must_use]
    pub fn skip(why: impl Into<String>) -> Self {
        Self {
            skipped: 1,
            reasons: vec![why.into()],
            ..Self::default()
        }
    }

    /// Adds what another one counted.
    pub fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.failures.extend(other.failures.iter().cloned());
        self.reasons.extend(other.reasons.iter().cloned());
    }
}

/// Where in the output the reader is.
#[derive(Debug, Default, PartialEq, Eq)]
enum Section {
    /// Cargo's own lines and the list of tests as they end.
    #[default]
    Run,
    /// What the passed tests printed: of interest only for its skips.
    Successes {
        /// Whether the test being quoted said that it skipped.
        said_skipped: bool,
    },
    /// What the failed tests printed.
    Failures,
}

/// Reads the output of one `cargo test`.
#[derive(Debug, Default)]
pub struct Reader {
    /// What was counted so far.
    pub tally: Tally,
    binary: String,
    section: Section,
    /// Tests of the binary being read that libtest will count as passed although they skipped.
    skips: usize,
}

impl Reader {
    /// Reads one line; says whether a person wants to see it.
    pub fn read(&mut self, line: &str) -> bool {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.count(result);
            self.section = Section::Run;
            return true;
        }
        match &mut self.section {
            Section::Run => self.read_run(line),
            Section::Successes { said_skipped } => {
                if line.starts_with("---- ") && line.ends_with(" stdout ----") {
                    *said_skipped = false;
                } else if let Some(reason) = line.trim_start().strip_prefix("SKIPPED ") {
                    // One test may say it several times; it is still one test.
                    if !std::mem::replace(said_skipped, true) {
                        self.skips += 1;
                        self.tally.reasons.push(reason.to_owned());
                    }
                    return true;
                } else if line == "failures:" {
                    self.section = Section::Failures;
                    return true;
                }
                false
            }
            Section::Failures => true,
        }
    }

    /// The counts, once the program ended; `succeeded` tells whether it said so itself.
    #[must_use]
    pub fn finish(mut self, succeeded: bool, what: &str) -> Tally {
        if !succeeded && self.tally.failed == 0 {
            self.tally.add(&Tally::failure(format!(
                "{what}: does not build, or crashed"
            )));
        }
        self.tally
    }

    fn read_run(&mut self, line: &str) -> bool {
        if let Some(binary) = line.trim_start().strip_prefix("Running ") {
            self.binary = binary
                .split_whitespace()
                .find(|word| *word != "unittests")
                .unwrap_or_default()
                .to_owned();
            if let Some((_, file)) = binary.rsplit_once('/') {
                let name = file.trim_end_matches(')');
                name.rsplit_once('-')
                    .map_or(name, |(name, _)| name)
                    .clone_into(&mut self.binary);
            }
        } else if line == "successes:" {
            self.section = Section::Successes {
                said_skipped: false,
            };
            return false;
        } else if line == "failures:" {
            self.section = Section::Failures;
        } else if let Some((name, end)) = line
            .strip_prefix("test ")
            .and_then(|line| line.rsplit_once(" ... "))
        {
            if end == "FAILED" {
                self.tally.failures.push(format!("{}: {name}", self.binary));
            } else if let Some(reason) = end.strip_prefix("ignored") {
                let reason = reason.trim_start_matches(", ");
                let reason = if reason.is_empty() {
                    "#[ignore]"
                } else {
                    reason
                };
                self.tally
                    .reasons
                    .push(format!("{}: {name}: {reason}", self.binary));
            }
        }
        true
    }

    /// Adds `FAILED. 1 passed; 1 failed; 1 ignored; …`.
    fn count(&mut self, result: &str) {
        let number = |word: &str| -> usize {
            let before = result.split(&format!(" {word}")).next().unwrap_or_default();
            before
                .rsplit(' ')
                .next()
                .and_then(|number| number.parse().ok())
                .unwrap_or(0)
        };
        self.tally.passed += number("passed").saturating_sub(self.skips);
        self.tally.failed += number("failed");
        self.tally.skipped += number("ignored") + self.skips;
        self.skips = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "   Compiling x v0.1.0
     Running unittests src/lib.rs (target/debug/deps/kubegraf_core-0123abcd)

running 4 tests
test a::passes ... ok
test a::skips ... ok
test a::fails ... FAILED
test a::waits ... ignored, needs a moon

successes:

---- a::passes stdout ----
test result: is what it prints, in words
noise

---- a::skips stdout ----
SKIPPED real: not root
SKIPPED real: not root


successes:
    a::passes
    a::skips

failures:

---- a::fails stdout ----
assertion failed
SKIPPED is a word of a failed test

failures:
    a::fails

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s

     Running tests/app.rs (target/debug/deps/app-4567)

running 1 test
test wired ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    fn read(output: &str) -> (Reader, Vec<String>) {
        let mut reader = Reader::default();
        let shown = output
            .lines()
            .filter(|line| reader.read(line))
            .map(str::to_owned)
            .collect();
        (reader, shown)
    }

    #[test]
    fn what_ran_failed_and_was_skipped_is_told_apart() {
        // The line that only looks like a result must not be one; libtest's own has numbers.
        let (reader, shown) = read(&OUTPUT.replace("test result: is what", "result: is what"));
        let expect = Tally {
            passed: 2,
            failed: 1,
            skipped: 2,
            failures: vec!["kubegraf_core: a::fails".to_owned()],
            reasons: vec![
                "kubegraf_core: a::waits: needs a moon".to_owned(),
                "real: not root".to_owned(),
            ],
        };
        assert_eq!(reader.finish(false, "unit"), expect);
        assert!(shown.iter().any(|line| line == "assertion failed"));
        assert!(shown.iter().any(|line| line == "SKIPPED real: not root"));
        assert!(!shown.iter().any(|line| line == "noise"));
    }

    #[test]
    fn a_run_that_ends_badly_without_a_failed_test_is_a_failure() {
        let (reader, _) = read("error[E0425]: cannot find value\n");
        let tally = reader.finish(false, "shell");
        assert_eq!((tally.failed, tally.failures.len()), (1, 1));
        assert!(tally.failures[0].contains("shell"));
        let (reader, _) = read(
            "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
        );
        assert_eq!(reader.finish(true, "ui"), Tally::default());
    }
}
