//! How many lines there are, how big they are and how grave.

use std::ops::{Add, SubAssign};

use kubegraf_ipc::logs::LogLevel;

use super::spill::Kept;

/// The figures of some lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// How many they are.
    pub(super) lines: u64,
    /// Bytes of their texts.
    pub(super) bytes: u64,
    /// Those that say error or worse.
    pub(super) errors: u64,
    /// Those that say warning.
    pub(super) warnings: u64,
}

impl Figures {
    /// Those of one line.
    pub(super) fn of(line: &Kept) -> Self {
        let is_error = matches!(line.level, Some(LogLevel::Error | LogLevel::Fatal));
        Self {
            lines: 1,
            bytes: line.text.len() as u64,
            errors: u64::from(is_error),
            warnings: u64::from(line.level == Some(LogLevel::Warn)),
        }
    }

    /// Counts a line in.
    pub(super) fn take(&mut self, line: &Kept) {
        *self = *self + Self::of(line);
    }
}

impl Add for Figures {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            lines: self.lines + other.lines,
            bytes: self.bytes + other.bytes,
            errors: self.errors + other.errors,
            warnings: self.warnings + other.warnings,
        }
    }
}

impl SubAssign for Figures {
    fn sub_assign(&mut self, other: Self) {
        self.lines -= other.lines;
        self.bytes -= other.bytes;
        self.errors -= other.errors;
        self.warnings -= other.warnings;
    }
}
