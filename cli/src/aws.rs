//! The only place of this crate that names the SDK: clients for the producer's library, and what a local
//! endpoint takes.

use aws_config::SdkConfig;

/// The region of a local endpoint that nobody gave one.
pub(crate) const LOCAL_REGION: &str = "us-east-1";
/// The credentials a local endpoint takes; it checks none.
pub(crate) const LOCAL_KEY: &str = "test";

/// A CloudWatch client, for the producer's metrics.
pub(crate) fn cloudwatch(config: &SdkConfig) -> aws_sdk_cloudwatch::Client {
    aws_sdk_cloudwatch::Client::new(config)
}

/// A Lambda client, for the autoscaler: which functions read a stream.
pub(crate) fn lambda(config: &SdkConfig) -> aws_sdk_lambda::Client {
    aws_sdk_lambda::Client::new(config)
}

/// A Kinesis client, for the producer and the reader.
pub(crate) fn kinesis(config: &SdkConfig) -> aws_sdk_kinesis::Client {
    aws_sdk_kinesis::Client::new(config)
}
