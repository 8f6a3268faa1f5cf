//! Deliveries to HTTP endpoints.

use super::{Builder, compression};
use crate::access_key;
use crate::resources::delivery::{EndpointKey, HttpSettings, KeptSettings, LambdaProcessor};
use crate::spec::model::{AccessKey, Buffer, Delivery, HttpDestination};

impl Builder<'_> {
    pub(super) fn http_settings(
        &self,
        (name, delivery): (&str, &Delivery),
        http: &HttpDestination,
        (role, logs): (&str, &str),
    ) -> HttpSettings {
        let place = &self.context.place;
        let (buffer_mib, buffer_seconds) = sizes(http.buffer);
        let (kept_mib, kept_seconds) = sizes(http.backup.buffer);
        HttpSettings {
            url: http.url.clone(),
            name: http.name.clone(),
            key: match &http.key {
                AccessKey::None => EndpointKey::None,
                AccessKey::Literal(key) => EndpointKey::Literal(access_key::fingerprint(name, key)),
                AccessKey::Secret(arn) => EndpointKey::Secret(arn.clone()),
            },
            gzip: http.gzip,
            attributes: http.attributes.clone(),
            buffer_mib,
            buffer_seconds,
            retry_seconds: http.retry_seconds,
            keeps_all: http.backup.all,
            role_arn: place.role(role),
            log_group: Some(logs.to_owned()),
            processor: self.processor(delivery, buffer_seconds),
            kept: KeptSettings {
                bucket_arn: place.bucket(&http.backup.bucket),
                prefix: http.backup.prefix.clone().unwrap_or_default(),
                error_prefix: http.backup.errors.clone().unwrap_or_default(),
                buffer_mib: kept_mib,
                buffer_seconds: kept_seconds,
                compression: compression(http.backup.compression).to_owned(),
            },
        }
    }

    /// The function that a delivery's records pass through.
    pub(super) fn processor(&self, delivery: &Delivery, buffer_seconds: u32) -> Option<LambdaProcessor> {
        let logical = delivery.transform.as_ref()?;
        let function = self.pipeline.function_name(logical);
        Some(LambdaProcessor {
            function_arn: self.context.place.function(&function),
            buffer_seconds: buffer_seconds.min(super::PROCESSOR_BUFFER_SECONDS),
        })
    }
}

/// A buffer in MiB and seconds.
pub(super) fn sizes(buffer: Buffer) -> (u32, u32) {
    (buffer.size_mib, u32::try_from(buffer.interval.as_secs()).unwrap_or(u32::MAX))
}
