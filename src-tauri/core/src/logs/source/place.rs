//! How far a log was read: what comes again is skipped, and what is lost in between is noticed.

use crate::logs::line::Written;

/// How far the log was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// Time of the last line, nanoseconds.
    pub(super) last: Option<i64>,
    /// How many lines have that time.
    same: u32,
    /// Whether the last line belongs to the run that is read next, so that it must come again.
    pub(super) same_run: bool,
}

impl Place {
    /// Takes note of a line that was read.
    pub(super) fn advance(&mut self, at: Option<i64>) {
        match (at, self.last) {
            (Some(at), Some(last)) if at == last => self.same += 1,
            // A clock that was set back must not make old lines look new.
            (Some(at), Some(last)) if at < last => {}
            (Some(at), _) => (self.last, self.same) = (Some(at), 1),
            (None, _) => {}
        }
    }
}

/// What one answer has given.
pub(super) struct Reading {
    /// Up to here lines were read before, and how many of the last moment.
    again: Option<(i64, u32)>,
    /// Whether the last line must come again.
    must: bool,
    came: bool,
    /// Whether a line came that is beyond what was asked for.
    pub(super) over: bool,
    /// Lines that were not read before.
    pub(super) new: u64,
    /// What stood there instead of a log.
    pub(super) no_log: Option<String>,
}

/// What a line of an answer is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Read before.
    Again,
    /// Read for the first time.
    New,
    /// The same, and what stood before it is lost.
    AfterGap,
}

impl Reading {
    /// Begins behind what was read.
    pub(super) fn of(place: &Place) -> Self {
        Self {
            again: place.last.map(|last| (last, place.same)),
            must: place.same_run,
            came: false,
            over: false,
            new: 0,
            no_log: None,
        }
    }

    /// Tells what a line is; lines come in the order they were written.
    pub(super) fn take(&mut self, line: &Written) -> Taken {
        let (Some((last, left)), Some(at)) = (&mut self.again, line.at) else {
            return Taken::New;
        };
        if at < *last {
            return Taken::Again;
        }
        if at == *last && *left > 0 {
            *left -= 1;
            self.came = true;
            return Taken::Again;
        }
        self.again = None;
        if self.must && !self.came {
            Taken::AfterGap
        } else {
            Taken::New
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: i64, text: &str) -> Written {
        Written {
            at: Some(at),
            text: text.as_bytes().into(),
            cut: 0,
        }
    }

    /// Reads answers one after another as a source does.
    fn read(place: &mut Place, answer: &[(i64, &str)], run_goes_on: bool) -> (Vec<String>, bool) {
        place.same_run = run_goes_on && place.last.is_some();
        let mut reading = Reading::of(place);
        let (mut kept, mut gap) = (Vec::new(), false);
        for (at, text) in answer {
            let line = line(*at, text);
            match reading.take(&line) {
                Taken::Again => continue,
                Taken::New => {}
                Taken::AfterGap => gap = true,
            }
            place.advance(line.at);
            kept.push((*text).to_owned());
        }
        (kept, gap)
    }

    #[test]
    fn what_comes_again_is_skipped_and_nothing_else() {
        let mut place = Place::default();
        let (kept, gap) = read(&mut place, &[(10, "a"), (20, "b"), (20, "c")], true);
        assert_eq!((kept.len(), gap), (3, false));
        // The server begins at the whole second: before what was read last.
        let again = [(10, "a"), (20, "b"), (20, "c"), (20, "d"), (30, "e")];
        assert_eq!(
            read(&mut place, &again, true),
            (vec!["d".into(), "e".into()], false)
        );
        assert_eq!(
            read(&mut place, &[(20, "d"), (30, "e")], true),
            (vec![], false)
        );
    }

    #[test]
    fn a_log_cut_in_between_is_told() {
        let mut place = Place::default();
        read(&mut place, &[(10, "a"), (20, "b")], true);
        assert_eq!(
            read(&mut place, &[(40, "z")], true),
            (vec!["z".into()], true)
        );
        // A new run does not begin with the last line of the old one.
        assert_eq!(
            read(&mut place, &[(50, "first")], false),
            (vec!["first".into()], false)
        );
    }

    #[test]
    fn a_clock_set_back_makes_nothing_new() {
        let mut place = Place::default();
        read(&mut place, &[(100, "a"), (50, "b"), (100, "c")], true);
        assert_eq!((place.last, place.same), (Some(100), 2));
    }
}
