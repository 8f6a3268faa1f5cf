//! The registry as CloudWatch gets it: what came in a minute, as values with their counts.
//!
//! CloudWatch does not add up over dimensions. So, as KPL does, a metric of a shard is published for its stream and
//! for all streams as well.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use metrics::Unit;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

use super::Sketch;
use super::names::{SHARD_ID, STREAM_NAME};
use super::registry::{Id, Reading, Registry};
use crate::sink::{SinkError, SinkErrorKind};

/// Data of a request at most: `PutMetricData` takes 1,000.
const MOST_DATA: usize = 1_000;
/// Different values of a datum at most: `PutMetricData` takes 150.
const MOST_VALUES: usize = 150;
/// Different values of a request at most, which keeps it below 1 MB.
const MOST_REQUEST_VALUES: usize = 8_000;
/// Data that wait for CloudWatch to take them; the oldest go first.
const MOST_WAITING: usize = 20_000;

/// What was measured of one metric in one interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Datum {
    /// The metric's name.
    pub name: String,
    /// Its dimensions, in the order in which they were given.
    pub dimensions: Vec<(String, String)>,
    /// What the values are in.
    pub unit: Option<Unit>,
    /// The end of the interval.
    pub at: Timestamp,
    /// At most 150 different values, ascending, and how many there were of each.
    pub values: Vec<(f64, u64)>,
}

/// Takes metrics: one `PutMetricData` call.
#[async_trait]
pub trait MetricSink: Send + Sync + 'static {
    /// Puts up to 1,000 data into a namespace.
    ///
    /// # Errors
    /// They were not taken, or it is not known whether they were.
    async fn put_metric_data(&self, namespace: &str, data: &[Datum]) -> Result<(), SinkError>;
}

/// How metrics are published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherSettings {
    /// The namespace (KPL: `MetricsNamespace`).
    pub namespace: String,
    /// How often (KPL: `MetricsUploadDelay`).
    pub interval: Duration,
    /// How long a request may take.
    pub request_timeout: Duration,
}

impl Default for PublisherSettings {
    fn default() -> Self {
        Self {
            namespace: "KinesisProducerLibrary".to_owned(),
            interval: Duration::from_secs(60),
            request_timeout: Duration::from_secs(10),
        }
    }
}

/// Publishes what a registry holds, until it is closed.
///
/// Dropping it ends it without publishing the rest.
#[derive(Debug)]
pub struct Publisher {
    close: oneshot::Sender<()>,
    /// Ends with whether everything was published.
    task: JoinHandle<bool>,
}

impl Publisher {
    /// Starts publishing on the current tokio runtime.
    #[must_use]
    pub fn start(registry: Registry, sink: Arc<dyn MetricSink>, settings: PublisherSettings) -> Self {
        let (close, closed) = oneshot::channel();
        let outbox =
            Outbox { registry, sink, settings, waiting: VecDeque::new(), lost: 0, has_failed: false };
        Self { close, task: tokio::spawn(outbox.run(closed)) }
    }

    /// Publishes the rest and ends. After the deadline it ends without; the answer is whether all was published.
    pub async fn close_within(self, deadline: Duration) -> bool {
        let Self { close, mut task } = self;
        // It has ended by itself when nobody listens.
        let _ = close.send(());
        let ended = tokio::time::timeout(deadline, &mut task).await;
        task.abort();
        ended.is_ok_and(|ended| ended.is_ok_and(|published| published))
    }
}

/// What is to be published.
struct Outbox {
    registry: Registry,
    sink: Arc<dyn MetricSink>,
    settings: PublisherSettings,
    waiting: VecDeque<Datum>,
    /// Data that went because too many waited.
    lost: u64,
    has_failed: bool,
}

impl Outbox {
    async fn run(mut self, mut closed: oneshot::Receiver<()>) -> bool {
        let mut ticks =
            tokio::time::interval_at(Instant::now() + self.settings.interval, self.settings.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_last = tokio::select! {
                _ = ticks.tick() => false,
                // Closed, or dropped.
                told = &mut closed => {
                    if told.is_err() {
                        return false;
                    }
                    true
                }
            };
            self.gather(Timestamp::now());
            let sent = self.send().await;
            if is_last || matches!(&sent, Err(error) if error.kind == SinkErrorKind::Fatal) {
                return sent.is_ok();
            }
        }
    }

    fn gather(&mut self, now: Timestamp) {
        self.waiting.extend(data(&self.registry, now));
        let excess = self.waiting.len().saturating_sub(MOST_WAITING);
        self.waiting.drain(..excess);
        self.lost += excess as u64;
    }

