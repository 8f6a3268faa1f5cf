//! Resharding: `UpdateShardCount`, `SplitShard`, `MergeShards`.

use std::num::NonZeroU32;
use std::sync::Arc;

use pipectl_shards::{HashKey, ShardId};
use serde::{Deserialize, Serialize};

use super::super::stream::{could_not_find, invalid};
use super::super::{Mode, Stream, StreamArn};
use super::target::{Target, shard_id};
use super::values::Shown;
use crate::http::{AwsError, Context};
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateShardCountInput {
    #[serde(flatten)]
    target: Target,
    target_shard_count: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateShardCountOutput {
    stream_name: String,
    #[serde(rename = "StreamARN")]
    stream_arn: Shown<StreamArn>,
    current_shard_count: u32,
    target_shard_count: u32,
}

pub(crate) fn update_shard_count(
    world: &Arc<World>,
    context: &Context,
    input: UpdateShardCountInput,
) -> Result<UpdateShardCountOutput, AwsError> {
    let stream = input.target.find(world, context)?;
    provisioned(world, &stream, "UpdateShardCount")?;
    let count = u32::try_from(input.target_shard_count).ok().and_then(NonZeroU32::new);
    let target = count.ok_or_else(|| invalid("TargetShardCount must be at least 1.".to_owned()))?;
    let now = world.clock.now();
    let open = u64::try_from(stream.open_shards(now).len()).unwrap_or(u64::MAX);
    world.kinesis.room_for_shards(stream.arn(), u64::from(target.get()).saturating_sub(open), now)?;
    let current_shard_count = stream.update_shard_count(target, now)?;
    Ok(UpdateShardCountOutput {
        stream_name: stream.arn().name().to_owned(),
        stream_arn: Shown(stream.arn().clone()),
        current_shard_count,
        target_shard_count: target.get(),
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SplitShardInput {
    #[serde(flatten)]
    target: Target,
    shard_to_split: String,
    new_starting_hash_key: String,
}

pub(crate) fn split(world: &Arc<World>, context: &Context, input: SplitShardInput) -> Result<(), AwsError> {
    let shard = shard(&input.target.arn(world, context)?, &input.shard_to_split)?;
    let stream = input.target.find(world, context)?;
    provisioned(world, &stream, "SplitShard")?;
    // Any number of 39 digits passes for a hash key; one beyond the last key is beyond any shard too.
    let at = input.new_starting_hash_key.parse().unwrap_or(HashKey::MAX);
    let now = world.clock.now();
    world.kinesis.room_for_shards(stream.arn(), 1, now)?;
    stream.split(shard, at, now)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MergeShardsInput {
    #[serde(flatten)]
    target: Target,
    shard_to_merge: String,
    adjacent_shard_to_merge: String,
}

pub(crate) fn merge(world: &Arc<World>, context: &Context, input: MergeShardsInput) -> Result<(), AwsError> {
    let arn = input.target.arn(world, context)?;
    let one = shard(&arn, &input.shard_to_merge)?;
    let other = shard(&arn, &input.adjacent_shard_to_merge)?;
    let stream = input.target.find(world, context)?;
    provisioned(world, &stream, "MergeShards")?;
    stream.merge(one, other, world.clock.now())
}

fn shard(arn: &StreamArn, text: &str) -> Result<ShardId, AwsError> {
    shard_id(text).ok_or_else(|| could_not_find(arn, text))
}

/// AWS reshards on-demand streams itself and takes no orders.
fn provisioned(world: &World, stream: &Stream, operation: &str) -> Result<(), AwsError> {
    if stream.with(world.clock.now(), |state| state.mode) == Mode::Provisioned {
        return Ok(());
    }
    Err(AwsError::validation(format!(
        "Request is invalid. Stream {} under account {} is in On-Demand mode. {operation} is not supported in this mode.",
        stream.arn().name(),
        stream.arn().account()
    )))
}
