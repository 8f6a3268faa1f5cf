//! Deliveries from end to end, on fakes and in virtual time.

use std::collections::VecDeque;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::fakes::{Fake, Scripted, kinesis_record, record};
use super::*;
use crate::dice::Dice;
use crate::firehose::ports::{Invoked, SourceRefused};
use crate::firehose::settings::Settings;
use crate::hold::TimeHold;

mod backup;
mod endpoint;
mod kept;
mod partitions;
mod unpacking;

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:parse";

/// What a destination says, over the shortest one there is.
fn configured(version: u64, extra: &Value) -> Configured {
    let mut settings = json!({
        "RoleARN": "arn:aws:iam::000000000000:role/delivery",
        "BucketARN": "arn:aws:s3:::lake",
        "CloudWatchLoggingOptions": {"Enabled": true, "LogGroupName": "group", "LogStreamName": "stream"},
    });
    settings.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let settings = Settings::S3(Box::new(serde_json::from_value(settings).unwrap()));
    Configured { version, destination: settings.created("s3", "us-east-1").unwrap().1 }
}

fn lambda(parameters: &[(&str, &str)]) -> Value {
    let mut all = vec![json!({"ParameterName": "LambdaArn", "ParameterValue": ARN})];
    all.extend(
        parameters.iter().map(|(name, value)| json!({"ParameterName": name, "ParameterValue": value})),
    );
    let given = |name: &str| parameters.iter().any(|(given, _)| *given == name);
    if given("BufferSizeInMBs") != given("BufferIntervalInSeconds") {
        let (name, value) = if given("BufferSizeInMBs") {
            ("BufferIntervalInSeconds", "60")
        } else {
            ("BufferSizeInMBs", "1")
        };
        all.push(json!({"ParameterName": name, "ParameterValue": value}));
    }
    json!({"ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "Lambda", "Parameters": all}]}})
}

struct Running {
    fake: Arc<Fake>,
    delivery: Delivery,
    tasks: TaskTracker,
}

fn start(settings: &Value, reader: Option<Scripted>) -> Running {
    start_with(configured(1, settings), reader)
}

fn start_with(configured: Configured, reader: Option<Scripted>) -> Running {
    start_kept(configured, reader, (None, Vec::new()))
}

fn start_kept(
    configured: Configured,
    reader: Option<Scripted>,
    (ledger, backlog): (Option<Arc<Ledger>>, Vec<(u64, Chunk)>),
) -> Running {
    let fake = Arc::new(Fake::default());
    let tasks = TaskTracker::new();
    let start = Start {
        name: "clicks".to_owned(),
        source: event::Source::for_tests(),
        ports: fake.ports(),
        clock: Clock::starting_at("2018-08-27T10:31:00Z".parse().unwrap()),
        dice: Dice::default(),
        hold: TimeHold::default(),
        configured,
        reader: reader.map(|reader| Box::new(reader) as Box<dyn Source>),
        ledger,
        most_behind: 2 << 20,
        backlog,
    };
    let delivery = Delivery::start(start, &tasks);
    Running { fake, delivery, tasks }
}

impl Running {
    fn put(&self, records: &[&str]) {
        self.delivery.put(records.iter().map(|data| record(data)).collect()).unwrap();
    }

    async fn drained(&self) -> Account {
        self.delivery.drain().cancelled().await;
        self.delivery.account()
    }

    fn bodies(&self) -> Vec<String> {
        self.fake
            .objects
            .lock()
            .iter()
            .map(|object| String::from_utf8(object.body.to_vec()).unwrap())
            .collect()
    }
}

#[tokio::test(start_paused = true)]
async fn records_wait_for_the_interval_and_land_in_one_object() {
    let running = start(&json!({"BufferingHints": {"IntervalInSeconds": 60}}), None);
    let began = Instant::now();
    running.put(&["a", "b"]);
    tokio::time::sleep(Duration::from_secs(30)).await;
    running.put(&["c"]);
    let objects = running.fake.objects(1).await;
    assert_eq!(began.elapsed().as_secs(), 60);
    assert_eq!(&objects[0].body[..], b"abc");
    assert_eq!(objects[0].bucket, "lake");
    assert!(objects[0].key.starts_with("2018/08/27/10/clicks-1-2018-08-27-10-30-00-"), "{}", objects[0].key);
}

#[tokio::test(start_paused = true)]
async fn the_interval_counts_from_the_first_record_however_long_nothing_came_before() {
    let running = start(&json!({"BufferingHints": {"IntervalInSeconds": 60}}), None);
    tokio::time::sleep(Duration::from_secs(1_000)).await;
    let began = Instant::now();
    running.put(&["a"]);
    running.fake.objects(1).await;
    assert_eq!(began.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn the_size_ends_an_object_before_the_interval() {
    let running = start(&json!({"BufferingHints": {"SizeInMBs": 1}}), None);
    let began = Instant::now();
    let large = "x".repeat(600_000);
    running.put(&[&large, &large, "next"]);
    let objects = running.fake.objects(1).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(objects[0].body.len(), 1_200_000);
    assert_eq!(running.delivery.account().pending, 1);
}

#[tokio::test(start_paused = true)]
async fn an_interval_of_zero_does_not_wait() {
    let running = start(&json!({"BufferingHints": {"IntervalInSeconds": 0}}), None);
    running.put(&["now"]);
    running.fake.objects(1).await;
    assert_eq!(running.bodies(), ["now"]);
}

#[tokio::test(start_paused = true)]
async fn gzip_says_so_in_name_and_header() {
    let running = start(&json!({"CompressionFormat": "GZIP"}), None);
    running.put(&["one\n", "two\n"]);
    running.drained().await;
    let object = running.fake.objects(1).await.remove(0);
    assert!(object.key.ends_with(".gz"));
    assert_eq!(object.content_encoding, Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&object.body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, "one\ntwo\n");
}

#[tokio::test(start_paused = true)]
async fn every_record_is_accounted_for_after_a_transform() {
    let running = start(&lambda(&[]), None);
    running.put(&["a", "drop", "b", "fail", "c"]);
    let account = running.drained().await;
    let expected = Account {
        received: 5,
        delivered: 3,
        dropped: 1,
        failed: 1,
        pending: 0,
        objects: 1,
        error_objects: 1,
        bytes: 3,
        ..Account::default()
    };
    assert_eq!(account, expected);
    let objects = running.fake.objects(2).await;
    let errors = objects.iter().find(|object| object.key.contains("processing-failed")).unwrap();
    assert!(errors.key.starts_with("processing-failed/2018/08/27/10/clicks-1-"), "{}", errors.key);
    let line: Value = serde_json::from_slice(&errors.body).unwrap();
    assert_eq!(line["errorCode"], "Lambda.ProcessingFailedStatus");
    assert_eq!(line["rawData"], STANDARD.encode("fail"));
    assert_eq!(line["attemptsMade"], 1);
    assert_eq!(line["arrivalTimestamp"], 1_535_365_800_000_i64);
    assert_eq!(line["lambdaARN"], ARN);
    assert_eq!(running.fake.total("SucceedProcessing.Records"), 4.0, "what is dropped is no failure");
    assert_eq!(running.fake.total("DeliveryToS3.Records"), 4.0);
    assert_eq!(running.fake.total("DeliveryToS3.DataFreshness"), 120.0);
    assert_eq!(running.fake.total("IncomingRecords"), 5.0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_waits_for_its_own_interval() {
    let running = start(&lambda(&[("BufferIntervalInSeconds", "10")]), None);
    running.put(&["a"]);
    tokio::time::sleep(Duration::from_millis(9_900)).await;
    assert!(running.fake.events.lock().is_empty());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(running.fake.events.lock().len(), 1);
    assert_eq!(running.fake.objects.lock().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn objects_keep_the_order_of_arrival_although_invocations_do_not_end_in_order() {
    let running = start(&lambda(&[("BufferSizeInMBs", "0.2")]), None);
    running.fake.uneven.store(true, Ordering::Relaxed);
    let padding = "-".repeat(100_000);
    let mut expected = String::new();
    for number in 0..24 {
        let data = format!("{number:02}{padding}");
        expected.push_str(&data);
        running.put(&[&data]);
    }
    running.drained().await;
    assert!(running.fake.events.lock().len() >= 8);
    assert_eq!(running.bodies().concat(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_function_error_is_retried_under_a_new_invocation_id() {
    let running = start(&lambda(&[]), None);
    running.fake.answers.lock().extend([Invoked::Failed { timed_out: false }, Invoked::Throttled]);
    running.put(&["a"]);
    let account = running.drained().await;
    assert_eq!((account.delivered, account.failed), (1, 0));
    let events = running.fake.events.lock().clone();
    assert_eq!(events.len(), 3);
    assert_ne!(events[0]["invocationId"], events[1]["invocationId"]);
    assert_eq!(events[0]["records"], events[2]["records"]);
    assert_eq!(running.bodies(), ["A"]);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_keeps_failing_sends_its_batch_to_the_errors() {
    let failed = Invoked::Failed { timed_out: false };
    for (answer, code, retries) in [
        (failed, "Lambda.FunctionError", "1"),
        (Invoked::Failed { timed_out: true }, "Lambda.FunctionTimedOut", "2"),
        (Invoked::NotFound, "Lambda.ResourceNotFound", "0"),
    ] {
        let running = start(&lambda(&[("NumberOfRetries", retries)]), None);
        let attempts = retries.parse::<usize>().unwrap() + 1;
        running.fake.answers.lock().extend(std::iter::repeat_n(answer, attempts));
        running.put(&["a", "b"]);
        let account = running.drained().await;
        assert_eq!((account.failed, account.delivered, account.pending), (2, 0, 0));
        assert_eq!(running.fake.events.lock().len(), attempts);
        let lines = running.bodies().concat();
        assert_eq!(lines.lines().count(), 2);
        let line: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(
            (line["errorCode"].as_str(), line["attemptsMade"].as_u64()),
            (Some(code), Some(attempts as u64))
        );
        let log = running.fake.log.lock().clone();
        assert_eq!(log.len(), 1);
        assert_eq!((&log[0]["errorCode"], &log[0]["processor"]), (&json!(code), &json!(ARN)));
        assert_eq!(log[0]["target"], "group:stream");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_makes_no_sense_is_not_retried() {
    let running = start(&lambda(&[]), None);
    running.fake.answers.lock().push_back(Invoked::Returned("{\"records\":[]}".into()));
    running.put(&["a"]);
    assert_eq!(running.drained().await.failed, 1);
    assert_eq!(running.fake.events.lock().len(), 1);
    assert!(running.bodies()[0].contains("Lambda.MissingRecordId"));
    assert_eq!(running.fake.log.lock()[0]["errorCode"], "Lambda.MissingRecordId");
}

#[tokio::test(start_paused = true)]
async fn a_record_too_large_for_an_invocation_fails_without_one() {
    let reads = VecDeque::from([Ok(vec![kinesis_record(&"x".repeat(5 << 20)), kinesis_record("small")])]);
    let running = start(&lambda(&[]), Some(Scripted { reads }));
    let account = running.drained().await;
    assert_eq!((account.delivered, account.failed), (1, 1));
    assert_eq!(running.fake.events.lock().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_missing_bucket_is_logged_and_tried_again_until_it_is_there() {
    let running = start(&json!({"BufferingHints": {"IntervalInSeconds": 1}}), None);
    running.fake.bucket_missing.store(true, Ordering::Relaxed);
    running.put(&["a"]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(running.fake.refused.load(Ordering::Relaxed) >= 2);
    let entry = running.fake.log.lock()[0].clone();
    assert_eq!(
        entry,
        json!({
            "deliveryStreamARN": "arn:aws:firehose:us-east-1:000000000000:deliverystream/clicks",
            "destination": "arn:aws:s3:::lake",
            "deliveryStreamVersionId": "1",
            "message": "The specified bucket does not exist. Create the bucket or use a different bucket that does exist.",
            "errorCode": "S3.NoSuchBucket",
            "target": "group:stream",
        })
    );
    running.fake.bucket_missing.store(false, Ordering::Relaxed);
    running.fake.objects(1).await;
    assert_eq!(running.delivery.account().delivered, 1);
}

#[tokio::test(start_paused = true)]
async fn a_corrected_bucket_frees_what_waits_for_it() {
    let running = start(&json!({"BufferingHints": {"IntervalInSeconds": 1}}), None);
    running.fake.bucket_missing.store(true, Ordering::Relaxed);
    running.put(&["a"]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    running.delivery.configure(configured(2, &json!({"BucketARN": "arn:aws:s3:::other"})));
    running.fake.bucket_missing.store(false, Ordering::Relaxed);
    let object = running.fake.objects(1).await.remove(0);
    assert_eq!(object.bucket, "other");
    assert!(object.key.contains("clicks-2-"), "{}", object.key);
}

#[tokio::test(start_paused = true)]
async fn puts_are_refused_while_a_destination_is_down_and_taken_again_afterwards() {
    let running = start(&json!({"BufferingHints": {"SizeInMBs": 1}}), None);
    running.fake.bucket_missing.store(true, Ordering::Relaxed);
    let chunk = "x".repeat(1_000_000);
    let mut accepted = 0_u32;
    let mut refused = 0;
    for _ in 0..100 {
        let result = running.delivery.put(vec![record(&chunk), record(&chunk)]);
        if result.is_ok() {
            accepted += 2
        } else {
            refused += 2
        }
        tokio::task::yield_now().await;
    }
    assert!(refused > 0 && accepted < 100, "{accepted} accepted, {refused} refused");
    running.fake.bucket_missing.store(false, Ordering::Relaxed);
    let account = running.drained().await;
    assert_eq!((account.delivered, account.pending), (u64::from(accepted), 0));
}

#[tokio::test(start_paused = true)]
async fn settings_are_looked_at_when_the_object_is_written() {
    let running = start(&json!({"BufferingHints": {"IntervalInSeconds": 60}}), None);
    running.put(&["a"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    running
        .delivery
        .configure(configured(2, &json!({"Prefix": "new/", "BufferingHints": {"IntervalInSeconds": 5}})));
    let began = Instant::now();
    let object = running.fake.objects(1).await.remove(0);
    assert_eq!(began.elapsed().as_secs(), 4);
    assert!(object.key.starts_with("new/2018/08/27/10/clicks-2-"), "{}", object.key);
}

#[tokio::test(start_paused = true)]
async fn a_transform_taken_away_lets_its_records_through() {
    let running = start(&lambda(&[("BufferIntervalInSeconds", "900")]), None);
    running.put(&["a"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    running.delivery.configure(configured(2, &json!({})));
    running.drained().await;
    assert_eq!(running.bodies(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_flush_writes_out_what_is_there_and_buffering_goes_on() {
    let running = start(&lambda(&[]), None);
    running.put(&["a"]);
    tokio::task::yield_now().await;
    let began = Instant::now();
    running.delivery.flush();
    running.fake.objects(1).await;
    assert!(began.elapsed() < Duration::from_secs(1));
    running.put(&["b"]);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(running.bodies(), ["A"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_read_until_it_is_caught_up_when_drained() {
    let refused = SourceRefused { code: "ResourceNotFound".to_owned(), message: "no stream".to_owned() };
    let reads = VecDeque::from([
        Ok(vec![kinesis_record("a"), kinesis_record("b")]),
        Err(refused),
        Ok(vec![kinesis_record("c")]),
    ]);
    let running = start(&json!({}), Some(Scripted { reads }));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let account = running.drained().await;
    assert_eq!((account.received, account.delivered, account.pending), (3, 3, 0));
    assert_eq!(running.bodies(), ["abc"]);
    assert_eq!(running.fake.log.lock()[0]["errorCode"], "Kinesis.ResourceNotFound");
    assert_eq!(running.fake.total("DataReadFromKinesisStream.Records"), 3.0);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_reads_a_stream_takes_no_puts() {
    let running = start(&json!({}), Some(Scripted { reads: VecDeque::new() }));
    assert_eq!(running.delivery.put(vec![record("a")]), Err(Full));
}

#[tokio::test(start_paused = true)]
async fn draining_does_not_wait_for_a_bucket_that_never_comes() {
    let running = start(&json!({}), None);
    running.fake.bucket_missing.store(true, Ordering::Relaxed);
    running.put(&["a"]);
    let account = running.drained().await;
    assert_eq!((account.delivered, account.pending), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_delivery_ends_its_tasks_whatever_they_wait_for() {
    for reader in [None, Some(Scripted { reads: VecDeque::from([Ok(vec![kinesis_record("a")])]) })] {
        let running = start(&lambda(&[("BufferIntervalInSeconds", "0")]), reader);
        running.fake.stuck.store(true, Ordering::Relaxed);
        let _direct_only = running.delivery.put(vec![record("a")]);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let Running { delivery, tasks, .. } = running;
        drop(delivery);
        tasks.close();
        tasks.wait().await;
    }
}
