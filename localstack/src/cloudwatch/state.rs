//! All metrics of the endpoint, by region.
//!
//! A series has a lock of its own, so that services that publish do not wait for one another; the map of series is
//! locked to find one. Both are bounded: series by number, points by the bytes they take.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;

use super::aggregate::Aggregate;
use super::alarms::Alarms;
use super::dashboards::Dashboards;
use super::meter::{Meters, MetricSet};
use super::metric::{Dimension, MetricId, Unit};
use super::series::{Budget, MOST_SERIES, Series, Window};
use super::statistic::Values;
use crate::lock::Lock;
use crate::world::Setting;

/// Most regions with metrics. AWS has fewer; a signature may name anything.
const MOST_REGIONS: usize = 64;

/// Most meters kept at hand; past it they are let go, and found again when they are next used.
const MOST_METERS: usize = 10_000;

/// The series of a metric, by unit.
type Units = Vec<(Unit, Arc<Series>)>;

/// Meters in use, by their set of metrics and the region and names of what they measure.
type MetersByName = HashMap<(TypeId, String), Arc<dyn Any + Send + Sync>>;

/// What one region holds.
#[derive(Debug)]
pub(crate) struct Shelf {
    metrics: Lock<BTreeMap<MetricId, Units>>,
    budget: Arc<Budget>,
    full: AtomicBool,
    pub(super) alarms: Alarms,
}

/// The metrics of the endpoint.
#[derive(Debug)]
pub struct CloudWatch {
    region: String,
    shelves: Lock<BTreeMap<String, Arc<Shelf>>>,
    budget: Arc<Budget>,
    meters: Lock<MetersByName>,
    pub(super) dashboards: Dashboards,
    /// Whether a task looks at the alarms.
    pub(super) watching: Lock<bool>,
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

/// Values on their way into a metric.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) values: Aggregate,
    /// The second they are from.
    pub(super) at: i64,
    /// Whether they are kept by the second too.
    pub(super) fine: bool,
}

impl Shelf {
    fn new(budget: Arc<Budget>) -> Self {
        Self { metrics: Lock::default(), budget, full: AtomicBool::new(false), alarms: Alarms::default() }
    }

    /// The series of a metric, made when there is none yet; `None` when there are too many.
    pub(super) fn series(&self, id: MetricId, unit: Unit, now: i64) -> Option<Arc<Series>> {
        let mut metrics = self.metrics.lock();
        let known = metrics.get(&id).and_then(|units| find(units, unit));
        if known.is_some() {
            return known;
        }
        if self.budget.series.load(Ordering::Relaxed) >= MOST_SERIES {
            metrics.retain(|_, units| {
                // A series that a service still holds must stay the one it publishes to.
                units.retain(|(_, series)| Arc::strong_count(series) > 1 || !series.is_expired(now));
                !units.is_empty()
            });
        }
        if self.budget.series.load(Ordering::Relaxed) >= MOST_SERIES {
            if !self.full.swap(true, Ordering::Relaxed) {
                tracing::warn!(limit = MOST_SERIES, "too many metrics: values of new ones are dropped");
            }
            return None;
        }
        let published = id.namespace.starts_with("AWS/");
        let series = Arc::new(Series::new(published, Arc::clone(&self.budget)));
        metrics.entry(id).or_default().push((unit, Arc::clone(&series)));
        Some(series)
    }

    pub(super) fn put(&self, id: MetricId, unit: Unit, sample: &Sample, now: i64) {
        if let Some(series) = self.series(id, unit, now) {
            series.add(sample.at, &sample.values, sample.fine, now);
        }
    }

