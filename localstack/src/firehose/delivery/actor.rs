//! The task that moves a delivery's records from stage to stage.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesOrdered;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::intake::Outlet;
use super::lanes::{self, Lanes, TooMany};
use super::outbox::Outbox;
use super::sender::Undelivered;
use super::transformer::{self, Outcome, Processed};
use super::unpacker::{self, Unpacked};
use super::unsettled::Unsettled;
use super::{Configured, Shared, writer};
use crate::firehose::prefix::ErrorOutputType;
use crate::firehose::processors::jq::NoKeys;
use crate::firehose::processors::partition::{Keys, Partition};
use crate::firehose::record::Record;
use crate::firehose::settings::Target;
use crate::firehose::transform::batch::Batcher;
use crate::firehose::transform::failure::{FailedRecord, Failure};

/// Batches of one delivery that are with the function at the same time.
const MOST_INVOCATIONS: usize = 4;
/// Bytes that records become in one go where they are decompressed or taken apart.
const MOST_UNPACKED: usize = 4 << 20;

/// A delivery's buffers and what is under way.
pub(super) struct Actor {
    shared: Arc<Shared>,
    outlet: Outlet,
    /// What came in and is not unpacked yet.
    incoming: VecDeque<Record>,
    batcher: Batcher,
    ready: VecDeque<Vec<Record>>,
    batches: FuturesOrdered<AbortOnDropHandle<Outcome>>,
    /// The first chunk of each of these batches, in their order.
    batch_chunks: VecDeque<u64>,
    lanes: Lanes,
    outbox: Outbox,
    /// The settings the lanes are gathered under.
    under: Arc<Configured>,
    next_id: u64,
    /// The chunk that comes next.
    next_chunk: u64,
    /// How far the ledger is behind, where there is one.
    unsettled: Option<Unsettled>,
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
    pub(super) fn new(shared: Arc<Shared>, outlet: Outlet) -> Self {
        Self {
            under: shared.configured(),
            outbox: Outbox::new(Arc::clone(&shared)),
            unsettled: shared.ledger.is_some().then(|| Unsettled::new(shared.most_behind)),
            shared,
            outlet,
            incoming: VecDeque::new(),
            batcher: Batcher::default(),
            ready: VecDeque::new(),
            batches: FuturesOrdered::new(),
            batch_chunks: VecDeque::new(),
            lanes: Lanes::default(),
            next_id: 0,
            next_chunk: 0,
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
            self.advance(configured, now);
            if !self.incoming.is_empty() && self.has_room() {
                self.unpack(now);
                continue;
            }
            if self.stage == Stage::Ending && self.is_empty() {
                return;
            }
            let wake = self.deadline();
            tokio::select! {
                biased;
                () = shared.discarded.cancelled() => return,
                // Before the records: what is put after an update is delivered by it.
                Ok(()) = changes.changed() => {}
                undelivered = self.outbox.next(), if !self.outbox.is_idle() => self.keep(undelivered),
                Some(outcome) = self.batches.next(), if self.takes_outcomes() => {
                    self.batch_chunks.pop_front();
                    match outcome {
                        Ok(outcome) => self.absorb(outcome, Instant::now()),
                        Err(error) => tracing::error!(%error, "a transform ended early; its records are lost"),
                    }
                }
                chunk = self.outlet.next(), if self.takes_records() => match chunk {
                    Some(records) => self.take_in(records, Instant::now()),
                    None => self.stage = Stage::Ending,
                },
                () = shared.draining.cancelled(), if self.stage != Stage::Draining && self.stage != Stage::Ending => {
                    self.stage = Stage::Draining;
                    if shared.direct {
                        self.outlet.close();
                    }
                }
                () = shared.flush.notified(), if self.stage == Stage::Running => self.stage = Stage::Flushing,
                () = tokio::time::sleep_until(wake.unwrap_or(now)), if wake.is_some() => {}
            }
        }
    }

    /// Keeps what an HTTP endpoint did not take.
    fn keep(&mut self, undelivered: Undelivered) {
        let now = Instant::now();
        for (line, tally) in undelivered {
            let kind = ErrorOutputType::HttpEndpoint;
            let sealed = self.lanes.push_error(kind, &line, tally, &self.under, now);
            self.outbox.put(sealed);
        }
    }

    fn takes_outcomes(&self) -> bool {
        !self.batches.is_empty() && self.outbox.has_room()
    }

    fn takes_records(&self) -> bool {
        self.stage != Stage::Ending
            && self.incoming.is_empty()
            && self.has_room()
            // A source keeps its records itself: of those the ledger has the place alone.
            && !(self.shared.direct && self.unsettled.as_ref().is_some_and(Unsettled::is_full))
    }

