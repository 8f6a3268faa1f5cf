//! Reading a stream in process, as Firehose and event source mappings do: as records, without iterators and base64.
//!
//! [`Stream::read`] reads one shard from a position, for who keeps positions themselves. [`Reader`] reads all shards,
//! children after their parents, and waits for what is new:
//!
//! ```ignore
//! let stream = world.kinesis.stream(&arn, world.clock.now())?;
//! let mut reader = Reader::latest(stream, world.clock);       // or Reader::trim_horizon
//! while let Ok(records) = reader.next(500, 4 << 20).await {   // waits for one at least; an error: the stream is gone
//!     for (shard, record) in records { /* record.data, record.partition_key, record.arrived */ }
//! }
//! ```

mod place;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::Timestamp;
use pipectl_shards::ShardId;
use tokio::sync::watch;

pub use self::place::Place;

use super::metrics;
use super::record::{Position, Record};
use super::stream::{Access, Stream};
use crate::clock::Clock;
use crate::http::AwsError;
use crate::world::World;

/// A part of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The records, oldest first.
    pub records: Vec<Record>,
    /// Where to go on; nothing at the end of a closed shard.
    pub next: Option<Position>,
    /// How far behind the newest record this part ends; 0 at the tip.
    pub millis_behind: i64,
    /// At the end of a closed shard: the shards that go on from it.
    pub children: Vec<ShardId>,
}

impl Stream {
    /// Reads a shard: at most `count` records of at most `bytes` together (but one in any case), from a position on.
    /// Fails when the stream is deleted or has no such shard. It is not metered: the throughput is the reader's own.
    pub fn read(
        &self,
        shard: ShardId,
        from: Position,
        limit: (usize, usize),
        now: Timestamp,
    ) -> Result<Batch, AwsError> {
        self.read_as(Access::Dedicated, shard, from, limit, now)
    }

    /// As [`read`](Self::read), metered for this kind of reader.
    pub(crate) fn read_as(
        &self,
        access: Access,
        shard: ShardId,
        from: Position,
        limit: (usize, usize),
        now: Timestamp,
    ) -> Result<Batch, AwsError> {
        let slice = self.slice(shard, from, limit, access, now)?;
        let children = match slice.next {
            Some(_) => Vec::new(),
            None => self.with(now, |state| state.lineage.children(shard).map(|child| child.id).collect()),
        };
        let millis_behind = slice.unread_since.map_or(0, |since| (now.as_millisecond() - since).max(0));
        Ok(Batch { records: slice.records, next: slice.next, millis_behind, children })
    }

    /// Where a reader starts that wants only what comes from now on.
    pub fn latest(&self, now: Timestamp) -> Position {
        self.with(now, |state| state.latest())
    }
}

/// Reads all shards of a stream, each record once, a shard's children after the shard.
#[derive(Debug)]
pub struct Reader {
    stream: Arc<Stream>,
    clock: Clock,
    changes: watch::Receiver<()>,
    cursors: BTreeMap<ShardId, Position>,
    ended: BTreeSet<ShardId>,
    /// The shard that is read first, so that a busy one does not starve the others.
    turn: ShardId,
    /// Where its reads are counted, if they are.
    counted: Weak<World>,
    /// When it last looked at every shard, whether anything came or not.
    looked: Option<Timestamp>,
}

