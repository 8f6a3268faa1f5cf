//! One batch through the transform function, retries included, and through the metadata extraction.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Shared;
use crate::firehose::ports::Invoked;
use crate::firehose::prefix::ErrorOutputType;
use crate::firehose::processors::jq::{NoKeys, Query};
use crate::firehose::processors::partition::Keys;
use crate::firehose::record::Record;
use crate::firehose::settings::{LambdaProcessor, Processing};
use crate::firehose::transform::event::{self, RecordIds};
use crate::firehose::transform::failure::Failure;
use crate::firehose::transform::response::{self, Transformed, Verdict};

/// A batch that went through.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The records as they arrived, each with what became of it.
    pub(super) records: Vec<(Record, Processed)>,
    /// Invocations made.
    pub(super) attempts: u32,
    /// When the last one ended, in milliseconds since the epoch.
    pub(super) ended_ms: i64,
    /// The function, if there was one.
    pub(super) function_arn: Option<String>,
}

/// What became of a record.
#[derive(Debug)]
pub(super) enum Processed {
    /// It is delivered.
    Ok {
        /// As this.
        output: Bytes,
        /// The partition keys the function gave it.
        lambda: Option<Keys>,
        /// The partition keys the query gave it.
        query: Option<Keys>,
    },
    /// The function meant it to disappear.
    Dropped,
    /// It goes to the error output.
    Failed(ErrorOutputType, Failure),
}

/// Runs a batch through the function, where there is one, and the query, where there is one. `first_id` numbers the
/// records within the delivery.
pub(super) async fn process(
    shared: Arc<Shared>,
    processing: Processing,
    records: Vec<Record>,
    first_id: u64,
) -> Outcome {
    let (mut processed, attempts) = match &processing.lambda {
        Some(lambda) => transform(&shared, lambda, &records, first_id).await,
        None => (records.iter().map(unchanged).collect(), 1),
    };
    if let Some(query) = &processing.query {
        extract(&shared, query, &mut processed).await;
    }
    let ended_ms = shared.clock.epoch_millis();
    Outcome {
        records: records.into_iter().zip(processed).collect(),
        attempts,
        ended_ms,
        function_arn: processing.lambda.map(|lambda| lambda.function_arn),
    }
}

fn unchanged(record: &Record) -> Processed {
    Processed::Ok { output: record.data.clone(), lambda: None, query: None }
}

/// Asks the query for the partition keys of every record that is delivered.
async fn extract(shared: &Shared, query: &Query, processed: &mut [Processed]) {
    let outputs = |one: &Processed| match one {
        Processed::Ok { output, .. } => Some(output.clone()),
        _ => None,
    };
    let outputs: Vec<Bytes> = processed.iter().filter_map(outputs).collect();
    let count = outputs.len();
    let started = shared.clock.elapsed();
    let now = i32::try_from(shared.clock.epoch_millis() / 1000).map_or(0.0, f64::from);
    let query = query.clone();
    let extracted = shared.hold.offload(move || query.extract(outputs, now)).await;
    let extracted = extracted.unwrap_or_else(|_| vec![Err(NoKeys::Failed); count]);
    shared.extracted(shared.clock.elapsed().saturating_sub(started));
    let delivered = processed.iter_mut().filter(|one| matches!(one, Processed::Ok { .. }));
    for (one, keys) in delivered.zip(extracted) {
        match (keys, &mut *one) {
            (Ok(keys), Processed::Ok { query, .. }) => *query = Some(keys),
            (Err(no_keys), _) => {
                let failure = Failure::no_partition(no_keys.message());
                *one = Processed::Failed(ErrorOutputType::MetadataExtraction, failure);
            }
            (Ok(_), _) => {}
        }
    }
}

