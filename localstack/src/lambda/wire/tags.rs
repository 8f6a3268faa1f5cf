//! `TagResource`, `UntagResource` and `ListTags`, by the ARN of a function or an event source mapping.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::http::{Answer, AwsError};

use super::super::error::LambdaError;
use super::super::name::FunctionRef;
use super::{Request, checks, mappings, no_content};

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tags {
    tags: BTreeMap<String, String>,
}

/// `TagResource`.
pub(super) fn tag(request: &Request<'_>, arn: &str) -> Result<Answer, AwsError> {
    let input: Tags = request.call.input()?;
    with_tags(request, arn, |before| {
        let mut tags = before.clone();
        tags.extend(input.tags);
        checks::tags(&tags)?;
        *before = tags;
        Ok(())
    })?;
    Ok(no_content())
}

/// `UntagResource`.
pub(super) fn untag(request: &Request<'_>, arn: &str) -> Result<Answer, AwsError> {
    with_tags(request, arn, |tags| {
        for key in request.call.query_all("tagKeys") {
            tags.remove(&key);
        }
        Ok(())
    })?;
    Ok(no_content())
}

/// `ListTags`.
pub(super) fn list(request: &Request<'_>, arn: &str) -> Result<Answer, AwsError> {
    let tags = with_tags(request, arn, |tags| Ok(tags.clone()))?;
    request.output(&Tags { tags })
}

/// Runs `f` on the tags of what an ARN names.
fn with_tags<T>(
    request: &Request<'_>,
    arn: &str,
    f: impl FnOnce(&mut BTreeMap<String, String>) -> Result<T, LambdaError>,
) -> Result<T, LambdaError> {
    if let Some(mapping) = mappings::key_of_arn(arn) {
        return mappings::with_tags(request, mapping?, f);
    }
    let named = FunctionRef::parse(arn)?;
    request.world.lambda.with_function(&named, &request.here(), |function| f(&mut function.tags))
}
