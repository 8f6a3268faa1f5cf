//! The task behind a producer: waits for what happens next and does what [`Flow`] says, and nothing else.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU64;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;

use super::intake::Intake;
use super::{Charge, Command, Flush, Observer, Report, Settings, Shared};
use crate::batch::{Batch, Ticket};
use crate::flow::{Answer, Ended, Flow};
use crate::hash_keys::hash_keys;
use crate::outcome::{Cancellation, Outcome};
use crate::sink::{PutResult, RecordSink, Routing, SinkError, SinkErrorKind};

/// Commands that are taken up between one look at what else happens and the next.
const AT_A_TIME: usize = 1024;

/// How long the first records wait to learn where they go. Without that they would go alone, a request full of them.
const FIRST_LOOK: Duration = Duration::from_secs(1);

type Looked = Result<Routing, SinkError>;

type Answered = (Duration, Result<Vec<PutResult>, SinkError>);

pub(super) struct Driver {
    sink: Arc<dyn RecordSink>,
    flow: Flow,
    request_timeout: Duration,
    random: fastrand::Rng,
    started: Instant,
    observer: Observer,
    intake: Arc<Intake>,
    /// What was handed over and not yet taken up.
    taken: VecDeque<Command>,
    budget: Arc<Semaphore>,
    charge: Charge,
    shared: Arc<Shared>,
    requests: JoinSet<Answered>,
    /// One at most: the stream is asked how it routes records.
    look: JoinSet<Looked>,
    has_looked: bool,
    /// What each request carries, kept here so that an aborted request loses nothing.
    carried: HashMap<task::Id, Arc<Batch>>,
    flushes: Vec<(u64, Flush)>,
    /// What ended and is to be told: kept for its room.
    ended: Vec<Ended>,
    /// Who waits for how a record ends: no more than there are records that have not.
    waiting: HashMap<Ticket, oneshot::Sender<Outcome>>,
    /// The ticket that was given out last.
    last_ticket: u64,
    closing: bool,
}

/// Whoever waits for room or an end learns that the producer has ended, also when the observer's code panicked. Then
/// records may have been accepted that nobody took up any more: they are in the account all the same.
impl Drop for Driver {
    fn drop(&mut self) {
        self.budget.close();
        self.intake.close();
        let (mut left, mut new) = (std::mem::take(&mut self.taken), VecDeque::new());
        self.intake.take(&mut new);
        left.append(&mut new);
        let is_record = |command: &Command| {
            matches!(command, Command::Put(_) | Command::Deliver(..) | Command::Refuse(..))
        };
        let records = left.iter().filter(|command| is_record(command)).count();
        self.shared.stats.lock().unwrap_or_else(PoisonError::into_inner).account.put += records as u64;
    }
}

