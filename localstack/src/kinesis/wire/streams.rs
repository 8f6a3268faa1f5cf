//! Creating, deleting and listing streams, and the account's limits.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::stream::invalid;
use super::super::{Mode, SHARD_LIMIT, Stream, StreamArn, StreamSettings};
use super::tags::check_tags;
use super::target::{Target, check_name};
use super::values::{Shown, Time};
use crate::http::{AwsError, Context, Violations};
use crate::world::World;

/// The shards an on-demand stream starts with.
const ON_DEMAND_SHARDS: NonZeroU32 = NonZeroU32::new(4).expect("four is not zero");

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateStreamInput {
    stream_name: Option<String>,
    shard_count: Option<i64>,
    stream_mode_details: Option<StreamModeDetails>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(rename = "MaxRecordSizeInKiB")]
    max_record_kib: Option<i32>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct StreamModeDetails {
    pub(crate) stream_mode: Option<String>,
}

impl StreamModeDetails {
    pub(crate) fn validate(&self, violations: &mut Violations) {
        violations.required("streamModeDetails.streamMode", self.stream_mode.as_ref());
        let mode = self.stream_mode.as_deref();
        violations.one_of("streamModeDetails.streamMode", mode, &["PROVISIONED", "ON_DEMAND"]);
    }

    pub(crate) fn mode(&self) -> Mode {
        if self.stream_mode.as_deref() == Some("ON_DEMAND") { Mode::OnDemand } else { Mode::Provisioned }
    }
}

pub(crate) fn create(
    world: &Arc<World>,
    context: &Context,
    input: CreateStreamInput,
) -> Result<(), AwsError> {
    let mut violations = Violations::default();
    violations.required("streamName", input.stream_name.as_ref());
    check_name(&mut violations, "streamName", input.stream_name.as_deref());
    violations.range("shardCount", input.shard_count, 1, i64::from(i32::MAX));
    violations.range("maxRecordSizeInKiB", input.max_record_kib.map(i64::from), 1024, 10_240);
    if let Some(details) = &input.stream_mode_details {
        details.validate(&mut violations);
    }
    violations.check()?;
    let name = input.stream_name.unwrap_or_default();
    let arn = StreamArn::new(&context.region, world.kinesis.account(), name);
    check_tags(&arn, &input.tags, 0)?;
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
    let max_record_kib = input.max_record_kib.unwrap_or(1024);
    let settings = StreamSettings { shards, mode, tags: input.tags, max_record_kib };
    world.kinesis.create(arn, settings, world.clock.now()).map(|_| ())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteStreamInput {
    #[serde(flatten)]
    target: Target,
    // There are no consumers yet that it could be about.
    #[serde(rename = "EnforceConsumerDeletion")]
    _enforce_consumer_deletion: Option<bool>,
}

pub(crate) fn delete(
    world: &Arc<World>,
    context: &Context,
    input: DeleteStreamInput,
) -> Result<(), AwsError> {
    input.target.check()?;
    input.target.find(world, context)?.delete(world.clock.now());
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
    let mut violations = Violations::default();
    violations.range("limit", input.limit, 1, 10_000);
    check_name(&mut violations, "exclusiveStartStreamName", input.exclusive_start_stream_name.as_deref());
    violations.check()?;
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
    let streams = world.kinesis.streams(&context.region, now);
    let is_on_demand = |stream: &&Arc<Stream>| stream.with(now, |state| state.mode) == Mode::OnDemand;
    DescribeLimitsOutput {
        shard_limit: SHARD_LIMIT,
        open_shard_count: world.kinesis.open_shards(&context.region, now),
        on_demand_stream_count: streams.iter().filter(is_on_demand).count(),
        on_demand_stream_count_limit: 50,
    }
}
