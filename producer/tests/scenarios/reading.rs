//! The reader on an in-memory stream that splits, merges, throttles and forgets iterators.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use pipectl_producer::SequenceNumber;
use pipectl_producer::read::{
    Arrived, Page, Position, ReadError, ReadRecord, Reader, Settings, ShardDescription, ShardIterator,
    ShardSource, SourceError, SourceErrorKind, Start,
};
use pipectl_shards::ShardId;
use tokio::time::{Instant, timeout};

#[derive(Default)]
struct Stream {
    shards: Vec<Shard>,
    random: fastrand::Rng,
    /// Percent of calls that fail in some way.
    faults: u8,
    /// Listings for which a new child is not shown yet.
    lag: u32,
    calls: Vec<(ShardId, Instant)>,
}

#[derive(Default)]
struct Shard {
    parents: Vec<ShardId>,
    closed: bool,
    records: Vec<&'static str>,
}

#[derive(Clone, Default)]
struct FakeStream(Arc<Mutex<Stream>>);

impl FakeStream {
    fn new(shards: usize) -> Self {
        let stream = Self::default();
        stream.with(|stream| {
            stream.shards.resize_with(shards, Shard::default);
            stream.random = fastrand::Rng::with_seed(7);
        });
        stream
    }

    fn with<T>(&self, act: impl FnOnce(&mut Stream) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }

    fn put(&self, shard: usize, data: &'static str) {
        self.with(|stream| {
            assert!(!stream.shards[shard].closed);
            stream.shards[shard].records.push(data);
        });
    }

    fn split(&self, shard: usize) {
        self.with(|stream| {
            stream.shards[shard].closed = true;
            for _ in 0..2 {
                let parents = vec![ShardId::new(shard as u64)];
                stream.shards.push(Shard { parents, ..Shard::default() });
            }
        });
    }

    fn merge(&self, one: usize, other: usize) {
        self.with(|stream| {
            stream.shards[one].closed = true;
            stream.shards[other].closed = true;
            let parents = vec![ShardId::new(one as u64), ShardId::new(other as u64)];
            stream.shards.push(Shard { parents, ..Shard::default() });
        });
    }

    fn reader(&self, start: Start, follow: bool) -> Reader {
        Reader::start(Arc::new(self.clone()), Settings { start, follow, patience: 50 })
    }
}

fn failed(kind: SourceErrorKind) -> SourceError {
    SourceError { kind, code: "Code".into(), message: "the fake says so".into() }
}

fn index(shard: ShardId) -> usize {
    usize::try_from(shard.number()).unwrap()
}

#[async_trait]
impl ShardSource for FakeStream {
    async fn shards(&self) -> Result<Vec<ShardDescription>, SourceError> {
        Ok(self.with(|stream| {
            let describe = |(n, shard): (usize, &Shard)| ShardDescription {
                id: ShardId::new(n as u64),
                parents: shard.parents.clone(),
                closed: shard.closed,
            };
            let lagging = stream.lag > 0;
            stream.lag = stream.lag.saturating_sub(1);
            let shown = stream.shards.iter().enumerate().map(describe);
            shown.filter(|shard| !lagging || shard.parents.is_empty()).collect()
        }))
    }

    async fn iterator(&self, shard: ShardId, position: &Position) -> Result<ShardIterator, SourceError> {
        self.with(|stream| {
            if stream.random.u8(..100) < stream.faults {
                return Err(failed(SourceErrorKind::Throttled));
            }
            let at = match position {
                Position::Latest => stream.shards[index(shard)].records.len(),
                Position::TrimHorizon | Position::At(_) => 0,
                Position::After(sequence) => sequence.as_str().parse::<usize>().unwrap() + 1,
            };
            Ok(ShardIterator(format!("{}/{at}", shard.number())))
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
            let shard = &stream.shards[usize::try_from(number).unwrap()];
            let limit = usize::try_from(limit).unwrap().min(3);
            let records: Vec<Arrived> = shard.records[at..]
                .iter()
                .take(limit)
                .enumerate()
                .map(|(n, data)| Arrived {
                    sequence: SequenceNumber::new(&(at + n).to_string()),
                    time: Some(Timestamp::UNIX_EPOCH),
                    partition_key: Some("key".to_owned()),
                    data: Bytes::from_static(data.as_bytes()),
                })
                .collect();
            let next = at + records.len();
            let ended = shard.closed && next == shard.records.len();
            let behind = Duration::from_millis((shard.records.len() - next) as u64);
            Ok(Page { records, next: (!ended).then(|| ShardIterator(format!("{number}/{next}"))), behind })
        })
    }
}

async fn all(reader: &mut Reader) -> Vec<ReadRecord> {
    let mut records = Vec::new();
    while let Some(record) = reader.next().await.unwrap() {
        records.push(record);
    }
    records
}

