//! The engine through its public API, over real HTTP, against the embedded endpoint.

mod rounds;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use pipectl_localstack::{Endpoint, Options};
use pipectl_pipeline::apply::{Outcome, Report};
use pipectl_pipeline::engine::Health;
use pipectl_pipeline::ledger::LedgerError;
use pipectl_pipeline::plan::{Action, BucketData, Plan};
use pipectl_pipeline::spec::model::{
    Buffer, Capacity, Code, Compression, Delivery, Destination, FunctionSettings, Pipeline, S3Destination,
    Stream, Transform,
};
use pipectl_pipeline::{ApplyOptions, ConnectOptions, Engine, Error, PlanOptions};
use rounds::Rounds;

struct Bench {
    endpoint: Endpoint,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn start(options: Options) -> Self {
        let bind = "127.0.0.1:0".parse().expect("an address");
        let endpoint = Endpoint::start(Options { bind, ..options }).await.expect("it starts");
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("bootstrap"), "#!/bin/sh\nexit 0\n").expect("written");
        Self { endpoint, folder }
    }

    async fn engine(&self, state: Option<PathBuf>) -> Engine {
        let options = ConnectOptions {
            endpoint_url: Some(self.endpoint.url()),
            file_region: Some("eu-west-1".into()),
            lambda_bootstrap: Some(self.folder.path().join("bootstrap")),
            state,
            ..ConnectOptions::default()
        };
        Engine::connect(options).await.expect("connected")
    }
}

fn stream(capacity: Capacity) -> Stream {
    Stream { capacity, ..Stream::default() }
}

fn delivery(bucket: &str, from: Option<&str>, transform: Option<&str>) -> Delivery {
    Delivery {
        name: None,
        from: from.map(Into::into),
        transform: transform.map(str::to_owned),
        to: Destination::S3(S3Destination {
            bucket: bucket.to_owned(),
            prefix: Some("clicks/dt=!{timestamp:yyyy-MM-dd}/".into()),
            errors: Some("errors/!{firehose:error-output-type}/".into()),
            buffer: Buffer { size_mib: 5, interval: Duration::from_secs(60) },
            compression: Compression::Gzip,
            newline: false,
            partition: None,
            backup: None,
        }),
        encryption: None,
    }
}

fn program(text: &str) -> Transform {
    Transform {
        name: None,
        code: Code::Vrl(text.to_owned()),
        settings: FunctionSettings {
            environment: BTreeMap::from([("MODE".into(), "test".into())]),
            ..FunctionSettings::default()
        },
    }
}

/// Every kind of resource, in more than one shape.
fn pipeline() -> Pipeline {
    let encrypted = Stream {
        retention_hours: 48,
        encryption: Some("alias/aws/kinesis".into()),
        ..stream(Capacity::Provisioned(1))
    };
    let streams = [("events", stream(Capacity::Provisioned(2))), ("audit", encrypted)];
    let deliveries = [
        ("lake", delivery("clickstream-lake", Some("events"), Some("parse"))),
        ("raw", delivery("clickstream-raw", None, None)),
    ];
    Pipeline {
        name: "clickstream".into(),
        tags: BTreeMap::from([("team".into(), "growth".into())]),
        streams: streams.into_iter().map(|(name, it)| (name.to_owned(), it)).collect(),
        transforms: [("parse".to_owned(), program(".a = 1"))].into_iter().collect(),
        deliveries: deliveries.into_iter().map(|(name, it)| (name.to_owned(), it)).collect(),
        ..Pipeline::default()
    }
}

async fn plan(engine: &Engine, pipeline: &Pipeline) -> Plan {
    let options = PlanOptions { source: "the file".into(), ..PlanOptions::default() };
    engine.plan(pipeline, &options).await.expect("a plan")
}

async fn run(engine: &Engine, plan: &Plan) -> Report {
    let report = engine.apply(plan, &ApplyOptions::default(), &|_| {}).await.expect("it runs");
    assert_eq!(report.outcome, Outcome::Succeeded, "{report:#?}");
    report
}

async fn apply(engine: &Engine, pipeline: &Pipeline) -> Report {
    run(engine, &plan(engine, pipeline).await).await
}

