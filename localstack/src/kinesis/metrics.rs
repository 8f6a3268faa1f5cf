//! What AWS publishes in `AWS/Kinesis`: of a stream always, of a shard what enhanced monitoring was asked for.
//!
//! One sample for each call (and shard), from "Monitoring the Amazon Kinesis Data Streams Service with CloudWatch".
//! Incoming metrics count what was accepted; what was throttled is in `WriteProvisionedThroughputExceeded`, which is 0
//! for a call of which nothing was. Without calls there are no points.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pipectl_shards::ShardId;

use super::state::Outcome;
use super::stream::RATE_EXCEEDED;
use super::{Batch, Stream};
use crate::cloudwatch::{Meters, MetricSet, amount, metrics, millis};
use crate::http::AwsError;
use crate::world::World;

metrics! {
    /// Of a stream.
    pub(crate) enum StreamMetric in "AWS/Kinesis" {
        IncomingBytes = "IncomingBytes" in Bytes,
        IncomingRecords = "IncomingRecords" in Count,
        PutRecordBytes = "PutRecord.Bytes" in Bytes,
        PutRecordLatency = "PutRecord.Latency" in Milliseconds,
        PutRecordSuccess = "PutRecord.Success" in Count,
        PutRecordsBytes = "PutRecords.Bytes" in Bytes,
        PutRecordsLatency = "PutRecords.Latency" in Milliseconds,
        PutRecordsRecords = "PutRecords.Records" in Count,
        PutRecordsSuccess = "PutRecords.Success" in Count,
        PutRecordsTotal = "PutRecords.TotalRecords" in Count,
        PutRecordsSuccessful = "PutRecords.SuccessfulRecords" in Count,
        PutRecordsFailed = "PutRecords.FailedRecords" in Count,
        PutRecordsThrottled = "PutRecords.ThrottledRecords" in Count,
        WriteExceeded = "WriteProvisionedThroughputExceeded" in Count,
        GetRecordsBytes = "GetRecords.Bytes" in Bytes,
        GetRecordsAge = "GetRecords.IteratorAge" in Milliseconds,
        GetRecordsAgeMilliseconds = "GetRecords.IteratorAgeMilliseconds" in Milliseconds,
        GetRecordsLatency = "GetRecords.Latency" in Milliseconds,
        GetRecordsRecords = "GetRecords.Records" in Count,
        GetRecordsSuccess = "GetRecords.Success" in Count,
        ReadExceeded = "ReadProvisionedThroughputExceeded" in Count,
    }
}

metrics! {
    /// Of a shard.
    pub(crate) enum ShardMetric in "AWS/Kinesis" {
        IncomingBytes = "IncomingBytes" in Bytes,
        IncomingRecords = "IncomingRecords" in Count,
        OutgoingBytes = "OutgoingBytes" in Bytes,
        OutgoingRecords = "OutgoingRecords" in Count,
        WriteExceeded = "WriteProvisionedThroughputExceeded" in Count,
        ReadExceeded = "ReadProvisionedThroughputExceeded" in Count,
        Age = "IteratorAgeMilliseconds" in Milliseconds,
    }
}

/// Which operation put records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    PutRecord,
    PutRecords,
}

/// What a call put into a stream or a shard.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Tally {
    bytes: usize,
    accepted: usize,
    throttled: usize,
}

impl Tally {
    fn count(&mut self, put: &Outcome) {
        if put.result.is_ok() {
            self.bytes += put.size;
            self.accepted += 1;
        } else {
            self.throttled += 1;
        }
    }
}

fn stream_meters(world: &World, stream: &Stream) -> Arc<Meters<StreamMetric>> {
    let arn = stream.arn();
    world.cloudwatch.meters(arn.region(), &[("StreamName", arn.name())])
}

/// The shard-level metrics that are on.
struct Enhanced(BTreeSet<String>);

impl Enhanced {
    fn of(stream: &Stream, now: Timestamp) -> Option<Self> {
        stream.with(now, |state| {
            let on = !state.shard_metrics.is_empty();
            on.then(|| Self(state.shard_metrics.clone()))
        })
    }

    fn record(&self, world: &World, (stream, shard): (&Stream, ShardId), values: &[(ShardMetric, f64)]) {
        let (arn, shard) = (stream.arn(), shard.to_string());
        let dimensions = [("StreamName", arn.name()), ("ShardId", shard.as_str())];
        let meters: Arc<Meters<ShardMetric>> = world.cloudwatch.meters(arn.region(), &dimensions);
        let now = world.clock.now();
        for (metric, value) in values {
            let name = ShardMetric::TABLE.get(metric.index()).map(|(name, _)| *name).unwrap_or_default();
            if self.0.contains(name) {
                meters.record(*metric, *value, now);
            }
        }
    }
}

