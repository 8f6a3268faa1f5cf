//! An endpoint that is gone for a minute, in virtual time: nothing is lost, and all is as before within the time that
//! the back-off may take.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_kinesis::Client;
use jiff::Timestamp;
use pipectl_localstack::in_process::FIRST_DAY;
use pipectl_localstack::layers::{Faults, Verdict};
use pipectl_localstack::{Call, InProcess, Options};
use pipectl_producer::aws::KinesisSink;
use pipectl_producer::flow::{Limits, Ordering};
use pipectl_producer::retry::RetrySchedule;
use pipectl_producer::{Aggregation, Outcome, Producer, Record, Settings};

const STREAM: &str = "events";
const SECOND: Duration = Duration::from_secs(1);
/// Seconds after the first day began: when the endpoint goes, when it is back, and when the puts end.
const GONE: i64 = 60;
const BACK: i64 = 120;
const END: i64 = 150;
const PER_SECOND: u32 = 400;

/// No connection is taken from [`GONE`] to [`BACK`].
#[derive(Debug)]
struct Outage;

impl Faults for Outage {
    fn verdict(&self, _call: &Call, now: Timestamp) -> Verdict {
        let second = now.as_second() - FIRST_DAY.as_second();
        if (GONE..BACK).contains(&second) {
            Verdict::Close { effect: false, after: Duration::ZERO }
        } else {
            Verdict::Proceed
        }
    }
}

/// How many records were delivered in each second since the first day began.
type Delivered = Arc<Mutex<Vec<u32>>>;

fn start(endpoint: &InProcess, limits: Limits) -> (Producer, Delivered) {
    let delivered = Arc::new(Mutex::new(vec![0; 600]));
    let sink = Arc::new(KinesisSink::new(Client::new(&endpoint.sdk_config()), STREAM));
    let (counts, world) = (Arc::clone(&delivered), Arc::clone(endpoint.world()));
    let settings = Settings { limits, seed: Some(1), ..Settings::default() };
    let producer = Producer::start(sink, settings, move |_, outcome| {
        assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
        let second = world.clock.now().as_second() - FIRST_DAY.as_second();
        counts.lock().unwrap()[usize::try_from(second).unwrap()] += 1;
    });
    (producer, delivered)
}

async fn outage(limits: Limits) {
    let bound = limits.retry.max;
    let options = Options { seed: Some(1), faults: Some(Arc::new(Outage)), ..Options::default() };
    let endpoint = InProcess::start(options);
    let client = Client::new(&endpoint.sdk_config());
    client.create_stream().stream_name(STREAM).shard_count(2).send().await.unwrap();
    let second = || endpoint.world().clock.now().as_second() - FIRST_DAY.as_second();
    tokio::time::sleep(30 * SECOND).await;
    let (producer, delivered) = start(&endpoint, limits);
    let mut put = 0;
    while second() < END {
        for _ in 0..PER_SECOND / 10 {
            let key = format!("key-{}", put % 1_000);
            producer.put(Record::new(key, vec![b'x'; 100])).await.unwrap();
            put += 1;
        }
        tokio::time::sleep(SECOND / 10).await;
    }
    let requests = producer.account().failed_requests;
    let report = producer.close().await;
    assert_eq!((report.account.put, report.account.delivered), (put, put));
    assert!(requests < 60 * 16, "{requests} requests went to where nobody was");
    let counts = delivered.lock().unwrap().clone();
    let during = |from: i64, to: i64| -> u32 {
        counts[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()].iter().sum()
    };
    assert_eq!(during(GONE + 1, BACK), 0);
    let bound = i64::try_from(bound.as_secs()).unwrap();
    let first = (BACK..).find(|second| during(*second, second + 1) > 0).unwrap();
    assert!(first <= BACK + bound, "the first record came {} s after the endpoint", first - BACK);
    for second in BACK + bound + 1..END {
        let rate = during(second, second + 1);
        assert!(
            rate >= PER_SECOND * 9 / 10,
            "{rate} records {} s after the endpoint: {counts:?}",
            second - BACK
        );
    }
    endpoint.shutdown().await;
}

fn limits() -> Limits {
    Limits { ttl: None, retry: RetrySchedule::default(), ..Limits::default() }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_gone_for_a_minute_loses_nothing_and_is_back_within_the_back_off() {
    outage(limits()).await;
}

#[tokio::test(start_paused = true)]
async fn so_it_is_with_aggregates() {
    outage(Limits { aggregation: Some(Aggregation::default()), ..limits() }).await;
}

#[tokio::test(start_paused = true)]
async fn so_it_is_in_per_key_order() {
    let aggregation = Some(Aggregation::default());
    outage(Limits { aggregation, ordering: Ordering::PerKey, ..limits() }).await;
}
