//! Firehose: what is buffered, transformed, set apart, partitioned, read from a stream and counted.

use std::io::Read as _;

use aws_sdk_firehose::primitives::Blob;
use aws_sdk_firehose::types::builders::ExtendedS3DestinationConfigurationBuilder;
use aws_sdk_firehose::types::{
    BufferingHints, CompressionFormat, DeliveryStreamType, DynamicPartitioningConfiguration,
    ExtendedS3DestinationConfiguration, KinesisStreamSourceConfiguration, ProcessingConfiguration, Processor,
    ProcessorParameter, ProcessorParameterName, ProcessorType, Record,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use pipectl_localstack::lambda::InProcess;
use serde_json::{Value, json};

use crate::aws::{ARN, Aws, seconds};

const ROLE: &str = "arn:aws:iam::000000000000:role/delivery";

fn lake() -> ExtendedS3DestinationConfigurationBuilder {
    let hints = BufferingHints::builder().size_in_mbs(1).interval_in_seconds(60).build();
    let lake = ExtendedS3DestinationConfiguration::builder().role_arn(ROLE).bucket_arn("arn:aws:s3:::lake");
    lake.buffering_hints(hints)
}

fn processing(kind: ProcessorType, parameters: &[(ProcessorParameterName, &str)]) -> ProcessingConfiguration {
    let parameter = |(name, value): &(ProcessorParameterName, &str)| {
        ProcessorParameter::builder().parameter_name(name.clone()).parameter_value(*value).build().unwrap()
    };
    let parameters = parameters.iter().map(parameter).collect();
    let processor = Processor::builder().r#type(kind).set_parameters(Some(parameters)).build().unwrap();
    ProcessingConfiguration::builder().enabled(true).processors(processor).build()
}

impl Aws {
    /// A delivery `d` of what is put into it directly, into the bucket `lake`.
    async fn deliver(&self, destination: ExtendedS3DestinationConfigurationBuilder) {
        self.s3.create_bucket().bucket("lake").send().await.unwrap();
        let create = self.firehose.create_delivery_stream().delivery_stream_name("d");
        let destination = destination.build().unwrap();
        create.extended_s3_destination_configuration(destination).send().await.unwrap();
        seconds(61).await;
    }

    async fn send(&self, data: &str) {
        let record = Record::builder().data(Blob::new(data)).build().unwrap();
        self.firehose.put_record().delivery_stream_name("d").record(record).send().await.unwrap();
    }

    async fn keys(&self, prefix: &str) -> Vec<String> {
        let listed = self.s3.list_objects_v2().bucket("lake").prefix(prefix).send().await.unwrap();
        listed.contents().iter().map(|object| object.key().unwrap().to_owned()).collect()
    }

    async fn object(&self, key: &str) -> Vec<u8> {
        let object = self.s3.get_object().bucket("lake").key(key).send().await.unwrap();
        object.body.collect().await.unwrap().to_vec()
    }

    async fn text(&self, prefix: &str) -> String {
        let keys = self.keys(prefix).await;
        assert_eq!(keys.len(), 1, "{keys:?}");
        String::from_utf8(self.object(&keys[0]).await).unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_waits_for_its_interval_or_its_size_and_compresses() {
    let aws = Aws::start();
    aws.deliver(lake().compression_format(CompressionFormat::Gzip)).await;
    aws.send("one\n").await;
    seconds(50).await;
    aws.send("two\n").await;
    assert!(aws.keys("").await.is_empty(), "the interval is not over");
    seconds(11).await;
    let keys = aws.keys("").await;
    assert_eq!(keys.len(), 1, "{keys:?}");
    let packed = aws.object(&keys[0]).await;
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, "one\ntwo\n");
    for _ in 0..3 {
        aws.send(&"x".repeat(500_000)).await;
    }
    seconds(1).await;
    assert_eq!(aws.keys("").await.len(), 2, "a mebibyte ends an object at once");
}

/// Drops, fails, or writes in capitals.
fn transform() -> InProcess {
    InProcess::new(|event: Bytes| async move {
        let event: Value = serde_json::from_slice(&event).unwrap();
        let answer = |record: &Value| {
            let data = BASE64.decode(record["data"].as_str().unwrap()).unwrap();
            let text = String::from_utf8(data).unwrap();
            let result = match text.as_str() {
                "drop" => "Dropped",
                "fail" => "ProcessingFailed",
                _ => "Ok",
            };
            let data = BASE64.encode(text.to_uppercase());
            json!({"recordId": record["recordId"], "result": result, "data": data})
        };
        let records: Vec<Value> = event["records"].as_array().unwrap().iter().map(answer).collect();
        Ok(json!({"records": records}).to_string().into())
    })
}

#[tokio::test(start_paused = true)]
async fn what_a_transform_drops_is_gone_and_what_it_fails_is_set_apart_under_the_error_prefix() {
    let aws = Aws::start();
    let world = aws.endpoint.world();
    let function = world.lambda.install(world, "f", transform()).unwrap();
    let processing = processing(ProcessorType::Lambda, &[(ProcessorParameterName::LambdaArn, &function)]);
    let errors = "errors/!{firehose:error-output-type}/";
    aws.deliver(lake().prefix("data/").error_output_prefix(errors).processing_configuration(processing))
        .await;
    for data in ["one ", "drop", "fail", "two "] {
        aws.send(data).await;
    }
    seconds(180).await;
    assert_eq!(aws.text("data/").await, "ONE TWO ");
    let error: Value = serde_json::from_str(aws.text("errors/processing-failed/").await.trim()).unwrap();
    assert_eq!(error["errorCode"], "Lambda.ProcessingFailedStatus");
    assert_eq!(error["rawData"], BASE64.encode("fail"));
    assert_eq!(aws.keys("").await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn records_are_partitioned_by_their_content_and_prefixes_are_expressions() {
    let aws = Aws::start();
    let query = [
        (ProcessorParameterName::MetadataExtractionQuery, "{page: .page}"),
        (ProcessorParameterName::JsonParsingEngine, "JQ-1.6"),
    ];
    let destination = lake()
        .prefix("page=!{partitionKeyFromQuery:page}/!{timestamp:yyyy}/")
        .error_output_prefix("errors/!{firehose:error-output-type}/")
        .buffering_hints(BufferingHints::builder().size_in_mbs(64).interval_in_seconds(60).build())
        .dynamic_partitioning_configuration(DynamicPartitioningConfiguration::builder().enabled(true).build())
        .processing_configuration(processing(ProcessorType::MetadataExtraction, &query));
    aws.deliver(destination).await;
    for data in [r#"{"page":"home"}"#, r#"{"page":"cart"}"#, r#"{"page":"home"}"#, "not JSON"] {
        aws.send(data).await;
    }
    seconds(120).await;
    let year = aws.endpoint.world().clock.now().strftime("%Y").to_string();
    assert_eq!(aws.text(&format!("page=home/{year}/")).await, r#"{"page":"home"}{"page":"home"}"#);
    assert_eq!(aws.text(&format!("page=cart/{year}/")).await, r#"{"page":"cart"}"#);
    assert!(aws.text("errors/").await.contains(&BASE64.encode("not JSON")));
}

#[tokio::test(start_paused = true)]
async fn a_delivery_reads_a_stream_into_one_object_and_counts_what_it_did() {
    let aws = Aws::with_stream(2).await;
    aws.s3.create_bucket().bucket("lake").send().await.unwrap();
    let source = KinesisStreamSourceConfiguration::builder().kinesis_stream_arn(ARN).role_arn(ROLE);
    let create = aws.firehose.create_delivery_stream().delivery_stream_name("d");
    let create = create.delivery_stream_type(DeliveryStreamType::KinesisStreamAsSource);
    let create = create.kinesis_stream_source_configuration(source.build().unwrap());
    create.extended_s3_destination_configuration(lake().build().unwrap()).send().await.unwrap();
    seconds(61).await;
    aws.put(100, 10).await;
    seconds(120).await;
    assert_eq!(aws.text("").await, "x".repeat(1000));
    aws.until_published().await;
    for (name, sum) in [
        ("DataReadFromKinesisStream.Records", 100.0),
        ("DataReadFromKinesisStream.Bytes", 1000.0),
        ("DeliveryToS3.Records", 100.0),
        ("DeliveryToS3.Bytes", 1000.0),
        ("DeliveryToS3.Success", 1.0),
    ] {
        assert_eq!(aws.sum("AWS/Firehose", name, ("DeliveryStreamName", "d")).await, Some(sum), "{name}");
    }
}
