//! `GetFunction`, `GetFunctionConfiguration`, `ListFunctions`, and the code archive that `GetFunction` points to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::http::{Answer, AwsError};

use super::super::error::LambdaError;
use super::super::function::{Progress, Version};
use super::super::name::FunctionRef;
use super::super::state::{Location, of_region};
use super::Request;
use super::shapes::ConfigurationShape;

/// Functions of a page unless asked for otherwise, and at most.
const PAGE: usize = 50;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct CodeLocation {
    repository_type: &'static str,
    location: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Concurrency {
    reserved_concurrent_executions: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionOutput<'a> {
    configuration: ConfigurationShape<'a>,
    code: CodeLocation,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrency: Option<Concurrency>,
}

/// A version as it stands.
struct Found {
    version: Arc<Version>,
    progress: Progress,
    tags: BTreeMap<String, String>,
    reserved: Option<u32>,
}

fn find(request: &Request<'_>, named: &FunctionRef) -> Result<Found, LambdaError> {
    let (world, here) = (request.world, request.here());
    world.lambda.with_function(named, &here, |function| {
        let version = function.version(named.version()).ok_or_else(|| here.not_found(named))?;
        Ok(Found {
            version: Arc::clone(version),
            progress: function.progress(world.clock.now(), world.lambda.transition),
            tags: function.tags.clone(),
            reserved: function.reserved_concurrency,
        })
    })
}

/// `GetFunction`.
pub(super) fn function(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    let found = find(request, &named)?;
    let url = request.world.endpoint_url.as_deref().unwrap_or_default();
    // Whoever fetches the code signs nothing, so that the path alone says which region the function is of.
    let (arn, number) = (&found.version.arn, &found.version.number);
    request.output(&FunctionOutput {
        configuration: ConfigurationShape::of(
            &found.version,
            Some(found.progress),
            named.qualifier.is_some(),
        ),
        code: CodeLocation {
            repository_type: "S3",
            location: format!("{url}/2015-03-31/functions/{arn}/code/archive?Qualifier={number}"),
        },
        tags: found.tags,
        concurrency: found.reserved.map(|reserved| Concurrency { reserved_concurrent_executions: reserved }),
    })
}

/// `GetFunctionConfiguration`.
pub(super) fn configuration(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    let found = find(request, &named)?;
    request.output(&ConfigurationShape::of(&found.version, Some(found.progress), named.qualifier.is_some()))
}

/// The zip file behind `Code.Location`.
pub(super) async fn archive(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    let here = request.here();
    let version = request.world.lambda.version(&named, &Location::of(&named, here.region, here.account))?;
    let zip = version.package.archive().await.map_err(LambdaError::from)?;
    Ok(Answer::new("application/zip", zip))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListOutput<'a> {
    functions: Vec<ConfigurationShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

/// `ListFunctions`.
pub(super) fn list(request: &Request<'_>) -> Result<Answer, AwsError> {
    let limit =
        request.call.query("MaxItems").and_then(|text| text.parse().ok()).unwrap_or(PAGE).clamp(1, PAGE);
    let marker = request.call.query("Marker").unwrap_or_default();
    let all_versions = request.call.query("FunctionVersion").as_deref() == Some("ALL");
    let mut versions: Vec<Arc<Version>> = Vec::new();
    let mut next_marker = None;
    for (name, function) in of_region(&request.world.lambda.functions.lock(), request.here().region) {
        if name.as_str() <= marker.as_str() && !marker.is_empty() {
            continue;
        }
        if versions.len() >= limit {
            next_marker = versions.last().map(|version| version.id.name.as_str().to_owned());
            break;
        }
        versions.push(Arc::clone(&function.latest));
        if all_versions {
            versions.extend(function.published.iter().cloned());
        }
    }
    let functions = versions.iter().map(|v| ConfigurationShape::of(v, None, all_versions)).collect();
    request.output(&ListOutput { functions, next_marker })
}
