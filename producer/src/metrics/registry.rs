//! A recorder for the [`metrics`] facade with bounded memory, which CloudWatch and Prometheus read.
//!
//! A recorder that keeps samples until somebody asks for them grows by megabytes a second at a million records a
//! second; this one keeps a [`Sketch`] for each series.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

use super::Sketch;

/// Series that are kept; further ones are refused, with one warning.
const MOST_SERIES: usize = 10_000;
/// A series to which nothing was added in so many drains is forgotten.
const IDLE: u32 = 15;

/// What was measured in this process. A clone is the same registry.
#[derive(Clone, Debug, Default)]
pub struct Registry(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    series: Mutex<BTreeMap<Id, Series>>,
    described: Mutex<BTreeMap<String, Described>>,
    was_full: AtomicBool,
}

/// A metric and its dimensions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) name: String,
    pub(super) labels: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Described {
    pub(super) unit: Option<Unit>,
    pub(super) meaning: String,
}

#[derive(Debug)]
struct Series {
    value: Value,
    idle: u32,
}

#[derive(Clone, Debug)]
enum Value {
    Counter(Arc<Count>),
    Gauge(Arc<Level>),
    Histogram(Arc<Distribution>),
}

/// Counts up.
#[derive(Debug, Default)]
struct Count {
    all: AtomicU64,
    drained: AtomicU64,
}

impl CounterFn for Count {
    fn increment(&self, value: u64) {
        self.all.fetch_add(value, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.all.fetch_max(value, Ordering::Relaxed);
    }
}

/// Goes up and down. The bits of an `f64`.
#[derive(Debug, Default)]
struct Level {
    bits: AtomicU64,
    is_new: AtomicBool,
}

impl Level {
    fn change(&self, change: impl Fn(f64) -> f64) {
        let changed = |bits| Some(change(f64::from_bits(bits)).to_bits());
        // The closure always answers, so that it cannot fail.
        let _ = self.bits.fetch_update(Ordering::Relaxed, Ordering::Relaxed, changed);
        self.is_new.store(true, Ordering::Relaxed);
    }
}

impl GaugeFn for Level {
    fn increment(&self, value: f64) {
        self.change(|level| level + value);
    }

    fn decrement(&self, value: f64) {
        self.change(|level| level - value);
    }

    fn set(&self, value: f64) {
        self.change(|_| value);
    }
}

/// All values, and those since the last drain.
#[derive(Debug, Default)]
struct Distribution(Mutex<(Sketch, Sketch)>);

impl Distribution {
    fn sketches(&self) -> MutexGuard<'_, (Sketch, Sketch)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HistogramFn for Distribution {
    fn record(&self, value: f64) {
        self.record_many(value, 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        let (all, since) = &mut *self.sketches();
        all.add(value, count as u64);
        since.add(value, count as u64);
    }
}

/// What a series comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reading {
    Counter(u64),
    Gauge(f64),
    Histogram(Sketch),
}

impl Registry {
    fn series(&self) -> MutexGuard<'_, BTreeMap<Id, Series>> {
        self.0.series.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn described(&self, name: &str) -> Described {
        self.0.described.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned().unwrap_or_default()
    }

    /// Everything since the start.
    pub(super) fn readings(&self) -> Vec<(Id, Reading)> {
        let reading = |value: &Value| match value {
            Value::Counter(count) => Reading::Counter(count.all.load(Ordering::Relaxed)),
            Value::Gauge(level) => Reading::Gauge(f64::from_bits(level.bits.load(Ordering::Relaxed))),
            Value::Histogram(distribution) => Reading::Histogram(distribution.sketches().0.clone()),
        };
        self.series().iter().map(|(id, series)| (id.clone(), reading(&series.value))).collect()
    }

