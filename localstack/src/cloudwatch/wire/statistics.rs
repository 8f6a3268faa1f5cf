//! `GetMetricStatistics`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::metric::Unit;
use super::super::series::Window;
use super::super::statistic::{Statistic, Values};
use super::metric::{DimensionShape, MetricShape, period, unit, window};
use super::values::{Number, Time};
use super::{combination, invalid};
use crate::http::{AwsError, Context};
use crate::world::World;

/// Most points of one answer.
const MAX_POINTS: i64 = 1440;

const BASIC: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

/// The input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StatisticsInput {
    namespace: Option<String>,
    metric_name: Option<String>,
    dimensions: Option<Vec<DimensionShape>>,
    start_time: Option<Time>,
    end_time: Option<Time>,
    period: Option<Number>,
    #[serde(default)]
    statistics: Vec<String>,
    #[serde(default)]
    extended_statistics: Vec<String>,
    unit: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Datapoint {
    timestamp: Time,
    #[serde(flatten)]
    basic: BTreeMap<&'static str, f64>,
    unit: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extended_statistics: BTreeMap<String, f64>,
}

/// The output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StatisticsOutput {
    label: String,
    datapoints: Vec<Datapoint>,
}

/// The statistics that were asked for.
#[derive(Debug, Default)]
struct Wanted {
    basic: Vec<(&'static str, Statistic)>,
    extended: Vec<(String, Statistic)>,
}

impl Wanted {
    fn new(basic: &[String], extended: &[String]) -> Result<Self, AwsError> {
        if basic.is_empty() && extended.is_empty() {
            return Err(combination(
                "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
            ));
        }
        let mut wanted = Self::default();
        for (index, text) in basic.iter().enumerate() {
            let name = BASIC.into_iter().find(|name| name == text);
            let (name, statistic) =
                name.and_then(|name| Some((name, Statistic::parse(name)?))).ok_or_else(|| {
                    invalid(format!(
                        "The parameter Statistics.member.{} must be a value in the set [ {} ].",
                        index + 1,
                        BASIC.join(", ")
                    ))
                })?;
            wanted.basic.push((name, statistic));
        }
        for text in extended {
            let statistic = Statistic::parse(text).filter(|statistic| !statistic.is_basic());
            let statistic = statistic.ok_or_else(|| {
                invalid(format!("The value {text} for parameter ExtendedStatistics is not supported."))
            })?;
            wanted.extended.push((text.clone(), statistic));
        }
        Ok(wanted)
    }

    fn of(&self, second: i64, values: &Values, unit: Unit) -> Result<Datapoint, AwsError> {
        let basic = self.basic.iter().filter_map(|(name, statistic)| Some((*name, statistic.of(values)?)));
        let extended = self.extended.iter();
        let extended = extended.filter_map(|(name, statistic)| Some((name.clone(), statistic.of(values)?)));
        Ok(Datapoint {
            timestamp: time(second)?,
            basic: basic.collect(),
            unit: unit.as_str(),
            extended_statistics: extended.collect(),
        })
    }
}

/// A second as the API writes times.
pub(super) fn time(second: i64) -> Result<Time, AwsError> {
    Timestamp::from_second(second).map(Time).map_err(|error| AwsError::internal(&error))
}

/// Reads the statistics of one metric.
pub(super) fn statistics(
    world: &Arc<World>,
    context: &Context,
    input: StatisticsInput,
) -> Result<StatisticsOutput, AwsError> {
    let now = world.clock.now().as_second();
    let period = period(input.period, "Period")?;
    let unit = unit(input.unit.as_deref(), "Unit")?;
    let (start, end) = window((input.start_time, input.end_time), period, now)?;
    let wanted = Wanted::new(&input.statistics, &input.extended_statistics)?;
    let points = (end - start) / period;
    if points > MAX_POINTS {
        return Err(combination(format!(
            "You have requested up to {} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints \
             requested by increasing Period, or decreasing the time range.",
            grouped(points)
        )));
    }
    let metric = MetricShape {
        namespace: input.namespace,
        metric_name: input.metric_name,
        dimensions: input.dimensions,
    };
    let id = metric.id("")?;
    let window = Window { start, end, period, now };
    let with_spread = !wanted.extended.is_empty();
    let mut datapoints = Vec::new();
    for (unit, series) in world.cloudwatch.shelf(&context.region).read(&id, unit, window, with_spread) {
        for (second, values) in series {
            datapoints.push(wanted.of(second, &values, unit)?);
        }
    }
    Ok(StatisticsOutput { label: id.name, datapoints })
}

/// `4,320`
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([grouped(7), grouped(1441), grouped(1_234_567)], ["7", "1,441", "1,234,567"]);
    }
}
