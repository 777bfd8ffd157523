//! What a book answers about its lines: figures, slices, places, finds and text.

use kubegraf_ipc::{
    logs::{LogHead, LogLine, LogPatterns, LogPlace},
    object::ObjectRef,
};

use super::{Book, Line, Source};
use crate::{
    incidents::Repeat,
    logs::{
        display,
        figures::Figures,
        record,
        spill::{Kept, Spill},
    },
};

/// What a search for the next hit has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Find {
    /// The number of its line.
    At(u64),
    /// There is none in that direction.
    Nothing,
    /// It may be among the older lines, which are not all looked through yet.
    Unsearched,
}

impl Book {
    /// The figures.
    pub(in super::super) fn head(&self) -> LogHead {
        let first = self.first - self.shown_on_disk();
        let kept = self
            .spill
            .as_ref()
            .map_or_else(Figures::default, Spill::figures);
        let all = self.figures + kept;
        LogHead {
            first,
            start: first,
            on_disk: kept.lines,
            unsearched: self.unsearched(),
            end: self.first + self.shown.len() as u64,
            held: self.lines.len() as u64,
            hits: self.hits + self.older.hits(),
            given_up: self.given_up - kept.lines,
            given_up_bytes: self.given_up_bytes - kept.bytes,
            errors: all.errors,
            warnings: all.warnings,
            left_out: self.left_out,
            failure: self.failure.clone(),
        }
    }

    /// The slice at a place.
    pub(in super::super) fn slice(&self, place: LogPlace, count: u32) -> (u64, Vec<LogLine>) {
        let count = count as usize;
        let end = self.first + self.shown.len() as u64;
        let oldest = self.first - self.shown_on_disk();
        let start = match place {
            LogPlace::End => end.saturating_sub(count as u64).max(oldest),
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
        let is_held = self
            .lines
            .front()
            .is_some_and(|line| line.kept.order < time);
        let disk = self.disk();
        if let Some(spill) = self.spill.as_ref().filter(|_| !is_held)
            && let Ok(Some(index)) = spill.since(time)
        {
            let before = self.older.shown_before(disk.start + index, &disk);
            return self.first - self.shown_on_disk() + before;
        }
        let before = self
            .shown
            .partition_point(|place| self.at(*place).is_some_and(|line| line.kept.order < time));
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
        let (index, disk) = (from - oldest, self.disk());
        let wanted = index..index.saturating_add(count as u64);
        let places = self.older.places(wanted, &disk);
        let kept = spill.pick(places.map(|place| place - disk.start));
        let kept = kept.unwrap_or_else(|error| {
            tracing::warn!(%error, "older lines of a log cannot be read from disk");
            Vec::new()
        });
        kept.into_iter()
            .map(|kept| Line {
                seen: self.look.judge(&kept),
                kept,
            })
            .collect()
    }

    fn told(&self, Line { kept, seen }: &Line) -> LogLine {
        let query = self.look.query().filter(|_| seen.hit);
        let data = self.look.fields && !kept.remark && kept.cut == 0;
        let record = data.then(|| record::read(&display::plain(&kept.text)));
        let (parts, more) = match record.flatten() {
            Some(record) => display::record_parts(&record, query),
            None => display::parts(&kept.text, query),
        };
        LogLine {
            id: kept.id,
            source: kept.source,
            at: kept.at / 1_000_000,
            level: kept.level,
            remark: kept.remark,
            hit: seen.hit,
            parts,
            more: more + kept.cut,
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
    pub(in super::super) fn patterns(&self) -> LogPatterns {
        let (patterns, others) = self.patterns.told();
        LogPatterns { patterns, others }
    }

    /// Errors that containers repeat.
    pub(in super::super) fn repeats(&self) -> Vec<Repeat> {
        let told = self.patterns.repeats.told();
        told.filter_map(|(source, pattern, run)| {
            let Source { told, uid, .. } = self.sources.get(source as usize)?;
            Some(Repeat {
                pod: ObjectRef {
                    api_version: "v1".into(),
                    kind: "Pod".into(),
                    namespace: told.namespace.clone(),
                    name: told.pod.clone(),
                    uid: (!uid.is_empty()).then(|| uid.clone()),
                },
                container: told.container.clone(),
                pattern: pattern.to_owned(),
                count: run.count,
                first: run.first.div_euclid(1_000_000_000),
                last: run.last.div_euclid(1_000_000_000),
                sample: run.sample.clone(),
                read_until: None,
            })
        })
        .collect()
    }

    /// The next shown line that holds the query.
    pub(in super::super) fn find(&self, from: u64, backwards: bool) -> Find {
        let hit = |index: &usize| {
            let place = self.shown.get(*index).and_then(|place| self.at(*place));
            place.is_some_and(|line| line.seen.hit)
        };
        let held = |index: usize| Find::At(self.first + index as u64);
        let at = self.index(from).min(self.shown.len());
        if from >= self.first {
            let found = if backwards {
                (0..at).rev().find(hit).map(held)
            } else {
                return (at + 1..self.shown.len())
                    .find(hit)
                    .map_or(Find::Nothing, held);
            };
            return found.unwrap_or_else(|| self.find_older(None, true));
        }
        let oldest = self.first - self.shown_on_disk();
        let place = from.checked_sub(oldest).and_then(|index| {
            let mut places = self.older.places(index..index + 1, &self.disk());
            places.next()
        });
        if backwards {
            // Nothing that has a number is before the oldest.
            return self.find_older(Some(place.unwrap_or(0)), true);
        }
        match self.find_older(place, false) {
            Find::Nothing => (0..self.shown.len()).find(hit).map_or(Find::Nothing, held),
            found => found,
        }
    }

    /// The next hit on disk beyond a place, or among all of it.
    fn find_older(&self, beyond: Option<u64>, backwards: bool) -> Find {
        let disk = self.disk();
        let next = beyond.map_or(disk.start, |place| place + 1);
        let unsearched = self.unsearched() > 0;
        if !backwards && unsearched && next < self.older.searched() {
            return Find::Unsearched;
        }
        match self.older.hit(beyond, backwards) {
            Some(place) => {
                let oldest = self.first - self.shown_on_disk();
                Find::At(oldest + self.older.shown_before(place, &disk))
            }
            None if unsearched && backwards => Find::Unsearched,
            None => Find::Nothing,
        }
    }

    /// Writes shown lines as they were written; answers how many there were.
    ///
    /// # Errors
    /// When the writer fails.
    pub(in super::super) fn write(
        &self,
        from: u64,
        count: usize,
        prefixed: bool,
        into: &mut impl std::io::Write,
    ) -> std::io::Result<u64> {
        let older = self.older_lines(from, count);
        for line in &older {
            self.write_line(&line.kept, prefixed, into)?;
        }
        let start = self.index(from).min(self.shown.len());
        let end = start
            .saturating_add(count - older.len())
            .min(self.shown.len());
        for place in self.shown.range(start..end) {
            if let Some(line) = self.at(*place) {
                self.write_line(&line.kept, prefixed, into)?;
            }
        }
        Ok((older.len() + end - start) as u64)
    }

    fn write_line(
        &self,
        line: &Kept,
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