    /// Whether what comes next finds the stage after it free.
    fn has_room(&self) -> bool {
        self.ready.is_empty() && self.outbox.has_room() && self.batches.len() < MOST_INVOCATIONS
    }

    fn is_empty(&self) -> bool {
        self.incoming.is_empty() && self.ready.is_empty() && self.batches.is_empty() && self.outbox.is_idle()
    }

    /// Moves on whatever is due: batches to their processors, buffers to their objects.
    fn advance(&mut self, configured: Arc<Configured>, now: Instant) {
        if !configured.destination.is_laid_out_like(&self.under.destination) {
            // What was gathered for another kind of destination goes where it was gathered for.
            let sealed = self.lanes.take_due(&self.under, now, true);
            self.outbox.put(sealed);
        }
        self.under = configured;
        let hurried = self.stage != Stage::Running;
        let processing = self.under.destination.processing.clone();
        let due = match &processing.lambda {
            Some(lambda) if !hurried => self.batcher.take_due(lambda.limits, now),
            // Also when the transform was taken away by an update: what it had not seen goes on as it is.
            _ => self.batcher.take(),
        };
        self.ready.extend(due);
        if processing.lambda.is_none() && processing.query.is_none() {
            for record in std::mem::take(&mut self.ready).into_iter().flatten() {
                let data = record.data.clone();
                self.deliver(&record, &data, (None, None), now);
            }
        }
        while self.batches.len() < MOST_INVOCATIONS
            && let Some(records) = self.ready.pop_front()
        {
            let first_id = self.next_id;
            self.batch_chunks.push_back(records.first().map_or(self.next_chunk, |record| record.chunk));
            self.next_id += u64::try_from(records.len()).unwrap_or(0);
            let batch = transformer::process(Arc::clone(&self.shared), processing.clone(), records, first_id);
            self.batches.push_back(AbortOnDropHandle::new(tokio::spawn(batch)));
        }
        let last = hurried && self.incoming.is_empty() && self.ready.is_empty() && self.batches.is_empty();
        let sealed = self.lanes.take_due(&self.under, now, last);
        self.outbox.put(sealed);
        if let Some(overdue) = self.unsettled.as_ref().and_then(Unsettled::overdue) {
            let sealed = self.lanes.take_before(overdue, &self.under);
            self.outbox.put(sealed);
        }
        if last && self.stage == Stage::Flushing {
            self.stage = Stage::Running;
        }
        self.outbox.start();
        self.settle();
    }

    /// Notes down how far everything was delivered, dropped or given up.
    fn settle(&mut self) {
        let Some(ledger) = &self.shared.ledger else { return };
        let ready = self.ready.iter().find_map(|batch| batch.first());
        let gathered = [self.incoming.front(), self.batcher.first(), ready]
            .into_iter()
            .flatten()
            .map(|record| record.chunk);
        let elsewhere =
            [self.batch_chunks.front().copied(), self.lanes.first_chunk(), self.outbox.first_chunk()];
        let first = gathered.chain(elsewhere.into_iter().flatten()).min().unwrap_or(self.next_chunk);
        if let Some(unsettled) = &mut self.unsettled {
            unsettled.settle(first);
        }
        if let Err(error) = ledger.settle(first) {
            tracing::error!(delivery = self.shared.name, %error, "what was delivered could not be noted down");
        }
    }

    /// When something is due next. Nothing is due already: [`Actor::advance`] just saw to that.
    fn deadline(&self) -> Option<Instant> {
        let destination = &self.under.destination;
        let lambda = destination.processing.lambda.as_ref();
        let batch = lambda.and_then(|lambda| self.batcher.deadline(lambda.limits));
        batch.into_iter().chain(self.lanes.deadline(destination)).min()
    }

    fn take_in(&mut self, records: Vec<Record>, now: Instant) {
        self.next_chunk = records.last().map_or(self.next_chunk, |last| last.chunk + 1);
        if let (Some(unsettled), Some(first)) = (&mut self.unsettled, records.first()) {
            unsettled.take_in(first.chunk, records.iter().map(Record::cost).sum());
        }
        self.incoming.extend(records);
        self.unpack(now);
    }

