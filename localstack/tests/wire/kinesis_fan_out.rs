//! Enhanced fan-out over the wire: consumers, and `SubscribeToShard` as the SDK reads it, in JSON and in CBOR.

use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::ProvideErrorMetadata;
use aws_sdk_kinesis::operation::subscribe_to_shard::SubscribeToShardOutput;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{
    ConsumerStatus, ShardIteratorType, StartingPosition, SubscribeToShardEvent, SubscribeToShardEventStream,
};
use ciborium::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::kinesis::{cbor, start, stream};

const ARN: &str = "arn:aws:kinesis:eu-west-1:000000000000:stream/s";

async fn consumer(client: &Client, name: &str) -> String {
    let registered = client.register_stream_consumer().stream_arn(ARN).consumer_name(name).send().await;
    registered.expect("the name is free").consumer.expect("it is there").consumer_arn
}

fn from(kind: ShardIteratorType) -> StartingPosition {
    StartingPosition::builder().r#type(kind).build().expect("it is complete")
}

async fn subscribe(client: &Client, consumer: &str, start: StartingPosition) -> SubscribeToShardOutput {
    let call = client.subscribe_to_shard().consumer_arn(consumer).shard_id("shardId-000000000000");
    call.starting_position(start).send().await.expect("it is active")
}

async fn event(output: &mut SubscribeToShardOutput) -> SubscribeToShardEvent {
    match output.event_stream.recv().await.expect("no exception").expect("the stream goes on") {
        SubscribeToShardEventStream::SubscribeToShardEvent(event) => event,
        other => panic!("no event: {other:?}"),
    }
}

async fn put(client: &Client, data: &str) {
    let put = client.put_record().stream_name("s").partition_key("k").data(Blob::new(data));
    put.send().await.expect("it fits");
}

