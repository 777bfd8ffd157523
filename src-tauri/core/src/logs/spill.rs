//! The older lines of a log, on disk: what memory has no room for can still be scrolled back to.
//!
//! A few private files of bounded size, the oldest of which goes when there are too many; all of them go
//! with the log. Between them and memory no line is lost or there twice. It knows lines, not what is shown
//! of them.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use kubegraf_ipc::logs::LogLevel;

/// Lines between two places that are remembered in memory.
const STEP: usize = 64;
/// Fixed bytes before the text of a line.
const HEADER: usize = 42;

/// A line as it is kept there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// What lines are ordered by.
    pub(super) order: i64,
    /// Nanoseconds since the epoch.
    pub(super) at: i64,
    pub(super) id: u64,
    pub(super) source: u32,
    pub(super) level: Option<LogLevel>,
    pub(super) remark: bool,
    pub(super) cut: u64,
    pub(super) text: Box<[u8]>,
}

/// How much may lie on disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Bytes of one file.
    pub(super) file: u64,
    /// Files.
    pub(super) files: usize,
    /// Lines of all files: more could not be scrolled through.
    pub(super) lines: u64,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            file: 64 << 20,
            files: 8,
            lines: 1_000_000,
        }
    }
}

/// The lines on disk, the oldest first.
pub(super) struct Spill {
    folder: PathBuf,
    room: Room,
    parts: VecDeque<Part>,
    lines: u64,
    text: u64,
}

/// One file.
struct Part {
    file: File,
    path: PathBuf,
    bytes: u64,
    lines: u64,
    /// Bytes of the texts alone.
    text: u64,
    /// Where each [`STEP`]th line begins, and its order.
    steps: Vec<(u64, i64)>,
}

impl Drop for Part {
    fn drop(&mut self) {
        // What cannot be removed now is swept at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes what a killed app has left.
pub(crate) fn sweep(folder: &Path) {
    let left = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in left {
        if entry.path().extension().is_some_and(|kind| kind == "lines") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

impl Spill {
    /// Nothing is made before there is a line to keep.
    pub(super) fn new(folder: PathBuf, room: Room) -> Self {
        Self {
            folder,
            room,
            parts: VecDeque::new(),
            lines: 0,
            text: 0,
        }
    }

    /// Lines that are there.
    pub(super) const fn lines(&self) -> u64 {
        self.lines
    }

    /// Bytes of their texts.
    pub(super) const fn text(&self) -> u64 {
        self.text
    }

    /// Takes lines in behind those that are there; the oldest go where there is no room.
    ///
    /// # Errors
    /// When they cannot be written: what is there then is not whole and has to be dropped.
    pub(super) fn add(&mut self, lines: &[Kept]) -> io::Result<()> {
        let mut rest = lines;
        while !rest.is_empty() {
            let is_full = |part: &Part| part.bytes >= self.room.file;
            if self.parts.back().is_none_or(is_full) {
                let part = Part::make(&self.folder)?;
                self.parts.push_back(part);
            }
            let part = self.parts.back_mut().expect("one was just made");
            let taken = part.add(rest, self.room.file)?;
            self.lines += taken as u64;
            self.text += rest[..taken]
                .iter()
                .map(|line| line.text.len() as u64)
                .sum::<u64>();
            rest = &rest[taken..];
            self.make_room();
        }
        Ok(())
    }

    fn make_room(&mut self) {
        while self.parts.len() > 1
            && (self.parts.len() > self.room.files || self.lines > self.room.lines)
        {
            let Some(oldest) = self.parts.pop_front() else {
                return;
            };
            self.lines -= oldest.lines;
            self.text -= oldest.text;
        }
    }

    /// Lines from an index on, at most so many.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn read(&self, mut from: u64, count: usize) -> io::Result<Vec<Kept>> {
        let mut found = Vec::new();
        for part in &self.parts {
            if from >= part.lines {
                from -= part.lines;
                continue;
            }
            part.read(from, count - found.len(), &mut found)?;
            from = 0;
            if found.len() == count {
                break;
            }
        }
        Ok(found)
    }

    /// Index of the first line that is not before `order`, to within one step; `None` when all are.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn since(&self, order: i64) -> io::Result<Option<u64>> {
        // The last step that begins before it: the line stands behind that.
        let (mut base, mut step) = (0, 0);
        for part in &self.parts {
            let before = part.steps.partition_point(|(_, first)| *first < order);
            if before > 0 {
                step = base + (before as u64 - 1) * STEP as u64;
            }
            if before < part.steps.len() {
                break;
            }
            base += part.lines;
        }
        loop {
            let lines = self.read(step, STEP)?;
            if let Some(at) = lines.iter().position(|line| line.order >= order) {
                return Ok(Some(step + at as u64));
            }
            if lines.len() < STEP {
                return Ok(None);
            }
            step += STEP as u64;
        }
    }
}

impl Part {
    fn make(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}.lines", uuid::Uuid::new_v4()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self {
            file: options.open(&path)?,
            path,
            bytes: 0,
            lines: 0,
            text: 0,
            steps: Vec::new(),
        })
    }

    /// Takes lines until it is full; answers how many.
    fn add(&mut self, lines: &[Kept], most: u64) -> io::Result<usize> {
        let mut bytes = Vec::new();
        let mut taken = 0;
        for line in lines {
            if taken > 0 && self.bytes + bytes.len() as u64 >= most {
                break;
            }
            if (self.lines + taken as u64).is_multiple_of(STEP as u64) {
                self.steps
                    .push((self.bytes + bytes.len() as u64, line.order));
            }
            line.write(&mut bytes);
            self.text += line.text.len() as u64;
            taken += 1;
        }
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.bytes))?;
        file.write_all(&bytes)?;
        self.bytes += bytes.len() as u64;
        self.lines += taken as u64;
        Ok(taken)
    }

    fn read(&self, from: u64, most: usize, into: &mut Vec<Kept>) -> io::Result<()> {
        let (step, skipped) = (from / STEP as u64, from % STEP as u64);
        let Some((place, _)) = usize::try_from(step)
            .ok()
            .and_then(|step| self.steps.get(step))
        else {
            return Ok(());
        };
        let mut file = &self.file;
        file.seek(SeekFrom::Start(*place))?;
        let mut bytes = io::BufReader::with_capacity(64 << 10, file.take(self.bytes - place));
        let wanted = most.min(usize::try_from(self.lines - from).unwrap_or(usize::MAX));
        for _ in 0..skipped {
            Kept::read(&mut bytes)?;
        }
        for _ in 0..wanted {
            into.push(Kept::read(&mut bytes)?);
        }
        Ok(())
    }
}

