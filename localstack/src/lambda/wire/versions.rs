//! `PublishVersion` and `ListVersionsByFunction`.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::http::{Answer, AwsError};

use super::super::error::LambdaError;
use super::super::function::{Function, Version};
use super::Request;
use super::shapes::ConfigurationShape;

/// Most published versions of a function.
const MAX_VERSIONS: usize = 1000;

/// Publishes the code and configuration as they are. When nothing changed since the last time, that version is
/// answered again, as on AWS.
pub(super) fn cut(
    function: &mut Function,
    description: Option<String>,
    (now, revision): (Timestamp, Uuid),
) -> Result<Arc<Version>, LambdaError> {
    let mut version = Version::clone(&function.latest);
    if let Some(description) = description {
        version.configuration.description = description;
    }
    if let Some(last) = function.published.last()
        && last.package.sha256 == version.package.sha256
        && last.configuration == version.configuration
    {
        return Ok(Arc::clone(last));
    }
    if function.published.len() >= MAX_VERSIONS {
        return Err(LambdaError::InvalidParameter(format!(
            "More than {MAX_VERSIONS} versions of a function"
        )));
    }
    version.number = function.next_version.to_string();
    version.revision = revision;
    version.modified = now;
    function.next_version += 1;
    let version = Arc::new(version);
    function.published.push(Arc::clone(&version));
    Ok(version)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PublishInput {
    code_sha256: Option<String>,
    description: Option<String>,
    revision_id: Option<String>,
}

/// `PublishVersion`.
pub(super) fn publish(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let input: PublishInput = request.call.input()?;
    let named = request.function(name)?;
    let (world, here) = (request.world, request.here());
    let (version, progress) = world.lambda.with_function(&named, &here, |function| {
        let latest = &function.latest;
        if input.code_sha256.as_ref().is_some_and(|sha256| *sha256 != latest.package.sha256) {
            return Err(LambdaError::InvalidParameter(format!(
                "CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). Please try again with the \
                 CodeSHA256 in $LATEST.",
                input.code_sha256.unwrap_or_default(),
                latest.package.sha256
            )));
        }
        if input.revision_id.as_ref().is_some_and(|revision| *revision != latest.revision.to_string()) {
            return Err(LambdaError::RevisionMismatch);
        }
        let now = world.clock.now();
        let version = cut(function, input.description, (now, request.revision()))?;
        Ok((version, function.progress(now, world.lambda.transition)))
    })?;
    request.created(&ConfigurationShape::of(&version, Some(progress), false))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListOutput<'a> {
    versions: Vec<ConfigurationShape<'a>>,
}

/// `ListVersionsByFunction`, on one page.
pub(super) fn list(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    let versions = request.world.lambda.with_function(&named, &request.here(), |function| {
        let mut all = vec![Arc::clone(&function.latest)];
        all.extend(function.published.iter().cloned());
        Ok(all)
    })?;
    let versions = versions.iter().map(|version| ConfigurationShape::of(version, None, true)).collect();
    request.output(&ListOutput { versions })
}