#[tokio::test]
async fn consumers_are_registered_described_listed_and_deregistered() {
    let (endpoint, client) = start(Duration::ZERO).await;
    stream(&client, 1).await;
    let arn = consumer(&client, "one").await;
    assert!(arn.starts_with(&format!("{ARN}/consumer/one:")), "{arn}");
    let taken = client.register_stream_consumer().stream_arn(ARN).consumer_name("one").send().await;
    assert_eq!(taken.expect_err("the name is taken").code(), Some("ResourceInUseException"));
    consumer(&client, "two").await;
    for request in [
        client.describe_stream_consumer().consumer_arn(&arn),
        client.describe_stream_consumer().stream_arn(ARN).consumer_name("one"),
    ] {
        let described = request.send().await.expect("it exists").consumer_description.expect("it is there");
        assert_eq!((described.consumer_arn.as_str(), described.stream_arn.as_str()), (arn.as_str(), ARN));
        assert_eq!(described.consumer_status, ConsumerStatus::Active);
    }
    let page = client.list_stream_consumers().stream_arn(ARN).max_results(1).send().await.expect("page one");
    let rest = client.list_stream_consumers().stream_arn(ARN).next_token(page.next_token.expect("more"));
    let rest = rest.send().await.expect("page two");
    let names: Vec<_> = [page.consumers, rest.consumers].into_iter().flatten().flatten().collect();
    assert_eq!(
        names.iter().map(|consumer| consumer.consumer_name.as_str()).collect::<Vec<_>>(),
        ["one", "two"]
    );
    let refused = client.delete_stream().stream_name("s").send().await.expect_err("it has consumers");
    assert_eq!(refused.code(), Some("ResourceInUseException"));
    assert!(refused.message().is_some_and(|text| text.contains("EnforceConsumerDeletion")), "{refused:?}");
    client.deregister_stream_consumer().consumer_arn(&arn).send().await.expect("it exists");
    let gone = client.describe_stream_consumer().consumer_arn(&arn).send().await.expect_err("it is gone");
    assert_eq!(gone.code(), Some("ResourceNotFoundException"));
    client.delete_stream().stream_name("s").enforce_consumer_deletion(true).send().await.expect("it may");
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_subscriber_gets_each_record_after_its_put_without_asking() {
    let (endpoint, client) = start(Duration::ZERO).await;
    stream(&client, 1).await;
    let arn = consumer(&client, "c").await;
    let mut output = subscribe(&client, &arn, from(ShardIteratorType::Latest)).await;
    assert!(event(&mut output).await.records.is_empty());
    for n in 0..20 {
        put(&client, &n.to_string()).await;
        let event = event(&mut output).await;
        assert_eq!(event.records[0].data.as_ref(), n.to_string().as_bytes());
        assert_eq!(event.continuation_sequence_number, event.records[0].sequence_number);
    }
    endpoint.shutdown().await;
}

#[tokio::test]
async fn reading_goes_on_at_the_continuation_and_ends_with_the_children() {
    let (endpoint, client) = start(Duration::ZERO).await;
    stream(&client, 1).await;
    let (one, other) = (consumer(&client, "one").await, consumer(&client, "other").await);
    put(&client, "a").await;
    let mut first = subscribe(&client, &one, from(ShardIteratorType::TrimHorizon)).await;
    let read = event(&mut first).await;
    assert_eq!((read.records.len(), read.millis_behind_latest), (1, 0));
    put(&client, "b").await;
    let split = client.split_shard().stream_name("s").shard_to_split("shardId-000000000000");
    split.new_starting_hash_key("1000").send().await.expect("it is inside");
    let after = StartingPosition::builder()
        .r#type(ShardIteratorType::AfterSequenceNumber)
        .sequence_number(read.continuation_sequence_number)
        .build()
        .expect("it is complete");
    let mut second = subscribe(&client, &other, after).await;
    let last = event(&mut second).await;
    assert_eq!(last.records[0].data.as_ref(), b"b");
    assert_eq!(last.continuation_sequence_number, "");
    assert_eq!(last.child_shards.map(|children| children.len()), Some(2));
    assert!(second.event_stream.recv().await.expect("no exception").is_none());
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_shard_has_one_subscription_of_a_consumer_at_a_time() {
    let (endpoint, client) = start(Duration::ZERO).await;
    stream(&client, 1).await;
    let arn = consumer(&client, "c").await;
    let _first = subscribe(&client, &arn, from(ShardIteratorType::Latest)).await;
    let mut codes = Vec::new();
    for _ in 0..2 {
        let call = client.subscribe_to_shard().consumer_arn(&arn).shard_id("shardId-000000000000");
        let refused = call.starting_position(from(ShardIteratorType::Latest)).send().await;
        codes.push(refused.err().and_then(|error| error.code().map(str::to_owned)).unwrap_or_default());
    }
    assert_eq!(codes, ["ResourceInUseException", "LimitExceededException"]);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_subscriber_in_cbor_gets_events_in_cbor() {
    let (endpoint, client) = start(Duration::ZERO).await;
    stream(&client, 1).await;
    let arn = consumer(&client, "c").await;
    put(&client, "\u{0}plain\u{ff}").await;
    let position = Value::Map(vec![("Type".into(), "TRIM_HORIZON".into())]);
    let body = cbor(&Value::Map(vec![
        ("ConsumerARN".into(), arn.into()),
        ("ShardId".into(), "shardId-000000000000".into()),
        ("StartingPosition".into(), position),
    ]));
    let head = format!(
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-amz-cbor-1.1\r\ncontent-length: {}\r\n\
         x-amz-target: Kinesis_20131202.SubscribeToShard\r\nx-amz-date: 20260101T000000Z\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=k/20260101/eu-west-1/kinesis/aws4_request, SignedHeaders=host, \
         Signature=0\r\n\r\n",
        body.len()
    );
    let mut socket = tokio::net::TcpStream::connect(endpoint.address()).await.expect("it listens");
    socket.write_all(&[head.as_bytes(), &body].concat()).await.expect("it reads");
    let mut answer = Vec::new();
    // The record's event is one frame: its bytes are to be found in the answer as they are.
    let mut piece = [0; 4096];
    while !answer.windows(4).any(|window| window == b"Data") {
        let length = socket.read(&mut piece).await.expect("it answers");
        assert!(length > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..length]);
    }
    let text = String::from_utf8_lossy(&answer);
    assert!(text.contains("application/vnd.amazon.eventstream"), "{text}");
    assert!(text.contains("initial-response") && text.contains(":content-type"), "{text}");
    let data = "\u{0}plain\u{ff}".as_bytes();
    assert!(answer.windows(data.len()).any(|window| window == data), "{text}");
    drop(socket);
    endpoint.shutdown().await;
}
