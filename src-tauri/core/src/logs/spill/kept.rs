//! A line, and its bytes on disk.

use std::io::{self, Read};

use kubegraf_ipc::logs::LogLevel;

/// Fixed bytes before the text of a line.
const HEADER: usize = 42;

/// A line as it is kept, in memory and on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Kept {
    /// What lines are ordered by.
    pub(in super::super) order: i64,
    /// Nanoseconds since the epoch.
    pub(in super::super) at: i64,
    pub(in super::super) id: u64,
    pub(in super::super) source: u32,
    pub(in super::super) level: Option<LogLevel>,
    pub(in super::super) remark: bool,
    pub(in super::super) cut: u64,
    pub(in super::super) text: Box<[u8]>,
}

impl Kept {
    /// Puts its bytes behind others.
    pub(super) fn write(&self, into: &mut Vec<u8>) {
        let length = u32::try_from(self.text.len()).expect("lines are capped");
        into.extend_from_slice(&self.order.to_le_bytes());
        into.extend_from_slice(&self.at.to_le_bytes());
        into.extend_from_slice(&self.id.to_le_bytes());
        into.extend_from_slice(&self.source.to_le_bytes());
        into.push(code(self.level));
        into.push(u8::from(self.remark));
        into.extend_from_slice(&self.cut.to_le_bytes());
        into.extend_from_slice(&length.to_le_bytes());
        into.extend_from_slice(&self.text);
    }

    /// Reads one.
    ///
    /// # Errors
    /// When there is none, or it is broken.
    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut header = [0; HEADER];
        from.read_exact(&mut header)?;
        let eight = |at: usize| -> [u8; 8] { header[at..at + 8].try_into().expect("eight bytes") };
        let four = |at: usize| -> [u8; 4] { header[at..at + 4].try_into().expect("four bytes") };
        let length = u32::from_le_bytes(four(38)) as usize;
        if length > crate::logs::line::LONGEST {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a line on disk is broken",
            ));
        }
        let mut text = vec![0; length];
        from.read_exact(&mut text)?;
        Ok(Self {
            order: i64::from_le_bytes(eight(0)),
            at: i64::from_le_bytes(eight(8)),
            id: u64::from_le_bytes(eight(16)),
            source: u32::from_le_bytes(four(24)),
            level: level(header[28]),
            remark: header[29] == 1,
            cut: u64::from_le_bytes(eight(30)),
            text: text.into(),
        })
    }
}

/// In the order of their codes, from 1 on.
const LEVELS: [LogLevel; 6] = [
    LogLevel::Trace,
    LogLevel::Debug,
    LogLevel::Info,
    LogLevel::Warn,
    LogLevel::Error,
    LogLevel::Fatal,
];

fn code(level: Option<LogLevel>) -> u8 {
    let at = LEVELS.iter().position(|known| Some(*known) == level);
    at.map_or(0, |at| u8::try_from(at + 1).unwrap_or(0))
}

pub(super) fn level(code: u8) -> Option<LogLevel> {
    LEVELS.get(usize::from(code).checked_sub(1)?).copied()
}
