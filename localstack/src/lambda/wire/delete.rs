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
            let id = here.id(&named)?;
            let removed = lambda.functions.lock().remove(&id);
            if removed.is_none() {
                return Err(here.not_found(&named).into());
            }
            lambda.executor.forget(&id);
        }
        Some(LATEST) => {
            let message = "$LATEST version cannot be deleted without deleting the function.";
            return Err(LambdaError::InvalidParameter(message.to_owned()).into());
        }
        Some(number) => lambda.with_function(&named, &here, |function| {
            let aliases = function.aliases.iter().filter(|(_, alias)| alias.names(number));
            let aliases: Vec<&str> = aliases.map(|(name, _)| name.as_str()).collect();
            if !aliases.is_empty() {
                return Err(LambdaError::Conflict(format!(
                    "Unable to delete version because the following aliases reference it: [{}]",
                    aliases.join(", ")
                )));
            }
            function.published.retain(|version| version.number != number);
            if function.aliases.contains_key(number) {
                return Err(here.not_found(&named));
            }
            function.policies.remove(number);
            function.event_invoke.remove(number);
            function.provisioned.remove(number);
            Ok(())
        })?,
    }
    Ok(no_content())
}
