//! `DeleteFunction`.

use crate::http::{Answer, AwsError};

use super::super::error::LambdaError;
use super::super::name::LATEST;
use super::{Request, no_content};

/// Deletes a function with its versions and sandboxes, or one published version of it.
pub(super) fn delete(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    let (lambda, here) = (&request.world.lambda, request.here());
    match named.qualifier.as_deref() {
        None => {
            let removed = lambda.functions.lock().remove(&named.name);
            if removed.is_none() {
                return Err(here.not_found(&named).into());
            }
            lambda.executor.forget(&named.name);
        }
        Some(LATEST) => {
            let message = "$LATEST version cannot be deleted without deleting the function.";
            return Err(LambdaError::InvalidParameter(message.to_owned()).into());
        }
        Some(number) => lambda.with_function(&named, &here, |function| {
            function.published.retain(|version| version.number != number);
            Ok(())
        })?,
    }
    Ok(no_content())
}
