//! What speaks to AWS: the only place that names its SDK. [`KinesisSink`] puts, [`KinesisSource`] reads,
//! [`KinesisConsumer`] reads with a throughput of its own, [`CloudWatchSink`] takes metrics.

mod connection;
mod consumer;
mod errors;
mod metrics;
mod sink;
mod source;

pub use consumer::{ConsumerError, KinesisConsumer};
pub use metrics::CloudWatchSink;
pub use sink::KinesisSink;
pub use source::KinesisSource;

/// A stream by name or by ARN, as the API takes it in two different fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamReference {
    pub(crate) name: Option<String>,
    pub(crate) arn: Option<String>,
}

impl StreamReference {
    pub(crate) fn new(text: String) -> Self {
        if text.starts_with("arn:") {
            Self { name: None, arn: Some(text) }
        } else {
            Self { name: Some(text), arn: None }
        }
    }
}
