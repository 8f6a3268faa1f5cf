//! Whole lives of events, in virtual time, with functions in this process.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::lambda::InProcess;
use crate::lambda::event_invoke::EventInvokeConfig;
use crate::lambda::function::Function;
use crate::world::Setting;

use super::*;

struct Scene {
    world: Arc<World>,
    begun: Instant,
}

/// What a function was called with, and how many seconds after the start.
type Calls = mpsc::UnboundedReceiver<(u64, Value)>;

impl Scene {
    fn new() -> Self {
        Self { world: World::new(Setting::default()), begun: Instant::now() }
    }

    /// A function that fails as often as told, then answers its event.
    fn function(&self, name: &str, failures: usize) -> Calls {
        let (sender, calls) = mpsc::unbounded_channel();
        let left = Arc::new(std::sync::atomic::AtomicUsize::new(failures));
        let begun = self.begun;
        let code = InProcess::new(move |event: Bytes| {
            let (sender, left) = (sender.clone(), Arc::clone(&left));
            async move {
                let value = serde_json::from_slice(&event).unwrap();
                sender.send((begun.elapsed().as_secs(), value)).unwrap();
                let one_less = |left: usize| left.checked_sub(1);
                let order = std::sync::atomic::Ordering::Relaxed;
                match left.fetch_update(order, order, one_less) {
                    Ok(_) => Err(Bytes::from_static(br#"{"errorMessage":"as asked","errorType":"Custom"}"#)),
                    Err(_) => Ok(event),
                }
            }
        });
        self.world.lambda.install(&self.world, name, code).unwrap();
        calls
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Function)) {
        let here = Location { region: &self.world.region, account: &self.world.account };
        let named = FunctionRef::parse(name).unwrap();
        let changed = self.world.lambda.with_function(&named, &here, |function| {
            change(function);
            Ok(())
        });
        changed.unwrap();
    }

    fn configure(&self, name: &str, config: EventInvokeConfig) {
        self.change(name, |function| drop(function.event_invoke.insert("$LATEST".to_owned(), config)));
    }

    fn send(&self, name: &str) {
        let event = Bytes::from_static(br#"{"n":1}"#);
        self.world.lambda.invoke_later(&self.world, name, event).unwrap();
    }

    /// Until every event is through.
    async fn idle(&self) {
        self.world.tasks.close();
        self.world.tasks.wait().await;
        self.world.tasks.reopen();
    }

    fn arn(&self, name: &str) -> String {
        format!("arn:aws:lambda:{}:{}:function:{name}", self.world.region, self.world.account)
    }

    fn total(&self, function: &str, metric: &str) -> f64 {
        let dimensions = [crate::cloudwatch::Dimension::new("FunctionName", function)];
        let id = crate::cloudwatch::MetricId::new("AWS/Lambda", metric, dimensions);
        let now = self.world.clock.now();
        let day = Duration::from_secs(86_400);
        self.world.cloudwatch.total(&id, now - day, now + day).map_or(0.0, |values| values.sum)
    }
}

fn seconds(calls: &mut Calls) -> Vec<u64> {
    std::iter::from_fn(|| calls.try_recv().ok()).map(|(at, _)| at).collect()
}

#[tokio::test(start_paused = true)]
async fn a_function_that_fails_is_tried_after_one_and_two_minutes_and_the_failure_told() {
    let scene = Scene::new();
    let (mut calls, mut told) = (scene.function("f", 9), scene.function("told", 0));
    let on_failure = Some(scene.arn("told"));
    scene.configure("f", EventInvokeConfig { on_failure, ..EventInvokeConfig::default() });
    scene.send("f");
    scene.idle().await;
    assert_eq!(seconds(&mut calls), [0, 60, 180]);
    let (at, record) = told.try_recv().unwrap();
    assert_eq!(at, 180);
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(record["requestContext"]["functionArn"], format!("{}:$LATEST", scene.arn("f")));
    assert_eq!(record["requestPayload"], json!({ "n": 1 }));
    assert_eq!(record["responseContext"]["functionError"], "Unhandled");
    assert_eq!(record["responsePayload"]["errorMessage"], "as asked");
    assert_eq!(scene.total("f", "AsyncEventsDropped"), 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_succeeds_ends_it_and_the_success_is_told() {
    let scene = Scene::new();
    let (mut calls, mut told) = (scene.function("f", 1), scene.function("told", 0));
    let on_success = Some(scene.arn("told"));
    scene.configure("f", EventInvokeConfig { on_success, ..EventInvokeConfig::default() });
    scene.send("f");
    scene.idle().await;
    assert_eq!(seconds(&mut calls), [0, 60]);
    let (_, record) = told.try_recv().unwrap();
    assert_eq!(record["requestContext"]["condition"], "Success");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 2);
    assert_eq!(record["responseContext"], json!({ "statusCode": 200, "executedVersion": "$LATEST" }));
    assert_eq!(record["responsePayload"], json!({ "n": 1 }));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_gets_the_record_of_a_failure() {
    let scene = Scene::new();
    let _calls = scene.function("f", 9);
    scene.world.s3.create_bucket("failures", "us-east-1").unwrap();
    let on_failure = Some("arn:aws:s3:::failures".to_owned());
    let config = EventInvokeConfig { retries: Some(0), on_failure, ..EventInvokeConfig::default() };
    scene.configure("f", config);
    scene.send("f");
    scene.idle().await;
    let keys = scene.world.s3.keys("failures", "aws/lambda/async/f/").unwrap();
    assert_eq!(keys.len(), 1, "{keys:?}");
    let record = scene.world.s3.read("failures", &keys[0]).await.unwrap();
    let record: Value = serde_json::from_slice(&record).unwrap();
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
}

#[tokio::test(start_paused = true)]
async fn a_throttled_event_waits_until_there_is_room_or_it_is_too_old() {
    let scene = Scene::new();
    let mut calls = scene.function("f", 0);
    scene.change("f", |function| function.reserved_concurrency = Some(1));
    let named = FunctionRef::parse("f").unwrap();
    let here = Location { region: &scene.world.region, account: &scene.world.account };
    let place = scene.world.lambda.admit(&scene.world, (&named, &here), None).unwrap();
    scene.send("f");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(seconds(&mut calls), [0; 0]);
    drop(place);
    scene.idle().await;
    assert_eq!(seconds(&mut calls), [15], "asked after 1, 3, 7 and 15 seconds");

    let _place = scene.world.lambda.admit(&scene.world, (&named, &here), None).unwrap();
    let max_age = Some(Duration::from_secs(60));
    scene.configure("f", EventInvokeConfig { max_age, ..EventInvokeConfig::default() });
    scene.send("f");
    scene.idle().await;
    assert_eq!(seconds(&mut calls), [0; 0]);
    assert_eq!(scene.total("f", "AsyncEventsDropped"), 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_switched_off_loses_its_events_at_once() {
    let scene = Scene::new();
    let (mut calls, mut told) = (scene.function("f", 0), scene.function("told", 0));
    let on_failure = Some(scene.arn("told"));
    scene.configure("f", EventInvokeConfig { on_failure, ..EventInvokeConfig::default() });
    scene.change("f", |function| function.reserved_concurrency = Some(0));
    scene.send("f");
    scene.idle().await;
    assert_eq!(seconds(&mut calls), [0; 0]);
    let (at, record) = told.try_recv().unwrap();
    assert_eq!(at, 0);
    assert_eq!(record["requestContext"]["condition"], "ZeroReservedConcurrency");
    assert_eq!(record.get("responsePayload"), None);
}

#[tokio::test(start_paused = true)]
async fn functions_that_are_each_others_destinations_do_not_go_on_forever() {
    let scene = Scene::new();
    let (sender, mut calls) = mpsc::unbounded_channel();
    for (name, other) in [("a", "b"), ("b", "a")] {
        let sender = sender.clone();
        // It keeps its event to itself: a record holds event and answer, so it would double with each hop.
        let code = InProcess::new(move |_| {
            sender.send((0, Value::Null)).unwrap();
            std::future::ready(Ok(Bytes::from_static(b"null")))
        });
        scene.world.lambda.install(&scene.world, name, code).unwrap();
        let on_success = Some(scene.arn(other));
        scene.configure(name, EventInvokeConfig { on_success, ..EventInvokeConfig::default() });
    }
    scene.send("a");
    scene.idle().await;
    assert_eq!(seconds(&mut calls).len(), 1 + usize::from(MAX_HOPS));
    assert_eq!(scene.total("a", "DestinationDeliveryFailures"), 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_does_not_exist_here_is_counted_and_does_no_harm() {
    let scene = Scene::new();
    let _calls = scene.function("f", 0);
    let on_success = Some("arn:aws:sqs:us-east-1:000000000000:q".to_owned());
    scene.configure("f", EventInvokeConfig { on_success, ..EventInvokeConfig::default() });
    scene.send("f");
    scene.idle().await;
    assert_eq!(scene.total("f", "DestinationDeliveryFailures"), 1.0);
}

#[tokio::test(start_paused = true)]
async fn an_event_of_a_function_that_is_deleted_is_dropped() {
    let scene = Scene::new();
    let mut calls = scene.function("f", 9);
    scene.send("f");
    tokio::time::sleep(Duration::from_secs(30)).await;
    let named = FunctionRef::parse("f").unwrap();
    scene.world.lambda.functions.lock().retain(|id, _| id.name != named.name);
    scene.idle().await;
    assert_eq!(seconds(&mut calls), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_function_in_this_process_has_a_time_out_too() {
    let scene = Scene::new();
    let code = InProcess::new(|_| std::future::pending());
    scene.world.lambda.install(&scene.world, "f", code).unwrap();
    let result = scene.world.lambda.invoke(&scene.world, "f", Bytes::from_static(b"1")).await.unwrap();
    assert_eq!(result.function_error, Some("Unhandled"));
    assert!(String::from_utf8_lossy(&result.payload).contains("Task timed out after 3.00 seconds"));
    assert_eq!(scene.begun.elapsed().as_secs(), 3);
}

#[test]
fn the_queue_is_full_before_memory_is_and_has_room_again_when_events_are_through() {
    let queue = Queue::default();
    let places: Vec<_> = std::iter::from_fn(|| queue.place(MAX_EVENT_PAYLOAD).ok()).collect();
    assert_eq!(places.len(), 63);
    assert_eq!(queue.place(MAX_EVENT_PAYLOAD).unwrap_err().code(), "TooManyRequestsException");
    drop(places);
    assert!(queue.place(MAX_EVENT_PAYLOAD).is_ok());
}
