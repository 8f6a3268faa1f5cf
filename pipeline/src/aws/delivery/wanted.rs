//! From our settings to what Firehose is told: when it makes a destination, and when it changes one.

use aws_sdk_firehose::types::{
    BufferingHints, CloudWatchLoggingOptions, CompressionFormat, DeliveryStreamEncryptionConfigurationInput,
    DynamicPartitioningConfiguration, ExtendedS3DestinationConfiguration, ExtendedS3DestinationUpdate,
    KeyType, ProcessingConfiguration, Processor, ProcessorParameter, ProcessorParameterName, ProcessorType,
    RetryOptions, S3BackupMode, S3DestinationConfiguration, S3DestinationUpdate,
};

use crate::cloud::{CallError, Meaning};
use crate::resources::delivery::{HeldBy, LambdaProcessor, Partitioning, S3Settings};

/// The log stream that errors of the destination go to.
const LOG_STREAM: &str = "DestinationDelivery";
/// The parser of the jq expressions, the only one there is.
const JSON_PARSER: &str = "JQ-1.6";
/// How much is gathered for one invocation; Lambda's payload limit is the bound, base64 included.
const PROCESSOR_MIB: &str = "1";
/// A line break as Firehose takes it: written out, for a value of nothing but white space is refused.
const LINE_BREAK: &str = "\\n";

pub(super) fn invalid(call: &'static str) -> impl Fn(aws_sdk_firehose::error::BuildError) -> CallError {
    move |error| CallError::local(call, Meaning::Invalid, error.to_string())
}

pub(super) fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub(super) fn buffering(mib: u32, seconds: u32) -> BufferingHints {
    BufferingHints::builder().size_in_mbs(whole(mib)).interval_in_seconds(whole(seconds)).build()
}

pub(super) fn logging(group: Option<&String>) -> CloudWatchLoggingOptions {
    let options = CloudWatchLoggingOptions::builder().enabled(group.is_some());
    match group {
        Some(group) => options.log_group_name(group).log_stream_name(LOG_STREAM).build(),
        None => options.build(),
    }
}

/// What works on the records on their way.
#[derive(Default)]
pub(super) struct Processors<'a> {
    /// The transform.
    pub(super) lambda: Option<&'a LambdaProcessor>,
    /// What finds the keys of partitions.
    pub(super) partitioning: Option<&'a Partitioning>,
    /// Whether each record is ended with a line break.
    pub(super) newline: bool,
}

impl<'a> Processors<'a> {
    fn of(settings: &'a S3Settings) -> Self {
        Self {
            lambda: settings.processor.as_ref(),
            partitioning: settings.partitioning.as_ref(),
            newline: settings.newline,
        }
    }
}

/// The processors, in the order they work: the keys are read from what the transform made, and the line break comes after
/// all else. Without any, processing is switched off in so many words: an update that leaves the block out would
/// keep the old ones.
pub(super) fn processing(
    wanted: &Processors<'_>,
    call: &'static str,
) -> Result<ProcessingConfiguration, CallError> {
    let mut processors = Vec::new();
    if let Some(lambda) = wanted.lambda {
        let seconds = lambda.buffer_seconds.to_string();
        let parameters = [
            (ProcessorParameterName::LambdaArn, lambda.function_arn.as_str()),
            (ProcessorParameterName::BufferSizeInMb, PROCESSOR_MIB),
            (ProcessorParameterName::BufferIntervalInSeconds, seconds.as_str()),
        ];
        processors.push(processor(ProcessorType::Lambda, &parameters, call)?);
    }
    if let Some(query) = wanted.partitioning.and_then(|it| it.query.as_deref()) {
        let parameters = [
            (ProcessorParameterName::MetadataExtractionQuery, query),
            (ProcessorParameterName::JsonParsingEngine, JSON_PARSER),
        ];
        processors.push(processor(ProcessorType::MetadataExtraction, &parameters, call)?);
    }
    if wanted.newline {
        let parameters = [(ProcessorParameterName::Delimiter, LINE_BREAK)];
        processors.push(processor(ProcessorType::AppendDelimiterToRecord, &parameters, call)?);
    }
    let enabled = !processors.is_empty();
    Ok(ProcessingConfiguration::builder().enabled(enabled).set_processors(Some(processors)).build())
}

