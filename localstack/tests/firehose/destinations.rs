//! Every member of a destination, there and back, and what the members do.

use aws_sdk_firehose::types::{
    DirectPutSourceConfiguration, DynamicPartitioningConfiguration, EncryptionConfiguration,
    NoEncryptionConfig, RetryOptions, S3BackupMode, S3DestinationUpdate, SplunkDestinationConfiguration,
    SplunkRetryOptions,
};

use super::*;

fn processor(kind: ProcessorType, parameters: &[(ProcessorParameterName, &str)]) -> Processor {
    let parameter = |(name, value): &(ProcessorParameterName, &str)| {
        ProcessorParameter::builder().parameter_name(name.clone()).parameter_value(*value).build().unwrap()
    };
    let parameters = parameters.iter().map(parameter).collect();
    Processor::builder().r#type(kind).set_parameters(Some(parameters)).build().unwrap()
}

fn processing(processors: Vec<Processor>) -> ProcessingConfiguration {
    ProcessingConfiguration::builder().enabled(true).set_processors(Some(processors)).build()
}

fn query(text: &str) -> Processor {
    processor(
        ProcessorType::MetadataExtraction,
        &[
            (ProcessorParameterName::MetadataExtractionQuery, text),
            (ProcessorParameterName::JsonParsingEngine, "JQ-1.6"),
        ],
    )
}

fn partitioned() -> ExtendedS3DestinationConfigurationBuilder {
    let retry = RetryOptions::builder().duration_in_seconds(60).build();
    let partitioning = DynamicPartitioningConfiguration::builder().enabled(true).retry_options(retry);
    lake()
        .prefix("c=!{partitionKeyFromQuery:c}/")
        .error_output_prefix("errors/!{firehose:error-output-type}/")
        .buffering_hints(BufferingHints::builder().size_in_mbs(64).interval_in_seconds(1).build())
        .dynamic_partitioning_configuration(partitioning.build())
        .processing_configuration(processing(vec![
            query("{c: .c}"),
            processor(
                ProcessorType::RecordDeAggregation,
                &[
                    (ProcessorParameterName::SubRecordType, "DELIMITED"),
                    (ProcessorParameterName::Delimiter, "fA=="),
                ],
            ),
            processor(ProcessorType::AppendDelimiterToRecord, &[]),
        ]))
}

