//! The task that moves a delivery's records from stage to stage.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{FuturesOrdered, FuturesUnordered};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::counters::Kind;
use super::intake::Outlet;
use super::transformer::{self, Outcome};
use super::{Configured, Shared, writer};
use crate::firehose::buffer::{Filled, ObjectBuffer, Tally};
use crate::firehose::ports::Unit;
use crate::firehose::record::Record;
use crate::firehose::transform::batch::Batcher;
use crate::firehose::transform::failure::FailedRecord;
use crate::firehose::transform::response::Verdict;

/// Batches of one delivery that are with the function at the same time.
const MOST_INVOCATIONS: usize = 4;
/// Objects of one delivery that are being written at the same time.
const MOST_WRITES: usize = 2;

/// A delivery's buffers and what is under way.
pub(super) struct Actor {
    shared: Arc<Shared>,
    outlet: Outlet,
    /// Whether records are put directly; those of a reader are awaited when the delivery is drained.
    direct: bool,
    batcher: Batcher,
    ready: VecDeque<Vec<Record>>,
    invocations: FuturesOrdered<AbortOnDropHandle<Outcome>>,
    data: ObjectBuffer,
    errors: ObjectBuffer,
    sealed: VecDeque<(Kind, Filled)>,
    writes: FuturesUnordered<AbortOnDropHandle<()>>,
    next_id: u64,
    stage: Stage,
}

/// How far a delivery is from its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Buffering as the hints say.
    Running,
    /// Buffering no longer, until everything that is in now is out.
    Flushing,
    /// Taking in what is left in the intake.
    Draining,
    /// Nothing comes in any more.
    Ending,
}

impl Actor {
    pub(super) fn new(shared: Arc<Shared>, outlet: Outlet, direct: bool) -> Self {
        Self {
            shared,
            outlet,
            direct,
            batcher: Batcher::default(),
            ready: VecDeque::new(),
            invocations: FuturesOrdered::new(),
            data: ObjectBuffer::default(),
            errors: ObjectBuffer::default(),
            sealed: VecDeque::new(),
            writes: FuturesUnordered::new(),
            next_id: 0,
            stage: Stage::Running,
        }
    }

