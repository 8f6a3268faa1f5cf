//! Counts what passes the producer, and hands it to the recorder that is installed once a second.
//!
//! Between two seconds everything is in plain numbers here: a record costs a few additions, not a call to a recorder.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Key, KeyName, Label, Level as Verbosity, Metadata, Recorder, with_recorder};
use pipectl_shards::ShardId;

use super::names::{self, Metric};
use super::{Granularity, Level, Settings, Sketch};
use crate::outcome::Attempts;
use crate::stats::ErrorCounts;

/// How often the recorder is told.
const INTERVAL: Duration = Duration::from_secs(1);
/// Shards that are told apart; what is beyond counts for the stream.
const MOST_SHARDS: usize = 1_000;

static METADATA: Metadata<'_> = Metadata::new("pipectl_producer", Verbosity::INFO, Some(module_path!()));

/// What passed since the recorder was told.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    settings: Settings,
    stream: Passed,
    shards: HashMap<ShardId, Landed>,
    /// What belongs to no shard, or to one too many.
    elsewhere: Landed,
    told_at: Duration,
    is_new: bool,
}

/// What concerns the stream alone.
#[derive(Debug, Default)]
struct Passed {
    received: u64,
    request_ms: Sketch,
    kinesis_records: Sketch,
    user_records: Sketch,
}

/// What concerns a shard.
#[derive(Debug, Default)]
struct Landed {
    users_put: u64,
    users_given_up: u64,
    users_expired: u64,
    user_bytes: u64,
    kinesis_put: u64,
    kinesis_missed: u64,
    kinesis_bytes: u64,
    errors: ErrorCounts,
    retries: Runs,
    buffering_ms: Runs,
    users_per_kinesis: Sketch,
}

impl Landed {
    fn tried(&mut self, attempts: &Attempts) {
        self.retries.add(u64::from(attempts.count().saturating_sub(1)));
        if let Some(first) = attempts.kept().next() {
            self.buffering_ms.add(u64::try_from(first.at.as_millis()).unwrap_or(u64::MAX));
        }
    }
}

/// A sketch of values that often follow one another unchanged, as the ages of records that were put together.
#[derive(Debug, Default)]
struct Runs {
    sketch: Sketch,
    value: u64,
    length: u64,
}

impl Runs {
    fn add(&mut self, value: u64) {
        if value != self.value {
            self.end();
            self.value = value;
        }
        self.length += 1;
    }

    fn end(&mut self) {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds are far below 2⁵³")]
        self.sketch.add(self.value as f64, std::mem::take(&mut self.length));
    }
}

impl Meters {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    fn is_on(&self) -> bool {
        self.settings.level > Level::None
    }

    /// User records were handed over.
    pub(crate) fn received(&mut self, count: u64) {
        self.is_new = true;
        self.stream.received += count;
    }

    /// A request with so many Kinesis and user records was answered, or failed.
    pub(crate) fn requested(&mut self, took: Duration, kinesis_records: usize, user_records: u64) {
        if self.is_on() {
            self.is_new = true;
            self.stream.request_ms.add(took.as_secs_f64() * 1e3, 1);
            self.stream.kinesis_records.add(amount(kinesis_records as u64), 1);
            self.stream.user_records.add(amount(user_records), 1);
        }
    }

    /// A Kinesis record arrived.
    pub(crate) fn arrived(&mut self, shard: ShardId, bytes: usize, user_records: u64) {
        if let Some(landed) = self.landed(Some(shard)) {
            landed.kinesis_put += 1;
            landed.kinesis_bytes += bytes as u64;
            landed.users_per_kinesis.add(amount(user_records), 1);
        }
    }

    /// Attempts at Kinesis records failed, on this shard if one is known.
    pub(crate) fn missed(&mut self, shard: Option<ShardId>, code: &Arc<str>, kinesis_records: u64) {
        if let Some(landed) = self.landed(shard) {
            landed.kinesis_missed += kinesis_records;
            landed.errors.add(code, kinesis_records);
        }
    }

