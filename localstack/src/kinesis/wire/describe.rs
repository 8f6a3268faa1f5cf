//! What a stream is: `DescribeStream` and `DescribeStreamSummary`.

use std::sync::Arc;

use pipectl_shards::{HashKey, HashKeyRange, Shard, ShardId};
use serde::{Deserialize, Serialize};

use super::super::state::State;
use super::super::stream::{Encryption, Mode};
use super::super::{Stream, StreamArn};
use super::capacity::WarmThroughput;
use super::streams::ModeOutput;
use super::target::Target;
use super::values::{Shown, Time};
use crate::http::{AwsError, Context};
use crate::world::World;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ShardOutput {
    shard_id: Shown<ShardId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_shard_id: Option<Shown<ShardId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    adjacent_parent_shard_id: Option<Shown<ShardId>>,
    hash_key_range: RangeOutput,
    sequence_number_range: SequenceRangeOutput,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RangeOutput {
    starting_hash_key: Shown<HashKey>,
    ending_hash_key: Shown<HashKey>,
}

impl From<HashKeyRange> for RangeOutput {
    fn from(range: HashKeyRange) -> Self {
        Self { starting_hash_key: Shown(range.start()), ending_hash_key: Shown(range.end()) }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SequenceRangeOutput {
    starting_sequence_number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ending_sequence_number: Option<String>,
}

impl ShardOutput {
    pub(crate) fn id(&self) -> String {
        self.shard_id.0.to_string()
    }

    /// For a list that does not know of its end yet.
    pub(crate) fn still_open(mut self) -> Self {
        self.sequence_number_range.ending_sequence_number = None;
        self
    }

    pub(crate) fn of(stream: &Stream, state: &State, shard: &Shard) -> Option<Self> {
        let log = state.log(shard.id)?;
        let number = |sequence| stream.sequence_number(shard.id, sequence);
        Some(Self {
            shard_id: Shown(shard.id),
            parent_shard_id: shard.parent.map(Shown),
            adjacent_parent_shard_id: shard.adjacent_parent.map(Shown),
            hash_key_range: shard.range.into(),
            sequence_number_range: SequenceRangeOutput {
                starting_sequence_number: number(log.first),
                ending_sequence_number: log.last.map(number),
            },
        })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EnhancedMetrics {
    shard_level_metrics: Vec<String>,
}

/// What both descriptions begin with.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Common {
    stream_name: String,
    #[serde(rename = "StreamARN")]
    stream_arn: Shown<StreamArn>,
    stream_status: &'static str,
    stream_mode_details: ModeOutput,
    retention_period_hours: i32,
    stream_creation_timestamp: Time,
    enhanced_monitoring: Vec<EnhancedMetrics>,
    encryption_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
}

impl Common {
    fn of(stream: &Stream, state: &State) -> Self {
        let (encryption_type, key_id) = match &state.encryption {
            Encryption::None => ("NONE", None),
            Encryption::Kms(key) => ("KMS", Some(key.clone())),
        };
        Self {
            stream_name: stream.arn().name().to_owned(),
            stream_arn: Shown(stream.arn().clone()),
            stream_status: state.status().as_str(),
            stream_mode_details: state.mode.into(),
            retention_period_hours: state.retention_hours,
            stream_creation_timestamp: stream.created().into(),
            enhanced_monitoring: vec![EnhancedMetrics {
                shard_level_metrics: state.shard_metrics.iter().cloned().collect(),
            }],
            encryption_type,
            key_id,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeStreamInput {
    #[serde(flatten)]
    target: Target,
    limit: Option<i64>,
    exclusive_start_shard_id: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeStreamOutput {
    stream_description: StreamDescription,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct StreamDescription {
    #[serde(flatten)]
    common: Common,
    has_more_shards: bool,
    shards: Vec<ShardOutput>,
}

pub(crate) fn stream(
    world: &Arc<World>,
    context: &Context,
    input: DescribeStreamInput,
) -> Result<DescribeStreamOutput, AwsError> {
    let stream = input.target.find(world, context)?;
    let limit = usize::try_from(input.limit.unwrap_or(100)).unwrap_or(100);
    let now = world.clock.now();
    let mut shards = listed_after(&stream, input.exclusive_start_shard_id.as_deref(), now);
    let has_more_shards = shards.len() > limit;
    shards.truncate(limit);
    let stream_description = stream.with(now, |state| StreamDescription {
        common: Common::of(&stream, state),
        has_more_shards,
        shards: shards.iter().filter_map(|shard| ShardOutput::of(&stream, state, shard)).collect(),
    });
    Ok(DescribeStreamOutput { stream_description })
}

/// The listed shards after the one of this id, in order; a stream that is still CREATING has none.
pub(crate) fn listed_after(stream: &Stream, after: Option<&str>, now: jiff::Timestamp) -> Vec<Shard> {
    if stream.status(now).as_str() == "CREATING" {
        return Vec::new();
    }
    let mut shards = stream.shards(now);
    if let Some(after) = after {
        shards.retain(|shard| shard.id.to_string().as_str() > after);
    }
    shards
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeStreamSummaryOutput {
    stream_description_summary: StreamDescriptionSummary,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct StreamDescriptionSummary {
    #[serde(flatten)]
    common: Common,
    open_shard_count: usize,
    consumer_count: usize,
    #[serde(rename = "MaxRecordSizeInKiB")]
    max_record_kib: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_distribution_strategy: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warm_throughput: Option<WarmThroughput>,
}

pub(crate) fn summary(
    world: &Arc<World>,
    context: &Context,
    target: Target,
) -> Result<DescribeStreamSummaryOutput, AwsError> {
    let stream = target.find(world, context)?;
    let now = world.clock.now();
    let consumer_count = stream.consumer_count(now);
    let summary = stream.with(now, |state| StreamDescriptionSummary {
        common: Common::of(&stream, state),
        open_shard_count: if state.status().as_str() == "CREATING" {
            0
        } else {
            state.lineage.open().count()
        },
        consumer_count,
        max_record_kib: state.max_record_kib,
        record_distribution_strategy: (state.mode == Mode::OnDemand).then(|| state.distribution.as_str()),
        warm_throughput: state.warm_mibps.map(WarmThroughput::reached),
    });
    Ok(DescribeStreamSummaryOutput { stream_description_summary: summary })
}
