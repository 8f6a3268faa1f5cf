//! Writes one object, again and again until it is there.
//!
//! The bytes are fixed when the object is closed. Bucket, prefix and version are looked up at every attempt, so
//! that correcting a wrong bucket with `UpdateDestination` frees what waits for it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::counters::Kind;
use super::{Configured, Shared};
use crate::dice::Dice;
use crate::firehose::buffer::Filled;
use crate::firehose::compression::Compression;
use crate::firehose::object_name::ObjectName;
use crate::firehose::ports::{NewObject, PutRefused, Unit};
use crate::firehose::prefix::{ErrorOutputType, RANDOM_LENGTH};
use crate::hold::TimeHold;

/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Writes an object. Returns when it is written, or when it could not be while the delivery is drained.
pub(super) async fn write(shared: Arc<Shared>, kind: Kind, filled: Filled) {
    let sealed_as = shared.configured();
    let compression = sealed_as.destination.compression;
    let Some(body) = compressed(&shared.hold, compression, filled.body).await else { return };
    let object = Object { kind, body, compression, extension: sealed_as.destination.extension.clone() };
    drop(sealed_as);
    for attempt in 1.. {
        let configured = shared.configured();
        let new = object.named(&shared, &configured, filled.tally.oldest_ms);
        let key = new.key.clone();
        let result = shared.ports.objects.put(new).await;
        shared.sample("DeliveryToS3.Success", usize::from(result.is_ok()), Unit::Count);
        let Err(refused) = result else {
            tracing::debug!(delivery = shared.name, key, records = filled.tally.records, "object written");
            written(&shared, &object, &filled.tally);
            return;
        };
        report(&shared, &configured, &refused);
        if shared.draining.is_cancelled() {
            tracing::error!(
                delivery = shared.name,
                records = filled.tally.records,
                bucket = configured.destination.bucket,
                code = refused.code,
                "records are lost: the delivery ends and their object cannot be written"
            );
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(pause_after(attempt)) => {}
            () = shared.draining.cancelled() => {}
        }
    }
}

/// The parts of an object that do not change between attempts.
struct Object {
    kind: Kind,
    body: Bytes,
    compression: Compression,
    extension: String,
}

impl Object {
    fn named(&self, shared: &Shared, configured: &Configured, oldest_ms: i64) -> NewObject {
        let destination = &configured.destination;
        let oldest =
            Timestamp::from_millisecond(oldest_ms).unwrap_or_default().to_zoned(destination.zone.clone());
        let mut random = || random_text(&shared.dice, &shared.name);
        let prefix = match self.kind {
            Kind::Data => destination.prefixes.data(&oldest, &mut random),
            Kind::Errors => {
                destination.prefixes.errors(ErrorOutputType::ProcessingFailed, &oldest, &mut random)
            }
        };
        let name = ObjectName {
            stream: &shared.name,
            version: configured.version,
            oldest: &oldest,
            id: shared.dice.uuid("object", &shared.name),
            extension: &self.extension,
        };
        NewObject {
            bucket: destination.bucket.clone(),
            key: name.key(&prefix),
            body: self.body.clone(),
            content_encoding: self.compression.content_encoding(),
        }
    }
}

/// Compresses away from the async workers; `None` when that failed, which is a defect and logged.
async fn compressed(hold: &TimeHold, compression: Compression, body: Bytes) -> Option<Bytes> {
    if compression == Compression::Uncompressed {
        return Some(body);
    }
    match hold.offload(move || compression.compress(body)).await {
        Ok(Ok(body)) => Some(body),
        Ok(Err(error)) => {
            tracing::error!(%error, "an object could not be compressed");
            None
        }
        Err(error) => {
            tracing::error!(%error, "compressing an object ended early");
            None
        }
    }
}

fn written(shared: &Shared, object: &Object, tally: &crate::firehose::buffer::Tally) {
    let bytes = u64::try_from(object.body.len()).unwrap_or(u64::MAX);
    shared.counters.written(object.kind, tally.records, bytes);
    let count = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    shared.sample("DeliveryToS3.Records", count(tally.records), Unit::Count);
    shared.sample("DeliveryToS3.Bytes", count(tally.original_bytes), Unit::Bytes);
    let age = shared.clock.epoch_millis().saturating_sub(tally.oldest_ms).max(0) / 1000;
    shared.sample("DeliveryToS3.DataFreshness", usize::try_from(age).unwrap_or(usize::MAX), Unit::Seconds);
}

/// Tells the error log, in the words of the guide where it has some for the code.
fn report(shared: &Shared, configured: &Configured, refused: &PutRefused) {
    let (code, message) = match refused.code.as_str() {
        "NoSuchBucket" => (
            "S3.NoSuchBucket".to_owned(),
            "The specified bucket does not exist. Create the bucket or use a different bucket that does exist.",
        ),
        "AccessDenied" => (
            "S3.AccessDenied".to_owned(),
            "Access was denied. Ensure that the trust policy for the provided IAM role allows Firehose to assume \
             the role, and the access policy allows access to the S3 bucket.",
        ),
        other => (format!("S3.{other}"), refused.message.as_str()),
    };
    tracing::warn!(
        delivery = shared.name,
        code,
        bucket = configured.destination.bucket,
        "object not written"
    );
    shared.log(configured, &code, message, None);
}

/// Doubles from one second.
fn pause_after(attempt: u32) -> Duration {
    Duration::from_secs(1).saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1))).min(LONGEST_PAUSE)
}

/// What `!{firehose:random-string}` becomes: the first characters of a UUID, as in the guide's examples.
fn random_text(dice: &Dice, stream: &str) -> String {
    let mut text = dice.uuid("random-string", stream).to_string();
    text.truncate(RANDOM_LENGTH);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute() {
        let pauses: Vec<u64> = (1..=7).map(|attempt| pause_after(attempt).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(pause_after(u32::MAX), LONGEST_PAUSE);
    }

    #[test]
    fn random_text_has_eleven_characters() {
        let text = || random_text(&Dice::default(), "clicks");
        assert_eq!(text().len(), 11);
        assert_ne!(text(), text());
    }
}
