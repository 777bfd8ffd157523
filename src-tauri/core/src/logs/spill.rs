//! The older lines of a log, on disk: what memory has no room for can still be scrolled back to.
//!
//! A few private files of bounded size, the oldest of which goes when there are too many; all of them go
//! with the log. Between them and memory no line is lost or there twice. It knows lines, not what is shown
//! of them.

mod kept;
mod part;

use std::{
    collections::VecDeque,
    fs, io,
    path::{Path, PathBuf},
};

use super::figures::Figures;
pub(super) use kept::Kept;
pub(super) use part::Stretch;
use part::{Part, STEP};

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
    figures: Figures,
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
            figures: Figures::default(),
        }
    }

    /// What is there.
    pub(super) const fn figures(&self) -> Figures {
        self.figures
    }

    /// Takes lines in behind those that are there; the oldest go where there is no room.
    ///
    /// # Errors
    /// When they cannot be written: what is there then is not whole and has to be dropped.
    pub(super) fn add(&mut self, lines: &[Kept]) -> io::Result<()> {
        let mut rest = lines;
        while !rest.is_empty() {
            let is_full = |part: &Part| part.bytes() >= self.room.file;
            if self.parts.back().is_none_or(is_full) {
                let part = Part::make(&self.folder)?;
                self.parts.push_back(part);
            }
            let part = self.parts.back_mut().expect("one was just made");
            let taken = part.add(rest, self.room.file)?;
            for line in &rest[..taken] {
                self.figures.take(line);
            }
            rest = &rest[taken..];
            self.make_room();
        }
        Ok(())
    }

    fn make_room(&mut self) {
        while self.parts.len() > 1
            && (self.parts.len() > self.room.files || self.figures.lines > self.room.lines)
        {
            let Some(oldest) = self.parts.pop_front() else {
                return;
            };
            self.figures -= oldest.figures();
        }
    }

    /// Lines from an index on, at most so many.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn read(&self, from: u64, count: usize) -> io::Result<Vec<Kept>> {
        let end = from.saturating_add(count as u64).min(self.figures.lines);
        self.pick(from..end)
    }

    /// The lines at these indices, which grow.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn pick(&self, wanted: impl IntoIterator<Item = u64>) -> io::Result<Vec<Kept>> {
        let mut found = Vec::new();
        let (mut parts, mut base) = (self.parts.iter().peekable(), 0);
        let mut reading: Option<part::Reading<'_>> = None;
        for index in wanted {
            while let Some(part) = parts.next_if(|part| index - base >= part.figures().lines) {
                base += part.figures().lines;
                reading = None;
            }
            let Some(part) = parts.peek() else { break };
            let mut on = match reading.take().filter(|on| on.is_near(index - base)) {
                Some(on) => on,
                None => part.reading(index - base)?,
            };
            found.push(on.line(index - base)?);
            reading = Some(on);
        }
        Ok(found)
    }

    /// A stretch that ends before an index, and the index it begins at; `None` when nothing is before it.
    pub(super) fn stretch(&self, end: u64) -> Option<(u64, Stretch)> {
        let mut base = 0;
        for part in &self.parts {
            let lines = part.figures().lines;
            if end <= base + lines {
                let (from, stretch) = part.stretch(end - base)?;
                return Some((base + from, stretch));
            }
            base += lines;
        }
        None
    }

    /// Index of the first line that is not before `order`, to within one step; `None` when all are.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn since(&self, order: i64) -> io::Result<Option<u64>> {
        // The last step that begins before it: the line stands behind that.
        let (mut base, mut step) = (0, 0);
        for part in &self.parts {
            let (before, all) = part.steps_before(order);
            if before > 0 {
                step = base + (before as u64 - 1) * STEP as u64;
            }
            if before < all {
                break;
            }
            base += part.figures().lines;
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

#[cfg(test)]
mod tests;
