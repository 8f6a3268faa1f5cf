//! `UpdateDestination`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::super::delivery::Configured;
use super::super::error::FirehoseError;
use super::super::metrics::{self, Metric};
use super::super::settings::{HttpSettings, S3Settings, Settings};
use super::super::state::Key;
use super::super::stream::{DeliveryStream, Status};
use super::describe::DESTINATION_ID;
use super::wire::Nothing;
use crate::http::Context;
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    delivery_stream_name: Option<String>,
    current_delivery_stream_version_id: Option<String>,
    destination_id: Option<String>,
    #[serde(rename = "S3DestinationUpdate")]
    s3: Option<S3Settings>,
    #[serde(rename = "ExtendedS3DestinationUpdate")]
    extended_s3: Option<S3Settings>,
    #[serde(rename = "HttpEndpointDestinationUpdate")]
    http: Option<HttpSettings>,
    /// The destinations that are not offered.
    #[serde(flatten)]
    other: serde_json::Map<String, Value>,
}

/// Changes what the update names and leaves the rest. One that changes nothing leaves the version alone.
pub(super) fn update(world: &Arc<World>, context: &Context, input: Input) -> Result<Nothing, FirehoseError> {
    let key = super::key(context, input.delivery_stream_name.clone())?;
    let version = input.current_delivery_stream_version_id.clone();
    let version = version.ok_or_else(|| FirehoseError::missing("currentDeliveryStreamVersionId"))?;
    let destination_id = input.destination_id.clone();
    let destination_id = destination_id.ok_or_else(|| FirehoseError::missing("destinationId"))?;
    let started = world.clock.elapsed();
    let changing = Changing { key: &key, version, destination_id };
    let updated = changing.apply(world, input);
    if !matches!(updated, Err(FirehoseError::NotFound(_))) {
        let took = world.clock.elapsed().saturating_sub(started);
        metrics::answered(world, &key, [Metric::UpdateLatency, Metric::UpdateRequests], took);
    }
    updated
}

/// What an update says beside the change.
struct Changing<'a> {
    key: &'a Key,
    version: String,
    destination_id: String,
}

impl Changing<'_> {
    /// Understands the change outside the lock, which every put waits for: compiling a query may take its time.
    fn apply(&self, world: &Arc<World>, input: Input) -> Result<Nothing, FirehoseError> {
        let old = world.firehose.with(self.key, |stream, status| {
            self.check(stream, status)?;
            Ok(stream.settings.clone())
        })?;
        let (change, path) = change(input)?;
        let (settings, destination) = old.updated(change, path, &self.key.region)?;
        world.firehose.with(self.key, |stream, status| {
            // Another update may have come first.
            self.check(stream, status)?;
            if settings != stream.settings {
                stream.settings = settings;
                stream.version += 1;
                stream.updated = Some(world.clock.now());
                stream.takes_logs_only = destination.processing.unpack.is_some();
                if let Some(delivery) = &stream.delivery {
                    delivery.configure(Configured { version: stream.version, destination });
                }
            }
            Ok(Nothing {})
        })
    }

    fn check(&self, stream: &DeliveryStream, status: Status) -> Result<(), FirehoseError> {
        let Self { key, version, destination_id } = self;
        if status != Status::Active {
            let status = status.as_str();
            return Err(FirehoseError::InUse(format!(
                "Cannot update firehose: {} when it is in {status} status",
                key.name
            )));
        }
        if *version != stream.version.to_string() {
            return Err(FirehoseError::ConcurrentModification(format!(
                "Cannot update firehose: {} since the current version id: {} and specified version id: {version} \
                 do not match",
                key.name, stream.version
            )));
        }
        if *destination_id != DESTINATION_ID {
            return Err(FirehoseError::InvalidArgument(format!("Destination Id {destination_id} not found")));
        }
        Ok(())
    }
}

fn change(input: Input) -> Result<(Settings, &'static str), FirehoseError> {
    match (input.extended_s3, input.s3, input.http) {
        (Some(change), None, None) => Ok((Settings::S3(Box::new(change)), "extendedS3DestinationUpdate")),
        (None, Some(change), None) => Ok((Settings::S3(Box::new(change.legacy())), "s3DestinationUpdate")),
        (None, None, Some(change)) => Ok((Settings::Http(Box::new(change)), "httpEndpointDestinationUpdate")),
        (None, None, None) => Err(FirehoseError::InvalidArgument(
            match input.other.keys().find(|name| name.ends_with("DestinationUpdate")) {
                Some(name) => format!(
                    "{name} is not offered by this endpoint; use ExtendedS3DestinationUpdate or \
                     HttpEndpointDestinationUpdate"
                ),
                None => "At least one destination or source configuration update must be provided".to_owned(),
            },
        )),
        _ => Err(FirehoseError::InvalidArgument(
            "Exactly one destination configuration is supported for a Firehose".to_owned(),
        )),
    }
}
