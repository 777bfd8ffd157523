//! What a view shows of the lines on disk.
//!
//! A view that leaves lines out, or looks for words, has them looked through once, from the newest to
//! the oldest: what was found stays valid while more is searched, and numbers go downwards from those
//! of memory. The reading and judging happens away from the book ([`Stretch`]); lines that go to
//! disk later were judged before. Only places are kept, eight bytes for each line.

use std::{
    collections::{VecDeque, vec_deque},
    io,
    ops::Range,
    sync::Arc,
};

use super::Book;
use crate::logs::{
    look::{Look, Seen},
    spill,
};

/// Places of lines on disk. A place counts from the very first line of the log.
#[derive(Default)]
pub(super) struct Older {
    /// Those that are shown; `None` when every line is.
    shown: Option<VecDeque<u64>>,
    /// Those that hold the query.
    hits: VecDeque<u64>,
    /// From this place on they have been looked through.
    searched: u64,
}

/// Lines that wait to be looked through, and how.
pub(in super::super) struct Stretch {
    look: Arc<Look>,
    places: Range<u64>,
    lines: spill::Stretch,
}

/// What was found in a stretch.
pub(in super::super) struct Found {
    look: Arc<Look>,
    places: Range<u64>,
    shown: Vec<u64>,
    hits: Vec<u64>,
}

impl Older {
    /// What is known when a look begins: nothing, or that there is nothing to find out.
    pub(super) fn begin(look: &Look, disk: &Range<u64>) -> Self {
        let leaves_out = !look.shows_all();
        Self {
            shown: leaves_out.then(VecDeque::new),
            hits: VecDeque::new(),
            searched: if leaves_out || look.query().is_some() {
                disk.end
            } else {
                0
            },
        }
    }

    /// Takes the newest line in.
    pub(super) fn push(&mut self, place: u64, seen: Seen) {
        if seen.hit {
            self.hits.push_back(place);
        }
        if let Some(shown) = self.shown.as_mut().filter(|_| seen.shown) {
            shown.push_back(place);
        }
    }

    /// Forgets what is before a place.
    pub(super) fn forget(&mut self, before: u64) {
        for places in self.shown.iter_mut().chain([&mut self.hits]) {
            places.drain(..places.partition_point(|place| *place < before));
        }
    }

    /// How many hold the query.
    pub(super) fn hits(&self) -> u64 {
        self.hits.len() as u64
    }

    /// How many are shown before a place.
    pub(super) fn shown_before(&self, place: u64, disk: &Range<u64>) -> u64 {
        match &self.shown {
            None => place.clamp(disk.start, disk.end) - disk.start,
            Some(shown) => shown.partition_point(|shown| *shown < place) as u64,
        }
    }

    /// Places of shown lines, by their order among them.
    pub(super) fn places(&self, wanted: Range<u64>, disk: &Range<u64>) -> Places<'_> {
        let all = self.shown_before(u64::MAX, disk);
        let (from, to) = (wanted.start.min(all), wanted.end.min(all));
        match &self.shown {
            None => Places::All(disk.start + from..disk.start + to.max(from)),
            Some(shown) => {
                let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
                Places::Some(shown.range(index(from)..index(to.max(from))))
            }
        }
    }

    /// The next hit behind a place, or the one before it; the first or last of all without one.
    pub(super) fn hit(&self, beyond: Option<u64>, backwards: bool) -> Option<u64> {
        let at = match (beyond, backwards) {
            (None, false) => 0,
            (Some(place), false) => self.hits.partition_point(|hit| *hit <= place),
            (None, true) => self.hits.len().checked_sub(1)?,
            (Some(place), true) => self
                .hits
                .partition_point(|hit| *hit < place)
                .checked_sub(1)?,
        };
        self.hits.get(at).copied()
    }

    /// The first place that was looked at.
    pub(super) fn searched(&self) -> u64 {
        self.searched
    }
}

/// Places, in their order.
pub(super) enum Places<'o> {
    All(Range<u64>),
    Some(vec_deque::Iter<'o, u64>),
}

impl Iterator for Places<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        match self {
            Self::All(places) => places.next(),
            Self::Some(places) => places.next().copied(),
        }
    }
}

impl Stretch {
    /// Reads and judges the lines.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(in super::super) fn look_through(self) -> io::Result<Found> {
        let (mut shown, mut hits) = (Vec::new(), Vec::new());
        let mut place = self.places.start;
        let leaves_out = !self.look.shows_all();
        self.lines.each(|line| {
            let seen = self.look.judge(&line);
            if seen.hit {
                hits.push(place);
            }
            if seen.shown && leaves_out {
                shown.push(place);
            }
            place += 1;
        })?;
        Ok(Found {
            look: self.look,
            places: self.places,
            shown,
            hits,
        })
    }
}

impl Book {
    /// Places of the lines on disk.
    pub(super) fn disk(&self) -> Range<u64> {
        let lines = self.spill.as_ref().map_or(0, |spill| spill.figures().lines);
        self.given_up - lines..self.given_up
    }

    /// How many lines on disk have numbers.
    pub(super) fn shown_on_disk(&self) -> u64 {
        self.older.shown_before(u64::MAX, &self.disk())
    }

    /// Lines on disk of which it is not known yet whether they are shown, or hold the query.
    pub(super) fn unsearched(&self) -> u64 {
        self.older.searched().saturating_sub(self.disk().start)
    }

    /// The next lines to be looked through; `None` when all have been.
    pub(in super::super) fn stretch(&self) -> Option<Stretch> {
        let disk = self.disk();
        let end = self.older.searched().checked_sub(disk.start)?;
        let (from, lines) = self.spill.as_ref()?.stretch(end)?;
        Some(Stretch {
            look: Arc::clone(&self.look),
            places: disk.start + from..disk.start + end,
            lines,
        })
    }

    /// Takes in what was found, unless the lines are looked at in another way by now.
    pub(in super::super) fn found(&mut self, found: Found) {
        let is_next = found.places.end == self.older.searched;
        if !Arc::ptr_eq(&found.look, &self.look) || !is_next {
            return;
        }
        let before = self.disk().start;
        let older = &mut self.older;
        older.searched = found.places.start;
        for place in found.hits.into_iter().rev() {
            older.hits.push_front(place);
        }
        if let Some(shown) = &mut older.shown {
            for place in found.shown.into_iter().rev() {
                shown.push_front(place);
            }
        }
        // Some may have been given up meanwhile.
        older.forget(before);
    }

    /// Gives up what is on disk, because it cannot be read or written any more.
    pub(in super::super) fn lose_older(&mut self, error: &io::Error) {
        tracing::warn!(%error, "older lines of a log cannot be kept on disk");
        self.spill = None;
        self.older = Older::begin(&self.look, &self.disk());
    }
}

#[cfg(test)]
mod tests;
