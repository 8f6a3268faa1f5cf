//! Carries records from a Kinesis stream into the intake, as fast as the delivery takes them.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use super::intake::Intake;
use crate::firehose::ports::{Source, SourceRefused, Unit};
use crate::firehose::record::Record;

/// Pause after a read that was refused.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads until the delivery is discarded, or drained and there is nothing more to read.
pub(super) async fn read(shared: Arc<Shared>, mut source: Box<dyn Source>, intake: Intake) {
    tokio::select! {
        () = intake.closed() => {}
        () = shared.discarded.cancelled() => {}
        () = carry(&shared, source.as_mut(), &intake) => {}
    }
}

async fn carry(shared: &Shared, source: &mut dyn Source, intake: &Intake) {
    let mut last_refusal: Option<SourceRefused> = None;
    loop {
        match source.read().await {
            Ok(read) => {
                last_refusal = None;
                if !read.records.is_empty() && accept(shared, intake, read.records).await.is_err() {
                    return;
                }
                if !read.caught_up {
                    continue;
                }
                if shared.draining.is_cancelled() {
                    return;
                }
                tokio::select! {
                    () = source.wait() => {}
                    () = shared.draining.cancelled() => {}
                }
            }
            Err(refused) => {
                if shared.draining.is_cancelled() {
                    return;
                }
                // AWS reads again for ever; one line per cause is enough.
                if last_refusal.as_ref() != Some(&refused) {
                    tracing::warn!(delivery = shared.name, code = refused.code, "the source cannot be read");
                    let configured = shared.configured();
                    shared.log(&configured, &format!("Kinesis.{}", refused.code), &refused.message, None);
                    last_refusal = Some(refused);
                }
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = shared.draining.cancelled() => {}
                }
            }
        }
    }
}

async fn accept(shared: &Shared, intake: &Intake, records: Vec<Record>) -> Result<(), super::intake::Closed> {
    let count = records.len();
    let bytes: usize = records.iter().map(|record| record.data.len()).sum();
    intake.put(records).await?;
    shared.sample("DataReadFromKinesisStream.Records", count, Unit::Count);
    shared.sample("DataReadFromKinesisStream.Bytes", bytes, Unit::Bytes);
    shared.sample("IncomingRecords", count, Unit::Count);
    shared.sample("IncomingBytes", bytes, Unit::Bytes);
    Ok(())
}
