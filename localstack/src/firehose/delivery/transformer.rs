//! One batch through the transform function, retries included.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use crate::firehose::ports::{Invoked, Unit};
use crate::firehose::record::Record;
use crate::firehose::settings::LambdaProcessor;
use crate::firehose::transform::event::{self, RecordIds};
use crate::firehose::transform::failure::Failure;
use crate::firehose::transform::response::{self, Transformed, Verdict};

/// A batch that went through.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The records as they arrived.
    pub(super) records: Vec<Record>,
    /// What became of them.
    pub(super) transformed: Transformed,
    /// Invocations made.
    pub(super) attempts: u32,
    /// When the last one ended, in milliseconds since the epoch.
    pub(super) ended_ms: i64,
    /// The function.
    pub(super) function_arn: String,
}

/// Invokes the function with a batch until it answers or the attempts are used up. `first_id` numbers the
/// records within the delivery.
pub(super) async fn transform(
    shared: Arc<Shared>,
    lambda: LambdaProcessor,
    records: Vec<Record>,
    first_id: u64,
) -> Outcome {
    let ids = RecordIds::draw(records.len(), first_id);
    let mut attempts = 0;
    let transformed = loop {
        attempts += 1;
        match invoke(&shared, &lambda, &records, &ids).await {
            Ok(transformed) => {
                log_answer(&shared, &lambda, &transformed);
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
                    shared.log(&configured, failure.code, failure.message, Some(&lambda.function_arn));
                    break Transformed::all_failed(records.len(), &failure);
                }
                tokio::time::sleep(pause_before_retry(attempts)).await;
            }
        }
    };
    let ended_ms = shared.clock.epoch_millis();
    Outcome { records, transformed, attempts, ended_ms, function_arn: lambda.function_arn }
}

/// Logs what is wrong with an answer, once per cause. What the function itself failed is its own to log.
fn log_answer(shared: &Shared, lambda: &LambdaProcessor, transformed: &Transformed) {
    let mut told = Vec::new();
    for verdict in &transformed.verdicts {
        let Verdict::Failed(failure) = verdict else { continue };
        if *failure != Failure::processing_failed() && !told.contains(&failure) {
            told.push(failure);
            shared.log(&shared.configured(), failure.code, failure.message, Some(&lambda.function_arn));
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
        event::write(&shared.source, records, ids, &shared.dice.uuid("transform", &shared.name).to_string());
    if payload.len() > event::MAX_PAYLOAD {
        return Err(Failure::too_large());
    }
    let started = shared.clock.elapsed();
    let invoked = shared.ports.functions.invoke(&lambda.function_arn, payload).await;
    let succeeded = matches!(invoked, Invoked::Returned(_));
    shared.sample("ExecuteProcessing.Success", usize::from(succeeded), Unit::Count);
    let took = shared.clock.elapsed().saturating_sub(started);
    shared.sample(
        "ExecuteProcessing.Duration",
        usize::try_from(took.as_millis()).unwrap_or(0),
        Unit::Milliseconds,
    );
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
