//! Queries over metrics, as `GetMetricData` and alarms put them: metrics with a statistic, and formulas over those.
//!
//! A set of queries is checked once ([`Queries::new`]) and can then be run at any time ([`Queries::run`]). Pure, but
//! for the series it reads.

use std::collections::{BTreeSet, HashMap};

use super::math::{Expression, Line, MOST_POINTS, MathError, Scope, Value, parse};
use super::metric::{MetricId, Unit};
use super::series::Window;
use super::state::Shelf;
use super::statistic::Statistic;

/// A metric with a statistic.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MetricQuery {
    pub(super) metric: MetricId,
    pub(super) period: i64,
    pub(super) statistic: Statistic,
    /// The statistic as it was written.
    pub(super) stat: String,
    pub(super) unit: Option<Unit>,
}

/// What a query reads or computes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    Metric(MetricQuery),
    Formula {
        /// As it was written.
        text: String,
        expression: Expression,
    },
}

/// One query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Query {
    pub(super) id: String,
    pub(super) source: Source,
    pub(super) label: Option<String>,
    /// Whether its result is wanted, or only used by others.
    pub(super) returned: bool,
}

/// Queries that were checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Queries {
    queries: Vec<Query>,
    /// Their labels.
    labels: Vec<String>,
    /// The formulas in an order in which each comes after those it names.
    formulas: Vec<usize>,
}

/// A result.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    pub(super) id: String,
    pub(super) label: String,
    /// Second and value, oldest first.
    pub(super) points: Vec<(i64, f64)>,
    /// The units a metric has values in, where they are several; only those of the first are in the points.
    pub(super) units: Vec<Unit>,
}

/// Why a set of queries makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum QueryError {
    #[error("The values for parameter id in MetricDataQueries are not unique.")]
    NotUnique,
    #[error("Error in expression '{id}': {cause}")]
    Formula { id: String, cause: MathError },
    #[error("Error in expression '{0}': expressions refer to one another in a circle")]
    Circle(String),
    #[error("Error in expression '{0}': the result is a number and not a time series")]
    Number(String),
}

impl Queries {
    /// Checks queries: ids are unique, formulas name queries that are there, and not in a circle.
    pub(super) fn new(queries: Vec<Query>) -> Result<Self, QueryError> {
        let mut by_id = HashMap::new();
        for (index, query) in queries.iter().enumerate() {
            if by_id.insert(query.id.as_str(), index).is_some() {
                return Err(QueryError::NotUnique);
            }
        }
        let formulas = order(&queries, &by_id)?;
        let labels = labels(&queries);
        Ok(Self { queries, labels, formulas })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Query> {
        self.queries.iter()
    }

    /// The longest period of the metrics.
    pub(super) fn longest_period(&self) -> i64 {
        self.metrics().map(|metric| metric.period).max().unwrap_or(60)
    }

    /// The shortest period of the metrics.
    pub(super) fn shortest_period(&self) -> i64 {
        self.metrics().map(|metric| metric.period).min().unwrap_or(60)
    }

    fn metrics(&self) -> impl Iterator<Item = &MetricQuery> {
        self.queries.iter().filter_map(|query| match &query.source {
            Source::Metric(metric) => Some(metric),
            Source::Formula { .. } => None,
        })
    }

    /// Runs them over `start..end`; the results come in the order of the queries, formulas of arrays with one for each
    /// member.
    pub(super) fn run(
        &self,
        shelf: &Shelf,
        (start, end): (i64, i64),
        now: i64,
    ) -> Result<Vec<Outcome>, QueryError> {
        let mut outcomes: Vec<Vec<Outcome>> = self.queries.iter().map(|_| Vec::new()).collect();
        let keep_values = !self.formulas.is_empty();
        let mut known = HashMap::new();
        let mut metrics = Vec::new();
        for (index, query) in self.queries.iter().enumerate() {
            let Source::Metric(metric) = &query.source else { continue };
            let window = Window { start, end, period: metric.period, now };
            let (points, units) = read(shelf, metric, window);
            let label = self.labels[index].clone();
            if keep_values {
                let points = points.clone();
                let line = Line { id: query.id.clone(), label: label.clone(), period: metric.period, points };
                known.insert(query.id.clone(), Value::Line(line));
                metrics.push(query.id.clone());
            }
            if query.returned {
                outcomes[index].push(Outcome { id: query.id.clone(), label, points, units });
            }
        }
        let period = self.shortest_period();
        let mut room = MOST_POINTS.into();
        for index in &self.formulas {
            let query = &self.queries[*index];
            let Source::Formula { expression: formula, .. } = &query.source else { continue };
            let scope = Scope { known: &known, metrics: &metrics, window: (start, end), period, room };
            let value = scope.evaluate(formula);
            room = scope.room;
            let value = value.map_err(|cause| QueryError::Formula { id: query.id.clone(), cause })?;
            if query.returned {
                outcomes[*index] = computed(query, &self.labels[*index], value.clone())?;
            }
            known.insert(query.id.clone(), value);
        }
        Ok(outcomes.into_iter().flatten().collect())
    }
}

/// The points of a metric. Values in several units do not mix: those of the first unit by name are taken.
fn read(shelf: &Shelf, metric: &MetricQuery, window: Window) -> (Vec<(i64, f64)>, Vec<Unit>) {
    let found = shelf.read(&metric.metric, metric.unit, window, !metric.statistic.is_basic());
    let units = if found.len() > 1 { found.iter().map(|(unit, _)| *unit).collect() } else { Vec::new() };
    let first = found.into_iter().next().map(|(_, points)| points).unwrap_or_default();
    let points = first.iter().filter_map(|(at, values)| Some((*at, metric.statistic.of(values)?)));
    (points.collect(), units)
}

fn computed(query: &Query, label: &str, value: Value) -> Result<Vec<Outcome>, QueryError> {
    let outcome = |label: &str, points| Outcome {
        id: query.id.clone(),
        label: label.to_owned(),
        points,
        units: Vec::new(),
    };
    match value {
        Value::Scalar(_) => Err(QueryError::Number(query.id.clone())),
        Value::Line(line) => Ok(vec![outcome(label, line.points)]),
        Value::Lines(lines) => {
            let each = lines.into_iter().map(|line| {
                let label = query.label.clone().unwrap_or(line.label);
                outcome(&label, line.points)
            });
            Ok(each.collect())
        }
    }
}

/// The formulas, each after those it names.
fn order(queries: &[Query], by_id: &HashMap<&str, usize>) -> Result<Vec<usize>, QueryError> {
    let mut waiting: Vec<(usize, BTreeSet<usize>)> = Vec::new();
    for (index, query) in queries.iter().enumerate() {
        let Source::Formula { expression: formula, .. } = &query.source else { continue };
        let named = formula.names().into_iter().filter_map(|name| by_id.get(name).copied());
        let formulas = named.filter(|named| matches!(queries[*named].source, Source::Formula { .. }));
        waiting.push((index, formulas.collect()));
    }
    let mut done = BTreeSet::new();
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|(index, needs)| {
            let ready = needs.is_subset(&done);
            if ready {
                done.insert(*index);
                ordered.push(*index);
            }
            !ready
        });
        if waiting.len() == before {
            return Err(QueryError::Circle(queries[waiting[0].0].id.clone()));
        }
    }
    Ok(ordered)
}

