//! A store, functions, a source and a log for tests of deliveries, all in memory.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::cloudwatch::MetricSet as _;
use crate::firehose::metrics::Metric;
use crate::firehose::ports::{
    ErrorLog, Functions, HttpAnswer, HttpEndpoints, HttpRequest, Invoked, Metrics, NewObject, NoAnswer,
    ObjectStore, Ports, PutRefused, Source, SourceRefused,
};
use crate::firehose::record::{KinesisMetadata, Record};
use crate::lock::Lock;

/// Everything a delivery may ask for, and what it asked.
#[derive(Default)]
pub(crate) struct Fake {
    /// The objects that were written.
    pub(crate) objects: Lock<Vec<NewObject>>,
    /// Told of every object, and of every one refused.
    pub(crate) changed: Notify,
    /// Whether the bucket is missing.
    pub(crate) bucket_missing: AtomicBool,
    /// So many puts that are never answered.
    pub(crate) stuck_puts: AtomicUsize,
    /// One other bucket that is missing.
    pub(crate) missing: Lock<Option<&'static str>>,
    /// The requests HTTP endpoints were sent.
    pub(crate) requests: Lock<Vec<HttpRequest>>,
    /// What they answer, instead of taking the request; `None` is never.
    pub(crate) http: Lock<VecDeque<Option<Result<HttpAnswer, NoAnswer>>>>,
    /// Puts that were refused.
    pub(crate) refused: AtomicUsize,
    /// What the functions answer, instead of handing every record back in upper case.
    pub(crate) answers: Lock<VecDeque<Invoked>>,
    /// The events the functions were invoked with.
    pub(crate) events: Lock<Vec<Value>>,
    /// Whether every other invocation takes its time.
    pub(crate) uneven: AtomicBool,
    /// Whether functions wait for ever.
    pub(crate) stuck: AtomicBool,
    /// The log entries.
    pub(crate) log: Lock<Vec<Value>>,
    /// The samples, by metric.
    pub(crate) samples: Lock<Vec<(&'static str, f64)>>,
}

impl Fake {
    /// The ports of this fake.
    pub(crate) fn ports(self: &Arc<Self>) -> Ports {
        Ports {
            objects: Arc::clone(self) as Arc<dyn ObjectStore>,
            functions: Arc::clone(self) as Arc<dyn Functions>,
            endpoints: Arc::clone(self) as Arc<dyn HttpEndpoints>,
            log: Arc::clone(self) as Arc<dyn ErrorLog>,
            metrics: Arc::clone(self) as Arc<dyn Metrics>,
        }
    }

    /// Waits until `count` objects are there.
    pub(crate) async fn objects(&self, count: usize) -> Vec<NewObject> {
        loop {
            let changed = self.changed.notified();
            let objects = self.objects.lock().clone();
            if objects.len() >= count {
                return objects;
            }
            changed.await;
        }
    }

    /// The sum of a metric's samples.
    pub(crate) fn total(&self, metric: &str) -> f64 {
        self.samples.lock().iter().filter(|(name, _)| *name == metric).map(|(_, value)| value).sum()
    }
}

#[async_trait]
impl ObjectStore for Fake {
    async fn put(&self, object: NewObject) -> Result<(), PutRefused> {
        let stuck = |left: usize| left.checked_sub(1);
        if self.stuck_puts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, stuck).is_ok() {
            std::future::pending::<()>().await;
        }
        let missing = self.missing.lock().is_some_and(|bucket| bucket == object.bucket);
        let result = if missing || self.bucket_missing.load(Ordering::Relaxed) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            Err(PutRefused { code: "NoSuchBucket".to_owned(), message: "no bucket".to_owned() })
        } else {
            self.objects.lock().push(object);
            Ok(())
        };
        self.changed.notify_waiters();
        result
    }
}

