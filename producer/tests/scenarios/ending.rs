//! How records end that cannot be delivered in time, and what puts, flushes and closes do that are given up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pipectl_producer::flow::{self, Limits};
use pipectl_producer::{Outcome, Producer, Record, Settings};
use tokio::time::{Instant, timeout};

use crate::fake::{FakeSink, Faults};

const SECOND: Duration = Duration::from_secs(1);

/// What was told, and how long after the start.
type Ends = Arc<Mutex<Vec<(Duration, Outcome)>>>;

fn start(faults: Faults, settings: Settings) -> (Producer, Ends) {
    let ends = Ends::default();
    let (told, began) = (Arc::clone(&ends), Instant::now());
    let sink = Arc::new(FakeSink::new(1, faults));
    let producer = Producer::start(sink, Settings { seed: Some(1), ..settings }, move |_, outcome| {
        told.lock().unwrap().push((began.elapsed(), outcome));
    });
    (producer, ends)
}

fn record(n: usize) -> Record {
    Record::new(format!("key-{n}"), n.to_string().into_bytes())
}

#[tokio::test(start_paused = true)]
async fn a_record_that_fails_again_and_again_expires_at_its_time_to_live() {
    for ordering in [flow::Ordering::Unordered, flow::Ordering::PerKey] {
        let limits = Limits { ttl: Some(10 * SECOND), ordering, ..Limits::default() };
        let faults = Faults { throttled: 100, ..Faults::default() };
        let (producer, ends) = start(faults, Settings { limits, ..Settings::default() });
        for n in 0..100 {
            producer.put(record(n % 7)).await.unwrap();
        }
        let report = producer.close().await;
        assert_eq!(report.account.expired, 100);
        for (when, outcome) in ends.lock().unwrap().iter() {
            let Outcome::Expired { .. } = outcome else { panic!("{outcome:?}") };
            // Tokio's timers have a grain of a millisecond, and a request that is under way takes twenty.
            assert!((10 * SECOND..=10 * SECOND + Duration::from_millis(22)).contains(when), "{when:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_under_way_at_the_end_of_its_time_ends_with_its_request() {
    let limits = Limits { ttl: Some(2 * SECOND), max_in_flight: 1, ..Limits::default() };
    let settings = Settings { limits, request_timeout: 6 * SECOND, ..Settings::default() };
    let (producer, ends) = start(Faults { hanging: 100, ..Faults::default() }, settings);
    for n in 0..600 {
        producer.put(record(n)).await.unwrap();
    }
    assert_eq!(producer.close().await.account.expired, 600);
    let ends = ends.lock().unwrap();
    let count = |attempts, from: Duration| {
        let told = |(when, outcome): &&(Duration, Outcome)| {
            let Outcome::Expired { attempts: made } = outcome else { panic!("{outcome:?}") };
            made.count() == attempts && (from..from + SECOND / 10).contains(when)
        };
        ends.iter().filter(told).count()
    };
    assert_eq!((count(0, 2 * SECOND), count(1, 6 * SECOND)), (100, 500));
}

#[tokio::test(start_paused = true)]
async fn a_put_that_is_given_up_took_nothing() {
    let limits = Limits { ttl: None, ..Limits::default() };
    let settings = Settings { limits, memory: 10_000, request_timeout: 60 * SECOND, ..Settings::default() };
    let (producer, _) = start(Faults { refused: 100, ..Faults::default() }, settings);
    let big = || Record::new("key", vec![0; 4_000]);
    producer.put(big()).await.unwrap();
    producer.put(big()).await.unwrap();
    for _ in 0..10 {
        timeout(SECOND, producer.put(big())).await.expect_err("there is no room");
    }
    assert_eq!(producer.account().put, 2);
    assert!(producer.try_put(Record::new("key", vec![0; 500])).is_ok(), "what it waited for is not held");
    assert_eq!(producer.close_within(SECOND).await.account.cancelled, 3);
}

#[tokio::test(start_paused = true)]
async fn a_flush_that_is_given_up_harms_nothing() {
    let limits = Limits { ttl: None, linger: SECOND / 10, ..Limits::default() };
    let (producer, ends) =
        start(Faults { hanging: 50, ..Faults::default() }, Settings { limits, ..Settings::default() });
    for n in 0..1_000 {
        producer.put(record(n)).await.unwrap();
        if n % 100 == 0 {
            let _ = timeout(Duration::from_millis(1), producer.flush()).await;
        }
    }
    producer.flush().await.unwrap();
    assert_eq!(ends.lock().unwrap().len(), 1_000);
    assert_eq!(producer.close().await.account.delivered, 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_flush_takes_records_through_their_order_and_a_close_too() {
    let limits = Limits { ttl: None, ordering: flow::Ordering::PerKey, ..Limits::default() };
    let (producer, ends) =
        start(Faults { throttled: 20, ..Faults::default() }, Settings { limits, ..Settings::default() });
    for n in 0..60 {
        producer.put(record(n % 3)).await.unwrap();
    }
    let begun = Instant::now();
    producer.flush().await.unwrap();
    assert_eq!(ends.lock().unwrap().len(), 60);
    assert!(begun.elapsed() >= 20 * Duration::from_millis(20), "twenty of each key, one a round trip");
    for n in 0..60 {
        producer.put(record(n % 3)).await.unwrap();
    }
    assert_eq!(producer.close().await.account.delivered, 120);
}

#[tokio::test(start_paused = true)]
async fn a_closed_producer_tells_the_last_record_before_it_reports() {
    let told = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&told);
    let sink = Arc::new(FakeSink::new(1, Faults { throttled: 30, ..Faults::default() }));
    let producer = Producer::start(sink, Settings { seed: Some(1), ..Settings::default() }, move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    for n in 0..3_000 {
        producer.put(record(n)).await.unwrap();
    }
    let report = producer.close().await;
    assert_eq!((told.load(Ordering::Relaxed), report.account.put), (3_000, 3_000));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_record_is_told_how_it_ended_and_so_is_the_observer() {
    let (producer, ends) = start(Faults { throttled: 30, ..Faults::default() }, Settings::default());
    let mut records: Vec<Record> = (0..200).map(record).collect();
    records.insert(7, Record::new(String::new(), Vec::new()));
    let outcomes = producer.deliver_all(records).await.unwrap();
    let names: Vec<&str> = outcomes.iter().map(Outcome::name).collect();
    assert_eq!(names.iter().position(|name| *name == "refused"), Some(7), "in the order of the records");
    assert_eq!(names.iter().filter(|name| **name == "delivered").count(), 200);
    assert_eq!(producer.deliver(record(1)).await.unwrap().name(), "delivered");
    assert_eq!(ends.lock().unwrap().len(), 202);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_wait_any_more_changes_nothing() {
    let (producer, ends) = start(Faults::default(), Settings::default());
    assert!(timeout(Duration::from_millis(1), producer.deliver(record(1))).await.is_err());
    let report = producer.close().await;
    assert_eq!((report.account.delivered, ends.lock().unwrap().len()), (1, 1));
}
