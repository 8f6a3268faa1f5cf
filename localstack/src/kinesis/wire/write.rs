//! Writing: `PutRecord` and `PutRecords`.
//!
//! The path that everything else waits for: records are decoded once, hashed outside the stream's lock, and never
//! copied again.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use pipectl_shards::{HashKey, ShardId, limits};
use serde::{Deserialize, Serialize};

use super::super::arn::is_stream_name;
use super::super::metrics::{self, Operation};
use super::super::record::SequenceText;
use super::super::state::Outcome;
use super::super::stream::{Encryption, RATE_EXCEEDED, invalid, rate_exceeded, rate_exceeded_message, under};
use super::super::{Distribution, Stream, StreamArn};
use super::target::Target;
use super::values::{Blob, Key, Shown};
use crate::http::{AwsError, Context};
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutRecordsInput {
    records: Vec<Entry>,
    stream_name: Option<String>,
    #[serde(rename = "StreamARN")]
    stream_arn: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    data: Blob,
    partition_key: Option<Key>,
    explicit_hash_key: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutRecordsOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_type: Option<&'static str>,
    failed_record_count: usize,
    records: Vec<ResultEntry>,
}

/// A record's place, or why it has none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ResultEntry {
    #[serde(rename_all = "PascalCase")]
    Put { sequence_number: Shown<SequenceText>, shard_id: Shown<ShardId> },
    #[serde(rename_all = "PascalCase")]
    Failed { error_code: &'static str, error_message: Shown<Arc<str>> },
}

pub(crate) fn put_records(
    world: &Arc<World>,
    context: &Context,
    input: PutRecordsInput,
) -> Result<PutRecordsOutput, AwsError> {
    let target = Target { stream_name: input.stream_name, stream_arn: input.stream_arn };
    let stream = target.find(world, context)?;
    let mut entries = input.records;
    let size: usize = entries.iter().map(Entry::size).sum();
    if size > limits::PUT_RECORDS_MAX_BYTES {
        return Err(invalid("Records size exceeds 10 MB limit".to_owned()));
    }
    let lost: Vec<bool> =
        entries.iter().map(|_| world.faults.fails_record("kinesis", stream.arn().name())).collect();
    let mut is_lost = lost.iter();
    entries.retain(|_| is_lost.next() != Some(&true));
    let (outcomes, encryption_type) = put(world, &stream, (Operation::PutRecords, entries), input.dry_run)?;
    let mut put = results(&stream, &outcomes).into_iter();
    let records: Vec<ResultEntry> =
        lost.iter().filter_map(|lost| if *lost { Some(internal_failure()) } else { put.next() }).collect();
    let failed_record_count =
        records.iter().filter(|record| matches!(record, ResultEntry::Failed { .. })).count();
    Ok(PutRecordsOutput { encryption_type, failed_record_count, records })
}

/// What a fault plan makes of a record.
fn internal_failure() -> ResultEntry {
    let error_message = Shown("Internal service failure.".into());
    ResultEntry::Failed { error_code: "InternalFailure", error_message }
}

