//! Reading: `GetShardIterator` and `GetRecords`.
//!
//! An iterator is a sealed position in a shard with the time it was made; it is good for five minutes.

use std::sync::Arc;

use jiff::Timestamp;
use pipectl_shards::{ShardId, limits};
use serde::{Deserialize, Serialize};

use super::super::record::SequenceText;
use super::super::stream::{Encryption, could_not_find, invalid, no_shard, under};
use super::super::{Batch, Position, Stream, StreamArn};
use super::describe::RangeOutput;
use super::target::{Target, check_name};
use super::values::{Blob, Shown, Time};
use super::write::dry_run;
use crate::http::{AwsError, Context, Violations};
use crate::world::World;

/// How long an iterator is good.
const ITERATOR_MILLIS: i64 = 300_000;

const TYPES: [&str; 5] =
    ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetShardIteratorInput {
    #[serde(flatten)]
    target: Target,
    shard_id: Option<String>,
    shard_iterator_type: Option<String>,
    starting_sequence_number: Option<String>,
    timestamp: Option<Time>,
    dry_run: Option<bool>,
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
    let mut violations = Violations::default();
    input.target.validate(&mut violations);
    violations.required("shardId", input.shard_id.as_ref());
    check_name(&mut violations, "shardId", input.shard_id.as_deref());
    violations.required("shardIteratorType", input.shard_iterator_type.as_ref());
    violations.one_of("shardIteratorType", input.shard_iterator_type.as_deref(), &TYPES);
    violations.check()?;
    let stream = input.target.find(world, context)?;
    let text = input.shard_id.as_deref().unwrap_or_default();
    let shard: ShardId = text.parse().map_err(|_| could_not_find(stream.arn(), text))?;
    let now = world.clock.now();
    if !stream.with(now, |state| state.is_listed(shard, now.as_millisecond())) {
        return Err(no_shard(stream.arn(), shard));
    }
    let position = start(&stream, shard, &input, now)?;
    dry_run(input.dry_run)?;
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

fn start(
    stream: &Stream,
    shard: ShardId,
    input: &GetShardIteratorInput,
    now: Timestamp,
) -> Result<Position, AwsError> {
    let kind = input.shard_iterator_type.as_deref().unwrap_or_default();
    match (kind, &input.starting_sequence_number) {
        ("AT_SEQUENCE_NUMBER", Some(number)) => Ok(Position::at(sequence(stream, shard, number)?.sequence)),
        ("AFTER_SEQUENCE_NUMBER", Some(number)) => {
            Ok(Position::after(sequence(stream, shard, number)?.sequence))
        }
        ("AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER", None) => {
            Err(mixed(kind, "no StartingSequenceNumber"))
        }
        (_, Some(_)) => Err(mixed(kind, "also a StartingSequenceNumber")),
        ("TRIM_HORIZON", None) => Ok(Position::TRIM_HORIZON),
        ("AT_TIMESTAMP", None) => {
            let missing =
                || invalid("Must specify timestamp parameter for iterator type AT_TIMESTAMP.".to_owned());
            at_time(stream, shard, input.timestamp.ok_or_else(missing)?, now)
        }
        _ => Ok(stream.latest(now)),
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

fn sequence(stream: &Stream, shard: ShardId, text: &str) -> Result<SequenceText, AwsError> {
    let used = |end: &str| {
        invalid(format!(
            "StartingSequenceNumber {text} used in GetShardIterator on shard {shard} in stream {} is invalid{end}",
            under(stream.arn())
        ))
    };
    let number = SequenceText::parse(text).ok_or_else(|| used("."))?;
    if number.born != stream.created().as_millisecond() {
        return Err(used(" because it did not come from this stream."));
    }
    if number.shard != shard {
        return Err(invalid(format!(
            "Invalid StartingSequenceNumber. It encodes {}, while it was used in a call to a shard with {shard}",
            number.shard
        )));
    }
    Ok(number)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetRecordsInput {
    shard_iterator: Option<String>,
    limit: Option<i64>,
    dry_run: Option<bool>,
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
struct RecordOutput {
    sequence_number: Shown<SequenceText>,
    approximate_arrival_timestamp: Time,
    data: Blob,
    partition_key: Shown<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_type: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChildShard {
    shard_id: Shown<ShardId>,
    parent_shards: Vec<Shown<ShardId>>,
    hash_key_range: RangeOutput,
}

pub(crate) fn get_records(
    world: &Arc<World>,
    _context: &Context,
    input: GetRecordsInput,
) -> Result<GetRecordsOutput, AwsError> {
    let mut violations = Violations::default();
    violations.required("shardIterator", input.shard_iterator.as_ref());
    violations.length("shardIterator", input.shard_iterator.as_deref(), 1, 512);
    violations.range("limit", input.limit, 1, 10_000);
    violations.check()?;
    let now = world.clock.now();
    let token = input.shard_iterator.unwrap_or_default();
    let opened: Option<ShardIterator> = world.kinesis.seal().open(&token);
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
    let batch = stream.read(shard, Position(position), (count, limits::GET_RECORDS_MAX_BYTES), now)?;
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
        partition_key: Shown(record.partition_key),
        encryption_type,
    });
    GetRecordsOutput {
        records: records.collect(),
        next_shard_iterator,
        millis_behind_latest: batch.millis_behind,
        child_shards,
    }
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
