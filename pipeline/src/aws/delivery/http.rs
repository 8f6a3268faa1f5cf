//! HTTP endpoints: what Firehose is told of one, and what it describes.

use aws_sdk_firehose::types::{
    BufferingHints, CompressionFormat, ContentEncoding, HttpEndpointBufferingHints,
    HttpEndpointCommonAttribute, HttpEndpointConfiguration, HttpEndpointDestinationConfiguration,
    HttpEndpointDestinationDescription, HttpEndpointDestinationUpdate, HttpEndpointRequestConfiguration,
    HttpEndpointRetryOptions, HttpEndpointS3BackupMode, S3DestinationConfiguration, S3DestinationDescription,
    S3DestinationUpdate, SecretsManagerConfiguration,
};

use super::seen::lambda;
use super::wanted::{Processors, buffering, invalid, logging, processing, whole};
use crate::access_key::AccessKeys;
use crate::cloud::{CallError, Meaning};
use crate::resources::delivery::{EndpointKey, HttpSettings, KeptSettings};

/// What Firehose has of a destination that says nothing.
const USUAL_SECONDS: u32 = 300;
const USUAL_MIB: u32 = 5;

fn hints(settings: &HttpSettings) -> HttpEndpointBufferingHints {
    HttpEndpointBufferingHints::builder()
        .size_in_mbs(whole(settings.buffer_mib))
        .interval_in_seconds(whole(settings.buffer_seconds))
        .build()
}

/// The endpoint. A key that was set goes when another is sent, be it an empty one.
fn endpoint(
    settings: &HttpSettings,
    keys: &AccessKeys,
    call: &'static str,
) -> Result<HttpEndpointConfiguration, CallError> {
    let key = match &settings.key {
        EndpointKey::Literal(fingerprint) => {
            let lost = || {
                let message =
                    "the access key is not at hand: it is kept nowhere but in the file; plan again with it";
                CallError::local(call, Meaning::Invalid, message)
            };
            Some(keys.find(fingerprint).ok_or_else(lost)?.reveal().to_owned())
        }
        EndpointKey::None if call.ends_with("UpdateDestination") => Some(String::new()),
        EndpointKey::None | EndpointKey::Secret(_) => None,
    };
    let endpoint = HttpEndpointConfiguration::builder().url(&settings.url).set_name(settings.name.clone());
    endpoint.set_access_key(key).build().map_err(invalid(call))
}

/// Where the key comes from in its place; switched off in so many words, as updates merge.
fn secret(settings: &HttpSettings, call: &'static str) -> Result<SecretsManagerConfiguration, CallError> {
    let builder = SecretsManagerConfiguration::builder();
    let builder = match &settings.key {
        EndpointKey::Secret(arn) => builder.enabled(true).secret_arn(arn).role_arn(&settings.role_arn),
        EndpointKey::None | EndpointKey::Literal(_) => builder.enabled(false),
    };
    builder.build().map_err(invalid(call))
}

fn request(
    settings: &HttpSettings,
    call: &'static str,
) -> Result<HttpEndpointRequestConfiguration, CallError> {
    let encoding = if settings.gzip { ContentEncoding::Gzip } else { ContentEncoding::None };
    let attribute = |(name, value): (&String, &String)| {
        HttpEndpointCommonAttribute::builder().attribute_name(name).attribute_value(value).build()
    };
    let attributes: Result<Vec<_>, _> = settings.attributes.iter().map(attribute).collect();
    Ok(HttpEndpointRequestConfiguration::builder()
        .content_encoding(encoding)
        .set_common_attributes(Some(attributes.map_err(invalid(call))?))
        .build())
}

fn retry(settings: &HttpSettings) -> HttpEndpointRetryOptions {
    HttpEndpointRetryOptions::builder().duration_in_seconds(whole(settings.retry_seconds)).build()
}

fn mode(settings: &HttpSettings) -> HttpEndpointS3BackupMode {
    if settings.keeps_all {
        HttpEndpointS3BackupMode::AllData
    } else {
        HttpEndpointS3BackupMode::FailedDataOnly
    }
}

pub(super) fn configuration(
    settings: &HttpSettings,
    keys: &AccessKeys,
) -> Result<HttpEndpointDestinationConfiguration, CallError> {
    const CALL: &str = "firehose:CreateDeliveryStream";
    let kept = &settings.kept;
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    let bucket = S3DestinationConfiguration::builder()
        .role_arn(&settings.role_arn)
        .bucket_arn(&kept.bucket_arn)
        .set_prefix(some(&kept.prefix))
        .set_error_output_prefix(some(&kept.error_prefix))
        .buffering_hints(buffering(kept.buffer_mib, kept.buffer_seconds))
        .compression_format(CompressionFormat::from(kept.compression.as_str()))
        .build()
        .map_err(invalid(CALL))?;
    let mut builder = HttpEndpointDestinationConfiguration::builder()
        .endpoint_configuration(endpoint(settings, keys, CALL)?)
        .buffering_hints(hints(settings))
        .cloud_watch_logging_options(logging(settings.log_group.as_ref()))
        .request_configuration(request(settings, CALL)?)
        .role_arn(&settings.role_arn)
        .retry_options(retry(settings))
        .s3_backup_mode(mode(settings))
        .s3_configuration(bucket);
    if matches!(settings.key, EndpointKey::Secret(_)) {
        builder = builder.secrets_manager_configuration(secret(settings, CALL)?);
    }
    let processing = processing(&processors(settings), CALL)?;
    if processing.enabled() == Some(true) {
        builder = builder.processing_configuration(processing);
    }
    Ok(builder.build())
}