    /// Sends what waits; what fails stays for the next interval.
    async fn send(&mut self) -> Result<(), SinkError> {
        while !self.waiting.is_empty() {
            let request = request(self.waiting.make_contiguous());
            let put = self.sink.put_metric_data(&self.settings.namespace, request);
            let late = |_| {
                let message = format!("no answer within {:?}", self.settings.request_timeout);
                let kind = SinkErrorKind::Transient;
                Err(SinkError { kind, code: "RequestTimeout".into(), message: message.into() })
            };
            let taken = request.len();
            let put = tokio::time::timeout(self.settings.request_timeout, put).await.unwrap_or_else(late);
            self.told(&put);
            put?;
            self.waiting.drain(..taken);
        }
        Ok(())
    }

    /// One line when metrics stop being taken, and one when they are again.
    fn told(&mut self, put: &Result<(), SinkError>) {
        match put {
            Err(error) if error.kind == SinkErrorKind::Fatal => {
                tracing::warn!("metrics are not published any more: {error}");
            }
            Err(error) if !self.has_failed => {
                tracing::warn!("metrics wait to be published: {error}");
            }
            Ok(()) if self.has_failed => {
                tracing::info!("metrics are published again; {} data were lost", self.lost);
                self.lost = 0;
            }
            _ => {}
        }
        self.has_failed = put.is_err();
    }
}

/// The data at the front that make a request.
fn request(waiting: &[Datum]) -> &[Datum] {
    let mut values = 0;
    let fits = |datum: &&Datum| {
        values += datum.values.len();
        values <= MOST_REQUEST_VALUES
    };
    let count = waiting.iter().take(MOST_DATA).take_while(fits).count();
    waiting.get(..count.max(1)).unwrap_or(waiting)
}

/// What came since it was asked last, added up over shards and streams.
fn data(registry: &Registry, at: Timestamp) -> Vec<Datum> {
    let mut sums: BTreeMap<Id, Sketch> = BTreeMap::new();
    for (id, reading) in registry.drain() {
        let sketch = sketch(reading);
        for id in with_sums(id) {
            sums.entry(id).or_default().merge(&sketch);
        }
    }
    let data = sums.into_iter().flat_map(|(id, sketch)| {
        let unit = registry.described(&id.name).unit;
        let values: Vec<(f64, u64)> = sketch.values().collect();
        let datum = move |values: &[(f64, u64)]| Datum {
            name: id.name.clone(),
            dimensions: id.labels.clone(),
            unit,
            at,
            values: values.to_vec(),
        };
        values.chunks(MOST_VALUES).map(datum).collect::<Vec<_>>()
    });
    data.collect()
}

fn sketch(reading: Reading) -> Sketch {
    let mut sketch = Sketch::default();
    match reading {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
        Reading::Counter(count) => sketch.add(count as f64, 1),
        Reading::Gauge(level) => sketch.add(level, 1),
        Reading::Histogram(values) => sketch = values,
    }
    sketch
}

