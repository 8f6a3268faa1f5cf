//! Settings of a function that have one value here: what AWS has unless told otherwise. Reading them works, for tools
//! that do so on each refresh; changing them is refused by name.

use ::http::Method;
use serde_json::json;

use crate::http::{Answer, AwsError};

use super::super::error::LambdaError;
use super::create::refused;
use super::{Request, unknown};

/// The operation by its method and path.
pub(super) fn serve(request: &Request<'_>, name: &str, rest: &[&str]) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    let version = request.world.lambda.version(&named, &request.here());
    let reads = request.call.method == Method::GET;
    match rest {
        ["code-signing-config"] if reads => {
            version?;
            request.output(&json!({ "FunctionName": named.name.as_str(), "CodeSigningConfigArn": "" }))
        }
        ["runtime-management-config"] if reads => {
            let arn = version?.qualified_arn();
            request
                .output(&json!({ "UpdateRuntimeOn": "Auto", "RuntimeVersionArn": null, "FunctionArn": arn }))
        }
        ["recursion-config"] if reads => {
            version?;
            request.output(&json!({ "RecursiveLoop": "Terminate" }))
        }
        ["url"] if reads => {
            version?;
            Err(LambdaError::NotFound("The resource you requested does not exist.".to_owned()).into())
        }
        ["urls"] if reads => {
            version?;
            request.output(&json!({ "FunctionUrlConfigs": [] }))
        }
        ["url"] => Err(refused("function URLs").into()),
        ["code-signing-config"] => Err(refused("code signing").into()),
        ["recursion-config"] => Err(refused("another recursion configuration").into()),
        ["runtime-management-config"] => Err(refused("another runtime management configuration").into()),
        ["response-streaming-invocations"] => Err(refused("streamed responses").into()),
        ["durable-executions", ..] => Err(refused("durable executions").into()),
        _ => Err(unknown(request.call)),
    }
}
