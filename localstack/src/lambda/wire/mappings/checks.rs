//! What AWS checks of a mapping beyond its model, with its messages.

use jiff::Timestamp;

use super::super::super::error::LambdaError;
use super::super::super::mapping::{Destination, EventSource, Filters, Settings, Start};
use super::input::{SettingsInput, Target};

/// Messages whose wording could not be looked up (?): what they refuse, AWS refuses as well.
mod unsure {
    pub(super) const AGE: &str = "MaximumRecordAgeInSeconds must be -1, or between 60 and 604800";
    pub(super) const WINDOWS_AND_LANES: &str =
        "ParallelizationFactor must be 1 when TumblingWindowInSeconds is greater than 0";
    pub(super) const FILTERS: &str = "The number of filters exceeds the limit of 5";
    pub(super) const FUTURE: &str = "StartingPositionTimestamp cannot be in the future.";
    pub(super) const METRICS: &str =
        "Unsupported MetricsConfig parameter for given event source mapping type.";

    pub(super) fn region(region: &str) -> String {
        format!("Event source region must match Lambda region {region}.")
    }

    pub(super) fn destination(arn: &str) -> String {
        format!(
            "The provided destination config DestinationConfig(onSuccess=null, \
             onFailure=OnFailure(destination={arn})) is invalid."
        )
    }
}

fn invalid(message: impl Into<String>) -> LambdaError {
    LambdaError::InvalidParameter(message.into())
}

/// Refuses what belongs to other kinds of sources.
pub(super) fn only_kinesis(input: &SettingsInput) -> Result<(), LambdaError> {
    let foreign = [
        ("LoggingConfig", &input.logging_config),
        ("ScalingConfig", &input.scaling_config),
        ("Topics", &input.topics),
        ("Queues", &input.queues),
        ("SourceAccessConfigurations", &input.source_access_configurations),
        ("SelfManagedEventSource", &input.self_managed_event_source),
        ("AmazonManagedKafkaEventSourceConfig", &input.amazon_managed_kafka_event_source_config),
        ("SelfManagedKafkaEventSourceConfig", &input.self_managed_kafka_event_source_config),
        ("DocumentDBEventSourceConfig", &input.document_db_event_source_config),
        ("ProvisionedPollerConfig", &input.provisioned_poller_config),
    ];
    // Terraform sends some of them empty.
    let is_set = |value: &serde_json::Value| match value {
        serde_json::Value::Null => false,
        serde_json::Value::Array(values) => !values.is_empty(),
        serde_json::Value::Object(members) => !members.is_empty(),
        _ => true,
    };
    match foreign.into_iter().find(|(_, value)| value.as_ref().is_some_and(is_set)) {
        Some((name, _)) => {
            Err(invalid(format!("Unsupported {name} parameter for given event source mapping type.")))
        }
        None => Ok(()),
    }
}

/// A stream, or a consumer of one.
pub(super) fn source(arn: Option<&str>) -> Result<EventSource, LambdaError> {
    let arn = arn.filter(|arn| !arn.is_empty()).ok_or_else(|| invalid("Unrecognized event source."))?;
    let service = match arn.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["arn", partition, service, _, _, _] if partition.starts_with("aws") => (*service).to_owned(),
        _ => {
            return Err(LambdaError::Validation(format!(
                "1 validation error detected: Value '{arn}' at 'eventSourceArn' failed to satisfy constraint: Member \
                 must satisfy regular expression pattern: \
                 arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:([a-z]{{2}}(-gov)?-[a-z]+-\\d{{1}})?:(\\d{{12}})?:(.*)"
            )));
        }
    };
    match service.as_str() {
        "kinesis" => arn.parse().map_err(|_| invalid("Unrecognized event source.")),
        "sqs" | "dynamodb" | "kafka" | "mq" | "rds" => Err(invalid(format!(
            "Event sources of {service} are not supported by this endpoint, which reads Kinesis streams"
        ))),
        _ => Err(invalid("Unrecognized event source.")),
    }
}

/// A stream is read by functions of its own region.
pub(super) fn is_here(source: &EventSource, region: &str) -> Result<(), LambdaError> {
    if source.stream().region() == region { Ok(()) } else { Err(invalid(unsure::region(region))) }
}

