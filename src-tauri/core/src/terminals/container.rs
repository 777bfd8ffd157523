//! A program in a container, over one WebSocket.

use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::Request;
use kube::{Client, client::Body};
use kubegraf_ipc::{
    Code, Error,
    terminal::{TerminalEnd, TerminalSize},
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{Ending, Input, Line};

/// A quiet terminal is asked for a sign of life this often.
const PING: Duration = Duration::from_secs(25);
/// For the server to open it.
const OPEN: Duration = Duration::from_secs(20);
/// The container that `kubectl exec` enters when none is named.
const DEFAULT: &str = "kubectl.kubernetes.io/default-container";
/// The best shell of a container that has any.
const SHELL: &str = "export TERM=xterm-256color; for s in bash zsh ash sh; do \
    command -v $s >/dev/null 2>&1 && exec $s; done; exec sh";

/// A program in a container.
pub(crate) struct InContainer {
    pub(crate) client: Client,
    pub(crate) namespace: String,
    pub(crate) pod: String,
    pub(crate) container: String,
    pub(crate) command: Vec<String>,
}

/// Finds the container to enter.
///
/// # Errors
/// When the pod is gone, is another one by now, or has no such container.
pub(crate) async fn resolve(
    client: Client,
    (namespace, pod, uid): (String, String, Option<String>),
    container: Option<String>,
    command: Vec<String>,
) -> Result<InContainer, Error> {
    for name in [&namespace, &pod] {
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        if name.is_empty() || !name.chars().all(fine) {
            let message = format!("\"{name}\" is no name");
            return Err(Error::new(Code::InvalidArgument, message));
        }
    }
    let request = Request::get(format!("/api/v1/namespaces/{namespace}/pods/{pod}"))
        .body(Body::empty())
        .map_err(|error| Error::new(Code::InvalidArgument, error.to_string()))?;
    let failed = |reason: String| {
        let message = format!("pod \"{pod}\" cannot be read");
        Error::new(Code::Unreachable, message)
            .with_detail(reason)
            .retryable()
    };
    let answer = client
        .send(request)
        .await
        .map_err(|error| failed(error.to_string()))?;
    let status = answer.status();
    let body = answer.into_body().collect_bytes().await;
    let body = body.map_err(|error| failed(error.to_string()))?;
    let found: Value = serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))?;
    let gone = |message: String| Err(Error::new(Code::NotFound, message));
    match status.as_u16() {
        200..300 => {}
        404 => return gone(format!("pod \"{pod}\" is gone")),
        403 => {
            let said = found["message"].as_str().unwrap_or_default();
            return Err(Error::new(Code::Forbidden, said.to_owned()));
        }
        _ => return Err(failed(status.to_string())),
    }
    if uid.is_some_and(|uid| found["metadata"]["uid"] != uid.as_str()) {
        return gone(format!("pod \"{pod}\" is gone; another has its name now"));
    }
    let containers = found["spec"]["containers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let named = |name: &str| containers.iter().any(|container| container["name"] == name);
    let default = found["metadata"]["annotations"][DEFAULT].as_str();
    let container = match (container, default) {
        (Some(container), _) if named(&container) => container,
        (Some(container), _) => {
            return gone(format!("pod \"{pod}\" has no container \"{container}\""));
        }
        (None, Some(default)) if named(default) => default.to_owned(),
        (None, _) => containers
            .first()
            .and_then(|container| container["name"].as_str())
            .unwrap_or_default()
            .to_owned(),
    };
    Ok(InContainer {
        client,
        namespace,
        pod,
        container,
        command,
    })
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
        let chosen = !self.command.is_empty();
        let commands: Vec<Vec<String>> = if chosen {
            vec![self.command.clone()]
        } else {
            vec![
                vec!["sh".into(), "-c".into(), SHELL.into()],
                vec!["powershell".into()],
            ]
        };
        let mut last = because("nothing was run".into());
        for command in commands {
            let request = match Request::get(self.path(&command)).body(Vec::new()) {
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
                while let Some(message) = from_pod.next().await {
                    let bytes = match message {
                        Ok(Message::Binary(bytes)) => bytes,
                        Ok(Message::Close(_)) => break,
                        Ok(_) => continue,
                        Err(error) => return because(format!("the connection broke: {error}")),
                    };
                    match bytes.split_first() {
                        Some((1 | 2, data)) if !data.is_empty() => {
                            said = true;
                            if !output.say(data).await {
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
        if !chosen {
            let message = format!(
                "container \"{}\" has no shell: neither sh nor powershell",
                self.container
            );
            return because(message);
        }
        last
    }

    fn path(&self, command: &[String]) -> String {
        let mut path = format!(
            "/api/v1/namespaces/{}/pods/{}/exec?container={}&stdin=true&stdout=true&tty=true",
            self.namespace,
            self.pod,
            encode(&self.container)
        );
        for word in command {
            path.push_str("&command=");
            path.push_str(&encode(word));
        }
        path
    }
}

fn resized(size: TerminalSize) -> Message {
    let mut message = vec![4];
    let told = json!({ "Width": size.columns, "Height": size.rows });
    message.extend_from_slice(told.to_string().as_bytes());
    Message::Binary(message.into())
}

/// The Status that ends an exec.
fn ended(status: &[u8]) -> TerminalEnd {
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

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
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
        assert_eq!(encode("a b&c=ü"), "a%20b%26c%3D%C3%BC");
    }
}
