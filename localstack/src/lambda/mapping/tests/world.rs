//! Mappings between the services of a world, in virtual time, with functions in this process.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;

use super::super::settings::{Destination, Settings, Start};
use super::super::source::EventSource;
use super::super::state::{Create, Mapping};
use super::settings;
use super::sim::put;
use crate::cloudwatch::{Dimension, MetricId};
use crate::kinesis::{Stream, StreamArn, StreamSettings};
use crate::lambda::InProcess;
use crate::world::{Setting, World};

struct Scene {
    world: Arc<World>,
    stream: Arc<Stream>,
    function: String,
    /// The keys of the records of each event.
    events: mpsc::UnboundedReceiver<Vec<String>>,
}

impl Scene {
    /// A stream of one shard, and a function that fails with events that have the key `bad`.
    fn new() -> Self {
        let timings = crate::Timings::all(Duration::ZERO);
        let world = World::new(Setting { timings, ..Setting::default() });
        let arn = StreamArn::new("us-east-1", "000000000000", "s");
        let stream_settings = StreamSettings::provisioned(NonZeroU32::MIN);
        let stream = world.kinesis.create(arn, stream_settings, world.clock.now()).unwrap();
        let (sender, events) = mpsc::unbounded_channel();
        let code = InProcess::new(move |event: Bytes| {
            let event: Value = serde_json::from_slice(&event).unwrap();
            let key = |record: &Value| record["kinesis"]["partitionKey"].as_str().unwrap().to_owned();
            let keys: Vec<String> = event["Records"].as_array().unwrap().iter().map(key).collect();
            let failed = keys.iter().any(|key| key == "bad");
            sender.send(keys).unwrap();
            async move { if failed { Err(Bytes::from_static(b"{}")) } else { Ok(Bytes::from_static(b"{}")) } }
        });
        let function = world.lambda.install(&world, "f", code).unwrap();
        Self { world, stream, function, events }
    }

    fn map(&self, source: EventSource, change: impl FnOnce(&mut Settings)) -> Mapping {
        let mut settings = settings();
        settings.function_arn = self.function.clone();
        change(&mut settings);
        let create = Create {
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            source,
            start: Start::TrimHorizon,
            settings,
            enabled: true,
            tags: BTreeMap::new(),
        };
        self.world.lambda.mappings.create(&self.world, create).unwrap()
    }

    fn source(&self) -> EventSource {
        EventSource::Stream(self.stream.arn().clone())
    }

    fn put(&self, keys: &[&str]) {
        for key in keys {
            put(&self.stream, key, "{}", self.world.clock.epoch_millis());
        }
    }

    fn sum(&self, namespace: &str, name: &str, dimension: (&str, &str)) -> Option<f64> {
        let id = MetricId::new(namespace, name, [Dimension::new(dimension.0, dimension.1)]);
        let (now, day) = (self.world.clock.now(), Duration::from_secs(86_400));
        self.world.cloudwatch.total(&id, now - day, now + day).map(|total| total.sum)
    }

    fn of_mapping(&self, mapping: &Mapping, name: &str) -> Option<f64> {
        self.sum("AWS/Lambda", name, ("EventSourceMappingUUID", &mapping.id.to_string()))
    }

    async fn pass(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn events_are_counted_in_cloudwatch_where_the_mapping_asks_for_it() {
    let scene = Scene::new();
    scene.put(&["a", "b"]);
    let counting = |settings: &mut Settings| {
        settings.metrics = Some(vec!["EventCount".to_owned()]);
        settings.max_retries = Some(1);
        settings.on_failure = Some(Destination::parse("arn:aws:sqs:us-east-1:000000000000:q").unwrap());
    };
    let mapping = scene.map(scene.source(), counting);
    scene.pass(1).await;
    scene.put(&["bad"]);
    scene.pass(60).await;
    for (name, sum) in [
        ("PolledEventCount", Some(3.0)),
        ("InvokedEventCount", Some(4.0)),
        ("FailedInvokeEventCount", Some(2.0)),
        ("DroppedEventCount", Some(1.0)),
        ("OnFailureDestinationDeliveredEventCount", None),
        ("FilteredOutEventCount", None),
    ] {
        assert_eq!(scene.of_mapping(&mapping, name), sum, "{name}");
    }
    let of_function = |name| scene.sum("AWS/Lambda", name, ("FunctionName", "f"));
    assert_eq!(of_function("DestinationDeliveryFailures"), Some(1.0), "there is no queue here");
    assert_eq!((of_function("Invocations"), of_function("Errors")), (Some(3.0), Some(2.0)));
    scene.world.shutdown(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_mapping_reads_its_stream_as_other_readers_do_and_publishes_nothing_of_events_unasked() {
    let scene = Scene::new();
    scene.put(&["a"]);
    let mapping = scene.map(scene.source(), |_| {});
    scene.pass(5).await;
    assert_eq!(scene.of_mapping(&mapping, "PolledEventCount"), None);
    assert_eq!(scene.sum("AWS/Kinesis", "GetRecords.Records", ("StreamName", "s")), Some(1.0));
    assert_eq!(scene.sum("AWS/Lambda", "IteratorAge", ("FunctionName", "f")), Some(0.0));
    scene.world.shutdown(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_consumer_is_read_until_it_is_deregistered() {
    let mut scene = Scene::new();
    let now = scene.world.clock.now();
    let consumer = scene.stream.register_consumer("c", BTreeMap::new(), 20, now).unwrap();
    let arn = format!("{}/consumer/c:{}", scene.stream.arn(), consumer.born());
    let mapping = scene.map(arn.parse().unwrap(), |_| {});
    scene.put(&["a"]);
    assert_eq!(scene.events.recv().await.unwrap(), ["a"]);
    assert_eq!(
        scene.sum("AWS/Kinesis", "GetRecords.Records", ("StreamName", "s")),
        None,
        "not by GetRecords"
    );
    let which = crate::kinesis::Which { name: "c", born: None };
    assert!(scene.stream.deregister_consumer(which, scene.world.clock.now()));
    scene.pass(2).await;
    scene.put(&["b"]);
    scene.pass(10).await;
    assert!(scene.events.try_recv().is_err());
    let found =
        scene.world.lambda.mappings.find((mapping.region(), mapping.id), scene.world.clock.now()).unwrap();
    assert!(found.last_result.starts_with("PROBLEM"), "{}", found.last_result);
    scene.world.shutdown(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_backlog_is_read_as_fast_as_a_shard_gives_out_and_no_faster() {
    for batch_size in [1, 100, 10_000] {
        let mut scene = Scene::new();
        for _ in 0..8 {
            let data = vec![0; 1_000_000];
            put(&scene.stream, "a", data, scene.world.clock.epoch_millis());
            scene.pass(1).await;
        }
        let begun = scene.world.clock.elapsed();
        scene.map(scene.source(), |settings| settings.batch_size = batch_size);
        let mut records = 0;
        while records < 8 {
            records += scene.events.recv().await.unwrap().len();
        }
        let took = scene.world.clock.elapsed() - begun;
        // Two mebibytes were saved up, and two may be owed for.
        let range = Duration::from_millis(1800)..=Duration::from_secs(8);
        assert!(range.contains(&took), "{took:?} in batches of {batch_size}");
        scene.world.shutdown(Duration::from_secs(1)).await;
    }
}
