//! Records on their way: puts and their limits, a stream as the source, a function in between.

use pipectl_localstack::cloudwatch::{Dimension, MetricId};
use pipectl_localstack::lambda::InProcess;
use pipectl_localstack::logs::GroupId;

use super::*;

#[tokio::test]
async fn records_put_directly_become_an_object() {
    let local = local().await;
    local.create_bucket();
    let arn = local.create("clicks", lake().buffering_hints(hints(0)).build().unwrap()).await;
    assert_eq!(arn, "arn:aws:firehose:us-east-1:000000000000:deliverystream/clicks");
    let batch = local.firehose.put_record_batch().delivery_stream_name("clicks");
    let put = batch.records(record("one\n")).records(record("two\n")).send().await.unwrap();
    assert_eq!((put.failed_put_count, put.request_responses.len()), (0, 2));
    assert_ne!(put.request_responses[0].record_id, put.request_responses[1].record_id);
    let keys = local.keys(1).await;
    assert!(keys[0].contains("/clicks-1-"), "{}", keys[0]);
    assert_eq!(local.read(&keys[0]).await, b"one\ntwo\n");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_writes_out_what_was_accepted() {
    let local = local().await;
    local.create_bucket();
    local.create("clicks", lake().compression_format(CompressionFormat::Gzip).build().unwrap()).await;
    let put = local
        .firehose
        .put_record()
        .delivery_stream_name("clicks")
        .record(record("kept"))
        .send()
        .await
        .unwrap();
    assert!(!put.record_id.is_empty());
    let world = local.endpoint.world().clone();
    local.endpoint.shutdown().await;
    let keys = world.s3.keys("lake", "").unwrap();
    assert_eq!(keys.len(), 1);
    assert!(keys[0].ends_with(".gz"), "{}", keys[0]);
}

#[tokio::test]
async fn puts_keep_to_the_limits() {
    let local = local().await;
    local.create("clicks", lake().build().unwrap()).await;
    let put = |name: &str, record: Record| {
        local.firehose.put_record().delivery_stream_name(name).record(record).send()
    };
    assert_eq!(put("nobody", record("x")).await.unwrap_err().code(), Some("ResourceNotFoundException"));
    put("clicks", record(&"x".repeat(1_024_000))).await.unwrap();
    let large = put("clicks", record(&"x".repeat(1_024_001))).await.unwrap_err();
    assert_eq!(large.code(), Some("ValidationException"));
    put("clicks", record("")).await.unwrap();
    let batch = |count: usize, size: usize| {
        let records = vec![record(&"x".repeat(size)); count];
        local.firehose.put_record_batch().delivery_stream_name("clicks").set_records(Some(records)).send()
    };
    batch(500, 10).await.unwrap();
    assert_eq!(batch(501, 1).await.unwrap_err().code(), Some("ValidationException"));
    let large = batch(5, 900_000).await.unwrap_err();
    assert_eq!(large.code(), Some("InvalidArgumentException"));
    assert_eq!(large.message(), Some("Records size exceeds 4 MB limit"));
    let each_too_large = batch(2, 1_024_001).await.unwrap_err();
    assert_eq!(each_too_large.code(), Some("ValidationException"));
    let message = each_too_large.message().unwrap();
    assert!(
        message.starts_with("2 validation errors detected: Value 'java.nio.HeapByteBuffer["),
        "{message}"
    );
    assert!(message.contains("1024000; Value") && message.contains("'records.2.member.data'"), "{message}");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_flood_into_a_missing_bucket_is_told_to_slow_down() {
    let local = local_with(Limits::Off).await;
    local.create("clicks", lake().buffering_hints(hints(0)).build().unwrap()).await;
    let chunk = vec![record(&"x".repeat(1_000_000)); 4];
    let mut refusals = Vec::new();
    for _ in 0..20 {
        let batch = local.firehose.put_record_batch().delivery_stream_name("clicks");
        refusals.extend(batch.set_records(Some(chunk.clone())).send().await.err());
    }
    assert_eq!(refusals[0].code(), Some("ServiceUnavailableException"));
    assert_eq!(refusals[0].message(), Some("Slow down."));
    local.endpoint.shutdown().await;
}

/// A stream of two shards, and a delivery that reads it.
async fn from_kinesis(
    local: &Local,
    destination: ExtendedS3DestinationConfiguration,
) -> aws_sdk_kinesis::Client {
    let kinesis = aws_sdk_kinesis::Client::new(&local.config);
    kinesis.create_stream().stream_name("events").shard_count(2).send().await.unwrap();
    let source = KinesisStreamSourceConfiguration::builder()
        .kinesis_stream_arn("arn:aws:kinesis:us-east-1:000000000000:stream/events")
        .role_arn(ROLE)
        .build()
        .unwrap();
    local
        .firehose
        .create_delivery_stream()
        .delivery_stream_name("clicks")
        .delivery_stream_type(DeliveryStreamType::KinesisStreamAsSource)
        .kinesis_stream_source_configuration(source)
        .extended_s3_destination_configuration(destination)
        .send()
        .await
        .unwrap();
    kinesis
}

#[tokio::test]
async fn a_stream_is_read_across_a_reshard_and_nothing_before_the_delivery() {
    let local = local().await;
    local.create_bucket();
    let kinesis = aws_sdk_kinesis::Client::new(&local.config);
    let put = async |client: &aws_sdk_kinesis::Client, data: &str| {
        let data = aws_sdk_kinesis::primitives::Blob::new(format!("{data}\n"));
        client.put_record().stream_name("events").partition_key("one").data(data).send().await.unwrap();
    };
    let missing = KinesisStreamSourceConfiguration::builder()
        .kinesis_stream_arn("arn:aws:kinesis:us-east-1:000000000000:stream/nothing")
        .role_arn(ROLE)
        .build()
        .unwrap();
    let create = local.firehose.create_delivery_stream().delivery_stream_name("never");
    let create = create.delivery_stream_type(DeliveryStreamType::KinesisStreamAsSource);
    let create = create.extended_s3_destination_configuration(lake().build().unwrap());
    let error = create.kinesis_stream_source_configuration(missing).send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidArgumentException"));

    from_kinesis(&local, lake().build().unwrap()).await;
    put(&kinesis, "first").await;
    let resharding = kinesis.update_shard_count().stream_name("events").target_shard_count(4);
    resharding.scaling_type(aws_sdk_kinesis::types::ScalingType::UniformScaling).send().await.unwrap();
    put(&kinesis, "second").await;

    let description = local.describe("clicks").await;
    assert_eq!(description.delivery_stream_type, DeliveryStreamType::KinesisStreamAsSource);
    let source = description.source.unwrap().kinesis_stream_source_description.unwrap();
    assert_eq!(source.kinesis_stream_arn.unwrap(), "arn:aws:kinesis:us-east-1:000000000000:stream/events");
    assert!(source.delivery_start_timestamp.is_some());
    let direct = local.firehose.put_record().delivery_stream_name("clicks").record(record("x"));
    let refused = direct.send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidArgumentException"));
    assert_eq!(
        refused.message(),
        Some("This operation is not permitted on KinesisStreamAsSource delivery stream type.")
    );

    let world = local.endpoint.world().clone();
    local.endpoint.shutdown().await;
    let keys = world.s3.keys("lake", "").unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(&world.s3.read("lake", &keys[0]).await.unwrap()[..], b"first\nsecond\n");
}

/// Upper case; what says so is dropped, failed or makes the function raise.
const TRANSFORM: &str = r"
import base64

def handler(event, context):
    records = []
    for record in event['records']:
        data = base64.b64decode(record['data'])
        if data == b'raise':
            raise ValueError('as told')
        result = {b'drop': 'Dropped', b'fail': 'ProcessingFailed'}.get(data, 'Ok')
        output = base64.b64encode(data.upper() + b'\n').decode()
        records.append({'recordId': record['recordId'], 'result': result, 'data': output})
    return {'records': records}
";

async fn create_function(local: &Local) -> String {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("transform.py", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut zip, TRANSFORM.as_bytes()).unwrap();
    let package = zip.finish().unwrap().into_inner();
    let lambda = aws_sdk_lambda::Client::new(&local.config);
    let code = aws_sdk_lambda::types::FunctionCode::builder()
        .zip_file(aws_sdk_lambda::primitives::Blob::new(package))
        .build();
    let create = lambda.create_function().function_name("upper").role(ROLE).handler("transform.handler");
    let create = create.runtime(aws_sdk_lambda::types::Runtime::Python312).timeout(10).code(code);
    create.send().await.unwrap().function_arn.unwrap()
}

/// Records go through this function, which is asked once more when it fails.
fn transformed_by(function: &str) -> ProcessingConfiguration {
    let parameter = |name, value: &str| {
        ProcessorParameter::builder().parameter_name(name).parameter_value(value).build().unwrap()
    };
    let processor = Processor::builder()
        .r#type(ProcessorType::Lambda)
        .parameters(parameter(ProcessorParameterName::LambdaArn, function))
        .parameters(parameter(ProcessorParameterName::LambdaNumberOfRetries, "1"))
        .build()
        .unwrap();
    ProcessingConfiguration::builder().enabled(true).processors(processor).build()
}

#[tokio::test]
async fn records_run_through_a_function_on_their_way() {
    let local = local().await;
    local.create_bucket();
    let function = create_function(&local).await;
    let logging = CloudWatchLoggingOptions::builder()
        .enabled(true)
        .log_group_name("deliveries")
        .log_stream_name("clicks");
    let destination = lake()
        .processing_configuration(transformed_by(&function))
        .cloud_watch_logging_options(logging.build());
    local.create("clicks", destination.build().unwrap()).await;
    let world = local.endpoint.world().clone();
    let put = async |all: &[&str]| {
        let batch = local.firehose.put_record_batch().delivery_stream_name("clicks");
        batch.set_records(Some(all.iter().map(|data| record(data)).collect())).send().await.unwrap();
        // Each call to the function gets the records of one put.
        world.firehose.flush();
    };
    put(&["one", "drop", "fail", "two"]).await;
    local.keys(2).await;
    put(&["raise"]).await;
    local.keys(3).await;
    local.endpoint.shutdown().await;

    let errors = world.s3.keys("lake", "processing-failed/").unwrap();
    let mut lines = String::new();
    for key in &errors {
        lines.push_str(std::str::from_utf8(&world.s3.read("lake", key).await.unwrap()).unwrap());
    }
    assert_eq!(errors.len(), 2);
    assert!(lines.contains("Lambda.ProcessingFailedStatus"), "{lines}");
    assert!(
        lines.contains(r#""errorCode":"Lambda.FunctionError""#) && lines.contains(r#""attemptsMade":2"#),
        "{lines}"
    );
    let data: Vec<String> =
        world.s3.keys("lake", "").unwrap().into_iter().filter(|key| !errors.contains(key)).collect();
    assert_eq!(data.len(), 1);
    assert_eq!(&world.s3.read("lake", &data[0]).await.unwrap()[..], b"ONE\nTWO\n");
    let log = world.logs.messages(&GroupId::new("us-east-1", "deliveries"), Some("clicks"));
    assert!(log.len() == 1 && log[0].contains("Lambda.FunctionError"), "{log:?}");
}

#[tokio::test]
async fn a_delivery_calls_the_function_of_its_arn_and_writes_its_errors_in_its_own_region() {
    let local = local().await;
    local.create_bucket();
    let world = local.endpoint.world().clone();
    let arn = |region: &str| format!("arn:aws:lambda:{region}:000000000000:function:upper");
    for region in ["us-east-1", "eu-west-1"] {
        let refusal = format!(r#"{{"errorType":"Error","errorMessage":"asked in {region}"}}"#);
        let code = InProcess::new(move |_| std::future::ready(Err(refusal.clone().into())));
        world.lambda.install(&world, &arn(region), code).unwrap();
    }
    let there = local.config.to_builder().region(Region::new("eu-west-1")).build();
    let there = Client::new(&there);
    let logging = CloudWatchLoggingOptions::builder()
        .enabled(true)
        .log_group_name("deliveries")
        .log_stream_name("clicks");
    let destination = lake()
        .processing_configuration(transformed_by(&arn("eu-west-1")))
        .cloud_watch_logging_options(logging.build());
    let create = there.create_delivery_stream().delivery_stream_name("clicks");
    create.extended_s3_destination_configuration(destination.build().unwrap()).send().await.unwrap();
    there.put_record().delivery_stream_name("clicks").record(record("one")).send().await.unwrap();
    local.endpoint.shutdown().await;

    let errors = |region: &str| world.logs.messages(&GroupId::new(region, "deliveries"), Some("clicks"));
    let told = errors("eu-west-1");
    assert!(told.len() == 1 && told[0].contains(&arn("eu-west-1")), "{told:?}");
    assert_eq!(errors("us-east-1"), Vec::<String>::new());
    let calls = |region: &str| {
        let function = Dimension::new("FunctionName", "upper");
        let id = MetricId::new("AWS/Lambda", "Invocations", [function]);
        let now = world.clock.now();
        let start = now - Duration::from_secs(3600);
        world.cloudwatch.total_in(region, &id, start, now + Duration::from_secs(60)).map(|total| total.sum)
    };
    assert!(calls("eu-west-1").is_some_and(|calls| calls > 0.0));
    assert_eq!(calls("us-east-1"), None, "its namesake was not asked");
}

#[tokio::test]
async fn aggregates_of_the_kinesis_producer_library_are_taken_apart() {
    let local = local().await;
    local.create_bucket();
    let kinesis = from_kinesis(&local, lake().build().unwrap()).await;
    // A table of one key, `k`, and the records `one` and `two` of it.
    let message = b"\x0a\x01k\x1a\x07\x08\x00\x1a\x03one\x1a\x07\x08\x00\x1a\x03two";
    let checksum = <md5::Md5 as md5::Digest>::digest(message);
    let aggregate = [&b"\xf3\x89\x9a\xc2"[..], message, &checksum[..]].concat();
    let data = aws_sdk_kinesis::primitives::Blob::new(aggregate);
    kinesis.put_record().stream_name("events").partition_key("a").data(data).send().await.unwrap();
    let world = local.endpoint.world().clone();
    local.endpoint.shutdown().await;
    let keys = world.s3.keys("lake", "").unwrap();
    assert_eq!(&world.s3.read("lake", &keys[0]).await.unwrap()[..], b"onetwo");
}