#[tokio::test]
async fn every_member_of_a_bucket_comes_back_as_it_was_sent() {
    let local = local().await;
    let backup = S3DestinationConfiguration::builder()
        .role_arn(ROLE)
        .bucket_arn("arn:aws:s3:::raw")
        .prefix("raw/")
        .error_output_prefix("raw-errors/")
        .compression_format(CompressionFormat::Snappy)
        .buffering_hints(BufferingHints::builder().size_in_mbs(7).interval_in_seconds(61).build())
        .build()
        .unwrap();
    let encryption =
        EncryptionConfiguration::builder().no_encryption_config(NoEncryptionConfig::NoEncryption);
    let destination = partitioned()
        .compression_format(CompressionFormat::HadoopSnappy)
        .file_extension(".log")
        .custom_time_zone("Asia/Calcutta")
        .encryption_configuration(encryption.build())
        .s3_backup_mode(S3BackupMode::Enabled)
        .s3_backup_configuration(backup);
    local.create("clicks", destination.build().unwrap()).await;
    let described = local.describe("clicks").await.destinations.remove(0);
    let s3 = described.extended_s3_destination_description.unwrap();
    assert_eq!(s3.prefix.as_deref(), Some("c=!{partitionKeyFromQuery:c}/"));
    assert_eq!(s3.error_output_prefix.as_deref(), Some("errors/!{firehose:error-output-type}/"));
    assert_eq!(s3.compression_format, CompressionFormat::HadoopSnappy);
    assert_eq!(
        (s3.file_extension.as_deref(), s3.custom_time_zone.as_deref()),
        (Some(".log"), Some("Asia/Calcutta"))
    );
    let partitioning = s3.dynamic_partitioning_configuration.unwrap();
    assert_eq!(
        (partitioning.enabled, partitioning.retry_options.unwrap().duration_in_seconds),
        (Some(true), Some(60))
    );
    let processors = s3.processing_configuration.unwrap().processors.unwrap();
    assert_eq!(processors[0], query("{c: .c}"));
    assert_eq!(processors.len(), 3);
    assert_eq!(s3.s3_backup_mode, Some(S3BackupMode::Enabled));
    let backup = s3.s3_backup_description.unwrap();
    assert_eq!((backup.bucket_arn.as_str(), backup.prefix.as_deref()), ("arn:aws:s3:::raw", Some("raw/")));
    assert_eq!(backup.compression_format, CompressionFormat::Snappy);
    assert_eq!(backup.buffering_hints.unwrap().interval_in_seconds, Some(61));

    let change = S3DestinationUpdate::builder().prefix("again/").build();
    let update = local.firehose.update_destination().delivery_stream_name("clicks");
    let update = update.current_delivery_stream_version_id("1").destination_id(DESTINATION);
    let extended = ExtendedS3DestinationUpdate::builder().s3_backup_update(change).file_extension("");
    update.extended_s3_destination_update(extended.build()).send().await.unwrap();
    let described = local.describe("clicks").await.destinations.remove(0);
    let s3 = described.extended_s3_destination_description.unwrap();
    assert_eq!(s3.file_extension.as_deref(), Some(""));
    assert_eq!(s3.custom_time_zone.as_deref(), Some("Asia/Calcutta"));
    let backup = s3.s3_backup_description.unwrap();
    assert_eq!(
        (backup.prefix.as_deref(), backup.error_output_prefix.as_deref()),
        (Some("again/"), Some("raw-errors/"))
    );
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn what_an_update_may_not_change_is_refused() {
    let local = local().await;
    local.create("plain", lake().build().unwrap()).await;
    local.create("parted", partitioned().build().unwrap()).await;
    let update = |name: &str, version: &str, change: ExtendedS3DestinationUpdate| {
        let update = local.firehose.update_destination().delivery_stream_name(name);
        let update = update.current_delivery_stream_version_id(version).destination_id(DESTINATION);
        update.extended_s3_destination_update(change).send()
    };
    let switch = |on: bool| DynamicPartitioningConfiguration::builder().enabled(on).build();
    let on = ExtendedS3DestinationUpdate::builder()
        .dynamic_partitioning_configuration(switch(true))
        .prefix("c=!{partitionKeyFromQuery:c}/")
        .error_output_prefix("e/!{firehose:error-output-type}/")
        .processing_configuration(processing(vec![query("{c: .c}")]));
    let refused = update("plain", "1", on.build()).await.unwrap_err();
    assert_eq!(
        refused.message(),
        Some("Dynamic Partitioning can only be enabled when a Firehose is created.")
    );
    let off = ExtendedS3DestinationUpdate::builder()
        .dynamic_partitioning_configuration(switch(false))
        .prefix("p/")
        .processing_configuration(ProcessingConfiguration::builder().enabled(false).build());
    let refused = update("parted", "1", off.build()).await.unwrap_err();
    assert_eq!(refused.message(), Some("Dynamic Partitioning cannot be disabled once it is enabled."));
    let stale = ExtendedS3DestinationUpdate::builder().prefix("p/");
    let refused = update("plain", "2", stale.build()).await.unwrap_err();
    assert_eq!(
        refused.message(),
        Some(
            "Cannot update firehose: plain since the current version id: 1 and specified version id: 2 do not match"
        )
    );
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn records_are_partitioned_on_their_way_into_a_bucket() {
    let local = local().await;
    local.create_bucket();
    local.create("clicks", partitioned().build().unwrap()).await;
    let records = [r#"{"c":"a","n":1}|{"c":"b"}|{"c":"a","n":2}"#, "oops"].map(record);
    let batch = local.firehose.put_record_batch().delivery_stream_name("clicks");
    batch.set_records(Some(records.to_vec())).send().await.unwrap();
    let world = local.endpoint.world().clone();
    local.endpoint.shutdown().await;
    let keys = world.s3.keys("lake", "").unwrap();
    assert_eq!(keys.len(), 3);
    assert!(keys[0].starts_with("c=a/clicks-1-") && keys[1].starts_with("c=b/clicks-1-"), "{keys:?}");
    assert_eq!(
        &world.s3.read("lake", &keys[0]).await.unwrap()[..],
        b"{\"c\":\"a\",\"n\":1}\n{\"c\":\"a\",\"n\":2}"
    );
    assert!(keys[2].starts_with("errors/metadata-extraction-failed/clicks-1-"), "{keys:?}");
    let account = &world_account(&world)["clicks"];
    assert_eq!(
        (&account["received"], &account["delivered"], &account["failed"]),
        (&4.into(), &3.into(), &1.into())
    );
}

fn world_account(world: &pipectl_localstack::world::World) -> serde_json::Value {
    world.firehose.accounts()
}

#[tokio::test]
async fn two_regions_have_each_their_stream_of_a_name() {
    let local = local().await;
    let elsewhere = Client::from_conf(
        aws_sdk_firehose::config::Builder::from(&local.config).region(Region::new("eu-central-1")).build(),
    );
    local.create("clicks", lake().build().unwrap()).await;
    let create = elsewhere.create_delivery_stream().delivery_stream_name("clicks");
    let hint = DirectPutSourceConfiguration::builder().throughput_hint_in_mbs(9).build().unwrap();
    let create = create.direct_put_source_configuration(hint);
    create.extended_s3_destination_configuration(lake().build().unwrap()).send().await.unwrap();
    // A region with a lower quota takes a mebibyte a second, and says so of each record past it.
    let batch = elsewhere.put_record_batch().delivery_stream_name("clicks");
    let chunk = vec![record(&"x".repeat(400_000)); 4];
    let put = batch.set_records(Some(chunk)).send().await.unwrap();
    assert_eq!(put.failed_put_count, 2);
    assert!(put.request_responses[1].record_id.is_some());
    let failed = &put.request_responses[2];
    assert_eq!(failed.error_code.as_deref(), Some("ServiceUnavailableException"));
    assert_eq!((failed.error_message.as_deref(), &failed.record_id), (Some("Slow down."), &None));
    local.firehose.put_record().delivery_stream_name("clicks").record(record("x")).send().await.unwrap();
    let accounts = local.endpoint.deliveries();
    assert_eq!(accounts["us-east-1/clicks"]["received"], 1);
    assert_eq!(accounts["eu-central-1/clicks"]["received"], 2);
    let described = elsewhere.describe_delivery_stream().delivery_stream_name("clicks").send().await.unwrap();
    let source = described.delivery_stream_description.unwrap().source.unwrap();
    assert_eq!(source.direct_put_source_description.unwrap().throughput_hint_in_mbs, Some(9));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn only_logs_put_into_what_decompresses() {
    let local = local().await;
    let decompression = processing(vec![processor(ProcessorType::Decompression, &[])]);
    local.create("logs", lake().processing_configuration(decompression).build().unwrap()).await;
    let put = local.firehose.put_record().delivery_stream_name("logs").record(record("x"));
    assert_eq!(put.send().await.unwrap_err().code(), Some("InvalidSourceException"));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn destinations_that_are_not_served_are_refused_with_those_that_are() {
    let local = local().await;
    let s3 =
        S3DestinationConfiguration::builder().role_arn(ROLE).bucket_arn("arn:aws:s3:::lake").build().unwrap();
    let splunk = SplunkDestinationConfiguration::builder()
        .hec_endpoint("https://splunk:8088")
        .hec_endpoint_type(aws_sdk_firehose::types::HecEndpointType::Raw)
        .retry_options(SplunkRetryOptions::builder().build())
        .s3_configuration(s3)
        .build()
        .unwrap();
    let create = local.firehose.create_delivery_stream().delivery_stream_name("x");
    let refused = create.splunk_destination_configuration(splunk).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidArgumentException"));
    let message = refused.message().unwrap();
    assert!(
        message.starts_with("SplunkDestinationConfiguration is not offered by this endpoint."),
        "{message}"
    );
    assert!(message.contains("HttpEndpointDestinationConfiguration"), "{message}");
    local.endpoint.shutdown().await;
}
