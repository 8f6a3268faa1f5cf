//! Delivery streams themselves: created, described, updated, listed, tagged, encrypted and refused.

use pipectl_localstack::cloudwatch::{Dimension, MetricId};

use super::*;

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
async fn an_update_of_what_is_not_there_makes_no_metric() {
    let local = local().await;
    let update = async |name: &str| {
        let update = local.firehose.update_destination().delivery_stream_name(name);
        let update = update.current_delivery_stream_version_id("1").destination_id(DESTINATION);
        let change = ExtendedS3DestinationUpdate::builder().prefix("new/").build();
        update.extended_s3_destination_update(change).send().await
    };
    let counted = |name: &str| {
        let dimensions = [Dimension::new("DeliveryStreamName", name)];
        let id = MetricId::new("AWS/Firehose", "UpdateDeliveryStream.Requests", dimensions);
        let (world, hour) = (local.endpoint.world(), Duration::from_secs(3600));
        let now = world.clock.now();
        world.cloudwatch.total(&id, now - hour, now + hour).map(|all| all.count)
    };
    assert_eq!(update("nothing").await.unwrap_err().code(), Some("ResourceNotFoundException"));
    assert_eq!(counted("nothing"), None);
    local.create("clicks", lake().build().unwrap()).await;
    update("clicks").await.unwrap();
    let second = update("clicks").await.unwrap_err();
    assert_eq!(second.code(), Some("ConcurrentModificationException"));
    assert_eq!(counted("clicks"), Some(2.0));
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
        (
            to(lake().cloud_watch_logging_options(logging)),
            "InvalidArgumentException",
            "CloudWatch Log Group Name",
        ),
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
        (clicks().delivery_stream_type(kinesis.clone()), "InvalidArgumentException", "is mandatory"),
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
