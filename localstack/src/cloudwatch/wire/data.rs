//! `GetMetricData`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::super::query::{MetricQuery, Outcome, Queries, Query, QueryError, Source};
use super::super::statistic::Statistic;
use super::metric::{MetricShape, period, unit, window};
use super::statistics::time;
use super::values::{Flag, Number, Time};
use super::{as_validation, invalid, missing};
use crate::http::{AwsError, Context};
use crate::world::World;

/// Most points of a page.
const MAX_POINTS: usize = 100_800;
/// Most queries of a request.
const MAX_QUERIES: usize = 500;

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricStatShape {
    metric: Option<MetricShape>,
    period: Option<Number>,
    stat: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
}

/// `MetricDataQuery` in both directions.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct QueryShape {
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric_stat: Option<MetricStatShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expression: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_data: Option<Flag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<Number>,
}

impl QueryShape {
    pub(super) fn is_returned(&self) -> bool {
        self.return_data.is_none_or(|returned| returned.0)
    }

    /// The query, checked; `at` is where it stands, such as `MetricDataQueries.member.1.`
    pub(super) fn query(&self, at: &str) -> Result<Query, AwsError> {
        let id = self.id.clone().ok_or_else(|| missing(&format!("{at}Id")))?;
        if !is_query_id(&id) {
            return Err(invalid(format!("The value {id} for parameter {at}Id is invalid.")));
        }
        let source = match (&self.metric_stat, &self.expression) {
            (Some(stat), None) => Source::Metric(stat.query(&format!("{at}MetricStat."))?),
            (None, Some(text)) => Query::formula(&id, text)?,
            (None, None) => {
                let message = format!("The parameter {at}MetricStat is required.\n");
                return Err(AwsError::validation(message));
            }
            (Some(_), Some(_)) => {
                return Err(AwsError::validation(format!(
                    "The parameters {at}Expression and {at}MetricStat are mutually exclusive and you have specified \
                     both."
                )));
            }
        };
        if let Some(given) = self.period {
            period(Some(given), &format!("{at}Period"))?;
        }
        Ok(Query { id, source, label: self.label.clone(), returned: self.is_returned() })
    }
}

impl MetricStatShape {
    fn query(&self, at: &str) -> Result<MetricQuery, AwsError> {
        let metric = self.metric.clone().ok_or_else(|| missing(&format!("{at}Metric")))?;
        let stat = self.stat.clone().ok_or_else(|| missing(&format!("{at}Stat")))?;
        let statistic = Statistic::parse(&stat)
            .ok_or_else(|| invalid(format!("The value {stat} for parameter {at}Stat is not supported.")))?;
        Ok(MetricQuery {
            metric: metric.id(&format!("{at}Metric."))?,
            period: period(self.period, &format!("{at}Period"))?,
            statistic,
            stat,
            unit: unit(self.unit.as_deref(), &format!("{at}Unit"))?,
        })
    }
}

fn is_query_id(id: &str) -> bool {
    let mut letters = id.chars();
    letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && id.len() <= 255
}

impl From<&Query> for QueryShape {
    fn from(query: &Query) -> Self {
        let (metric_stat, expression) = match &query.source {
            Source::Formula { text, .. } => (None, Some(text.clone())),
            Source::Metric(metric) => {
                let stat = MetricStatShape {
                    metric: Some((&metric.metric).into()),
                    period: Some(Number::from(metric.period)),
                    stat: Some(metric.stat.clone()),
                    unit: metric.unit.map(|unit| unit.as_str().to_owned()),
                };
                (Some(stat), None)
            }
        };
        Self {
            id: Some(query.id.clone()),
            metric_stat,
            expression,
            label: query.label.clone(),
            return_data: Some(Flag(query.returned)),
            period: None,
        }
    }
}

impl From<QueryError> for AwsError {
    fn from(error: QueryError) -> Self {
        Self::validation(error.to_string())
    }
}

/// The queries of a request, checked.
pub(super) fn queries(shapes: &[QueryShape], list: &str) -> Result<Queries, AwsError> {
    let each = shapes.iter().enumerate();
    let queries = each.map(|(index, shape)| shape.query(&format!("{list}.member.{}.", index + 1)));
    Ok(Queries::new(queries.collect::<Result<_, _>>()?)?)
}

/// The input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DataInput {
    #[serde(default)]
    metric_data_queries: Vec<QueryShape>,
    start_time: Option<Time>,
    end_time: Option<Time>,
    scan_by: Option<String>,
    max_datapoints: Option<Number>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DataResult {
    id: String,
    label: String,
    timestamps: Vec<Time>,
    values: Vec<f64>,
    status_code: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Message>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    code: &'static str,
    value: String,
}

/// The output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DataOutput {
    metric_data_results: Vec<DataResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    messages: Vec<Message>,
}

