//! From what Firehose describes to our settings. What AWS fills in by itself is not kept, and so never differs.

use aws_sdk_firehose::types::{
    BufferingHints, DeliveryStreamDescription, DeliveryStreamEncryptionConfiguration,
    DeliveryStreamEncryptionStatus, ExtendedS3DestinationDescription, KeyType, ProcessingConfiguration,
    ProcessorParameter, ProcessorParameterName, ProcessorType, RetryOptions, S3BackupMode,
};

use super::http;
use crate::resources::delivery::{
    BackupSettings, DeliverySource, DeliveryState, HeldBy, LambdaProcessor, Partitioning, S3Settings, To,
};

/// What Firehose gathers for one invocation when nothing is said.
const DEFAULT_PROCESSOR_SECONDS: u32 = 60;
/// How long a partitioned object is tried to be written when nothing is said.
const DEFAULT_PARTITION_RETRY: u32 = 300;

/// What a description says, in our words. Parameters that AWS fills in are not kept, and so never differ.
fn settings(description: &ExtendedS3DestinationDescription) -> S3Settings {
    let hints = description.buffering_hints();
    let number = |value: Option<i32>, default| value.and_then(|it| u32::try_from(it).ok()).unwrap_or(default);
    let logs = description.cloud_watch_logging_options().filter(|logs| logs.enabled() == Some(true));
    let processing = description.processing_configuration().filter(|it| it.enabled() == Some(true));
    S3Settings {
        role_arn: description.role_arn().to_owned(),
        bucket_arn: description.bucket_arn().to_owned(),
        prefix: description.prefix().unwrap_or_default().to_owned(),
        error_prefix: description.error_output_prefix().unwrap_or_default().to_owned(),
        buffer_mib: number(hints.and_then(BufferingHints::size_in_mbs), 5),
        buffer_seconds: number(hints.and_then(BufferingHints::interval_in_seconds), 300),
        compression: description.compression_format().as_str().to_owned(),
        log_group: logs.and_then(|logs| logs.log_group_name()).map(str::to_owned),
        processor: processing.and_then(lambda),
        newline: processing.is_some_and(ends_lines),
        partitioning: partitioning_of(description, processing),
        backup: backup_of(description),
    }
}

/// Whether records are ended with a line break. AWS describes the processor with its parameter or without, and knows no
/// other delimiter.
fn ends_lines(processing: &ProcessingConfiguration) -> bool {
    processing.processors().iter().any(|it| *it.r#type() == ProcessorType::AppendDelimiterToRecord)
}

/// Partitioning as it is described; one that is there and switched off is none.
fn partitioning_of(
    description: &ExtendedS3DestinationDescription,
    processing: Option<&ProcessingConfiguration>,
) -> Option<Partitioning> {
    let there = description.dynamic_partitioning_configuration().filter(|it| it.enabled() == Some(true))?;
    let retry = there.retry_options().and_then(RetryOptions::duration_in_seconds);
    Some(Partitioning {
        retry_seconds: retry.and_then(|it| u32::try_from(it).ok()).unwrap_or(DEFAULT_PARTITION_RETRY),
        query: processing
            .and_then(|it| {
                parameter(
                    it,
                    &ProcessorType::MetadataExtraction,
                    &ProcessorParameterName::MetadataExtractionQuery,
                )
            })
            .map(str::to_owned),
    })
}

fn backup_of(description: &ExtendedS3DestinationDescription) -> Option<Box<BackupSettings>> {
    if description.s3_backup_mode() != Some(&S3BackupMode::Enabled) {
        return None;
    }
    let there = description.s3_backup_description()?;
    let hints = there.buffering_hints();
    let number = |value: Option<i32>, usual| value.and_then(|it| u32::try_from(it).ok()).unwrap_or(usual);
    Some(Box::new(BackupSettings {
        bucket_arn: there.bucket_arn().to_owned(),
        prefix: there.prefix().unwrap_or_default().to_owned(),
        buffer_mib: number(hints.and_then(BufferingHints::size_in_mbs), 5),
        buffer_seconds: number(hints.and_then(BufferingHints::interval_in_seconds), 300),
        compression: there.compression_format().as_str().to_owned(),
    }))
}

/// What a processor of this type is given under this name.
fn parameter<'a>(
    processing: &'a ProcessingConfiguration,
    kind: &ProcessorType,
    name: &ProcessorParameterName,
) -> Option<&'a str> {
    let processor = processing.processors().iter().find(|it| it.r#type() == kind)?;
    let found = processor.parameters().iter().find(|it| it.parameter_name() == name);
    found.map(ProcessorParameter::parameter_value)
}

pub(super) fn lambda(processing: &ProcessingConfiguration) -> Option<LambdaProcessor> {
    let parameter = |name: ProcessorParameterName| parameter(processing, &ProcessorType::Lambda, &name);
    // Asked without a version, some answer with the one it stands for.
    let function = parameter(ProcessorParameterName::LambdaArn)?;
    let function = function.strip_suffix(":$LATEST").unwrap_or(function);
    let seconds = parameter(ProcessorParameterName::BufferIntervalInSeconds).and_then(|it| it.parse().ok());
    Some(LambdaProcessor {
        function_arn: function.to_owned(),
        buffer_seconds: seconds.unwrap_or(DEFAULT_PROCESSOR_SECONDS),
    })
}

pub(super) fn state(description: &DeliveryStreamDescription) -> DeliveryState {
    let source = description.source().and_then(|source| source.kinesis_stream_source_description());
    let destination = description.destinations().first();
    let extended = destination.and_then(|destination| destination.extended_s3_destination_description());
    let http = destination.and_then(|destination| destination.http_endpoint_destination_description());
    let encryption = description.delivery_stream_encryption_configuration();
    let failure = description.failure_description().map(|it| it.details().to_owned());
    DeliveryState {
        status: description.delivery_stream_status().as_str().to_owned(),
        failure: failure.unwrap_or_default(),
        source: source.map(|source| DeliverySource {
            stream_arn: source.kinesis_stream_arn().unwrap_or_default().to_owned(),
            role_arn: source.role_arn().unwrap_or_default().to_owned(),
        }),
        destination: extended.map(settings).map(To::S3).or_else(|| http.map(http::seen).map(To::Http)),
        encryption: encryption.and_then(key_of),
        encryption_status: encryption
            .and_then(DeliveryStreamEncryptionConfiguration::status)
            .map_or("DISABLED", DeliveryStreamEncryptionStatus::as_str)
            .to_owned(),
        created: crate::aws::time(description.create_timestamp()),
    }
}

/// The key that is in use or will be.
fn key_of(encryption: &DeliveryStreamEncryptionConfiguration) -> Option<HeldBy> {
    match encryption.status()? {
        DeliveryStreamEncryptionStatus::Enabled | DeliveryStreamEncryptionStatus::Enabling => {}
        _ => return None,
    }
    Some(match (encryption.key_type(), encryption.key_arn()) {
        (Some(KeyType::CustomerManagedCmk), Some(arn)) => HeldBy::Customer(arn.to_owned()),
        _ => HeldBy::AwsOwned,
    })
}
