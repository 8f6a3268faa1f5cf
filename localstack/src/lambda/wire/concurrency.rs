//! Reserved concurrency, and the account's limits.

use serde::Deserialize;
use serde_json::json;

use crate::http::{Answer, AwsError};

use super::super::error::LambdaError;
use super::{Request, no_content};

/// What the account may run at a time, and what must stay unreserved of it.
const ACCOUNT: u32 = 1000;
const UNRESERVED: u32 = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConcurrencyInput {
    reserved_concurrent_executions: u32,
}

/// `PutFunctionConcurrency`.
pub(super) fn put(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let input: ConcurrencyInput = request.call.input()?;
    let named = request.function(name)?;
    let reserved = input.reserved_concurrent_executions;
    if reserved > ACCOUNT - UNRESERVED {
        return Err(LambdaError::InvalidParameter(format!(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution \
             below its minimum value of [{UNRESERVED}]."
        ))
        .into());
    }
    request.world.lambda.with_function(&named, &request.here(), |function| {
        function.reserved_concurrency = Some(reserved);
        Ok(())
    })?;
    request.output(&json!({ "ReservedConcurrentExecutions": reserved }))
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
    let named = request.function(name)?;
    request.world.lambda.with_function(&named, &request.here(), |function| {
        function.reserved_concurrency = None;
        Ok(())
    })?;
    Ok(no_content())
}

/// `GetAccountSettings`.
pub(super) fn account(request: &Request<'_>) -> Result<Answer, AwsError> {
    let functions = request.world.lambda.functions.lock();
    let reserved: u32 = functions.values().filter_map(|function| function.reserved_concurrency).sum();
    let code: u64 = functions.values().map(|function| function.latest.package.size).sum();
    let count = functions.len();
    drop(functions);
    request.output(&json!({
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800_u64,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": ACCOUNT,
            "UnreservedConcurrentExecutions": ACCOUNT.saturating_sub(reserved),
        },
        "AccountUsage": { "TotalCodeSize": code, "FunctionCount": count },
    }))
}
