//! What a delivery needs from the other services, in its own words.
//!
//! The endpoint plugs its S3, Lambda, Kinesis, CloudWatch and Logs in here; tests plug in fakes.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::metrics::Metric;
use super::record::Record;

/// One object to be written.
#[derive(Clone, Debug)]
pub(crate) struct NewObject {
    /// Where.
    pub(crate) bucket: String,
    /// Under which name.
    pub(crate) key: String,
    /// The bytes, compressed.
    pub(crate) body: Bytes,
    /// How they are compressed.
    pub(crate) content_encoding: Option<&'static str>,
}

/// Why an object was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PutRefused {
    /// S3's error code.
    pub(crate) code: String,
    /// Its message.
    pub(crate) message: String,
}

/// Writes objects.
#[async_trait]
pub(crate) trait ObjectStore: Send + Sync {
    /// Writes one object.
    async fn put(&self, object: NewObject) -> Result<(), PutRefused>;
}

/// A request to an HTTP endpoint.
#[derive(Clone, Debug)]
pub(crate) struct HttpRequest {
    /// Where to.
    pub(crate) url: String,
    /// Header names, in lower case, and values.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The bytes.
    pub(crate) body: Bytes,
}

/// What an HTTP endpoint answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpAnswer {
    /// The status code.
    pub(crate) status: u16,
    /// `Content-Type`.
    pub(crate) content_type: Option<String>,
    /// `Content-Encoding`.
    pub(crate) content_encoding: Option<String>,
    /// The body.
    pub(crate) body: Bytes,
}

/// Why an HTTP endpoint gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// It was not reached.
    ConnectionFailed,
    /// The connection ended too early.
    ConnectionReset,
    /// The answer is larger than [`LARGEST_ANSWER`].
    TooLarge,
}

/// Most bytes an answer may have: "HTTP endpoint delivery request and response specifications" in the Firehose guide.
pub(crate) const LARGEST_ANSWER: usize = 1 << 20;

/// Sends to HTTP endpoints.
#[async_trait]
pub(crate) trait HttpEndpoints: Send + Sync {
    /// Posts one request and waits for the answer; redirects are not followed.
    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer, NoAnswer>;
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Invoked {
    /// The function answered.
    Returned(Bytes),
    /// The function failed.
    Failed {
        /// Whether it ran into its time-out.
        timed_out: bool,
    },
    /// There is no such function.
    NotFound,
    /// No concurrency was left.
    Throttled,
    /// The function was not reached for any other reason.
    Unreachable,
}

/// Invokes functions.
#[async_trait]
pub(crate) trait Functions: Send + Sync {
    /// Invokes a function and waits for its answer.
    async fn invoke(&self, function_arn: &str, payload: Bytes) -> Invoked;
}

/// Why nothing could be read from a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceRefused {
    /// The error code of the source.
    pub(crate) code: String,
    /// Its message.
    pub(crate) message: String,
}

/// A reader of one Kinesis stream, from where it was opened onwards, across reshards.
#[async_trait]
pub(crate) trait Source: Send {
    /// Waits for records and reads them. Cancelling it loses none.
    async fn next(&mut self) -> Result<Vec<Record>, SourceRefused>;
    /// Reads what there is; nothing when all was read.
    fn poll(&mut self) -> Result<Vec<Record>, SourceRefused>;
    /// Where it stands: what to open it with, to go on after what was read.
    fn place(&self) -> Option<String>;
}

/// Takes what went wrong to the log stream the user named.
pub(crate) trait ErrorLog: Send + Sync {
    /// Logs one message.
    fn log(&self, group: &str, stream: &str, message: String);
}

/// Takes samples of the delivery stream's metrics.
pub(crate) trait Metrics: Send + Sync {
    /// Takes one sample.
    fn sample(&self, metric: Metric, value: f64);
}

/// All of them.
#[derive(Clone)]
pub(crate) struct Ports {
    /// S3.
    pub(crate) objects: Arc<dyn ObjectStore>,
    /// Lambda.
    pub(crate) functions: Arc<dyn Functions>,
    /// HTTP endpoints.
    pub(crate) endpoints: Arc<dyn HttpEndpoints>,
    /// CloudWatch Logs.
    pub(crate) log: Arc<dyn ErrorLog>,
    /// CloudWatch.
    pub(crate) metrics: Arc<dyn Metrics>,
}
