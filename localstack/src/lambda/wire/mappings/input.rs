//! What `CreateEventSourceMapping` and `UpdateEventSourceMapping` are given.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::http::Violations;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateInput {
    pub(super) event_source_arn: Option<String>,
    pub(super) starting_position: Option<String>,
    /// Seconds since the epoch.
    pub(super) starting_position_timestamp: Option<f64>,
    pub(super) tags: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    pub(super) settings: SettingsInput,
}

/// What both may set.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SettingsInput {
    pub(super) function_name: Option<String>,
    pub(super) enabled: Option<bool>,
    pub(super) batch_size: Option<i64>,
    pub(super) filter_criteria: Option<FilterCriteria>,
    #[serde(rename = "KMSKeyArn")]
    pub(super) kms_key_arn: Option<String>,
    pub(super) metrics_config: Option<MetricsConfig>,
    pub(super) logging_config: Option<Value>,
    pub(super) maximum_batching_window_in_seconds: Option<i64>,
    pub(super) parallelization_factor: Option<i64>,
    pub(super) destination_config: Option<DestinationConfig>,
    pub(super) maximum_record_age_in_seconds: Option<i64>,
    pub(super) bisect_batch_on_function_error: Option<bool>,
    pub(super) maximum_retry_attempts: Option<i64>,
    pub(super) tumbling_window_in_seconds: Option<i64>,
    pub(super) function_response_types: Option<Vec<String>>,
    pub(super) scaling_config: Option<Value>,
    pub(super) topics: Option<Value>,
    pub(super) queues: Option<Value>,
    pub(super) source_access_configurations: Option<Value>,
    pub(super) self_managed_event_source: Option<Value>,
    pub(super) amazon_managed_kafka_event_source_config: Option<Value>,
    pub(super) self_managed_kafka_event_source_config: Option<Value>,
    #[serde(rename = "DocumentDBEventSourceConfig")]
    pub(super) document_db_event_source_config: Option<Value>,
    pub(super) provisioned_poller_config: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FilterCriteria {
    pub(super) filters: Option<Vec<Filter>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Filter {
    pub(super) pattern: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MetricsConfig {
    pub(super) metrics: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DestinationConfig {
    pub(super) on_success: Option<Target>,
    pub(super) on_failure: Option<Target>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Target {
    pub(super) destination: Option<String>,
}

impl Target {
    /// The destination, if it names one.
    pub(super) fn destination(target: Option<&Self>) -> Option<&str> {
        target.and_then(|target| target.destination.as_deref()).filter(|destination| !destination.is_empty())
    }
}

impl CreateInput {
    pub(super) fn validate(&self, violations: &mut Violations) {
        violations.required("functionName", self.settings.function_name.as_ref());
        let positions = ["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"];
        violations.one_of("startingPosition", self.starting_position.as_deref(), &positions);
        self.settings.validate(violations);
    }
}

impl SettingsInput {
    /// The constraints of the API's model.
    pub(super) fn validate(&self, violations: &mut Violations) {
        for (member, value, least, most) in [
            ("batchSize", self.batch_size, 1, 10_000),
            ("maximumBatchingWindowInSeconds", self.maximum_batching_window_in_seconds, 0, 300),
            ("parallelizationFactor", self.parallelization_factor, 1, 10),
            ("maximumRecordAgeInSeconds", self.maximum_record_age_in_seconds, -1, 604_800),
            ("maximumRetryAttempts", self.maximum_retry_attempts, -1, 10_000),
            ("tumblingWindowInSeconds", self.tumbling_window_in_seconds, 0, 900),
        ] {
            violations.range(member, value, least, most);
        }
        for response in self.function_response_types.iter().flatten() {
            violations.one_of("functionResponseTypes", Some(response), &["ReportBatchItemFailures"]);
        }
        let filters = self.filter_criteria.iter().flat_map(|criteria| criteria.filters.iter().flatten());
        for filter in filters {
            violations.length("filterCriteria.filters.member.pattern", filter.pattern.as_deref(), 0, 4096);
        }
        let metrics = self.metrics_config.iter().flat_map(|config| config.metrics.iter().flatten());
        for metric in metrics {
            let known = ["EventCount", "ErrorCount", "KafkaMetrics"];
            violations.one_of("metricsConfig.metrics", Some(metric), &known);
        }
    }
}
