//! Reading: `GetShardIterator` and `GetRecords`.
//!
//! An iterator is a sealed position in a shard with the time it was made; it is good for five minutes.

use std::sync::Arc;

use jiff::Timestamp;
use pipectl_shards::{ShardId, limits};
use serde::{Deserialize, Serialize};

use super::super::metrics;
use super::super::record::SequenceText;
use super::super::stream::{Access, Encryption, could_not_find, invalid, no_shard, under};
use super::super::{Batch, Position, Stream, StreamArn};
use super::describe::RangeOutput;
use super::target::{Target, shard_id};
use super::values::{Blob, Shown, Time};
use super::write::dry_run;
use crate::http::{AwsError, Context};
use crate::world::World;

/// How long an iterator is good.
const ITERATOR_MILLIS: i64 = 300_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetShardIteratorInput {
    #[serde(flatten)]
    target: Target,
    shard_id: String,
    shard_iterator_type: String,
    starting_sequence_number: Option<String>,
    timestamp: Option<Time>,
    dry_run: Option<bool>,
}

/// Where reading is to start, as the API says it.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) kind: &'a str,
    pub(crate) number: Option<&'a str>,
    pub(crate) time: Option<Time>,
    /// The operation that asks, for messages.
    pub(crate) operation: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetShardIteratorOutput {
    shard_iterator: String,
}

/// What an iterator holds: region, stream, shard, position, and when it was made.
#[derive(Debug, Serialize, Deserialize)]
struct ShardIterator(String, String, u64, u64, i64);

pub(crate) fn get_shard_iterator(
    world: &Arc<World>,
    context: &Context,
    input: GetShardIteratorInput,
) -> Result<GetShardIteratorOutput, AwsError> {
    let arn = input.target.arn(world, context)?;
    let shard = shard_id(&input.shard_id).ok_or_else(|| could_not_find(&arn, &input.shard_id))?;
    let now = world.clock.now();
    // A stream that is not there has no shards: that is what AWS tells.
    let stream = world.kinesis.stream(&arn, now).map_err(|_| no_shard(&arn, shard))?;
    let at = Start {
        kind: &input.shard_iterator_type,
        number: input.starting_sequence_number.as_deref(),
        time: input.timestamp,
        operation: "GetShardIterator",
    };
    let position = at.position(&stream, shard, now)?;
    dry_run(input.dry_run)?;
    stream.iterator(shard, now)?;
    Ok(GetShardIteratorOutput { shard_iterator: iterator(world, stream.arn(), shard, position, now) })
}

fn iterator(world: &World, arn: &StreamArn, shard: ShardId, position: Position, now: Timestamp) -> String {
    let content = ShardIterator(
        arn.region().to_owned(),
        arn.name().to_owned(),
        shard.number(),
        position.0,
        now.as_millisecond(),
    );
    world.kinesis.seal().seal(&content)
}

impl Start<'_> {
    /// The position it means in a shard of the stream.
    pub(crate) fn position(
        &self,
        stream: &Stream,
        shard: ShardId,
        now: Timestamp,
    ) -> Result<Position, AwsError> {
        if !stream.with(now, |state| state.is_listed(shard, now.as_millisecond())) {
            return Err(no_shard(stream.arn(), shard));
        }
        let sequence = |number| Ok::<_, AwsError>(self.sequence(stream, shard, number)?.sequence);
        match (self.kind, self.number) {
            ("AT_SEQUENCE_NUMBER", Some(number)) => Ok(Position::at(sequence(number)?)),
            ("AFTER_SEQUENCE_NUMBER", Some(number)) => Ok(Position::after(sequence(number)?)),
            ("AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER", None) => {
                Err(mixed(self.kind, "no StartingSequenceNumber"))
            }
            ("TRIM_HORIZON" | "LATEST", Some(_)) => Err(mixed(self.kind, "also a StartingSequenceNumber")),
            ("TRIM_HORIZON", None) => Ok(Position::TRIM_HORIZON),
            ("AT_TIMESTAMP", _) => {
                let missing = || {
                    invalid(
                        "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request \
                         has no timestamp parameter."
                            .to_owned(),
                    )
                };
                at_time(stream, shard, self.time.ok_or_else(missing)?, now)
            }
            _ => Ok(stream.latest(now)),
        }
    }

    fn sequence(&self, stream: &Stream, shard: ShardId, text: &str) -> Result<SequenceText, AwsError> {
        let used = |end: &str| {
            invalid(format!(
                "StartingSequenceNumber {text} used in {} on shard {shard} in stream {} is invalid{end}",
                self.operation,
                under(stream.arn())
            ))
        };
        let number = SequenceText::parse(text).ok_or_else(|| used("."))?;
        if number.shard != shard {
            return Err(invalid(format!(
                "Invalid StartingSequenceNumber. It encodes {}, while it was used in a call to a shard with {shard}",
                number.shard
            )));
        }
        if number.born != stream.created().as_millisecond() {
            return Err(used(" because it did not come from this stream."));
        }
        Ok(number)
    }
}

