//! Creating, deleting and listing streams, and the account's limits.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::limits::ON_DEMAND_STREAMS;
use super::super::stream::{ON_DEMAND_SHARDS, invalid, under};
use super::super::{Distribution, Mode, Stream, StreamArn, StreamSettings};
use super::capacity::{check_distribution, check_warm};
use super::tags::check_tags;
use super::target::Target;
use super::values::{Shown, Time};
use crate::http::{AwsError, Context};
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateStreamInput {
    stream_name: String,
    shard_count: Option<i64>,
    stream_mode_details: Option<StreamModeDetails>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(rename = "MaxRecordSizeInKiB")]
    max_record_kib: Option<i32>,
    warm_throughput_mi_bps: Option<u32>,
    record_distribution_strategy: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StreamModeDetails {
    stream_mode: String,
}

impl StreamModeDetails {
    pub(crate) fn mode(&self) -> Mode {
        if self.stream_mode == "ON_DEMAND" { Mode::OnDemand } else { Mode::Provisioned }
    }
}

pub(crate) fn create(
    world: &Arc<World>,
    context: &Context,
    input: CreateStreamInput,
) -> Result<(), AwsError> {
    let now = world.clock.now();
    let arn = StreamArn::new(&context.region, world.kinesis.account(), input.stream_name);
    check_tags(&format!("stream {}", under(&arn)), &input.tags, 0)?;
    let mode = input.stream_mode_details.map_or(Mode::Provisioned, |details| details.mode());
    let count = input.shard_count.and_then(|count| u32::try_from(count).ok()).and_then(NonZeroU32::new);
    let shards = match (mode, count) {
        (Mode::Provisioned, Some(count)) => count,
        (Mode::OnDemand, None) => ON_DEMAND_SHARDS,
        (Mode::Provisioned, None) => {
            return Err(AwsError::validation("ShardCount is required in PROVISIONED mode."));
        }
        (Mode::OnDemand, Some(_)) => {
            return Err(AwsError::validation("ShardCount cannot be specified in ON_DEMAND mode."));
        }
    };
    let distribution = Distribution::of(input.record_distribution_strategy.as_deref().unwrap_or_default());
    check_distribution(&arn, mode, distribution)?;
    if let Some(mibps) = input.warm_throughput_mi_bps {
        check_warm(world, &arn, mode, mibps, now)?;
    }
    let settings = StreamSettings {
        shards: input
            .warm_throughput_mi_bps
            .and_then(NonZeroU32::new)
            .map_or(shards, |warm| warm.max(shards)),
        mode,
        tags: input.tags,
        max_record_kib: input.max_record_kib.unwrap_or(1024),
        warm_mibps: input.warm_throughput_mi_bps,
        distribution,
    };
    world.kinesis.create(arn, settings, now).map(|_| ())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteStreamInput {
    #[serde(flatten)]
    target: Target,
    enforce_consumer_deletion: Option<bool>,
}

pub(crate) fn delete(
    world: &Arc<World>,
    context: &Context,
    input: DeleteStreamInput,
) -> Result<(), AwsError> {
    let stream = input.target.find(world, context)?;
    let now = world.clock.now();
    if stream.consumer_count(now) > 0 && input.enforce_consumer_deletion != Some(true) {
        return Err(AwsError::bad_request(
            "ResourceInUseException",
            format!(
                "DeleteStream can't delete {} because there are consumers associated with this data stream. To delete \
                 {} anyway, set the EnforceConsumerDeletion parameter to true to force the deletion of all the \
                 consumers that are associated with it.",
                stream.arn(),
                stream.arn().name()
            ),
        ));
    }
    stream.delete(now);
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListStreamsInput {
    limit: Option<i64>,
    exclusive_start_stream_name: Option<String>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListStreamsOutput {
    has_more_streams: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    stream_names: Vec<String>,
    stream_summaries: Vec<StreamSummary>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct StreamSummary {
    stream_name: String,
    #[serde(rename = "StreamARN")]
    stream_arn: Shown<StreamArn>,
    stream_status: &'static str,
    stream_mode_details: ModeOutput,
    stream_creation_timestamp: Time,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModeOutput {
    stream_mode: &'static str,
}

impl From<Mode> for ModeOutput {
    fn from(mode: Mode) -> Self {
        Self { stream_mode: mode.as_str() }
    }
}

pub(crate) fn list(
    world: &Arc<World>,
    context: &Context,
    input: ListStreamsInput,
) -> Result<ListStreamsOutput, AwsError> {
    let after = match &input.next_token {
        Some(token) => {
            let name: Option<String> = world.kinesis.seal().open(token);
            Some(name.ok_or_else(|| invalid("NextToken is invalid.".to_owned()))?)
        }
        None => input.exclusive_start_stream_name,
    };
    let limit = usize::try_from(input.limit.unwrap_or(100)).unwrap_or(100);
    let now = world.clock.now();
    let mut streams = world.kinesis.streams(&context.region, now);
    streams.retain(|stream| after.as_deref().is_none_or(|after| stream.arn().name() > after));
    let has_more_streams = streams.len() > limit;
    streams.truncate(limit);
    let last = streams.last().filter(|_| has_more_streams);
    let summary = |stream: &Arc<Stream>| StreamSummary {
        stream_name: stream.arn().name().to_owned(),
        stream_arn: Shown(stream.arn().clone()),
        stream_status: stream.status(now).as_str(),
        stream_mode_details: stream.with(now, |state| state.mode).into(),
        stream_creation_timestamp: stream.created().into(),
    };
    Ok(ListStreamsOutput {
        has_more_streams,
        next_token: last.map(|stream| world.kinesis.seal().seal(&stream.arn().name())),
        stream_names: streams.iter().map(|stream| stream.arn().name().to_owned()).collect(),
        stream_summaries: streams.iter().map(summary).collect(),
    })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeLimitsOutput {
    shard_limit: u64,
    open_shard_count: u64,
    on_demand_stream_count: usize,
    on_demand_stream_count_limit: usize,
}

pub(crate) fn limits(world: &Arc<World>, context: &Context) -> DescribeLimitsOutput {
    let now = world.clock.now();
    DescribeLimitsOutput {
        shard_limit: world.kinesis.shard_limit(&context.region),
        open_shard_count: world.kinesis.open_shards(&context.region, now),
        on_demand_stream_count: world.kinesis.on_demand_streams(&context.region, now),
        on_demand_stream_count_limit: ON_DEMAND_STREAMS,
    }
}
