//! Tells the Lambda Runtime API that a function cannot start, so that whoever invoked it reads why instead of
//! a bare exit status. `lambda_runtime` has no public call for it.

use lambda_runtime_api_client::{Client, body::Body};

/// Posts `message` to `/runtime/init/error`. That the report fails is logged, and is no reason to hide the
/// error it is about.
pub(crate) async fn report(error_type: &str, message: &str) {
    if let Err(error) = post(error_type, message).await {
        tracing::error!(error, "the initialization error could not be reported");
    }
}

async fn post(error_type: &str, message: &str) -> Result<(), lambda_runtime_api_client::BoxError> {
    let body = serde_json::json!({ "errorType": error_type, "errorMessage": message, "stackTrace": [] });
    let request = http::Request::post("/2018-06-01/runtime/init/error")
        .header("content-type", "application/vnd.aws.lambda.error+json")
        .header("lambda-runtime-function-error-type", error_type)
        .body(Body::from(body.to_string()))?;
    Client::builder().build()?.call(request).await?;
    Ok(())
}
