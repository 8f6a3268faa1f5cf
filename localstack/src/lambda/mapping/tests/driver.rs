//! The driver in virtual time, its function a closure.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::super::adapters::StreamSource;
use super::super::checkpoint::Notebook;
use super::super::counters::{Counted, Counters};
use super::super::driver::{Control, Driver, Identity, Ports};
use super::super::lane::Verdict;
use super::super::ports::{Deliver, FailureRecord, Invoke, Observe, Outcome};
use super::super::settings::{Destination, Settings, Start};
use super::settings;
use super::sim::{BEGIN, done, failed, put, stream};
use crate::clock::Clock;
use crate::kinesis::Stream;

/// A function that tells of each event, and the other ports.
struct Fake {
    events: mpsc::UnboundedSender<(i64, Vec<String>)>,
    records: mpsc::UnboundedSender<FailureRecord>,
    fails: AtomicBool,
    hangs: AtomicBool,
    clock: Clock,
    counters: Counters,
}

#[async_trait]
impl Invoke for Fake {
    async fn invoke(&self, _function: &str, event: Bytes) -> Outcome {
        let event: Value = serde_json::from_slice(&event).unwrap();
        let keys = event["Records"].as_array().unwrap().iter();
        let keys =
            keys.map(|record| record["kinesis"]["partitionKey"].as_str().unwrap().to_owned()).collect();
        // The test may have seen enough.
        let _ = self.events.send((self.clock.epoch_millis() - BEGIN, keys));
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if self.fails.load(Ordering::Relaxed) { failed() } else { done() }
    }

    fn role(&self, _function: &str) -> Option<String> {
        Some("arn:aws:iam::123456789012:role/r".to_owned())
    }
}

#[async_trait]
impl Deliver for Fake {
    fn chance(&self) -> Uuid {
        Uuid::max()
    }

    async fn deliver(&self, _destination: &Destination, record: FailureRecord) -> bool {
        self.records.send(record).is_ok()
    }
}

impl Observe for Fake {
    fn ended(&self, _verdict: Verdict) {}
    fn count(&self, counted: Counted, events: usize, _published: bool) {
        self.counters.add(counted, events);
    }
    fn iterator_age(&self, _function: &str, _millis: i64) {}
    fn not_delivered(&self, _function: &str) {}
    fn stream_gone(&self) {}
}

struct Running {
    stream: Arc<Stream>,
    clock: Clock,
    fake: Arc<Fake>,
    control: watch::Sender<Control>,
    stopping: CancellationToken,
    driver: JoinHandle<()>,
    notebook: Notebook,
    events: mpsc::UnboundedReceiver<(i64, Vec<String>)>,
    records: mpsc::UnboundedReceiver<FailureRecord>,
}

fn start(change: impl FnOnce(&mut Settings)) -> Running {
    let clock = Clock::starting_at(jiff::Timestamp::from_millisecond(BEGIN).unwrap());
    let mut settings = settings();
    change(&mut settings);
    let control = Control { settings: Arc::new(settings), enabled: true, deleted: false, from: BEGIN };
    let (control, commands) = watch::channel(control);
    let ((events, received), (records, delivered)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
    let fake = Arc::new(Fake {
        events,
        records,
        fails: AtomicBool::new(false),
        hangs: AtomicBool::new(false),
        clock,
        counters: Counters::default(),
    });
    let stream = stream(2, crate::Limits::Off);
    let notebook = Notebook::default();
    let ports = Ports {
        source: Box::new(StreamSource::of(Arc::clone(&stream))),
        invoke: Arc::clone(&fake) as Arc<dyn Invoke>,
        deliver: Arc::clone(&fake) as Arc<dyn Deliver>,
        observe: Arc::clone(&fake) as Arc<dyn Observe>,
        notebook: Arc::clone(&notebook),
    };
    let identity = Identity {
        id: Uuid::nil(),
        source_arn: stream.arn().to_string(),
        stream_arn: stream.arn().to_string(),
        region: "us-east-2".to_owned(),
        start: Start::Latest,
    };
    let stopping = CancellationToken::new();
    let mut driver = Driver::new(identity, ports, clock, commands);
    driver.open().unwrap();
    let driver = tokio::spawn(driver.run(stopping.clone()));
    Running { stream, clock, fake, control, stopping, driver, notebook, events: received, records: delivered }
}

impl Running {
    fn put(&self, key: &str) {
        put(&self.stream, key, "{}", self.clock.epoch_millis());
    }

    async fn event(&mut self) -> (i64, Vec<String>) {
        self.events.recv().await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_put_wakes_the_mapping_and_a_batching_window_takes_its_time() {
    let mut running = start(|settings| settings.batching_window_s = 30);
    tokio::time::sleep(Duration::from_millis(300)).await;
    running.put("a");
    assert_eq!(running.event().await, (30_300, vec!["a".to_owned()]));
    running.stopping.cancel();
    running.driver.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_disabled_mapping_keeps_its_place() {
    let mut running = start(|_| {});
    running.put("a");
    running.event().await;
    running.control.send_modify(|control| control.enabled = false);
    tokio::time::sleep(Duration::from_secs(60)).await;
    running.put("b");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(running.events.try_recv().is_err());
    running.control.send_modify(|control| {
        control.enabled = true;
        control.from = BEGIN + 200_000;
    });
    assert_eq!(running.event().await, (200_000, vec!["b".to_owned()]));
    running.stopping.cancel();
    running.driver.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_deleted_mapping_and_a_stopping_endpoint_wait_for_no_function() {
    for delete in [true, false] {
        let mut running = start(|_| {});
        running.fake.hangs.store(true, Ordering::Relaxed);
        running.put("a");
        running.event().await;
        if delete {
            running.control.send_modify(|control| control.deleted = true);
        } else {
            running.stopping.cancel();
        }
        let ended = tokio::time::timeout(Duration::from_millis(1), running.driver).await;
        ended.expect("at once").unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_given_up_is_told_to_the_destination_and_counted() {
    let mut running = start(|settings| {
        settings.max_retries = Some(1);
        settings.on_failure = Destination::parse("arn:aws:s3:::b");
    });
    running.fake.fails.store(true, Ordering::Relaxed);
    running.put("a");
    let record = running.records.recv().await.unwrap();
    let body: Value = serde_json::from_slice(&record.body).unwrap();
    assert_eq!(body["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(body["requestContext"]["approximateInvokeCount"], 2);
    assert!(body["payload"].as_str().unwrap().contains(r#""partitionKey":"a""#));
    running.stopping.cancel();
    running.driver.await.unwrap();
    let counts = running.fake.counters.counts();
    assert_eq!((counts.polled, counts.invoked, counts.failed_invoke), (1, 2, 2));
    assert_eq!((counts.delivered_on_failure, counts.dropped), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_stream_ends_the_reading_and_not_the_mapping() {
    let mut running = start(|_| {});
    running.stream.delete(running.clock.now());
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!running.driver.is_finished());
    assert!(running.events.try_recv().is_err());
    assert!(running.notebook.lock().is_some(), "how far it had come is not forgotten");
    running.control.send_modify(|control| control.deleted = true);
    running.driver.await.unwrap();
}
