//! The HTTP stack below a kube client, built from layers of ours.
//!
//! From the outside in: reads are repeated ([`repeat`]), credentials are added ([`authorize`]),
//! calls are counted ([`calls`]), a silent server is noticed ([`silence`]); below that come the
//! proxy, TLS and TCP with keepalive. It knows requests, nothing of objects.

pub(super) mod authorize;
pub(super) mod calls;
pub(super) mod proxy;
pub(super) mod repeat;
pub(super) mod silence;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use hyper::body::Body as HttpBody;
use hyper_timeout::TimeoutConnector;
use hyper_util::{
    client::legacy::{Client as Hyper, connect::HttpConnector},
    rt::TokioExecutor,
};
use kube::{
    Client, Config,
    client::{Body, ConfigExt},
};
use tower::{BoxError, Layer, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};
use tower_http::decompression::DecompressionLayer;

use authorize::Authorize;
use calls::{Calls, Counted};
use repeat::Repeat;
use silence::Silence;

use super::credentials::Credentials;
use crate::clock::Clock;

/// For name, TCP, proxy and TLS together.
const CONNECT: Duration = Duration::from_secs(10);
/// A connection on which nothing is heard is asked for a sign of life after this …
const KEEPALIVE: Duration = Duration::from_secs(15);
/// … and then this often; the third question without an answer ends it: 45 s in all.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_RETRIES: u32 = 3;
/// Sent data that is not acknowledged for this long ends the connection.
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
const UNACKNOWLEDGED: Duration = Duration::from_secs(40);

/// What an answer is on its way up.
pub(super) type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;
/// A layer with all below it.
pub(super) type Below = BoxCloneSyncService<Request<Body>, Answer, BoxError>;

/// The two clients of a connection.
pub(super) struct Clients {
    /// Repeats failed reads.
    pub(super) reading: Client,
    /// Repeats nothing.
    pub(super) changing: Client,
}

/// The clients of a real cluster.
pub(super) fn clients(
    config: Config,
    credentials: Credentials,
    calls: &Arc<Calls>,
    clock: &Arc<dyn Clock>,
) -> Result<Clients, kube::Error> {
    let provider = if config.auth_info.auth_provider.is_some() {
        config.auth_layer()?
    } else {
        None
    };
    // Fails here, not at the first request, when certificates are malformed.
    let wire = wire(&config)?;
    let namespace = config.default_namespace.clone();
    let authorized = Authorize::new(wire, config, Arc::new(credentials), Arc::clone(calls));
    let authorized = match provider {
        Some(layer) => BoxCloneSyncService::new(layer.layer(authorized)),
        None => BoxCloneSyncService::new(authorized),
    };
    Ok(stack(authorized, &namespace, calls, clock))
}

/// The clients above something that answers requests.
pub(super) fn stack(
    below: Below,
    namespace: &str,
    calls: &Arc<Calls>,
    clock: &Arc<dyn Clock>,
) -> Clients {
    let silence = Silence::new(Counted::new(below, Arc::clone(calls)));
    let repeat = Repeat::new(silence.clone(), Arc::clone(calls), Arc::clone(clock));
    Clients {
        reading: Client::new(repeat, namespace),
        changing: Client::new(silence, namespace),
    }
}

/// What sends requests to the address, through the proxy and TLS that the config says.
pub(super) fn wire(config: &Config) -> Result<Below, kube::Error> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    tcp.set_keepalive(Some(KEEPALIVE));
    tcp.set_keepalive_interval(Some(KEEPALIVE_INTERVAL));
    tcp.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    match &config.proxy_url {
        None => over(config, tcp),
        Some(proxy) => match proxy.scheme_str() {
            Some("socks5" | "socks5h") => over(config, proxy::socks(proxy, tcp)),
            Some("https") => {
                let tls = config.rustls_https_connector_with_connector(tcp)?;
                over(config, proxy::tunnel(proxy, tls))
            }
            _ => over(config, proxy::tunnel(proxy, tcp)),
        },
    }
}

fn over<C>(config: &Config, connector: C) -> Result<Below, kube::Error>
where
    C: tower::Service<http::Uri> + Clone + Send + Sync + 'static,
    C::Response: hyper_util::client::legacy::connect::Connection
        + hyper::rt::Read
        + hyper::rt::Write
        + Send
        + Unpin
        + 'static,
    C::Future: Send + 'static,
    C::Error: std::error::Error + Send + Sync + 'static,
{
    let tls = config.rustls_https_connector_with_connector(connector)?;
    let mut connector = TimeoutConnector::new(tls);
    connector.set_connect_timeout(Some(CONNECT));
    let http: Hyper<_, Body> = Hyper::builder(TokioExecutor::new()).build(connector);
    let decompress = DecompressionLayer::new().gzip(!config.disable_compression);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(decompress)
        .layer(config.extra_headers_layer()?)
        .service(http)
        .map_err(BoxError::from)
        .map_response(|answer: Response<_>| answer.map(boxed));
    Ok(BoxCloneSyncService::new(service))
}

/// Any body as the one of an [`Answer`].
pub(super) fn boxed<B>(body: B) -> UnsyncBoxBody<Bytes, BoxError>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    body.map_err(Into::into).boxed_unsync()
}

/// A watch, a followed log or a terminal: it may be silent for long, and repeating it is for
/// whoever reads it.
pub(super) fn is_stream<B>(request: &Request<B>) -> bool {
    let asks = |wanted: &str| {
        let query = request.uri().query().unwrap_or_default();
        query.split('&').any(|pair| {
            pair.split_once('=')
                .is_some_and(|(name, value)| name == wanted && matches!(value, "true" | "1"))
        })
    };
    request.headers().contains_key(http::header::UPGRADE) || asks("watch") || asks("follow")
}