    /// Runs until the delivery is discarded, or drained and empty.
    pub(super) async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let mut changes = shared.configured.clone();
        loop {
            let configured = Arc::clone(&changes.borrow_and_update());
            let now = Instant::now();
            self.advance(&configured, now);
            if self.stage == Stage::Ending && self.is_empty() {
                return;
            }
            let wake = self.deadline(&configured);
            tokio::select! {
                biased;
                () = shared.discarded.cancelled() => return,
                Some(_) = self.writes.next(), if !self.writes.is_empty() => {}
                Some(outcome) = self.invocations.next(), if self.takes_outcomes() => match outcome {
                    Ok(outcome) => self.absorb(outcome, &configured, now),
                    Err(error) => tracing::error!(%error, "a transform ended early; its records are lost"),
                },
                chunk = self.outlet.next(), if self.takes_records() => match chunk {
                    Some(records) => self.take_in(records, &configured, now),
                    None => self.stage = Stage::Ending,
                },
                () = shared.draining.cancelled(), if self.stage != Stage::Draining && self.stage != Stage::Ending => {
                    self.stage = Stage::Draining;
                    if self.direct {
                        self.outlet.close();
                    }
                }
                () = shared.flush.notified(), if self.stage == Stage::Running => self.stage = Stage::Flushing,
                () = tokio::time::sleep_until(wake.unwrap_or(now)), if wake.is_some() => {}
                Ok(()) = changes.changed() => {}
            }
        }
    }

    fn takes_outcomes(&self) -> bool {
        !self.invocations.is_empty() && self.sealed.is_empty()
    }

    fn takes_records(&self) -> bool {
        self.stage != Stage::Ending
            && self.ready.is_empty()
            && self.sealed.is_empty()
            && self.invocations.len() < MOST_INVOCATIONS
    }

    fn is_empty(&self) -> bool {
        self.ready.is_empty()
            && self.invocations.is_empty()
            && self.sealed.is_empty()
            && self.writes.is_empty()
    }

    /// Moves on whatever is due: batches to the function, buffers to their objects.
    fn advance(&mut self, configured: &Configured, now: Instant) {
        let hurried = self.stage != Stage::Running;
        let destination = &configured.destination;
        match &destination.lambda {
            Some(lambda) => {
                let due =
                    if hurried { self.batcher.take() } else { self.batcher.take_due(lambda.limits, now) };
                self.ready.extend(due);
            }
            // The transform was taken away by an update: what it had not seen is delivered as it is.
            None => {
                for record in self.ready.drain(..).chain(self.batcher.take()).flatten() {
                    push_data(&mut self.data, &record.data, &record, destination.delimiter, now);
                }
            }
        }
        while self.invocations.len() < MOST_INVOCATIONS
            && let (Some(lambda), Some(records)) = (&destination.lambda, self.ready.pop_front())
        {
            let first_id = self.next_id;
            self.next_id += u64::try_from(records.len()).unwrap_or(0);
            let transform =
                transformer::transform(Arc::clone(&self.shared), lambda.clone(), records, first_id);
            self.invocations.push_back(AbortOnDropHandle::new(tokio::spawn(transform)));
        }
        let last = hurried && self.ready.is_empty() && self.invocations.is_empty();
        for (kind, buffer) in [(Kind::Data, &mut self.data), (Kind::Errors, &mut self.errors)] {
            if last || buffer.is_due(destination.hints, now) {
                self.sealed.extend(buffer.take().map(|filled| (kind, filled)));
            }
        }
        if last && self.stage == Stage::Flushing {
            self.stage = Stage::Running;
        }
        while self.writes.len() < MOST_WRITES
            && let Some((kind, filled)) = self.sealed.pop_front()
        {
            let write = writer::write(Arc::clone(&self.shared), kind, filled);
            self.writes.push(AbortOnDropHandle::new(tokio::spawn(write)));
        }
    }

    /// When something is due next. Nothing is due already: [`Actor::advance`] just saw to that.
    fn deadline(&self, configured: &Configured) -> Option<Instant> {
        let destination = &configured.destination;
        let batch = destination.lambda.as_ref().and_then(|lambda| self.batcher.deadline(lambda.limits));
        [batch, self.data.deadline(destination.hints), self.errors.deadline(destination.hints)]
            .into_iter()
            .flatten()
            .min()
    }

    fn take_in(&mut self, records: Vec<Record>, configured: &Configured, now: Instant) {
        let destination = &configured.destination;
        for record in records {
            if let Some(lambda) = &destination.lambda {
                self.ready.extend(self.batcher.push(record, lambda.limits, now));
            } else {
                push_data(&mut self.data, &record.data, &record, destination.delimiter, now);
                self.seal_full(configured);
            }
        }
    }

    fn seal_full(&mut self, configured: &Configured) {
        if self.data.is_full(configured.destination.hints) {
            self.sealed.extend(self.data.take().map(|filled| (Kind::Data, filled)));
        }
    }

    /// Takes the answer of the function: output to the data buffer, failures to the error buffer.
    fn absorb(&mut self, outcome: Outcome, configured: &Configured, now: Instant) {
        let delimiter = configured.destination.delimiter;
        let (mut start, mut ok, mut ok_bytes, mut dropped) = (0, 0, 0, 0);
        for (record, verdict) in outcome.records.iter().zip(&outcome.transformed.verdicts) {
            match verdict {
                Verdict::Ok { end } => {
                    let output = outcome.transformed.output.get(start..*end).unwrap_or_default();
                    start = *end;
                    ok += 1;
                    ok_bytes += record.data.len();
                    push_data(&mut self.data, output, record, delimiter, now);
                    self.seal_full(configured);
                }
                Verdict::Dropped => dropped += 1,
                Verdict::Failed(failure) => {
                    let failed = FailedRecord {
                        data: &record.data,
                        failure,
                        attempts: outcome.attempts,
                        arrived_ms: record.arrived_ms,
                        ended_ms: outcome.ended_ms,
                        lambda_arn: &outcome.function_arn,
                    };
                    push_data(&mut self.errors, failed.line().as_bytes(), record, None, now);
                    if self.errors.is_full(configured.destination.hints) {
                        self.sealed.extend(self.errors.take().map(|filled| (Kind::Errors, filled)));
                    }
                }
            }
        }
        self.shared.counters.dropped(dropped);
        self.shared.sample("SucceedProcessing.Records", ok, Unit::Count);
        self.shared.sample("SucceedProcessing.Bytes", ok_bytes, Unit::Bytes);
    }
}

/// Puts what became of `record` into a buffer.
fn push_data(buffer: &mut ObjectBuffer, output: &[u8], record: &Record, delimiter: Option<u8>, now: Instant) {
    let original_bytes = u64::try_from(record.data.len()).unwrap_or(u64::MAX);
    buffer.push(output, Tally { records: 1, original_bytes, oldest_ms: record.arrived_ms }, delimiter, now);
}
