//! The results of one bench: a table on the terminal and its section of `docs/benchmarks.md`. Knows what a machine, a day and a commit
//! are; nothing of what was measured.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, workspace};

/// One bench's results.
#[derive(Debug, Default)]
pub struct Sheet {
    /// Names the section: `list 50000`. A later run with the same name replaces it.
    pub name: String,
    /// The heading.
    pub title: String,
    /// One sentence on how it was measured.
    pub how: String,
    /// Column heads.
    pub columns: Vec<String>,
    /// One line per contender; as many cells as there are columns.
    pub rows: Vec<Vec<String>>,
    /// What it means: a target each, and whether it was met.
    pub verdicts: Vec<String>,
}

impl Sheet {
    /// Prints it, and writes it into the document when `write`.
    ///
    /// # Errors
    /// The document cannot be read or written.
    pub fn publish(&self, write: bool) -> Result<()> {
        println!("\n{}", self.terminal());
        if !write {
            return Ok(());
        }
        let path = document();
        let before = if path.exists() {
            fs::read_to_string(&path).with_context(|| format!("read \"{}\"", path.display()))?
        } else {
            PREAMBLE.to_owned()
        };
        let section = format!("## {}\n\n{}\n{}", self.title, self.markdown(), conditions());
        fs::write(&path, replaced(&before, &self.name, &section))
            .with_context(|| format!("write \"{}\"", path.display()))?;
        println!("written to {}", path.display());
        Ok(())
    }

    fn terminal(&self) -> String {
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|at| {
                let cells = self.rows.iter().filter_map(|row| row.get(at));
                cells
                    .chain(self.columns.get(at))
                    .map(|cell| cell.chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let line = |cells: &[String]| {
            let padded = cells.iter().zip(&widths).enumerate();
            let padded: Vec<String> = padded
                .map(|(at, (cell, &width))| {
                    if at == 0 {
                        format!("{cell:<width$}")
                    } else {
                        format!("{cell:>width$}")
                    }
                })
                .collect();
            padded.join("  ").trim_end().to_owned()
        };
        let mut text = format!("{}\n{}\n\n{}\n", self.title, self.how, line(&self.columns));
        for row in &self.rows {
            let _ = writeln!(text, "{}", line(row));
        }
        for verdict in &self.verdicts {
            let _ = write!(text, "\n{verdict}");
        }
        text
    }

    fn markdown(&self) -> String {
        let mut text = format!(
            "{}\n\n|{}|\n|{}|\n",
            self.how,
            self.columns.join("|"),
            "-|".repeat(self.columns.len()).trim_end_matches('|')
        );
        for row in &self.rows {
            let _ = writeln!(text, "|{}|", row.join("|"));
        }
        if !self.verdicts.is_empty() {
            text.push('\n');
        }
        for verdict in &self.verdicts {
            let _ = writeln!(text, "- {verdict}");
        }
        text
    }
}

const PREAMBLE: &str = "# Benchmarks

Each section is written by `cargo xtask bench` and replaced by its next run. Every figure is of one run of the bench on one machine, where server
and clients share the processors: compare the lines of a table, never lines of two tables.
";

/// Where the results are kept.
#[must_use]
pub fn document() -> PathBuf {
    workspace::root().join("docs/benchmarks.md")
}

/// The document with the section `name` in the place of its forerunner, or at the end.
fn replaced(document: &str, name: &str, section: &str) -> String {
    let (open, close) = (
        format!("<!-- bench {name} -->"),
        format!("<!-- end {name} -->"),
    );
    let fresh = format!("{open}\n{}\n{close}", section.trim());
    let found = document.find(&open).and_then(|start| {
        let end = document[start..].find(&close)? + start + close.len();
        Some(start..end)
    });
    match found {
        Some(place) => {
            let mut text = document.to_owned();
            text.replace_range(place, &fresh);
            text
        }
        None => format!("{}\n\n{fresh}\n", document.trim_end()),
    }
}

/// The machine without its name, the day and the commit.
fn conditions() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok())
        .map_or_else(String::new, |kb| {
            format!(", {} GB of memory", (kb + 500_000) / 1_000_000)
        });
    let said = |program: &str, arguments: &[&str]| {
        let said = process::capture(
            Command::new(program)
                .args(arguments)
                .current_dir(workspace::root()),
        );
        said.map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
    };
    let day = said("date", &["-u", "+%Y-%m-%d"]);
    let commit = said("git", &["rev-parse", "--short=10", "HEAD"]);
    let dirty = if said(
        "git",
        &[
            "status",
            "--porcelain",
            "--",
            "src-tauri",
            "ui",
            "tests",
            "Cargo.lock",
        ],
    )
    .is_empty()
    {
        ""
    } else {
        " with changes"
    };
    format!(
        "\n{day}, commit {commit}{dirty}, {cores} cores{memory}, {} {}.\n",
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}

/// The middle of some measurements, and their range when there are several: `1.30 (1.24–1.38)`.
#[must_use]
pub fn spread(values: &[f64], digits: usize) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.first(), sorted.last()) {
        (Some(least), Some(most)) if sorted.len() > 1 => {
            format!(
                "{:.digits$} ({least:.digits$}–{most:.digits$})",
                median(values)
            )
        }
        (Some(only), _) => format!("{only:.digits$}"),
        (None, _) => "–".to_owned(),
    }
}

/// The middle one; of an even number, the mean of the two in the middle. 0 of none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_replaces_its_forerunner_only() {
        let one = replaced("# B\n", "list 10", "a");
        let two = replaced(&one, "list 100", "b");
        let three = replaced(&two, "list 10", "c");
        assert_eq!(
            three,
            "# B\n\n<!-- bench list 10 -->\nc\n<!-- end list 10 -->\n\n<!-- bench list 100 -->\nb\n<!-- end list 100 -->\n"
        );
    }

    #[test]
    fn measurements_show_their_middle_and_range() {
        assert_eq!(spread(&[1.3, 1.24, 1.38], 2), "1.30 (1.24–1.38)");
        assert_eq!(spread(&[2.0], 1), "2.0");
        assert_eq!(spread(&[], 1), "–");
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }

    #[test]
    fn a_sheet_reads_the_same_on_both_papers() {
        let sheet = Sheet {
            columns: vec!["client".into(), "s".into()],
            rows: vec![vec!["curl".into(), "1.3".into()]],
            how: "How.".into(),
            verdicts: vec!["met: quick".into()],
            ..Sheet::default()
        };
        assert!(
            sheet.terminal().contains("client    s\ncurl    1.3\n"),
            "{}",
            sheet.terminal()
        );
        assert!(
            sheet
                .markdown()
                .contains("|client|s|\n|-|-|\n|curl|1.3|\n\n- met: quick\n"),
            "{}",
            sheet.markdown()
        );
    }
}
