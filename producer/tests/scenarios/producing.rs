//! Nothing is lost, nothing is counted twice, and memory stays within its budget, whatever the sink does.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use pipectl_producer::flow::Limits;
use pipectl_producer::{Account, Cancellation, Outcome, Producer, Record, Settings, TryPutError};
use tokio::time::{Instant, timeout};

use crate::fake::{FakeSink, Faults};

type Ends = Arc<Mutex<HashMap<Bytes, Vec<Outcome>>>>;

fn settings(seed: u64) -> Settings {
    Settings {
        limits: Limits { ttl: None, ..Limits::default() },
        request_timeout: Duration::from_secs(6),
        seed: Some(seed),
        ..Settings::default()
    }
}

fn start(sink: &Arc<FakeSink>, settings: Settings) -> (Producer, Ends) {
    let ends = Ends::default();
    let seen = Arc::clone(&ends);
    let producer = Producer::start(sink.clone(), settings, move |record: Record, outcome| {
        seen.lock().unwrap().entry(record.data).or_default().push(outcome);
    });
    (producer, ends)
}

fn record(n: usize) -> Record {
    Record::new(format!("key-{}", n % 17), n.to_string().into_bytes())
}

fn assert_balanced(account: &Account) {
    assert_eq!(
        account.put,
        account.delivered + account.expired + account.refused + account.cancelled + account.outstanding()
    );
}

