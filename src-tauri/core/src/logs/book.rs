//! The lines that are held: merged in time order, bounded, numbered as the view shows them.
//!
//! Adding never blocks on a reader and loses nothing; what goes beyond the bound goes to disk from the
//! oldest on, and what goes beyond that is given up and counted.

mod older;
mod read;

use std::{collections::VecDeque, sync::Arc};

use kubegraf_ipc::logs::{LogLevel, LogSource, LogState};

use older::Older;
pub(super) use read::Find;

use super::{
    figures::Figures,
    line::Written,
    look::{Look, Seen},
    patterns::Patterns,
    spill::{Kept, Spill},
};

/// What a book may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Bytes of text and of the lines around it.
    pub(super) bytes: usize,
    /// Lines.
    pub(super) lines: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            bytes: 96 << 20,
            lines: 500_000,
        }
    }
}

/// New lines are merged in at the latest when they have grown to this, bytes.
const PENDING: usize = 8 << 20;

/// One line in its place.
pub(super) struct Line {
    kept: Kept,
    seen: Seen,
}

impl Line {
    fn weight(&self) -> usize {
        size_of::<Self>() + self.kept.text.len()
    }
}

/// A container that is read.
struct Source {
    told: LogSource,
    /// Identity of the pod.
    uid: String,
    order: i64,
}

/// The lines.
pub(super) struct Book {
    bounds: Bounds,
    lines: VecDeque<Line>,
    weight: usize,
    pending: Vec<Line>,
    pending_weight: usize,
    /// What is held.
    figures: Figures,
    /// Lines that memory has given up: the place of the first held line among all.
    given_up: u64,
    given_up_bytes: u64,
    /// Where they went.
    spill: Option<Spill>,
    older: Older,
    /// Places (counted from the very first line) of the lines that are shown, in order.
    shown: VecDeque<u64>,
    /// Number of the first shown line.
    first: u64,
    look: Arc<Look>,
    /// Counts looks: numbers hold for one.
    pub(super) looks: u64,
    /// Held lines that hold the query.
    hits: u64,
    next_id: u64,
    patterns: Patterns,
    sources: Vec<Source>,
    /// Counts changes of the sources.
    pub(super) sources_version: u64,
    pub(super) left_out: u32,
    pub(super) failure: Option<String>,
}

impl Book {
    pub(super) fn new(bounds: Bounds, look: Look) -> Self {
        Self {
            bounds,
            lines: VecDeque::new(),
            weight: 0,
            pending: Vec::new(),
            pending_weight: 0,
            figures: Figures::default(),
            given_up: 0,
            given_up_bytes: 0,
            spill: None,
            older: Older::begin(&look, &(0..0)),
            shown: VecDeque::new(),
            first: 0,
            look: Arc::new(look),
            looks: 0,
            hits: 0,
            next_id: 0,
            patterns: Patterns::default(),
            sources: Vec::new(),
            sources_version: 0,
            left_out: 0,
            failure: None,
        }
    }

    /// Keeps on disk what memory gives up.
    pub(super) fn spilling(self, into: Spill) -> Self {
        Self {
            spill: Some(into),
            ..self
        }
    }

    /// Takes a container in; answers the id its lines carry.
    pub(super) fn source(
        &mut self,
        (namespace, pod, uid): (&str, &str, &str),
        container: &str,
    ) -> u32 {
        let id = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        self.sources.push(Source {
            told: LogSource {
                id,
                namespace: namespace.into(),
                pod: pod.into(),
                container: container.into(),
                state: LogState::Opening,
                lines: 0,
            },
            uid: uid.into(),
            order: i64::MIN,
        });
        self.sources_version += 1;
        id
    }

    /// Says how a container is read now.
    pub(super) fn state(&mut self, source: u32, state: LogState) {
        if let Some(source) = self.sources.get_mut(source as usize)
            && source.told.state != state
        {
            source.told.state = state;
            self.sources_version += 1;
        }
    }

    /// Whether there are at most so many containers.
    pub(super) fn few(&self, most: usize) -> bool {
        self.sources.len() <= most
    }

    /// Every container that is or was read.
    pub(super) fn sources(&self) -> Vec<LogSource> {
        self.sources
            .iter()
            .map(|source| source.told.clone())
            .collect()
    }

