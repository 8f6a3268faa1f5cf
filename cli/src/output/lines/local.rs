//! Lines of the local endpoint.

use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint takes calls.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Ready<'a> {
    /// Where.
    pub(crate) url: &'a str,
    /// What stands in for AWS: `embedded`, `localstack` or `docker`.
    pub(crate) engine: &'static str,
    /// How long its start took, in milliseconds.
    pub(crate) millis: u64,
    /// The seed of its faults, where it has any.
    pub(crate) seed: Option<u64>,
}

/// A request that was answered.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Request<'a> {
    /// The service.
    service: &'static str,
    /// The operation.
    operation: &'a str,
    /// What it was about: a stream, a bucket and key, a function; empty where that is not plain.
    resource: &'a str,
    /// The HTTP status; 0 where the connection was closed without an answer.
    status: u16,
    /// AWS's code of the error, or how many of its records failed and why.
    error: Option<&'a str>,
    /// How long it took, in microseconds.
    micros: u64,
    /// Whether a fault plan made the error.
    injected: bool,
    /// Whether it was refused for a limit, as a whole or in part.
    throttled: bool,
}

impl<'a> From<&'a pipectl_localstack::Request> for Request<'a> {
    fn from(request: &'a pipectl_localstack::Request) -> Self {
        Request {
            service: request.service,
            operation: &request.operation,
            resource: &request.resource,
            status: request.status,
            error: request.error.as_deref(),
            micros: request.micros,
            injected: request.is_injected,
            throttled: request.is_throttled(),
        }
    }
}
