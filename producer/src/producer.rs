//! The handle on a producer; `driver` is the task behind it, `intake` the way there.

mod driver;
mod intake;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, oneshot, watch};
use tokio::task::{self, JoinError, JoinHandle};

use self::driver::Driver;
use self::intake::Intake;
use crate::account::Account;
use crate::flow::Limits;
use crate::metrics;
use crate::outcome::{Cancellation, Outcome, Refusal};
use crate::record::Record;
use crate::sink::{RecordSink, SinkError, SinkErrorKind};
use crate::stats::Stats;

/// What a record costs in the memory budget beside its bytes.
const RECORD_OVERHEAD: usize = 256;

/// Flushes that wait for their end at a time; further ones wait for those.
const FLUSHES: usize = 1024;

/// How a producer behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What the flow goes by: record size, linger, time to live, requests in flight, retries.
    pub limits: Limits,
    /// Bytes of memory for all the records that have not ended; [`Producer::put`] waits beyond it.
    pub memory: usize,
    /// How long a request may take before it is tried again.
    pub request_timeout: Duration,
    /// What is measured, for the recorder of the [`metrics`](crate::metrics) facade that is installed. Nothing unless
    /// told otherwise (KPL: all of it).
    pub metrics: metrics::Settings,
    /// The seed of the jitter; `None` draws one.
    pub seed: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            memory: 64 * 1024 * 1024,
            request_timeout: Duration::from_secs(30),
            metrics: metrics::Settings::default(),
            seed: None,
        }
    }
}

/// Is told how each record ended, once per record, on the producer's task: it should not block.
pub type Observer = Box<dyn FnMut(Record, Outcome) + Send>;

/// Puts records into a stream.
///
/// [`Self::flush`] waits for what was put before it, [`Self::close`] for everything. Dropping it instead cancels what has
/// not ended: requests that are under way are given up, and the observer is told of every record all the same, on a task
/// that outlives the handle for as long as that takes.
#[derive(Debug)]
pub struct Producer {
    intake: Arc<Intake>,
    budget: Arc<Semaphore>,
    flushes: Arc<Semaphore>,
    charge: Charge,
    shared: Arc<Shared>,
    cancel: watch::Sender<Option<Cancellation>>,
    task: JoinHandle<Report>,
}

/// The end of a producer.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The final account; nothing is outstanding.
    pub account: Account,
    /// The account with all the other numbers.
    pub stats: Stats,
    /// The error that stopped it, if one did.
    pub stopped: Option<SinkError>,
}

/// The producer has stopped and takes no more records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the producer has stopped{}", .reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
pub struct Stopped {
    /// The error that stopped it, if one did.
    pub reason: Option<SinkError>,
}

/// Why [`Producer::try_put`] did not take a record.
#[derive(Debug, thiserror::Error)]
pub enum TryPutError {
    /// The memory budget is used up; here is the record.
    #[error("the producer is full")]
    Full(Record),
    /// The producer takes no more records.
    #[error(transparent)]
    Stopped(Stopped),
}

#[derive(Debug, Default)]
struct Shared {
    stats: Mutex<Stats>,
    stopped: Mutex<Option<SinkError>>,
}

/// What is handed over to the task. Its records are within the budget already.
#[derive(Debug)]
enum Command {
    Put(Record),
    Deliver(Record, oneshot::Sender<Outcome>),
    Refuse(Record, Refusal),
    Flush(Flush),
    Close,
}

/// Somebody waits for a flush.
#[derive(Debug)]
struct Flush {
    done: oneshot::Sender<()>,
    /// Its place among those that wait.
    place: OwnedSemaphorePermit,
}

impl Producer {
    /// Starts a producer on the current tokio runtime. `observer` is told how each record ended.
    #[must_use]
    pub fn start(
        sink: Arc<dyn RecordSink>,
        settings: Settings,
        observer: impl FnMut(Record, Outcome) + Send + 'static,
    ) -> Self {
        metrics::describe(settings.metrics.level);
        let charge = Charge::new(&settings);
        let intake = Arc::new(Intake::default());
        let (cancel, cancelled) = watch::channel(None);
        let budget = Arc::new(Semaphore::new(charge.memory));
        let shared = Arc::new(Shared::default());
        let shares = (Arc::clone(&intake), Arc::clone(&budget), Arc::clone(&shared));
        let driver = Driver::new(sink, settings, charge, shares, Box::new(observer));
        let task = task::spawn(driver.run(cancelled));
        Self { intake, budget, flushes: Arc::new(Semaphore::new(FLUSHES)), charge, shared, cancel, task }
    }

    /// Hands over a record; waits while the memory budget is used up, without a bound of its own. A put that is given
    /// up took nothing: the record is not in the account.
    ///
    /// # Errors
    /// The producer has stopped: the record was not taken and is not in the account.
    pub async fn put(&self, record: Record) -> Result<(), Stopped> {
        let room = self.room(&record).await?;
        self.hand_in(Command::Put(record), room)
    }

    /// Hands over a record as [`put`](Self::put) does, and waits for how it ends; the observer is told as well. Who
    /// does not wait any more changes nothing: the record is on its way.
    ///
    /// # Errors
    /// The producer has stopped, and the record was not taken; or the producer died, which an observer that panics can
    /// make it do.
    pub async fn deliver(&self, record: Record) -> Result<Outcome, Stopped> {
        self.hand_over(record).await?.await.map_err(|_| self.stopped())
    }

