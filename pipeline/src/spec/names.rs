//! The physical names that AWS knows: what pipectl makes of a pipeline's name and a logical name.
//!
//! **Invariant**: within one AWS service, two resources of a pipeline never get the same name. Names are
//! lower case (IAM compares role names without case), and the suffixes of the two kinds of role differ.

/// Longest name of a Kinesis data stream (CreateStream).
pub const STREAM_NAME_MAX: usize = 128;
/// Longest name of a Firehose delivery stream (CreateDeliveryStream).
pub const DELIVERY_NAME_MAX: usize = 64;
/// Longest name of a Lambda function (CreateFunction).
pub const FUNCTION_NAME_MAX: usize = 64;
/// Longest name of an IAM role (CreateRole).
pub const ROLE_NAME_MAX: usize = 64;

/// The Kinesis data stream of a logical stream.
pub fn stream(pipeline: &str, logical: &str) -> String {
    format!("{pipeline}-{logical}")
}

/// The Firehose delivery stream of a logical delivery.
pub fn delivery(pipeline: &str, logical: &str) -> String {
    format!("{pipeline}-{logical}")
}

/// The Lambda function of a logical transform.
pub fn function(pipeline: &str, logical: &str) -> String {
    format!("{pipeline}-{logical}")
}

/// The role that a transform's function runs with.
pub fn transform_role(pipeline: &str, logical: &str) -> String {
    format!("{pipeline}-{logical}-transform")
}

/// The role that Firehose assumes for a delivery.
pub fn delivery_role(pipeline: &str, logical: &str) -> String {
    format!("{pipeline}-{logical}-delivery")
}

/// The log group of a transform's function.
pub fn function_log_group(pipeline: &str, logical: &str) -> String {
    format!("/aws/lambda/{}", function(pipeline, logical))
}

/// The log group of a delivery's errors.
pub fn delivery_log_group(pipeline: &str, logical: &str) -> String {
    format!("/aws/kinesisfirehose/{}", delivery(pipeline, logical))
}
