//! What only on-demand streams have: warm throughput, and a strategy that distributes records without their keys.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::stream::{invalid, under};
use super::super::{Distribution, Mode, StreamArn};
use super::target::Target;
use super::values::Shown;
use crate::http::{AwsError, Context};
use crate::world::World;

/// The most that a stream can be kept ready for: 10 GiB/s.
const MOST_MIBPS: u32 = 10 * 1024;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WarmInput {
    #[serde(flatten)]
    target: Target,
    warm_throughput_mi_bps: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WarmOutput {
    #[serde(rename = "StreamARN")]
    stream_arn: Shown<StreamArn>,
    stream_name: String,
    warm_throughput: WarmThroughput,
}

/// What is wanted, and what is there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WarmThroughput {
    target_mi_bps: u32,
    current_mi_bps: u32,
}

impl WarmThroughput {
    /// What was wanted is there.
    pub(crate) fn reached(mibps: u32) -> Self {
        Self { target_mi_bps: mibps, current_mi_bps: mibps }
    }
}

pub(crate) fn update_warm(
    world: &Arc<World>,
    context: &Context,
    input: WarmInput,
) -> Result<WarmOutput, AwsError> {
    let stream = input.target.find(world, context)?;
    let now = world.clock.now();
    let (mode, before) = stream.with(now, |state| (state.mode, state.warm_mibps));
    let wanted = input.warm_throughput_mi_bps;
    check_warm(world, stream.arn(), mode, wanted, now)?;
    stream.warm(wanted, now)?;
    Ok(WarmOutput {
        stream_arn: Shown(stream.arn().clone()),
        stream_name: stream.arn().name().to_owned(),
        warm_throughput: WarmThroughput { target_mi_bps: wanted, current_mi_bps: before.unwrap_or(0) },
    })
}

/// Who may ask for warm throughput, and for how much. The words are ours (?).
pub(crate) fn check_warm(
    world: &World,
    arn: &StreamArn,
    mode: Mode,
    mibps: u32,
    now: Timestamp,
) -> Result<(), AwsError> {
    if mode != Mode::OnDemand {
        return Err(AwsError::validation(format!(
            "Request is invalid. Stream {} is in Provisioned mode. Warm throughput is only supported for on-demand \
             streams.",
            under(arn)
        )));
    }
    if !world.kinesis.commitment(arn.region(), |commitment| commitment.is_on(now.as_millisecond())) {
        return Err(AwsError::validation(format!(
            "Warm throughput needs MinimumThroughputBillingCommitment to be enabled for account {} in {}.",
            arn.account(),
            arn.region()
        )));
    }
    if mibps > MOST_MIBPS {
        return Err(AwsError::bad_request(
            "LimitExceededException",
            format!(
                "WarmThroughputMiBps {mibps} for stream {} is above the limit of {MOST_MIBPS}.",
                under(arn)
            ),
        ));
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DistributionInput {
    #[serde(flatten)]
    target: Target,
    record_distribution_strategy: String,
}

pub(crate) fn update_distribution(
    world: &Arc<World>,
    context: &Context,
    input: DistributionInput,
) -> Result<(), AwsError> {
    let stream = input.target.find(world, context)?;
    let wanted = Distribution::of(&input.record_distribution_strategy);
    stream.change(world.clock.now(), |state| {
        check_distribution(stream.arn(), state.mode, wanted)?;
        state.distribution = wanted;
        // It takes effect at once.
        Ok(false)
    })
}

/// Only on-demand streams distribute records themselves. The words are ours (?).
pub(crate) fn check_distribution(arn: &StreamArn, mode: Mode, wanted: Distribution) -> Result<(), AwsError> {
    if mode == Mode::OnDemand || wanted == Distribution::UserPartitionKey {
        return Ok(());
    }
    Err(invalid(format!(
        "Record distribution strategy AUTO is only supported for on-demand streams. Stream {} is in Provisioned mode.",
        under(arn)
    )))
}