/// Records were put, all or some or none of them.
pub(crate) fn put(
    world: &World,
    stream: &Stream,
    operation: Operation,
    (puts, took): (&[Outcome], Duration),
) {
    let now = world.clock.now();
    let mut all = Tally::default();
    puts.iter().for_each(|put| all.count(put));
    let meters = stream_meters(world, stream);
    let record = |metric, value| meters.record(metric, value, now);
    let (bytes, accepted, throttled) = (amount(all.bytes), amount(all.accepted), amount(all.throttled));
    let succeeded = amount(usize::from(all.accepted > 0));
    if all.accepted > 0 {
        record(StreamMetric::IncomingBytes, bytes);
        record(StreamMetric::IncomingRecords, accepted);
    }
    record(StreamMetric::WriteExceeded, throttled);
    match operation {
        Operation::PutRecord => {
            if all.accepted > 0 {
                record(StreamMetric::PutRecordBytes, bytes);
            }
            record(StreamMetric::PutRecordLatency, millis(took));
            record(StreamMetric::PutRecordSuccess, succeeded);
        }
        Operation::PutRecords => {
            if all.accepted > 0 {
                record(StreamMetric::PutRecordsBytes, bytes);
            }
            record(StreamMetric::PutRecordsLatency, millis(took));
            record(StreamMetric::PutRecordsRecords, accepted);
            record(StreamMetric::PutRecordsSuccess, succeeded);
            record(StreamMetric::PutRecordsTotal, amount(puts.len()));
            record(StreamMetric::PutRecordsSuccessful, accepted);
            record(StreamMetric::PutRecordsFailed, 0.0);
            record(StreamMetric::PutRecordsThrottled, throttled);
        }
    }
    if let Some(enhanced) = Enhanced::of(stream, now) {
        put_into_shards(world, stream, &enhanced, puts);
    }
}

fn put_into_shards(world: &World, stream: &Stream, enhanced: &Enhanced, puts: &[Outcome]) {
    let mut shards: std::collections::BTreeMap<ShardId, Tally> = std::collections::BTreeMap::new();
    for put in puts {
        shards.entry(put.shard).or_default().count(put);
    }
    for (shard, tally) in shards {
        let mut values = vec![(ShardMetric::WriteExceeded, amount(tally.throttled))];
        if tally.accepted > 0 {
            values.push((ShardMetric::IncomingBytes, amount(tally.bytes)));
            values.push((ShardMetric::IncomingRecords, amount(tally.accepted)));
        }
        enhanced.record(world, (stream, shard), &values);
    }
}

/// A client read a shard, or was refused.
pub(crate) fn read(
    world: &World,
    (stream, shard): (&Stream, ShardId),
    result: &Result<Batch, AwsError>,
    took: Duration,
) {
    let now = world.clock.now();
    let meters = stream_meters(world, stream);
    let record = |metric, value| meters.record(metric, value, now);
    let throttled = result.as_ref().is_err_and(|error| error.code == RATE_EXCEEDED);
    record(StreamMetric::GetRecordsLatency, millis(took));
    record(StreamMetric::GetRecordsSuccess, amount(usize::from(result.is_ok())));
    record(StreamMetric::ReadExceeded, amount(usize::from(throttled)));
    let mut of_shard = vec![(ShardMetric::ReadExceeded, amount(usize::from(throttled)))];
    if let Ok(batch) = result {
        let bytes = amount(batch.records.iter().map(|record| record.data.len()).sum::<usize>());
        let records = amount(batch.records.len());
        let age = amount(age(batch, now));
        record(StreamMetric::GetRecordsBytes, bytes);
        record(StreamMetric::GetRecordsRecords, records);
        record(StreamMetric::GetRecordsAge, age);
        record(StreamMetric::GetRecordsAgeMilliseconds, age);
        of_shard.push((ShardMetric::OutgoingBytes, bytes));
        of_shard.push((ShardMetric::OutgoingRecords, records));
        of_shard.push((ShardMetric::Age, age));
    }
    if let Some(enhanced) = Enhanced::of(stream, now) {
        enhanced.record(world, (stream, shard), &of_shard);
    }
}