    /// The points of a metric in each of its units that has any, in the order of the units' names; only one unit's when
    /// one is given.
    pub(super) fn read(
        &self,
        id: &MetricId,
        only: Option<Unit>,
        window: Window,
        with_spread: bool,
    ) -> Vec<(Unit, Vec<(i64, Values)>)> {
        let units = self.metrics.lock().get(id).cloned().unwrap_or_default();
        let wanted = units.iter().filter(|(unit, _)| only.is_none_or(|only| *unit == only));
        let rolled = wanted.map(|(unit, series)| (*unit, series.roll_up(window, with_spread)));
        let mut rolled: Vec<_> = rolled.filter(|(_, points)| !points.is_empty()).collect();
        rolled.sort_by_key(|(unit, _)| unit.as_str());
        rolled
    }

    /// The metrics a selection matches that have points which are seen, in order, with the second of the newest.
    pub(super) fn list(&self, selection: &Selection, now: i64) -> Vec<(MetricId, i64)> {
        let metrics = self.metrics.lock();
        let wanted = metrics.iter().filter(|(id, _)| selection.matches(id));
        wanted
            .filter_map(|(id, units)| {
                let newest = units.iter().filter_map(|(_, series)| series.newest(now)).max()?;
                Some((id.clone(), newest))
            })
            .collect()
    }
}

fn find(units: &Units, unit: Unit) -> Option<Arc<Series>> {
    units.iter().find(|(known, _)| *known == unit).map(|(_, series)| Arc::clone(series))
}

impl CloudWatch {
    /// No metrics yet.
    #[must_use]
    pub fn new(setting: &Setting) -> Self {
        Self {
            region: setting.region.clone(),
            shelves: Lock::default(),
            budget: Arc::default(),
            meters: Lock::default(),
            dashboards: Dashboards::default(),
            watching: Lock::default(),
        }
    }

    /// Every metric and every dashboard is gone.
    pub(crate) fn reset(&self) {
        self.shelves.lock().clear();
        self.dashboards.clear();
    }

    /// What a region holds. A region past the sixty-fourth shares the endpoint's own.
    pub(crate) fn shelf(&self, region: &str) -> Arc<Shelf> {
        let mut shelves = self.shelves.lock();
        if let Some(shelf) = shelves.get(region) {
            return Arc::clone(shelf);
        }
        let region = if shelves.len() < MOST_REGIONS { region } else { &self.region };
        let shelf = shelves.entry(region.to_owned());
        Arc::clone(shelf.or_insert_with(|| Arc::new(Shelf::new(Arc::clone(&self.budget)))))
    }

