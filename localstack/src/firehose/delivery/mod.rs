//! A delivery at work: from the intake through the processors into objects or requests.
//!
//! ```text
//! puts ─┐                       ┌▶ backup lane ───────────────────────────┐
//!       ├─▶ intake ─▶ unpacker ─┴▶ batches ─▶ function and query ─▶ lanes ─┴▶ outbox ─▶ writer (S3)
//! reader┘  (32 MiB)                           (in order)          └▶ error lanes      └▶ sender (HTTP)
//! ```
//!
//! - One task, the [`actor`], moves records from stage to stage; it owns every buffer and takes no lock.
//! - A stage takes nothing in while the next one is full, so that memory is bounded by construction: the intake
//!   by its bytes, the transform by its batches in flight, an object by its hint and all of them together by
//!   [`lanes`], the writes by their number.
//! - [`telemetry`] is the only place that counts and samples.
//! - Invocations run at once but their results are taken in order: objects keep the order of arrival.
//! - The same settings are looked at again for each batch and each object: an update needs no restart.
//! - Draining writes out everything that was accepted; discarding drops it.
//! - With a data folder, what was accepted is in a ledger until it was delivered: a process that is killed loses none.

mod actor;
mod counters;
mod intake;
mod lanes;
mod outbox;
mod reader;
mod sender;
mod telemetry;
mod transformer;
mod unpacker;
mod unsettled;
mod writer;

#[cfg(test)]
pub(crate) mod fakes;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use self::counters::Account;
pub(crate) use self::intake::Full;
pub(crate) use self::unsettled::MOST_BEHIND;

use self::counters::Counters;
use self::intake::Intake;
use super::metrics::Metric;
use super::ports::{Ports, Source};
use super::record::Record;
use super::settings::{Destination, LogTarget, Target};
use super::transform::event;
use crate::clock::Clock;
use crate::cloudwatch::amount;
use crate::dice::Dice;
use crate::hold::TimeHold;
use crate::persist::firehose::{Chunk, Ledger};

/// The settings a delivery runs on at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Configured {
    /// The version of the delivery stream they belong to.
    pub(crate) version: u64,
    /// What to do.
    pub(crate) destination: Destination,
}

/// What stays the same as long as a delivery lives, shared by its tasks.
pub(crate) struct Shared {
    name: String,
    source: event::Source,
    /// Whether records are put directly; those of a reader are awaited when the delivery is drained.
    direct: bool,
    ports: Ports,
    clock: Clock,
    dice: Dice,
    hold: TimeHold,
    /// Where is kept what is not delivered yet; nowhere without a data folder.
    ledger: Option<Arc<Ledger>>,
    /// Bytes that ledger may be behind.
    most_behind: usize,
    counters: Arc<Counters>,
    configured: watch::Receiver<Arc<Configured>>,
    flush: Notify,
    draining: CancellationToken,
    discarded: CancellationToken,
}

/// What a delivery is started with.
pub(crate) struct Start {
    /// The delivery stream's name.
    pub(crate) name: String,
    /// What its events say of it.
    pub(crate) source: event::Source,
    /// The other services.
    pub(crate) ports: Ports,
    /// The time.
    pub(crate) clock: Clock,
    /// Where its objects' names come from.
    pub(crate) dice: Dice,
    /// Where it compresses.
    pub(crate) hold: TimeHold,
    /// What to do at first.
    pub(crate) configured: Configured,
    /// Where records come from; `None` for direct put.
    pub(crate) reader: Option<Box<dyn Source>>,
    /// Where is kept what is not delivered yet.
    pub(crate) ledger: Option<Arc<Ledger>>,
    /// Bytes that may be taken in past a record that waits, before its buffer is written before its time.
    pub(crate) most_behind: usize,
    /// What an earlier process had not delivered.
    pub(crate) backlog: Vec<(u64, Chunk)>,
}

/// A running delivery. Dropping it discards what is under way.
pub(crate) struct Delivery {
    shared: Arc<Shared>,
    intake: Option<Intake>,
    configure: watch::Sender<Arc<Configured>>,
    done: CancellationToken,
}