#[tokio::test(start_paused = true)]
async fn a_healthy_stream_takes_everything_once_in_full_requests() {
    let sink = Arc::new(FakeSink::new(1, Faults::default()));
    let (producer, ends) = start(&sink, settings(1));
    for n in 0..10_000 {
        producer.put(record(n)).await.unwrap();
    }
    let report = producer.close().await;
    assert_eq!((report.account.put, report.account.delivered), (10_000, 10_000));
    assert_eq!((report.account.outstanding(), report.account.retries), (0, 0));
    assert_eq!(report.stopped, None);
    assert_eq!(sink.requests(), 20);
    assert!(sink.taken().values().all(|times| *times == 1));
    assert!(ends.lock().unwrap().values().all(|outcomes| outcomes.len() == 1));
    assert!(report.account.bytes > 0 && report.account.elapsed > Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_every_record_ends_once_and_what_is_delivered_is_there() {
    for seed in 0..30 {
        let faults = Faults {
            throttled: u8::try_from(seed % 5 * 20).unwrap(),
            refused: u8::try_from(seed % 3 * 15).unwrap(),
            lost_answers: u8::try_from(seed % 4 * 5).unwrap(),
            hanging: u8::try_from(seed % 7).unwrap(),
        };
        let sink = Arc::new(FakeSink::new(seed, faults));
        let limits = Limits {
            ttl: (seed % 2 == 0).then_some(Duration::from_secs(10)),
            max_in_flight: 4,
            ..Limits::default()
        };
        let (producer, ends) = start(&sink, Settings { limits, ..settings(seed) });
        let count = 3_000;
        for n in 0..count {
            producer.put(record(n)).await.unwrap();
            if n % 1_000 == 999 {
                tokio::time::sleep(Duration::from_millis(300)).await;
                assert_balanced(&producer.account());
            }
        }
        let report = timeout(Duration::from_secs(36_000), producer.close()).await.expect("it ends");
        assert_eq!(report.account.put, count as u64, "seed {seed}");
        assert_eq!(report.account.outstanding(), 0, "seed {seed}");
        assert_balanced(&report.account);
        let ends = ends.lock().unwrap();
        assert_eq!(ends.len(), count, "seed {seed}: every record ended");
        let taken = sink.taken();
        let mut delivered = 0;
        for (data, outcomes) in ends.iter() {
            assert_eq!(outcomes.len(), 1, "seed {seed}: {data:?} ended more than once: {outcomes:?}");
            match &outcomes[0] {
                Outcome::Delivered { .. } => {
                    delivered += 1;
                    assert!(
                        taken.contains_key(data),
                        "seed {seed}: {data:?} was acknowledged and is not there"
                    );
                }
                Outcome::Expired { .. } => assert!(seed % 2 == 0, "nothing expires without a time to live"),
                other => panic!("seed {seed}: {other:?}"),
            }
        }
        assert_eq!(report.account.delivered, delivered, "seed {seed}");
        assert!(sink.most_under_way.load(Ordering::Relaxed) <= 4, "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn put_waits_when_the_memory_is_used_up_and_goes_on_when_it_is_free() {
    let sink = Arc::new(FakeSink::new(1, Faults::default()));
    let memory = 100 * 1024;
    let (producer, _) = start(&sink, Settings { memory, ..settings(1) });
    let mut most = 0;
    for n in 0..2_000 {
        let data = vec![u8::try_from(n % 251).unwrap(); 1024];
        producer.put(Record::new(format!("{n}"), data)).await.unwrap();
        most = most.max(producer.account().outstanding());
    }
    assert!(most <= (memory / 1024) as u64, "{most} records of a kilobyte in 100 KiB");
    assert_eq!(producer.close().await.account.delivered, 2_000);
}

#[tokio::test(start_paused = true)]
async fn a_record_larger_than_the_whole_budget_still_gets_through() {
    let sink = Arc::new(FakeSink::new(1, Faults::default()));
    let (producer, _) = start(&sink, Settings { memory: 1_000, ..settings(1) });
    for _ in 0..3 {
        producer.put(Record::new("key", vec![0; 5_000])).await.unwrap();
    }
    assert_eq!(producer.close().await.account.delivered, 3);
}

#[tokio::test(start_paused = true)]
async fn try_put_says_full_and_gives_the_record_back() {
    use pipectl_producer::TryPutError;
    let sink = Arc::new(FakeSink::new(1, Faults::default()));
    let (producer, _) = start(&sink, Settings { memory: 2_000, ..settings(1) });
    producer.try_put(Record::new("key", vec![0; 1_500])).unwrap();
    let Err(TryPutError::Full(record)) = producer.try_put(Record::new("key", vec![1; 1_500])) else {
        panic!("there was room")
    };
    assert_eq!(record.data.len(), 1_500);
    let report = producer.close().await;
    assert_eq!((report.account.put, report.account.delivered), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_gone_ends_the_producer_and_cancels_the_rest_with_the_reason() {
    let mut sink = FakeSink::new(1, Faults::default());
    sink.fatal_after = Some(3);
    let sink = Arc::new(sink);
    let limits = Limits { max_in_flight: 1, ttl: None, ..Limits::default() };
    let (producer, ends) = start(&sink, Settings { limits, memory: 1024 * 1024, ..settings(1) });
    let mut put = 0;
    let stopped = loop {
        match producer.put(record(put)).await {
            Ok(()) => put += 1,
            Err(stopped) => break stopped,
        }
        assert!(put < 100_000, "put has to end");
    };
    assert!(stopped.to_string().contains("ResourceNotFoundException"), "{stopped}");
    let report = producer.close().await;
    assert_eq!(report.account.put, put as u64);
    assert_eq!(report.account.delivered, 1_500);
    assert_eq!(report.account.delivered + report.account.cancelled, put as u64);
    assert_eq!(
        report.stopped.map(|error| error.code.to_string()).as_deref(),
        Some("ResourceNotFoundException")
    );
    let ends = ends.lock().unwrap();
    let reasons = ends.values().flatten().filter(|outcome| {
        matches!(outcome, Outcome::Cancelled { reason: Cancellation::Fatal { code, .. }, .. } if &**code == "ResourceNotFoundException")
    });
    assert_eq!(reasons.count() as u64, report.account.cancelled);
}

#[tokio::test(start_paused = true)]
async fn close_within_a_deadline_cancels_what_is_left_and_says_what_was_under_way() {
    let faults = Faults { hanging: 100, ..Faults::default() };
    let sink = Arc::new(FakeSink::new(1, faults));
    let limits = Limits { max_in_flight: 2, ttl: None, ..Limits::default() };
    let (producer, ends) =
        start(&sink, Settings { limits, request_timeout: Duration::from_secs(600), ..settings(1) });
    for n in 0..1_500 {
        producer.put(record(n)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let stats = producer.stats();
    assert_eq!((stats.requests_in_flight, stats.records_in_flight), (2, 1_000));
    assert!(stats.bytes_in_flight < stats.outstanding_bytes, "{stats:?}");
    let begun = Instant::now();
    let report = producer.close_within(Duration::from_secs(5)).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
    assert_eq!((report.account.put, report.account.cancelled), (1_500, 1_500));
    let ends = ends.lock().unwrap();
    let count = |under_way| {
        ends.values()
            .flatten()
            .filter(|outcome| {
                matches!(outcome, Outcome::Cancelled { reason: Cancellation::Deadline, in_flight, .. } if *in_flight == under_way)
            })
            .count()
    };
    assert_eq!((count(true), count(false)), (1_000, 500));
}

#[tokio::test(start_paused = true)]
async fn dropping_a_producer_cancels_and_tells_so() {
    let sink = Arc::new(FakeSink::new(1, Faults { hanging: 100, ..Faults::default() }));
    let (ended, mut end) = tokio::sync::mpsc::unbounded_channel();
    let producer = Producer::start(sink, settings(1), move |_, outcome| {
        let _ = ended.send(outcome);
    });
    producer.put(record(0)).await.unwrap();
    drop(producer);
    let outcome = end.recv().await.expect("the record ends");
    assert!(matches!(outcome, Outcome::Cancelled { reason: Cancellation::Requested, .. }), "{outcome:?}");
    assert_eq!(end.recv().await, None, "and the task with it");
}

#[tokio::test(start_paused = true)]
async fn a_flush_sends_at_once_and_waits_for_what_was_put_before() {
    let sink = Arc::new(FakeSink::new(3, Faults { throttled: 50, ..Faults::default() }));
    let limits = Limits { linger: Duration::from_secs(3600), ttl: None, ..Limits::default() };
    let (producer, ends) = start(&sink, Settings { limits, ..settings(3) });
    for n in 0..100 {
        producer.put(record(n)).await.unwrap();
    }
    timeout(Duration::from_secs(60), producer.flush()).await.expect("no lingering").unwrap();
    assert_eq!(ends.lock().unwrap().len(), 100);
    assert_eq!(producer.account().outstanding(), 0);
    producer.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_down_for_a_minute_loses_nothing_and_is_not_hammered() {
    let sink = Arc::new(FakeSink::new(1, Faults { refused: 100, ..Faults::default() }));
    let (producer, _) = start(&sink, settings(1));
    for n in 0..5_000 {
        producer.put(record(n)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    let stats = producer.stats();
    let account = stats.account;
    assert_eq!(account.outstanding(), 5_000);
    assert_eq!((stats.requests_in_flight, stats.records_in_flight, stats.bytes_in_flight), (0, 0, 0));
    assert_eq!(
        stats.errors.iter().map(|(code, _)| code).collect::<Vec<_>>(),
        ["ProvisionedThroughputExceededException"]
    );
    assert_eq!((stats.errors.total(), stats.kinesis_records), (account.throttles, 0));
    assert!(stats.outstanding_bytes > 5_000 * 5);
    assert!(account.requests < 400, "{} requests in a minute", account.requests);
    assert_eq!(account.requests, account.failed_requests);
    drop(producer);
}

#[tokio::test(start_paused = true)]
async fn an_observer_that_panics_ends_the_producer_for_those_who_wait_and_what_was_put_is_accounted_for() {
    let sink = Arc::new(FakeSink::new(1, Faults::default()));
    let settings = Settings { memory: 2_000, ..settings(1) };
    let producer = Producer::start(sink, settings, |_, _| panic!("the observer's own fault"));
    let mut put = 0;
    let ended = timeout(Duration::from_secs(60), async {
        while producer.put(record(1)).await.is_ok() {
            put += 1;
        }
    });
    ended.await.expect("nobody waits for ever");
    assert!(producer.try_put(record(1)).is_err_and(|error| matches!(error, TryPutError::Stopped(_))));
    let report = producer.close().await;
    assert_eq!((report.account.put, report.account.outstanding()), (put, 0));
    assert_eq!(report.stopped.map(|error| error.code.to_string()), Some("ProducerFailed".to_owned()));
}
