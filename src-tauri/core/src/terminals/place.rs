//! Which container of which pod is entered, and the address of that.

use http::Request;
use kube::{Client, client::Body};
use kubegraf_ipc::{
    Code, Error,
    terminal::{ContainerKind, PodContainer},
};
use serde_json::Value;

/// The container that `kubectl exec` enters when none is named.
const DEFAULT: &str = "kubectl.kubernetes.io/default-container";
/// Where a pod lists its containers, in its spec and in its status.
const LISTS: &[(ContainerKind, &str, &str)] = &[
    (ContainerKind::Main, "containers", "containerStatuses"),
    (
        ContainerKind::Init,
        "initContainers",
        "initContainerStatuses",
    ),
    (
        ContainerKind::Ephemeral,
        "ephemeralContainers",
        "ephemeralContainerStatuses",
    ),
];

/// A container that can be entered.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) namespace: String,
    pub(crate) pod: String,
    pub(crate) container: String,
    /// What the container's own process has.
    own: Wires,
}

/// What connects a program with who runs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wires {
    pub(crate) stdin: bool,
    pub(crate) tty: bool,
}

impl Place {
    /// Finds the container to enter.
    ///
    /// # Errors
    /// When the pod is gone, is another one by now, or has no such container.
    pub(crate) async fn find(
        client: &Client,
        (namespace, pod, uid): (String, String, Option<String>),
        wanted: Option<String>,
    ) -> Result<Self, Error> {
        let found = read(client, &namespace, &pod).await?;
        let gone = |message: String| Err(Error::new(Code::NotFound, message));
        if uid.is_some_and(|uid| found["metadata"]["uid"] != uid.as_str()) {
            return gone(format!("pod \"{pod}\" is gone; another has its name now"));
        }
        let all = containers(&found);
        let container = match &wanted {
            Some(name) => all.into_iter().find(|container| container.name == *name),
            None => all.into_iter().find(|container| container.is_default),
        };
        let Some(PodContainer { name, kind, .. }) = container else {
            let name = wanted.unwrap_or_default();
            return gone(format!("pod \"{pod}\" has no container \"{name}\""));
        };
        let list = LISTS.iter().find(|(of, ..)| *of == kind);
        let list = list.map_or("", |(_, list, _)| list);
        let specs = found["spec"][list].as_array().into_iter().flatten();
        let spec = specs.into_iter().find(|spec| spec["name"] == name.as_str());
        let has = |what: &str| spec.is_some_and(|spec| spec[what] == true);
        Ok(Self {
            own: Wires {
                stdin: has("stdin"),
                tty: has("tty"),
            },
            namespace,
            pod,
            container: name,
        })
    }

    /// Where a program is run.
    pub(crate) fn exec(&self, words: &[&str], wires: Wires) -> String {
        let mut path = self.path("exec", wires);
        for word in words {
            path.push_str("&command=");
            path.push_str(&encode(word));
        }
        path
    }

    /// Where the container's own process is met.
    pub(super) fn attach(&self) -> String {
        self.path("attach", self.own)
    }

    fn path(&self, verb: &str, Wires { stdin, tty }: Wires) -> String {
        // A terminal has no second output.
        format!(
            "/api/v1/namespaces/{}/pods/{}/{verb}?container={}&stdin={stdin}&stdout=true&stderr={}&tty={tty}",
            self.namespace,
            self.pod,
            encode(&self.container),
            !tty
        )
    }
}

/// The containers of a pod.
///
/// # Errors
/// When the pod is gone or cannot be read.
pub(crate) async fn list(
    client: &Client,
    namespace: &str,
    pod: &str,
) -> Result<Vec<PodContainer>, Error> {
    Ok(containers(&read(client, namespace, pod).await?))
}

async fn read(client: &Client, namespace: &str, pod: &str) -> Result<Value, Error> {
    for name in [namespace, pod] {
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
    match status.as_u16() {
        200..300 => Ok(found),
        404 => {
            let message = format!("pod \"{pod}\" is gone");
            Err(Error::new(Code::NotFound, message))
        }
        403 => {
            let said = found["message"].as_str().unwrap_or_default();
            Err(Error::new(Code::Forbidden, said.to_owned()))
        }
        _ => Err(failed(status.to_string())),
    }
}

fn containers(pod: &Value) -> Vec<PodContainer> {
    let default = pod["metadata"]["annotations"][DEFAULT].as_str();
    let mut all: Vec<PodContainer> = Vec::new();
    for (kind, specs, statuses) in LISTS {
        for spec in pod["spec"][specs].as_array().into_iter().flatten() {
            let text = |name: &str| spec[name].as_str().unwrap_or_default().to_owned();
            let name = text("name");
            let mut known = pod["status"][statuses].as_array().into_iter().flatten();
            let status = known.find(|status| status["name"] == name.as_str());
            all.push(PodContainer {
                image: text("image"),
                kind: *kind,
                running: status.is_some_and(|status| status["state"]["running"].is_object()),
                is_default: default == Some(name.as_str()),
                name,
            });
        }
    }
    if all.iter().all(|container| !container.is_default)
        && let Some(first) = all.first_mut()
    {
        first.is_default = true;
    }
    all
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
    use serde_json::json;

    use super::*;

    /// Covers: TRM-02
    #[test]
    fn every_container_can_be_chosen_and_the_annotated_one_is_the_default() {
        let mut pod = json!({
            "metadata": {"annotations": {DEFAULT: "app"}},
            "spec": {
                "containers": [{"name": "proxy", "image": "p:1"}, {"name": "app", "image": "a:1"}],
                "initContainers": [{"name": "setup", "image": "s:1"}],
                "ephemeralContainers": [{"name": "debug", "image": "d:1"}],
            },
            "status": {
                "containerStatuses": [{"name": "app", "state": {"running": {"startedAt": "x"}}}],
                "initContainerStatuses": [{"name": "setup", "state": {"terminated": {}}}],
            },
        });
        let told = |pod: &Value| -> Vec<(String, bool, bool)> {
            let all = containers(pod).into_iter();
            all.map(|c| (c.name, c.running, c.is_default)).collect()
        };
        let expect = [
            ("proxy", false, false),
            ("app", true, true),
            ("setup", false, false),
            ("debug", false, false),
        ];
        assert_eq!(
            told(&pod),
            expect.map(|(name, r, d)| (name.to_owned(), r, d))
        );
        pod["metadata"]["annotations"][DEFAULT] = json!("none");
        assert_eq!(told(&pod)[0], ("proxy".to_owned(), false, true));
        assert!(told(&json!({})).is_empty());
    }

    #[test]
    fn words_cannot_become_arguments_of_the_address() {
        assert_eq!(encode("a b&c=ü"), "a%20b%26c%3D%C3%BC");
        let place = Place {
            namespace: "ns".into(),
            pod: "pod".into(),
            container: "c&tty=false".into(),
            own: Wires {
                stdin: false,
                tty: false,
            },
        };
        let attach = "/api/v1/namespaces/ns/pods/pod/attach?container=c%26tty%3Dfalse&stdin=false&stdout=true&stderr=true&tty=false";
        assert_eq!(place.attach(), attach);
    }
}
