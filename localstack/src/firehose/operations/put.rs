//! `PutRecord` and `PutRecordBatch`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::delivery::Delivery;
use super::super::encryption::EncryptionStatus;
use super::super::error::{FirehoseError, Violation};
use super::super::metrics::{self, Operation};
use super::super::record::Record;
use super::super::stream::{DeliveryStream, Origin, Status};
use super::wire::Blob;
use crate::http::Context;
use crate::world::World;

/// Largest record, in bytes before encoding.
const MAX_RECORD: usize = 1_000 * 1024;
/// Largest batch, likewise.
const MAX_BATCH: usize = 4 * 1024 * 1024;
/// Most records of a batch.
const MAX_RECORDS: usize = 500;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RecordInput {
    delivery_stream_name: Option<String>,
    record: Option<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchInput {
    delivery_stream_name: Option<String>,
    records: Option<Vec<Entry>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    data: Option<Blob>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RecordOutput {
    record_id: RecordId,
    encrypted: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchOutput {
    failed_put_count: usize,
    encrypted: bool,
    request_responses: Vec<EntryOutput>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EntryOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    record_id: Option<RecordId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'static str>,
}

/// How many records were taken, the first ones of a request, and whether the stream encrypts them.
struct Taken {
    records: usize,
    encrypted: bool,
}

/// What a stream says that has been sent too much.
const SLOW_DOWN: &str = "Slow down.";

/// An opaque id.
#[derive(Debug, Serialize)]
struct RecordId(String);

impl RecordId {
    /// The next id of a stream in a region.
    fn draw(world: &World, stream: &str) -> Self {
        let draw = || world.dice.draw("firehose record", stream);
        Self(format!("{:032x}{:032x}", draw(), draw()))
    }
}

/// Takes one record.
pub(super) fn put_record(
    world: &Arc<World>,
    context: &Context,
    input: RecordInput,
) -> Result<RecordOutput, FirehoseError> {
    let entry = input.record.ok_or_else(|| FirehoseError::missing("record"))?;
    let record = checked(entry, "record.data", world.clock.epoch_millis());
    let record = record.map_err(|violation| FirehoseError::violated(&[violation]))?;
    let name = input.delivery_stream_name.as_deref().unwrap_or_default();
    let stream = format!("{}/{name}", context.region);
    let taken = put(world, context, input.delivery_stream_name, (Operation::PutRecord, vec![record]))?;
    Ok(RecordOutput { record_id: RecordId::draw(world, &stream), encrypted: taken.encrypted })
}

/// Takes up to 500 records. Those past what the stream may take in a second fail, each for itself.
pub(super) fn put_record_batch(
    world: &Arc<World>,
    context: &Context,
    input: BatchInput,
) -> Result<BatchOutput, FirehoseError> {
    let entries = input.records.ok_or_else(|| FirehoseError::missing("records"))?;
    let constraint = match entries.len() {
        0 => Some("Member must have length greater than or equal to 1"),
        1..=MAX_RECORDS => None,
        _ => Some("Member must have length less than or equal to 500"),
    };
    if let Some(constraint) = constraint {
        let value = format!("[{} records]", entries.len());
        return Err(FirehoseError::constraint("records", &value, constraint));
    }
    let now = world.clock.epoch_millis();
    let (mut records, mut violations) = (Vec::with_capacity(entries.len()), Vec::new());
    for (index, entry) in entries.into_iter().enumerate() {
        match checked(entry, &format!("records.{}.member.data", index + 1), now) {
            Ok(record) => records.push(record),
            Err(violation) => violations.push(violation),
        }
    }
    if !violations.is_empty() {
        return Err(FirehoseError::violated(&violations));
    }
    if records.iter().map(|record| record.data.len()).sum::<usize>() > MAX_BATCH {
        return Err(FirehoseError::InvalidArgument("Records size exceeds 4 MB limit".to_owned()));
    }
    let count = records.len();
    let name = input.delivery_stream_name.clone().unwrap_or_default();
    let stream = format!("{}/{name}", context.region);
    let lost: Vec<bool> = records.iter().map(|_| world.faults.fails_record("firehose", &name)).collect();
    let mut is_lost = lost.iter();
    records.retain(|_| is_lost.next() != Some(&true));
    let taken = put(world, context, input.delivery_stream_name, (Operation::PutRecordBatch, records))?;
    let failed =
        |code, message| EntryOutput { record_id: None, error_code: Some(code), error_message: Some(message) };
    let mut left = taken.records;
    let answer = |lost: &bool| {
        if *lost {
            return failed("InternalFailure", "Internal service failure.");
        }
        let Some(rest) = left.checked_sub(1) else {
            return failed("ServiceUnavailableException", SLOW_DOWN);
        };
        left = rest;
        EntryOutput { record_id: Some(RecordId::draw(world, &stream)), error_code: None, error_message: None }
    };
    Ok(BatchOutput {
        failed_put_count: count - taken.records,
        encrypted: taken.encrypted,
        request_responses: lost.iter().map(answer).collect(),
    })
}

fn checked(entry: Entry, member: &str, now: i64) -> Result<Record, Violation> {
    let Blob(data) = entry.data.ok_or_else(|| Violation::missing(member))?;
    if data.len() > MAX_RECORD {
        return Err(Violation::of(
            member,
            &format!("java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", data.len()),
            "Member must have length less than or equal to 1024000",
        ));
    }
    Ok(Record::put(data, now))
}

/// Hands the records to the delivery, as many of them as the stream may take, and tells what became of them.
fn put(
    world: &Arc<World>,
    context: &Context,
    name: Option<String>,
    (operation, records): (Operation, Vec<Record>),
) -> Result<Taken, FirehoseError> {
    let key = super::key(context, name)?;
    let started = world.clock.elapsed();
    let count = records.len();
    let mut bytes = 0;
    let mut quota = None;
    let taken = world.firehose.with(&key, |stream, status| {
        open(stream, status, &key.name, &context.account)?;
        let mut records = records;
        if world.firehose.limits.enforced() {
            quota = Some(stream.throughput.quota());
            let sizes = records.iter().map(|record| record.data.len());
            records.truncate(stream.throughput.admit(sizes, started));
        }
        let delivery = open(stream, status, &key.name, &context.account)?;
        let taken = records.len();
        bytes = records.iter().map(|record| record.data.len()).sum();
        if taken == 0 || delivery.put(records).is_err() {
            return Err(FirehoseError::ServiceUnavailable(SLOW_DOWN.to_owned()));
        }
        let encrypted = stream.encryption.status(started) == EncryptionStatus::Enabled;
        Ok(Taken { records: taken, encrypted })
    });
    let accepted = match &taken {
        Ok(taken) => taken.records,
        Err(FirehoseError::ServiceUnavailable(_)) => 0,
        Err(_) => return taken,
    };
    let what = metrics::Put { accepted, bytes, throttled: count - accepted };
    metrics::put(world, &key, operation, what, (quota, world.clock.elapsed().saturating_sub(started)));
    taken
}

/// The delivery of a stream that takes puts.
fn open<'a>(
    stream: &'a DeliveryStream,
    status: Status,
    name: &str,
    account: &str,
) -> Result<&'a Delivery, FirehoseError> {
    if !matches!(stream.origin, Origin::DirectPut { .. }) {
        return Err(FirehoseError::InvalidArgument(
            "This operation is not permitted on KinesisStreamAsSource delivery stream type.".to_owned(),
        ));
    }
    let delivery = stream.delivery.as_ref().filter(|_| status == Status::Active).ok_or_else(|| {
        FirehoseError::NotFound(format!("Firehose {name} is not active in {account} account."))
    })?;
    if stream.takes_logs_only {
        // Whom it refuses is documented; the words are those of the model.
        return Err(FirehoseError::InvalidSource(
            "Only requests from CloudWatch Logs are supported when CloudWatch Logs decompression is enabled."
                .to_owned(),
        ));
    }
    Ok(delivery)
}