impl Driver {
    pub(super) fn new(
        sink: Arc<dyn RecordSink>,
        settings: Settings,
        charge: Charge,
        (intake, budget, shared): (Arc<Intake>, Arc<Semaphore>, Arc<Shared>),
        observer: Observer,
    ) -> Self {
        Self {
            sink,
            flow: Flow::new(settings.limits).measured(settings.metrics),
            request_timeout: settings.request_timeout,
            random: settings.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed),
            started: Instant::now(),
            observer,
            intake,
            taken: VecDeque::new(),
            budget,
            charge,
            shared,
            requests: JoinSet::new(),
            look: JoinSet::new(),
            has_looked: false,
            carried: HashMap::new(),
            flushes: Vec::new(),
            ended: Vec::new(),
            waiting: HashMap::new(),
            last_ticket: 0,
            closing: false,
        }
    }

    pub(super) async fn run(mut self, mut cancelled: watch::Receiver<Option<Cancellation>>) -> Report {
        loop {
            self.look();
            self.send();
            self.settle();
            if self.closing && self.flow.is_idle() {
                break;
            }
            let patience = self.patience();
            let due = [self.flow.wake_at(), self.flow.look_at(), self.flow.tell_at(), patience];
            let wake = due.into_iter().flatten().min();
            let wake = wake.map(|at| self.started + at);
            let takes = !self.closing && patience.is_none();
            tokio::select! {
                biased;
                reason = cancellation(&mut cancelled) => {
                    self.cancel(&reason).await;
                    break;
                }
                Some(answered) = self.requests.join_next_with_id() => self.answered(answered),
                Some(looked) = self.look.join_next() => {
                    self.has_looked = true;
                    let looked = looked.unwrap_or_else(|error| Err(transient("RequestFailed", &error.to_string())));
                    self.flow.looked(looked, self.started.elapsed());
                }
                // The requests that were just sent have their turn before the next records.
                () = task::yield_now(), if takes && !self.taken.is_empty() => self.take(),
                () = self.intake.news(), if takes && self.taken.is_empty() => {
                    self.intake.take(&mut self.taken);
                    self.take();
                }
                () = sleep_until(wake) => {}
            }
        }
        self.settle();
        self.flow.tell(self.started.elapsed());
        let stats = self.flow.stats(self.started.elapsed());
        Report { account: stats.account, stats, stopped: self.flow.fatal().cloned() }
    }

    /// Until when nothing is taken in, because the first look at the stream is under way.
    fn patience(&self) -> Option<Duration> {
        let is_first = !self.has_looked && !self.look.is_empty();
        Some(FIRST_LOOK).filter(|until| is_first && self.started.elapsed() < *until)
    }

    /// Takes commands in their order. The hash keys of all their records are found out together, which is cheaper.
    fn take(&mut self) {
        let many = self.taken.len().min(AT_A_TIME);
        let wanted = self.flow.wants_hash_keys();
        let records = self.taken.range(..many).filter(|_| wanted).filter_map(|command| match command {
            Command::Put(record) | Command::Deliver(record, _) => Some(record),
            _ => None,
        });
        let mut hash_keys = hash_keys(records).into_iter();
        let now = self.started.elapsed();
        for _ in 0..many {
            let Some(command) = self.taken.pop_front() else { break };
            match command {
                Command::Put(record) => self.flow.put_hashed(record, hash_keys.next(), now),
                Command::Deliver(record, done) => {
                    let ticket = self.ticket(done);
                    self.flow.put_awaited(record, hash_keys.next(), ticket, now);
                }
                Command::Refuse(record, reason) => self.flow.refuse(record, reason),
                Command::Flush(flush) => self.flushes.push((self.flow.flush(), flush)),
                Command::Close => {
                    self.flow.drain();
                    self.closing = true;
                }
            }
        }
    }

    fn ticket(&mut self, done: oneshot::Sender<Outcome>) -> Option<Ticket> {
        self.last_ticket = self.last_ticket.wrapping_add(1);
        let ticket = NonZeroU64::new(self.last_ticket).map(Ticket)?;
        self.waiting.insert(ticket, done);
        Some(ticket)
    }

    fn look(&mut self) {
        if self.flow.look_at().is_some_and(|at| at <= self.started.elapsed()) {
            self.flow.looking();
            let (sink, timeout) = (Arc::clone(&self.sink), self.request_timeout);
            self.look.spawn(async move {
                let late = |_| Err(transient("RequestTimeout", &format!("no answer within {timeout:?}")));
                tokio::time::timeout(timeout, sink.routing()).await.unwrap_or_else(late)
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
        let mut ended = std::mem::take(&mut self.ended);
        self.flow.swap_ended(&mut ended);
        let freed: usize = ended.iter().map(|ended| self.charge.of(&ended.record) as usize).sum();
        *self.shared.stats.lock().unwrap_or_else(PoisonError::into_inner) =
            self.flow.stats(self.started.elapsed());
        if let Some(fatal) = self.flow.fatal()
            && !self.budget.is_closed()
        {
            *self.shared.stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(fatal.clone());
            self.budget.close();
        }
        for Ended { record, outcome, ticket } in ended.drain(..) {
            if let Some(done) = ticket.and_then(|ticket| self.waiting.remove(&ticket)) {
                // Who was to be told does not wait any more: the observer is told all the same.
                let _ = done.send(outcome.clone());
            }
            (self.observer)(record, outcome);
        }
        self.ended = ended;
        self.budget.add_permits(freed);
        for (_, Flush { done, place }) in
            self.flushes.extract_if(.., |(flush, _)| self.flow.is_flushed(*flush))
        {
            // Nobody waits any more: fine.
            let _ = done.send(());
            drop(place);
        }
    }

    async fn cancel(&mut self, reason: &Cancellation) {
        self.intake.close();
        loop {
            while !self.taken.is_empty() {
                self.take();
            }
            self.intake.take(&mut self.taken);
            if self.taken.is_empty() {
                break;
            }
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
