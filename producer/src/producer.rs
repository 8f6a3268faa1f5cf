//! The handle on a producer, and the task behind it: waits for what happens next and does what
//! [`Flow`] says, and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pipectl_shards::{HashKeyRange, ShardId};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::{self, JoinError, JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::account::Account;
use crate::batch::Batch;
use crate::flow::{Answer, Ended, Flow, Limits};
use crate::metrics;
use crate::outcome::{Cancellation, Outcome, Refusal};
use crate::record::Record;
use crate::sink::{PutResult, RecordSink, SinkError, SinkErrorKind};
use crate::stats::Stats;

/// What a record costs in the memory budget beside its bytes.
const RECORD_OVERHEAD: usize = 256;

/// Commands between the handle and the task. Their records are within the budget already.
const COMMANDS: usize = 1024;

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
/// Dropping it cancels what has not ended; [`Self::close`] waits for it.
#[derive(Debug)]
pub struct Producer {
    commands: mpsc::Sender<Command>,
    budget: Arc<Semaphore>,
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

enum Command {
    Put(Record),
    Refuse(Record, Refusal),
    Flush(oneshot::Sender<()>),
    Close,
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
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let (cancel, cancelled) = watch::channel(None);
        let budget = Arc::new(Semaphore::new(charge.memory));
        let shared = Arc::new(Shared::default());
        let driver = Driver {
            sink,
            flow: Flow::new(settings.limits).measured(settings.metrics),
            request_timeout: settings.request_timeout,
            random: settings.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed),
            started: Instant::now(),
            observer: Box::new(observer),
            budget: Arc::clone(&budget),
            charge,
            shared: Arc::clone(&shared),
            requests: JoinSet::new(),
            look: JoinSet::new(),
            carried: HashMap::new(),
            flushes: Vec::new(),
            closing: false,
        };
        let task = task::spawn(driver.run(inbox, cancelled));
        Self { commands, budget, charge, shared, cancel, task }
    }

    /// Hands over a record; waits while the memory budget is used up.
    ///
    /// # Errors
    /// The producer has stopped: the record was not taken and is not in the account.
    pub async fn put(&self, record: Record) -> Result<(), Stopped> {
        let permit = self.budget.acquire_many(self.charge.of(&record)).await.map_err(|_| self.stopped())?;
        self.commands.send(Command::Put(record)).await.map_err(|_| self.stopped())?;
        permit.forget();
        Ok(())
    }

    /// Hands over a record if there is room for it now.
    ///
    /// # Errors
    /// There is no room, or the producer has stopped: the record was not taken and is not in the account.
    pub fn try_put(&self, record: Record) -> Result<(), TryPutError> {
        use tokio::sync::TryAcquireError;
        let permit = match self.budget.try_acquire_many(self.charge.of(&record)) {
            Ok(permit) => permit,
            Err(TryAcquireError::NoPermits) => return Err(TryPutError::Full(record)),
            Err(TryAcquireError::Closed) => return Err(TryPutError::Stopped(self.stopped())),
        };
        match self.commands.try_send(Command::Put(record)) {
            Ok(()) => {
                permit.forget();
                Ok(())
            }
            Err(mpsc::error::TrySendError::Full(Command::Put(record))) => Err(TryPutError::Full(record)),
            Err(_) => Err(TryPutError::Stopped(self.stopped())),
        }
    }

    /// Accounts for a record that can never be delivered, such as a line cut off at the record limit.
    ///
    /// # Errors
    /// The producer has stopped.
    pub async fn refuse(&self, record: Record, reason: Refusal) -> Result<(), Stopped> {
        let permit = self.budget.acquire_many(self.charge.of(&record)).await.map_err(|_| self.stopped())?;
        self.commands.send(Command::Refuse(record, reason)).await.map_err(|_| self.stopped())?;
        permit.forget();
        Ok(())
    }

    /// Sends what was put so far without waiting for more, and waits until all of it has ended.
    ///
    /// # Errors
    /// The producer has stopped.
    pub async fn flush(&self) -> Result<(), Stopped> {
        let (done, wait) = oneshot::channel();
        self.commands.send(Command::Flush(done)).await.map_err(|_| self.stopped())?;
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

    /// Waits until every record has ended, however long it takes.
    pub async fn close(self) -> Report {
        self.close_within(Duration::MAX).await
    }

    /// Waits until every record has ended, and after `deadline` cancels those that have not.
    pub async fn close_within(mut self, deadline: Duration) -> Report {
        let finish = async {
            // A send that fails means that the task has ended, and so has everything it had.
            let _ = self.commands.send(Command::Close).await;
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
        let mut account = self.account();
        account.cancelled += account.outstanding();
        let stopped = Some(SinkError {
            kind: SinkErrorKind::Fatal,
            code: "ProducerFailed".into(),
            message: error.to_string().into(),
        });
        Report { account, stopped }
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

type Listed = Result<Vec<(ShardId, HashKeyRange)>, SinkError>;

type Answered = (Duration, Result<Vec<PutResult>, SinkError>);

struct Driver {
    sink: Arc<dyn RecordSink>,
    flow: Flow,
    request_timeout: Duration,
    random: fastrand::Rng,
    started: Instant,
    observer: Observer,
    budget: Arc<Semaphore>,
    charge: Charge,
    shared: Arc<Shared>,
    requests: JoinSet<Answered>,
    /// One at most: the shards are being listed.
    look: JoinSet<Listed>,
    /// What each request carries, kept here so that an aborted request loses nothing.
    carried: HashMap<task::Id, Arc<Batch>>,
    flushes: Vec<(u64, oneshot::Sender<()>)>,
    closing: bool,
}

/// Whoever waits for room learns that the producer has ended, also when the observer's code panicked.
impl Drop for Driver {
    fn drop(&mut self) {
        self.budget.close();
    }
}

impl Driver {
    async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Command>,
        mut cancelled: watch::Receiver<Option<Cancellation>>,
    ) -> Report {
        let mut commands = Vec::with_capacity(COMMANDS);
        loop {
            self.look();
            self.send();
            self.settle();
            if self.closing && self.flow.is_idle() {
                break;
            }
            let due = [self.flow.wake_at(), self.flow.look_at(), self.flow.tell_at()];
            let wake = due.into_iter().flatten().min();
            let wake = wake.map(|at| self.started + at);
            tokio::select! {
                biased;
                reason = cancellation(&mut cancelled) => {
                    self.cancel(&reason, &mut inbox).await;
                    break;
                }
                Some(answered) = self.requests.join_next_with_id() => self.answered(answered),
                Some(listed) = self.look.join_next() => {
                    let listed = listed.unwrap_or_else(|error| Err(transient("RequestFailed", &error.to_string())));
                    self.flow.looked(listed, self.started.elapsed());
                }
                taken = inbox.recv_many(&mut commands, COMMANDS), if !self.closing => {
                    // 0: the handle is gone, and the cancellation of its drop comes next.
                    self.closing |= taken == 0;
                    commands.drain(..).for_each(|command| self.take(command));
                }
                () = sleep_until(wake) => {}
            }
        }
        self.settle();
        self.flow.tell(self.started.elapsed());
        Report { account: *self.flow.account(), stopped: self.flow.fatal().cloned() }
            .stamped(self.started.elapsed())
    }

    fn take(&mut self, command: Command) {
        match command {
            Command::Put(record) => self.flow.put(record, self.started.elapsed()),
            Command::Refuse(record, reason) => self.flow.refuse(record, reason),
            Command::Flush(done) => self.flushes.push((self.flow.flush(), done)),
            Command::Close => {
                self.flow.drain();
                self.closing = true;
            }
        }
    }

    fn look(&mut self) {
        if self.flow.look_at().is_some_and(|at| at <= self.started.elapsed()) {
            self.flow.looking();
            let (sink, timeout) = (Arc::clone(&self.sink), self.request_timeout);
            self.look.spawn(async move {
                let late = |_| Err(transient("RequestTimeout", &format!("no answer within {timeout:?}")));
                tokio::time::timeout(timeout, sink.open_shards()).await.unwrap_or_else(late)
            });
        }
    }

    fn send(&mut self) {
        while let Some(batch) = self.flow.next_batch(self.started.elapsed()) {
            let batch = Arc::new(batch);
            let (sink, carried) = (Arc::clone(&self.sink), Arc::clone(&batch));
            let (started, timeout) = (self.started, self.request_timeout);
            let request = self.requests.spawn(async move {
                let began = started.elapsed();
                let request = sink.put_records(&carried.records);
                let result = tokio::time::timeout(timeout, request).await.unwrap_or_else(|_| {
                    let message = format!("no answer within {timeout:?}");
                    Err(transient("RequestTimeout", &message))
                });
                (began, result)
            });
            self.carried.insert(request.id(), batch);
        }
    }

    fn answered(&mut self, answered: Result<(task::Id, Answered), JoinError>) {
        let (id, began, result) = match answered {
            Ok((id, (began, result))) => (id, began, result),
            Err(error) => {
                let failed = transient("RequestFailed", &error.to_string());
                (error.id(), self.started.elapsed(), Err(failed))
            }
        };
        if let Some(batch) = self.carried.remove(&id) {
            let answer = Answer { began, now: self.started.elapsed(), random: self.random.f64() };
            self.flow.answered(Arc::unwrap_or_clone(batch), result, answer);
        }
    }

    /// Tells what ended, gives its memory back, and wakes who waits for it.
    fn settle(&mut self) {
        let now = self.started.elapsed();
        if self.flow.tell_at().is_some_and(|at| at <= now) {
            self.flow.tell(now);
        }
        let ended = self.flow.take_ended();
        let freed: usize = ended.iter().map(|ended| self.charge.of(&ended.record) as usize).sum();
        *self.shared.stats.lock().unwrap_or_else(PoisonError::into_inner) =
            self.flow.stats(self.started.elapsed());
        if let Some(fatal) = self.flow.fatal()
            && !self.budget.is_closed()
        {
            *self.shared.stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(fatal.clone());
            self.budget.close();
        }
        for Ended { record, outcome } in ended {
            (self.observer)(record, outcome);
        }
        self.budget.add_permits(freed);
        for (flush, done) in std::mem::take(&mut self.flushes) {
            if self.flow.is_flushed(flush) {
                // Nobody waits any more: fine.
                let _ = done.send(());
            } else {
                self.flushes.push((flush, done));
            }
        }
    }

    async fn cancel(&mut self, reason: &Cancellation, inbox: &mut mpsc::Receiver<Command>) {
        inbox.close();
        while let Some(command) = inbox.recv().await {
            self.take(command);
        }
        while let Some(answered) = self.requests.try_join_next_with_id() {
            self.answered(answered);
        }
        self.flow.cancel(reason);
        self.requests.shutdown().await;
        for (_, batch) in std::mem::take(&mut self.carried) {
            self.flow.abandoned(Arc::unwrap_or_clone(batch), reason);
        }
    }
}

impl Report {
    fn stamped(mut self, elapsed: Duration) -> Self {
        self.account.elapsed = elapsed;
        self
    }
}

fn transient(code: &str, message: &str) -> SinkError {
    SinkError { kind: SinkErrorKind::Transient, code: code.into(), message: message.into() }
}

/// Ends when the producer is cancelled, or dropped.
async fn cancellation(cancelled: &mut watch::Receiver<Option<Cancellation>>) -> Cancellation {
    match cancelled.wait_for(Option::is_some).await {
        Ok(reason) => reason.clone().unwrap_or(Cancellation::Requested),
        Err(_) => Cancellation::Requested,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