/// Reads metrics and formulas over them.
pub(super) fn data(world: &Arc<World>, context: &Context, input: DataInput) -> Result<DataOutput, AwsError> {
    let ascending = match input.scan_by.as_deref() {
        None | Some("TimestampDescending") => false,
        Some("TimestampAscending") => true,
        Some(_) => {
            let set = "[ TimestampDescending, TimestampAscending ]";
            return Err(invalid(format!("The parameter ScanBy must be a value in the set {set}.")));
        }
    };
    let most = match input.max_datapoints.map(|most| most.whole().and_then(|most| usize::try_from(most).ok()))
    {
        None => MAX_POINTS,
        Some(Some(most @ 1..=MAX_POINTS)) => most,
        Some(_) => {
            let message = format!("The parameter MaxDatapoints must be between 1 and {MAX_POINTS}.");
            return Err(AwsError::validation(message));
        }
    };
    let skip = input.next_token.as_deref().map_or(Ok(0), opened)?;
    if input.metric_data_queries.is_empty() {
        return Err(as_validation(missing("MetricDataQueries")));
    }
    if input.metric_data_queries.len() > MAX_QUERIES {
        return Err(AwsError::validation(format!(
            "The collection MetricDataQueries must not have a size greater than {MAX_QUERIES}."
        )));
    }
    if !input.metric_data_queries.iter().any(QueryShape::is_returned) {
        let message = "At least one of the MetricDataQueries must have ReturnData set to true.";
        return Err(AwsError::validation(message));
    }
    let queries = queries(&input.metric_data_queries, "MetricDataQueries").map_err(as_validation)?;
    let now = world.clock.now().as_second();
    let times = (input.start_time, input.end_time);
    let times = window(times, queries.shortest_period(), now).map_err(as_validation)?;
    let mut outcomes = queries.run(&world.cloudwatch.shelf(&context.region), times, now)?;
    if !ascending {
        outcomes.iter_mut().for_each(|outcome| outcome.points.reverse());
    }
    page(outcomes, skip, most)
}

/// The points `skip..skip + most` of all results one after the other.
fn page(outcomes: Vec<Outcome>, skip: usize, most: usize) -> Result<DataOutput, AwsError> {
    let total: usize = outcomes.iter().map(|outcome| outcome.points.len()).sum();
    let end = skip.saturating_add(most);
    let mut results = Vec::new();
    let mut first = 0;
    for outcome in outcomes {
        let next = first + outcome.points.len();
        let is_here = if next == first {
            first >= skip && (first < end || end >= total)
        } else {
            next > skip && first < end
        };
        if is_here {
            let from = skip.saturating_sub(first);
            let to = outcome.points.len().min(end - first);
            results.push(result(&outcome, from..to)?);
        }
        first = next;
    }
    let next_token = (total > end).then(|| BASE64.encode(format!("datapoints:{end}")));
    Ok(DataOutput { metric_data_results: results, next_token, messages: Vec::new() })
}

fn opened(token: &str) -> Result<usize, AwsError> {
    let text = BASE64.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let skip = text.and_then(|text| text.strip_prefix("datapoints:")?.parse().ok());
    skip.ok_or_else(|| AwsError::bad_request("InvalidNextToken", "The NextToken is invalid."))
}

fn result(outcome: &Outcome, part: std::ops::Range<usize>) -> Result<DataResult, AwsError> {
    let is_whole = part.end == outcome.points.len();
    let points = outcome.points.get(part).unwrap_or_default();
    let messages = (!outcome.units.is_empty()).then(|| {
        let units: Vec<&str> = outcome.units.iter().map(|unit| unit.as_str()).collect();
        let value = format!("Multiple units returned: '[{}]'", units.join(", "));
        Message { code: "MultipleUnits", value }
    });
    Ok(DataResult {
        id: outcome.id.clone(),
        label: outcome.label.clone(),
        timestamps: points.iter().map(|(second, _)| time(*second)).collect::<Result<_, _>>()?,
        values: points.iter().map(|(_, value)| *value).collect(),
        status_code: if is_whole { "Complete" } else { "PartialData" },
        messages: messages.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_of_queries_begin_with_a_small_letter() {
        for id in ["q", "m1", "aB_9"] {
            assert!(is_query_id(id), "{id}");
        }
        for id in ["", "Q", "1m", "_a", "a-b", "aö"] {
            assert!(!is_query_id(id), "{id}");
        }
    }

    proptest! {
        #[test]
        fn pages_hold_every_point_once_and_every_result(
            sizes in proptest::collection::vec(0_usize..6, 1..6),
            most in 1_usize..8,
        ) {
            let outcomes = || sizes.iter().enumerate().map(|(index, size)| Outcome {
                id: format!("q{index}"),
                label: String::new(),
                points: (0_i64..).zip((0..*size).map(|_| 1.0)).collect(),
                units: Vec::new(),
            }).collect::<Vec<_>>();
            let mut seen = vec![Vec::new(); sizes.len()];
            let mut complete = vec![0; sizes.len()];
            let mut skip = 0;
            loop {
                let page = page(outcomes(), skip, most).unwrap();
                for result in page.metric_data_results {
                    let index: usize = result.id[1..].parse().unwrap();
                    seen[index].extend(result.timestamps.iter().map(|time| time.0.as_second()));
                    complete[index] += usize::from(result.status_code == "Complete");
                }
                match page.next_token {
                    Some(token) => skip = opened(&token).unwrap(),
                    None => break,
                }
            }
            for (index, size) in sizes.iter().enumerate() {
                prop_assert_eq!(seen[index].len(), *size);
                prop_assert!(seen[index].is_sorted());
                prop_assert_eq!(complete[index], 1);
            }
        }
    }
}
