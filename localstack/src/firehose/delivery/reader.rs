//! Carries records from a Kinesis stream into the intake, as fast as the delivery takes them.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use super::intake::Intake;
use crate::firehose::ports::{Source, SourceRefused};
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
        let draining = shared.draining.is_cancelled();
        let read = tokio::select! {
            biased;
            () = shared.draining.cancelled(), if !draining => continue,
            read = next(source, draining) => read,
        };
        match read {
            Ok(records) if records.is_empty() && draining => return,
            Ok(records) => {
                last_refusal = None;
                let place = shared.ledger.as_ref().and_then(|_| source.place());
                if accept(shared, intake, records, place).await.is_err() {
                    return;
                }
            }
            Err(_) if draining => return,
            Err(refused) => {
                report(shared, &refused, last_refusal.as_ref());
                last_refusal = Some(refused);
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = shared.draining.cancelled() => {}
                }
            }
        }
    }
}

/// A delivery that is drained takes what there is, and waits for nothing more.
async fn next(source: &mut dyn Source, draining: bool) -> Result<Vec<Record>, SourceRefused> {
    if draining { source.poll() } else { source.next().await }
}

/// AWS reads again for ever; one line per cause is enough.
fn report(shared: &Shared, refused: &SourceRefused, last: Option<&SourceRefused>) {
    if last == Some(refused) {
        return;
    }
    tracing::warn!(delivery = shared.name, code = refused.code, "the source cannot be read");
    let code = format!("Kinesis.{}", refused.code.trim_end_matches("Exception"));
    shared.log(&shared.configured(), &code, &refused.message, None);
}

async fn accept(
    shared: &Shared,
    intake: &Intake,
    records: Vec<Record>,
    place: Option<String>,
) -> Result<(), super::intake::Closed> {
    let count = records.len();
    let bytes: usize = records.iter().map(|record| record.data.len()).sum();
    intake.put(records, place).await?;
    shared.took_in(count, bytes);
    Ok(())
}
