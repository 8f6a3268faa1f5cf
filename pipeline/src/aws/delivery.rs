//! Firehose delivery streams with an S3 destination.

use async_trait::async_trait;
use aws_sdk_firehose::Client;
use aws_sdk_firehose::types::{
    BufferingHints, CloudWatchLoggingOptions, CompressionFormat, DeliveryStreamDescription,
    DeliveryStreamType, ExtendedS3DestinationConfiguration, ExtendedS3DestinationDescription,
    ExtendedS3DestinationUpdate, KinesisStreamSourceConfiguration, ProcessingConfiguration, Processor,
    ProcessorParameter, ProcessorParameterName, ProcessorType, Tag,
};

use super::error::failed;
use crate::cloud::{CallError, Control, Meaning};
use crate::resources::Observed;
use crate::resources::delivery::{
    DeliveryChange, DeliverySource, DeliverySpec, DeliveryState, LambdaProcessor, S3Settings,
};
use crate::resources::tags::{TagChange, TagMap};

/// The log stream that errors of the destination go to.
const LOG_STREAM: &str = "DestinationDelivery";
/// What Firehose gathers for one invocation when nothing is said.
const DEFAULT_PROCESSOR_SECONDS: u32 = 60;
/// How much of it; Lambda's payload limit is the bound, base64 included.
const PROCESSOR_MIB: &str = "1";

pub(super) struct Deliveries {
    pub(super) client: Client,
}

fn invalid(call: &'static str) -> impl Fn(aws_sdk_firehose::error::BuildError) -> CallError {
    move |error| CallError::local(call, Meaning::Invalid, error.to_string())
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn buffering(settings: &S3Settings) -> BufferingHints {
    BufferingHints::builder()
        .size_in_mbs(whole(settings.buffer_mib))
        .interval_in_seconds(whole(settings.buffer_seconds))
        .build()
}

fn logging(settings: &S3Settings) -> CloudWatchLoggingOptions {
    let options = CloudWatchLoggingOptions::builder().enabled(settings.log_group.is_some());
    match &settings.log_group {
        Some(group) => options.log_group_name(group).log_stream_name(LOG_STREAM).build(),
        None => options.build(),
    }
}

/// The processors. Without any, processing is switched off in so many words: an update that leaves the block
/// out would keep the old ones.
fn processing(settings: &S3Settings, call: &'static str) -> Result<ProcessingConfiguration, CallError> {
    let Some(lambda) = &settings.processor else {
        return Ok(ProcessingConfiguration::builder()
            .enabled(false)
            .set_processors(Some(Vec::new()))
            .build());
    };
    let seconds = lambda.buffer_seconds.to_string();
    let parameters = [
        (ProcessorParameterName::LambdaArn, lambda.function_arn.as_str()),
        (ProcessorParameterName::BufferSizeInMb, PROCESSOR_MIB),
        (ProcessorParameterName::BufferIntervalInSeconds, seconds.as_str()),
    ];
    let mut processor = Processor::builder().r#type(ProcessorType::Lambda);
    for (name, value) in parameters {
        let parameter = ProcessorParameter::builder().parameter_name(name).parameter_value(value).build();
        processor = processor.parameters(parameter.map_err(invalid(call))?);
    }
    let processor = processor.build().map_err(invalid(call))?;
    Ok(ProcessingConfiguration::builder().enabled(true).processors(processor).build())
}

fn configuration(settings: &S3Settings) -> Result<ExtendedS3DestinationConfiguration, CallError> {
    const CALL: &str = "firehose:CreateDeliveryStream";
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    let mut builder = ExtendedS3DestinationConfiguration::builder()
        .role_arn(&settings.role_arn)
        .bucket_arn(&settings.bucket_arn)
        .set_prefix(some(&settings.prefix))
        .set_error_output_prefix(some(&settings.error_prefix))
        .buffering_hints(buffering(settings))
        .compression_format(CompressionFormat::from(settings.compression.as_str()))
        .cloud_watch_logging_options(logging(settings));
    if settings.processor.is_some() {
        builder = builder.processing_configuration(processing(settings, CALL)?);
    }
    builder.build().map_err(invalid(CALL))
}

/// The same as an update, which merges: what is to be empty is sent empty.
fn update(settings: &S3Settings) -> Result<ExtendedS3DestinationUpdate, CallError> {
    Ok(ExtendedS3DestinationUpdate::builder()
        .role_arn(&settings.role_arn)
        .bucket_arn(&settings.bucket_arn)
        .prefix(&settings.prefix)
        .error_output_prefix(&settings.error_prefix)
        .buffering_hints(buffering(settings))
        .compression_format(CompressionFormat::from(settings.compression.as_str()))
        .cloud_watch_logging_options(logging(settings))
        .processing_configuration(processing(settings, "firehose:UpdateDestination")?)
        .build())
}

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
    }
}

