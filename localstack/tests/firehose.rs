//! Firehose over the wire, as the AWS SDK for Rust speaks it.

#![expect(clippy::unwrap_used, reason = "every unwrap is a test's, helpers included")]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_firehose::Client;
use aws_sdk_firehose::error::ProvideErrorMetadata;
use aws_sdk_firehose::operation::create_delivery_stream::builders::CreateDeliveryStreamFluentBuilder;
use aws_sdk_firehose::primitives::Blob;
use aws_sdk_firehose::types::builders::ExtendedS3DestinationConfigurationBuilder;
use aws_sdk_firehose::types::{
    BufferingHints, CloudWatchLoggingOptions, CompressionFormat, DeliveryStreamDescription,
    DeliveryStreamStatus, DeliveryStreamType, ExtendedS3DestinationConfiguration,
    ExtendedS3DestinationUpdate, KinesisStreamSourceConfiguration, ProcessingConfiguration, Processor,
    ProcessorParameter, ProcessorParameterName, ProcessorType, Record, S3DestinationConfiguration, Tag,
};
use pipectl_localstack::{Endpoint, Options, Timings};

const ROLE: &str = "arn:aws:iam::000000000000:role/delivery";
const DESTINATION: &str = "destinationId-000000000001";

struct Local {
    endpoint: Endpoint,
    config: aws_config::SdkConfig,
    firehose: Client,
}

async fn local() -> Local {
    let options = Options {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        timings: Timings::all(Duration::ZERO),
        ..Options::default()
    };
    let endpoint = Endpoint::start(options).await.unwrap();
    let config = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint.url())
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
            Credentials::new("test", "test", None, None, "test"),
        ))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .build();
    Local { endpoint, firehose: Client::new(&config), config }
}

fn lake() -> ExtendedS3DestinationConfigurationBuilder {
    ExtendedS3DestinationConfiguration::builder().role_arn(ROLE).bucket_arn("arn:aws:s3:::lake")
}

fn record(data: &str) -> Record {
    Record::builder().data(Blob::new(data)).build().unwrap()
}

fn hints(seconds: i32) -> BufferingHints {
    BufferingHints::builder().size_in_mbs(1).interval_in_seconds(seconds).build()
}

impl Local {
    async fn create(&self, name: &str, destination: ExtendedS3DestinationConfiguration) -> String {
        let create = self.firehose.create_delivery_stream().delivery_stream_name(name);
        let created = create.extended_s3_destination_configuration(destination).send().await.unwrap();
        created.delivery_stream_arn.unwrap()
    }

    async fn describe(&self, name: &str) -> DeliveryStreamDescription {
        let described =
            self.firehose.describe_delivery_stream().delivery_stream_name(name).send().await.unwrap();
        described.delivery_stream_description.unwrap()
    }

