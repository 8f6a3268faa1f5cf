//! Writes one object, again and again until it is there.
//!
//! The bytes are fixed when the object is closed. Bucket, prefix and version are looked up at every attempt, so
//! that correcting a wrong bucket with `UpdateDestination` frees what waits for it. What was put directly is given up
//! after 24 hours, as AWS does; what was read from a stream waits as long as it takes, and the stream with it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

use super::lanes::{Lane, Sealed};
use super::{Configured, Shared};
use crate::dice::Dice;
use crate::firehose::buffer::Tally;
use crate::firehose::compression::Compression;
use crate::firehose::object_name::ObjectName;
use crate::firehose::ports::{NewObject, PutRefused};
use crate::firehose::prefix::RANDOM_LENGTH;
use crate::firehose::processors::partition::Partition;
use crate::firehose::settings::S3Place;

/// Longest key of an object, in bytes of UTF-8: S3's.
const LONGEST_KEY: usize = 1024;
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a record that was put directly is kept.
const RETENTION_MS: i64 = 24 * 60 * 60 * 1000;

/// Writes an object. Returns when it is written, or when it is given up; answers whether it is settled thereby, which it
/// is not when the delivery ends and its records are kept for the next process.
pub(super) async fn write(shared: Arc<Shared>, sealed: Sealed) -> bool {
    let Sealed { lane, filled, under } = sealed;
    let Some(compression) = place(&lane, &under).map(|place| place.compression) else { return true };
    let extension = place(&lane, &under).map(|place| place.extension.clone()).unwrap_or_default();
    let Some(body) = compressed(&shared, compression, filled.body).await else { return true };
    let object = Object { lane, body, compression, extension };
    for attempt in 1.. {
        let configured = shared.configured_like(&under);
        let Some(place) = place(&object.lane, &configured).or_else(|| place(&object.lane, &under)) else {
            return true;
        };
        let new = object.named(&shared, configured.version, place, filled.tally.oldest_ms);
        let key = new.key.clone();
        let result = shared.ports.objects.put(new).await;
        shared.tried(object.lane.kind(), &configured.destination, result.is_ok());
        let Err(refused) = result else {
            tracing::debug!(delivery = shared.name, key, records = filled.tally.records, "object written");
            shared.delivered(object.lane.kind(), &configured.destination, &filled.tally, object.body.len());
            return true;
        };
        report(&shared, &configured, &place.bucket, &refused);
        if is_too_old(&shared, &filled.tally) {
            shared.lost(object.lane.kind(), &filled.tally);
            tell_of_loss(&shared, &filled.tally, &refused);
            return true;
        }
        if shared.draining.is_cancelled() {
            if shared.ledger.is_none() {
                tell_of_loss(&shared, &filled.tally, &refused);
            }
            return false;
        }
        tokio::select! {
            () = tokio::time::sleep(pause_after(attempt)) => {}
            () = shared.draining.cancelled() => {}
        }
    }
    true
}

fn tell_of_loss(shared: &Shared, tally: &Tally, refused: &PutRefused) {
    tracing::error!(
        delivery = shared.name,
        records = tally.records,
        code = refused.code,
        "records are lost: their object is not written"
    );
}

/// Whether what an object holds has been kept as long as it is.
fn is_too_old(shared: &Shared, tally: &Tally) -> bool {
    shared.direct && shared.clock.epoch_millis().saturating_sub(tally.oldest_ms) >= RETENTION_MS
}

/// The bucket of a lane; `None` for a backup where there is none.
fn place<'a>(lane: &Lane, configured: &'a Configured) -> Option<&'a S3Place> {
    match lane {
        Lane::Data(_) | Lane::Errors(_) => Some(&configured.destination.place),
        Lane::Backup => configured.destination.backup.as_ref(),
    }
}

/// The parts of an object that do not change between attempts.
struct Object {
    lane: Lane,
    body: Bytes,
    compression: Compression,
    extension: String,
}

impl Object {
    fn named(&self, shared: &Shared, version: u64, place: &S3Place, oldest_ms: i64) -> NewObject {
        let oldest = Timestamp::from_millisecond(oldest_ms).unwrap_or_default().to_zoned(place.zone.clone());
        let mut random = || random_text(&shared.dice, shared.arn());
        let prefix = match &self.lane {
            Lane::Data(partition) => place.prefixes.data(&oldest, partition.as_ref(), &mut random),
            Lane::Backup => place.prefixes.data(&oldest, None, &mut random),
            Lane::Errors(kind) => place.prefixes.errors(*kind, &oldest, &mut random),
        };
        let name = ObjectName {
            stream: &shared.name,
            version,
            oldest: &oldest,
            id: shared.dice.uuid("object", shared.arn()),
            extension: &self.extension,
        };
        NewObject {
            bucket: place.bucket.clone(),
            key: name.key(&prefix),
            body: self.body.clone(),
            content_encoding: self.compression.content_encoding(),
        }
    }
}

/// Whether the objects of a partition would have a key that S3 does not take.
pub(super) fn is_key_too_long(
    shared: &Shared,
    configured: &Configured,
    partition: &Partition,
    arrived_ms: i64,
) -> bool {
    let place = &configured.destination.place;
    let arrived = Timestamp::from_millisecond(arrived_ms).unwrap_or_default().to_zoned(place.zone.clone());
    // As long as any; drawing one would change what the objects are called.
    let mut random = || "0".repeat(RANDOM_LENGTH);
    let name = ObjectName {
        stream: &shared.name,
        version: configured.version,
        oldest: &arrived,
        id: Uuid::nil(),
        extension: &place.extension,
    };
    name.key(&place.prefixes.data(&arrived, Some(partition), &mut random)).len() > LONGEST_KEY
}

/// Compresses away from the async workers; `None` when that failed, which is a defect and logged.
async fn compressed(shared: &Shared, compression: Compression, body: Bytes) -> Option<Bytes> {
    if compression == Compression::Uncompressed {
        return Some(body);
    }
    let entry = shared.dice.uuid("entry", shared.arn());
    match shared.hold.offload(move || compression.compress(body, entry)).await {
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

/// Tells the error log, in the words of the guide where it has some for the code.
fn report(shared: &Shared, configured: &Configured, bucket: &str, refused: &PutRefused) {
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
    tracing::warn!(delivery = shared.name, code, bucket, "object not written");
    shared.log_of(configured, &format!("arn:aws:s3:::{bucket}"), &code, message, None);
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
