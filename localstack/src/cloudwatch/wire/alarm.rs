//! An alarm as the API's structures show it.

use serde::Serialize;

use super::super::alarms::{Alarm, Kind, MetricAlarm};
use super::super::query::Source;
use super::data::QueryShape;
use super::metric::DimensionShape;
use super::values::{Number, Time};

/// What every alarm shows.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Common {
    alarm_name: String,
    alarm_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    alarm_description: Option<String>,
    alarm_configuration_updated_timestamp: Time,
    actions_enabled: bool,
    #[serde(rename = "OKActions")]
    ok_actions: Vec<String>,
    alarm_actions: Vec<String>,
    insufficient_data_actions: Vec<String>,
    state_value: &'static str,
    state_reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_reason_data: Option<String>,
    state_updated_timestamp: Time,
    state_transitioned_timestamp: Time,
}

impl Common {
    fn new(alarm: &Alarm, arn: String) -> Self {
        Self {
            alarm_name: alarm.name.clone(),
            alarm_arn: arn,
            alarm_description: alarm.description.clone(),
            alarm_configuration_updated_timestamp: Time(alarm.configured),
            actions_enabled: alarm.actions.enabled,
            ok_actions: alarm.actions.ok.clone(),
            alarm_actions: alarm.actions.alarm.clone(),
            insufficient_data_actions: alarm.actions.insufficient.clone(),
            state_value: alarm.state.as_str(),
            state_reason: alarm.reason.text.clone(),
            state_reason_data: alarm.reason.data.clone(),
            state_updated_timestamp: Time(alarm.updated),
            state_transitioned_timestamp: Time(alarm.transitioned),
        }
    }
}

/// The members of an alarm over one metric.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Single {
    metric_name: String,
    namespace: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    statistic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extended_statistic: Option<String>,
    dimensions: Vec<DimensionShape>,
    period: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
}

/// `MetricAlarm`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MetricAlarmShape {
    #[serde(flatten)]
    common: Common,
    #[serde(flatten)]
    single: Option<Single>,
    evaluation_periods: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    datapoints_to_alarm: Option<usize>,
    threshold: f64,
    comparison_operator: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    treat_missing_data: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluate_low_sample_count_percentile: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<QueryShape>,
}

/// `CompositeAlarm`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CompositeAlarmShape {
    #[serde(flatten)]
    common: Common,
    alarm_rule: String,
}

/// An alarm of either kind.
pub(super) enum Shape {
    Metric(Box<MetricAlarmShape>),
    Composite(Box<CompositeAlarmShape>),
}

/// Shows an alarm.
pub(super) fn shape(alarm: &Alarm, arn: String) -> Shape {
    let common = Common::new(alarm, arn);
    match &alarm.kind {
        Kind::Composite(rule) => {
            Shape::Composite(Box::new(CompositeAlarmShape { common, alarm_rule: rule.text.clone() }))
        }
        Kind::Metric(metric) => Shape::Metric(Box::new(metric_shape(common, metric))),
    }
}

fn metric_shape(common: Common, metric: &MetricAlarm) -> MetricAlarmShape {
    let queries: Vec<QueryShape> = metric.queries.iter().map(QueryShape::from).collect();
    let condition = &metric.condition;
    MetricAlarmShape {
        common,
        single: single(metric),
        evaluation_periods: condition.periods,
        datapoints_to_alarm: condition.to_alarm,
        threshold: condition.threshold,
        comparison_operator: condition.comparison.as_str(),
        treat_missing_data: condition.missing.map(|missing| missing.as_str()),
        evaluate_low_sample_count_percentile: metric.low_sample.clone(),
        metrics: if metric.is_single { Vec::new() } else { queries },
    }
}

fn single(alarm: &MetricAlarm) -> Option<Single> {
    let query = alarm.queries.iter().next().filter(|_| alarm.is_single)?;
    let Source::Metric(metric) = &query.source else { return None };
    let stat = Some(metric.stat.clone());
    let (statistic, extended_statistic) =
        if metric.statistic.is_basic() { (stat, None) } else { (None, stat) };
    Some(Single {
        metric_name: metric.metric.name.clone(),
        namespace: metric.metric.namespace.clone(),
        statistic,
        extended_statistic,
        dimensions: metric.metric.dimensions().iter().map(Into::into).collect(),
        period: metric.period,
        unit: metric.unit.map(|unit| unit.as_str()),
    })
}

/// A page's size, 1 to 100.
pub(super) fn page_size(most: Option<Number>, default: usize) -> usize {
    let most = most.and_then(Number::whole).and_then(|most| usize::try_from(most).ok());
    most.unwrap_or(default).clamp(1, 100)
}
