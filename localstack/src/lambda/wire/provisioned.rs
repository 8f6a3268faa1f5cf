//! `PutProvisionedConcurrencyConfig` and its siblings: accepted and described as ready. Sandboxes here start when they
//! are needed and stay warm after, so there is nothing to provision.

use ::http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use crate::http::{Answer, AwsError, Violations};

use super::super::error::LambdaError;
use super::super::function::{Function, Provisioned};
use super::super::name::{FunctionRef, LATEST};
use super::super::state::ACCOUNT_CONCURRENCY;
use super::concurrency::UNRESERVED;
use super::shapes::last_modified;
use super::{Request, no_content, page, unknown};

const PAGE: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProvisionedInput {
    provisioned_concurrent_executions: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProvisionedShape {
    #[serde(skip_serializing_if = "Option::is_none")]
    function_arn: Option<String>,
    requested_provisioned_concurrent_executions: u32,
    available_provisioned_concurrent_executions: u32,
    allocated_provisioned_concurrent_executions: u32,
    status: &'static str,
    last_modified: String,
}

impl ProvisionedShape {
    /// Ready, or just asked for.
    fn of(provisioned: &Provisioned, ready: bool, function_arn: Option<String>) -> Self {
        let allocated = if ready { provisioned.requested } else { 0 };
        Self {
            function_arn,
            requested_provisioned_concurrent_executions: provisioned.requested,
            available_provisioned_concurrent_executions: allocated,
            allocated_provisioned_concurrent_executions: allocated,
            status: if ready { "READY" } else { "IN_PROGRESS" },
            last_modified: last_modified(provisioned.modified),
        }
    }
}

/// The operation by its method and query.
pub(super) fn serve(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    match request.call.method {
        Method::PUT => put(request, name),
        Method::GET if request.call.query("List").is_some() => list(request, name),
        Method::GET => read(request, name),
        Method::DELETE => delete(request, name),
        _ => Err(unknown(request.call)),
    }
}

/// A version or alias; the unpublished version cannot be provisioned.
fn published(request: &Request<'_>, name: &str, message: &str) -> Result<FunctionRef, AwsError> {
    let named = request.function(name)?;
    if named.version() == LATEST {
        return Err(LambdaError::InvalidParameter(message.to_owned()).into());
    }
    Ok(named)
}

const UNPUBLISHED: &str = "The function resource provided must be an alias or a published version.";

fn check(function: &Function, qualifier: &str, requested: u32, unreserved: u32) -> Result<(), LambdaError> {
    let others = function.provisioned.iter().filter(|(key, _)| key.as_str() != qualifier);
    let others: u32 = others.map(|(_, provisioned)| provisioned.requested).sum();
    let invalid = |text: String| Err(LambdaError::InvalidParameter(text));
    match function.reserved_concurrency {
        Some(reserved) if others.saturating_add(requested) > reserved => invalid(
            "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
                .to_owned(),
        ),
        None if requested > ACCOUNT_CONCURRENCY => invalid(format!(
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency \
             [{ACCOUNT_CONCURRENCY}]."
        )),
        None if requested > unreserved.saturating_sub(UNRESERVED) => invalid(format!(
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its \
             minimum value of [{UNRESERVED}]."
        )),
        _ => Ok(()),
    }
}

fn put(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let input: ProvisionedInput = request.call.input()?;
    let mut violations = Violations::default();
    let requested = input.provisioned_concurrent_executions;
    violations.range("provisionedConcurrentExecutions", Some(requested), 1, i64::from(u32::MAX));
    violations.check()?;
    let message = "Provisioned Concurrency Configs cannot be applied to unpublished function versions.";
    let named = published(request, name, message)?;
    let requested = u32::try_from(requested).unwrap_or(u32::MAX);
    let (lambda, here) = (&request.world.lambda, request.here());
    let unreserved = lambda.unreserved(here.region);
    let shape = lambda.with_function(&named, &here, |function| {
        function.version(named.version()).ok_or_else(|| here.not_found(&named))?;
        check(function, named.version(), requested, unreserved)?;
        let provisioned = Provisioned { requested, modified: request.world.clock.now() };
        function.provisioned.insert(named.version().to_owned(), provisioned);
        Ok(ProvisionedShape::of(&provisioned, false, None))
    })?;
    Ok(request.output(&shape)?.with_status(StatusCode::ACCEPTED))
}

fn read(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = published(request, name, UNPUBLISHED)?;
    let here = request.here();
    let found = request.world.lambda.with_function(&named, &here, |function| {
        function.version(named.version()).ok_or_else(|| here.not_found(&named))?;
        Ok(function.provisioned.get(named.version()).copied())
    })?;
    match found {
        Some(provisioned) => request.output(&ProvisionedShape::of(&provisioned, true, None)),
        None => Err(AwsError::new(
            StatusCode::NOT_FOUND,
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
        )),
    }
}

fn delete(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = published(request, name, UNPUBLISHED)?;
    request.world.lambda.with_function(&named, &request.here(), |function| {
        function.provisioned.remove(named.version());
        Ok(())
    })?;
    Ok(no_content())
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListOutput {
    provisioned_concurrency_configs: Vec<ProvisionedShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

fn list(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    let shapes: Vec<(String, ProvisionedShape)> =
        request.world.lambda.with_function(&named, &request.here(), |function| {
            let arn = |key: &String| Some(format!("{}:{key}", function.latest.arn));
            let all = function.provisioned.iter();
            Ok(all.map(|(key, config)| (key.clone(), ProvisionedShape::of(config, true, arn(key)))).collect())
        })?;
    let (provisioned_concurrency_configs, next_marker) = page(request, shapes, PAGE);
    request.output(&ListOutput { provisioned_concurrency_configs, next_marker })
}
