//! One program in a container, run to its end without a terminal.

use std::time::Duration;

use futures::StreamExt;
use http::Request;
use kube::Client;
use kubegraf_ipc::terminal::{MOST_SAID, RunOutput};
use tokio_tungstenite::tungstenite::Message;

use super::{
    container::{OPEN, ended},
    place::{Place, Wires},
};

/// A program that runs longer belongs into a terminal.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs a program; what cannot be run is said in the answer.
pub(crate) async fn run(client: &Client, place: &Place, words: &[String]) -> RunOutput {
    let mut said = Said::default();
    let outcome = tokio::time::timeout(LIMIT, said.hear(client, place, words)).await;
    let reason = match outcome {
        Ok(Ok(())) => None,
        Ok(Err(reason)) => Some(reason),
        Err(_) => Some(format!(
            "it runs on after {} s; its connection was closed",
            LIMIT.as_secs()
        )),
    };
    RunOutput {
        stdout: String::from_utf8_lossy(&said.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&said.stderr).into_owned(),
        left_out: said.left_out,
        exit_code: said.exit_code.filter(|_| reason.is_none()),
        reason,
    }
}

#[derive(Default)]
struct Said {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    left_out: u64,
    exit_code: Option<i32>,
}

impl Said {
    async fn hear(
        &mut self,
        client: &Client,
        place: &Place,
        words: &[String],
    ) -> Result<(), String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let wires = Wires {
            stdin: false,
            tty: false,
        };
        let request = Request::get(place.exec(&words, wires)).body(Vec::new());
        let request = request.map_err(|error| error.to_string())?;
        let mut from_pod = match tokio::time::timeout(OPEN, client.connect(request)).await {
            Ok(Ok(connection)) => connection.into_stream(),
            Ok(Err(kube::Error::Api(status))) => return Err(status.message),
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err(format!("no answer within {} s", OPEN.as_secs())),
        };
        while let Some(message) = from_pod.next().await {
            let bytes = match message {
                Ok(Message::Binary(bytes)) => bytes,
                Ok(Message::Close(_)) => break,
                Ok(_) => continue,
                Err(error) => return Err(format!("the connection broke: {error}")),
            };
            match bytes.split_first() {
                Some((1, data)) => self.left_out += keep(&mut self.stdout, data),
                Some((2, data)) => self.left_out += keep(&mut self.stderr, data),
                Some((3, status)) => {
                    let end = ended(status);
                    self.exit_code = end.exit_code;
                    return end.reason.map_or(Ok(()), Err);
                }
                Some(_) | None => {}
            }
        }
        Err("the connection was closed: the pod or its node may be gone".into())
    }
}

/// Keeps what there is room for; answers how many bytes are left out.
fn keep(into: &mut Vec<u8>, data: &[u8]) -> u64 {
    let kept = data.len().min(MOST_SAID.saturating_sub(into.len()));
    into.extend_from_slice(&data[..kept]);
    (data.len() - kept) as u64
}