    /// A user record was delivered.
    pub(crate) fn delivered(&mut self, shard: ShardId, bytes: usize, attempts: &Attempts) {
        if let Some(landed) = self.landed(Some(shard)) {
            landed.users_put += 1;
            landed.user_bytes += bytes as u64;
            landed.tried(attempts);
        }
    }

    /// A user record was given up.
    pub(crate) fn given_up(&mut self, attempts: &Attempts, has_expired: bool) {
        if let Some(landed) = self.landed(None) {
            landed.users_given_up += 1;
            landed.users_expired += u64::from(has_expired);
            landed.tried(attempts);
        }
    }

    fn landed(&mut self, shard: Option<ShardId>) -> Option<&mut Landed> {
        if !self.is_on() {
            return None;
        }
        self.is_new = true;
        let has_room = self.shards.len() < MOST_SHARDS;
        match shard.filter(|_| self.settings.granularity == Granularity::Shard) {
            Some(shard) if has_room => Some(self.shards.entry(shard).or_default()),
            Some(shard) => Some(self.shards.get_mut(&shard).unwrap_or(&mut self.elsewhere)),
            None => Some(&mut self.elsewhere),
        }
    }

    /// When the recorder is to be told; `None` while there is nothing to tell.
    pub(crate) fn due(&self) -> Option<Duration> {
        (self.is_new && self.is_on()).then(|| self.told_at + INTERVAL)
    }

    /// Tells the recorder what passed, and that so many user records have not ended.
    pub(crate) fn tell(&mut self, pending: u64, now: Duration) {
        if !std::mem::take(&mut self.is_new) || !self.is_on() {
            return;
        }
        self.told_at = now;
        let shards = std::mem::take(&mut self.shards);
        let (stream, elsewhere) = (std::mem::take(&mut self.stream), std::mem::take(&mut self.elsewhere));
        with_recorder(|recorder| {
            let of_stream = Teller { recorder, level: self.settings.level, labels: self.labels(None) };
            of_stream.passed(&stream, pending);
            of_stream.landed(elsewhere);
            for (shard, landed) in shards {
                Teller { labels: self.labels(Some(shard)), ..of_stream }.landed(landed);
            }
        });
    }

    fn labels(&self, shard: Option<ShardId>) -> Vec<Label> {
        let granularity = self.settings.granularity;
        let stream = self.settings.stream.clone().filter(|_| granularity >= Granularity::Stream);
        let stream = stream.map(|name| Label::new(names::STREAM_NAME, name));
        let shard = shard.map(|shard| Label::new(names::SHARD_ID, shard.to_string()));
        stream.into_iter().chain(shard).collect()
    }
}

/// Tells a recorder what passed under some labels.
struct Teller<'r> {
    recorder: &'r dyn Recorder,
    level: Level,
    labels: Vec<Label>,
}