fn processor(
    kind: ProcessorType,
    parameters: &[(ProcessorParameterName, &str)],
    call: &'static str,
) -> Result<Processor, CallError> {
    let mut processor = Processor::builder().r#type(kind);
    for (name, value) in parameters {
        let parameter = ProcessorParameter::builder().parameter_name(name.clone()).parameter_value(*value);
        processor = processor.parameters(parameter.build().map_err(invalid(call))?);
    }
    processor.build().map_err(invalid(call))
}

fn partitioning(settings: &S3Settings) -> Option<DynamicPartitioningConfiguration> {
    let retry = settings.partitioning.as_ref()?.retry_seconds;
    let retry = RetryOptions::builder().duration_in_seconds(whole(retry)).build();
    Some(DynamicPartitioningConfiguration::builder().enabled(true).retry_options(retry).build())
}

fn backup(
    settings: &S3Settings,
    call: &'static str,
) -> Result<Option<S3DestinationConfiguration>, CallError> {
    let Some(backup) = &settings.backup else { return Ok(None) };
    let built = S3DestinationConfiguration::builder()
        .role_arn(&settings.role_arn)
        .bucket_arn(&backup.bucket_arn)
        .set_prefix((!backup.prefix.is_empty()).then(|| backup.prefix.clone()))
        .buffering_hints(buffering(backup.buffer_mib, backup.buffer_seconds))
        .compression_format(CompressionFormat::from(backup.compression.as_str()))
        .build();
    built.map(Some).map_err(invalid(call))
}

fn backup_update(settings: &S3Settings) -> Option<S3DestinationUpdate> {
    let backup = settings.backup.as_ref()?;
    let update = S3DestinationUpdate::builder()
        .role_arn(&settings.role_arn)
        .bucket_arn(&backup.bucket_arn)
        .prefix(&backup.prefix)
        .buffering_hints(buffering(backup.buffer_mib, backup.buffer_seconds))
        .compression_format(CompressionFormat::from(backup.compression.as_str()));
    Some(update.build())
}

pub(super) fn configuration(settings: &S3Settings) -> Result<ExtendedS3DestinationConfiguration, CallError> {
    const CALL: &str = "firehose:CreateDeliveryStream";
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    let mut builder = ExtendedS3DestinationConfiguration::builder()
        .role_arn(&settings.role_arn)
        .bucket_arn(&settings.bucket_arn)
        .set_prefix(some(&settings.prefix))
        .set_error_output_prefix(some(&settings.error_prefix))
        .buffering_hints(buffering(settings.buffer_mib, settings.buffer_seconds))
        .compression_format(CompressionFormat::from(settings.compression.as_str()))
        .cloud_watch_logging_options(logging(settings.log_group.as_ref()));
    let processing = processing(&Processors::of(settings), CALL)?;
    if processing.enabled() == Some(true) {
        builder = builder.processing_configuration(processing);
    }
    if settings.backup.is_some() {
        builder = builder.s3_backup_mode(S3BackupMode::Enabled);
    }
    builder = builder
        .set_dynamic_partitioning_configuration(partitioning(settings))
        .set_s3_backup_configuration(backup(settings, CALL)?);
    builder.build().map_err(invalid(CALL))
}

/// The same as an update, which merges: what is to be empty is sent empty.
pub(super) fn update(settings: &S3Settings) -> Result<ExtendedS3DestinationUpdate, CallError> {
    Ok(ExtendedS3DestinationUpdate::builder()
        .role_arn(&settings.role_arn)
        .bucket_arn(&settings.bucket_arn)
        .prefix(&settings.prefix)
        .error_output_prefix(&settings.error_prefix)
        .buffering_hints(buffering(settings.buffer_mib, settings.buffer_seconds))
        .compression_format(CompressionFormat::from(settings.compression.as_str()))
        .cloud_watch_logging_options(logging(settings.log_group.as_ref()))
        .processing_configuration(processing(&Processors::of(settings), "firehose:UpdateDestination")?)
        .set_dynamic_partitioning_configuration(partitioning(settings))
        .set_s3_backup_mode(settings.backup.is_some().then_some(S3BackupMode::Enabled))
        .set_s3_backup_update(backup_update(settings))
        .build())
}

pub(super) fn key(
    key: &HeldBy,
    call: &'static str,
) -> Result<DeliveryStreamEncryptionConfigurationInput, CallError> {
    let input = DeliveryStreamEncryptionConfigurationInput::builder();
    let input = match key {
        HeldBy::AwsOwned => input.key_type(KeyType::AwsOwnedCmk),
        HeldBy::Customer(arn) => input.key_type(KeyType::CustomerManagedCmk).key_arn(arn),
    };
    input.build().map_err(invalid(call))
}
