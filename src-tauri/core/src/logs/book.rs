//! The lines that are held: merged in time order, bounded, numbered as the view shows them.
//!
//! Adding never blocks on a reader and loses nothing; what goes beyond the bound goes to disk from the
//! oldest on, and what goes beyond that is given up and counted.

use std::collections::VecDeque;

use kubegraf_ipc::logs::{LogHead, LogLevel, LogLine, LogPatterns, LogPlace, LogSource, LogState};

use super::{
    display,
    line::Written,
    look::{Look, Seen},
    patterns::Patterns,
    record,
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
    /// What lines are ordered by: the time, but never before an earlier line of the same source.
    order: i64,
    /// Nanoseconds since the epoch.
    at: i64,
    id: u64,
    source: u32,
    level: Option<LogLevel>,
    remark: bool,
    seen: Seen,
    cut: u64,
    text: Box<[u8]>,
}

impl Line {
    fn weight(&self) -> usize {
        size_of::<Self>() + self.text.len()
    }

    fn kept(self) -> Kept {
        let Self {
            order,
            at,
            id,
            source,
            level,
            remark,
            cut,
            text,
            ..
        } = self;
        Kept {
            order,
            at,
            id,
            source,
            level,
            remark,
            cut,
            text,
        }
    }

    fn of(kept: Kept, look: &Look) -> Self {
        let Kept {
            order,
            at,
            id,
            source,
            level,
            remark,
            cut,
            text,
        } = kept;
        Self {
            seen: look.judge(&text, level, source, remark),
            order,
            at,
            id,
            source,
            level,
            remark,
            cut,
            text,
        }
    }
}

/// A container that is read.
struct Source {
    told: LogSource,
    order: i64,
}

/// The lines.
pub(super) struct Book {
    bounds: Bounds,
    lines: VecDeque<Line>,
    weight: usize,
    pending: Vec<Line>,
    pending_weight: usize,
    /// Lines that memory has given up: the place of the first held line among all.
    given_up: u64,
    given_up_bytes: u64,
    /// Where they went.
    spill: Option<Spill>,
    /// Places (counted from the very first line) of the lines that are shown, in order.
    shown: VecDeque<u64>,
    /// Number of the first shown line.
    first: u64,
    look: Look,
    hits: u64,
    errors: u64,
    warnings: u64,
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
            given_up: 0,
            given_up_bytes: 0,
            spill: None,
            shown: VecDeque::new(),
            first: 0,
            look,
            hits: 0,
            errors: 0,
            warnings: 0,
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

    /// Lines on disk.
    fn on_disk(&self) -> u64 {
        self.spill.as_ref().map_or(0, Spill::lines)
    }

    /// Lines on disk that have numbers: all of them or none.
    fn shown_on_disk(&self) -> u64 {
        if self.look.shows_all() {
            self.on_disk()
        } else {
            0
        }
    }

    /// Takes a container in; answers the id its lines carry.
    pub(super) fn source(&mut self, namespace: &str, pod: &str, container: &str) -> u32 {
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
            let seen = self.look.judge(&written.text, level, source, false);
            self.patterns.add(&written.text, level, at, source);
            let line = Line {
                order: origin.order,
                at,
                id: self.next_id,
                source,
                level,
                remark: false,
                seen,
                cut: written.cut,
                text: written.text,
            };
            self.next_id += 1;
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
        let line = Line {
            order,
            at: order,
            id: self.next_id,
            source,
            level: None,
            remark: true,
            seen: self.look.judge(&[], None, source, true),
            cut: 0,
            text: text.as_bytes().into(),
        };
        self.next_id += 1;
        self.pending_weight += line.weight();
        self.pending.push(line);
    }

