//! What AWS publishes in `AWS/Firehose`, with the delivery stream's name as dimension, in the stream's own region.
//!
//! From "Monitor Amazon Data Firehose metrics" in the guide. What happens to records on their way is told by
//! `delivery::telemetry`; what the API is asked is told here. AWS publishes the three limits as they stand; here they
//! come with each put, and not at all where limits are off.

use std::time::Duration;

use super::state::Key;
use super::throughput::Quota;
use crate::cloudwatch::{amount, metrics, millis};
use crate::world::World;

metrics! {
    /// Of a delivery stream.
    pub(crate) enum Metric in "AWS/Firehose" {
        BackupBytes = "BackupToS3.Bytes" in Bytes,
        BackupFreshness = "BackupToS3.DataFreshness" in Seconds,
        BackupRecords = "BackupToS3.Records" in Count,
        BackupSuccess = "BackupToS3.Success" in Count,
        BytesLimit = "BytesPerSecondLimit" in BytesPerSecond,
        BucketBytes = "DeliveryToS3.Bytes" in Bytes,
        BucketFreshness = "DeliveryToS3.DataFreshness" in Seconds,
        BucketObjects = "DeliveryToS3.ObjectCount" in Count,
        BucketRecords = "DeliveryToS3.Records" in Count,
        BucketSuccess = "DeliveryToS3.Success" in Count,
        DescribeLatency = "DescribeDeliveryStream.Latency" in Milliseconds,
        DescribeRequests = "DescribeDeliveryStream.Requests" in Count,
        EndpointBytes = "DeliveryToHttpEndpoint.Bytes" in Bytes,
        EndpointFreshness = "DeliveryToHttpEndpoint.DataFreshness" in Seconds,
        EndpointProcessedBytes = "DeliveryToHttpEndpoint.ProcessedBytes" in Bytes,
        EndpointProcessedRecords = "DeliveryToHttpEndpoint.ProcessedRecords" in Count,
        EndpointRecords = "DeliveryToHttpEndpoint.Records" in Count,
        EndpointSuccess = "DeliveryToHttpEndpoint.Success" in Count,
        ExecuteDuration = "ExecuteProcessing.Duration" in Milliseconds,
        ExecuteSuccess = "ExecuteProcessing.Success" in Count,
        IncomingBytes = "IncomingBytes" in Bytes,
        IncomingPutRequests = "IncomingPutRequests" in Count,
        IncomingRecords = "IncomingRecords" in Count,
        JqDuration = "JQProcessing.Duration" in Milliseconds,
        PartitionCount = "PartitionCount" in Count,
        PartitionCountExceeded = "PartitionCountExceeded" in Count,
        PutBytes = "PutRecord.Bytes" in Bytes,
        PutLatency = "PutRecord.Latency" in Milliseconds,
        PutRequests = "PutRecord.Requests" in Count,
        BatchBytes = "PutRecordBatch.Bytes" in Bytes,
        BatchLatency = "PutRecordBatch.Latency" in Milliseconds,
        BatchRecords = "PutRecordBatch.Records" in Count,
        BatchRequests = "PutRecordBatch.Requests" in Count,
        RequestsLimit = "PutRequestsPerSecondLimit" in Count,
        ReadBytes = "DataReadFromKinesisStream.Bytes" in Bytes,
        ReadRecords = "DataReadFromKinesisStream.Records" in Count,
        RecordsLimit = "RecordsPerSecondLimit" in Count,
        SucceedBytes = "SucceedProcessing.Bytes" in Bytes,
        SucceedRecords = "SucceedProcessing.Records" in Count,
        ThrottledRecords = "ThrottledRecords" in Count,
        UnpackedBytes = "OutputDecompressedBytes.Success" in Bytes,
        UnpackedBytesFailed = "OutputDecompressedBytes.Failed" in Bytes,
        UnpackedRecords = "OutputDecompressedRecords.Success" in Count,
        UnpackedRecordsFailed = "OutputDecompressedRecords.Failed" in Count,
        UpdateLatency = "UpdateDeliveryStream.Latency" in Milliseconds,
        UpdateRequests = "UpdateDeliveryStream.Requests" in Count,
    }
}

/// The dimensions of a delivery stream.
pub(super) fn dimensions(name: &str) -> [(&'static str, &str); 1] {
    [("DeliveryStreamName", name)]
}

/// Which operation put records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    PutRecord,
    PutRecordBatch,
}

/// What became of the records of a put.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Put {
    pub(super) accepted: usize,
    pub(super) bytes: usize,
    pub(super) throttled: usize,
}