#[async_trait]
impl HttpEndpoints for Fake {
    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer, NoAnswer> {
        let id = request.headers.iter().find(|(name, _)| *name == "x-amz-firehose-request-id");
        let taken = json!({"requestId": id.unwrap().1, "timestamp": 1_578_090_903_599_i64});
        self.requests.lock().push(request);
        self.changed.notify_waiters();
        let answer = self.http.lock().pop_front();
        match answer {
            Some(Some(answer)) => answer,
            Some(None) => std::future::pending().await,
            None => Ok(answered(200, &taken)),
        }
    }
}

/// An answer in JSON.
pub(crate) fn answered(status: u16, body: &Value) -> HttpAnswer {
    HttpAnswer {
        status,
        content_type: Some("application/json; charset=utf-8".to_owned()),
        content_encoding: None,
        body: Bytes::from(body.to_string()),
    }
}

#[async_trait]
impl Functions for Fake {
    async fn invoke(&self, _function_arn: &str, payload: Bytes) -> Invoked {
        if self.stuck.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        let event: Value = serde_json::from_slice(&payload).unwrap();
        let number = {
            let mut events = self.events.lock();
            events.push(event.clone());
            events.len()
        };
        if self.uneven.load(Ordering::Relaxed) && number % 2 == 1 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        let answer = self.answers.lock().pop_front();
        answer.unwrap_or_else(|| Invoked::Returned(upper_case(&event)))
    }
}

/// Hands records back in upper case; `drop` is dropped, `fail` fails.
fn upper_case(event: &Value) -> Bytes {
    let records = event["records"].as_array().unwrap().iter().map(|record| {
        let data = STANDARD.decode(record["data"].as_str().unwrap()).unwrap();
        let result = match &data[..] {
            b"drop" => "Dropped",
            b"fail" => "ProcessingFailed",
            _ => "Ok",
        };
        // What stands before a colon is the key of the partition `who`.
        let text = String::from_utf8_lossy(&data).into_owned();
        let keys = text.split_once(':').map(|(key, _)| json!({"partitionKeys": {"who": key}}));
        json!({
            "recordId": record["recordId"], "result": result, "metadata": keys,
            "data": STANDARD.encode(data.to_ascii_uppercase()),
        })
    });
    Bytes::from(json!({ "records": records.collect::<Vec<Value>>() }).to_string())
}

impl ErrorLog for Fake {
    fn log(&self, group: &str, stream: &str, message: String) {
        let mut entry: Value = serde_json::from_str(&message).unwrap();
        entry["target"] = json!(format!("{group}:{stream}"));
        self.log.lock().push(entry);
    }
}

impl Metrics for Fake {
    fn sample(&self, metric: Metric, value: f64) {
        self.samples.lock().push((Metric::TABLE[metric.index()].0, value));
    }
}

/// A source that reads from a script and then is caught up.
pub(crate) struct Scripted {
    /// What the next reads give.
    pub(crate) reads: VecDeque<Result<Vec<Record>, SourceRefused>>,
}

#[async_trait]
impl Source for Scripted {
    async fn next(&mut self) -> Result<Vec<Record>, SourceRefused> {
        match self.reads.pop_front() {
            Some(read) => read,
            None => std::future::pending().await,
        }
    }

    fn poll(&mut self) -> Result<Vec<Record>, SourceRefused> {
        self.reads.pop_front().unwrap_or_else(|| Ok(Vec::new()))
    }

    fn place(&self) -> Option<String> {
        Some(format!("{} left", self.reads.len()))
    }
}

/// A record put directly.
pub(crate) fn record(data: &str) -> Record {
    Record::put(Bytes::copy_from_slice(data.as_bytes()), 1_535_365_800_000)
}

/// A record of a stream.
pub(crate) fn kinesis_record(data: &str) -> Record {
    let kinesis = KinesisMetadata {
        shard: "shardId-000000000000".into(),
        partition_key: "key".into(),
        sequence: "49546986683135544286507457936321625675700192471156785154".into(),
        subsequence: 0,
    };
    Record { kinesis: Some(Box::new(kinesis)), ..record(data) }
}
