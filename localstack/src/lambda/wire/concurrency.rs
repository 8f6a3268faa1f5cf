//! Reserved concurrency, and the account's limits in a region.

use serde::Deserialize;
use serde_json::json;

use crate::http::{Answer, AwsError};

use super::super::error::LambdaError;
use super::super::name::FunctionRef;
use super::super::state::{ACCOUNT_CONCURRENCY, of_region};
use super::{Request, no_content};

/// What must stay unreserved of what the account may run at a time.
pub(super) const UNRESERVED: u32 = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConcurrencyInput {
    reserved_concurrent_executions: u32,
}

/// `PutFunctionConcurrency`.
pub(super) fn put(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let input: ConcurrencyInput = request.call.input()?;
    let named = whole(request, name)?;
    let reserved = input.reserved_concurrent_executions;
    let lambda = &request.world.lambda;
    let id = request.here().id(&named)?;
    let mut functions = lambda.functions.lock();
    let others = of_region(&functions, &id.region).filter(|(name, _)| **name != id.name);
    let others: u32 = others.filter_map(|(_, function)| function.reserved_concurrency).sum();
    let function = functions.get_mut(&id).ok_or_else(|| request.here().not_found(&named))?;
    if reserved.saturating_add(others) > ACCOUNT_CONCURRENCY - UNRESERVED {
        return Err(LambdaError::InvalidParameter(format!(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution \
             below its minimum value of [{UNRESERVED}]."
        ))
        .into());
    }
    let provisioned: u32 = function.provisioned.values().map(|provisioned| provisioned.requested).sum();
    if provisioned > reserved {
        return Err(LambdaError::InvalidParameter(format!(
            " ReservedConcurrentExecutions  {reserved} should not be lower than function's total provisioned \
             concurrency [{provisioned}]."
        ))
        .into());
    }
    function.reserved_concurrency = Some(reserved);
    drop(functions);
    request.output(&json!({ "ReservedConcurrentExecutions": reserved }))
}

/// A function named without a qualifier: its versions share its concurrency.
fn whole(request: &Request<'_>, name: &str) -> Result<FunctionRef, AwsError> {
    let named = request.function(name)?;
    if named.qualifier.is_none() {
        return Ok(named);
    }
    Err(LambdaError::InvalidParameter(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. \
         Please specify either a function name or an unqualified function ARN."
            .to_owned(),
    )
    .into())
}

/// `GetFunctionConcurrency`.
pub(super) fn read(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    let reserved =
        request.world.lambda.with_function(&named, &request.here(), |f| Ok(f.reserved_concurrency))?;
    request.output(&match reserved {
        Some(reserved) => json!({ "ReservedConcurrentExecutions": reserved }),
        None => json!({}),
    })
}

/// `DeleteFunctionConcurrency`.
pub(super) fn delete(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = whole(request, name)?;
    request.world.lambda.with_function(&named, &request.here(), |function| {
        function.reserved_concurrency = None;
        Ok(())
    })?;
    Ok(no_content())
}

/// `GetAccountSettings`.
pub(super) fn account(request: &Request<'_>) -> Result<Answer, AwsError> {
    let region = request.here().region;
    let unreserved = request.world.lambda.unreserved(region);
    let functions = request.world.lambda.functions.lock();
    let code: u64 = of_region(&functions, region).map(|(_, function)| function.latest.package.size).sum();
    let count = of_region(&functions, region).count();
    drop(functions);
    request.output(&json!({
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800_u64,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": ACCOUNT_CONCURRENCY,
            "UnreservedConcurrentExecutions": unreserved,
        },
        "AccountUsage": { "TotalCodeSize": code, "FunctionCount": count },
    }))
}