/// Records were put, all or some or none of them. A quota is told where it is kept to.
pub(super) fn put(
    world: &World,
    key: &Key,
    operation: Operation,
    put: Put,
    (quota, took): (Option<Quota>, Duration),
) {
    let now = world.clock.now();
    let meters = world.cloudwatch.meters::<Metric>(&key.region, &dimensions(&key.name));
    let record = |metric, value: f64| meters.record(metric, value, now);
    let (bytes, accepted) = (amount(put.bytes), amount(put.accepted));
    match operation {
        Operation::PutRecord => {
            record(Metric::PutLatency, millis(took));
            record(Metric::PutRequests, 1.0);
        }
        Operation::PutRecordBatch => {
            record(Metric::BatchLatency, millis(took));
            record(Metric::BatchRequests, 1.0);
        }
    }
    record(Metric::ThrottledRecords, amount(put.throttled));
    if put.accepted > 0 {
        record(Metric::IncomingPutRequests, 1.0);
        match operation {
            Operation::PutRecord => record(Metric::PutBytes, bytes),
            Operation::PutRecordBatch => {
                record(Metric::BatchBytes, bytes);
                record(Metric::BatchRecords, accepted);
            }
        }
    }
    if let Some(quota) = quota {
        record(Metric::BytesLimit, f64::from(quota.bytes));
        record(Metric::RecordsLimit, f64::from(quota.records));
        record(Metric::RequestsLimit, f64::from(quota.requests));
    }
}

/// A call that is counted and timed was answered.
pub(super) fn answered(world: &World, key: &Key, [latency, requests]: [Metric; 2], took: Duration) {
    let now = world.clock.now();
    let meters = world.cloudwatch.meters::<Metric>(&key.region, &dimensions(&key.name));
    meters.record(latency, millis(took), now);
    meters.record(requests, 1.0, now);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cloudwatch::{Dimension, MetricId};
    use crate::world::Setting;

    fn key(region: &str) -> Key {
        Key { region: region.to_owned(), name: "clicks".to_owned() }
    }

    /// Sum and number of a metric's values in the endpoint's own region.
    fn total(world: &World, name: &str) -> Option<(f64, f64)> {
        let id = MetricId::new("AWS/Firehose", name, [Dimension::new("DeliveryStreamName", "clicks")]);
        let (now, hour) = (world.clock.now(), Duration::from_secs(3600));
        world.cloudwatch.total(&id, now - hour, now + hour).map(|all| (all.sum, all.count))
    }

    #[tokio::test(start_paused = true)]
    async fn a_put_tells_what_was_taken_and_what_was_not() {
        let world: Arc<World> = World::new(Setting::default());
        let took = Duration::from_millis(3);
        let quota = Some(Quota::of("us-east-1"));
        let part = Put { accepted: 2, bytes: 300, throttled: 3 };
        put(&world, &key("us-east-1"), Operation::PutRecordBatch, part, (quota, took));
        let none = Put { throttled: 1, ..Put::default() };
        put(&world, &key("us-east-1"), Operation::PutRecord, none, (quota, took));
        for (name, expected) in [
            ("ThrottledRecords", (4.0, 2.0)),
            ("IncomingPutRequests", (1.0, 1.0)),
            ("PutRecordBatch.Bytes", (300.0, 1.0)),
            ("PutRecordBatch.Records", (2.0, 1.0)),
            ("PutRecordBatch.Requests", (1.0, 1.0)),
            ("PutRecordBatch.Latency", (3.0, 1.0)),
            ("PutRecord.Requests", (1.0, 1.0)),
            ("BytesPerSecondLimit", (2.0 * 5_242_880.0, 2.0)),
        ] {
            assert_eq!(total(&world, name), Some(expected), "{name}");
        }
        assert_eq!(total(&world, "PutRecord.Bytes"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn streams_of_one_name_in_two_regions_have_each_their_metrics() {
        let world: Arc<World> = World::new(Setting::default());
        let one = Put { accepted: 1, bytes: 1, throttled: 0 };
        put(&world, &key("eu-west-1"), Operation::PutRecord, one, (None, Duration::ZERO));
        assert_eq!(total(&world, "PutRecord.Bytes"), None);
        put(&world, &key("us-east-1"), Operation::PutRecord, one, (None, Duration::ZERO));
        assert_eq!(total(&world, "PutRecord.Bytes"), Some((1.0, 1.0)));
        assert_eq!(total(&world, "BytesPerSecondLimit"), None);
    }
}
