//! Objects from a cluster: each kind listed once, in pages. What may not be listed stays unknown.

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::Value;

use super::{Arguments, Error, input::Gathered};
use crate::{clock::Clock, incidents::Kind};

/// Objects per page.
const PAGE: usize = 500;

/// What a cluster was read as.
pub(super) struct Read {
    /// Its time, epoch seconds.
    pub now: i64,
    /// The namespace of the context; `None` for all.
    pub namespace: Option<String>,
    /// For what is read afterwards.
    pub client: Client,
}

/// Reads the cluster of the arguments.
pub(super) async fn gather(
    arguments: &Arguments,
    gathered: &mut Gathered,
    clock: &dyn Clock,
) -> Result<Read, Error> {
    let (client, context, namespace) = open(arguments).await?;
    let refuse = |error: &kube::Error| Error::Cluster {
        context: context.clone(),
        reason: reason(error),
    };
    client
        .apiserver_version()
        .await
        .map_err(|error| refuse(&error))?;
    let mut read = 0;
    for kind in Kind::ALL {
        match list(&client, *kind, "", gathered).await {
            Ok(()) => {
                gathered.snapshot.declare(*kind);
                read += 1;
            }
            Err(error) if forbidden(&error) && kind.namespaced() && namespace.is_some() => {
                let within = namespace.as_deref().unwrap_or_default();
                match list(&client, *kind, within, gathered).await {
                    Ok(()) => {
                        gathered.snapshot.declare(*kind);
                        read += 1;
                    }
                    Err(error) if skippable(&error) => gathered.unknown(*kind, &reason(&error)),
                    Err(error) => return Err(refuse(&error)),
                }
            }
            Err(error) if skippable(&error) => gathered.unknown(*kind, &reason(&error)),
            Err(error) => return Err(refuse(&error)),
        }
    }
    if read == 0 {
        return Err(Error::Cluster {
            context,
            reason: "no kind of object may be listed".into(),
        });
    }
    // The cluster's newest time, in case its clock is ahead of this machine's.
    let now = clock
        .epoch_seconds()
        .max(gathered.newest.unwrap_or_default());
    Ok(Read {
        now,
        namespace,
        client,
    })
}

async fn open(arguments: &Arguments) -> Result<(Client, String, Option<String>), Error> {
    let wanted = arguments.context.clone();
    let refuse = |reason: String| Error::Cluster {
        context: wanted.clone().unwrap_or_else(|| "current".into()),
        reason,
    };
    let kubeconfig = match &arguments.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    }
    .map_err(|error| refuse(error.to_string()))?;
    let name = wanted
        .clone()
        .or(kubeconfig.current_context.clone())
        .unwrap_or_else(|| "current".into());
    let options = KubeConfigOptions {
        context: wanted.clone(),
        ..Default::default()
    };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| refuse(error.to_string()))?;
    if let Some(exec) = config
        .auth_info
        .exec
        .as_ref()
        .filter(|_| !arguments.allow_exec)
    {
        let command = exec.command.as_deref().unwrap_or_default();
        return Err(refuse(format!(
            "its credentials come from the program \"{command}\", which nobody has allowed to run; --allow-exec does"
        )));
    }
    let namespace = arguments
        .namespace
        .clone()
        .or_else(|| Some(config.default_namespace.clone()))
        .filter(|_| !arguments.all_namespaces);
    let client = Client::try_from(config).map_err(|error| refuse(error.to_string()))?;
    Ok((client, name, namespace))
}

async fn list(
    client: &Client,
    kind: Kind,
    namespace: &str,
    gathered: &mut Gathered,
) -> Result<(), kube::Error> {
    let mut path = match kind.group() {
        "" => format!("/api/{}", kind.version()),
        group => format!("/apis/{group}/{}", kind.version()),
    };
    if !namespace.is_empty() {
        path += &format!("/namespaces/{namespace}");
    }
    let mut token = String::new();
    loop {
        let query = format!("{path}/{}?limit={PAGE}&continue={token}", kind.plural());
        let request = http::Request::get(query)
            .body(Vec::new())
            .map_err(kube::Error::HttpError)?;
        let mut page: Value = client.request(request).await?;
        if let Value::Array(items) = page["items"].take() {
            for item in items {
                gathered.live(kind, item);
            }
        }
        token = page["metadata"]["continue"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if token.is_empty() {
            return Ok(());
        }
    }
}

fn forbidden(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if matches!(status.code, 401 | 403))
}

/// Whether only this kind cannot be read: it may not be, or the server is too old to have it.
fn skippable(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if matches!(status.code, 403..=405))
}

/// The innermost words: the outer ones repeat the request.
fn reason(error: &kube::Error) -> String {
    if let kube::Error::Api(status) = error {
        return format!("{} ({})", status.message, status.code);
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
