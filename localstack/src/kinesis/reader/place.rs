//! Where a reader stands, for who goes on after a restart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use pipectl_shards::ShardId;
use serde::{Deserialize, Serialize};

use super::super::record::Position;
use super::super::stream::Stream;
use super::{Batch, Reader};
use crate::clock::Clock;

/// The place a [`Reader`] has reached in each shard, by the shards' numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// When its stream was created: another one of that name has its own places.
    #[serde(default)]
    created: Option<Timestamp>,
    shards: BTreeMap<u64, u64>,
    /// Shards that were read to their end: what comes after a merge waits for both.
    ended: BTreeSet<u64>,
}

impl Reader {
    /// Where it stands: everything before was handed out.
    pub fn place(&self) -> Place {
        Place {
            created: Some(self.stream.created()),
            shards: self.cursors.iter().map(|(shard, position)| (shard.number(), position.0)).collect(),
            ended: self.ended.iter().map(|shard| shard.number()).collect(),
        }
    }

    /// Goes on from where a reader of this stream stood. A shard that is gone since then is followed by its children. A
    /// stream that has been created since then is read from its start, and one that has lost its newest records (a power
    /// failure took them, and their places are given out again) from where it ends.
    pub fn resume(stream: Arc<Stream>, clock: Clock, place: &Place) -> Self {
        if place.created.is_some_and(|created| created != stream.created()) {
            return Self::trim_horizon(stream, clock);
        }
        let now = clock.now();
        let latest = stream.latest(now);
        let listed: BTreeSet<ShardId> = stream.shards(now).into_iter().map(|shard| shard.id).collect();
        let reached = |at: u64| Position(at.min(latest.0));
        let cursors = place.shards.iter().map(|(shard, at)| (ShardId::new(*shard), reached(*at))).collect();
        let open = stream.open_shards(now);
        let mut reader = Self::new(stream, clock, cursors);
        reader.ended = place.ended.iter().map(|shard| ShardId::new(*shard)).collect();
        for shard in open {
            // It was read to its end and is open: its reshard is lost as well.
            if reader.ended.remove(&shard.id) {
                reader.cursors.insert(shard.id, latest);
            }
        }
        while let Some(gone) = reader.cursors.keys().find(|shard| !listed.contains(shard)).copied() {
            let end = Batch { records: Vec::new(), next: None, millis_behind: 0, children: Vec::new() };
            reader.advance(gone, &end, now);
        }
        reader
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use bytes::Bytes;
    use pipectl_shards::HashKey;

    use super::*;
    use crate::kinesis::stream::Terms;
    use crate::kinesis::{StreamArn, StreamSettings};
    use crate::timings::Timings;

    fn stream(clock: Clock) -> Arc<Stream> {
        let settings = StreamSettings::provisioned(NonZeroU32::new(2).unwrap());
        let arn = StreamArn::new("us-east-1", "000000000000", "s");
        let terms = Terms { timings: Timings::all(Duration::ZERO), ..Terms::default() };
        Arc::new(Stream::new(arn, settings, clock.now(), terms))
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_goes_on_where_another_stood_across_reshards() {
        let clock = Clock::system();
        let stream = stream(clock);
        let put = |data: &'static str| {
            let record = (HashKey::MIN, "k".into(), Bytes::from_static(data.as_bytes()));
            stream.put(vec![record], clock.now()).unwrap();
        };
        let read = |reader: &mut Reader| {
            let records = reader.poll(10, 1000).unwrap();
            records.iter().map(|(_, record)| record.data.escape_ascii().to_string()).collect::<Vec<_>>()
        };
        put("old");
        let mut first = Reader::latest(Arc::clone(&stream), clock);
        put("one");
        assert_eq!(read(&mut first), ["one"]);
        let place = serde_json::to_string(&first.place()).unwrap();
        put("two");
        stream.merge(ShardId::new(0), ShardId::new(1), clock.now()).unwrap();
        put("three");
        let mut second = Reader::resume(Arc::clone(&stream), clock, &serde_json::from_str(&place).unwrap());
        assert_eq!(read(&mut second), ["two"]);
        let mut third = Reader::resume(Arc::clone(&stream), clock, &second.place());
        assert_eq!(read(&mut third), ["three"]);
        assert!(read(&mut third).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_was_created_since_is_read_from_its_start() {
        let clock = Clock::system();
        let old = stream(clock);
        let put = |stream: &Stream, data: &'static str| {
            let record = (HashKey::MIN, "k".into(), Bytes::from_static(data.as_bytes()));
            stream.put(vec![record], clock.now()).unwrap();
        };
        put(&old, "old");
        let mut reader = Reader::latest(Arc::clone(&old), clock);
        put(&old, "read");
        assert_eq!(reader.poll(10, 1000).unwrap().len(), 1);
        tokio::time::advance(Duration::from_secs(1)).await;
        let new = stream(clock);
        put(&new, "new");
        let mut second = Reader::resume(new, clock, &reader.place());
        assert_eq!(second.poll(10, 1000).unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_lost_its_newest_records_is_read_from_where_it_ends() {
        let clock = Clock::system();
        let stream = stream(clock);
        let place = Place {
            created: Some(stream.created()),
            shards: BTreeMap::from([(2, 900)]),
            ended: BTreeSet::from([0, 1]),
        };
        let mut reader = Reader::resume(Arc::clone(&stream), clock, &place);
        for key in [HashKey::MIN, HashKey::MAX] {
            stream.put(vec![(key, "k".into(), Bytes::from_static(b"after"))], clock.now()).unwrap();
        }
        assert_eq!(reader.poll(10, 1000).unwrap().len(), 2);
        let place = Place { shards: BTreeMap::from([(0, 900), (1, 1)]), ended: BTreeSet::new(), ..place };
        let mut reader = Reader::resume(Arc::clone(&stream), clock, &place);
        stream.put(vec![(HashKey::MIN, "k".into(), Bytes::from_static(b"later"))], clock.now()).unwrap();
        assert_eq!(reader.poll(10, 1000).unwrap().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn shards_that_expired_meanwhile_are_passed_over() {
        let clock = Clock::system();
        let stream = stream(clock);
        let place = Reader::latest(Arc::clone(&stream), clock).place();
        stream.merge(ShardId::new(0), ShardId::new(1), clock.now()).unwrap();
        tokio::time::advance(Duration::from_secs(3 * 24 * 3600)).await;
        let record = (HashKey::MIN, "k".into(), Bytes::from_static(b"late"));
        stream.put(vec![record], clock.now()).unwrap();
        let mut reader = Reader::resume(stream, clock, &place);
        assert_eq!(reader.next(10, 1000).await.unwrap().len(), 1);
    }
}
