//! `EventSourceMappingConfiguration`, which all operations answer.

use serde::Serialize;

use super::super::super::mapping::{Mapping, Start};

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FilterShape<'a> {
    pattern: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FilterCriteria<'a> {
    filters: Vec<FilterShape<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct OnFailure {
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DestinationConfig {
    on_failure: OnFailure,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricsConfig<'a> {
    metrics: &'a [String],
}

/// `EventSourceMappingConfiguration`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MappingShape<'a> {
    #[serde(rename = "UUID")]
    uuid: String,
    starting_position: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    starting_position_timestamp: Option<f64>,
    batch_size: usize,
    maximum_batching_window_in_seconds: u32,
    parallelization_factor: usize,
    event_source_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_criteria: Option<FilterCriteria<'a>>,
    #[serde(rename = "KMSKeyArn", skip_serializing_if = "Option::is_none")]
    kms_key_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics_config: Option<MetricsConfig<'a>>,
    function_arn: &'a str,
    last_modified: f64,
    last_processing_result: &'static str,
    state: &'static str,
    state_transition_reason: &'static str,
    destination_config: DestinationConfig,
    maximum_record_age_in_seconds: i64,
    bisect_batch_on_function_error: bool,
    maximum_retry_attempts: i64,
    tumbling_window_in_seconds: i64,
    function_response_types: &'static [&'static str],
    event_source_mapping_arn: &'a str,
}

impl<'a> MappingShape<'a> {
    /// The shape of a mapping.
    pub(super) fn of(mapping: &'a Mapping) -> Self {
        let settings = &mapping.settings;
        let filters: Vec<_> = settings.filters.texts().map(|pattern| FilterShape { pattern }).collect();
        Self {
            uuid: mapping.id.to_string(),
            starting_position: mapping.start.as_str(),
            starting_position_timestamp: match mapping.start {
                Start::At(at) => Some(seconds(at)),
                Start::TrimHorizon | Start::Latest => None,
            },
            batch_size: settings.batch_size,
            maximum_batching_window_in_seconds: settings.batching_window_s,
            parallelization_factor: settings.parallelization,
            event_source_arn: mapping.source.to_string(),
            filter_criteria: (!filters.is_empty()).then_some(FilterCriteria { filters }),
            kms_key_arn: settings.kms_key_arn.as_deref(),
            metrics_config: settings.metrics.as_deref().map(|metrics| MetricsConfig { metrics }),
            function_arn: &settings.function_arn,
            last_modified: seconds(mapping.modified),
            last_processing_result: mapping.last_result,
            state: mapping.phase.as_str(),
            state_transition_reason: "User action",
            destination_config: DestinationConfig {
                on_failure: OnFailure {
                    destination: settings.on_failure.as_ref().map(|destination| destination.arn()),
                },
            },
            maximum_record_age_in_seconds: settings.max_age_s.map_or(-1, i64::from),
            bisect_batch_on_function_error: settings.bisect,
            maximum_retry_attempts: settings.max_retries.map_or(-1, i64::from),
            tumbling_window_in_seconds: settings.tumbling_ms.unwrap_or(0) / 1000,
            function_response_types: if settings.report_failures {
                &["ReportBatchItemFailures"]
            } else {
                &[]
            },
            event_source_mapping_arn: &mapping.arn,
        }
    }
}

/// Seconds since the epoch with milliseconds, as REST JSON writes times.
fn seconds(at: jiff::Timestamp) -> f64 {
    at.as_duration().as_millis_f64().floor() / 1000.0
}
