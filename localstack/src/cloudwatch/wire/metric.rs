//! Metrics as the API's structures name them, and the checks all operations share.

use serde::{Deserialize, Serialize};

use super::super::metric::{Dimension, MetricId, Unit};
use super::super::series::MINUTE;
use super::values::{Number, Time};
use super::{invalid, missing};
use crate::http::AwsError;

/// Most dimensions of a metric.
const MAX_DIMENSIONS: usize = 30;

/// `Dimension` in both directions.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DimensionShape {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: String,
}

impl From<&Dimension> for DimensionShape {
    fn from(dimension: &Dimension) -> Self {
        Self { name: dimension.name.clone(), value: dimension.value.clone() }
    }
}

/// `Metric` in both directions.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MetricShape {
    pub(super) namespace: Option<String>,
    pub(super) metric_name: Option<String>,
    #[serde(default)]
    pub(super) dimensions: Option<Vec<DimensionShape>>,
}

impl From<&MetricId> for MetricShape {
    fn from(id: &MetricId) -> Self {
        Self {
            namespace: Some(id.namespace.clone()),
            metric_name: Some(id.name.clone()),
            dimensions: Some(id.dimensions().iter().map(Into::into).collect()),
        }
    }
}

impl MetricShape {
    /// The metric these name, when they name one; `at` is where they stand in the request, such as `MetricData.member.1.`
    pub(super) fn id(self, at: &str) -> Result<MetricId, AwsError> {
        let namespace = sized(self.namespace, &format!("{at}Namespace"))?;
        if namespace.starts_with(':') {
            return Err(invalid(format!("The value {namespace} for parameter {at}Namespace is invalid.")));
        }
        let name = sized(self.metric_name, &format!("{at}MetricName"))?;
        let dimensions = dimensions(self.dimensions.unwrap_or_default(), at)?;
        Ok(MetricId::new(namespace, name, dimensions))
    }
}

fn sized(text: Option<String>, parameter: &str) -> Result<String, AwsError> {
    let text = text.ok_or_else(|| missing(parameter))?;
    check_length(&text, parameter, 255)?;
    Ok(text)
}

fn check_length(text: &str, parameter: &str, most: usize) -> Result<(), AwsError> {
    if text.is_empty() {
        return Err(invalid(format!("The parameter {parameter} must be longer than 0 characters.")));
    }
    if text.chars().count() > most {
        return Err(invalid(format!(
            "The parameter {parameter} must be shorter than {} characters.",
            most + 1
        )));
    }
    if !text.is_ascii() || text.chars().any(|letter| letter.is_ascii_control()) {
        return Err(invalid(format!("The value {text} for parameter {parameter} is invalid.")));
    }
    Ok(())
}

/// The dimensions of a metric.
pub(super) fn dimensions(shapes: Vec<DimensionShape>, at: &str) -> Result<Vec<Dimension>, AwsError> {
    if shapes.len() > MAX_DIMENSIONS {
        return Err(invalid(format!(
            "The collection {at}Dimensions must not have a size greater than {MAX_DIMENSIONS}."
        )));
    }
    for (index, shape) in shapes.iter().enumerate() {
        let member = format!("{at}Dimensions.member.{}", index + 1);
        check_length(&shape.name, &format!("{member}.Name"), 255)?;
        check_length(&shape.value, &format!("{member}.Value"), 1024)?;
        if shape.name.starts_with(':') {
            let message = format!("The value {} for parameter {member}.Name is invalid.", shape.name);
            return Err(invalid(message));
        }
    }
    Ok(shapes.into_iter().map(|shape| Dimension::new(shape.name, shape.value)).collect())
}

/// A unit, when one is given.
pub(super) fn unit(text: Option<&str>, parameter: &str) -> Result<Option<Unit>, AwsError> {
    let Some(text) = text else { return Ok(None) };
    let unknown = |_| {
        let set: Vec<&str> = Unit::ALL.iter().map(|unit| unit.as_str()).collect();
        let set = set.join(", ");
        invalid(format!("The parameter {parameter} must be a value in the set [ {set} ]."))
    };
    text.parse().map(Some).map_err(unknown)
}

/// A period in seconds: 1, 5, 10, 20, 30 or whole minutes.
pub(super) fn period(period: Option<Number>, parameter: &str) -> Result<i64, AwsError> {
    let period = period.ok_or_else(|| missing(parameter))?.whole().unwrap_or(0);
    if period < 1 {
        return Err(invalid(format!("The parameter {parameter} must be greater than or equal to 1.")));
    }
    if !matches!(period, 1 | 5 | 10 | 20 | 30) && period % MINUTE != 0 {
        let message = format!(
            "The parameter {parameter} must be a value in the set [1, 5, 10, 20, 30] or a multiple of 60."
        );
        return Err(invalid(message));
    }
    if period > 86_400 * 365 {
        return Err(invalid(format!("The parameter {parameter} must be less than or equal to 31536000.")));
    }
    Ok(period)
}

/// A window of time in seconds, rounded as CloudWatch rounds it: to the minute, to five minutes when it starts over
/// 15 days ago and to the hour over 63; to the period when that is shorter than a minute.
pub(super) fn window(
    (start, end): (Option<Time>, Option<Time>),
    shortest_period: i64,
    now: i64,
) -> Result<(i64, i64), AwsError> {
    let start = start.ok_or_else(|| missing("StartTime"))?.0.as_second();
    let end = end.ok_or_else(|| missing("EndTime"))?.0.as_second();
    if start == end {
        return Err(invalid("The parameter StartTime must not equal parameter EndTime."));
    }
    if start > end {
        return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
    }
    let grain = match now.saturating_sub(start) / 86_400 {
        ..15 => shortest_period.min(MINUTE),
        15..63 => 5 * MINUTE,
        _ => 60 * MINUTE,
    };
    Ok((start.div_euclid(grain) * grain, end))
}