impl Kept {
    fn write(&self, into: &mut Vec<u8>) {
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

    fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut header = [0; HEADER];
        from.read_exact(&mut header)?;
        let eight = |at: usize| -> [u8; 8] { header[at..at + 8].try_into().expect("eight bytes") };
        let four = |at: usize| -> [u8; 4] { header[at..at + 4].try_into().expect("four bytes") };
        let length = u32::from_le_bytes(four(38)) as usize;
        if length > super::line::LONGEST {
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

fn level(code: u8) -> Option<LogLevel> {
    LEVELS.get(usize::from(code).checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: u64) -> Kept {
        let text = format!("line {n} {}", "x".repeat((n % 50) as usize));
        Kept {
            order: i64::try_from(n / 3).unwrap(),
            at: i64::try_from(n).unwrap(),
            id: n,
            source: 7,
            level: level((n % 7) as u8),
            remark: n.is_multiple_of(11),
            cut: n,
            text: text.into_bytes().into(),
        }
    }

    fn lines(range: std::ops::Range<u64>) -> Vec<Kept> {
        range.map(line).collect()
    }

    fn files(folder: &Path) -> usize {
        fs::read_dir(folder).map_or(0, Iterator::count)
    }

    #[test]
    fn what_is_put_there_is_read_again_wherever_one_looks() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("lines");
        let room = Room {
            file: 4_000,
            files: 100,
            lines: 1_000_000,
        };
        let mut spill = Spill::new(place.clone(), room);
        assert!(spill.read(0, 10).unwrap().is_empty() && !place.exists());
        for piece in [1, 2, 63, 64, 65, 300, 505] {
            let from = spill.lines();
            spill.add(&lines(from..from + piece)).unwrap();
        }
        assert_eq!(spill.lines(), 1_000);
        assert!(files(&place) > 5, "it is in several files");
        for (from, count) in [
            (0, 1),
            (0, 1_000),
            (63, 2),
            (127, 130),
            (999, 5),
            (500, 400),
        ] {
            let expect = lines(from..(from + count as u64).min(1_000));
            assert_eq!(spill.read(from, count).unwrap(), expect, "{from} {count}");
        }
        assert!(spill.read(1_000, 5).unwrap().is_empty());
        for order in [-5, 0, 1, 21, 22, 200, 333] {
            let expect = (0..1_000).find(|n| line(*n).order >= order);
            assert_eq!(spill.since(order).unwrap(), expect, "{order}");
        }
        assert_eq!(spill.since(334).unwrap(), None);
        drop(spill);
        assert_eq!(files(&place), 0, "it goes with the log");
    }

    #[test]
    fn the_oldest_go_where_there_is_no_room() {
        let folder = tempfile::tempdir().unwrap();
        let room = Room {
            file: 4_000,
            files: 3,
            lines: 1_000_000,
        };
        let mut spill = Spill::new(folder.path().into(), room);
        for n in 0..50 {
            spill.add(&lines(n * 20..(n + 1) * 20)).unwrap();
            assert!(files(folder.path()) <= 4);
        }
        let left = spill.lines();
        assert!(left < 300, "{left} lines");
        assert_eq!(spill.read(0, 2_000).unwrap(), lines(1_000 - left..1_000));
        let text = lines(1_000 - left..1_000)
            .iter()
            .map(|line| line.text.len() as u64)
            .sum::<u64>();
        assert_eq!(spill.text(), text);

        let mut few = Spill::new(folder.path().into(), Room { lines: 100, ..room });
        few.add(&lines(0..1_000)).unwrap();
        assert!(few.lines() <= 200, "{} lines", few.lines());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_it_and_a_killed_app_leaves_nothing() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::new(folder.path().into(), Room::default());
        spill.add(&lines(0..10)).unwrap();
        let path = spill.parts[0].path.clone();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::mem::forget(spill);
        let other = folder.path().join("kept.txt");
        fs::write(&other, "x").unwrap();
        sweep(folder.path());
        assert!(!path.exists() && other.exists());
        sweep(&folder.path().join("never-made"));
    }
}
