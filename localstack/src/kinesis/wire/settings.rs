//! A stream's settings: retention, encryption, mode, record size, enhanced monitoring.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::stream::{Encryption, invalid};
use super::super::{Stream, StreamArn};
use super::streams::StreamModeDetails;
use super::target::Target;
use super::values::Shown;
use crate::http::{AwsError, Context, Violations};
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RetentionInput {
    #[serde(flatten)]
    target: Target,
    retention_period_hours: Option<i32>,
}

impl RetentionInput {
    fn check(&self, world: &World, context: &Context) -> Result<(Arc<Stream>, i32), AwsError> {
        let mut violations = Violations::default();
        self.target.validate(&mut violations);
        violations.required("retentionPeriodHours", self.retention_period_hours.as_ref());
        violations.check()?;
        let stream = self.target.find(world, context)?;
        let hours = self.retention_period_hours.unwrap_or_default();
        if hours < 24 {
            return Err(invalid(format!(
                "Minimum allowed retention period is 24 hours. Requested retention period ({hours} hours) is too short."
            )));
        }
        if hours > 8760 {
            return Err(invalid(format!(
                "Maximum allowed retention period is 8760 hours. Requested retention period ({hours} hours) is too long."
            )));
        }
        Ok((stream, hours))
    }
}

pub(crate) fn increase_retention(
    world: &Arc<World>,
    context: &Context,
    input: RetentionInput,
) -> Result<(), AwsError> {
    let (stream, hours) = input.check(world, context)?;
    stream.change(world.clock.now(), |state| {
        let current = state.retention_hours;
        if hours < current {
            return Err(invalid(format!(
                "Requested retention period ({hours} hours) for stream {} can not be shorter than existing retention \
                 period ({current} hours). Use DecreaseRetentionPeriod API.",
                stream.arn().name()
            )));
        }
        state.retention_hours = hours;
        Ok(hours != current)
    })
}

