//! CloudWatch's operations. Clients come in three protocols (query, JSON, CBOR); the operations see one.

mod list;
mod put;
mod query;
mod read;
mod values;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::http::{Answer, AwsError, JsonCall, QueryCall};
use crate::world::World;

use super::metric::{Dimension, MetricId, Unit, UnknownUnit};

/// Most dimensions of a metric.
const MAX_DIMENSIONS: usize = 30;

/// `Dimension` in both directions.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DimensionShape {
    name: String,
    value: String,
}

impl From<&Dimension> for DimensionShape {
    fn from(dimension: &Dimension) -> Self {
        Self { name: dimension.name.clone(), value: dimension.value.clone() }
    }
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("InvalidParameterValueException", message)
}

fn combination(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("InvalidParameterCombinationException", message)
}

/// The metric these name, when they name one.
fn metric_id(
    namespace: &str,
    name: &str,
    dimensions: Option<Vec<DimensionShape>>,
) -> Result<MetricId, AwsError> {
    let sized = |text: &str| (1..=255).contains(&text.len()) && text.is_ascii();
    if !sized(namespace) {
        return Err(invalid("The parameter Namespace must have 1 to 255 ASCII characters."));
    }
    if !sized(name) {
        return Err(invalid("The parameter MetricName must have 1 to 255 ASCII characters."));
    }
    let dimensions: Vec<Dimension> =
        dimensions.unwrap_or_default().into_iter().map(|d| Dimension::new(d.name, d.value)).collect();
    if dimensions.len() > MAX_DIMENSIONS {
        return Err(invalid(format!("A metric has at most {MAX_DIMENSIONS} dimensions.")));
    }
    if dimensions.iter().any(|d| d.name.is_empty() || d.value.is_empty() || d.value.len() > 1024) {
        return Err(invalid("Names of dimensions have 1 to 255 characters and values 1 to 1024."));
    }
    Ok(MetricId::new(namespace, name, dimensions))
}

fn unit(text: Option<&str>) -> Result<Option<Unit>, AwsError> {
    text.map(str::parse::<Unit>).transpose().map_err(|error: UnknownUnit| invalid(error.to_string()))
}

/// Answers one call in JSON or CBOR.
pub(crate) async fn serve(world: &Arc<World>, call: &JsonCall) -> Result<Answer, AwsError> {
    match call.operation() {
        "PutMetricData" => call.nothing(put::put(world, call.input()?)?),
        "GetMetricStatistics" => call.output(&read::statistics(world, call.input()?)?),
        "GetMetricData" => call.output(&read::data(world, call.input()?)?),
        "ListMetrics" => call.output(&list::list(world, &call.input()?)?),
        other => Err(AwsError::unknown_operation(other)),
    }
}

/// Answers one call of the query protocol, whose error codes go without `Exception`.
pub(crate) async fn serve_query(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let answer = match call.operation() {
        "PutMetricData" => query::input(call).and_then(|i| put::put(world, i)).map(|()| call.nothing()),
        "GetMetricStatistics" => {
            query::input(call).and_then(|i| read::statistics(world, i)).and_then(|o| query::output(call, &o))
        }
        "GetMetricData" => {
            query::input(call).and_then(|i| read::data(world, i)).and_then(|o| query::output(call, &o))
        }
        "ListMetrics" => {
            query::input(call).and_then(|i| list::list(world, &i)).and_then(|o| query::output(call, &o))
        }
        other => Err(AwsError::unknown_operation(other)),
    };
    answer.map_err(|error| match error.code.strip_suffix("ValueException") {
        Some(stem) => AwsError { code: format!("{stem}Value").into(), ..error },
        None => match error.code.strip_suffix("CombinationException") {
            Some(stem) => AwsError { code: format!("{stem}Combination").into(), ..error },
            None => error,
        },
    })
}
