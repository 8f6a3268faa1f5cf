//! `PutRecord` and `PutRecordBatch`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::delivery::Full;
use super::super::error::FirehoseError;
use super::super::record::Record;
use super::super::stream::{Origin, Status};
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
    failed_put_count: u32,
    encrypted: bool,
    request_responses: Vec<EntryOutput>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EntryOutput {
    record_id: RecordId,
}

/// An opaque id.
#[derive(Debug, Serialize)]
struct RecordId(String);

impl RecordId {
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
    let record = checked(entry, "record.data", world.clock.epoch_millis())?;
    let name = input.delivery_stream_name.clone().unwrap_or_default();
    let encrypted = put(world, context, input.delivery_stream_name, vec![record])?;
    Ok(RecordOutput { record_id: RecordId::draw(world, &name), encrypted })
}

/// Takes up to 500 records, all of them or, when there is no room, none.
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
    let mut records = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        records.push(checked(entry, &format!("records.{}.member.data", index + 1), now)?);
    }
    if records.iter().map(|record| record.data.len()).sum::<usize>() > MAX_BATCH {
        return Err(FirehoseError::InvalidArgument(
            "The total size of the records exceeds the maximum allowed size of 4194304 bytes.".to_owned(),
        ));
    }
    let count = records.len();
    let name = input.delivery_stream_name.clone().unwrap_or_default();
    let encrypted = put(world, context, input.delivery_stream_name, records)?;
    let ids = std::iter::repeat_with(|| RecordId::draw(world, &name)).take(count);
    let request_responses = ids.map(|record_id| EntryOutput { record_id }).collect();
    Ok(BatchOutput { failed_put_count: 0, encrypted, request_responses })
}

fn checked(entry: Entry, member: &str, now: i64) -> Result<Record, FirehoseError> {
    let Blob(data) = entry.data.ok_or_else(|| FirehoseError::missing(member))?;
    if data.len() > MAX_RECORD {
        return Err(FirehoseError::constraint(
            member,
            &format!("java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", data.len()),
            "Member must have length less than or equal to 1024000",
        ));
    }
    Ok(Record { data, arrived_ms: now, kinesis: None })
}

/// Hands the records to the delivery; tells whether the stream encrypts them.
fn put(
    world: &Arc<World>,
    context: &Context,
    name: Option<String>,
    records: Vec<Record>,
) -> Result<bool, FirehoseError> {
    let key = super::key(context, name)?;
    world.firehose.with(&key, |stream, status| {
        if stream.origin != Origin::DirectPut {
            return Err(FirehoseError::InvalidArgument(
                "This operation is not permitted on KinesisStreamAsSource delivery stream type.".to_owned(),
            ));
        }
        let delivery = stream.delivery.as_ref().filter(|_| status == Status::Active).ok_or_else(|| {
            FirehoseError::NotFound(format!(
                "Firehose {} is not active in {} account.",
                key.name, context.account
            ))
        })?;
        delivery.put(records).map_err(|Full| FirehoseError::ServiceUnavailable("Slow down.".to_owned()))?;
        Ok(stream.encryption.enabled)
    })
}