/// How old the last record read is; of an empty answer, how far the reader is behind.
fn age(batch: &Batch, now: Timestamp) -> i64 {
    let last = batch.records.last().map(|record| now.as_millisecond() - record.arrived);
    last.unwrap_or(batch.millis_behind).max(0)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::cloudwatch::{Dimension, MetricId};
    use crate::kinesis::limits::Throttle;
    use crate::kinesis::{Sequence, StreamArn, StreamSettings};
    use crate::world::Setting;

    fn world() -> (Arc<World>, Arc<Stream>) {
        let world = World::new(Setting::default());
        let arn = StreamArn::new("us-east-1", "000000000000", "s");
        let settings = StreamSettings::provisioned(NonZeroU32::new(2).unwrap());
        let stream = world.kinesis.create(arn, settings, world.clock.now()).unwrap();
        (world, stream)
    }

    fn total(world: &World, name: &str, shard: Option<&str>) -> Option<(f64, f64)> {
        let mut dimensions = vec![Dimension::new("StreamName", "s")];
        dimensions.extend(shard.map(|shard| Dimension::new("ShardId", shard)));
        let (now, hour) = (world.clock.now(), Duration::from_secs(3600));
        let id = MetricId::new("AWS/Kinesis", name, dimensions);
        world.cloudwatch.total(&id, now - hour, now + hour).map(|all| (all.sum, all.count))
    }

    fn puts(accepted: &[bool]) -> Vec<Outcome> {
        let result = |accepted| if accepted { Ok(Sequence(0)) } else { Err(Throttle::Records) };
        let put = |accepted: &bool| Outcome { shard: ShardId::new(1), size: 100, result: result(*accepted) };
        accepted.iter().map(put).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn incoming_is_what_was_accepted_and_throttles_are_counted_once() {
        let (world, stream) = world();
        let took = Duration::from_millis(7);
        put(&world, &stream, Operation::PutRecords, (&puts(&[true, false, true, false, false]), took));
        put(&world, &stream, Operation::PutRecord, (&puts(&[true]), took));
        put(&world, &stream, Operation::PutRecord, (&puts(&[false]), took));
        for (name, expected) in [
            ("IncomingRecords", (3.0, 2.0)),
            ("IncomingBytes", (300.0, 2.0)),
            ("WriteProvisionedThroughputExceeded", (4.0, 3.0)),
            ("PutRecords.TotalRecords", (5.0, 1.0)),
            ("PutRecords.SuccessfulRecords", (2.0, 1.0)),
            ("PutRecords.ThrottledRecords", (3.0, 1.0)),
            ("PutRecords.Latency", (7.0, 1.0)),
            ("PutRecord.Success", (1.0, 2.0)),
        ] {
            assert_eq!(total(&world, name, None), Some(expected), "{name}");
        }
        assert_eq!(total(&world, "GetRecords.Latency", None), None, "no calls, no points");
        assert_eq!(total(&world, "IncomingBytes", Some("shardId-000000000001")), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shard_has_the_metrics_that_enhanced_monitoring_was_asked_for() {
        let (world, stream) = world();
        stream.with(world.clock.now(), |state| state.shard_metrics.insert("IncomingBytes".to_owned()));
        put(&world, &stream, Operation::PutRecords, (&puts(&[true, false]), Duration::ZERO));
        assert_eq!(total(&world, "IncomingBytes", Some("shardId-000000000001")), Some((100.0, 1.0)));
        assert_eq!(total(&world, "IncomingRecords", Some("shardId-000000000001")), None);
        assert_eq!(total(&world, "IncomingBytes", Some("shardId-000000000000")), None);
        assert_eq!(total(&world, "IncomingBytes", None), Some((100.0, 1.0)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_tells_how_old_its_last_record_is() {
        let (world, stream) = world();
        let now = world.clock.now();
        let batch = Batch { records: Vec::new(), next: None, millis_behind: 1500, children: Vec::new() };
        read(&world, (&stream, ShardId::new(0)), &Ok(batch), Duration::ZERO);
        let refused = AwsError::bad_request(RATE_EXCEEDED, "slow down");
        read(&world, (&stream, ShardId::new(0)), &Err(refused), Duration::ZERO);
        assert_eq!(total(&world, "GetRecords.IteratorAgeMilliseconds", None), Some((1500.0, 1.0)));
        assert_eq!(total(&world, "ReadProvisionedThroughputExceeded", None), Some((1.0, 2.0)));
        assert_eq!(total(&world, "GetRecords.Success", None), Some((1.0, 2.0)));
        assert_eq!(world.clock.now(), now);
    }
}