    /// Takes lines of one source in, in the order they were written.
    pub(super) fn add(&mut self, source: u32, lines: Vec<(Written, Option<LogLevel>)>) {
        let Some(origin) = self.sources.get_mut(source as usize) else {
            return;
        };
        if lines.is_empty() {
            return;
        }
        origin.told.lines += lines.len() as u64;
        for (written, level) in lines {
            let at = written.at.unwrap_or(origin.order.max(0));
            origin.order = origin.order.max(at);
            self.patterns.add(&written.text, level, at, source);
            let kept = Kept {
                order: origin.order,
                at,
                id: self.next_id,
                source,
                level,
                remark: false,
                cut: written.cut,
                text: written.text,
            };
            self.next_id += 1;
            let seen = self.look.judge(&kept);
            let line = Line { kept, seen };
            self.pending_weight += line.weight();
            self.pending.push(line);
        }
        if self.pending_weight > PENDING {
            self.merge();
        }
    }

    /// Puts a remark of the app behind the last line of a source.
    pub(super) fn remark(&mut self, source: u32, at: Option<i64>, text: &str) {
        let Some(origin) = self.sources.get_mut(source as usize) else {
            return;
        };
        let order = origin.order.max(at.unwrap_or(0)).max(0);
        origin.order = order;
        let kept = Kept {
            order,
            at: order,
            id: self.next_id,
            source,
            level: None,
            remark: true,
            cut: 0,
            text: text.as_bytes().into(),
        };
        self.next_id += 1;
        let seen = self.look.judge(&kept);
        let line = Line { kept, seen };
        self.pending_weight += line.weight();
        self.pending.push(line);
    }

    /// Looks at the same lines in another way. What is on disk has to be looked through then.
    pub(super) fn look(&mut self, look: Look) {
        self.look = Arc::new(look);
        self.looks += 1;
        for line in self.lines.iter_mut().chain(&mut self.pending) {
            line.seen = self.look.judge(&line.kept);
        }
        self.hits = self.lines.iter().filter(|line| line.seen.hit).count() as u64;
        let disk = self.disk();
        // However many of the older lines are shown, they have numbers before these.
        self.first = disk.end - disk.start;
        self.older = Older::begin(&self.look, &disk);
        self.shown.clear();
        self.number(0);
    }

    /// Numbers the shown lines from an index on.
    fn number(&mut self, from: usize) {
        let (base, shown) = (self.given_up, &mut self.shown);
        let lines = self.lines.range(from..).enumerate();
        let places = lines.filter(|(_, line)| line.seen.shown);
        shown.extend(places.map(|(index, _)| base + (from + index) as u64));
    }

    /// Puts new lines in their places, and gives up what is too much.
    pub(super) fn merge(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let mut new = std::mem::take(&mut self.pending);
        self.weight += std::mem::take(&mut self.pending_weight);
        new.sort_by_key(|line| line.kept.order);
        for line in &new {
            self.hits += u64::from(line.seen.hit);
            self.figures.take(&line.kept);
        }
        let earliest = new.first().map_or(i64::MAX, |line| line.kept.order);
        let from = self
            .lines
            .partition_point(|line| line.kept.order <= earliest);
        let place = self.given_up + from as u64;
        self.shown
            .truncate(self.shown.partition_point(|shown| *shown < place));
        let tail = self.lines.split_off(from);
        let (mut old, mut new) = (tail.into_iter().peekable(), new.into_iter().peekable());
        self.lines.reserve(old.len() + new.len());
        while let (Some(left), Some(right)) = (old.peek(), new.peek()) {
            // What was there first stays first.
            let next = if left.kept.order <= right.kept.order {
                old.next()
            } else {
                new.next()
            };
            self.lines.extend(next);
        }
        self.lines.extend(old);
        self.lines.extend(new);
        self.number(from);
        self.give_up();
    }

    fn give_up(&mut self) {
        let mut out = Vec::new();
        while self.weight > self.bounds.bytes || self.lines.len() > self.bounds.lines {
            let Some(line) = self.lines.pop_front() else {
                break;
            };
            self.weight -= line.weight();
            self.hits -= u64::from(line.seen.hit);
            self.figures -= Figures::of(&line.kept);
            if self.shown.front() == Some(&self.given_up) {
                self.shown.pop_front();
                self.first += 1;
            }
            let place = self.given_up;
            self.given_up += 1;
            self.given_up_bytes += line.kept.text.len() as u64;
            if self.spill.is_some() {
                self.older.push(place, line.seen);
                out.push(line.kept);
            }
        }
        match self.spill.as_mut().map(|spill| spill.add(&out)) {
            None => {}
            Some(Ok(())) => self.older.forget(self.disk().start),
            // Half a file would be read as a whole one.
            Some(Err(error)) => self.lose_older(&error),
        }
    }
}

#[cfg(test)]
mod tests;
