//! Event source mappings: `CreateEventSourceMapping`, `Get…`, `List…s`, `Update…` and `Delete…`.

mod checks;
mod input;
mod output;

use std::collections::BTreeMap;

use ::http::{Method, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use crate::http::{Answer, AwsError, Violations};

use super::super::error::LambdaError;
use super::super::mapping::{Create, Mapping, Settings, Update};
use super::super::name::FunctionRef;
use super::{Request, checks as function_checks, unknown};
use input::{CreateInput, SettingsInput};
use output::MappingShape;

/// Mappings of a page, and at most.
const PAGE: usize = 100;

/// Answers a call below `/event-source-mappings`.
pub(super) fn serve(request: &Request<'_>, rest: &[&str]) -> Result<Answer, AwsError> {
    match (&request.call.method, rest) {
        (&Method::POST, []) => create(request),
        (&Method::GET, []) => list(request),
        (&Method::GET, [id]) => read(request, id),
        (&Method::PUT, [id]) => update(request, id),
        (&Method::DELETE, [id]) => delete(request, id),
        _ => Err(unknown(request.call)),
    }
}

fn create(request: &Request<'_>) -> Result<Answer, AwsError> {
    let input: CreateInput = request.call.input()?;
    let mut violations = Violations::default();
    input.validate(&mut violations);
    violations.check()?;
    checks::only_kinesis(&input.settings)?;
    let source = checks::source(input.event_source_arn.as_deref())?;
    checks::is_here(&source, request.here().region)?;
    let (position, timestamp) = (input.starting_position.as_deref(), input.starting_position_timestamp);
    let start = checks::start(position, timestamp, request.world.clock.now())?;
    let function_arn = function_arn(request, input.settings.function_name.as_deref().unwrap_or_default())?;
    let tags = input.tags.unwrap_or_default();
    function_checks::tags(&tags)?;
    let here = request.here();
    let create = Create {
        region: here.region.to_owned(),
        account: here.account.to_owned(),
        source,
        start,
        settings: checks::settings(&input.settings, Settings::of(function_arn))?,
        enabled: input.settings.enabled.unwrap_or(true),
        tags,
    };
    let mapping = request.world.lambda.mappings.create(request.world, create)?;
    accepted(request, &mapping)
}

/// The ARN of a function that exists, with the qualifier it was named with.
fn function_arn(request: &Request<'_>, name: &str) -> Result<String, LambdaError> {
    let named = FunctionRef::parse(name)?;
    let version = request
        .world
        .lambda
        .version(&named, &request.here())
        .map_err(|_| LambdaError::InvalidParameter("Function does not exist".to_owned()))?;
    Ok(match &named.qualifier {
        Some(qualifier) => format!("{}:{qualifier}", version.arn),
        None => version.arn.clone(),
    })
}

fn read(request: &Request<'_>, id: &str) -> Result<Answer, AwsError> {
    let now = request.world.clock.now();
    let mapping = request.world.lambda.mappings.find(key(request, id)?, now)?;
    request.output(&MappingShape::of(&mapping))
}

fn update(request: &Request<'_>, id: &str) -> Result<Answer, AwsError> {
    let input: SettingsInput = request.call.input()?;
    let mut violations = Violations::default();
    input.validate(&mut violations);
    violations.check()?;
    checks::only_kinesis(&input)?;
    let function_arn = input.function_name.as_deref().map(|name| function_arn(request, name)).transpose()?;
    let (world, now) = (request.world, request.world.clock.now());
    let mapping =
        world.lambda.mappings.update(key(request, id)?, now, world.lambda.transition, |mapping| {
            let mut settings = (*mapping.settings).clone();
            settings.function_arn = function_arn.unwrap_or(settings.function_arn);
            let enabled = input.enabled.unwrap_or(mapping.enabled);
            Ok(Update { settings: checks::settings(&input, settings)?, enabled })
        })?;
    accepted(request, &mapping)
}

fn delete(request: &Request<'_>, id: &str) -> Result<Answer, AwsError> {
    let (world, now) = (request.world, request.world.clock.now());
    let mapping = world.lambda.mappings.delete(key(request, id)?, now, world.lambda.transition)?;
    accepted(request, &mapping)
}

fn accepted(request: &Request<'_>, mapping: &Mapping) -> Result<Answer, AwsError> {
    Ok(request.output(&MappingShape::of(mapping))?.with_status(StatusCode::ACCEPTED))
}

/// The mapping with this id in the region of the call.
fn key<'a>(request: &Request<'a>, id: &str) -> Result<(&'a str, Uuid), LambdaError> {
    Ok((request.here().region, parse(id)?))
}

