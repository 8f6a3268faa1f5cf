//! `DescribeDeliveryStream`.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::super::error::FirehoseError;
use super::super::metrics::{self, Metric};
use super::super::settings::{HttpSettings, S3Settings, Settings};
use super::super::stream::{DeliveryStream, Origin, Status};
use super::wire::{NameOnly, seconds};
use crate::http::Context;
use crate::world::World;

/// The id of the only destination a delivery stream has.
pub(super) const DESTINATION_ID: &str = "destinationId-000000000001";

#[derive(Debug, Serialize)]
pub(super) struct Output {
    #[serde(rename = "DeliveryStreamDescription")]
    description: Description,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    delivery_stream_name: String,
    #[serde(rename = "DeliveryStreamARN")]
    arn: String,
    delivery_stream_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_stream_encryption_configuration: Option<EncryptionDescription>,
    delivery_stream_type: &'static str,
    version_id: String,
    create_timestamp: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update_timestamp: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<SourceDescription>,
    destinations: [DestinationDescription; 1],
    has_more_destinations: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EncryptionDescription {
    #[serde(rename = "KeyARN", skip_serializing_if = "Option::is_none")]
    key_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_type: Option<String>,
    status: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SourceDescription {
    #[serde(skip_serializing_if = "Option::is_none")]
    direct_put_source_description: Option<DirectPutDescription>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kinesis_stream_source_description: Option<KinesisDescription>,
}

#[derive(Debug, Serialize)]
struct DirectPutDescription {
    #[serde(rename = "ThroughputHintInMBs")]
    throughput_hint: i64,
}

#[derive(Debug, Serialize)]
struct KinesisDescription {
    #[serde(rename = "KinesisStreamARN")]
    stream_arn: String,
    #[serde(rename = "RoleARN")]
    role_arn: String,
    #[serde(rename = "DeliveryStartTimestamp")]
    started: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DestinationDescription {
    destination_id: &'static str,
    #[serde(rename = "S3DestinationDescription", skip_serializing_if = "Option::is_none")]
    s3: Option<S3Settings>,
    #[serde(rename = "ExtendedS3DestinationDescription", skip_serializing_if = "Option::is_none")]
    extended_s3: Option<S3Settings>,
    #[serde(rename = "HttpEndpointDestinationDescription", skip_serializing_if = "Option::is_none")]
    http: Option<HttpSettings>,
}

/// Describes a delivery stream. Any page holds its only destination, as on AWS.
pub(super) fn describe(
    world: &Arc<World>,
    context: &Context,
    input: NameOnly,
) -> Result<Output, FirehoseError> {
    let key = super::key(context, input.delivery_stream_name)?;
    let now = world.clock.elapsed();
    let described = world.firehose.with(&key, |stream, status| {
        Ok(Output { description: description(&key.name, stream, status, now) })
    })?;
    let took = world.clock.elapsed().saturating_sub(now);
    metrics::answered(world, &key, [Metric::DescribeLatency, Metric::DescribeRequests], took);
    Ok(described)
}

fn description(name: &str, stream: &DeliveryStream, status: Status, now: Duration) -> Description {
    let (encryption, source) = match &stream.origin {
        Origin::DirectPut { throughput_hint } => {
            let key = stream.encryption.key();
            let encryption = EncryptionDescription {
                key_arn: key.and_then(|key| key.key_arn.clone()),
                key_type: key.map(|key| key.key_type.clone()),
                status: stream.encryption.status(now).as_str(),
            };
            let source = throughput_hint.map(|throughput_hint| SourceDescription {
                direct_put_source_description: Some(DirectPutDescription { throughput_hint }),
                kinesis_stream_source_description: None,
            });
            (Some(encryption), source)
        }
        // The encryption of such a stream is that of its source.
        Origin::Kinesis { stream_arn, role_arn } => {
            let kinesis = KinesisDescription {
                stream_arn: stream_arn.clone(),
                role_arn: role_arn.clone(),
                started: seconds(stream.created),
            };
            let source = SourceDescription {
                direct_put_source_description: None,
                kinesis_stream_source_description: Some(kinesis),
            };
            (None, Some(source))
        }
    };
    Description {
        delivery_stream_name: name.to_owned(),
        arn: stream.arn.clone(),
        delivery_stream_status: status.as_str(),
        delivery_stream_encryption_configuration: encryption,
        delivery_stream_type: stream.origin.kind(),
        version_id: stream.version.to_string(),
        create_timestamp: seconds(stream.created),
        last_update_timestamp: stream.updated.map(seconds),
        source,
        destinations: [destination(&stream.settings)],
        has_more_destinations: false,
    }
}

fn destination(settings: &Settings) -> DestinationDescription {
    let (s3, extended_s3, http) = match settings {
        Settings::S3(settings) => (Some(settings.legacy()), Some((**settings).clone()), None),
        Settings::Http(settings) => (None, None, Some((**settings).clone())),
    };
    DestinationDescription { destination_id: DESTINATION_ID, s3, extended_s3, http }
}
