//! Resharding: `UpdateShardCount`, `SplitShard`, `MergeShards`.

use std::num::NonZeroU32;
use std::sync::Arc;

use pipectl_shards::{HashKey, ShardId};
use serde::{Deserialize, Serialize};

use super::super::stream::{could_not_find, invalid};
use super::super::{Mode, Stream, StreamArn};
use super::target::{Target, check_name};
use super::values::Shown;
use crate::http::{AwsError, Context, Violations};
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateShardCountInput {
    #[serde(flatten)]
    target: Target,
    target_shard_count: Option<i64>,
    scaling_type: Option<String>,
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
    let mut violations = Violations::default();
    input.target.validate(&mut violations);
    violations.required("targetShardCount", input.target_shard_count.as_ref());
    violations.range("targetShardCount", input.target_shard_count, 1, i64::from(i32::MAX));
    violations.required("scalingType", input.scaling_type.as_ref());
    violations.one_of("scalingType", input.scaling_type.as_deref(), &["UNIFORM_SCALING"]);
    violations.check()?;
    let stream = input.target.find(world, context)?;
    provisioned(world, &stream, "UpdateShardCount")?;
    let count =
        input.target_shard_count.and_then(|count| u32::try_from(count).ok()).and_then(NonZeroU32::new);
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
    shard_to_split: Option<String>,
    new_starting_hash_key: Option<String>,
}

pub(crate) fn split(world: &Arc<World>, context: &Context, input: SplitShardInput) -> Result<(), AwsError> {
    let mut violations = Violations::default();
    input.target.validate(&mut violations);
    violations.required("shardToSplit", input.shard_to_split.as_ref());
    check_name(&mut violations, "shardToSplit", input.shard_to_split.as_deref());
    violations.required("newStartingHashKey", input.new_starting_hash_key.as_ref());
    let key = input.new_starting_hash_key.as_deref();
    violations
        .pattern("newStartingHashKey", key, r"0|([1-9]\d{0,38})", |text| text.parse::<HashKey>().is_ok());
    violations.check()?;
    let stream = input.target.find(world, context)?;
    provisioned(world, &stream, "SplitShard")?;
    let shard = shard(&stream, input.shard_to_split)?;
    let at = key
        .unwrap_or_default()
        .parse()
        .map_err(|cause: pipectl_shards::ParseHashKeyError| invalid(cause.to_string()))?;
    let now = world.clock.now();
    world.kinesis.room_for_shards(stream.arn(), 1, now)?;
    stream.split(shard, at, now)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MergeShardsInput {
    #[serde(flatten)]
    target: Target,
    shard_to_merge: Option<String>,
    adjacent_shard_to_merge: Option<String>,
}

pub(crate) fn merge(world: &Arc<World>, context: &Context, input: MergeShardsInput) -> Result<(), AwsError> {
    let mut violations = Violations::default();
    input.target.validate(&mut violations);
    violations.required("shardToMerge", input.shard_to_merge.as_ref());
    check_name(&mut violations, "shardToMerge", input.shard_to_merge.as_deref());
    violations.required("adjacentShardToMerge", input.adjacent_shard_to_merge.as_ref());
    check_name(&mut violations, "adjacentShardToMerge", input.adjacent_shard_to_merge.as_deref());
    violations.check()?;
    let stream = input.target.find(world, context)?;
    provisioned(world, &stream, "MergeShards")?;
    let one = shard(&stream, input.shard_to_merge)?;
    let other = shard(&stream, input.adjacent_shard_to_merge)?;
    stream.merge(one, other, world.clock.now())
}

fn shard(stream: &Stream, text: Option<String>) -> Result<ShardId, AwsError> {
    let text = text.unwrap_or_default();
    text.parse().map_err(|_| could_not_find(stream.arn(), text))
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
