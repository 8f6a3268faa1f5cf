//! The operations of the API, one file per group.

mod create;
mod delete;
mod describe;
mod encryption;
mod list;
mod put;
mod tags;
mod update;
mod wire;

use std::sync::Arc;

use super::error::FirehoseError;
use super::state::Key;
use crate::http::{Answer, AwsError, Context, JsonCall};
use crate::world::World;

/// Answers one call.
pub(crate) async fn serve(world: &Arc<World>, call: &JsonCall) -> Result<Answer, AwsError> {
    let context = &call.context;
    match call.operation() {
        "CreateDeliveryStream" => call.output(&create::create(world, context, call.input()?)?),
        "DeleteDeliveryStream" => call.output(&delete::delete(world, context, call.input()?)?),
        "DescribeDeliveryStream" => call.output(&describe::describe(world, context, call.input()?)?),
        "ListDeliveryStreams" => call.output(&list::list(world, context, &call.input()?)?),
        "PutRecord" => call.output(&put::put_record(world, context, call.input()?)?),
        "PutRecordBatch" => call.output(&put::put_record_batch(world, context, call.input()?)?),
        "UpdateDestination" => call.output(&update::update(world, context, call.input()?)?),
        "TagDeliveryStream" => call.output(&tags::tag(world, context, call.input()?)?),
        "UntagDeliveryStream" => call.output(&tags::untag(world, context, &call.input()?)?),
        "ListTagsForDeliveryStream" => call.output(&tags::list(world, context, &call.input()?)?),
        "StartDeliveryStreamEncryption" => call.output(&encryption::start(world, context, call.input()?)?),
        "StopDeliveryStreamEncryption" => call.output(&encryption::stop(world, context, call.input()?)?),
        other => Err(AwsError::unknown_operation(other)),
    }
}

impl From<FirehoseError> for AwsError {
    fn from(error: FirehoseError) -> Self {
        let (code, message) = (error.code(), error.to_string());
        match error {
            FirehoseError::ServiceUnavailable(_) => {
                Self::new(http::StatusCode::SERVICE_UNAVAILABLE, code, message)
            }
            _ => Self::bad_request(code, message),
        }
    }
}

/// The delivery stream a call names, its name checked.
fn key(context: &Context, name: Option<String>) -> Result<Key, FirehoseError> {
    const MEMBER: &str = "deliveryStreamName";
    let name = name.ok_or_else(|| FirehoseError::missing(MEMBER))?;
    let constraint = if name.is_empty() {
        "Member must have length greater than or equal to 1"
    } else if name.len() > 64 {
        "Member must have length less than or equal to 64"
    } else if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)) {
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
    } else {
        return Ok(Key { region: context.region.clone(), name });
    };
    Err(FirehoseError::constraint(MEMBER, &name, constraint))
}