/// Where to begin.
pub(super) fn start(
    position: Option<&str>,
    timestamp: Option<f64>,
    now: Timestamp,
) -> Result<Start, LambdaError> {
    let missing = "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member \
                   must not be null.";
    match (position, timestamp) {
        (None, _) => Err(invalid(missing)),
        (Some("AT_TIMESTAMP"), None) => Err(invalid("Need to specify a timestamp")),
        (Some("AT_TIMESTAMP"), Some(seconds)) => at(seconds, now),
        (Some(_), Some(_)) => Err(invalid("Timestamp only valid with StartingPosition AT_TIMESTAMP")),
        (Some("TRIM_HORIZON"), None) => Ok(Start::TrimHorizon),
        (Some(_), None) => Ok(Start::Latest),
    }
}

fn at(seconds: f64, now: Timestamp) -> Result<Start, LambdaError> {
    let duration = jiff::SignedDuration::try_from_secs_f64(seconds).ok();
    let at = duration.and_then(|since| Timestamp::from_duration(since).ok());
    let at = at.filter(|at| at.as_millisecond() >= 0).ok_or_else(|| {
        invalid(
            "Received Exception while reading from provided stream. class java.lang.Long can not be converted to a \
             Timestamp",
        )
    })?;
    if at > now { Err(invalid(unsure::FUTURE)) } else { Ok(Start::At(at)) }
}

/// The settings with what the input sets; what it leaves out stays. Numbers are within the model's bounds by now.
pub(super) fn settings(input: &SettingsInput, before: Settings) -> Result<Settings, LambdaError> {
    let mut settings = before;
    let number = |value: i64| u32::try_from(value).unwrap_or_default();
    let limit = |value: i64| u32::try_from(value).ok();
    let count = |value: i64| usize::try_from(value).unwrap_or(1);
    settings.batch_size = input.batch_size.map_or(settings.batch_size, count);
    settings.batching_window_s =
        input.maximum_batching_window_in_seconds.map_or(settings.batching_window_s, number);
    settings.parallelization = input.parallelization_factor.map_or(settings.parallelization, count);
    settings.max_age_s = input.maximum_record_age_in_seconds.map_or(settings.max_age_s, limit);
    settings.max_retries = input.maximum_retry_attempts.map_or(settings.max_retries, limit);
    settings.bisect = input.bisect_batch_on_function_error.unwrap_or(settings.bisect);
    if let Some(seconds) = input.tumbling_window_in_seconds {
        settings.tumbling_ms = (seconds > 0).then_some(seconds * 1000);
    }
    if let Some(types) = &input.function_response_types {
        settings.report_failures = !types.is_empty();
    }
    if settings.max_age_s.is_some_and(|age| age < 60) {
        return Err(invalid(unsure::AGE));
    }
    if settings.tumbling_ms.is_some() && settings.parallelization > 1 {
        return Err(invalid(unsure::WINDOWS_AND_LANES));
    }
    structures(input, &mut settings)?;
    Ok(settings)
}

/// Filters, destinations and what is only remembered. An empty structure resets.
fn structures(input: &SettingsInput, settings: &mut Settings) -> Result<(), LambdaError> {
    if let Some(criteria) = &input.filter_criteria {
        let filters = criteria.filters.as_deref().unwrap_or_default();
        if filters.len() > 5 {
            return Err(invalid(unsure::FILTERS));
        }
        let patterns = filters.iter().map(|filter| filter.pattern.as_deref().unwrap_or_default());
        settings.filters = Filters::parse(patterns).map_err(|error| invalid(error.to_string()))?;
    }
    if let Some(config) = &input.destination_config {
        if Target::destination(config.on_success.as_ref()).is_some() {
            let message = "Unsupported DestinationConfig parameter for given event source mapping type.";
            return Err(invalid(message));
        }
        let parse = |arn: &str| Destination::parse(arn).ok_or_else(|| invalid(unsure::destination(arn)));
        settings.on_failure = Target::destination(config.on_failure.as_ref()).map(parse).transpose()?;
    }
    if let Some(arn) = &input.kms_key_arn {
        settings.kms_key_arn = Some(arn.clone()).filter(|arn| !arn.is_empty());
    }
    if let Some(config) = &input.metrics_config {
        let metrics = config.metrics.clone().filter(|metrics| !metrics.is_empty());
        if metrics.iter().flatten().any(|metric| metric == "KafkaMetrics") {
            return Err(invalid(unsure::METRICS));
        }
        settings.metrics = metrics;
    }
    Ok(())
}