/// What is sent to an endpoint is split by request, not by line.
fn processors(settings: &HttpSettings) -> Processors<'_> {
    Processors { lambda: settings.processor.as_ref(), ..Processors::default() }
}

/// The same as an update, which merges: what is to be empty is sent empty.
pub(super) fn update(
    settings: &HttpSettings,
    keys: &AccessKeys,
) -> Result<HttpEndpointDestinationUpdate, CallError> {
    const CALL: &str = "firehose:UpdateDestination";
    let kept = &settings.kept;
    let bucket = S3DestinationUpdate::builder()
        .role_arn(&settings.role_arn)
        .bucket_arn(&kept.bucket_arn)
        .prefix(&kept.prefix)
        .error_output_prefix(&kept.error_prefix)
        .buffering_hints(buffering(kept.buffer_mib, kept.buffer_seconds))
        .compression_format(CompressionFormat::from(kept.compression.as_str()))
        .build();
    Ok(HttpEndpointDestinationUpdate::builder()
        .endpoint_configuration(endpoint(settings, keys, CALL)?)
        .buffering_hints(hints(settings))
        .cloud_watch_logging_options(logging(settings.log_group.as_ref()))
        .request_configuration(request(settings, CALL)?)
        .processing_configuration(processing(&processors(settings), CALL)?)
        .role_arn(&settings.role_arn)
        .retry_options(retry(settings))
        .s3_backup_mode(mode(settings))
        .s3_update(bucket)
        .secrets_manager_configuration(secret(settings, CALL)?)
        .build())
}

/// What a description says, in our words: of a key only that it comes from a secret.
pub(super) fn seen(description: &HttpEndpointDestinationDescription) -> HttpSettings {
    let number = |value: Option<i32>, usual| value.and_then(|it| u32::try_from(it).ok()).unwrap_or(usual);
    let endpoint = description.endpoint_configuration();
    let hints = description.buffering_hints();
    let request = description.request_configuration();
    let logs = description.cloud_watch_logging_options().filter(|logs| logs.enabled() == Some(true));
    let processing = description.processing_configuration().filter(|it| it.enabled() == Some(true));
    let secret = description.secrets_manager_configuration().filter(|it| it.enabled());
    let attributes = request.map(|it| it.common_attributes()).unwrap_or_default();
    let pair =
        |it: &HttpEndpointCommonAttribute| (it.attribute_name().to_owned(), it.attribute_value().to_owned());
    HttpSettings {
        url: endpoint.and_then(|it| it.url()).unwrap_or_default().to_owned(),
        name: endpoint.and_then(|it| it.name()).map(str::to_owned),
        key: match secret.and_then(|it| it.secret_arn()) {
            Some(arn) => EndpointKey::Secret(arn.to_owned()),
            None => EndpointKey::None,
        },
        gzip: request.and_then(|it| it.content_encoding()) == Some(&ContentEncoding::Gzip),
        attributes: attributes.iter().map(pair).collect(),
        buffer_mib: number(hints.and_then(|it| it.size_in_mbs()), USUAL_MIB),
        buffer_seconds: number(hints.and_then(|it| it.interval_in_seconds()), USUAL_SECONDS),
        retry_seconds: number(
            description.retry_options().and_then(|it| it.duration_in_seconds()),
            USUAL_SECONDS,
        ),
        keeps_all: description.s3_backup_mode() == Some(&HttpEndpointS3BackupMode::AllData),
        role_arn: description.role_arn().unwrap_or_default().to_owned(),
        log_group: logs.and_then(|it| it.log_group_name()).map(str::to_owned),
        processor: processing.and_then(lambda),
        kept: kept(description.s3_destination_description()),
    }
}

fn kept(description: Option<&S3DestinationDescription>) -> KeptSettings {
    let number = |value: Option<i32>, usual| value.and_then(|it| u32::try_from(it).ok()).unwrap_or(usual);
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let hints = description.and_then(|it| it.buffering_hints());
    KeptSettings {
        bucket_arn: text(description.map(|it| it.bucket_arn())),
        prefix: text(description.and_then(|it| it.prefix())),
        error_prefix: text(description.and_then(|it| it.error_output_prefix())),
        buffer_mib: number(hints.and_then(BufferingHints::size_in_mbs), USUAL_MIB),
        buffer_seconds: number(hints.and_then(BufferingHints::interval_in_seconds), USUAL_SECONDS),
        compression: text(description.map(|it| it.compression_format().as_str())),
    }
}