/// How often a reader looks without being told: a reshard takes effect with time, not with a put.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Reader {
    /// Reads what comes from now on.
    pub fn latest(stream: Arc<Stream>, clock: Clock) -> Self {
        let now = clock.now();
        let latest = stream.latest(now);
        let cursors = stream.open_shards(now).into_iter().map(|shard| (shard.id, latest)).collect();
        Self::new(stream, clock, cursors)
    }

    /// Reads everything the stream still holds, and what comes.
    pub fn trim_horizon(stream: Arc<Stream>, clock: Clock) -> Self {
        let shards = stream.shards(clock.now());
        let ids: BTreeSet<ShardId> = shards.iter().map(|shard| shard.id).collect();
        let is_root = |parent: Option<ShardId>| parent.is_none_or(|parent| !ids.contains(&parent));
        let roots = shards.iter().filter(|shard| is_root(shard.parent) && is_root(shard.adjacent_parent));
        let cursors = roots.map(|shard| (shard.id, Position::TRIM_HORIZON)).collect();
        Self::new(stream, clock, cursors)
    }

    fn new(stream: Arc<Stream>, clock: Clock, cursors: BTreeMap<ShardId, Position>) -> Self {
        let changes = stream.watch();
        let (ended, turn) = (BTreeSet::new(), ShardId::new(0));
        Self { stream, clock, changes, cursors, ended, turn, counted: Weak::new(), looked: None }
    }

    /// Its reads are in the stream's metrics from now on, as those of a client are: each that gave records, and once a
    /// second what it finds in all shards.
    pub(crate) fn counted(mut self, world: &Arc<World>) -> Self {
        self.counted = Arc::downgrade(world);
        self
    }

    /// The stream it reads.
    pub fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    /// The next records, each with its shard: at most `count`, of at most `bytes` together unless the first alone is
    /// larger. Waits for one at least. Fails when the stream is deleted. Cancelling it loses nothing.
    pub async fn next(&mut self, count: usize, bytes: usize) -> Result<Vec<(ShardId, Record)>, AwsError> {
        loop {
            self.changes.mark_unchanged();
            let records = self.look(count, bytes, true)?;
            if !records.is_empty() {
                return Ok(records);
            }
            // Neither arm is an answer: both mean that it is time to look.
            let _ = tokio::time::timeout(LOOK_AGAIN, self.changes.changed()).await;
        }
    }

    /// As [`next`](Self::next), without waiting for anything: nothing when there is nothing.
    pub fn poll(&mut self, count: usize, bytes: usize) -> Result<Vec<(ShardId, Record)>, AwsError> {
        self.look(count, bytes, false)
    }

    /// What there is; where `patient`, without the shards that have given out their two mebibytes a second.
    fn look(
        &mut self,
        count: usize,
        bytes: usize,
        patient: bool,
    ) -> Result<Vec<(ShardId, Record)>, AwsError> {
        let now = self.clock.now();
        let round = self.is_round(now);
        let mut taken: Vec<(ShardId, Record)> = Vec::new();
        let mut size = 0;
        let turn = self.turn;
        let mut shards: Vec<ShardId> = self.cursors.keys().copied().collect();
        let later = shards.partition_point(|id| *id <= turn);
        shards.rotate_left(later);
        for shard in shards {
            if taken.len() >= count || size >= bytes {
                break;
            }
            let Some(from) = self.cursors.get(&shard).copied() else { continue };
            if patient && !self.stream.is_readable(shard, now) {
                continue;
            }
            let room = (count - taken.len(), bytes - size);
            let read = self.stream.read_as(Access::Dedicated, shard, from, room, now);
            // Of a shard one record always comes, however large: leave it for the next time if others came before.
            let first = read.as_ref().map_or(0, |batch| batch.records.first().map_or(0, Record::size));
            if !taken.is_empty() && first > room.1 {
                continue;
            }
            if round || first > 0 {
                self.note(shard, &read);
            }
            let mut batch = read?;
            self.turn = shard;
            let bytes = batch.records.iter().map(Record::size).sum::<usize>();
            size += bytes;
            // What was left for the next time is paid for then.
            self.stream.charge(shard, bytes, now);
            taken.extend(batch.records.drain(..).map(|record| (shard, record)));
            self.advance(shard, &batch, now);
        }
        Ok(taken)
    }

    /// Whether a second has passed since the last round.
    fn is_round(&mut self, now: Timestamp) -> bool {
        let second = i64::try_from(LOOK_AGAIN.as_millis()).unwrap_or(i64::MAX);
        let since = self.looked.map(|looked| now.as_millisecond().saturating_sub(looked.as_millisecond()));
        let round = since.is_none_or(|since| since >= second);
        if round {
            self.looked = Some(now);
        }
        round
    }

    /// Counts a read in the stream's metrics.
    fn note(&self, shard: ShardId, read: &Result<Batch, AwsError>) {
        if let Some(world) = self.counted.upgrade() {
            metrics::read(&world, (&self.stream, shard), read, Duration::ZERO);
        }
    }

    fn advance(&mut self, shard: ShardId, batch: &Batch, now: Timestamp) {
        if let Some(next) = batch.next {
            self.cursors.insert(shard, next);
            return;
        }
        self.cursors.remove(&shard);
        self.ended.insert(shard);
        let ended = &self.ended;
        let ready = self.stream.with(now, |state| {
            // A merged shard has two parents: it waits until both are read, unless one has expired.
            let is_read = |parent| ended.contains(&parent) || !state.is_listed(parent, now.as_millisecond());
            let children = state.lineage.children(shard);
            let ready = children
                .filter(|child| [child.parent, child.adjacent_parent].into_iter().flatten().all(is_read));
            ready.map(|child| child.id).collect::<Vec<_>>()
        });
        self.cursors.extend(ready.into_iter().map(|child| (child, Position::TRIM_HORIZON)));
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use bytes::Bytes;
    use pipectl_shards::HashKey;

    use super::*;
    use crate::kinesis::stream::Terms;
    use crate::kinesis::{StreamArn, StreamSettings};
    use crate::timings::Timings;

    fn stream(shards: u32, clock: Clock) -> Arc<Stream> {
        let settings = StreamSettings::provisioned(NonZeroU32::new(shards).unwrap());
        let arn = StreamArn::new("us-east-1", "000000000000", "s");
        Arc::new(Stream::new(
            arn,
            settings,
            clock.now(),
            Terms { timings: Timings::all(Duration::ZERO), ..Terms::default() },
        ))
    }

    fn put(stream: &Stream, clock: Clock, key: HashKey, data: &'static str) {
        stream.put(vec![(key, "k".into(), Bytes::from_static(data.as_bytes()))], clock.now()).unwrap();
    }

    fn texts(records: Vec<(ShardId, Record)>) -> Vec<String> {
        records.into_iter().map(|(_, record)| String::from_utf8(record.data.to_vec()).unwrap()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_from_latest_sees_only_what_comes_and_wakes_for_it() {
        let clock = Clock::system();
        let stream = stream(2, clock);
        put(&stream, clock, HashKey::MIN, "old");
        let mut reader = Reader::latest(Arc::clone(&stream), clock);
        let reading = tokio::spawn(async move { texts(reader.next(10, 1000).await.unwrap()) });
        tokio::task::yield_now().await;
        put(&stream, clock, HashKey::MAX, "new");
        assert_eq!(reading.await.unwrap(), ["new"]);
    }

    #[tokio::test(start_paused = true)]
    async fn children_are_read_after_their_parents_and_nothing_twice() {
        let clock = Clock::system();
        let stream = stream(2, clock);
        let mut reader = Reader::trim_horizon(Arc::clone(&stream), clock);
        put(&stream, clock, HashKey::MIN, "left");
        put(&stream, clock, HashKey::MAX, "right");
        stream.merge(ShardId::new(0), ShardId::new(1), clock.now()).unwrap();
        put(&stream, clock, HashKey::MIN, "merged");
        stream.split(ShardId::new(2), HashKey(1 << 100), clock.now()).unwrap();
        put(&stream, clock, HashKey::MAX, "split");
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.extend(texts(reader.next(1, 1000).await.unwrap()));
        }
        assert_eq!(seen[2..], ["merged", "split"]);
        assert!(reader.poll(10, 1000).unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_is_bounded_in_count_and_bytes_over_all_shards() {
        let clock = Clock::system();
        let stream = stream(2, clock);
        let mut reader = Reader::trim_horizon(Arc::clone(&stream), clock);
        for key in [HashKey::MIN, HashKey::MAX, HashKey::MIN, HashKey::MAX] {
            put(&stream, clock, key, "123456789");
        }
        assert_eq!(reader.poll(3, 1000).unwrap().len(), 3);
        assert_eq!(reader.poll(3, 1000).unwrap().len(), 1);
        let mut reader = Reader::trim_horizon(Arc::clone(&stream), clock);
        assert_eq!(reader.poll(10, 25).unwrap().len(), 2);
        assert_eq!(reader.poll(10, 1).unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_for_the_next_time_is_not_paid_for_twice() {
        let clock = Clock::system();
        let stream = stream(2, clock);
        let large = Bytes::from(vec![b'x'; (1 << 20) - 1]);
        stream.put(vec![(HashKey::MIN, "k".into(), large)], clock.now()).unwrap();
        put(&stream, clock, HashKey::MAX, "small");
        let mut reader = Reader::trim_horizon(Arc::clone(&stream), clock);
        assert_eq!(texts(reader.poll(10, 1000).unwrap()), ["small"]);
        assert_eq!(reader.poll(10, 1000).unwrap()[0].1.size(), 1 << 20);
        // Of the two mebibytes a second one is left, so the shard is read on.
        assert!(stream.is_readable(ShardId::new(0), clock.now()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_is_counted_is_in_the_metrics_of_its_stream() {
        let world = World::new(crate::world::Setting::default());
        let arn = StreamArn::new("us-east-1", "000000000000", "s");
        let settings = StreamSettings::provisioned(NonZeroU32::MIN);
        let stream = world.kinesis.create(arn, settings, world.clock.now()).unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        let mut reader = Reader::latest(Arc::clone(&stream), world.clock).counted(&world);
        let reading = tokio::spawn(async move { reader.next(10, 1000).await.unwrap().len() });
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        put(&stream, world.clock, HashKey::MIN, "new");
        assert_eq!(reading.await.unwrap(), 1);
        let total = |name| {
            let dimensions = [crate::cloudwatch::Dimension::new("StreamName", "s")];
            let id = crate::cloudwatch::MetricId::new("AWS/Kinesis", name, dimensions);
            let (now, hour) = (world.clock.now(), Duration::from_secs(3600));
            world.cloudwatch.total(&id, now - hour, now + hour).map(|all| (all.sum, all.count))
        };
        // Four rounds that found nothing, one a second, and the read that did.
        assert_eq!(total("GetRecords.Records"), Some((1.0, 5.0)));
        assert_eq!(total("GetRecords.Bytes"), Some((3.0, 5.0)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_deleted_stream_ends_the_reading() {
        let clock = Clock::system();
        let stream = stream(1, clock);
        let mut reader = Reader::latest(Arc::clone(&stream), clock);
        stream.delete(clock.now());
        assert_eq!(reader.next(1, 1).await.unwrap_err().code, "ResourceNotFoundException");
    }

    #[tokio::test(start_paused = true)]
    async fn expired_records_are_not_read() {
        let clock = Clock::system();
        let stream = stream(1, clock);
        put(&stream, clock, HashKey::MIN, "old");
        tokio::time::advance(Duration::from_secs(24 * 3600 + 1)).await;
        put(&stream, clock, HashKey::MIN, "new");
        let mut reader = Reader::trim_horizon(Arc::clone(&stream), clock);
        assert_eq!(texts(reader.poll(10, 1000).unwrap()), ["new"]);
    }
}