    /// The keys of a bucket once there are as many as wanted.
    async fn keys(&self, count: usize) -> Vec<String> {
        let found = async {
            loop {
                let keys = self.endpoint.world().s3.keys("lake", "").unwrap();
                if keys.len() >= count {
                    return keys;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), found).await.expect("the objects are written")
    }

    async fn read(&self, key: &str) -> Vec<u8> {
        self.endpoint.world().s3.read("lake", key).await.unwrap().to_vec()
    }

    fn create_bucket(&self) {
        self.endpoint.world().s3.create_bucket("lake", "us-east-1").unwrap();
    }
}

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
async fn a_delivery_stream_is_described_as_aws_describes_it() {
    let local = local().await;
    let destination = lake()
        .prefix("clicks/dt=!{timestamp:yyyy-MM-dd}/")
        .error_output_prefix("errors/!{firehose:error-output-type}/")
        .processing_configuration(processing("arn:aws:lambda:us-east-1:000000000000:function:parse"))
        .build()
        .unwrap();
    local.create("clicks", destination).await;
    let description = local.describe("clicks").await;
    assert_eq!(description.delivery_stream_name, "clicks");
    assert_eq!(description.delivery_stream_status, DeliveryStreamStatus::Active);
    assert_eq!(description.delivery_stream_type, DeliveryStreamType::DirectPut);
    assert_eq!(description.version_id, "1");
    assert!(!description.has_more_destinations);
    assert!(description.create_timestamp.unwrap().secs() > 1_700_000_000);
    let destination = &description.destinations[0];
    assert_eq!(destination.destination_id, DESTINATION);
    let legacy = destination.s3_destination_description.as_ref().unwrap();
    let extended = destination.extended_s3_destination_description.as_ref().unwrap();
    assert_eq!(legacy.bucket_arn, "arn:aws:s3:::lake");
    assert_eq!(legacy.prefix, extended.prefix);
    let described = extended.buffering_hints.as_ref().unwrap();
    assert_eq!((described.size_in_mbs, described.interval_in_seconds), (Some(5), Some(300)));
    assert_eq!(extended.compression_format, CompressionFormat::Uncompressed);
    let processors = extended.processing_configuration.as_ref().unwrap().processors();
    assert_eq!(processors[0].parameters().len(), 5);
    local.endpoint.shutdown().await;
}

fn processing(arn: &str) -> ProcessingConfiguration {
    let parameter = ProcessorParameter::builder()
        .parameter_name(ProcessorParameterName::LambdaArn)
        .parameter_value(arn)
        .build()
        .unwrap();
    let processor = Processor::builder().r#type(ProcessorType::Lambda).parameters(parameter).build().unwrap();
    ProcessingConfiguration::builder().enabled(true).processors(processor).build()
}

#[tokio::test]
async fn an_update_merges_and_moves_the_version_on() {
    let local = local().await;
    local.create_bucket();
    local.create("clicks", lake().prefix("p/").buffering_hints(hints(60)).build().unwrap()).await;
    let update = |version: &str, change: ExtendedS3DestinationUpdate| {
        local
            .firehose
            .update_destination()
            .delivery_stream_name("clicks")
            .current_delivery_stream_version_id(version)
            .destination_id(DESTINATION)
            .extended_s3_destination_update(change)
            .send()
    };
    let quick = || {
        ExtendedS3DestinationUpdate::builder()
            .buffering_hints(BufferingHints::builder().interval_in_seconds(0).build())
    };
    update("1", quick().build()).await.unwrap();
    let description = local.describe("clicks").await;
    assert_eq!(description.version_id, "2");
    assert!(description.last_update_timestamp.is_some());
    let destination = description.destinations[0].extended_s3_destination_description.as_ref().unwrap();
    assert_eq!(destination.prefix.as_deref(), Some("p/"));
    let hints = destination.buffering_hints.as_ref().unwrap();
    assert_eq!((hints.size_in_mbs, hints.interval_in_seconds), (Some(1), Some(0)));

    let stale = update("1", quick().build()).await.unwrap_err();
    assert_eq!(stale.code(), Some("ConcurrentModificationException"));
    update("2", quick().build()).await.unwrap();
    assert_eq!(local.describe("clicks").await.version_id, "2", "an update that changes nothing is none");

    local.firehose.put_record().delivery_stream_name("clicks").record(record("x")).send().await.unwrap();
    assert!(local.keys(1).await[0].contains("/clicks-2-"));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn names_are_listed_in_pages_and_gone_after_a_delete() {
    let local = local().await;
    for number in 0..12 {
        local.create(&format!("s-{number:02}"), lake().build().unwrap()).await;
    }
    let page = local.firehose.list_delivery_streams().send().await.unwrap();
    assert_eq!((page.delivery_stream_names.len(), page.has_more_delivery_streams), (10, true));
    let rest = local
        .firehose
        .list_delivery_streams()
        .exclusive_start_delivery_stream_name("s-09")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (rest.delivery_stream_names.as_slice(), rest.has_more_delivery_streams),
        (&["s-10".to_owned(), "s-11".to_owned()][..], false)
    );
    let kinesis = local
        .firehose
        .list_delivery_streams()
        .delivery_stream_type(DeliveryStreamType::KinesisStreamAsSource);
    assert!(kinesis.send().await.unwrap().delivery_stream_names.is_empty());

    local.firehose.delete_delivery_stream().delivery_stream_name("s-00").send().await.unwrap();
    let gone =
        local.firehose.describe_delivery_stream().delivery_stream_name("s-00").send().await.unwrap_err();
    assert_eq!(gone.code(), Some("ResourceNotFoundException"));
    assert_eq!(gone.message(), Some("Firehose s-00 under account 000000000000 not found."));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn tags_are_put_listed_and_removed() {
    let local = local().await;
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().unwrap();
    let create = local.firehose.create_delivery_stream().delivery_stream_name("clicks");
    create
        .extended_s3_destination_configuration(lake().build().unwrap())
        .tags(tag("pipectl:pipeline", "clickstream"))
        .send()
        .await
        .unwrap();
    let tagging = local.firehose.tag_delivery_stream().delivery_stream_name("clicks");
    tagging.tags(tag("b", "2")).tags(tag("a", "1")).send().await.unwrap();
    let untagging = local.firehose.untag_delivery_stream().delivery_stream_name("clicks");
    untagging.tag_keys("b").tag_keys("never").send().await.unwrap();
    let listing = local.firehose.list_tags_for_delivery_stream().delivery_stream_name("clicks");
    let listed = listing.limit(1).send().await.unwrap();
    assert_eq!((listed.tags, listed.has_more_tags), (vec![tag("a", "1")], true));
    let listing = local.firehose.list_tags_for_delivery_stream().delivery_stream_name("clicks");
    let rest = listing.exclusive_start_tag_key("a").send().await.unwrap();
    assert_eq!((rest.tags, rest.has_more_tags), (vec![tag("pipectl:pipeline", "clickstream")], false));
    let reserved =
        local.firehose.tag_delivery_stream().delivery_stream_name("clicks").tags(tag("aws:x", "1"));
    assert_eq!(reserved.send().await.unwrap_err().code(), Some("ValidationException"));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn encryption_is_switched_on_and_off() {
    let local = local().await;
    local.create("clicks", lake().build().unwrap()).await;
    local.firehose.start_delivery_stream_encryption().delivery_stream_name("clicks").send().await.unwrap();
    let status = |description: DeliveryStreamDescription| {
        description.delivery_stream_encryption_configuration.unwrap().status.unwrap().as_str().to_owned()
    };
    assert_eq!(status(local.describe("clicks").await), "ENABLED");
    let put =
        local.firehose.put_record().delivery_stream_name("clicks").record(record("x")).send().await.unwrap();
    assert_eq!(put.encrypted, Some(true));
    local.firehose.stop_delivery_stream_encryption().delivery_stream_name("clicks").send().await.unwrap();
    assert_eq!(status(local.describe("clicks").await), "DISABLED");
    local.endpoint.shutdown().await;
}

/// A create that is to be refused, the code it is refused with and words of the message.
type Refused = (CreateDeliveryStreamFluentBuilder, &'static str, &'static str);

async fn all_are_refused(local: &Local, cases: Vec<Refused>) {
    for (create, code, words) in cases {
        let error = create.send().await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{error:?}");
        assert!(error.message().unwrap().contains(words), "{:?}", error.message());
    }
    assert!(local.firehose.list_delivery_streams().send().await.unwrap().delivery_stream_names.is_empty());
}

#[expect(deprecated, reason = "the legacy destination has to be answered as well")]
#[tokio::test]
async fn a_wrong_destination_is_refused_as_aws_refuses_it() {
    let local = local().await;
    let create = || local.firehose.create_delivery_stream().delivery_stream_name("clicks");
    let to = |destination: ExtendedS3DestinationConfigurationBuilder| {
        create().extended_s3_destination_configuration(destination.build().unwrap())
    };
    let oversized = BufferingHints::builder().size_in_mbs(129).build();
    let logging = CloudWatchLoggingOptions::builder().enabled(true).build();
    let legacy = S3DestinationConfiguration::builder()
        .role_arn("role")
        .bucket_arn("arn:aws:s3:::lake")
        .build()
        .unwrap();
    let cases: Vec<Refused> = vec![
        (create(), "InvalidArgumentException", "Exactly one destination"),
        (
            to(lake().prefix("!{timestamp:yyyy}/")),
            "InvalidArgumentException",
            "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions",
        ),
        (to(lake().buffering_hints(oversized)), "ValidationException", "less than or equal to 128"),
        (to(lake().cloud_watch_logging_options(logging)), "InvalidArgumentException", "LogGroupName"),
        (create().s3_destination_configuration(legacy), "ValidationException", "roleARN"),
    ];
    all_are_refused(&local, cases).await;
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_wrong_name_or_source_is_refused_as_aws_refuses_it() {
    let local = local().await;
    let named = |name: &str| {
        let create = local.firehose.create_delivery_stream().delivery_stream_name(name);
        create.extended_s3_destination_configuration(lake().build().unwrap())
    };
    let clicks = || named("clicks");
    let source = KinesisStreamSourceConfiguration::builder()
        .kinesis_stream_arn("arn:aws:kinesis:us-east-1:000000000000:stream/events")
        .role_arn(ROLE)
        .build()
        .unwrap();
    let kinesis = DeliveryStreamType::KinesisStreamAsSource;
    let cases: Vec<Refused> = vec![
        (named("a b"), "ValidationException", "[a-zA-Z0-9_.-]+"),
        (named(&"n".repeat(65)), "ValidationException", "64"),
        (
            clicks().kinesis_stream_source_configuration(source.clone()),
            "InvalidArgumentException",
            "only applicable for KinesisStreamAsSource",
        ),
        (clicks().delivery_stream_type(kinesis.clone()), "InvalidArgumentException", "is required"),
        (
            clicks().delivery_stream_type(kinesis).kinesis_stream_source_configuration(source),
            "InvalidArgumentException",
            "events",
        ),
        (
            clicks().delivery_stream_type(DeliveryStreamType::MskAsSource),
            "InvalidArgumentException",
            "not offered",
        ),
    ];
    all_are_refused(&local, cases).await;
    clicks().send().await.unwrap();
    let twice = clicks().send().await.unwrap_err();
    assert_eq!(twice.code(), Some("ResourceInUseException"));
    assert_eq!(twice.message(), Some("Firehose clicks under accountId 000000000000 already exists"));
    local.endpoint.shutdown().await;
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
    assert_eq!(batch(5, 900_000).await.unwrap_err().code(), Some("InvalidArgumentException"));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_flood_into_a_missing_bucket_is_told_to_slow_down() {
    let local = local().await;
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

#[tokio::test]
async fn records_run_through_a_function_on_their_way() {
    let local = local().await;
    local.create_bucket();
    let function = create_function(&local).await;
    let parameter = |name, value: &str| {
        ProcessorParameter::builder().parameter_name(name).parameter_value(value).build().unwrap()
    };
    let processor = Processor::builder()
        .r#type(ProcessorType::Lambda)
        .parameters(parameter(ProcessorParameterName::LambdaArn, &function))
        .parameters(parameter(ProcessorParameterName::LambdaNumberOfRetries, "1"))
        .build()
        .unwrap();
    let logging = CloudWatchLoggingOptions::builder()
        .enabled(true)
        .log_group_name("deliveries")
        .log_stream_name("clicks");
    let destination = lake()
        .processing_configuration(
            ProcessingConfiguration::builder().enabled(true).processors(processor).build(),
        )
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
    let log = world.logs.messages("deliveries", Some("clicks"));
    assert!(log.len() == 1 && log[0].contains("Lambda.FunctionError"), "{log:?}");
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
