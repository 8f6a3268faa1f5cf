//! A subscription in virtual time.

use std::num::NonZeroU32;

use bytes::Bytes;
use pipectl_shards::HashKey;

use super::*;
use crate::kinesis::consumers::CONSUMER_LIMIT;
use crate::kinesis::stream::Terms;
use crate::kinesis::{StreamArn, StreamSettings};
use crate::limits::Limits;
use crate::timings::Timings;

const SHARD: ShardId = ShardId::new(0);

struct Bench {
    stream: Arc<Stream>,
    clock: Clock,
    closing: CancellationToken,
}

impl Bench {
    fn new() -> Self {
        let clock = Clock::system();
        let settings = StreamSettings::provisioned(NonZeroU32::MIN);
        let arn = StreamArn::new("us-east-1", "000000000000", "s");
        let terms = Terms { timings: Timings::all(Duration::ZERO), limits: Limits::Off, ..Terms::default() };
        let stream = Arc::new(Stream::new(arn, settings, clock.now(), terms));
        stream.register_consumer("c", BTreeMap::new(), CONSUMER_LIMIT, clock.now()).unwrap();
        Self { stream, clock, closing: CancellationToken::new() }
    }

    fn consumer(&self) -> ConsumerArn {
        let born = self.stream.consumers(self.clock.now())[0].born();
        ConsumerArn::new(self.stream.arn().clone(), "c", born)
    }

    fn subscribe(&self, position: Position) -> Result<Subscription, Unsubscribed> {
        let which = Which { name: "c", born: None };
        let now = self.clock.now();
        let subscribed =
            |state: &mut crate::kinesis::State| state.consumers.subscribe(which, SHARD, now.as_millisecond());
        let taken_over = self.stream.with(now, subscribed)?;
        let source = (Arc::clone(&self.stream), self.consumer(), SHARD);
        Ok(Subscription::new(source, position, self.clock, (taken_over, self.closing.clone())))
    }

    fn put(&self, data: Vec<u8>) {
        let record = (HashKey::MIN, "k".into(), Bytes::from(data));
        self.stream.put(vec![record], self.clock.now()).unwrap();
    }
}

async fn records(subscription: &mut Subscription) -> Vec<Bytes> {
    match subscription.next().await {
        Some(Part::Records(batch)) => batch.records.into_iter().map(|record| record.data).collect(),
        other => panic!("no records: {other:?}"),
    }
}

async fn failure(subscription: &mut Subscription) -> String {
    match subscription.next().await {
        Some(Part::Failed(error)) => error.code.into_owned(),
        other => panic!("no failure: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_is_given_out_at_once_and_silence_is_broken_every_five_seconds() {
    let bench = Bench::new();
    bench.put(b"old".to_vec());
    let mut subscription = bench.subscribe(Position::TRIM_HORIZON).unwrap();
    assert_eq!(records(&mut subscription).await, ["old"]);
    let before = Instant::now();
    assert!(records(&mut subscription).await.is_empty());
    assert_eq!(before.elapsed(), HEARTBEAT);
    let before = Instant::now();
    let (read, ()) = tokio::join!(records(&mut subscription), async { bench.put(b"new".to_vec()) });
    assert_eq!((read, before.elapsed()), (vec![Bytes::from_static(b"new")], Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_lives_five_minutes() {
    let bench = Bench::new();
    let mut subscription = bench.subscribe(Position::TRIM_HORIZON).unwrap();
    let before = Instant::now();
    while let Some(part) = subscription.next().await {
        assert!(matches!(part, Part::Records(_)));
    }
    assert_eq!(before.elapsed(), LIFE);
}

#[tokio::test(start_paused = true)]
async fn two_mebibytes_a_second_and_no_more() {
    let bench = Bench::new();
    let mut subscription = bench.subscribe(Position::TRIM_HORIZON).unwrap();
    for _ in 0..40 {
        bench.put(vec![0; 512 * 1024]);
    }
    let (before, mut read) = (Instant::now(), 0);
    while read < 40 {
        read += records(&mut subscription).await.len();
    }
    let seconds = before.elapsed().as_secs_f64();
    // 20 MiB, the last of which is not waited for.
    assert!((9.4..10.1).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_shard_names_its_children_and_ends_the_subscription() {
    let bench = Bench::new();
    let mut subscription = bench.subscribe(Position::TRIM_HORIZON).unwrap();
    assert!(records(&mut subscription).await.is_empty());
    bench.put(b"last".to_vec());
    bench.stream.split(SHARD, HashKey(1 << 127), bench.clock.now()).unwrap();
    let Some(Part::Records(batch)) = subscription.next().await else { panic!("no records") };
    assert_eq!((batch.records.len(), batch.next, batch.children.len()), (1, None, 2));
    assert!(subscription.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn another_call_takes_over_and_the_first_is_told() {
    let bench = Bench::new();
    let mut first = bench.subscribe(Position::TRIM_HORIZON).unwrap();
    assert!(records(&mut first).await.is_empty());
    assert_eq!(bench.subscribe(Position::TRIM_HORIZON).unwrap_err(), Unsubscribed::InUse);
    tokio::time::advance(Duration::from_secs(5)).await;
    let mut second = bench.subscribe(Position::TRIM_HORIZON).unwrap();
    assert_eq!(failure(&mut first).await, "ResourceInUseException");
    assert!(first.next().await.is_none());
    assert!(records(&mut second).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_its_consumer_or_its_stream_or_the_endpoint_a_subscription_ends() {
    let bench = Bench::new();
    let mut orphan = bench.subscribe(Position::TRIM_HORIZON).unwrap();
    bench.stream.deregister_consumer(Which { name: "c", born: None }, bench.clock.now());
    assert_eq!(failure(&mut orphan).await, "ResourceNotFoundException");
    let bench = Bench::new();
    let mut orphan = bench.subscribe(Position::TRIM_HORIZON).unwrap();
    bench.stream.delete(bench.clock.now());
    assert_eq!(failure(&mut orphan).await, "ResourceNotFoundException");
    let bench = Bench::new();
    let mut last = bench.subscribe(Position::TRIM_HORIZON).unwrap();
    bench.closing.cancel();
    assert!(last.next().await.is_none());
}
