//! A Kinesis stream as the source of a delivery.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

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
    /// The delivery lives in the world.
    world: Weak<World>,
    arn: StreamArn,
    /// Nothing as long as the stream is not there.
    reader: Option<Reader>,
    /// Where it goes on then.
    place: Place,
    shards: BTreeMap<ShardId, Arc<str>>,
}

/// Opens a stream: what is put into it from now on will be read, or what is there after a `place` reached earlier. For
/// who has such a place, the stream may be missing: it is read as soon as it is there again.
pub(super) fn open(
    world: &Arc<World>,
    arn: &str,
    place: Option<&str>,
) -> Result<Box<dyn Source>, FirehoseError> {
    let invalid = |error: &dyn std::fmt::Display| FirehoseError::InvalidArgument(error.to_string());
    let arn: StreamArn = arn.parse().map_err(|error| invalid(&error))?;
    let place: Option<Place> =
        place.map(serde_json::from_str).transpose().map_err(|error| invalid(&error))?;
    let reader = match (world.kinesis.stream(&arn, world.clock.now()), &place) {
        (Ok(stream), Some(place)) => Some(Reader::resume(stream, world.clock, place).counted(world)),
        (Ok(stream), None) => Some(Reader::latest(stream, world.clock).counted(world)),
        (Err(_), Some(_)) => None,
        (Err(error), None) => return Err(invalid(&error.message)),
    };
    let (world, place) = (Arc::downgrade(world), place.unwrap_or_default());
    Ok(Box::new(KinesisSource { world, arn, reader, place, shards: BTreeMap::new() }))
}

#[async_trait]
impl Source for KinesisSource {
    async fn next(&mut self) -> Result<Vec<Record>, SourceRefused> {
        loop {
            let read = match &mut self.reader {
                Some(reader) => reader.next(MOST_RECORDS, MOST_BYTES).await,
                None => Err(self.missing()),
            };
            if read.is_ok() || !self.has_reopened() {
                return self.records(read);
            }
        }
    }

    fn poll(&mut self) -> Result<Vec<Record>, SourceRefused> {
        loop {
            let read = match &mut self.reader {
                Some(reader) => reader.poll(MOST_RECORDS, MOST_BYTES),
                None => Err(self.missing()),
            };
            if read.is_ok() || !self.has_reopened() {
                return self.records(read);
            }
        }
    }

    fn place(&self) -> Option<String> {
        serde_json::to_string(&self.reader.as_ref().map_or_else(|| self.place.clone(), Reader::place)).ok()
    }
}

impl KinesisSource {
    fn missing(&self) -> AwsError {
        kinesis::not_found(&self.arn)
    }

    /// Opens the stream of that name, where it is not the one that was read: the old one was deleted, and of the new one
    /// nothing has been read yet.
    fn has_reopened(&mut self) -> bool {
        let Some(world) = self.world.upgrade() else { return false };
        let Ok(stream) = world.kinesis.stream(&self.arn, world.clock.now()) else { return false };
        let reader = match &self.reader {
            Some(reader) if Arc::ptr_eq(reader.stream(), &stream) => return false,
            Some(_) => Reader::trim_horizon(stream, world.clock),
            None => Reader::resume(stream, world.clock, &self.place),
        };
        self.reader = Some(reader.counted(&world));
        true
    }

    fn records(
        &mut self,
        read: Result<Vec<(ShardId, kinesis::Record)>, AwsError>,
    ) -> Result<Vec<Record>, SourceRefused> {
        let read =
            read.map_err(|error| SourceRefused { code: error.code.to_string(), message: error.message })?;
        let Some(reader) = &self.reader else { return Ok(Vec::new()) };
        let stream = Arc::clone(reader.stream());
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

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use bytes::Bytes;
    use pipectl_shards::HashKey;

    use super::*;
    use crate::kinesis::{Stream, StreamSettings};
    use crate::timings::Timings;
    use crate::world::Setting;

    struct Streams {
        world: Arc<World>,
        arn: StreamArn,
    }

    impl Streams {
        fn new() -> Self {
            let setting = Setting { timings: Timings::all(Duration::ZERO), ..Setting::default() };
            Self { world: World::new(setting), arn: StreamArn::new("us-east-1", "000000000000", "clicks") }
        }

        fn create(&self) -> Arc<Stream> {
            let settings = StreamSettings::provisioned(NonZeroU32::MIN);
            self.world.kinesis.create(self.arn.clone(), settings, self.world.clock.now()).unwrap()
        }

        fn put(&self, stream: &Stream, text: &'static str) {
            let record = (HashKey::MIN, "k".into(), Bytes::from_static(text.as_bytes()));
            stream.put(vec![record], self.world.clock.now()).unwrap();
        }
    }

    async fn read(source: &mut dyn Source) -> Result<Vec<String>, String> {
        let records = source.next().await.map_err(|refused| refused.code)?;
        Ok(records.iter().map(|record| record.data.escape_ascii().to_string()).collect())
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_was_deleted_and_created_again_is_read_from_its_start() {
        let streams = Streams::new();
        let first = streams.create();
        let mut source = open(&streams.world, &streams.arn.to_string(), None).unwrap();
        streams.put(&first, "one");
        assert_eq!(read(&mut *source).await.unwrap(), ["one"]);
        let place = source.place();
        first.delete(streams.world.clock.now());
        assert_eq!(read(&mut *source).await.unwrap_err(), "ResourceNotFoundException");
        tokio::time::advance(Duration::from_secs(1)).await;

        // A delivery that is read back before its stream is there again waits for it.
        let mut restored = open(&streams.world, &streams.arn.to_string(), place.as_deref()).unwrap();
        assert_eq!(restored.place(), place);
        assert_eq!(read(&mut *restored).await.unwrap_err(), "ResourceNotFoundException");
        let second = streams.create();
        streams.put(&second, "two");
        for source in [&mut source, &mut restored] {
            assert_eq!(read(&mut **source).await.unwrap(), ["two"]);
            assert!(source.poll().unwrap().is_empty());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_delivery_needs_its_stream() {
        let streams = Streams::new();
        assert!(open(&streams.world, &streams.arn.to_string(), None).is_err());
    }
}