fn results(stream: &Stream, outcomes: &[Outcome]) -> Vec<ResultEntry> {
    // Many records of a call fail at few shards: their message is written once.
    let mut messages: BTreeMap<ShardId, Arc<str>> = BTreeMap::new();
    let result = |outcome: &Outcome| match outcome.result {
        Ok(sequence) => ResultEntry::Put {
            sequence_number: Shown(stream.sequence_text(outcome.shard, sequence)),
            shard_id: Shown(outcome.shard),
        },
        Err(_) => {
            let message = || rate_exceeded_message(stream.arn(), outcome.shard).into();
            let error_message = Shown(Arc::clone(messages.entry(outcome.shard).or_insert_with(message)));
            ResultEntry::Failed { error_code: RATE_EXCEEDED, error_message }
        }
    };
    outcomes.iter().map(result).collect()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutRecordInput {
    stream_name: Option<String>,
    #[serde(rename = "StreamARN")]
    stream_arn: Option<String>,
    data: Blob,
    partition_key: Option<Key>,
    explicit_hash_key: Option<String>,
    sequence_number_for_ordering: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutRecordOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_type: Option<&'static str>,
    sequence_number: Shown<SequenceText>,
    shard_id: Shown<ShardId>,
}

pub(crate) fn put_record(
    world: &Arc<World>,
    context: &Context,
    input: PutRecordInput,
) -> Result<PutRecordOutput, AwsError> {
    let target = Target { stream_name: input.stream_name, stream_arn: input.stream_arn };
    let entry = Entry {
        data: input.data,
        partition_key: input.partition_key,
        explicit_hash_key: input.explicit_hash_key,
    };
    let stream = target.find(world, context)?;
    // Places grow with every record, so an earlier number is always honoured; it only has to be one.
    if let Some(text) = input.sequence_number_for_ordering.filter(|text| SequenceText::parse(text).is_none())
    {
        return Err(invalid(format!(
            "ExclusiveMinimumSequenceNumber {text} used in PutRecord on stream {} is invalid.",
            under(stream.arn())
        )));
    }
    let (outcomes, encryption_type) =
        put(world, &stream, (Operation::PutRecord, vec![entry]), input.dry_run)?;
    let outcome = outcomes.first().ok_or_else(|| AwsError::internal(&"a record was put nowhere"))?;
    let sequence = outcome.result.map_err(|_| rate_exceeded(stream.arn(), outcome.shard))?;
    Ok(PutRecordOutput {
        encryption_type,
        sequence_number: Shown(stream.sequence_text(outcome.shard, sequence)),
        shard_id: Shown(outcome.shard),
    })
}

fn put(
    world: &World,
    stream: &Stream,
    (operation, entries): (Operation, Vec<Entry>),
    dry: Option<bool>,
) -> Result<(Vec<Outcome>, Option<&'static str>), AwsError> {
    let (now, started) = (world.clock.now(), world.clock.elapsed());
    let (max_kib, encryption_type) = stream
        .with(now, |state| (state.max_record_kib, (state.encryption != Encryption::None).then_some("KMS")));
    let most = usize::try_from(max_kib).unwrap_or_default() * 1024;
    let records = entries.into_iter().map(|entry| entry.routed(most)).collect::<Result<Vec<_>, _>>()?;
    dry_run(dry)?;
    let outcomes = stream.put(records, now)?;
    world.kinesis.bound_memory(now);
    let took = world.clock.elapsed().saturating_sub(started);
    metrics::put(world, stream, operation, (&outcomes, took));
    Ok((outcomes, encryption_type))
}

impl PutRecordsInput {
    /// Whether it surely keeps every constraint.
    pub(crate) fn is_fine(&self, world: &World, context: &Context) -> bool {
        let needs_no_key = || needs_no_key(world, context, &self.stream_name, &self.stream_arn);
        (1..=limits::PUT_RECORDS_MAX_COUNT).contains(&self.records.len())
            && is_target(&self.stream_name, &self.stream_arn)
            && self.records.iter().all(|entry| entry.is_fine(needs_no_key))
    }
}

impl PutRecordInput {
    /// Whether it surely keeps every constraint.
    pub(crate) fn is_fine(&self, world: &World, context: &Context) -> bool {
        let has_key = match &self.partition_key {
            Some(key) => (1..=limits::PARTITION_KEY_MAX_CHARS).contains(&key.0.len()),
            None => needs_no_key(world, context, &self.stream_name, &self.stream_arn),
        };
        has_key
            && is_target(&self.stream_name, &self.stream_arn)
            && self.explicit_hash_key.as_deref().is_none_or(is_hash_key)
            && self.sequence_number_for_ordering.is_none()
    }
}

/// A name of the right form, or the ARN of a stream.
fn is_target(name: &Option<String>, arn: &Option<String>) -> bool {
    let named = name.as_deref().is_none_or(|name| name.len() <= 128 && is_stream_name(name));
    named && arn.as_deref().map_or(name.is_some(), |arn| arn.parse::<StreamArn>().is_ok())
}

/// Whether the stream distributes records without their keys.
fn needs_no_key(world: &World, context: &Context, name: &Option<String>, arn: &Option<String>) -> bool {
    let target = Target { stream_name: name.clone(), stream_arn: arn.clone() };
    let auto = |stream: Arc<Stream>| {
        stream.with(world.clock.now(), |state| state.distribution) == Distribution::Auto
    };
    target.find(world, context).is_ok_and(auto)
}

impl Entry {
    fn size(&self) -> usize {
        self.data.0.len() + self.partition_key.as_ref().map_or(0, |key| key.0.len())
    }

    /// Whether it surely keeps every constraint; a doubt is looked into by who has the time. A stream that distributes
    /// records itself asks for no key.
    fn is_fine(&self, needs_no_key: impl Fn() -> bool) -> bool {
        let has_key = match &self.partition_key {
            Some(key) => (1..=limits::PARTITION_KEY_MAX_CHARS).contains(&key.0.len()),
            None => needs_no_key(),
        };
        has_key && self.explicit_hash_key.as_deref().is_none_or(is_hash_key)
    }

    /// The record with the hash key that decides over its shard.
    fn routed(self, most: usize) -> Result<(HashKey, Arc<str>, Bytes), AwsError> {
        let size = self.size();
        let key = self.partition_key.map(|key| key.0).unwrap_or_else(|| "".into());
        let data = self.data.0;
        if size > most {
            return Err(AwsError::validation(format!(
                "1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length \
                 less than or equal to {most}"
            )));
        }
        let hash = match &self.explicit_hash_key {
            None => HashKey::of_partition_key(&key),
            Some(text) => text.parse().map_err(|_| {
                invalid(format!(
                    "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was \
                     {text}"
                ))
            })?,
        };
        Ok((hash, key, data))
    }
}

fn is_hash_key(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text == "0" || (digits && (1..=39).contains(&text.len()) && !text.starts_with('0'))
}

/// `DryRun`: everything is checked, nothing is done, and this error says that it would have been.
pub(crate) fn dry_run(asked: Option<bool>) -> Result<(), AwsError> {
    if asked == Some(true) {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(AwsError::bad_request("DryRunOperationException", message));
    }
    Ok(())
}
