//! A Kinesis stream as the source of a delivery.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use pipectl_shards::ShardId;

use super::deaggregate::{self, UserRecord};
use super::error::FirehoseError;
use super::ports::{Source, SourceRefused};
use super::record::{KinesisMetadata, Record};
use crate::http::AwsError;
use crate::kinesis::{self, Place, Reader, StreamArn};
use crate::world::World;

/// Most records of a read.
const MOST_RECORDS: usize = 10_000;
/// Most bytes of a read.
const MOST_BYTES: usize = 4 << 20;

/// A reader of one stream and what its records are told to come from.
struct KinesisSource {
    reader: Reader,
    shards: BTreeMap<ShardId, Arc<str>>,
}

/// Opens a stream: what is put into it from now on will be read, or what is there after a `place` reached earlier.
pub(super) fn open(
    world: &Arc<World>,
    arn: &str,
    place: Option<&str>,
) -> Result<Box<dyn Source>, FirehoseError> {
    let invalid = |error: &dyn std::fmt::Display| FirehoseError::InvalidArgument(error.to_string());
    let stream_arn: StreamArn = arn.parse().map_err(|error| invalid(&error))?;
    let stream =
        world.kinesis.stream(&stream_arn, world.clock.now()).map_err(|error| invalid(&error.message))?;
    let reader = match place.map(serde_json::from_str::<Place>) {
        Some(Ok(place)) => Reader::resume(stream, world.clock, &place),
        Some(Err(error)) => return Err(invalid(&error)),
        None => Reader::latest(stream, world.clock),
    };
    Ok(Box::new(KinesisSource { reader, shards: BTreeMap::new() }))
}

#[async_trait]
impl Source for KinesisSource {
    async fn next(&mut self) -> Result<Vec<Record>, SourceRefused> {
        let read = self.reader.next(MOST_RECORDS, MOST_BYTES).await;
        self.records(read)
    }

    fn poll(&mut self) -> Result<Vec<Record>, SourceRefused> {
        let read = self.reader.poll(MOST_RECORDS, MOST_BYTES);
        self.records(read)
    }

    fn place(&self) -> Option<String> {
        serde_json::to_string(&self.reader.place()).ok()
    }
}

impl KinesisSource {
    fn records(
        &mut self,
        read: Result<Vec<(ShardId, kinesis::Record)>, AwsError>,
    ) -> Result<Vec<Record>, SourceRefused> {
        let read =
            read.map_err(|error| SourceRefused { code: error.code.to_string(), message: error.message })?;
        let stream = Arc::clone(self.reader.stream());
        let mut records = Vec::with_capacity(read.len());
        for (shard, record) in read {
            let name = self.shards.entry(shard).or_insert_with(|| shard.to_string().into());
            let sequence: Arc<str> = stream.sequence_number(shard, record.sequence).into();
            let user_records = deaggregate::user_records(&record.data).unwrap_or_else(|| {
                vec![UserRecord { partition_key: record.partition_key, data: record.data }]
            });
            for (subsequence, user) in user_records.into_iter().enumerate() {
                let metadata = KinesisMetadata {
                    shard: Arc::clone(name),
                    partition_key: user.partition_key,
                    sequence: Arc::clone(&sequence),
                    subsequence,
                };
                let kinesis = Some(Box::new(metadata));
                records.push(Record { kinesis, ..Record::put(user.data, record.arrived) });
            }
        }
        Ok(records)
    }
}
