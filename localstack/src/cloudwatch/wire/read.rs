//! `GetMetricStatistics` and `GetMetricData`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::http::AwsError;
use crate::world::World;

use super::super::metric::Unit;
use super::super::series::{Aggregate, GRAIN, Statistic};
use super::super::state::Window;
use super::values::{Number, Time};
use super::{DimensionShape, combination, invalid, metric_id, unit};

/// Most points of one answer of `GetMetricStatistics`.
const MAX_STATISTICS: i64 = 1440;
/// Most points of one answer of `GetMetricData`, and most queries of a request.
const MAX_DATA: usize = 100_800;
const MAX_QUERIES: usize = 500;

/// The input of `GetMetricStatistics`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StatisticsInput {
    namespace: String,
    metric_name: String,
    dimensions: Option<Vec<DimensionShape>>,
    start_time: Time,
    end_time: Time,
    period: Number,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_count: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    average: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum: Option<f64>,
    unit: &'static str,
}

/// The output of `GetMetricStatistics`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StatisticsOutput {
    label: String,
    datapoints: Vec<Datapoint>,
}

/// Checks a window. Periods are whole minutes, which is the grain values are kept at.
fn window((start, end): (Time, Time), period: Number, only: Option<&str>) -> Result<Window, AwsError> {
    let period = period.whole().filter(|period| *period >= 1 && (period % GRAIN == 0 || *period < GRAIN));
    let period = period.ok_or_else(|| invalid("The parameter Period must be a multiple of 60."))?.max(GRAIN);
    let (start, end) = (start.0.as_second(), end.0.as_second());
    if start >= end {
        return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
    }
    Ok(Window { start, end, period, unit: unit(only)? })
}

fn statistic(text: &str) -> Result<Statistic, AwsError> {
    Statistic::parse(text).ok_or_else(|| {
        invalid(format!(
            "The statistic {text} is not supported by this endpoint, which keeps SampleCount, Sum, Minimum, Maximum \
             and Average"
        ))
    })
}

/// `GetMetricStatistics`.
pub(super) fn statistics(world: &Arc<World>, input: StatisticsInput) -> Result<StatisticsOutput, AwsError> {
    let window = window((input.start_time, input.end_time), input.period, input.unit.as_deref())?;
    if input.statistics.is_empty() && input.extended_statistics.is_empty() {
        return Err(combination(
            "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
        ));
    }
    let wanted = input.statistics.iter().chain(&input.extended_statistics).map(|text| statistic(text));
    let wanted: Vec<Statistic> = wanted.collect::<Result<_, _>>()?;
    let points = (window.end - window.start) / window.period;
    if points > MAX_STATISTICS {
        return Err(combination(format!(
            "You have requested up to {points} datapoints, which exceeds the limit of {MAX_STATISTICS}. You may reduce \
             the datapoints requested by increasing Period, or decreasing the time range."
        )));
    }
    let id = metric_id(&input.namespace, &input.metric_name, input.dimensions)?;
    let mut datapoints = Vec::new();
    for (unit, series) in world.cloudwatch.read(&id, window) {
        for (second, values) in series {
            datapoints.push(datapoint((second, &values), unit, &wanted)?);
        }
    }
    Ok(StatisticsOutput { label: input.metric_name, datapoints })
}

fn time(second: i64) -> Result<Time, AwsError> {
    Timestamp::from_second(second).map(Time).map_err(|error| AwsError::internal(&error))
}