/// A series, and those that it is a part of: its stream's, and that of all streams.
fn with_sums(id: Id) -> Vec<Id> {
    let mut ids = vec![id];
    for dimension in [SHARD_ID, STREAM_NAME] {
        let narrow = ids.last().map(|id| id.labels.as_slice()).unwrap_or_default();
        let labels: Vec<_> = narrow.iter().filter(|(key, _)| key != dimension).cloned().collect();
        if labels.len() < narrow.len()
            && let Some(name) = ids.last().map(|id| id.name.clone())
        {
            ids.push(Id { name, labels });
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use metrics::{counter, histogram, with_local_recorder};

    use super::*;

    /// Fails as often as it is told to, and keeps what it takes.
    #[derive(Default)]
    struct Taken {
        failures: Mutex<Vec<SinkErrorKind>>,
        requests: Mutex<Vec<Vec<Datum>>>,
    }

    #[async_trait]
    impl MetricSink for Taken {
        async fn put_metric_data(&self, namespace: &str, data: &[Datum]) -> Result<(), SinkError> {
            assert_eq!(namespace, "KinesisProducerLibrary");
            if let Some(kind) = self.failures.lock().unwrap().pop() {
                return Err(SinkError { kind, code: "No".into(), message: "not now".into() });
            }
            self.requests.lock().unwrap().push(data.to_vec());
            Ok(())
        }
    }

    fn start(failures: Vec<SinkErrorKind>) -> (Registry, Arc<Taken>, Publisher) {
        let sink = Arc::new(Taken { failures: Mutex::new(failures), ..Taken::default() });
        let registry = Registry::default();
        let publisher = Publisher::start(registry.clone(), sink.clone(), PublisherSettings::default());
        (registry, sink, publisher)
    }

    fn total(sink: &Taken, name: &str) -> f64 {
        let requests = sink.requests.lock().unwrap();
        let data = requests.iter().flatten().filter(|datum| datum.name == name);
        data.flat_map(|datum| &datum.values).map(|(value, _)| value).sum()
    }

    #[test]
    fn a_shard_counts_for_its_stream_and_for_all() {
        let registry = Registry::default();
        with_local_recorder(&registry, || {
            for shard in ["a", "b"] {
                counter!("N", "StreamName" => "s", "ShardId" => shard, "ErrorCode" => "e").increment(2);
            }
        });
        let at = Timestamp::UNIX_EPOCH;
        let told: Vec<(usize, Vec<(f64, u64)>)> =
            data(&registry, at).into_iter().map(|datum| (datum.dimensions.len(), datum.values)).collect();
        let (one, two) = (vec![(2.0, 1)], vec![(2.0, 2)]);
        assert_eq!(told, [(1, two.clone()), (2, two), (3, one.clone()), (3, one)]);
        assert!(data(&registry, at).is_empty(), "nothing came since, and nothing is published");
    }

    #[test]
    fn a_datum_and_a_request_hold_what_cloudwatch_takes() {
        let registry = Registry::default();
        with_local_recorder(&registry, || {
            for n in 0..100_u32 {
                let times = histogram!("T", "n" => n.to_string());
                (0..200).for_each(|value| times.record(1.07_f64.powi(value)));
            }
        });
        let data = data(&registry, Timestamp::UNIX_EPOCH);
        assert!(data.iter().all(|datum| datum.values.len() <= MOST_VALUES));
        let (mut rest, mut requests) = (data.as_slice(), 0);
        while !rest.is_empty() {
            let request = request(rest);
            assert!(request.len() <= MOST_DATA);
            assert!(request.iter().map(|datum| datum.values.len()).sum::<usize>() <= MOST_REQUEST_VALUES);
            rest = &rest[request.len()..];
            requests += 1;
        }
        assert!(requests > 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_for_now_is_published_later() {
        let (registry, sink, publisher) = start(vec![SinkErrorKind::Throttled, SinkErrorKind::Transient]);
        for _ in 0..3 {
            with_local_recorder(&registry, || counter!("N").increment(5));
            tokio::time::sleep(Duration::from_secs(61)).await;
        }
        with_local_recorder(&registry, || counter!("N").increment(5));
        assert!(publisher.close_within(Duration::from_secs(1)).await);
        assert!((total(&sink, "N") - 20.0).abs() < f64::EPSILON);
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_that_may_not_be_is_given_up() {
        let (registry, sink, publisher) = start(vec![SinkErrorKind::Fatal]);
        with_local_recorder(&registry, || counter!("N").increment(5));
        tokio::time::sleep(Duration::from_secs(121)).await;
        assert!(publisher.task.is_finished());
        assert!(!publisher.close_within(Duration::from_secs(1)).await, "and nobody says that it was done");
        assert_eq!(sink.requests.lock().unwrap().len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_last_upload_that_fails_is_said_to_have_failed() {
        let (registry, _, publisher) = start(vec![SinkErrorKind::Transient]);
        with_local_recorder(&registry, || counter!("N").increment(5));
        assert!(!publisher.close_within(Duration::from_secs(1)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_takes_for_days_is_bounded() {
        let sink = Arc::new(Taken::default());
        let settings = PublisherSettings::default();
        let registry = Registry::default();
        let waiting = VecDeque::new();
        let mut outbox =
            Outbox { registry: registry.clone(), sink, settings, waiting, lost: 0, has_failed: false };
        for minute in 0..50 {
            with_local_recorder(&registry, || {
                (0..1_000).for_each(|n: u32| counter!("N", "n" => n.to_string()).increment(minute + 1));
            });
            outbox.gather(Timestamp::UNIX_EPOCH);
        }
        assert_eq!((outbox.waiting.len(), outbox.lost), (MOST_WAITING, 30_000));
        assert_eq!(outbox.waiting.back().map(|datum| datum.values.clone()), Some(vec![(50.0, 1)]));
    }
}