    /// Looks at the same lines in another way.
    pub(super) fn look(&mut self, look: Look) {
        self.look = look;
        self.hits = 0;
        for line in self.lines.iter_mut().chain(&mut self.pending) {
            line.seen = self
                .look
                .judge(&line.text, line.level, line.source, line.remark);
        }
        self.hits = self.lines.iter().filter(|line| line.seen.hit).count() as u64;
        self.first = self.shown_on_disk();
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
        new.sort_by_key(|line| line.order);
        for line in &new {
            self.hits += u64::from(line.seen.hit);
            self.count(line.level, 1);
        }
        let earliest = new.first().map_or(i64::MAX, |line| line.order);
        let from = self.lines.partition_point(|line| line.order <= earliest);
        let place = self.given_up + from as u64;
        self.shown
            .truncate(self.shown.partition_point(|shown| *shown < place));
        let tail = self.lines.split_off(from);
        let (mut old, mut new) = (tail.into_iter().peekable(), new.into_iter().peekable());
        self.lines.reserve(old.len() + new.len());
        while let (Some(left), Some(right)) = (old.peek(), new.peek()) {
            // What was there first stays first.
            let next = if left.order <= right.order {
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
            self.count(line.level, -1);
            if self.shown.front() == Some(&self.given_up) {
                self.shown.pop_front();
                self.first += 1;
            }
            self.given_up += 1;
            self.given_up_bytes += line.text.len() as u64;
            if self.spill.is_some() {
                out.push(line.kept());
            }
        }
        if let Some(spill) = &mut self.spill
            && let Err(error) = spill.add(&out)
        {
            // Half a file would be read as a whole one.
            tracing::warn!(%error, "older lines of a log cannot be kept on disk");
            self.spill = None;
        }
    }

    fn count(&mut self, level: Option<LogLevel>, by: i64) {
        match level {
            Some(LogLevel::Error | LogLevel::Fatal) => {
                self.errors = self.errors.saturating_add_signed(by);
            }
            Some(LogLevel::Warn) => self.warnings = self.warnings.saturating_add_signed(by),
            Some(LogLevel::Trace | LogLevel::Debug | LogLevel::Info) | None => {}
        }
    }

    /// The figures.
    pub(super) fn head(&self) -> LogHead {
        let first = self.first - self.shown_on_disk();
        let kept = self
            .spill
            .as_ref()
            .map_or((0, 0), |spill| (spill.lines(), spill.text()));
        LogHead {
            first,
            start: first,
            on_disk: kept.0,
            end: self.first + self.shown.len() as u64,
            held: self.lines.len() as u64,
            hits: self.hits,
            given_up: self.given_up - kept.0,
            given_up_bytes: self.given_up_bytes - kept.1,
            errors: self.errors,
            warnings: self.warnings,
            left_out: self.left_out,
            failure: self.failure.clone(),
        }
    }

    /// The slice at a place.
    pub(super) fn slice(&self, place: LogPlace, count: u32) -> (u64, Vec<LogLine>) {
        let count = count as usize;
        let end = self.first + self.shown.len() as u64;
        let oldest = self.first - self.shown_on_disk();
        let start = match place {
            LogPlace::End => end.saturating_sub(count as u64).max(self.first),
            LogPlace::Line { number } => number.clamp(oldest, end),
            LogPlace::Time { time } => self.since(time.saturating_mul(1_000_000)),
        };
        let mut lines: Vec<LogLine> = self
            .older_lines(start, count)
            .iter()
            .map(|line| self.told(line))
            .collect();
        // What could not be read is not shown as if it were there.
        let start = if start < self.first && lines.is_empty() {
            self.first
        } else {
            start
        };
        let held = self.index(start);
        let rest = (held + count - lines.len()).min(self.shown.len());
        let places = self.shown.range(held.min(rest)..rest);
        let more = places.filter_map(|place| self.at(*place));
        lines.extend(more.map(|line| self.told(line)));
        (start, lines)
    }

    /// Number of the first shown line that is not before a time, nanoseconds since the epoch.
    fn since(&self, time: i64) -> u64 {
        let is_held = self.lines.front().is_some_and(|line| line.order < time);
        let oldest = self.first - self.shown_on_disk();
        if let Some(spill) = self
            .spill
            .as_ref()
            .filter(|_| !is_held && oldest < self.first)
            && let Ok(Some(index)) = spill.since(time)
        {
            return oldest + index;
        }
        let before = self
            .shown
            .partition_point(|place| self.at(*place).is_some_and(|line| line.order < time));
        self.first + before as u64
    }

    /// Lines from a number on that are on disk.
    fn older_lines(&self, from: u64, count: usize) -> Vec<Line> {
        let oldest = self.first - self.shown_on_disk();
        let Some(spill) = self
            .spill
            .as_ref()
            .filter(|_| (oldest..self.first).contains(&from))
        else {
            return Vec::new();
        };
        let kept = spill.read(from - oldest, count).unwrap_or_else(|error| {
            tracing::warn!(%error, "older lines of a log cannot be read from disk");
            Vec::new()
        });
        kept.into_iter()
            .map(|kept| Line::of(kept, &self.look))
            .collect()
    }

    fn told(&self, line: &Line) -> LogLine {
        let query = self.look.query().filter(|_| line.seen.hit);
        let data = self.look.fields && !line.remark && line.cut == 0;
        let record = data.then(|| record::read(&display::plain(&line.text)));
        let (parts, more) = match record.flatten() {
            Some(record) => display::record_parts(&record, query),
            None => display::parts(&line.text, query),
        };
        LogLine {
            id: line.id,
            source: line.source,
            at: line.at / 1_000_000,
            level: line.level,
            remark: line.remark,
            hit: line.seen.hit,
            parts,
            more: more + line.cut,
        }
    }

    fn at(&self, place: u64) -> Option<&Line> {
        let index = usize::try_from(place.checked_sub(self.given_up)?).ok()?;
        self.lines.get(index)
    }

    fn index(&self, number: u64) -> usize {
        usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX)
    }

