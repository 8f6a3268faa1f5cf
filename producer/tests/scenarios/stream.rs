//! A stream in memory that splits, merges, throttles, trims and forgets iterators.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use pipectl_producer::SequenceNumber;
use pipectl_producer::aggregation::{Aggregator, UserRecord};
use pipectl_producer::read::{
    Arrived, Page, Position, Reader, Settings, ShardDescription, ShardIterator, ShardSource, SourceError,
    SourceErrorKind, Start,
};
use pipectl_shards::{HashKeyRange, ShardId};
use tokio::time::Instant;

#[derive(Default)]
pub(crate) struct Stream {
    shards: Vec<Shard>,
    random: fastrand::Rng,
    /// Percent of calls that fail in some way.
    pub(crate) faults: u8,
    /// Listings for which a new child is not shown yet.
    pub(crate) lag: u32,
    /// The first so many shards have expired.
    pub(crate) expired: usize,
    /// Whether the last page of a shard tells its children.
    pub(crate) tells_children: bool,
    /// Whether reading from a record that has expired gives empty pages for good.
    pub(crate) gets_stuck: bool,
    pub(crate) calls: Vec<(ShardId, Instant)>,
    pub(crate) listings: u32,
}

#[derive(Default)]
struct Shard {
    parents: Vec<ShardId>,
    closed: bool,
    records: Vec<Bytes>,
    /// Records that have expired.
    trimmed: usize,
}

#[derive(Clone, Default)]
pub(crate) struct FakeStream(Arc<Mutex<Stream>>);

impl FakeStream {
    pub(crate) fn new(shards: usize) -> Self {
        let stream = Self::default();
        stream.with(|stream| {
            stream.shards.resize_with(shards, Shard::default);
            stream.random = fastrand::Rng::with_seed(7);
        });
        stream
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Stream) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }

    pub(crate) fn put(&self, shard: usize, data: impl Into<Bytes>) {
        self.with(|stream| {
            assert!(!stream.shards[shard].closed);
            stream.shards[shard].records.push(data.into());
        });
    }

    /// Puts an aggregate of these.
    pub(crate) fn put_together(&self, shard: usize, texts: &[String]) {
        let mut aggregator = Aggregator::default();
        for text in texts {
            let record = UserRecord { partition_key: "user", explicit_hash_key: None, data: text.as_bytes() };
            aggregator.push(&record);
        }
        self.put(shard, aggregator.take().unwrap().data);
    }

    pub(crate) fn split(&self, shard: usize) {
        self.with(|stream| {
            stream.shards[shard].closed = true;
            for _ in 0..2 {
                let parents = vec![ShardId::new(shard as u64)];
                stream.shards.push(Shard { parents, ..Shard::default() });
            }
        });
    }

    pub(crate) fn merge(&self, one: usize, other: usize) {
        self.with(|stream| {
            stream.shards[one].closed = true;
            stream.shards[other].closed = true;
            let parents = vec![ShardId::new(one as u64), ShardId::new(other as u64)];
            stream.shards.push(Shard { parents, ..Shard::default() });
        });
    }

    /// Lets the first so many records of a shard expire.
    pub(crate) fn trim(&self, shard: usize, records: usize) {
        self.with(|stream| stream.shards[shard].trimmed = records);
    }

    pub(crate) fn reader(&self, start: Start, follow: bool) -> Reader {
        self.reader_with(Settings { start, follow, ..Settings::default() })
    }

    pub(crate) fn reader_with(&self, settings: Settings) -> Reader {
        Reader::start(Arc::new(self.clone()), Settings { patience: 50, ..settings })
    }
}

impl Stream {
    fn describe(&self, number: usize) -> ShardDescription {
        let shard = &self.shards[number];
        ShardDescription {
            id: ShardId::new(number as u64),
            parents: shard.parents.clone(),
            closed: shard.closed,
            range: HashKeyRange::ALL,
        }
    }

    fn place(&self, shard: ShardId, position: &Position) -> usize {
        let shard = &self.shards[index(shard)];
        let number = |sequence: &SequenceNumber| sequence.as_str().parse::<usize>().unwrap();
        match position {
            Position::Latest => shard.records.len(),
            Position::TrimHorizon | Position::At(_) => shard.trimmed,
            Position::AtSequence(sequence) => number(sequence),
            Position::After(sequence) => number(sequence) + 1,
        }
    }

    fn page(&self, number: u64, at: usize, limit: i32) -> Page {
        let shard = &self.shards[usize::try_from(number).unwrap()];
        let iterator = |at: usize| Some(ShardIterator(format!("{number}/{at}")));
        if at < shard.trimmed && self.gets_stuck {
            let behind = Duration::from_hours(24);
            return Page { records: Vec::new(), next: iterator(at), behind, children: Vec::new() };
        }
        let at = at.max(shard.trimmed);
        let limit = usize::try_from(limit).unwrap().min(3);
        let arrived = |(n, data): (usize, &Bytes)| Arrived {
            sequence: SequenceNumber::new(&(at + n).to_string()),
            time: Some(Timestamp::UNIX_EPOCH),
            partition_key: Some("key".to_owned()),
            data: data.clone(),
        };
        let records: Vec<Arrived> = shard.records[at..].iter().take(limit).enumerate().map(arrived).collect();
        let next = at + records.len();
        let ended = shard.closed && next == shard.records.len();
        let behind = Duration::from_millis((shard.records.len() - next) as u64);
        let children: Vec<ShardDescription> = (0..self.shards.len())
            .map(|child| self.describe(child))
            .filter(|child| ended && self.tells_children && child.parents.contains(&ShardId::new(number)))
            .collect();
        Page { records, next: if ended { None } else { iterator(next) }, behind, children }
    }
}

pub(crate) fn failed(kind: SourceErrorKind) -> SourceError {
    SourceError { kind, code: "Code".into(), message: "the fake says so".into() }
}

fn index(shard: ShardId) -> usize {
    usize::try_from(shard.number()).unwrap()
}

#[async_trait]
impl ShardSource for FakeStream {
    async fn shards(&self) -> Result<Vec<ShardDescription>, SourceError> {
        Ok(self.with(|stream| {
            stream.listings += 1;
            let lagging = stream.lag > 0;
            stream.lag = stream.lag.saturating_sub(1);
            let shown = (stream.expired..stream.shards.len()).map(|number| stream.describe(number));
            shown.filter(|shard| !lagging || shard.parents.is_empty()).collect()
        }))
    }

    async fn iterator(&self, shard: ShardId, position: &Position) -> Result<ShardIterator, SourceError> {
        self.with(|stream| {
            if stream.random.u8(..100) < stream.faults {
                return Err(failed(SourceErrorKind::Throttled));
            }
            Ok(ShardIterator(format!("{}/{}", shard.number(), stream.place(shard, position))))
        })
    }

    async fn records(&self, iterator: &ShardIterator, limit: i32) -> Result<Page, SourceError> {
        let (shard, at) = iterator.0.split_once('/').unwrap();
        let (number, at): (u64, usize) = (shard.parse().unwrap(), at.parse().unwrap());
        self.with(|stream| {
            stream.calls.push((ShardId::new(number), Instant::now()));
            let drawn = stream.random.u8(..100);
            if drawn < stream.faults {
                return Err(failed(match drawn % 3 {
                    0 => SourceErrorKind::Throttled,
                    1 => SourceErrorKind::Transient,
                    _ => SourceErrorKind::ExpiredIterator,
                }));
            }
            Ok(stream.page(number, at, limit))
        })
    }
}
