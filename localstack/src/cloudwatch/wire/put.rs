//! `PutMetricData`.

use std::sync::Arc;

use serde::Deserialize;

use super::super::aggregate::Aggregate;
use super::super::metric::{MetricId, Unit};
use super::super::state::Sample;
use super::metric::{DimensionShape, MetricShape, unit};
use super::values::{Number, Time};
use super::{combination, invalid, missing};
use crate::http::{AwsError, Context};
use crate::world::World;

/// Most metrics of a request, and values of one of them.
const MAX_DATA: usize = 1000;
const MAX_VALUES: usize = 150;
/// 2^360: the largest number CloudWatch takes.
const MAX_VALUE: f64 = 2.348_542_582_773_833_4e108;
/// How far back and ahead a timestamp may be, in seconds.
const PAST: i64 = 14 * 86_400;
const FUTURE: i64 = 2 * 3600;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatisticSet {
    sample_count: Option<Number>,
    sum: Option<Number>,
    minimum: Option<Number>,
    maximum: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Datum {
    metric_name: Option<String>,
    dimensions: Option<Vec<DimensionShape>>,
    timestamp: Option<Time>,
    value: Option<Number>,
    statistic_values: Option<StatisticSet>,
    values: Option<Vec<Number>>,
    counts: Option<Vec<Number>>,
    unit: Option<String>,
    storage_resolution: Option<Number>,
}

/// Metrics of an entity: the entity is taken and not kept.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EntityData {
    #[serde(default)]
    metric_data: Vec<Datum>,
}

/// The input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutInput {
    namespace: Option<String>,
    #[serde(default)]
    metric_data: Vec<Datum>,
    #[serde(default)]
    entity_metric_data: Vec<EntityData>,
}

/// What a datum comes to.
struct Accepted {
    id: MetricId,
    unit: Unit,
    samples: Vec<Sample>,
}

/// Publishes all data of a request, or none when one is invalid.
pub(super) fn put(world: &Arc<World>, context: &Context, input: PutInput) -> Result<(), AwsError> {
    let namespace = input.namespace.ok_or_else(|| missing("Namespace"))?;
    if namespace.starts_with("AWS/") {
        return Err(invalid("The value AWS/ for parameter Namespace is invalid."));
    }
    let entities = input.entity_metric_data.into_iter().flat_map(|entity| entity.metric_data);
    let data: Vec<Datum> = input.metric_data.into_iter().chain(entities).collect();
    if data.is_empty() {
        return Err(missing("MetricData"));
    }
    if data.len() > MAX_DATA {
        let message = format!("The collection MetricData must not have a size greater than {MAX_DATA}.");
        return Err(invalid(message));
    }
    let now = world.clock.now().as_second();
    let mut accepted = Vec::with_capacity(data.len());
    let mut refused: Option<AwsError> = None;
    for (index, datum) in data.into_iter().enumerate() {
        match datum.accept(&namespace, &format!("MetricData.member.{}.", index + 1), now) {
            Ok(datum) => accepted.push(datum),
            Err(error) => {
                // AWS lists every one, a line each.
                let so_far = refused.take();
                refused = Some(match so_far {
                    Some(first) => {
                        AwsError { message: format!("{}\n{}", first.message, error.message), ..first }
                    }
                    None => error,
                });
            }
        }
    }
    if let Some(error) = refused {
        return Err(error);
    }
    let shelf = world.cloudwatch.shelf(&context.region);
    for Accepted { id, unit, samples } in accepted {
        let Some(series) = shelf.series(id, unit, now) else { continue };
        for sample in samples {
            series.add(sample.at, &sample.values, sample.fine, now);
        }
    }
    Ok(())
}

impl Datum {
    fn accept(self, namespace: &str, at: &str, now: i64) -> Result<Accepted, AwsError> {
        let values = self.values(at)?;
        let unit = unit(self.unit.as_deref(), &format!("{at}Unit"))?.unwrap_or_default();
        let fine = match self.storage_resolution.map(|resolution| resolution.whole()) {
            None | Some(Some(60)) => false,
            Some(Some(1)) => true,
            Some(_) => {
                let message =
                    format!("The parameter {at}StorageResolution must be a value in the set [1, 60].");
                return Err(invalid(message));
            }
        };
        let second = self.timestamp.map_or(now, |time| time.0.as_second());
        if second < now - PAST {
            let message =
                format!("The parameter {at}Timestamp must specify a time within the past two weeks.");
            return Err(invalid(message));
        }
        if second > now + FUTURE {
            return Err(invalid(format!(
                "The parameter {at}Timestamp must specify a time no more than two hours in the future."
            )));
        }
        let metric = MetricShape {
            namespace: Some(namespace.to_owned()),
            metric_name: self.metric_name,
            dimensions: self.dimensions,
        };
        let id = metric.id(at).map_err(|error| namespace_of_all(error, at))?;
        let samples = values.into_iter().map(|values| Sample { values, at: second, fine }).collect();
        Ok(Accepted { id, unit, samples })
    }

