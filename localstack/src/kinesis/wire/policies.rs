//! Resource policies of streams and consumers: kept and shown, not evaluated.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::resource::Resource;
use crate::http::{AwsError, Context};
use crate::world::World;

/// The longest policy (?).
const MOST_BYTES: usize = 20 * 1024;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutPolicyInput {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    policy: String,
}

pub(crate) fn put(world: &Arc<World>, context: &Context, input: PutPolicyInput) -> Result<(), AwsError> {
    let resource = Resource::find(world, context, &input.resource_arn)?;
    let is_policy =
        serde_json::from_str::<serde_json::Value>(&input.policy).is_ok_and(|value| value.is_object());
    if !is_policy || input.policy.len() > MOST_BYTES {
        return Err(AwsError::validation("The policy is not a valid JSON policy document."));
    }
    resource.policy(world.clock.now(), |policy| *policy = Some(input.policy))
}

#[derive(Debug, Deserialize)]
pub(crate) struct PolicyInput {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetPolicyOutput {
    policy: String,
}

pub(crate) fn get(
    world: &Arc<World>,
    context: &Context,
    input: PolicyInput,
) -> Result<GetPolicyOutput, AwsError> {
    let resource = Resource::find(world, context, &input.resource_arn)?;
    let policy = resource.policy(world.clock.now(), |policy| policy.clone())?;
    // None is told as an empty one.
    Ok(GetPolicyOutput { policy: policy.unwrap_or_else(|| "{}".to_owned()) })
}

pub(crate) fn delete(world: &Arc<World>, context: &Context, input: PolicyInput) -> Result<(), AwsError> {
    let resource = Resource::find(world, context, &input.resource_arn)?;
    resource.policy(world.clock.now(), Option::take)?.map(|_| ()).ok_or_else(|| {
        let message = format!("No resource policy found for resource ARN {}.", resource.text());
        AwsError::bad_request("ResourceNotFoundException", message)
    })
}
