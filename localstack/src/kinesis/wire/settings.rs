//! A stream's settings: retention, encryption, mode, record size, enhanced monitoring.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::limits::{DAY, ENCRYPTION_CHANGES_PER_DAY, MODE_CHANGES_PER_DAY};
use super::super::stream::{Encryption, invalid, too_often};
use super::super::{Distribution, Mode, Stream, StreamArn};
use super::capacity::check_warm;
use super::streams::StreamModeDetails;
use super::target::Target;
use super::values::Shown;
use crate::http::{AwsError, Context};
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RetentionInput {
    #[serde(flatten)]
    target: Target,
    retention_period_hours: i64,
}

impl RetentionInput {
    fn check(&self, world: &World, context: &Context) -> Result<(Arc<Stream>, i32), AwsError> {
        let stream = self.target.find(world, context)?;
        let hours = i32::try_from(self.retention_period_hours).unwrap_or(i32::MAX);
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
        if hours != current {
            state.set_retention(hours);
        }
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
        if hours != current {
            state.set_retention(hours);
        }
        Ok(hours != current)
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EncryptionInput {
    #[serde(flatten)]
    target: Target,
    encryption_type: String,
    key_id: String,
}

impl EncryptionInput {
    fn check(&self, world: &World, context: &Context) -> Result<Arc<Stream>, AwsError> {
        if self.encryption_type != "KMS" {
            return Err(invalid("Encryption type must be KMS.".to_owned()));
        }
        let stream = self.target.find(world, context)?;
        check_key(&self.key_id)?;
        Ok(stream)
    }
}

/// A key's id, ARN or alias. There is no KMS here that could know the key, so only its form is checked (?).
fn check_key(key: &str) -> Result<(), AwsError> {
    let is_alias = |text: &str| text.strip_prefix("alias/").is_some_and(|name| !name.is_empty());
    let is_fine = match key.strip_prefix("arn:") {
        None => is_alias(key) || (!key.contains('/') && key.bytes().all(|byte| byte.is_ascii_graphic())),
        Some(_) => match key.splitn(6, ':').collect::<Vec<_>>()[..] {
            [_, _, "kms", _, _, resource] => resource.starts_with("key/") || is_alias(resource),
            _ => false,
        },
    };
    if is_fine {
        return Ok(());
    }
    Err(AwsError::bad_request("KMSNotFoundException", format!("Invalid keyId '{key}'")))
}

pub(crate) fn start_encryption(
    world: &Arc<World>,
    context: &Context,
    input: EncryptionInput,
) -> Result<(), AwsError> {
    let stream = input.check(world, context)?;
    let wanted = Encryption::Kms(input.key_id);
    let now = world.clock.now();
    stream.change(now, |state| {
        let changed = state.encryption != wanted;
        let most = ENCRYPTION_CHANGES_PER_DAY;
        if changed && state.limits().enforced() && !state.history.keys.admit(most, DAY, now.as_millisecond())
        {
            return Err(too_often(stream.arn(), "StartStreamEncryption", most));
        }
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
    let now = world.clock.now();
    stream.change(now, |state| {
        let changed = state.encryption != Encryption::None;
        let most = ENCRYPTION_CHANGES_PER_DAY;
        let limited = changed && state.limits().enforced();
        if limited && !state.history.key_removals.admit(most, DAY, now.as_millisecond()) {
            return Err(too_often(stream.arn(), "StopStreamEncryption", most));
        }
        state.encryption = Encryption::None;
        Ok(changed)
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateStreamModeInput {
    #[serde(flatten)]
    target: Target,
    stream_mode_details: StreamModeDetails,
    warm_throughput_mi_bps: Option<u32>,
}

pub(crate) fn update_mode(
    world: &Arc<World>,
    context: &Context,
    input: UpdateStreamModeInput,
) -> Result<(), AwsError> {
    let mode = input.stream_mode_details.mode();
    let stream = input.target.find(world, context)?;
    let now = world.clock.now();
    if let Some(mibps) = input.warm_throughput_mi_bps {
        check_warm(world, stream.arn(), mode, mibps, now)?;
    }
    if mode == Mode::OnDemand && stream.with(now, |state| state.mode) != mode {
        world.kinesis.room_for_on_demand(stream.arn(), now)?;
    }
    stream.change(now, |state| {
        let changed = state.mode != mode;
        let most = MODE_CHANGES_PER_DAY;
        if changed && state.limits().enforced() && !state.history.modes.admit(most, DAY, now.as_millisecond())
        {
            return Err(too_often(stream.arn(), "UpdateStreamMode", most));
        }
        state.mode = mode;
        match mode {
            Mode::OnDemand => state.warm_mibps = input.warm_throughput_mi_bps.or(state.warm_mibps),
            // What only on-demand streams have is gone with the mode.
            Mode::Provisioned => {
                state.warm_mibps = None;
                state.distribution = Distribution::UserPartitionKey;
            }
        }
        Ok(changed)
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateMaxRecordSizeInput {
    #[serde(flatten)]
    target: Target,
    #[serde(rename = "MaxRecordSizeInKiB")]
    max_record_kib: i32,
}

pub(crate) fn update_max_record_size(
    world: &Arc<World>,
    context: &Context,
    input: UpdateMaxRecordSizeInput,
) -> Result<(), AwsError> {
    let wanted = input.max_record_kib;
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