fn mixed(kind: &str, what: &str) -> AwsError {
    invalid(format!(
        "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or \
         (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {kind} and {what}."
    ))
}

fn at_time(stream: &Stream, shard: ShardId, time: Time, now: Timestamp) -> Result<Position, AwsError> {
    if time.millis > now.as_millisecond() {
        return Err(invalid(format!(
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. \
             timestampInMillis: {}, currentTimestampInMillis: {}",
            time.millis,
            now.as_millisecond()
        )));
    }
    stream.with(now, |state| {
        let log = state.log(shard).ok_or_else(|| no_shard(stream.arn(), shard))?;
        Ok(log.at_time(time.millis, state.latest()))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetRecordsInput {
    shard_iterator: String,
    limit: Option<i64>,
    dry_run: Option<bool>,
}

impl GetRecordsInput {
    /// Whether it keeps every constraint.
    pub(crate) fn is_fine(&self) -> bool {
        (1..=512).contains(&self.shard_iterator.len())
            && self.limit.is_none_or(|limit| (1..=10_000).contains(&limit))
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetRecordsOutput {
    records: Vec<RecordOutput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_shard_iterator: Option<String>,
    millis_behind_latest: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    child_shards: Vec<ChildShard>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RecordOutput {
    sequence_number: Shown<SequenceText>,
    approximate_arrival_timestamp: Time,
    data: Blob,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition_key: Option<Shown<Arc<str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_type: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ChildShard {
    shard_id: Shown<ShardId>,
    parent_shards: Vec<Shown<ShardId>>,
    hash_key_range: RangeOutput,
}

pub(crate) fn get_records(
    world: &Arc<World>,
    _context: &Context,
    input: GetRecordsInput,
) -> Result<GetRecordsOutput, AwsError> {
    let now = world.clock.now();
    let opened: Option<ShardIterator> = world.kinesis.seal().open(&input.shard_iterator);
    let ShardIterator(region, name, shard, position, made) =
        opened.ok_or_else(|| invalid("Invalid ShardIterator.".to_owned()))?;
    if now.as_millisecond() - made > ITERATOR_MILLIS {
        return Err(expired(made, now));
    }
    let shard = ShardId::new(shard);
    let arn = StreamArn::new(region, world.kinesis.account(), name);
    let stream = world.kinesis.stream(&arn, now).map_err(|_| no_shard(&arn, shard))?;
    dry_run(input.dry_run)?;
    let count =
        input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(limits::GET_RECORDS_MAX_COUNT);
    let started = world.clock.elapsed();
    let limit = (count, limits::GET_RECORDS_MAX_BYTES);
    let batch = stream.read_as(Access::GetRecords, shard, Position(position), limit, now);
    metrics::read(world, (&stream, shard), &batch, world.clock.elapsed().saturating_sub(started));
    let batch = batch?;
    let next_shard_iterator = batch.next.map(|next| iterator(world, &arn, shard, next, now));
    Ok(output(&stream, shard, batch, next_shard_iterator, now))
}

fn output(
    stream: &Stream,
    shard: ShardId,
    batch: Batch,
    next_shard_iterator: Option<String>,
    now: Timestamp,
) -> GetRecordsOutput {
    let millis_behind_latest = batch.millis_behind;
    let (records, child_shards) = shown(stream, shard, batch, now);
    GetRecordsOutput { records, next_shard_iterator, millis_behind_latest, child_shards }
}

/// Records and children as the API writes them.
pub(crate) fn shown(
    stream: &Stream,
    shard: ShardId,
    batch: Batch,
    now: Timestamp,
) -> (Vec<RecordOutput>, Vec<ChildShard>) {
    let (encryption_type, child_shards) = stream.with(now, |state| {
        let encrypted = (state.encryption != Encryption::None).then_some("KMS");
        let children = batch.children.iter().filter_map(|id| state.lineage.shard(*id));
        let children = children.map(|child| ChildShard {
            shard_id: Shown(child.id),
            parent_shards: [child.parent, child.adjacent_parent].into_iter().flatten().map(Shown).collect(),
            hash_key_range: child.range.into(),
        });
        (encrypted, children.collect())
    });
    let records = batch.records.into_iter().map(|record| RecordOutput {
        sequence_number: Shown(stream.sequence_text(shard, record.sequence)),
        approximate_arrival_timestamp: Time { millis: record.arrived },
        data: Blob(record.data),
        partition_key: Some(record.partition_key).filter(|key| !key.is_empty()).map(Shown),
        encryption_type,
    });
    (records.collect(), child_shards)
}

fn expired(made: i64, now: Timestamp) -> AwsError {
    let text = |time: Timestamp| time.strftime("%a %b %d %H:%M:%S UTC %Y").to_string();
    let made = Timestamp::from_millisecond(made).unwrap_or(Timestamp::UNIX_EPOCH);
    AwsError::bad_request(
        "ExpiredIteratorException",
        format!(
            "Iterator expired. The iterator was created at time {} while right now it is {} which is further in the \
             future than the tolerated delay of {ITERATOR_MILLIS} milliseconds.",
            text(made),
            text(now)
        ),
    )
}
