//! How services publish: by a set of meters that share their dimensions.
//!
//! ```ignore
//! metrics! {
//!     /// What AWS publishes of a stream.
//!     pub(crate) enum StreamMetric in "AWS/Kinesis" {
//!         IncomingBytes = "IncomingBytes" in Bytes,
//!     }
//! }
//! let meters = world.cloudwatch.meters::<StreamMetric>(region, &[("StreamName", name)]);     // once per call
//! meters.record(StreamMetric::IncomingBytes, 512.0, world.clock.now());                      // not per record
//! ```
//!
//! A value costs an uncontended lock of its series, and memory only when a minute begins. Nothing runs in the
//! background: readers see the minutes that have ended, by the clock. A metric is made by its first value, so what has
//! no traffic has no points, as on AWS; record 0.0 where AWS publishes a zero.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;

use super::aggregate::Aggregate;
use super::metric::{Dimension, MetricId, Unit};
use super::series::Series;
use super::state::{CloudWatch, Shelf};

/// The metrics of one kind of thing; [`metrics!`] makes it from a table.
pub(crate) trait MetricSet: Copy + 'static {
    /// Where they are published.
    const NAMESPACE: &'static str;
    /// Name and unit of each.
    const TABLE: &'static [(&'static str, Unit)];
    /// Its place in the table.
    fn index(self) -> usize;
}

/// Declares an enum of metrics with their names and units.
macro_rules! metrics {
    (
        $(#[$doc:meta])* $seen:vis enum $set:ident in $namespace:literal {
            $($metric:ident = $name:literal in $unit:ident,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $seen enum $set {
            $(#[doc = concat!("`", $name, "`")] $metric,)*
        }

        impl $crate::cloudwatch::MetricSet for $set {
            const NAMESPACE: &'static str = $namespace;
            const TABLE: &'static [(&'static str, $crate::cloudwatch::Unit)] =
                &[$(($name, $crate::cloudwatch::Unit::$unit),)*];

            fn index(self) -> usize {
                self as usize
            }
        }
    };
}
pub(crate) use metrics;

/// The meters of one thing: a stream, a shard, a function.
pub(crate) struct Meters<M> {
    shelf: Arc<Shelf>,
    dimensions: Box<[Dimension]>,
    series: Box<[OnceLock<Arc<Series>>]>,
    of: std::marker::PhantomData<fn(M)>,
}

impl<M: MetricSet> Meters<M> {
    /// Meters of the thing these dimensions name.
    pub(crate) fn new(
        cloudwatch: &CloudWatch,
        region: &str,
        dimensions: impl IntoIterator<Item = Dimension>,
    ) -> Self {
        Self {
            shelf: cloudwatch.shelf(region),
            dimensions: dimensions.into_iter().collect(),
            series: M::TABLE.iter().map(|_| OnceLock::new()).collect(),
            of: std::marker::PhantomData,
        }
    }

    /// Records one value.
    pub(crate) fn record(&self, metric: M, value: f64, now: Timestamp) {
        self.record_all(metric, &Aggregate::of(value), now);
    }

    /// Records many values at once. Percentiles are only known when they were all the same.
    pub(crate) fn record_all(&self, metric: M, values: &Aggregate, now: Timestamp) {
        let index = metric.index();
        let (Some((name, unit)), Some(cell)) = (M::TABLE.get(index), self.series.get(index)) else { return };
        let second = now.as_second();
        if let Some(series) = cell.get() {
            return series.add(second, values, false, second);
        }
        let id = MetricId::new(M::NAMESPACE, *name, self.dimensions.as_ref());
        if let Some(series) = self.shelf.series(id, *unit, second) {
            cell.get_or_init(|| series).add(second, values, false, second);
        }
    }
}

impl<M> std::fmt::Debug for Meters<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meters").field("dimensions", &self.dimensions).finish_non_exhaustive()
    }
}

/// A count as the number a metric takes.
pub(crate) fn amount(count: impl TryInto<u32>) -> f64 {
    count.try_into().map_or(f64::from(u32::MAX), f64::from)
}

/// A duration in the milliseconds metrics are in.
pub(crate) fn millis(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudwatch::series::Window;
    use crate::world::Setting;

    metrics! {
        /// Of a thing.
        enum ThingMetric in "AWS/Thing" {
            Bytes = "Put.Bytes" in Bytes,
            Latency = "Put.Latency" in Milliseconds,
        }
    }

    #[tokio::test]
    async fn a_metric_exists_from_its_first_value_and_outlives_what_it_measured() {
        let state = CloudWatch::new(&Setting::default());
        let at = |second| Timestamp::from_second(second).unwrap();
        for value in [1.0, 2.0] {
            let meters = Meters::new(&state, "eu-west-1", [Dimension::new("Thing", "t")]);
            meters.record(ThingMetric::Bytes, value, at(60));
        }
        let shelf = state.shelf("eu-west-1");
        let named = |name| MetricId::new("AWS/Thing", name, [Dimension::new("Thing", "t")]);
        let window = Window { start: 0, end: 600, period: 60, now: 600 };
        let points = shelf.read(&named("Put.Bytes"), None, window, true);
        assert_eq!((points[0].0, points[0].1[0].1.aggregate.sum), (Unit::Bytes, 3.0));
        assert_eq!(points[0].1[0].1.spread, Some(vec![(1.0, 1.0), (2.0, 1.0)]));
        assert!(shelf.read(&named("Put.Latency"), None, window, true).is_empty());
        assert_eq!(ThingMetric::TABLE[ThingMetric::Latency.index()].0, "Put.Latency");
    }
}