/// The labels AWS gives: a metric's name, and what tells it from others of the same name in the request; a formula's id.
fn labels(queries: &[Query]) -> Vec<String> {
    let mut by_name: HashMap<&str, Vec<&MetricQuery>> = HashMap::new();
    for query in queries {
        if let Source::Metric(metric) = &query.source {
            by_name.entry(&metric.metric.name).or_default().push(metric);
        }
    }
    let label = |query: &Query| match (&query.label, &query.source) {
        (Some(label), _) => label.clone(),
        (None, Source::Formula { .. }) => query.id.clone(),
        (None, Source::Metric(metric)) => {
            let others = by_name.get(metric.metric.name.as_str()).map(Vec::as_slice).unwrap_or_default();
            told_apart(metric, others)
        }
    };
    queries.iter().map(label).collect()
}

fn told_apart(metric: &MetricQuery, others: &[&MetricQuery]) -> String {
    let mut parts = Vec::new();
    let differ = |differs: &dyn Fn(&MetricQuery) -> bool| others.iter().any(|other| differs(other));
    if differ(&|other| other.metric.dimensions() != metric.metric.dimensions()) {
        parts.extend(metric.metric.dimensions().iter().map(|dimension| dimension.value.clone()));
    }
    parts.push(metric.metric.name.clone());
    if differ(&|other| other.stat != metric.stat) {
        parts.push(metric.stat.clone());
    }
    if differ(&|other| other.period != metric.period) {
        parts.push(metric.period.to_string());
    }
    parts.join(" ")
}

impl Query {
    /// A formula from its text.
    pub(super) fn formula(id: &str, text: &str) -> Result<Source, QueryError> {
        let cause = |cause| QueryError::Formula { id: id.to_owned(), cause };
        let expression = parse(text).map_err(cause)?;
        Ok(Source::Formula { text: text.to_owned(), expression })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudwatch::metric::Dimension;

    fn metric(id: &str, name: &str, stat: &str, period: i64) -> Query {
        let metric = MetricQuery {
            metric: MetricId::new("N", name, [Dimension::new("S", "s")]),
            period,
            statistic: Statistic::parse(stat).unwrap(),
            stat: stat.to_owned(),
            unit: None,
        };
        Query { id: id.to_owned(), source: Source::Metric(metric), label: None, returned: true }
    }

    fn formula(id: &str, text: &str) -> Query {
        let source = Query::formula(id, text).unwrap();
        Query { id: id.to_owned(), source, label: None, returned: true }
    }

    #[test]
    fn labels_say_what_tells_queries_apart() {
        let of = |queries: Vec<Query>| Queries::new(queries).unwrap().labels;
        assert_eq!(of(vec![metric("a", "m", "Sum", 60), metric("b", "n", "Average", 30)]), ["m", "n"]);
        let same = of(vec![metric("a", "m", "Sum", 60), metric("b", "m", "Minimum", 60)]);
        assert_eq!(same, ["m Sum", "m Minimum"]);
        let both =
            of(vec![metric("a", "m", "Sum", 60), metric("b", "m", "Minimum", 30), formula("e", "a+b")]);
        assert_eq!(both, ["m Sum 60", "m Minimum 30", "e"]);
    }

    #[test]
    fn formulas_come_after_those_they_name_and_never_in_a_circle() {
        let chain = vec![formula("c", "b + 1"), formula("b", "a * 2"), metric("a", "m", "Sum", 60)];
        assert_eq!(Queries::new(chain).unwrap().formulas, [1, 0]);
        let circle = vec![formula("a", "b"), formula("b", "a")];
        assert_eq!(Queries::new(circle), Err(QueryError::Circle("a".to_owned())));
        assert!(matches!(Queries::new(vec![formula("a", "a")]), Err(QueryError::Circle(_))));
        let twice = vec![metric("a", "m", "Sum", 60), formula("a", "1")];
        assert_eq!(Queries::new(twice), Err(QueryError::NotUnique));
    }
}
