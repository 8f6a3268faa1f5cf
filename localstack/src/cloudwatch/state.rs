//! All metrics of the endpoint, behind one lock and two bounds.

use std::collections::BTreeMap;
use std::sync::MutexGuard;

use jiff::Timestamp;

use crate::lock::Lock;
use crate::world::Setting;

use super::metric::{Dimension, MetricId, Unit};
use super::series::{Aggregate, Series};

/// Most distinct metrics kept; values for further ones are dropped, and said so in the log.
const MAX_METRICS: usize = 10_000;
/// Most one-minute points kept over all metrics (about 100 MB); a metric then gives up its oldest for each new one.
const MAX_POINTS: usize = 1_000_000;

type Units = BTreeMap<Unit, Series>;

#[derive(Debug, Default)]
struct Metrics {
    by_id: BTreeMap<MetricId, Units>,
    points: usize,
}

/// The metrics of the endpoint.
#[derive(Debug, Default)]
pub struct CloudWatch {
    metrics: Lock<Metrics>,
}

/// A selection of metrics, for `ListMetrics`. What is left out matches anything.
#[derive(Debug, Default, Clone)]
pub(super) struct Selection {
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) dimensions: Vec<(String, Option<String>)>,
}

impl Selection {
    fn matches(&self, id: &MetricId) -> bool {
        let has = |(name, value): &(String, Option<String>)| {
            id.dimensions()
                .iter()
                .any(|d| d.name == *name && value.as_ref().is_none_or(|value| d.value == *value))
        };
        self.namespace.as_ref().is_none_or(|namespace| id.namespace == *namespace)
            && self.name.as_ref().is_none_or(|name| id.name == *name)
            && self.dimensions.iter().all(has)
    }
}

/// A read of one metric: the window in seconds since 1970 (end exclusive), the period, and a unit or any.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) period: i64,
    pub(super) unit: Option<Unit>,
}

impl CloudWatch {
    /// No metrics yet.
    #[must_use]
    pub fn new(_setting: &Setting) -> Self {
        Self::default()
    }

    fn metrics(&self) -> MutexGuard<'_, Metrics> {
        self.metrics.lock()
    }

    /// Publishes one value.
    pub fn put(
        &self,
        namespace: &str,
        name: &str,
        dimensions: &[Dimension],
        (value, unit): (f64, Unit),
        at: Timestamp,
    ) {
        self.put_aggregate(MetricId::new(namespace, name, dimensions), unit, &Aggregate::of(value), at);
    }

    /// Publishes the statistics of many values at once: what a service that counts per minute has.
    pub fn put_aggregate(&self, id: MetricId, unit: Unit, values: &Aggregate, at: Timestamp) {
        let mut metrics = self.metrics();
        if metrics.by_id.len() >= MAX_METRICS && !metrics.by_id.contains_key(&id) {
            tracing::warn!(namespace = id.namespace, metric = id.name, "too many metrics; value dropped");
            return;
        }
        let full = metrics.points >= MAX_POINTS;
        let series = metrics.by_id.entry(id).or_default().entry(unit).or_default();
        let fresh = series.add(at.as_second(), values);
        let dropped = full && fresh && series.drop_oldest();
        if fresh && !dropped {
            metrics.points += 1;
        }
    }

    /// The points of a metric by the second they start at; those of several units are apart.
    pub(super) fn read(&self, id: &MetricId, window: Window) -> Vec<(Unit, BTreeMap<i64, Aggregate>)> {
        let metrics = self.metrics();
        let Some(units) = metrics.by_id.get(id) else { return Vec::new() };
        let wanted = units.iter().filter(|(unit, _)| window.unit.is_none_or(|only| **unit == only));
        let rolled =
            wanted.map(|(unit, series)| (*unit, series.roll_up(window.start, window.end, window.period)));
        rolled.filter(|(_, points)| !points.is_empty()).collect()
    }

    /// The statistics of a metric over a window, all units together; `None` when nothing was published in it.
    #[must_use]
    pub fn total(&self, id: &MetricId, start: Timestamp, end: Timestamp) -> Option<Aggregate> {
        let window = Window {
            start: start.as_second(),
            end: end.as_second().saturating_add(1),
            period: 60,
            unit: None,
        };
        let points = self.read(id, window).into_iter().flat_map(|(_, points)| points.into_values());
        points.reduce(|mut sum, point| {
            sum.merge(&point);
            sum
        })
    }

    /// The metrics a selection matches, in order, with the second of the newest point of each.
    pub(super) fn list(&self, selection: &Selection) -> Vec<(MetricId, i64)> {
        let metrics = self.metrics();
        let wanted = metrics.by_id.iter().filter(|(id, _)| selection.matches(id));
        wanted
            .map(|(id, units)| {
                let newest = units.values().filter_map(Series::newest).max().unwrap_or(i64::MIN);
                (id.clone(), newest)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn values_come_back_as_statistics_of_their_own_metric() {
        let state = CloudWatch::default();
        let stream = [Dimension::new("StreamName", "a")];
        state.put("AWS/Kinesis", "IncomingBytes", &stream, (10.0, Unit::Bytes), at(61));
        state.put("AWS/Kinesis", "IncomingBytes", &stream, (30.0, Unit::Bytes), at(62));
        state.put("AWS/Kinesis", "IncomingBytes", &[], (99.0, Unit::Bytes), at(62));
        let total =
            state.total(&MetricId::new("AWS/Kinesis", "IncomingBytes", stream), at(0), at(120)).unwrap();
        assert_eq!((total.count, total.sum, total.minimum, total.maximum), (2.0, 40.0, 10.0, 30.0));
    }

    #[test]
    fn a_selection_narrows_by_namespace_name_and_dimension() {
        let state = CloudWatch::default();
        for stream in ["a", "b"] {
            for name in ["X", "Y"] {
                state.put("N", name, &[Dimension::new("S", stream)], (1.0, Unit::Count), at(0));
            }
        }
        let count = |selection: &Selection| state.list(selection).len();
        assert_eq!(count(&Selection::default()), 4);
        assert_eq!(count(&Selection { name: Some("X".into()), ..Selection::default() }), 2);
        let one = Selection {
            name: Some("X".into()),
            dimensions: vec![("S".into(), Some("b".into()))],
            ..Selection::default()
        };
        assert_eq!(count(&one), 1);
        assert_eq!(count(&Selection { namespace: Some("Other".into()), ..Selection::default() }), 0);
    }

    #[test]
    fn units_are_kept_apart() {
        let state = CloudWatch::default();
        state.put("N", "m", &[], (1.0, Unit::Count), at(0));
        state.put("N", "m", &[], (2.0, Unit::Bytes), at(0));
        let window = Window { start: 0, end: 60, period: 60, unit: None };
        assert_eq!(state.read(&MetricId::new("N", "m", []), window).len(), 2);
        let window = Window { unit: Some(Unit::Bytes), ..window };
        assert_eq!(state.read(&MetricId::new("N", "m", []), window)[0].1[&0].sum, 2.0);
    }
}
