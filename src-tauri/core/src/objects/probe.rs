//! Probes of a container.

use serde::Deserialize;

use super::IntOrString;
use crate::wire::{Field, Fields, Malformed, Message, Value, wire};

/// A probe; one of the four handlers is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Probe {
    /// HTTP handler.
    pub http_get: Option<HttpGet>,
    /// TCP handler.
    pub tcp_socket: Option<TcpSocket>,
    /// gRPC handler.
    pub grpc: Option<Grpc>,
    /// Command handler.
    pub exec: Option<Exec>,
    /// Seconds before the first probe.
    pub initial_delay_seconds: Option<i64>,
    /// Seconds between probes; 10 when absent.
    pub period_seconds: Option<i64>,
    /// Seconds before a probe counts as failed; 1 when absent.
    pub timeout_seconds: Option<i64>,
    /// Failures in a row that count; 3 when absent.
    pub failure_threshold: Option<i64>,
}

/// Asks over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpGet {
    /// Path; empty means `/`.
    pub path: String,
    /// Port of the container.
    pub port: IntOrString,
    /// Host; empty means the pod's address.
    pub host: String,
    /// `HTTP` (also when empty) or `HTTPS`.
    pub scheme: String,
}

/// Opens a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpSocket {
    /// Port of the container.
    pub port: IntOrString,
    /// Host; empty means the pod's address.
    pub host: String,
}

/// Asks over gRPC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Grpc {
    /// Port of the container.
    pub port: i64,
    /// Service name of the health check; may be empty.
    pub service: String,
}

/// Runs a command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Exec {
    /// Command and arguments.
    pub command: Vec<String>,
}

// `Probe` wraps its handler in a message of its own, JSON does not.
impl Message for Probe {
    fn field(&mut self, number: u32, value: Value<'_>) -> Result<(), Malformed> {
        match number {
            1 => Fields(value.bytes()?).try_for_each(|handler| match handler? {
                (1, value) => self.exec.merge(value),
                (2, value) => self.http_get.merge(value),
                (3, value) => self.tcp_socket.merge(value),
                (4, value) => self.grpc.merge(value),
                _ => Ok(()),
            }),
            2 => positive(&mut self.initial_delay_seconds, value),
            3 => positive(&mut self.timeout_seconds, value),
            4 => positive(&mut self.period_seconds, value),
            6 => positive(&mut self.failure_threshold, value),
            _ => Ok(()),
        }
    }
}

/// JSON leaves a zero out, this encoding writes it.
fn positive(place: &mut Option<i64>, value: Value<'_>) -> Result<(), Malformed> {
    let mut number = 0;
    number.merge(value)?;
    *place = (number != 0).then_some(number);
    Ok(())
}

wire!(HttpGet { 1 => path, 2 => port, 3 => host, 4 => scheme });
wire!(TcpSocket { 1 => port, 2 => host });
wire!(Grpc { 1 => port, 2 => service });
wire!(Exec { 1 => command });