pub(crate) fn decrease_retention(
    world: &Arc<World>,
    context: &Context,
    input: RetentionInput,
) -> Result<(), AwsError> {
    let (stream, hours) = input.check(world, context)?;
    stream.change(world.clock.now(), |state| {
        let current = state.retention_hours;
        if hours > current {
            return Err(invalid(format!(
                "Requested retention period ({hours} hours) for stream {} can not be longer than existing retention \
                 period ({current} hours). Use IncreaseRetentionPeriod API.",
                stream.arn().name()
            )));
        }
        state.retention_hours = hours;
        Ok(hours != current)
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EncryptionInput {
    #[serde(flatten)]
    target: Target,
    encryption_type: Option<String>,
    key_id: Option<String>,
}

impl EncryptionInput {
    fn check(&self, world: &World, context: &Context) -> Result<Arc<Stream>, AwsError> {
        let mut violations = Violations::default();
        self.target.validate(&mut violations);
        violations.required("encryptionType", self.encryption_type.as_ref());
        violations.one_of("encryptionType", self.encryption_type.as_deref(), &["KMS", "NONE"]);
        violations.required("keyId", self.key_id.as_ref());
        violations.length("keyId", self.key_id.as_deref(), 1, 2048);
        violations.check()?;
        if self.encryption_type.as_deref() != Some("KMS") {
            return Err(invalid("Encryption type must be KMS.".to_owned()));
        }
        self.target.find(world, context)
    }
}

pub(crate) fn start_encryption(
    world: &Arc<World>,
    context: &Context,
    input: EncryptionInput,
) -> Result<(), AwsError> {
    let stream = input.check(world, context)?;
    let wanted = Encryption::Kms(input.key_id.unwrap_or_default());
    stream.change(world.clock.now(), |state| {
        let changed = state.encryption != wanted;
        state.encryption = wanted;
        Ok(changed)
    })
}

pub(crate) fn stop_encryption(
    world: &Arc<World>,
    context: &Context,
    input: EncryptionInput,
) -> Result<(), AwsError> {
    let stream = input.check(world, context)?;
    stream.change(world.clock.now(), |state| {
        let changed = state.encryption != Encryption::None;
        state.encryption = Encryption::None;
        Ok(changed)
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateStreamModeInput {
    #[serde(flatten)]
    target: Target,
    stream_mode_details: Option<StreamModeDetails>,
}

pub(crate) fn update_mode(
    world: &Arc<World>,
    context: &Context,
    input: UpdateStreamModeInput,
) -> Result<(), AwsError> {
    let mut violations = Violations::default();
    input.target.validate(&mut violations);
    violations.required("streamARN", input.target.stream_arn.as_ref());
    violations.required("streamModeDetails", input.stream_mode_details.as_ref());
    if let Some(details) = &input.stream_mode_details {
        details.validate(&mut violations);
    }
    violations.check()?;
    let mode = input.stream_mode_details.unwrap_or_default().mode();
    input.target.find(world, context)?.change(world.clock.now(), |state| {
        let changed = state.mode != mode;
        state.mode = mode;
        Ok(changed)
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateMaxRecordSizeInput {
    #[serde(flatten)]
    target: Target,
    #[serde(rename = "MaxRecordSizeInKiB")]
    max_record_kib: Option<i32>,
}

pub(crate) fn update_max_record_size(
    world: &Arc<World>,
    context: &Context,
    input: UpdateMaxRecordSizeInput,
) -> Result<(), AwsError> {
    let mut violations = Violations::default();
    input.target.validate(&mut violations);
    violations.required("maxRecordSizeInKiB", input.max_record_kib.as_ref());
    violations.range("maxRecordSizeInKiB", input.max_record_kib.map(i64::from), 1024, 10_240);
    violations.check()?;
    let wanted = input.max_record_kib.unwrap_or(1024);
    input.target.find(world, context)?.change(world.clock.now(), |state| {
        let changed = state.max_record_kib != wanted;
        state.max_record_kib = wanted;
        Ok(changed)
    })
}

const METRICS: [&str; 7] = [
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricsInput {
    #[serde(flatten)]
    target: Target,
    #[serde(default)]
    shard_level_metrics: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricsOutput {
    stream_name: String,
    #[serde(rename = "StreamARN")]
    stream_arn: Shown<StreamArn>,
    current_shard_level_metrics: BTreeSet<String>,
    desired_shard_level_metrics: BTreeSet<String>,
}

pub(crate) fn enable_metrics(
    world: &Arc<World>,
    context: &Context,
    input: MetricsInput,
) -> Result<MetricsOutput, AwsError> {
    metrics(world, context, &input, |metrics, wanted| metrics.extend(wanted))
}

pub(crate) fn disable_metrics(
    world: &Arc<World>,
    context: &Context,
    input: MetricsInput,
) -> Result<MetricsOutput, AwsError> {
    metrics(world, context, &input, |metrics, unwanted| metrics.retain(|metric| !unwanted.contains(metric)))
}

fn metrics(
    world: &World,
    context: &Context,
    input: &MetricsInput,
    change: impl FnOnce(&mut BTreeSet<String>, BTreeSet<String>),
) -> Result<MetricsOutput, AwsError> {
    let mut violations = Violations::default();
    input.target.validate(&mut violations);
    if input.shard_level_metrics.is_empty() {
        violations.add("shardLevelMetrics", "[]", "Member must have length greater than or equal to 1");
    }
    let allowed: Vec<&str> = METRICS.into_iter().chain(["ALL"]).collect();
    for metric in &input.shard_level_metrics {
        violations.one_of("shardLevelMetrics", Some(metric), &allowed);
    }
    violations.check()?;
    let stream = input.target.find(world, context)?;
    let all = input.shard_level_metrics.iter().any(|metric| metric == "ALL");
    let named = || input.shard_level_metrics.iter().cloned().collect();
    let asked: BTreeSet<String> = if all { METRICS.map(str::to_owned).into() } else { named() };
    let (current, desired) = stream.with(world.clock.now(), |state| {
        let current = state.shard_metrics.clone();
        change(&mut state.shard_metrics, asked);
        (current, state.shard_metrics.clone())
    });
    Ok(MetricsOutput {
        stream_name: stream.arn().name().to_owned(),
        stream_arn: Shown(stream.arn().clone()),
        current_shard_level_metrics: current,
        desired_shard_level_metrics: desired,
    })
}
