//! Request ids: a change that arrives twice runs once.

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use kubegraf_ipc::{Code, Error};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::sync::OnceCell;

/// Answers remembered; a resent request comes within seconds.
const REMEMBERED: usize = 1000;

type Answer = Arc<OnceCell<Result<Value, Error>>>;

/// The answers given lately.
#[derive(Default)]
pub(crate) struct Requests(Mutex<Lately>);

#[derive(Default)]
struct Lately {
    answers: HashMap<String, Answer>,
    order: VecDeque<String>,
}

impl Requests {
    /// Runs the work, or answers what the first arrival of this id was answered.
    pub(crate) async fn once<T>(
        &self,
        id: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error>
    where
        T: Serialize + DeserializeOwned,
    {
        if id.is_empty() {
            return Err(Error::new(Code::InvalidArgument, "requestId is empty"));
        }
        let answer = self.answer(id);
        let given = answer
            .get_or_init(|| async { serde_json::to_value(work.await?).map_err(|e| lost(&e)) })
            .await;
        serde_json::from_value(given.clone()?).map_err(|e| lost(&e))
    }

    /// Forgets every answer.
    pub(crate) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Lately::default();
    }

    fn answer(&self, id: &str) -> Answer {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = lately.answers.get(id) {
            return Arc::clone(answer);
        }
        if lately.order.len() == REMEMBERED
            && let Some(oldest) = lately.order.pop_front()
        {
            lately.answers.remove(&oldest);
        }
        lately.order.push_back(id.to_owned());
        Arc::clone(lately.answers.entry(id.to_owned()).or_default())
    }
}

fn lost(error: &serde_json::Error) -> Error {
    Error::new(Code::Internal, "the answer cannot be written down").with_detail(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Covers: ERR-04
    #[tokio::test]
    async fn a_resent_request_runs_once_and_gets_the_same_answer() {
        let (requests, runs) = (Requests::default(), AtomicU32::new(0));
        let run =
            |id: &'static str| requests.once(id, async { Ok(runs.fetch_add(1, Ordering::SeqCst)) });
        let (first, resent) = tokio::join!(run("a"), run("a"));
        assert_eq!((first, resent), (Ok(0), Ok(0)));
        assert_eq!(run("b").await, Ok(1));
        assert_eq!(run("").await.unwrap_err().code, Code::InvalidArgument);
    }
}