impl Delivery {
    /// Starts the tasks of a delivery.
    pub(crate) fn start(start: Start, tasks: &TaskTracker) -> Self {
        let (configure, configured) = watch::channel(Arc::new(start.configured));
        let counters = Arc::new(Counters::default());
        let (intake, outlet) = intake::channel(Arc::clone(&counters), start.ledger.clone());
        intake.restore(start.backlog);
        let shared = Arc::new(Shared {
            name: start.name,
            source: start.source,
            direct: start.reader.is_none(),
            ports: start.ports,
            clock: start.clock,
            dice: start.dice,
            hold: start.hold,
            ledger: start.ledger,
            most_behind: start.most_behind,
            counters,
            configured,
            flush: Notify::new(),
            draining: CancellationToken::new(),
            discarded: CancellationToken::new(),
        });
        let intake = match start.reader {
            // The reader alone holds the intake: when it ends, so does the delivery.
            Some(source) => {
                tasks.spawn(reader::read(Arc::clone(&shared), source, intake));
                None
            }
            None => Some(intake),
        };
        let done = CancellationToken::new();
        let ended = done.clone().drop_guard();
        let actor = actor::Actor::new(Arc::clone(&shared), outlet);
        tasks.spawn(async move {
            actor.run().await;
            drop(ended);
        });
        Self { shared, intake, configure, done }
    }

    /// Accepts records, all or none.
    pub(crate) fn put(&self, records: Vec<Record>) -> Result<(), Full> {
        let intake = self.intake.as_ref().ok_or(Full)?;
        let count = records.len();
        let bytes: usize = records.iter().map(|record| record.data.len()).sum();
        intake.try_put(records)?;
        self.shared.took_in(count, bytes);
        Ok(())
    }

    /// Goes on with other settings.
    pub(crate) fn configure(&self, configured: Configured) {
        self.configure.send_replace(Arc::new(configured));
    }

    /// Writes out what is buffered now, whatever the hints say.
    pub(crate) fn flush(&self) {
        self.shared.flush.notify_one();
    }

    /// Takes no more records, writes out those it has and ends; then the token is cancelled.
    pub(crate) fn drain(&self) -> CancellationToken {
        self.shared.draining.cancel();
        self.done.clone()
    }

    /// Ends it, and leaves nothing of it: the stream is deleted.
    pub(crate) fn forget(self) {
        if let Some(ledger) = &self.shared.ledger
            && let Err(error) = ledger.remove()
        {
            tracing::warn!(delivery = self.shared.name, %error, "what it kept could not be removed");
        }
    }

    /// The account as it stands.
    pub(crate) fn account(&self) -> Account {
        self.shared.counters.account()
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.shared.discarded.cancel();
    }
}

/// What the error log says, in the members AWS writes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogEntry<'a> {
    #[serde(rename = "deliveryStreamARN")]
    delivery_stream_arn: &'a str,
    destination: &'a str,
    delivery_stream_version_id: serde_json::Value,
    message: &'a str,
    error_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    processor: Option<&'a str>,
}

impl Shared {
    fn configured(&self) -> Arc<Configured> {
        Arc::clone(&self.configured.borrow())
    }

    fn sample(&self, metric: Metric, value: usize) {
        self.ports.metrics.sample(metric, amount(value));
    }

    /// What it is called in any region.
    fn arn(&self) -> &str {
        &self.source.delivery_stream_arn
    }

    /// The settings as they are now, where what was gathered `under` others can be sent by them; those others where
    /// not.
    fn configured_like(&self, under: &Arc<Configured>) -> Arc<Configured> {
        let now = self.configured();
        if now.destination.is_laid_out_like(&under.destination) { now } else { Arc::clone(under) }
    }

    /// Logs an error where the user asked for it.
    fn log(&self, configured: &Configured, code: &str, message: &str, processor: Option<&str>) {
        let destination = match &configured.destination.target {
            Target::S3(_) => format!("arn:aws:s3:::{}", configured.destination.place.bucket),
            Target::Http(endpoint) => endpoint.url.clone(),
        };
        self.log_of(configured, &destination, code, message, processor);
    }

    /// Logs an error with one of the places records go to.
    fn log_of(
        &self,
        configured: &Configured,
        destination: &str,
        code: &str,
        message: &str,
        processor: Option<&str>,
    ) {
        let version = configured.version;
        let Some(LogTarget { group, stream }) = &configured.destination.log else { return };
        let entry = LogEntry {
            delivery_stream_arn: &self.source.delivery_stream_arn,
            destination,
            // Text for S3 and a number for all else, as AWS writes them.
            delivery_stream_version_id: if code.starts_with("S3.") {
                version.to_string().into()
            } else {
                version.into()
            },
            message,
            error_code: code,
            processor,
        };
        match serde_json::to_string(&entry) {
            Ok(text) => self.ports.log.log(group, stream, text),
            Err(error) => tracing::error!(%error, "a delivery error could not be logged"),
        }
    }
}
