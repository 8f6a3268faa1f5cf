//! `PutFunctionEventInvokeConfig`, `UpdateFunctionEventInvokeConfig`, `GetFunctionEventInvokeConfig`,
//! `DeleteFunctionEventInvokeConfig`, `ListFunctionEventInvokeConfigs`.

use std::time::Duration;

use ::http::Method;
use serde::{Deserialize, Serialize};

use crate::http::{Answer, AwsError, Violations};

use super::super::error::LambdaError;
use super::super::event_invoke::EventInvokeConfig;
use super::super::name::FunctionRef;
use super::{Request, no_content, page, unknown};

const PAGE: usize = 50;
/// The API model's pattern of a destination.
const PATTERN: &str = "$|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)";

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
}

impl Destination {
    fn arn(self) -> Option<String> {
        self.destination.filter(|arn| !arn.is_empty())
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
struct Destinations {
    on_success: Destination,
    on_failure: Destination,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConfigInput {
    maximum_retry_attempts: Option<i64>,
    maximum_event_age_in_seconds: Option<i64>,
    destination_config: Option<Destinations>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ConfigShape {
    last_modified: f64,
    function_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_retry_attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_event_age_in_seconds: Option<u64>,
    destination_config: Destinations,
}

impl ConfigShape {
    fn of(function_arn: String, config: &EventInvokeConfig) -> Self {
        let destination = |arn: &Option<String>| Destination { destination: arn.clone() };
        Self {
            last_modified: config.modified.as_duration().as_secs_f64(),
            function_arn,
            maximum_retry_attempts: config.retries,
            maximum_event_age_in_seconds: config.max_age.map(|age| age.as_secs()),
            destination_config: Destinations {
                on_success: destination(&config.on_success),
                on_failure: destination(&config.on_failure),
            },
        }
    }
}

/// The operation by its method and path.
pub(super) fn serve(request: &Request<'_>, name: &str, rest: &[&str]) -> Result<Answer, AwsError> {
    match (&request.call.method, rest) {
        (&Method::PUT, []) => change(request, name, false),
        (&Method::POST, []) => change(request, name, true),
        (&Method::GET, []) => read(request, name),
        (&Method::DELETE, []) => delete(request, name),
        (&Method::GET, ["list"]) => list(request, name),
        _ => Err(unknown(request.call)),
    }
}

fn check(input: &ConfigInput) -> Result<(), AwsError> {
    let mut violations = Violations::default();
    violations.range("maximumRetryAttempts", input.maximum_retry_attempts, 0, 2);
    violations.range("maximumEventAgeInSeconds", input.maximum_event_age_in_seconds, 60, 21_600);
    if let Some(destinations) = &input.destination_config {
        for (member, destination) in [
            ("destinationConfig.onSuccess.destination", &destinations.on_success),
            ("destinationConfig.onFailure.destination", &destinations.on_failure),
        ] {
            let arn = destination.destination.as_deref();
            violations.length(member, arn, 0, 350);
            violations.pattern(member, arn, PATTERN, |arn| {
                let parts: Vec<&str> = arn.splitn(6, ':').collect();
                arn.is_empty()
                    || arn.starts_with("kafka://")
                    || matches!(parts.as_slice(), ["arn", partition, service, ..]
                        if parts.len() == 6 && partition.starts_with("aws") && !service.is_empty())
            });
        }
    }
    violations.check()?;
    let nothing = input.maximum_retry_attempts.is_none()
        && input.maximum_event_age_in_seconds.is_none()
        && input.destination_config.is_none();
    if nothing {
        let message = "You must specify at least one of error handling or destination setting.";
        return Err(LambdaError::InvalidParameter(message.to_owned()).into());
    }
    Ok(())
}

/// Which services take records: a bucket those of failures only. Functions must be there, and another one.
fn check_destinations(
    request: &Request<'_>,
    named: &FunctionRef,
    (on_success, on_failure): (Option<&str>, Option<&str>),
) -> Result<(), LambdaError> {
    let service = |arn: &str| arn.split(':').nth(2).unwrap_or_default().to_owned();
    let taken = |arn: &str, more: &[&str]| {
        let service = service(arn);
        ["lambda", "sqs", "sns", "events"].contains(&service.as_str()) || more.contains(&service.as_str())
    };
    if on_success.is_some_and(|arn| !taken(arn, &[])) || on_failure.is_some_and(|arn| !taken(arn, &["s3"])) {
        let part = |name: &str, arn: Option<&str>| {
            arn.map_or_else(|| "null".to_owned(), |arn| format!("{name}(destination={arn})"))
        };
        return Err(LambdaError::InvalidParameter(format!(
            "The provided destination config DestinationConfig(onSuccess={}, onFailure={}) is invalid.",
            part("OnSuccess", on_success),
            part("OnFailure", on_failure)
        )));
    }
    for arn in [on_success, on_failure].into_iter().flatten() {
        let invalid = || LambdaError::InvalidParameter(format!("The destination ARN {arn} is invalid."));
        match service(arn).as_str() {
            "lambda" => {
                let target = FunctionRef::parse(arn).map_err(|_| invalid())?;
                if target.name == named.name {
                    let message = "You can't specify the function as a destination for itself.";
                    return Err(LambdaError::InvalidParameter(message.to_owned()));
                }
                request.world.lambda.version(&target, &request.here()).map_err(|_| invalid())?;
            }
            // (?) AWS asks the execution role to list the bucket; here it is asked whether it exists.
            "s3" if !request.world.s3.bucket_exists(arn.rsplit(':').next().unwrap_or_default()) => {
                return Err(invalid());
            }
            _ => {}
        }
    }
    Ok(())
}

/// The qualified ARN, and the error when nothing is configured there.
fn missing(request: &Request<'_>, named: &FunctionRef) -> LambdaError {
    let arn = format!("{}:{}", request.here().arn(&named.name), named.version());
    LambdaError::NotFound(format!("The function {arn} doesn't have an EventInvokeConfig"))
}

/// Put replaces a configuration; update changes what is sent of one that is there.
fn change(request: &Request<'_>, name: &str, keep: bool) -> Result<Answer, AwsError> {
    let input: ConfigInput = request.call.input()?;
    check(&input)?;
    let named = request.function(name)?;
    let lambda = &request.world.lambda;
    let there = lambda.version(&named, &request.here());
    there.map_err(|_| LambdaError::NotFound("The function doesn't exist.".to_owned()))?;
    let destinations = input.destination_config.map(|to| (to.on_success.arn(), to.on_failure.arn()));
    if let Some((on_success, on_failure)) = &destinations {
        check_destinations(request, &named, (on_success.as_deref(), on_failure.as_deref()))?;
    }
    let shape = lambda.with_function(&named, &request.here(), |function| {
        let qualifier = named.version();
        let mut config = match function.event_invoke.get(qualifier) {
            Some(config) if keep => config.clone(),
            None if keep => return Err(missing(request, &named)),
            _ => EventInvokeConfig::default(),
        };
        let age = input.maximum_event_age_in_seconds.and_then(|age| u64::try_from(age).ok());
        config.retries = input.maximum_retry_attempts.and_then(|n| u32::try_from(n).ok()).or(config.retries);
        config.max_age = age.map(Duration::from_secs).or(config.max_age);
        if let Some((on_success, on_failure)) = destinations {
            (config.on_success, config.on_failure) = (on_success, on_failure);
        }
        config.modified = request.world.clock.now();
        let shape = ConfigShape::of(format!("{}:{qualifier}", function.latest.arn), &config);
        function.event_invoke.insert(qualifier.to_owned(), config);
        Ok(shape)
    })?;
    request.output(&shape)
}

fn read(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    let missing = || missing(request, &named);
    let shape = request.world.lambda.with_function(&named, &request.here(), |function| {
        let config = function.event_invoke.get(named.version()).ok_or_else(missing)?;
        Ok(ConfigShape::of(format!("{}:{}", function.latest.arn, named.version()), config))
    });
    request.output(&shape.map_err(|_| missing())?)
}

fn delete(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    let missing = || missing(request, &named);
    let deleted = request.world.lambda.with_function(&named, &request.here(), |function| {
        function.event_invoke.remove(named.version()).map(drop).ok_or_else(missing)
    });
    deleted.map_err(|_| missing())?;
    Ok(no_content())
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListOutput {
    function_event_invoke_configs: Vec<ConfigShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

fn list(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    let shapes: Vec<(String, ConfigShape)> =
        request.world.lambda.with_function(&named, &request.here(), |function| {
            let arn = |qualifier: &str| format!("{}:{qualifier}", function.latest.arn);
            let configs = function.event_invoke.iter();
            Ok(configs.map(|(key, config)| (key.clone(), ConfigShape::of(arn(key), config))).collect())
        })?;
    let (function_event_invoke_configs, next_marker) = page(request, shapes, PAGE);
    request.output(&ListOutput { function_event_invoke_configs, next_marker })
}