fn datapoint(
    (second, values): (i64, &Aggregate),
    unit: Unit,
    wanted: &[Statistic],
) -> Result<Datapoint, AwsError> {
    let pick = |statistic| wanted.contains(&statistic).then(|| values.statistic(statistic));
    Ok(Datapoint {
        timestamp: time(second)?,
        sample_count: pick(Statistic::SampleCount),
        average: pick(Statistic::Average),
        sum: pick(Statistic::Sum),
        minimum: pick(Statistic::Minimum),
        maximum: pick(Statistic::Maximum),
        unit: unit.as_str(),
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    namespace: String,
    metric_name: String,
    dimensions: Option<Vec<DimensionShape>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricStat {
    metric: Metric,
    period: Number,
    stat: String,
    unit: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Query {
    id: String,
    metric_stat: Option<MetricStat>,
    label: Option<String>,
    return_data: Option<bool>,
}

/// The input of `GetMetricData`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DataInput {
    metric_data_queries: Vec<Query>,
    start_time: Time,
    end_time: Time,
    scan_by: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DataResult {
    id: String,
    label: String,
    timestamps: Vec<Time>,
    values: Vec<f64>,
    status_code: &'static str,
}

/// The output of `GetMetricData`, always in one page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DataOutput {
    metric_data_results: Vec<DataResult>,
    messages: Vec<DimensionShape>,
}

/// `GetMetricData`.
pub(super) fn data(world: &Arc<World>, input: DataInput) -> Result<DataOutput, AwsError> {
    if input.metric_data_queries.is_empty() || input.metric_data_queries.len() > MAX_QUERIES {
        return Err(invalid(format!("A request has 1 to {MAX_QUERIES} MetricDataQueries.")));
    }
    let ascending = input.scan_by.as_deref() == Some("TimestampAscending");
    let mut results = Vec::new();
    let mut total = 0;
    for query in input.metric_data_queries {
        check_query_id(&query.id)?;
        if query.return_data == Some(false) {
            continue;
        }
        let result = query_result(world, query, (input.start_time, input.end_time), ascending)?;
        total += result.values.len();
        if total > MAX_DATA {
            return Err(combination(format!(
                "The request matches more than {MAX_DATA} datapoints; narrow it."
            )));
        }
        results.push(result);
    }
    Ok(DataOutput { metric_data_results: results, messages: Vec::new() })
}

fn check_query_id(id: &str) -> Result<(), AwsError> {
    let mut letters = id.chars();
    if letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    {
        return Ok(());
    }
    Err(invalid(format!("The id '{id}' of a MetricDataQuery must match ^[a-z][a-zA-Z0-9_]*$.")))
}

fn query_result(
    world: &Arc<World>,
    query: Query,
    times: (Time, Time),
    ascending: bool,
) -> Result<DataResult, AwsError> {
    let stat = query.metric_stat.ok_or_else(|| {
        invalid(format!("The query {} is an expression; this endpoint reads metrics only", query.id))
    })?;
    let statistic = statistic(&stat.stat)?;
    let window = window(times, stat.period, stat.unit.as_deref())?;
    let id = metric_id(&stat.metric.namespace, &stat.metric.metric_name, stat.metric.dimensions)?;
    let mut points: BTreeMap<i64, Aggregate> = BTreeMap::new();
    for (_, series) in world.cloudwatch.read(&id, window) {
        for (second, values) in series {
            points.entry(second).and_modify(|sum| sum.merge(&values)).or_insert(values);
        }
    }
    let mut points: Vec<(i64, f64)> =
        points.iter().map(|(second, values)| (*second, values.statistic(statistic))).collect();
    if !ascending {
        points.reverse();
    }
    Ok(DataResult {
        id: query.id,
        label: query.label.unwrap_or(stat.metric.metric_name),
        timestamps: points.iter().map(|(second, _)| time(*second)).collect::<Result<_, _>>()?,
        values: points.into_iter().map(|(_, value)| value).collect(),
        status_code: "Complete",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_queries_begin_with_a_small_letter() {
        for id in ["q", "m1", "aB_9"] {
            assert!(check_query_id(id).is_ok(), "{id}");
        }
        for id in ["", "Q", "1m", "_a", "a-b", "aö"] {
            assert!(check_query_id(id).is_err(), "{id}");
        }
    }
}
