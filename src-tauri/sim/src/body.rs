//! The body of an answer: bytes at hand, or a stream that goes on.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use http_body::{Frame, SizeHint};

pub(crate) type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// What [`crate::SimService`] answers with.
pub struct SimBody(State);

enum State {
    /// Everything is known.
    Whole(Bytes),
    /// Chunks as they come: a watch, a followed log, a slowed answer.
    Flowing(Chunks),
    /// Nothing more to come.
    Done,
}

impl SimBody {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self(State::Whole(bytes.into()))
    }

    pub(crate) fn flowing(chunks: Chunks) -> Self {
        Self(State::Flowing(chunks))
    }

    pub(crate) fn into_chunks(self) -> Chunks {
        match self.0 {
            State::Whole(bytes) => Box::pin(futures::stream::iter([Ok(bytes)])),
            State::Flowing(chunks) => chunks,
            State::Done => Box::pin(futures::stream::empty()),
        }
    }
}

impl http_body::Body for SimBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.0 {
            State::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = State::Done;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            State::Flowing(chunks) => chunks
                .as_mut()
                .poll_next(cx)
                .map(|c| c.map(|r| r.map(Frame::data))),
            State::Done => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, State::Done)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            State::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            State::Flowing(_) => SizeHint::default(),
            State::Done => SizeHint::with_exact(0),
        }
    }
}

impl std::fmt::Debug for SimBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SimBody")
    }
}
