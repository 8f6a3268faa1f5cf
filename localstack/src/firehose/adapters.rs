//! Plugs the endpoint's other services into the ports of a delivery.
//!
//! Deliveries live in the world, so they hold it weakly: a world that is dropped ends them.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use bytes::Bytes;
use serde::Deserialize;

use super::http_client::HttpClient;
use super::metrics::{self, Metric};
use super::ports::{ErrorLog, Functions, Invoked, Metrics, NewObject, ObjectStore, Ports, PutRefused};
use super::state::Key;
use crate::clock::Clock;
use crate::cloudwatch::Meters;
use crate::lambda::{InvokeResult, LambdaError};
use crate::logs::GroupId;
use crate::s3::ObjectHeaders;
use crate::world::World;

/// The ports of the delivery called `key` in `world`.
pub(super) fn ports(world: &Arc<World>, key: &Key) -> Ports {
    let services = Arc::new(Services { world: Arc::downgrade(world), region: key.region.clone() });
    let meters = world.cloudwatch.meters(&key.region, &metrics::dimensions(&key.name));
    Ports {
        objects: Arc::clone(&services) as Arc<dyn ObjectStore>,
        functions: Arc::clone(&services) as Arc<dyn Functions>,
        endpoints: Arc::new(HttpClient::default()),
        log: services,
        metrics: Arc::new(Publisher { meters, clock: world.clock }),
    }
}

/// The services behind the ports.
struct Services {
    world: Weak<World>,
    /// Of the delivery: its lines go to a log group there.
    region: String,
}

#[async_trait]
impl ObjectStore for Services {
    async fn put(&self, object: NewObject) -> Result<(), PutRefused> {
        let Some(world) = self.world.upgrade() else {
            return Err(PutRefused {
                code: "InternalError".to_owned(),
                message: "the endpoint is gone".to_owned(),
            });
        };
        let headers = ObjectHeaders {
            content_type: Some("application/octet-stream".to_owned()),
            content_encoding: object.content_encoding.map(str::to_owned),
            ..ObjectHeaders::default()
        };
        let put = world.s3.put_object(&object.bucket, &object.key, object.body, headers).await;
        put.map(drop)
            .map_err(|error| PutRefused { code: error.code().to_owned(), message: error.to_string() })
    }
}

#[async_trait]
impl Functions for Services {
    async fn invoke(&self, function_arn: &str, payload: Bytes) -> Invoked {
        let Some(world) = self.world.upgrade() else { return Invoked::Unreachable };
        match world.lambda.invoke(&world, function_arn, payload).await {
            Ok(InvokeResult { function_error: None, payload, .. }) => Invoked::Returned(payload),
            Ok(InvokeResult { payload, .. }) => Invoked::Failed { timed_out: timed_out(&payload) },
            Err(LambdaError::FunctionNotFound(_) | LambdaError::NotFound(_)) => Invoked::NotFound,
            Err(LambdaError::TooManyRequests { .. }) => Invoked::Throttled,
            Err(error) => {
                tracing::debug!(%error, function_arn, "a transform was not reached");
                Invoked::Unreachable
            }
        }
    }
}

/// Whether the error object of a function says that it ran out of time.
fn timed_out(payload: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ErrorObject {
        error_type: Option<String>,
    }
    serde_json::from_slice::<ErrorObject>(payload)
        .is_ok_and(|error| error.error_type.as_deref() == Some("Sandbox.Timedout"))
}

impl ErrorLog for Services {
    fn log(&self, group: &str, stream: &str, message: String) {
        if let Some(world) = self.world.upgrade() {
            world.logs.put(&GroupId::new(&self.region, group), stream, &message);
        }
    }
}

/// Records what the delivery samples.
struct Publisher {
    meters: Arc<Meters<Metric>>,
    clock: Clock,
}

impl Metrics for Publisher {
    fn sample(&self, metric: Metric, value: f64) {
        self.meters.record(metric, value, self.clock.now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_out_is_told_from_an_error() {
        assert!(timed_out(
            br#"{"errorType":"Sandbox.Timedout","errorMessage":"Task timed out after 3.00 seconds"}"#
        ));
        assert!(!timed_out(br#"{"errorType":"Runtime.ExitError","errorMessage":"exit status 1"}"#));
        assert!(!timed_out(b"\"oops\""));
    }
}