    /// Hands over records and waits for how they end, in bulk: the outcomes are in the order of the records.
    ///
    /// # Errors
    /// The producer has stopped: what was handed over before has ended or will, and the observer is told of it.
    pub async fn deliver_all(
        &self,
        records: impl IntoIterator<Item = Record>,
    ) -> Result<Vec<Outcome>, Stopped> {
        let mut waits = Vec::new();
        for record in records {
            waits.push(self.hand_over(record).await?);
        }
        let mut outcomes = Vec::with_capacity(waits.len());
        for wait in waits {
            outcomes.push(wait.await.map_err(|_| self.stopped())?);
        }
        Ok(outcomes)
    }

    async fn hand_over(&self, record: Record) -> Result<oneshot::Receiver<Outcome>, Stopped> {
        let room = self.room(&record).await?;
        let (done, wait) = oneshot::channel();
        self.hand_in(Command::Deliver(record, done), room)?;
        Ok(wait)
    }

    /// Waits for room for a record. Whoever puts without end in a task lets others have their turn now and then.
    async fn room(&self, record: &Record) -> Result<SemaphorePermit<'_>, Stopped> {
        let charge = self.charge.of(record);
        if let Ok(room) = self.budget.try_acquire_many(charge) {
            task::coop::consume_budget().await;
            return Ok(room);
        }
        self.budget.acquire_many(charge).await.map_err(|_| self.stopped())
    }

    /// Hands in what has its room, which is given back where the record ends.
    fn hand_in(&self, command: Command, room: SemaphorePermit<'_>) -> Result<(), Stopped> {
        self.intake.push(command).map_err(|_| self.stopped())?;
        room.forget();
        Ok(())
    }

    /// Hands over a record if there is room for it now.
    ///
    /// # Errors
    /// There is no room, or the producer has stopped: the record was not taken and is not in the account.
    pub fn try_put(&self, record: Record) -> Result<(), TryPutError> {
        use tokio::sync::TryAcquireError;
        match self.budget.try_acquire_many(self.charge.of(&record)) {
            Ok(room) => self.hand_in(Command::Put(record), room).map_err(TryPutError::Stopped),
            Err(TryAcquireError::NoPermits) => Err(TryPutError::Full(record)),
            Err(TryAcquireError::Closed) => Err(TryPutError::Stopped(self.stopped())),
        }
    }

    /// Accounts for a record that can never be delivered, such as a line cut off at the record limit.
    ///
    /// # Errors
    /// The producer has stopped.
    pub async fn refuse(&self, record: Record, reason: Refusal) -> Result<(), Stopped> {
        let room = self.room(&record).await?;
        self.hand_in(Command::Refuse(record, reason), room)
    }

    /// Sends what was put so far without waiting for more, and waits until all of it has ended, one way or another: the
    /// pace of a shard, the order of a key and the back-off after failures take their time as ever. A flush that is given
    /// up goes on without its caller.
    ///
    /// # Errors
    /// The producer has stopped.
    pub async fn flush(&self) -> Result<(), Stopped> {
        let place = Arc::clone(&self.flushes).acquire_owned().await.map_err(|_| self.stopped())?;
        let (done, wait) = oneshot::channel();
        self.intake.push(Command::Flush(Flush { done, place })).map_err(|_| self.stopped())?;
        wait.await.map_err(|_| self.stopped())
    }

    /// The account at this moment.
    #[must_use]
    pub fn account(&self) -> Account {
        self.shared.stats.lock().unwrap_or_else(PoisonError::into_inner).account
    }

    /// The account, what is under way, and what went wrong by code, at this moment.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until every record has ended, however long it takes; with a time to live no longer than that and a request.
    pub async fn close(self) -> Report {
        self.close_within(Duration::MAX).await
    }

    /// Waits until every record has ended, and after `deadline` cancels those that have not. Of a record whose request
    /// was under way then, the outcome says so: it may have arrived.
    pub async fn close_within(mut self, deadline: Duration) -> Report {
        let finish = async {
            // A push that fails means that the task has ended, and so has everything it had.
            let _ = self.intake.push(Command::Close);
            (&mut self.task).await
        };
        // tokio's timers end after some years.
        let deadline = deadline.min(Duration::from_secs(60 * 60 * 24 * 365));
        let ended = match tokio::time::timeout(deadline, finish).await {
            Ok(ended) => ended,
            Err(_) => {
                self.cancel.send_replace(Some(Cancellation::Deadline));
                (&mut self.task).await
            }
        };
        ended.unwrap_or_else(|error| self.died(&error))
    }

    /// The task panicked, which the observer's code can make it do.
    fn died(&self, error: &JoinError) -> Report {
        let mut stats = self.stats();
        stats.account.cancelled += stats.account.outstanding();
        let stopped = Some(SinkError {
            kind: SinkErrorKind::Fatal,
            code: "ProducerFailed".into(),
            message: error.to_string().into(),
        });
        Report { account: stats.account, stats, stopped }
    }

    fn stopped(&self) -> Stopped {
        Stopped { reason: self.shared.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone() }
    }
}

/// What records take of the memory budget.
#[derive(Clone, Copy, Debug)]
struct Charge {
    memory: usize,
    /// How often a record is in memory: an aggregate holds it a second time.
    copies: usize,
}

impl Charge {
    fn new(settings: &Settings) -> Self {
        Self {
            memory: settings.memory.clamp(1, u32::MAX as usize).min(Semaphore::MAX_PERMITS),
            copies: if settings.limits.aggregation.is_some() { 2 } else { 1 },
        }
    }

    /// All of it at most, so that a record larger than it still gets through.
    fn of(&self, record: &Record) -> u32 {
        let bytes = self.copies * record.size() + RECORD_OVERHEAD;
        u32::try_from(bytes.min(self.memory)).unwrap_or(u32::MAX)
    }
}
