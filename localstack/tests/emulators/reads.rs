//! Reading: calls a second, enhanced fan-out, and the metrics of a stream.

use aws_sdk_kinesis::error::ProvideErrorMetadata;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{MetricsName, ShardIteratorType, StartingPosition, SubscribeToShardEventStream};
use tokio::time::Instant;

use crate::aws::{ARN, Aws, seconds};

const SHARD: &str = "shardId-000000000000";

#[tokio::test(start_paused = true)]
async fn get_records_is_answered_five_times_a_second() {
    let aws = Aws::with_stream(1).await;
    let mut iterator = aws.iterator(SHARD).await;
    for _ in 0..5 {
        let answer = aws.kinesis.get_records().shard_iterator(&iterator).send().await.unwrap();
        iterator = answer.next_shard_iterator.unwrap();
    }
    let refused = aws.kinesis.get_records().shard_iterator(&iterator).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("ProvisionedThroughputExceededException"));
    seconds(1).await;
    aws.kinesis.get_records().shard_iterator(&iterator).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_consumer_is_sent_a_record_without_asking_and_without_delay() {
    let aws = Aws::with_stream(1).await;
    let registered = aws.kinesis.register_stream_consumer().stream_arn(ARN).consumer_name("c").send().await;
    let consumer = registered.unwrap().consumer.unwrap().consumer_arn;
    seconds(60).await;
    let latest = StartingPosition::builder().r#type(ShardIteratorType::Latest).build().unwrap();
    let call = aws.kinesis.subscribe_to_shard().consumer_arn(consumer).shard_id(SHARD);
    let mut events = call.starting_position(latest).send().await.unwrap().event_stream;
    let put = aws.kinesis.put_record().stream_name("s").partition_key("k").data(Blob::new("pushed"));
    put.send().await.unwrap();
    let begin = Instant::now();
    let record = loop {
        let event = events.recv().await.unwrap().unwrap();
        let SubscribeToShardEventStream::SubscribeToShardEvent(event) = event else { continue };
        if let Some(record) = event.records.into_iter().next() {
            break record;
        }
    };
    assert_eq!(record.data.as_ref(), b"pushed");
    assert!(begin.elapsed().as_millis() < 100, "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stream_publishes_what_goes_in_and_out_and_what_was_refused() {
    let aws = Aws::with_stream(1).await;
    let enable = aws.kinesis.enable_enhanced_monitoring().stream_name("s");
    enable.shard_level_metrics(MetricsName::All).send().await.unwrap();
    aws.until_active().await;
    for _ in 0..3 {
        aws.put(400, 100).await;
    }
    let iterator = aws.iterator(SHARD).await;
    aws.kinesis.get_records().shard_iterator(iterator).send().await.unwrap();
    aws.until_published().await;
    for (name, sum) in [
        ("IncomingRecords", 1000.0),
        ("IncomingBytes", 104_000.0),
        ("PutRecords.TotalRecords", 1200.0),
        ("PutRecords.SuccessfulRecords", 1000.0),
        ("PutRecords.ThrottledRecords", 200.0),
        ("WriteProvisionedThroughputExceeded", 200.0),
        ("GetRecords.Records", 1000.0),
        ("GetRecords.Success", 1.0),
        ("ReadProvisionedThroughputExceeded", 0.0),
    ] {
        assert_eq!(aws.sum("AWS/Kinesis", name, ("StreamName", "s")).await, Some(sum), "{name}");
    }
    assert!(
        aws.sum("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", ("StreamName", "s")).await.is_some()
    );
    let listed = aws.cloudwatch.list_metrics().namespace("AWS/Kinesis").metric_name("IncomingBytes");
    let metrics = listed.send().await.unwrap().metrics.unwrap();
    let of_shard = |metric: &aws_sdk_cloudwatch::types::Metric| {
        metric.dimensions().iter().any(|dimension| dimension.value() == Some(SHARD))
    };
    assert!(metrics.iter().any(of_shard), "enhanced monitoring names the shard");
}
