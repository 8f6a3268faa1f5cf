//! `PutMetricData`.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use crate::http::AwsError;
use crate::world::World;

use super::super::metric::{MetricId, Unit};
use super::super::series::Aggregate;
use super::values::{Number, Time};
use super::{DimensionShape, combination, invalid, metric_id, unit};

/// Most metrics of a request, and values of one of them.
const MAX_DATA: usize = 1000;
const MAX_VALUES: usize = 150;
/// 2^360: the largest number CloudWatch takes.
const MAX_VALUE: f64 = 2.348_542_582_773_833_4e108;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatisticSet {
    sample_count: Number,
    sum: Number,
    minimum: Number,
    maximum: Number,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Datum {
    metric_name: String,
    dimensions: Option<Vec<DimensionShape>>,
    timestamp: Option<Time>,
    value: Option<Number>,
    statistic_values: Option<StatisticSet>,
    values: Option<Vec<Number>>,
    counts: Option<Vec<Number>>,
    unit: Option<String>,
}

/// The input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutInput {
    namespace: String,
    #[serde(default)]
    metric_data: Vec<Datum>,
}

impl Datum {
    fn aggregate(&self) -> Result<Aggregate, AwsError> {
        let values = match (self.value, &self.statistic_values, &self.values) {
            (Some(value), None, None) => Aggregate::of(value.0),
            (None, Some(set), None) => Aggregate {
                count: set.sample_count.0,
                sum: set.sum.0,
                minimum: set.minimum.0,
                maximum: set.maximum.0,
            },
            (None, None, Some(values)) => self.repeated(values)?,
            _ => {
                let message = "A metric has exactly one of Value, StatisticValues and Values with Counts.";
                return Err(combination(message));
            }
        };
        let numbers = [values.count, values.sum, values.minimum, values.maximum];
        if numbers.iter().any(|number| !number.is_finite() || number.abs() > MAX_VALUE) || values.count <= 0.0
        {
            return Err(invalid(format!("The value of {} must be a finite number.", self.metric_name)));
        }
        Ok(values)
    }

    fn repeated(&self, values: &[Number]) -> Result<Aggregate, AwsError> {
        let count = |index: usize| self.counts.as_ref().map_or(Some(1.0), |c| c.get(index).map(|n| n.0));
        let same_length = self.counts.as_ref().is_none_or(|counts| counts.len() == values.len());
        if !same_length || values.len() > MAX_VALUES {
            return Err(invalid(format!(
                "Values and Counts have the same number of members, {MAX_VALUES} at most."
            )));
        }
        let each = values.iter().enumerate();
        let parts = each.filter_map(|(index, value)| Some(Aggregate::repeated(value.0, count(index)?)));
        parts
            .reduce(|mut sum, part| {
                sum.merge(&part);
                sum
            })
            .ok_or_else(|| invalid("Values is empty."))
    }
}

/// Publishes all data of a request, or none when one is invalid.
pub(super) fn put(world: &Arc<World>, input: PutInput) -> Result<(), AwsError> {
    if input.metric_data.len() > MAX_DATA {
        return Err(invalid(format!(
            "The collection MetricData must not have a size greater than {MAX_DATA}."
        )));
    }
    if input.namespace.starts_with("AWS/") {
        return Err(invalid(format!("The value {} for parameter Namespace is invalid.", input.namespace)));
    }
    let now = world.clock.now();
    let mut accepted: Vec<(MetricId, Unit, Aggregate, Timestamp)> =
        Vec::with_capacity(input.metric_data.len());
    for datum in input.metric_data {
        let values = datum.aggregate()?;
        let unit = unit(datum.unit.as_deref())?.unwrap_or_default();
        let id = metric_id(&input.namespace, &datum.metric_name, datum.dimensions)?;
        accepted.push((id, unit, values, datum.timestamp.map_or(now, |time| time.0)));
    }
    for (id, unit, values, at) in accepted {
        world.cloudwatch.put_aggregate(id, unit, &values, at);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Setting;

    #[tokio::test]
    async fn the_namespaces_of_aws_are_not_for_clients() {
        let world = World::new(Setting::default());
        let into = |namespace: &str| PutInput { namespace: namespace.to_owned(), metric_data: Vec::new() };
        assert_eq!(put(&world, into("AWS/Lambda")).unwrap_err().code, "InvalidParameterValueException");
        assert!(put(&world, into("AWSome")).is_ok());
    }
}