    /// What the grave lines have in common, and how many are in none.
    pub(super) fn patterns(&self) -> LogPatterns {
        let (patterns, others) = self.patterns.told();
        LogPatterns { patterns, others }
    }

    /// The next shown line that holds the query.
    pub(super) fn find(&self, from: u64, backwards: bool) -> Option<u64> {
        let hit = |index: &usize| {
            let place = self.shown.get(*index).and_then(|place| self.at(*place));
            place.is_some_and(|line| line.seen.hit)
        };
        let at = self.index(from).min(self.shown.len());
        let found = if backwards && from >= self.first {
            (0..at).rev().find(hit)
        } else if backwards {
            None
        } else {
            let after = if from < self.first { 0 } else { at + 1 };
            (after..self.shown.len()).find(hit)
        };
        found.map(|index| self.first + index as u64)
    }

    /// Writes shown lines as they were written; answers how many there were.
    ///
    /// # Errors
    /// When the writer fails.
    pub(super) fn write(
        &self,
        from: u64,
        count: usize,
        prefixed: bool,
        into: &mut impl std::io::Write,
    ) -> std::io::Result<u64> {
        let older = self.older_lines(from, count);
        for line in &older {
            self.write_line(line, prefixed, into)?;
        }
        let start = self.index(from).min(self.shown.len());
        let end = start
            .saturating_add(count - older.len())
            .min(self.shown.len());
        for place in self.shown.range(start..end) {
            if let Some(line) = self.at(*place) {
                self.write_line(line, prefixed, into)?;
            }
        }
        Ok((older.len() + end - start) as u64)
    }

    fn write_line(
        &self,
        line: &Line,
        prefixed: bool,
        into: &mut impl std::io::Write,
    ) -> std::io::Result<()> {
        if prefixed {
            let source = self
                .sources
                .get(line.source as usize)
                .map(|source| &source.told);
            let (pod, container) =
                source.map_or(("", ""), |source| (&source.pod, &source.container));
            write!(into, "{} {pod}/{container} ", stamp(line.at))?;
        }
        if line.remark {
            into.write_all(b"--- ")?;
        }
        into.write_all(&line.text)?;
        if line.cut > 0 {
            write!(into, " --- {} more bytes", line.cut)?;
        }
        into.write_all(b"\n")
    }
}

fn stamp(nanoseconds: i64) -> String {
    use time::{OffsetDateTime, format_description::well_known::Rfc3339};
    let at = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds.into());
    at.ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