    /// Unpacks what came in and hands it on. Where a small record may become a large one or many, as far as there is room
    /// for it: the rest waits.
    fn unpack(&mut self, now: Instant) {
        let under = Arc::clone(&self.under);
        let processing = &under.destination.processing;
        let grows = processing.unpack.is_some() || processing.split.is_some();
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while (!grows || (bytes < MOST_UNPACKED && self.has_room()))
            && let Some(record) = self.incoming.pop_front()
        {
            if let Some(place) = &under.destination.backup {
                let sealed = self.lanes.push_backup(&record, place.hints, &under, now);
                self.outbox.put(sealed);
            }
            let records = match unpacker::unpacked(&self.shared, processing, record) {
                Unpacked::Records(records) => records,
                Unpacked::Unreadable(record) => {
                    let ended_ms = self.shared.clock.epoch_millis();
                    let failure = Failure::not_decompressed();
                    self.shared.log(&under, failure.code, &failure.message, None);
                    self.fail(&record, (ErrorOutputType::Decompression, &failure), (1, ended_ms), now);
                    continue;
                }
            };
            bytes += records.iter().map(Record::cost).sum::<usize>();
            match (&processing.lambda, &processing.query) {
                (Some(lambda), _) => {
                    for record in records {
                        self.ready.extend(self.batcher.push(record, lambda.limits, now));
                    }
                }
                (None, Some(_)) => batch.extend(records),
                (None, None) => {
                    for record in records {
                        let data = record.data.clone();
                        self.deliver(&record, &data, (None, None), now);
                    }
                }
            }
        }
        self.ready.extend(Some(batch).filter(|batch| !batch.is_empty()));
    }

    /// Takes what the processors made of a batch: output to its partition, failures to the error output.
    fn absorb(&mut self, outcome: Outcome, now: Instant) {
        let attempt = (outcome.attempts, outcome.ended_ms);
        let partitioned = matches!(self.under.destination.target, Target::S3(Some(_)));
        for (record, processed) in outcome.records {
            match processed {
                Processed::Ok { output, lambda, query } => {
                    self.deliver(&record, &output, (query.as_ref(), lambda.as_ref()), now);
                }
                Processed::Dropped => {}
                Processed::Failed(ErrorOutputType::Processing, failure) => {
                    let line = line(&record, &failure, attempt, outcome.function_arn.as_deref());
                    self.fail_with(&record, ErrorOutputType::Processing, &line, now);
                }
                Processed::Failed(kind, failure) => self.fail(&record, (kind, &failure), (1, attempt.1), now),
            }
        }
        if partitioned {
            self.shared.partitions(self.lanes.partitions(), false);
        }
    }

    /// Puts what became of a record into its buffer.
    fn deliver(
        &mut self,
        record: &Record,
        output: &[u8],
        (query, lambda): (Option<&Keys>, Option<&Keys>),
        now: Instant,
    ) {
        let under = Arc::clone(&self.under);
        let partition = match &under.destination.target {
            Target::S3(Some(expressions)) => match Partition::of(expressions, query, lambda) {
                Some(partition) => Some(partition),
                None => {
                    let failure = Failure::no_partition(NoKeys::Empty.message());
                    return self.misplace(record, &failure, now);
                }
            },
            Target::S3(None) | Target::Http(_) => None,
        };
        if let Some(named) = &partition
            && !self.lanes.is_open(&partition)
            && writer::is_key_too_long(&self.shared, &under, named, record.arrived_ms)
        {
            return self.misplace(record, &Failure::key_too_long(), now);
        }
        match self.lanes.push_data(partition, output, record, &under, now) {
            Ok(sealed) => self.outbox.put(sealed),
            Err(TooMany) => {
                self.shared.partitions(self.lanes.partitions(), true);
                self.misplace(record, &Failure::too_many_partitions(), now);
            }
        }
    }

    /// Fails a record that has no partition.
    fn misplace(&mut self, record: &Record, failure: &Failure, now: Instant) {
        let ended_ms = self.shared.clock.epoch_millis();
        self.fail(record, (ErrorOutputType::MetadataExtraction, failure), (1, ended_ms), now);
    }

    fn fail(
        &mut self,
        record: &Record,
        (kind, failure): (ErrorOutputType, &Failure),
        attempt: (u32, i64),
        now: Instant,
    ) {
        self.fail_with(record, kind, &line(record, failure, attempt, None), now);
    }

    fn fail_with(&mut self, record: &Record, kind: ErrorOutputType, line: &str, now: Instant) {
        let sealed = self.lanes.push_error(kind, line, lanes::tally(record), &self.under, now);
        self.outbox.put(sealed);
    }
}

/// The line that keeps a record which failed after so many attempts, the last of which ended then.
fn line(
    record: &Record,
    failure: &Failure,
    (attempts, ended_ms): (u32, i64),
    function: Option<&str>,
) -> String {
    let failed = FailedRecord {
        data: record.sent(),
        failure,
        attempts,
        arrived_ms: record.arrived_ms,
        ended_ms,
        lambda_arn: function,
        place: None,
    };
    failed.line()
}