async fn assert_no_changes(engine: &Engine, pipeline: &Pipeline) {
    let again = plan(engine, pipeline).await;
    let changes: Vec<_> = again.steps.iter().filter(|step| step.action != Action::NoChange).collect();
    assert!(changes.is_empty(), "{changes:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn applied_twice_then_destroyed_nothing_is_left() {
    let bench = Bench::start(Options::default()).await;
    let engine = bench.engine(None).await;
    let first = apply(&engine, &pipeline()).await;
    assert_eq!((first.revision, first.done.create), (1, 13));
    assert_no_changes(&engine, &pipeline()).await;
    assert_eq!(apply(&engine, &pipeline()).await.revision, 0);

    let status = engine.status(&pipeline()).await.expect("a status");
    assert!(status.resources.iter().all(|it| it.health == Health::Ready), "{status:#?}");
    let events = status.resources.iter().find(|it| it.address.as_str() == "streams.events").expect("it");
    assert!(events.facts.contains(&("open shards".to_owned(), "2".to_owned())));
    assert_eq!(status.last_revision.expect("one").outcome, Outcome::Succeeded);

    let destroy = engine.destroy_plan(&pipeline(), &PlanOptions::default()).await.expect("a plan");
    let options = ApplyOptions { forget: true, ..ApplyOptions::default() };
    let report = engine.apply(&destroy, &options, &|_| {}).await.expect("it runs");
    assert_eq!((report.outcome, report.done.delete), (Outcome::Succeeded, 13), "{report:#?}");
    let status = engine.status(&pipeline()).await.expect("a status");
    assert!(status.resources.iter().all(|it| it.health == Health::Missing), "{status:#?}");
    assert_eq!(status.last_revision, None);
    assert_eq!(engine.history("clickstream").await.expect("a history"), []);
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_the_file_is_one_update_and_then_none() {
    type Edit = fn(&mut Pipeline);
    let edits: [(&str, Edit); 9] = [
        ("streams.events", |file| file.streams["events"].capacity = Capacity::Provisioned(8)),
        ("streams.events", |file| file.streams["events"].capacity = Capacity::Provisioned(3)),
        ("streams.audit", |file| file.streams["audit"].retention_hours = 24),
        ("streams.audit", |file| file.streams["audit"].encryption = None),
        ("transforms.parse", |file| file.transforms["parse"] = program(".a = 2")),
        ("transforms.parse", |file| file.transforms["parse"].settings.memory_mib = 512),
        ("transforms.parse", |file| file.transforms["parse"].settings.environment.clear()),
        ("deliveries.raw", |file| {
            let Destination::S3(s3) = &mut file.deliveries["raw"].to else { panic!("it goes to S3") };
            (s3.prefix, s3.errors, s3.compression) = (None, None, Compression::None);
        }),
        ("deliveries.raw", |file| {
            let Destination::S3(s3) = &mut file.deliveries["raw"].to else { panic!("it goes to S3") };
            s3.buffer = Buffer { size_mib: 64, interval: Duration::from_secs(300) };
        }),
    ];
    let bench = Bench::start(Options::default()).await;
    let engine = bench.engine(Some(bench.folder.path().join("state"))).await;
    let mut file = pipeline();
    apply(&engine, &file).await;
    for (address, edit) in edits {
        edit(&mut file);
        let change = plan(&engine, &file).await;
        let changed: Vec<_> = change.steps.iter().filter(|step| step.action != Action::NoChange).collect();
        assert_eq!(changed.len(), 1, "{address}: {changed:#?}");
        assert_eq!((changed[0].address.as_str(), changed[0].action), (address, Action::Update));
        run(&engine, &change).await;
        assert_no_changes(&engine, &file).await;
    }
    assert_eq!(engine.history("clickstream").await.expect("a history").len(), 10);
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_the_transform_out_and_tags_away_leaves_what_the_file_says() {
    let bench = Bench::start(Options::default()).await;
    let engine = bench.engine(None).await;
    apply(&engine, &pipeline()).await;
    let mut file = pipeline();
    file.tags.clear();
    file.transforms.clear();
    file.deliveries["lake"].transform = None;
    let report = apply(&engine, &file).await;
    assert_eq!(report.done.delete, 3, "{report:#?}");
    assert_no_changes(&engine, &file).await;
    file.deliveries["lake"].from = None;
    let replace = plan(&engine, &file).await;
    assert_eq!(replace.counts().replace, 1, "{replace:#?}");
    run(&engine, &replace).await;
    assert_no_changes(&engine, &file).await;
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_applies_at_once_are_one_after_the_other() {
    let bench =
        Bench::start(Options { latency: Some(Duration::from_millis(20)), ..Options::default() }).await;
    let (one, other) = (bench.engine(None).await, bench.engine(None).await);
    let file = pipeline();
    let (plan_one, plan_other) = tokio::join!(plan(&one, &file), plan(&other, &file));
    let options = ApplyOptions::default();
    let silent = |_| {};
    let applies =
        tokio::join!(one.apply(&plan_one, &options, &silent), other.apply(&plan_other, &options, &silent));
    let (done, refused) = match applies {
        (Ok(report), Err(error)) | (Err(error), Ok(report)) => (report, error),
        both => panic!("{both:#?}"),
    };
    assert_eq!(done.outcome, Outcome::Succeeded);
    assert!(
        matches!(refused, Error::Ledger(LedgerError::Locked { .. } | LedgerError::Moved { .. })),
        "{refused}"
    );
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_changes_takes_a_few_round_trips() {
    let bench = Bench::start(Options::default()).await;
    apply(&bench.engine(None).await, &pipeline()).await;
    let rounds = Rounds::start(bench.endpoint.address()).await;
    let options = ConnectOptions {
        endpoint_url: Some(rounds.url()),
        file_region: Some("eu-west-1".into()),
        lambda_bootstrap: Some(bench.folder.path().join("bootstrap")),
        ..ConnectOptions::default()
    };
    let engine = Engine::connect(options).await.expect("connected");
    let again = plan(&engine, &pipeline()).await;
    assert!(!again.has_changes());
    assert!((2..=7).contains(&rounds.count()), "{} rounds", rounds.count());
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_holds_objects_is_not_destroyed_by_accident() {
    let bench = Bench::start(Options::default()).await;
    let engine = bench.engine(None).await;
    apply(&engine, &pipeline()).await;
    put_object(&bench.endpoint, "/clickstream-lake/clicks/one").await;
    let refused = engine.destroy_plan(&pipeline(), &PlanOptions::default()).await.expect_err("refused");
    assert!(refused.to_string().contains("clickstream-lake"), "{refused}");
    let options = PlanOptions { bucket_data: BucketData::Keep, ..PlanOptions::default() };
    let keep = engine.destroy_plan(&pipeline(), &options).await.expect("a plan");
    assert_eq!((keep.counts().release, keep.counts().delete), (1, 12));
    let options = PlanOptions { bucket_data: BucketData::Delete, ..PlanOptions::default() };
    let all = engine.destroy_plan(&pipeline(), &options).await.expect("a plan");
    assert_eq!(run(&engine, &all).await.done.delete, 13);
    bench.endpoint.shutdown().await;
}

async fn put_object(endpoint: &Endpoint, path: &str) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut socket = tokio::net::TcpStream::connect(endpoint.address()).await.expect("the endpoint");
    let request = format!(
        "PUT {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
        endpoint.address()
    );
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn an_endpoint_that_is_down_is_named_with_the_way_out() {
    let options = ConnectOptions {
        endpoint_url: Some("http://127.0.0.1:9".into()),
        file_region: Some("eu-west-1".into()),
        lambda_bootstrap: Some("/bin/sh".into()),
        ..ConnectOptions::default()
    };
    let engine = Engine::connect(options).await.expect("connected");
    let refused = engine.plan(&pipeline(), &PlanOptions::default()).await.expect_err("nothing is there");
    assert!(matches!(refused, Error::Unreachable { .. }), "{refused:?}");
    assert!(refused.to_string().contains("http://127.0.0.1:9"));
    assert!(refused.hint().is_some_and(|hint| hint.contains("pipectl local")));
}