fn texts(records: &[ReadRecord]) -> Vec<&str> {
    records.iter().map(|record| std::str::from_utf8(&record.record.data).unwrap()).collect()
}

async fn next(reader: &mut Reader) -> String {
    let record = timeout(Duration::from_secs(600), reader.next()).await.expect("in time").unwrap();
    String::from_utf8(record.expect("a record").record.data.to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn reading_to_the_tip_gives_everything_of_all_shards_children_after_parents_and_ends() {
    let stream = FakeStream::new(2);
    ["a0", "a1", "a2", "a3", "a4"].into_iter().for_each(|data| stream.put(0, data));
    stream.put(1, "b0");
    stream.split(0);
    stream.put(2, "c0");
    stream.put(3, "d0");
    stream.merge(1, 3);
    stream.put(4, "e0");
    let records = all(&mut stream.reader(Start::TrimHorizon, false)).await;
    let texts = texts(&records);
    let place = |text: &str| texts.iter().position(|other| *other == text).expect(text);
    assert_eq!(texts.len(), 9);
    assert!(place("a0") < place("a1") && place("a3") < place("a4"));
    assert!(place("a4") < place("c0") && place("a4") < place("d0"));
    assert!(place("d0") < place("e0") && place("b0") < place("e0"));
}

#[tokio::test(start_paused = true)]
async fn from_the_latest_only_what_is_put_later_comes_through_a_split_too() {
    let stream = FakeStream::new(1);
    stream.put(0, "before");
    let mut reader = stream.reader(Start::Latest, true);
    tokio::time::sleep(Duration::from_secs(1)).await;
    stream.put(0, "after");
    assert_eq!(next(&mut reader).await, "after");
    stream.put(0, "last of the parent");
    stream.split(0);
    stream.with(|stream| stream.lag = 5);
    stream.put(2, "child");
    assert_eq!(next(&mut reader).await, "last of the parent");
    assert_eq!(next(&mut reader).await, "child");
}

#[tokio::test(start_paused = true)]
async fn throttles_failures_and_expired_iterators_lose_and_repeat_nothing() {
    for faults in [10, 40, 70] {
        let stream = FakeStream::new(3);
        stream.with(|stream| stream.faults = faults);
        for n in 0..40 {
            for shard in 0..3 {
                stream.put(shard, format!("{shard}-{n:02}").leak());
            }
        }
        let records = all(&mut stream.reader(Start::TrimHorizon, false)).await;
        assert_eq!(records.len(), 120, "faults {faults}");
        for shard in 0..3_usize {
            let of_shard: Vec<&str> =
                texts(&records).into_iter().filter(|text| text.starts_with(&format!("{shard}-"))).collect();
            assert_eq!(of_shard.len(), 40);
            assert!(of_shard.is_sorted(), "faults {faults}: {of_shard:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_shard_is_asked_fewer_than_five_times_a_second() {
    let stream = FakeStream::new(2);
    let reader = stream.reader(Start::Latest, true);
    tokio::time::sleep(Duration::from_secs(10)).await;
    drop(reader);
    let calls = stream.with(|stream| std::mem::take(&mut stream.calls));
    for shard in [0, 1].map(ShardId::new) {
        let count = calls.iter().filter(|(called, _)| *called == shard).count();
        assert!((20..50).contains(&count), "{count} calls in ten seconds");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_no_retry_mends_ends_the_reading_and_is_told_once() {
    struct Gone;
    #[async_trait]
    impl ShardSource for Gone {
        async fn shards(&self) -> Result<Vec<ShardDescription>, SourceError> {
            Err(SourceError {
                kind: SourceErrorKind::Fatal,
                code: "ResourceNotFoundException".into(),
                message: "Stream clicks not found".into(),
            })
        }
        async fn iterator(&self, _: ShardId, _: &Position) -> Result<ShardIterator, SourceError> {
            Err(failed(SourceErrorKind::Fatal))
        }
        async fn records(&self, _: &ShardIterator, _: i32) -> Result<Page, SourceError> {
            Err(failed(SourceErrorKind::Fatal))
        }
    }
    let mut reader = Reader::start(Arc::new(Gone), Settings::default());
    let error = reader.next().await.unwrap_err();
    assert!(matches!(&error, ReadError::ListShards(_)));
    assert!(error.to_string().contains("ResourceNotFoundException: Stream clicks not found"), "{error}");
    assert_eq!(reader.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_nobody_reads_from_holds_a_bounded_number_of_pages() {
    let stream = FakeStream::new(40);
    for shard in 0..40 {
        for _ in 0..100 {
            stream.put(shard, "data");
        }
    }
    let mut reader = stream.reader(Start::TrimHorizon, false);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let calls = stream.with(|stream| stream.calls.len());
    assert!(calls <= 12, "{calls} pages of 3 records were fetched while nobody took any");
    assert_eq!(all(&mut reader).await.len(), 4_000);
}
