//! `TagResource`, `UntagResource` and `ListTags`, by the function's ARN.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::http::{Answer, AwsError};

use super::super::name::FunctionRef;
use super::{Request, checks, no_content};

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tags {
    tags: BTreeMap<String, String>,
}

/// `TagResource`.
pub(super) fn tag(request: &Request<'_>, arn: &str) -> Result<Answer, AwsError> {
    let input: Tags = request.call.input()?;
    let named = FunctionRef::parse(arn)?;
    request.world.lambda.with_function(&named, &request.here(), |function| {
        let mut tags = function.tags.clone();
        tags.extend(input.tags);
        checks::tags(&tags)?;
        function.tags = tags;
        Ok(())
    })?;
    Ok(no_content())
}

/// `UntagResource`.
pub(super) fn untag(request: &Request<'_>, arn: &str) -> Result<Answer, AwsError> {
    let named = FunctionRef::parse(arn)?;
    request.world.lambda.with_function(&named, &request.here(), |function| {
        for key in request.call.query_all("tagKeys") {
            function.tags.remove(&key);
        }
        Ok(())
    })?;
    Ok(no_content())
}

/// `ListTags`.
pub(super) fn list(request: &Request<'_>, arn: &str) -> Result<Answer, AwsError> {
    let named = FunctionRef::parse(arn)?;
    let tags =
        request.world.lambda.with_function(&named, &request.here(), |function| Ok(function.tags.clone()))?;
    request.output(&Tags { tags })
}