/// Invokes the function with a batch until it answers or the attempts are used up.
async fn transform(
    shared: &Shared,
    lambda: &LambdaProcessor,
    records: &[Record],
    first_id: u64,
) -> (Vec<Processed>, u32) {
    let ids = RecordIds::draw(records.len(), first_id);
    let mut attempts = 0;
    let transformed = loop {
        attempts += 1;
        match invoke(shared, lambda, records, &ids).await {
            Ok(transformed) => {
                log_answer(shared, lambda, &transformed);
                break transformed;
            }
            Err(failure) => {
                tracing::debug!(
                    delivery = shared.name,
                    code = failure.code,
                    attempts,
                    "the transform failed"
                );
                if attempts >= lambda.attempts || failure == Failure::too_large() {
                    let configured = shared.configured();
                    shared.log(&configured, failure.code, &failure.message, Some(&lambda.function_arn));
                    break Transformed::all_failed(records.len(), &failure);
                }
                tokio::time::sleep(pause_before_retry(attempts)).await;
            }
        }
    };
    (judged(shared, records, transformed), attempts)
}

/// Takes the answer apart.
fn judged(shared: &Shared, records: &[Record], transformed: Transformed) -> Vec<Processed> {
    let output = Bytes::from(transformed.output);
    let (mut start, mut succeeded, mut bytes, mut dropped) = (0, 0, 0, 0);
    let mut processed = Vec::with_capacity(records.len());
    for (record, verdict) in records.iter().zip(transformed.verdicts) {
        processed.push(match verdict {
            Verdict::Ok { end, keys } => {
                let output = output.slice(start..end);
                start = end;
                succeeded += 1;
                bytes += record.data.len();
                Processed::Ok { output, lambda: keys, query: None }
            }
            Verdict::Dropped => {
                // It was processed successfully, too ("Required parameters for data transformation").
                succeeded += 1;
                bytes += record.data.len();
                dropped += 1;
                Processed::Dropped
            }
            Verdict::Failed(failure) => Processed::Failed(ErrorOutputType::Processing, failure),
        });
    }
    shared.transformed(succeeded, bytes, dropped);
    processed
}

/// Logs what is wrong with an answer, once per cause. What the function itself failed is its own to log.
fn log_answer(shared: &Shared, lambda: &LambdaProcessor, transformed: &Transformed) {
    let mut told = Vec::new();
    for verdict in &transformed.verdicts {
        let Verdict::Failed(failure) = verdict else { continue };
        if *failure != Failure::processing_failed() && !told.contains(&failure) {
            told.push(failure);
            shared.log(&shared.configured(), failure.code, &failure.message, Some(&lambda.function_arn));
        }
    }
}

/// One attempt.
async fn invoke(
    shared: &Shared,
    lambda: &LambdaProcessor,
    records: &[Record],
    ids: &RecordIds,
) -> Result<Transformed, Failure> {
    let payload =
        event::write(&shared.source, records, ids, &shared.dice.uuid("transform", shared.arn()).to_string());
    if payload.len() > event::MAX_PAYLOAD {
        return Err(Failure::too_large());
    }
    let started = shared.clock.elapsed();
    let invoked = shared.ports.functions.invoke(&lambda.function_arn, payload).await;
    let took = shared.clock.elapsed().saturating_sub(started);
    shared.invoked(matches!(invoked, Invoked::Returned(_)), took);
    match invoked {
        Invoked::Returned(payload) => Ok(response::read(&payload, ids, records.len())),
        Invoked::Failed { timed_out: true } => Err(Failure::timed_out()),
        Invoked::Failed { timed_out: false } => Err(Failure::function_error()),
        Invoked::NotFound => Err(Failure::not_found()),
        Invoked::Throttled => Err(Failure::limit_exceeded()),
        Invoked::Unreachable => Err(Failure::internal()),
    }
}

/// How long to wait before the attempt after the `attempts`th. AWS does not tell; doubling from a quarter of a
/// second keeps a function that always fails from being called in a tight loop.
fn pause_before_retry(attempts: u32) -> Duration {
    Duration::from_millis(250) * 2_u32.saturating_pow(attempts.saturating_sub(1)).min(64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_stay_bounded() {
        let pauses: Vec<u128> = (1..=4).map(|attempts| pause_before_retry(attempts).as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000]);
        assert_eq!(pause_before_retry(u32::MAX), Duration::from_secs(16));
    }
}
