//! One file of lines: written at its end, read at any place by several at once.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::Kept;
use crate::logs::figures::Figures;

/// Lines between two places that are remembered in memory.
pub(super) const STEP: usize = 64;
/// The most that is read ahead, bytes.
const AHEAD: usize = 64 << 10;
/// A stretch has about so many bytes, and one step at least.
const STRETCH: u64 = 1 << 20;

/// One file.
pub(super) struct Part {
    file: Arc<File>,
    path: PathBuf,
    bytes: u64,
    figures: Figures,
    /// Where each [`STEP`]th line begins, and its order.
    steps: Vec<(u64, i64)>,
}

impl Drop for Part {
    fn drop(&mut self) {
        // What cannot be removed now is swept at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

impl Part {
    /// Makes a file that nobody else reads.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn make(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}.lines", uuid::Uuid::new_v4()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self {
            file: Arc::new(options.open(&path)?),
            path,
            bytes: 0,
            figures: Figures::default(),
            steps: Vec::new(),
        })
    }

    /// Its length.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What is in it.
    pub(super) const fn figures(&self) -> Figures {
        self.figures
    }

    /// Where it is, for a test.
    #[cfg(test)]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes lines until it is full; answers how many.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn add(&mut self, lines: &[Kept], most: u64) -> io::Result<usize> {
        let (mut bytes, mut taken) = (Vec::new(), 0);
        for line in lines {
            if taken > 0 && self.bytes + bytes.len() as u64 >= most {
                break;
            }
            if self.figures.lines.is_multiple_of(STEP as u64) {
                self.steps
                    .push((self.bytes + bytes.len() as u64, line.order));
            }
            line.write(&mut bytes);
            self.figures.take(line);
            taken += 1;
        }
        write_at(&self.file, &bytes, self.bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(taken)
    }

    /// How many steps begin before `order`, and how many there are.
    pub(super) fn steps_before(&self, order: i64) -> (usize, usize) {
        let before = self.steps.partition_point(|(_, first)| *first < order);
        (before, self.steps.len())
    }

    /// Begins to read at the step of a line.
    ///
    /// # Errors
    /// When there is no such line.
    pub(super) fn reading(&self, index: u64) -> io::Result<Reading<'_>> {
        let step = index / STEP as u64;
        let place = usize::try_from(step)
            .ok()
            .and_then(|step| self.steps.get(step))
            .ok_or(io::ErrorKind::UnexpectedEof)?
            .0;
        let at = At {
            file: &self.file,
            place,
            end: self.bytes,
        };
        Ok(Reading {
            bytes: BufReader::with_capacity(AHEAD, at),
            next: step * STEP as u64,
        })
    }

    /// Lines that end before `end`, from the beginning of a step on.
    pub(super) fn stretch(&self, end: u64) -> Option<(u64, Stretch)> {
        let last = usize::try_from(end.checked_sub(1)? / STEP as u64).ok()?;
        let until = self
            .steps
            .get(last + 1)
            .map_or(self.bytes, |(place, _)| *place);
        let is_near = |(place, _): &(u64, i64)| until - place <= STRETCH;
        let near = self.steps[..=last].partition_point(|step| !is_near(step));
        let first = near.min(last);
        let from = (first * STEP) as u64;
        let stretch = Stretch {
            file: Arc::clone(&self.file),
            bytes: (self.steps[first].0, until),
            lines: end - from,
        };
        Some((from, stretch))
    }
}

/// A part that is read from line to line.
pub(super) struct Reading<'p> {
    bytes: BufReader<At<'p>>,
    /// The line that comes next.
    next: u64,
}

impl Reading<'_> {
    /// Whether a line comes so soon that reading up to it is the quickest.
    pub(super) fn is_near(&self, index: u64) -> bool {
        (self.next..self.next + STEP as u64).contains(&index)
    }

    /// The line at an index, which is not before the next.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn line(&mut self, index: u64) -> io::Result<Kept> {
        loop {
            let line = Kept::read(&mut self.bytes)?;
            self.next += 1;
            if self.next > index {
                return Ok(line);
            }
        }
    }
}

/// Lines that can be read while others are written: it needs nothing of the part but the file.
pub(in super::super) struct Stretch {
    file: Arc<File>,
    bytes: (u64, u64),
    lines: u64,
}

impl Stretch {
    /// Reads every line in its order.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(in super::super) fn each(&self, mut line: impl FnMut(Kept)) -> io::Result<()> {
        let at = At {
            file: &self.file,
            place: self.bytes.0,
            end: self.bytes.1,
        };
        let mut bytes = BufReader::with_capacity(AHEAD, at);
        for _ in 0..self.lines {
            line(Kept::read(&mut bytes)?);
        }
        Ok(())
    }
}

/// A range of a file: reading it moves nobody else's place.
struct At<'f> {
    file: &'f File,
    place: u64,
    end: u64,
}

impl Read for At<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.place).unwrap_or(usize::MAX);
        let most = into.len().min(left);
        let read = read_at(self.file, &mut into[..most], self.place)?;
        self.place += read as u64;
        Ok(read)
    }
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], place: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, place)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], place: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, place)
}

#[cfg(windows)]
fn read_at(file: &File, into: &mut [u8], place: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, place)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut place: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, place)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        (bytes, place) = (&bytes[written..], place + written as u64);
    }
    Ok(())
}