    /// The values, checked. Each is of one value, or of a statistic set.
    fn values(&self, at: &str) -> Result<Vec<Aggregate>, AwsError> {
        let given = [
            ("Value", self.value.is_some()),
            ("StatisticValues", self.statistic_values.is_some()),
            ("Values", self.values.is_some()),
        ];
        let mut given = given.into_iter().filter_map(|(name, is_there)| is_there.then_some(name));
        match (given.next(), given.next()) {
            (None, _) => {
                return Err(combination("At least one of the parameters must be specified."));
            }
            (Some(one), Some(other)) => {
                return Err(combination(format!(
                    "The parameters {at}{one} and {at}{other} are mutually exclusive and you have specified both."
                )));
            }
            _ => {}
        }
        if let Some(value) = self.value {
            return Ok(vec![Aggregate::of(checked(value, &format!("{at}Value"))?)]);
        }
        if let Some(set) = &self.statistic_values {
            return set.aggregate(&format!("{at}StatisticValues.")).map(|set| vec![set]);
        }
        self.repeated(self.values.as_deref().unwrap_or_default(), at)
    }

    fn repeated(&self, values: &[Number], at: &str) -> Result<Vec<Aggregate>, AwsError> {
        if values.is_empty() {
            return Err(missing(&format!("{at}Values")));
        }
        if values.len() > MAX_VALUES {
            return Err(invalid(format!(
                "The collection {at}Values must not have a size greater than {MAX_VALUES}."
            )));
        }
        let counts = self.counts.as_deref();
        if counts.is_some_and(|counts| counts.len() != values.len()) {
            return Err(invalid(format!(
                "The parameters {at}Values and {at}Counts must be of the same size."
            )));
        }
        let each = values.iter().enumerate().map(|(index, value)| {
            let member = index + 1;
            let value = checked(*value, &format!("{at}Values.member.{member}"))?;
            let count = counts.and_then(|counts| counts.get(index)).copied().unwrap_or(Number(1.0));
            let count = checked(count, &format!("{at}Counts.member.{member}"))?;
            if count < 0.0 {
                let message =
                    format!("The value {count} for parameter {at}Counts.member.{member} is invalid.");
                return Err(invalid(message));
            }
            Ok(Aggregate::repeated(value, count))
        });
        let all: Vec<Aggregate> = each.collect::<Result<_, _>>()?;
        Ok(all.into_iter().filter(|values| values.count > 0.0).collect())
    }
}

impl StatisticSet {
    fn aggregate(&self, at: &str) -> Result<Aggregate, AwsError> {
        let number = |number: Option<Number>, name: &str| {
            let parameter = format!("{at}{name}");
            checked(number.ok_or_else(|| missing(&parameter))?, &parameter)
        };
        let set = Aggregate {
            count: number(self.sample_count, "SampleCount")?,
            sum: number(self.sum, "Sum")?,
            minimum: number(self.minimum, "Minimum")?,
            maximum: number(self.maximum, "Maximum")?,
        };
        if set.count <= 0.0 {
            return Err(invalid(format!(
                "The value {:?} for parameter {at}SampleCount is invalid.",
                set.count
            )));
        }
        if set.minimum > set.maximum {
            return Err(invalid(format!(
                "The parameter {at}Maximum must be greater than or equal to the parameter {at}Minimum."
            )));
        }
        Ok(set)
    }
}

/// The namespace is the request's, not the datum's.
fn namespace_of_all(error: AwsError, at: &str) -> AwsError {
    AwsError { message: error.message.replace(&format!("{at}Namespace"), "Namespace"), ..error }
}

fn checked(number: Number, parameter: &str) -> Result<f64, AwsError> {
    let Number(value) = number;
    if value.is_finite() && value.abs() <= MAX_VALUE {
        return Ok(value);
    }
    let shown = match value {
        value if value.is_infinite() => if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        value => format!("{value:?}"),
    };
    Err(invalid(format!("The value {shown} for parameter {parameter} is invalid.")))
}
