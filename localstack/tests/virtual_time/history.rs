//! The same seed and the same program give the same history, byte for byte.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, ShardIteratorType};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use pipectl_localstack::{Clock, FaultPlan, InProcess, Options, Profile};

/// Writes down every request and every answer, headers included, with its time.
#[derive(Clone, Debug)]
struct Recorder {
    inner: SharedHttpClient,
    clock: Clock,
    log: Arc<Mutex<String>>,
}

#[derive(Debug)]
struct Recording {
    inner: SharedHttpConnector,
    clock: Clock,
    log: Arc<Mutex<String>>,
}

impl HttpClient for Recorder {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Recording { inner, clock: self.clock, log: Arc::clone(&self.log) })
    }
}

impl HttpConnector for Recording {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (clock, log) = (self.clock, Arc::clone(&self.log));
        let write = move |line: String| {
            let mut log = log.lock().expect("nobody panics while writing");
            writeln!(log, "{} {line}", clock.now()).expect("a string takes all");
        };
        let head = format!("{} {} {:?}", request.method(), request.uri(), request.headers());
        write(format!("{head} {:?}", request.body().bytes().map(String::from_utf8_lossy)));
        let answer = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            let mut response = answer.await.inspect_err(|error| write(format!("{error:?}")))?;
            let body =
                ByteStream::new(response.take_body()).collect().await.expect("bodies are whole").to_vec();
            let text = String::from_utf8_lossy(&body);
            write(format!("{} {:?} {text}", response.status(), response.headers()));
            *response.body_mut() = SdkBody::from(body);
            Ok(response)
        })
    }
}

/// A small life of a stream, with everything that is random in it: retries and their jitter, ids, names of objects.
async fn program(seed: u64) -> String {
    let faults = Arc::new(FaultPlan::new(seed, Profile::HEAVY));
    let endpoint = InProcess::start(Options { seed: Some(seed), faults: Some(faults), ..Options::default() });
    let config = endpoint.sdk_config();
    let log = Arc::<Mutex<String>>::default();
    let recorder =
        Recorder { inner: endpoint.http_client(), clock: endpoint.world().clock, log: Arc::clone(&log) };
    let config = config.into_builder().http_client(recorder).build();
    tokio::join!(stream(&config, "a"), stream(&config, "b"), objects(&config));
    endpoint.shutdown().await;
    log.lock().expect("nobody panics while writing").clone()
}

async fn stream(config: &aws_config::SdkConfig, name: &str) {
    let kinesis = aws_sdk_kinesis::Client::new(config);
    // Whether a call succeeds is the plan's business: what counts is that it does so every time, or never.
    let _ = kinesis.create_stream().stream_name(name).shard_count(2).send().await;
    for round in 0..20 {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let record = |n: i32| {
            let key = format!("{round}-{n}");
            PutRecordsRequestEntry::builder().partition_key(key).data(Blob::new("x")).build()
        };
        let records = (0..10).map(record).collect::<Result<Vec<_>, _>>().expect("they are complete");
        let _ = kinesis.put_records().stream_name(name).set_records(Some(records)).send().await;
        let iterator = kinesis.get_shard_iterator().stream_name(name).shard_id("shardId-000000000000");
        let iterator = iterator.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await;
        if let Ok(iterator) = iterator {
            let _ = kinesis.get_records().set_shard_iterator(iterator.shard_iterator).send().await;
        }
    }
}

async fn objects(config: &aws_config::SdkConfig) {
    let s3 = aws_sdk_s3::Client::new(config);
    let _ = s3.create_bucket().bucket("lake").send().await;
    for n in 0..20 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let _ = s3.create_multipart_upload().bucket("lake").key(format!("{n}")).send().await;
    }
}

/// In a runtime of its own: a history begins with its runtime.
fn history(seed: u64) -> String {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().expect("a runtime starts");
    runtime.block_on(program(seed))
}

#[test]
fn the_same_seed_and_program_give_the_same_history_and_another_seed_another() {
    let (first, second) = (history(11), history(11));
    let apart = first.lines().zip(second.lines()).find(|(a, b)| a != b);
    assert_eq!(apart, None, "the first lines that differ");
    assert_eq!(first.len(), second.len());
    assert!(first.contains("503") && first.contains("ConnectorError"), "there were faults");
    assert_ne!(first, history(12));
}