/// An id that is none names no mapping.
fn parse(id: &str) -> Result<Uuid, LambdaError> {
    if id.len() != 36 {
        return Err(LambdaError::Validation(format!(
            "1 validation error detected: Value '{id}' at 'uUID' failed to satisfy constraint: Member must have length \
             {} than or equal to 36",
            if id.len() < 36 { "greater" } else { "less" }
        )));
    }
    id.parse().map_err(|_| LambdaError::NotFound("The resource you requested does not exist.".to_owned()))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListOutput<'a> {
    event_source_mappings: Vec<MappingShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

/// How many mappings a page holds that is to hold so many.
fn max_items(asked: Option<&str>) -> Result<usize, AwsError> {
    let Some(text) = asked else { return Ok(PAGE) };
    let number = text.parse::<i64>();
    let mut violations = Violations::default();
    match number {
        Ok(number) => violations.range("maxItems", Some(number), 1, 10_000),
        // AWS's words for what is no number are not known (?).
        Err(_) => violations.add("maxItems", text, "Member must be a number"),
    }
    violations.check()?;
    Ok(number.ok().and_then(|number| usize::try_from(number).ok()).unwrap_or(PAGE).min(PAGE))
}

fn list(request: &Request<'_>) -> Result<Answer, AwsError> {
    let call = request.call;
    let limit = max_items(call.query("MaxItems").as_deref())?;
    let function = match call.query("FunctionName").filter(|name| !name.is_empty()) {
        Some(name) => Some(wanted_arn(request, &FunctionRef::parse(&name)?)?),
        None => None,
    };
    let source = call.query("EventSourceArn").filter(|arn| !arn.is_empty());
    let marker = call.query("Marker").unwrap_or_default();
    let is_wanted = |mapping: &Mapping| {
        mapping.id.to_string() > marker
            && function.as_ref().is_none_or(|arn| *arn == mapping.settings.function_arn)
            && source.as_ref().is_none_or(|arn| *arn == mapping.source.to_string())
    };
    let all = request.world.lambda.mappings.list(request.here().region, request.world.clock.now());
    let wanted: Vec<&Mapping> = all.iter().filter(|mapping| is_wanted(mapping)).collect();
    let page = wanted.get(..limit).unwrap_or(&wanted);
    let is_last = page.len() == wanted.len();
    let next_marker = page.last().filter(|_| !is_last).map(|mapping| mapping.id.to_string());
    let event_source_mappings = page.iter().map(|mapping| MappingShape::of(mapping)).collect();
    request.output(&ListOutput { event_source_mappings, next_marker })
}

/// The ARN a mapping of this function has; the function itself may be gone.
fn wanted_arn(request: &Request<'_>, named: &FunctionRef) -> Result<String, LambdaError> {
    let arn = request.here().arn(&request.here().id(named)?.name);
    Ok(match &named.qualifier {
        Some(qualifier) => format!("{arn}:{qualifier}"),
        None => arn,
    })
}

/// The mapping an ARN names, if it names one: its region and id.
pub(super) fn key_of_arn(arn: &str) -> Option<Result<(&str, Uuid), LambdaError>> {
    let (before, id) = arn.split_once(":event-source-mapping:")?;
    let region = before.split(':').nth(3).unwrap_or_default();
    Some(parse(id).map(|id| (region, id)))
}

/// Reads or changes the tags of a mapping. One of another region is not there.
pub(super) fn with_tags<T>(
    request: &Request<'_>,
    (region, id): (&str, Uuid),
    change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<T, LambdaError>,
) -> Result<T, LambdaError> {
    if region != request.here().region {
        return Err(LambdaError::NotFound("The resource you requested does not exist.".to_owned()));
    }
    request.world.lambda.mappings.with_tags((region, id), request.world.clock.now(), change)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_a_hundred_at_most_and_what_is_refused_is_named() {
        for (asked, most) in [(None, 100), (Some("1"), 1), (Some("100"), 100), (Some("10000"), 100)] {
            assert_eq!(max_items(asked).unwrap(), most);
        }
        for (asked, constraint) in [
            ("0", "Member must have value greater than or equal to 1"),
            ("20000", "Member must have value less than or equal to 10000"),
            ("abc", "Member must be a number"),
        ] {
            let message = max_items(Some(asked)).unwrap_err().to_string();
            let expected =
                format!("Value '{asked}' at 'maxItems' failed to satisfy constraint: {constraint}");
            assert!(message.contains(&expected), "{message}");
        }
    }
}
