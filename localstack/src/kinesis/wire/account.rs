//! The account's settings: `DescribeAccountSettings` and `UpdateAccountSettings`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::values::Time;
use crate::http::{AwsError, Context};
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateInput {
    minimum_throughput_billing_commitment: CommitmentInput,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CommitmentInput {
    status: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SettingsOutput {
    minimum_throughput_billing_commitment: CommitmentOutput,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct CommitmentOutput {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    earliest_allowed_end_at: Option<Time>,
}

pub(crate) fn describe(world: &Arc<World>, context: &Context) -> SettingsOutput {
    let now = world.clock.epoch_millis();
    let commitment = world.kinesis.commitment(&context.region, |commitment| *commitment);
    let time = |millis: Option<i64>| millis.map(|millis| Time { millis });
    SettingsOutput {
        minimum_throughput_billing_commitment: CommitmentOutput {
            status: commitment.status(now),
            started_at: time(commitment.started()),
            ended_at: time(commitment.ended(now)),
            earliest_allowed_end_at: time(commitment.earliest_end()),
        },
    }
}

pub(crate) fn update(
    world: &Arc<World>,
    context: &Context,
    input: UpdateInput,
) -> Result<SettingsOutput, AwsError> {
    let now = world.clock.epoch_millis();
    world.kinesis.commitment(&context.region, |commitment| {
        match input.minimum_throughput_billing_commitment.status.as_str() {
            "ENABLED" => commitment.enable(now),
            _ => commitment.disable(now),
        }
    });
    Ok(describe(world, context))
}