impl Teller<'_> {
    fn passed(&self, passed: &Passed, pending: u64) {
        self.count(Metric::UserRecordsReceived, passed.received);
        self.distribution(Metric::UserRecordsPending, [(amount(pending), 1)]);
        self.distribution(Metric::RequestTime, passed.request_ms.values());
        self.distribution(Metric::KinesisRecordsPerPutRecordsRequest, passed.kinesis_records.values());
        self.distribution(Metric::UserRecordsPerPutRecordsRequest, passed.user_records.values());
    }

    fn landed(&self, mut landed: Landed) {
        landed.buffering_ms.end();
        landed.retries.end();
        self.distribution(Metric::UserRecordsPut, [(0.0, landed.users_given_up), (1.0, landed.users_put)]);
        self.distribution(
            Metric::KinesisRecordsPut,
            [(0.0, landed.kinesis_missed), (1.0, landed.kinesis_put)],
        );
        self.count(Metric::UserRecordsDataPut, landed.user_bytes);
        self.count(Metric::KinesisRecordsDataPut, landed.kinesis_bytes);
        self.count(Metric::UserRecordExpired, landed.users_expired);
        self.count(Metric::AllErrors, landed.errors.total());
        self.distribution(Metric::RetriesPerRecord, landed.retries.sketch.values());
        self.distribution(Metric::BufferingTime, landed.buffering_ms.sketch.values());
        self.distribution(Metric::UserRecordsPerKinesisRecord, landed.users_per_kinesis.values());
        for (code, count) in landed.errors.iter() {
            let mut labels = self.labels.clone();
            labels.push(Label::new(names::ERROR_CODE, code.to_owned()));
            Teller { labels, ..*self }.count(Metric::ErrorsByCode, count);
        }
    }

    fn count(&self, metric: Metric, count: u64) {
        if count > 0 && metric.level() <= self.level {
            self.recorder.register_counter(&self.key(metric), &METADATA).increment(count);
        }
    }

    fn distribution(&self, metric: Metric, values: impl IntoIterator<Item = (f64, u64)>) {
        if metric.level() > self.level {
            return;
        }
        let mut values = values.into_iter().filter(|(_, count)| *count > 0).peekable();
        if values.peek().is_some() {
            let histogram = self.recorder.register_histogram(&self.key(metric), &METADATA);
            values.for_each(|(value, count)| {
                histogram.record_many(value, usize::try_from(count).unwrap_or(usize::MAX));
            });
        }
    }

    fn key(&self, metric: Metric) -> Key {
        Key::from_parts(KeyName::from_const_str(metric.name()), self.labels.clone())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
fn amount(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use metrics::with_local_recorder;

    use super::*;
    use crate::metrics::Registry;

    fn meters(level: Level, granularity: Granularity) -> Meters {
        Meters::new(Settings { level, granularity, stream: Some("s".to_owned()) })
    }

    fn render(mut meters: Meters) -> String {
        let registry = Registry::default();
        with_local_recorder(&registry, || meters.tell(3, Duration::from_secs(1)));
        registry.render()
    }

    fn pass(meters: &mut Meters) {
        meters.received(2);
        meters.requested(Duration::from_millis(20), 2, 7);
        meters.arrived(ShardId::new(4), 100, 6);
        meters.missed(Some(ShardId::new(4)), &"Throttled".into(), 1);
        meters.missed(None, &"RequestTimeout".into(), 2);
        meters.delivered(ShardId::new(4), 50, &Attempts::default());
        meters.given_up(&Attempts::default(), true);
    }

    #[test]
    fn a_level_has_its_metrics_and_no_others() {
        for (level, there, not_there) in [
            (Level::Summary, "UserRecordsPut_sum", "RequestTime_sum"),
            (Level::Summary, "ErrorsByCode", "UserRecordsReceived"),
            (Level::Detailed, "RequestTime_sum", "no such metric"),
        ] {
            let mut meters = meters(level, Granularity::Shard);
            pass(&mut meters);
            let text = render(meters);
            assert!(text.contains(there) && !text.contains(not_there), "{level:?}: {text}");
        }
        let mut none = meters(Level::None, Granularity::Shard);
        pass(&mut none);
        assert_eq!((none.due(), render(none)), (None, String::new()));
    }

    #[test]
    fn granularity_is_what_metrics_are_told_apart_by() {
        for (granularity, line) in [
            (Granularity::Global, "UserRecordsPut_count 2"),
            (Granularity::Stream, "UserRecordsPut_count{StreamName=\"s\"} 2"),
            (Granularity::Shard, "UserRecordsPut_count{StreamName=\"s\",ShardId=\"shardId-000000000004\"} 1"),
        ] {
            let mut meters = meters(Level::Detailed, granularity);
            pass(&mut meters);
            let text = render(meters);
            assert!(text.lines().any(|found| found == line), "`{line}` is not in\n{text}");
        }
    }

    #[test]
    fn shards_without_end_are_counted_together() {
        let mut meters = meters(Level::Detailed, Granularity::Shard);
        for n in 0..5_000 {
            meters.arrived(ShardId::new(n), 1, 1);
        }
        assert_eq!(meters.shards.len(), MOST_SHARDS);
        assert_eq!(meters.elsewhere.kinesis_put, 4_000);
    }
}
