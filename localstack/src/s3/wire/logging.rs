//! Where a bucket's access log would go: kept and shown; none is written.

use s3s::dto;

use super::super::bucket::Logging;
use super::Wire;
use super::settings::with;
use super::translate::{Answer, ok};

/// `GetBucketLogging`.
pub(super) fn get(wire: &Wire, input: &dto::GetBucketLoggingInput) -> Answer<dto::GetBucketLoggingOutput> {
    let kept = with(wire, &input.bucket, |settings| settings.logging.clone())?;
    let logging_enabled = kept.map(|logging| dto::LoggingEnabled {
        target_bucket: logging.bucket,
        target_prefix: logging.prefix,
        ..dto::LoggingEnabled::default()
    });
    ok(dto::GetBucketLoggingOutput { logging_enabled })
}

/// `PutBucketLogging`.
pub(super) fn put(wire: &Wire, input: dto::PutBucketLoggingInput) -> Answer<dto::PutBucketLoggingOutput> {
    let logging = input.bucket_logging_status.logging_enabled;
    let logging =
        logging.map(|logging| Logging { bucket: logging.target_bucket, prefix: logging.target_prefix });
    with(wire, &input.bucket, |settings| settings.logging = logging)?;
    ok(dto::PutBucketLoggingOutput::default())
}
