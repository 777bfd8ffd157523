//! A program in a container, over one WebSocket.

use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, SinkExt, StreamExt};
use http::Request;
use kube::Client;
use kubegraf_ipc::terminal::{InPod, TerminalEnd, TerminalSize};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{
    Ending, FLOOD, GATHER, Input, Line, MOST_SAID_AT_ONCE,
    place::{Place, Wires},
};

/// A quiet terminal is asked for a sign of life this often.
const PING: Duration = Duration::from_secs(25);
/// For the server to open it.
pub(crate) const OPEN: Duration = Duration::from_secs(20);
/// The best shell of a container that has any.
const SHELL: &str = "export TERM=xterm-256color; for s in bash zsh ash sh; do \
    command -v $s >/dev/null 2>&1 && exec $s; done; exec sh";

/// A program in a container.
pub(crate) struct InContainer {
    pub(crate) client: Client,
    pub(crate) place: Place,
    pub(crate) run: InPod,
}

impl InContainer {
    /// Runs until the program, the pod or the person ends it.
    pub(crate) async fn run(self, line: Line, size: TerminalSize) -> Ending {
        let Line {
            mut input,
            mut output,
        } = line;
        let end = self.exec(&mut input, &mut output, size).await;
        Ending { output, end }
    }

    async fn exec(
        &self,
        input: &mut tokio::sync::mpsc::Receiver<Input>,
        output: &mut super::Output,
        size: TerminalSize,
    ) -> TerminalEnd {
        let because = |reason: String| TerminalEnd {
            exit_code: None,
            reason: Some(reason),
        };
        let terminal = Wires {
            stdin: true,
            tty: true,
        };
        let exec = |words: &[&str]| self.place.exec(words, terminal);
        let paths = match &self.run {
            InPod::BestShell => vec![exec(&["sh", "-c", SHELL]), exec(&["powershell"])],
            InPod::Command { words } => {
                vec![exec(&words.iter().map(String::as_str).collect::<Vec<_>>())]
            }
            InPod::Attach => vec![self.place.attach()],
        };
        let mut last = because("nothing was run".into());
        for path in paths {
            let request = match Request::get(path).body(Vec::new()) {
                Ok(request) => request,
                Err(error) => return because(error.to_string()),
            };
            let tunnel = match tokio::time::timeout(OPEN, self.client.connect(request)).await {
                Ok(Ok(connection)) => connection.into_stream(),
                Ok(Err(kube::Error::Api(status))) => return because(status.message),
                Ok(Err(error)) => return because(error.to_string()),
                Err(_) => return because(format!("no answer within {} s", OPEN.as_secs())),
            };
            let (mut to_pod, mut from_pod) = tunnel.split();
            let first = resized(size);
            if let Err(error) = to_pod.send(first).await {
                return because(error.to_string());
            }
            let mut said = false;
            let up = async {
                loop {
                    match tokio::time::timeout(PING, input.recv()).await {
                        Err(_) => to_pod.send(Message::Ping(Bytes::new())).await?,
                        Ok(None) => return Ok::<(), tokio_tungstenite::tungstenite::Error>(()),
                        Ok(Some(Input::Size(size))) => to_pod.send(resized(size)).await?,
                        Ok(Some(Input::Text(text))) => {
                            let mut message = Vec::with_capacity(text.len() + 1);
                            message.push(0);
                            message.extend_from_slice(text.as_bytes());
                            to_pod.send(Message::Binary(message.into())).await?;
                        }
                    }
                }
            };
            let down = async {
                let mut waiting = None;
                loop {
                    let message = match waiting.take() {
                        Some(message) => message,
                        None => from_pod.next().await,
                    };
                    let Some(message) = message else { break };
                    let bytes = match message {
                        Ok(Message::Binary(bytes)) => bytes,
                        Ok(Message::Close(_)) => break,
                        Ok(_) => continue,
                        Err(error) => return because(format!("the connection broke: {error}")),
                    };
                    match bytes.split_first() {
                        Some((1 | 2, data)) if !data.is_empty() => {
                            said = true;
                            let mut data = data.to_vec();
                            if data.len() >= FLOOD {
                                tokio::time::sleep(GATHER).await;
                            }
                            while (FLOOD..MOST_SAID_AT_ONCE).contains(&data.len()) {
                                match from_pod.next().now_or_never() {
                                    Some(Some(Ok(Message::Binary(more))))
                                        if matches!(more.first(), Some(1 | 2)) =>
                                    {
                                        data.extend_from_slice(&more[1..]);
                                    }
                                    Some(other) => {
                                        waiting = Some(other);
                                        break;
                                    }
                                    None => break,
                                }
                            }
                            if !output.say(&data).await {
                                return because("nobody looks".into());
                            }
                        }
                        Some((3, data)) => return ended(data),
                        Some(_) | None => {}
                    }
                }
                because("the connection was closed: the pod or its node may be gone".into())
            };
            last = tokio::select! {
                up = up => match up {
                    Ok(()) => return because("closed".into()),
                    Err(error) => because(format!("the connection broke: {error}")),
                },
                end = down => end,
            };
            let missing = last.reason.as_ref().is_some_and(|reason| {
                reason.contains("executable file not found") || reason.contains("no such file")
            });
            if said || !missing {
                return last;
            }
        }
        if self.run == InPod::BestShell {
            let message = format!(
                "container \"{}\" has no shell: neither sh nor powershell",
                self.place.container
            );
            return because(message);
        }
        last
    }
}

fn resized(size: TerminalSize) -> Message {
    let mut message = vec![4];
    let told = json!({ "Width": size.columns, "Height": size.rows });
    message.extend_from_slice(told.to_string().as_bytes());
    Message::Binary(message.into())
}

/// The Status that ends an exec.
pub(crate) fn ended(status: &[u8]) -> TerminalEnd {
    let status: Value = serde_json::from_slice(status).unwrap_or_default();
    if status["status"] == "Success" {
        return TerminalEnd {
            exit_code: Some(0),
            reason: None,
        };
    }
    let causes = status["details"]["causes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let code = causes.iter().find(|cause| cause["reason"] == "ExitCode");
    let code = code.and_then(|cause| cause["message"].as_str()?.parse().ok());
    let reason = status["message"].as_str().map(str::to_owned);
    TerminalEnd {
        exit_code: code,
        reason: reason.filter(|_| code.is_none()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_program_is_its_exit_code() {
        let success = ended(br#"{"status":"Success"}"#);
        assert_eq!((success.exit_code, success.reason), (Some(0), None));
        let failure = ended(
            br#"{"status":"Failure","message":"command terminated with exit code 3","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}"#,
        );
        assert_eq!((failure.exit_code, failure.reason), (Some(3), None));
        let other = ended(br#"{"status":"Failure","message":"no such container"}"#);
        assert_eq!(
            (other.exit_code, other.reason.as_deref()),
            (None, Some("no such container"))
        );
    }
}