fn lambda(processing: &ProcessingConfiguration) -> Option<LambdaProcessor> {
    let lambda = processing.processors().iter().find(|it| it.r#type() == &ProcessorType::Lambda)?;
    let parameter = |name: ProcessorParameterName| {
        let found = lambda.parameters().iter().find(|it| it.parameter_name() == &name);
        found.map(ProcessorParameter::parameter_value)
    };
    // Asked without a version, some answer with the one it stands for.
    let function = parameter(ProcessorParameterName::LambdaArn)?;
    let function = function.strip_suffix(":$LATEST").unwrap_or(function);
    let seconds = parameter(ProcessorParameterName::BufferIntervalInSeconds).and_then(|it| it.parse().ok());
    Some(LambdaProcessor {
        function_arn: function.to_owned(),
        buffer_seconds: seconds.unwrap_or(DEFAULT_PROCESSOR_SECONDS),
    })
}

fn state(description: &DeliveryStreamDescription) -> DeliveryState {
    let source = description.source().and_then(|source| source.kinesis_stream_source_description());
    let destination = description.destinations().first();
    let extended = destination.and_then(|destination| destination.extended_s3_destination_description());
    let failure = description.failure_description().map(|it| it.details().to_owned());
    DeliveryState {
        status: description.delivery_stream_status().as_str().to_owned(),
        failure: failure.unwrap_or_default(),
        source: source.map(|source| DeliverySource {
            stream_arn: source.kinesis_stream_arn().unwrap_or_default().to_owned(),
            role_arn: source.role_arn().unwrap_or_default().to_owned(),
        }),
        destination: extended.map(settings),
    }
}

impl Deliveries {
    async fn describe(&self, name: &str) -> Result<Option<DeliveryStreamDescription>, CallError> {
        let answer = self.client.describe_delivery_stream().delivery_stream_name(name).send().await;
        match answer.map_err(|error| failed("firehose:DescribeDeliveryStream", error)) {
            Ok(answer) => Ok(answer.delivery_stream_description),
            Err(error) if error.meaning == Meaning::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn tags(&self, name: &str) -> Result<TagMap, CallError> {
        let answer = self.client.list_tags_for_delivery_stream().delivery_stream_name(name).send().await;
        match answer.map_err(|error| failed("firehose:ListTagsForDeliveryStream", error)) {
            Ok(answer) => {
                let pair = |tag: &Tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned());
                Ok(answer.tags().iter().map(pair).collect())
            }
            Err(error) if error.meaning == Meaning::NotFound => Ok(TagMap::new()),
            Err(error) => Err(error),
        }
    }

    async fn update(&self, name: &str, settings: &S3Settings) -> Result<(), CallError> {
        const CALL: &str = "firehose:UpdateDestination";
        let description = self.describe(name).await?;
        let missing = || CallError::local(CALL, Meaning::NotFound, "no such delivery stream");
        let description = description.ok_or_else(missing)?;
        let destination = description.destinations().first().ok_or_else(missing)?;
        let request = self
            .client
            .update_destination()
            .delivery_stream_name(name)
            .current_delivery_stream_version_id(description.version_id())
            .destination_id(destination.destination_id())
            .extended_s3_destination_update(update(settings)?);
        request.send().await.map(drop).map_err(|error| failed(CALL, error))
    }
}

fn tags(map: &TagMap) -> Result<Vec<Tag>, CallError> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    map.iter().map(tag).collect::<Result<_, _>>().map_err(invalid("firehose:TagDeliveryStream"))
}

#[async_trait]
impl Control<DeliverySpec> for Deliveries {
    async fn observe(&self, name: &str) -> Result<Option<Observed<DeliveryState>>, CallError> {
        let (described, tags) = tokio::join!(self.describe(name), self.tags(name));
        let Some(description) = described? else { return Ok(None) };
        let id = description.delivery_stream_arn().to_owned();
        Ok(Some(Observed { id, tags: tags?, state: state(&description) }))
    }

    async fn observe_knowing(
        &self,
        name: &str,
        tags: &TagMap,
    ) -> Result<Option<Observed<DeliveryState>>, CallError> {
        let Some(description) = self.describe(name).await? else { return Ok(None) };
        let id = description.delivery_stream_arn().to_owned();
        Ok(Some(Observed { id, tags: tags.clone(), state: state(&description) }))
    }

    async fn create(&self, name: &str, spec: &DeliverySpec, wanted: &TagMap) -> Result<(), CallError> {
        const CALL: &str = "firehose:CreateDeliveryStream";
        let mut request = self
            .client
            .create_delivery_stream()
            .delivery_stream_name(name)
            .extended_s3_destination_configuration(configuration(&spec.destination)?)
            .set_tags(Some(tags(wanted)?));
        request = match &spec.source {
            None => request.delivery_stream_type(DeliveryStreamType::DirectPut),
            Some(source) => {
                let source = KinesisStreamSourceConfiguration::builder()
                    .kinesis_stream_arn(&source.stream_arn)
                    .role_arn(&source.role_arn)
                    .build()
                    .map_err(invalid(CALL))?;
                request
                    .delivery_stream_type(DeliveryStreamType::KinesisStreamAsSource)
                    .kinesis_stream_source_configuration(source)
            }
        };
        request.send().await.map(drop).map_err(|error| failed(CALL, error))
    }

    async fn change(&self, name: &str, change: &DeliveryChange) -> Result<(), CallError> {
        match change {
            DeliveryChange::Destination(settings) => self.update(name, settings).await,
        }
    }

    async fn tag(&self, name: &str, change: &TagChange) -> Result<(), CallError> {
        if !change.set.is_empty() {
            let request = self.client.tag_delivery_stream().delivery_stream_name(name);
            let sent = request.set_tags(Some(tags(&change.set)?)).send().await;
            sent.map_err(|error| failed("firehose:TagDeliveryStream", error))?;
        }
        if !change.remove.is_empty() {
            let request = self.client.untag_delivery_stream().delivery_stream_name(name);
            let sent = request.set_tag_keys(Some(change.remove.clone())).send().await;
            sent.map_err(|error| failed("firehose:UntagDeliveryStream", error))?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<(), CallError> {
        let sent = self.client.delete_delivery_stream().delivery_stream_name(name).send().await;
        sent.map(drop).map_err(|error| failed("firehose:DeleteDeliveryStream", error))
    }
}
