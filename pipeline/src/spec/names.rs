//! The physical names that AWS knows: what pipectl makes of a pipeline's name and a logical name.
//!
//! Names are checked against the limits when the file is read, so that nothing here cuts them short.
//!
//! **Invariant**: within one AWS service, two resources of a pipeline never get the same name. Names are
//! lower case (IAM compares role names without case), and the suffixes of the two kinds of role differ.

/// Longest name of an enhanced fan-out consumer (RegisterStreamConsumer).
pub const CONSUMER_NAME_MAX: usize = 128;
/// Longest name of a Kinesis data stream (CreateStream).
pub const STREAM_NAME_MAX: usize = 128;
/// Longest name of a Firehose delivery stream (CreateDeliveryStream).
pub const DELIVERY_NAME_MAX: usize = 64;
/// Longest name of a Lambda function (CreateFunction).
pub const FUNCTION_NAME_MAX: usize = 64;
/// Longest name of an IAM role (CreateRole).
pub const ROLE_NAME_MAX: usize = 64;

/// The name of a stream, a function or a delivery of which the file says none: `<pipeline>-<logical>`. Asked for by
/// [`super::model::Pipeline`]'s own methods, which know what the file says.
#[must_use]
pub(crate) fn physical(pipeline: &str, logical: &str) -> String {
    format!("{pipeline}-{logical}")
}

/// The role that a transform's function runs with.
#[must_use]
pub fn transform_role(pipeline: &str, logical: &str) -> String {
    format!("{pipeline}-{logical}-transform")
}

/// The role that a function runs with.
#[must_use]
pub fn function_role(pipeline: &str, logical: &str) -> String {
    format!("{pipeline}-{logical}-function")
}

/// The enhanced fan-out consumer that a function reads by. Logical names have no dot, so that no consumer of a
/// stream's `fan-out` has this name.
#[must_use]
pub fn function_consumer(pipeline: &str, logical: &str) -> String {
    format!("{pipeline}-{logical}.function")
}

/// The role that Firehose assumes for a delivery.
#[must_use]
pub fn delivery_role(pipeline: &str, logical: &str) -> String {
    format!("{pipeline}-{logical}-delivery")
}