    /// What came since the last drain, of the series to which something came.
    pub(super) fn drain(&self) -> Vec<(Id, Reading)> {
        let mut drained = Vec::new();
        self.series().retain(|id, series| {
            if let Some(reading) = series.drain() {
                series.idle = 0;
                drained.push((id.clone(), reading));
            } else {
                series.idle += 1;
            }
            series.idle < IDLE || series.is_held()
        });
        drained
    }

    fn value(&self, key: &Key, new: impl FnOnce() -> Value) -> Option<Value> {
        let labels = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned()));
        let id = Id { name: key.name().to_owned(), labels: labels.collect() };
        let mut all = self.series();
        if !all.contains_key(&id) && all.len() >= MOST_SERIES {
            if !self.0.was_full.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "there are {MOST_SERIES} series of metrics; no more are kept, such as `{key}`"
                );
            }
            return None;
        }
        Some(all.entry(id).or_insert_with(|| Series { value: new(), idle: 0 }).value.clone())
    }

    fn describe(&self, name: &KeyName, unit: Option<Unit>, meaning: &SharedString) {
        let mut described = self.0.described.lock().unwrap_or_else(PoisonError::into_inner);
        if described.len() < MOST_SERIES {
            let meaning = meaning.clone().into_owned();
            described.insert(name.as_str().to_owned(), Described { unit, meaning });
        }
    }
}

impl Series {
    fn drain(&self) -> Option<Reading> {
        match &self.value {
            Value::Counter(count) => {
                let all = count.all.load(Ordering::Relaxed);
                let new = all - count.drained.swap(all, Ordering::Relaxed);
                (new > 0).then_some(Reading::Counter(new))
            }
            Value::Gauge(level) => level
                .is_new
                .swap(false, Ordering::Relaxed)
                .then(|| Reading::Gauge(f64::from_bits(level.bits.load(Ordering::Relaxed)))),
            Value::Histogram(distribution) => {
                let since = std::mem::take(&mut distribution.sketches().1);
                (!since.is_empty()).then_some(Reading::Histogram(since))
            }
        }
    }

    /// Whether somebody has a handle on it, and may add to it still.
    fn is_held(&self) -> bool {
        let holders = match &self.value {
            Value::Counter(count) => Arc::strong_count(count),
            Value::Gauge(level) => Arc::strong_count(level),
            Value::Histogram(distribution) => Arc::strong_count(distribution),
        };
        holders > 1
    }
}

impl Recorder for Registry {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, meaning: SharedString) {
        self.describe(&name, unit, &meaning);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, meaning: SharedString) {
        self.describe(&name, unit, &meaning);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, meaning: SharedString) {
        self.describe(&name, unit, &meaning);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        match self.value(key, || Value::Counter(Arc::default())) {
            Some(Value::Counter(count)) => Counter::from_arc(count),
            _ => Counter::noop(),
        }
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        match self.value(key, || Value::Gauge(Arc::default())) {
            Some(Value::Gauge(level)) => Gauge::from_arc(level),
            _ => Gauge::noop(),
        }
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        match self.value(key, || Value::Histogram(Arc::default())) {
            Some(Value::Histogram(distribution)) => Histogram::from_arc(distribution),
            _ => Histogram::noop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use metrics::{counter, with_local_recorder};

    use super::*;

    #[test]
    fn series_without_end_take_bounded_memory_and_idle_ones_are_forgotten() {
        let registry = Registry::default();
        with_local_recorder(&registry, || {
            for n in 0..2 * MOST_SERIES {
                counter!("N", "n" => n.to_string()).increment(1);
            }
            assert_eq!(registry.readings().len(), MOST_SERIES);
            let held = counter!("N", "n" => "7");
            for _ in 0..=IDLE {
                registry.drain();
            }
            assert_eq!(registry.readings().len(), 1, "the one that somebody holds");
            held.increment(1);
            assert_eq!(registry.drain().len(), 1);
            counter!("N", "n" => "new").increment(1);
            assert_eq!(registry.readings().len(), 2, "there is room again");
        });
    }
}
