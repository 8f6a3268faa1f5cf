//! `CreateDeliveryStream`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::delivery::Configured;
use super::super::encryption::Encryption;
use super::super::error::FirehoseError;
use super::super::settings::{HttpSettings, S3Settings, Settings, range, role_arn};
use super::super::start::start;
use super::super::state::{Key, QUOTA};
use super::super::stream::{DeliveryStream, Life, Origin};
use super::super::throughput::{Quota, Throughput};
use super::wire::Tag;
use super::{encryption, tags};
use crate::http::Context;
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    delivery_stream_name: Option<String>,
    delivery_stream_type: Option<String>,
    direct_put_source_configuration: Option<DirectPutSource>,
    kinesis_stream_source_configuration: Option<KinesisSource>,
    delivery_stream_encryption_configuration_input: Option<encryption::KeyInput>,
    #[serde(rename = "S3DestinationConfiguration")]
    s3: Option<S3Settings>,
    #[serde(rename = "ExtendedS3DestinationConfiguration")]
    extended_s3: Option<S3Settings>,
    #[serde(rename = "HttpEndpointDestinationConfiguration")]
    http: Option<HttpSettings>,
    tags: Option<Vec<Tag>>,
    /// The destinations and sources that are not offered, to say so rather than to ignore them.
    #[serde(flatten)]
    other: serde_json::Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct DirectPutSource {
    #[serde(rename = "ThroughputHintInMBs")]
    throughput_hint: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct KinesisSource {
    #[serde(rename = "KinesisStreamARN")]
    stream_arn: Option<String>,
    #[serde(rename = "RoleARN")]
    role_arn: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Output {
    #[serde(rename = "DeliveryStreamARN")]
    arn: String,
}

/// Refuses roles that Firehose cannot assume yet.
fn assumable(world: &World, input: &Input) -> Result<(), FirehoseError> {
    let source =
        input.kinesis_stream_source_configuration.as_ref().and_then(|source| source.role_arn.as_ref());
    let destinations = [&input.s3, &input.extended_s3].map(|s3| s3.as_ref()?.role_arn.as_ref());
    let http = input.http.as_ref().and_then(|http| http.role_arn.as_ref());
    let mut roles = destinations.into_iter().chain([source, http]).flatten();
    match roles.find(|role| world.is_too_new(role)) {
        Some(role) => Err(FirehoseError::InvalidArgument(format!(
            "Firehose is unable to assume role {role}. Please check the role provided."
        ))),
        None => Ok(()),
    }
}

/// Creates a delivery stream. A Kinesis source is read from this moment on, as AWS does.
pub(super) fn create(world: &Arc<World>, context: &Context, input: Input) -> Result<Output, FirehoseError> {
    let key = super::key(context, input.delivery_stream_name.clone())?;
    refuse_other(&input)?;
    let tags = tags::checked(input.tags.clone().unwrap_or_default())?;
    let origin = origin(&input)?;
    assumable(world, &input)?;
    let key_input = input.delivery_stream_encryption_configuration_input.as_ref();
    let encryption = Encryption::created(encryption::wanted(key_input, &origin, &key.region)?);
    let (settings, path) = destination(input)?;
    let (settings, destination) = settings.created(path, &key.region)?;
    world.firehose.with_all(|streams| {
        if streams.contains_key(&key) {
            return Err(FirehoseError::InUse(format!(
                "Firehose {} under accountId {} already exists",
                key.name, context.account
            )));
        }
        let taken = streams.keys().filter(|other| other.region == key.region).count();
        if world.firehose.limits.enforced() && taken >= QUOTA {
            return Err(FirehoseError::LimitExceeded(format!(
                "You have already consumed your firehose quota of {QUOTA} hoses."
            )));
        }
        let arn = arn(context, &key);
        let takes_logs_only = destination.processing.unpack.is_some();
        let configured = Configured { version: 1, destination };
        let delivery = start(world, &key, &arn, &origin, configured)?;
        let stream = DeliveryStream {
            arn: arn.clone(),
            origin,
            life: Life::Creating { until: world.clock.elapsed() + world.firehose.transition },
            version: 1,
            created: world.clock.now(),
            updated: None,
            settings,
            tags,
            encryption,
            throughput: Throughput::full(Quota::of(&key.region)),
            takes_logs_only,
            delivery: Some(delivery),
        };
        streams.insert(key, stream);
        Ok(Output { arn })
    })
}

fn arn(context: &Context, key: &Key) -> String {
    format!("arn:aws:firehose:{}:{}:deliverystream/{}", key.region, context.account, key.name)
}

fn origin(input: &Input) -> Result<Origin, FirehoseError> {
    let kind = input.delivery_stream_type.as_deref().unwrap_or("DirectPut");
    let source = input.kinesis_stream_source_configuration.as_ref();
    match (kind, source) {
        // What is said of a source beside is ignored, as AWS does.
        ("DirectPut", _) => {
            let direct = input.direct_put_source_configuration.as_ref();
            let throughput_hint = direct.map(|direct| direct.throughput_hint);
            let member = "directPutSourceConfiguration.throughputHintInMBs";
            match throughput_hint {
                Some(None) => return Err(FirehoseError::missing(member)),
                Some(Some(hint)) => range(member, hint, 1, 100)?,
                None => {}
            }
            Ok(Origin::DirectPut { throughput_hint: throughput_hint.flatten() })
        }
        ("KinesisStreamAsSource", Some(source)) => kinesis_origin(source),
        ("KinesisStreamAsSource", None) => Err(FirehoseError::InvalidArgument(
            "KinesisSourceStreamConfig is mandatory for KinesisStreamAsSource stream type.".to_owned(),
        )),
        ("MSKAsSource" | "DatabaseAsSource", _) => Err(FirehoseError::InvalidArgument(format!(
            "DeliveryStreamType {kind} is not offered by this endpoint; use DirectPut or KinesisStreamAsSource"
        ))),
        (other, _) => Err(FirehoseError::constraint(
            "deliveryStreamType",
            other,
            "Member must satisfy enum value set: [DirectPut, KinesisStreamAsSource, MSKAsSource, DatabaseAsSource]",
        )),
    }
}

fn kinesis_origin(source: &KinesisSource) -> Result<Origin, FirehoseError> {
    const ARN: &str = "kinesisStreamSourceConfiguration.kinesisStreamARN";
    const ROLE: &str = "kinesisStreamSourceConfiguration.roleARN";
    let stream_arn = source.stream_arn.clone().ok_or_else(|| FirehoseError::missing(ARN))?;
    let role = source.role_arn.clone().ok_or_else(|| FirehoseError::missing(ROLE))?;
    let resource = stream_arn.strip_prefix("arn:").and_then(|rest| rest.split_once(":kinesis:"));
    if !resource.is_some_and(|(_, resource)| resource.contains(":stream/")) {
        return Err(FirehoseError::constraint(
            ARN,
            &stream_arn,
            r"Member must satisfy regular expression pattern: arn:.*:kinesis:[a-zA-Z0-9\-]+:\d{12}:stream/[a-zA-Z0-9_.-]+",
        ));
    }
    role_arn(ROLE, &role)?;
    Ok(Origin::Kinesis { stream_arn, role_arn: role })
}

fn destination(input: Input) -> Result<(Settings, &'static str), FirehoseError> {
    match (input.extended_s3, input.s3, input.http) {
        (Some(settings), None, None) => {
            Ok((Settings::S3(Box::new(settings)), "extendedS3DestinationConfiguration"))
        }
        (None, Some(settings), None) => {
            Ok((Settings::S3(Box::new(settings.legacy())), "s3DestinationConfiguration"))
        }
        (None, None, Some(settings)) => {
            Ok((Settings::Http(Box::new(settings)), "httpEndpointDestinationConfiguration"))
        }
        _ => Err(FirehoseError::InvalidArgument(
            "Exactly one destination configuration is supported for a Firehose".to_owned(),
        )),
    }
}

fn refuse_other(input: &Input) -> Result<(), FirehoseError> {
    let given = input.other.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name.as_str());
    match given.into_iter().find(|name| name.ends_with("Configuration")) {
        Some(name) => Err(FirehoseError::InvalidArgument(format!(
            "{name} is not offered by this endpoint. Destinations are ExtendedS3DestinationConfiguration, \
             S3DestinationConfiguration and HttpEndpointDestinationConfiguration; sources are direct put and \
             KinesisStreamSourceConfiguration"
        ))),
        None => Ok(()),
    }
}