    /// The meters of what these names and values name; one lock and one look-up, so ask once per call.
    pub(crate) fn meters<M: MetricSet>(
        &self,
        region: &str,
        names: &[(&'static str, &str)],
    ) -> Arc<Meters<M>> {
        let mut key = region.to_owned();
        for (_, value) in names {
            key.push('\n');
            key.push_str(value);
        }
        let key = (TypeId::of::<M>(), key);
        if let Some(known) = self.meters.lock().get(&key)
            && let Ok(meters) = Arc::clone(known).downcast()
        {
            return meters;
        }
        let dimensions = names.iter().map(|(name, value)| Dimension::new(*name, *value));
        let meters = Arc::new(Meters::new(self, region, dimensions));
        let mut all = self.meters.lock();
        if all.len() >= MOST_METERS {
            all.clear();
        }
        all.insert(key, Arc::clone(&meters) as _);
        meters
    }

    /// All regions with what they hold.
    pub(super) fn all_shelves(&self) -> Vec<(String, Arc<Shelf>)> {
        let shelves = self.shelves.lock();
        shelves.iter().map(|(region, shelf)| (region.clone(), Arc::clone(shelf))).collect()
    }

    /// Publishes one value in the endpoint's own region. What publishes often holds [`Meters`](super::Meters) instead.
    pub fn put(
        &self,
        namespace: &str,
        name: &str,
        dimensions: &[Dimension],
        (value, unit): (f64, Unit),
        at: Timestamp,
    ) {
        let second = at.as_second();
        let sample = Sample { values: Aggregate::of(value), at: second, fine: false };
        self.shelf(&self.region).put(MetricId::new(namespace, name, dimensions), unit, &sample, second);
    }

    /// The statistics of a metric of the endpoint's own region over a window, all units together and also of minutes
    /// that have not ended; `None` when nothing was published in it.
    #[must_use]
    pub fn total(&self, id: &MetricId, start: Timestamp, end: Timestamp) -> Option<Aggregate> {
        self.total_in(&self.region, id, start, end)
    }

    /// As [`total`](Self::total), of a region.
    #[must_use]
    pub fn total_in(
        &self,
        region: &str,
        id: &MetricId,
        start: Timestamp,
        end: Timestamp,
    ) -> Option<Aggregate> {
        let units = self.shelf(region).metrics.lock().get(id).cloned().unwrap_or_default();
        let (start, end) = (start.as_second(), end.as_second());
        let totals = units.iter().filter_map(|(_, series)| series.total(start, end));
        totals.reduce(|mut sum, one| {
            sum.merge(&one);
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> Shelf {
        Shelf::new(Arc::default())
    }

    fn put(shelf: &Shelf, id: MetricId, unit: Unit, value: f64) {
        shelf.put(id, unit, &Sample { values: Aggregate::of(value), at: 60, fine: false }, 60);
    }

    #[tokio::test]
    async fn values_come_back_as_statistics_of_their_own_metric_and_region() {
        let state = CloudWatch::new(&Setting::default());
        let stream = [Dimension::new("StreamName", "a")];
        let at = |second| Timestamp::from_second(second).unwrap();
        state.put("AWS/Kinesis", "IncomingBytes", &stream, (10.0, Unit::Bytes), at(61));
        state.put("AWS/Kinesis", "IncomingBytes", &stream, (30.0, Unit::Bytes), at(62));
        state.put("AWS/Kinesis", "IncomingBytes", &[], (99.0, Unit::Bytes), at(62));
        let id = MetricId::new("AWS/Kinesis", "IncomingBytes", stream);
        put(&state.shelf("eu-west-1"), id.clone(), Unit::Bytes, 7.0);
        let total = state.total(&id, at(0), at(120)).unwrap();
        assert_eq!((total.count, total.sum, total.minimum, total.maximum), (2.0, 40.0, 10.0, 30.0));
    }

    #[test]
    fn a_selection_narrows_by_namespace_name_and_dimension() {
        let shelf = shelf();
        for stream in ["a", "b"] {
            for name in ["X", "Y"] {
                put(&shelf, MetricId::new("N", name, [Dimension::new("S", stream)]), Unit::Count, 1.0);
            }
        }
        let count = |selection: &Selection| shelf.list(selection, 60).len();
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
        let shelf = shelf();
        let id = MetricId::new("N", "m", []);
        put(&shelf, id.clone(), Unit::Seconds, 1.0);
        put(&shelf, id.clone(), Unit::Bytes, 2.0);
        let window = Window { start: 0, end: 120, period: 60, now: 120 };
        let units: Vec<_> = shelf.read(&id, None, window, false).iter().map(|(unit, _)| *unit).collect();
        assert_eq!(units, [Unit::Bytes, Unit::Seconds]);
        let bytes = shelf.read(&id, Some(Unit::Bytes), window, false);
        assert_eq!(bytes[0].1[0].1.aggregate.sum, 2.0);
    }

    #[tokio::test]
    async fn regions_without_end_share_one() {
        let state = CloudWatch::new(&Setting::default());
        let shelves: Vec<_> = (0..200).map(|number| state.shelf(&format!("r-{number}"))).collect();
        assert!(state.shelves.lock().len() <= MOST_REGIONS + 1);
        assert!(Arc::ptr_eq(&shelves[150], &shelves[151]));
        assert!(!Arc::ptr_eq(&shelves[1], &shelves[2]));
    }
}
