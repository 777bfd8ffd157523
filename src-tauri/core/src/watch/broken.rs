//! Why a list or a watch ended, and what follows from it.

use std::time::Duration;

use crate::wire::Malformed;

/// A server may ask for this much patience at most.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Why a list or a watch ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// The user may not do it.
    #[error("{message}")]
    Forbidden {
        /// `list` or `watch`.
        verb: &'static str,
        /// The server's words.
        message: String,
    },
    /// The version is too old: what was missed can only be listed again.
    #[error("{message}")]
    Gone {
        /// The server's words.
        message: String,
    },
    /// The server refused for now.
    #[error("{message}")]
    Refused {
        /// HTTP status.
        code: u16,
        /// The server's words.
        message: String,
        /// How long it asks to be left alone.
        after: Option<Duration>,
    },
    /// Nothing came for this long.
    #[error("nothing came for {seconds} s")]
    Silent {
        /// How long.
        seconds: u64,
    },
    /// The answer ended in the middle of an event.
    #[error("the answer was cut off")]
    Cut,
    /// The answer is longer than anything Kubernetes sends.
    #[error("the answer has more than {bytes} bytes in one piece")]
    TooLarge {
        /// The limit.
        bytes: usize,
    },
    /// An event of a type that does not exist.
    #[error("the server sent an event of type \"{type}\"")]
    Unknown {
        /// The type.
        r#type: String,
    },
    /// The answer cannot be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The request failed.
    #[error("{verb} failed: {reason}")]
    Other {
        /// `list` or `watch`.
        verb: &'static str,
        /// The innermost cause, which says more than the layers around it.
        reason: String,
    },
}

impl Broken {
    pub(super) fn of_status(
        verb: &'static str,
        code: u16,
        message: String,
        retry_after: Option<u64>,
    ) -> Self {
        match code {
            403 => Self::Forbidden { verb, message },
            410 => Self::Gone { message },
            _ => Self::Refused {
                code,
                message,
                after: retry_after.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT)),
            },
        }
    }

    pub(super) fn of_client(verb: &'static str, error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => {
                let after = status
                    .details
                    .as_ref()
                    .map(|d| u64::from(d.retry_after_seconds));
                Self::of_status(
                    verb,
                    status.code,
                    status.message.clone(),
                    after.filter(|&s| s > 0),
                )
            }
            error => Self::other(verb, error),
        }
    }

    pub(super) fn other(
        verb: &'static str,
        error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        let error = error.into();
        let mut innermost: &dyn std::error::Error = &*error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        Self::Other {
            verb,
            reason: innermost.to_string(),
        }
    }

    /// How long the server asks to be left alone; at most 30 s, whatever it says.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { after, .. } => *after,
            _ => None,
        }
    }
}

/// Growing pauses between attempts.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(250);
    const LONGEST: Duration = Duration::from_secs(20);

    pub(super) const fn new() -> Self {
        Self { next: Self::FIRST }
    }

    /// An attempt succeeded: the next failure starts over.
    pub(super) const fn reset(&mut self) {
        self.next = Self::FIRST;
    }

    /// The pause before the next attempt: between half and the whole of a doubling time, so that
    /// clients that failed together do not come back together.
    pub(super) fn pause(&mut self) -> Duration {
        let pause = self.next.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.next = (self.next * 2).min(Self::LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_patience_is_capped() {
        let broken = Broken::of_status("list", 429, "slow down".into(), Some(1_000_000));
        assert_eq!(broken.retry_after(), Some(LONGEST_WAIT));
    }

    #[test]
    fn pauses_grow_to_a_limit_and_start_over() {
        let mut backoff = Backoff::new();
        let pauses: Vec<_> = (0..12).map(|_| backoff.pause()).collect();
        assert!(pauses[0] <= Backoff::FIRST);
        assert!(pauses[11] >= Backoff::LONGEST / 2 && pauses[11] <= Backoff::LONGEST);
        backoff.reset();
        assert!(backoff.pause() <= Backoff::FIRST);
    }
}
