//! `ListShards`, with its filters and its pages. A fault plan makes it eventually consistent: it lists a reshard later.

use std::sync::Arc;

use pipectl_shards::{Shard, ShardId};
use serde::{Deserialize, Serialize};

use super::super::state::State;
use super::super::stream::invalid;
use super::describe::{ShardOutput, listed_after};
use super::target::Target;
use super::values::Time;
use crate::http::{AwsError, Context};
use crate::layers::Lag;
use crate::world::World;

/// How long a page's token is good.
const TOKEN_MILLIS: i64 = 300_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListShardsInput {
    #[serde(flatten)]
    target: Target,
    next_token: Option<String>,
    exclusive_start_shard_id: Option<String>,
    max_results: Option<i64>,
    stream_creation_timestamp: Option<Time>,
    shard_filter: Option<FilterInput>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FilterInput {
    #[serde(rename = "Type")]
    kind: Option<String>,
    shard_id: Option<String>,
    timestamp: Option<Time>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListShardsOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    shards: Vec<ShardOutput>,
}

/// Which shards are wanted, as the token of the next page keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Filter {
    All,
    After(String),
    Open,
    AtTrimHorizon,
    FromTrimHorizon,
    AtTime(i64),
    FromTime(i64),
}

#[derive(Debug, Serialize, Deserialize)]
struct Page {
    arn: String,
    born: i64,
    after: String,
    filter: Filter,
    issued: i64,
}

impl FilterInput {
    fn filter(&self) -> Result<Filter, AwsError> {
        let time = || {
            let missing =
                || invalid("ShardFilter needs a Timestamp for AT_TIMESTAMP and FROM_TIMESTAMP.".to_owned());
            self.timestamp.map(|time| time.millis).ok_or_else(missing)
        };
        Ok(match self.kind.as_deref().unwrap_or_default() {
            "AFTER_SHARD_ID" => {
                let missing = || invalid("ShardFilter needs a ShardId for AFTER_SHARD_ID.".to_owned());
                Filter::After(self.shard_id.clone().ok_or_else(missing)?)
            }
            "AT_TRIM_HORIZON" => Filter::AtTrimHorizon,
            "FROM_TRIM_HORIZON" => Filter::FromTrimHorizon,
            "AT_LATEST" => Filter::Open,
            "AT_TIMESTAMP" => Filter::AtTime(time()?),
            "FROM_TIMESTAMP" => Filter::FromTime(time()?),
            _ => Filter::All,
        })
    }
}

impl Filter {
    /// Whether it wants a shard, of which the list knows what happened until `known`.
    fn wants(&self, state: &State, shard: ShardId, (now, known): (i64, i64)) -> bool {
        let Some(log) = state.log(shard) else { return false };
        let closed = log.closed.filter(|closed| *closed <= known);
        let closed_before = |time| closed.is_some_and(|closed| closed <= time);
        match self {
            Self::All | Self::FromTrimHorizon => true,
            Self::After(after) => shard.to_string() > *after,
            Self::Open => closed.is_none(),
            Self::AtTrimHorizon => {
                let horizon = state.horizon(now);
                let oldest = state
                    .lineage
                    .shards()
                    .filter_map(|shard| state.log(shard.id))
                    .map(|log| log.opened)
                    .min();
                let start = oldest.map_or(horizon, |oldest| oldest.max(horizon));
                log.opened <= start && !closed_before(start)
            }
            Self::AtTime(time) => log.opened <= *time && !closed_before(*time),
            Self::FromTime(time) => !closed_before(*time),
        }
    }
}

pub(crate) fn list(
    world: &Arc<World>,
    context: &Context,
    input: ListShardsInput,
) -> Result<ListShardsOutput, AwsError> {
    validate(&input)?;
    let now = world.clock.now();
    let millis = now.as_millisecond();
    let (target, filter, after) = match &input.next_token {
        Some(token) => {
            let page: Page =
                world.kinesis.seal().open(token).ok_or_else(|| invalid("Invalid NextToken.".to_owned()))?;
            if millis - page.issued > TOKEN_MILLIS {
                let message = "NextToken has expired: it is good for 300 seconds.";
                return Err(AwsError::bad_request("ExpiredNextTokenException", message));
            }
            (Target { stream_name: None, stream_arn: Some(page.arn) }, page.filter, Some(page.after))
        }
        None => {
            let filter = input.shard_filter.as_ref().map_or(Ok(Filter::All), FilterInput::filter)?;
            (input.target, filter, input.exclusive_start_shard_id)
        }
    };
    let stream = target.find(world, context)?;
    let lag = world.faults.lag(Lag::ShardList, stream.arn().name());
    let known = millis.saturating_sub(i64::try_from(lag.as_millis()).unwrap_or(i64::MAX));
    let limit = usize::try_from(input.max_results.unwrap_or(1000)).unwrap_or(1000);
    let mut shards = listed_after(&stream, after.as_deref(), now);
    let (shards, more) = stream.with(now, |state| {
        let is_known = |shard: &Shard| {
            shard.parent.is_none() || state.log(shard.id).is_some_and(|log| log.opened <= known)
        };
        shards.retain(|shard| is_known(shard) && filter.wants(state, shard.id, (millis, known)));
        let more = shards.len() > limit;
        shards.truncate(limit);
        let output = |shard: &Shard| {
            let ends_later = state.log(shard.id)?.closed.is_some_and(|closed| closed > known);
            let output = ShardOutput::of(&stream, state, shard)?;
            Some(if ends_later { output.still_open() } else { output })
        };
        (shards.iter().filter_map(output).collect(), more)
    });
    let shards: Vec<ShardOutput> = shards;
    let last = shards.last().filter(|_| more).map(ShardOutput::id);
    let next_token = last.map(|after| {
        let born = stream.created().as_millisecond();
        world.kinesis.seal().seal(&Page {
            arn: stream.arn().to_string(),
            born,
            after,
            filter,
            issued: millis,
        })
    });
    Ok(ListShardsOutput { next_token, shards })
}

/// What cannot be asked together.
fn validate(input: &ListShardsInput) -> Result<(), AwsError> {
    if input.next_token.is_none() {
        let named = input.target.stream_name.is_some() || input.target.stream_arn.is_some();
        let neither = || invalid("Either NextToken or StreamName should be provided.".to_owned());
        return named.then_some(()).ok_or_else(neither);
    }
    let both = |other: &str| Err(invalid(format!("NextToken and {other} cannot be provided together.")));
    match input {
        _ if input.target.stream_name.is_some() => both("StreamName"),
        _ if input.exclusive_start_shard_id.is_some() => both("ExclusiveStartShardId"),
        _ if input.stream_creation_timestamp.is_some() => both("StreamCreationTimestamp"),
        _ => Ok(()),
    }
}
