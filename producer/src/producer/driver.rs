//! The task behind a producer: waits for what happens next and does what [`Flow`] says, and nothing else.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;

use super::{COMMANDS, Charge, Command, Observer, Report, Settings, Shared};
use crate::batch::{Batch, Ticket};
use crate::flow::{Answer, Ended, Flow};
use crate::hash_keys::hash_keys;
use crate::outcome::{Cancellation, Outcome};
use crate::sink::{PutResult, RecordSink, Routing, SinkError, SinkErrorKind};

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
    budget: Arc<Semaphore>,
    charge: Charge,
    shared: Arc<Shared>,
    requests: JoinSet<Answered>,
    /// One at most: the stream is asked how it routes records.
    look: JoinSet<Looked>,
    has_looked: bool,
    /// What each request carries, kept here so that an aborted request loses nothing.
    carried: HashMap<task::Id, Arc<Batch>>,
    flushes: Vec<(u64, oneshot::Sender<()>)>,
    /// Who waits for how a record ends: no more than there are records that have not.
    waiting: HashMap<Ticket, oneshot::Sender<Outcome>>,
    /// The ticket that was given out last.
    last_ticket: u64,
    closing: bool,
}

/// Whoever waits for room learns that the producer has ended, also when the observer's code panicked.
impl Drop for Driver {
    fn drop(&mut self) {
        self.budget.close();
    }
}

impl Driver {
    pub(super) fn new(
        sink: Arc<dyn RecordSink>,
        settings: Settings,
        charge: Charge,
        (budget, shared): (Arc<Semaphore>, Arc<Shared>),
        observer: Observer,
    ) -> Self {
        Self {
            sink,
            flow: Flow::new(settings.limits).measured(settings.metrics),
            request_timeout: settings.request_timeout,
            random: settings.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed),
            started: Instant::now(),
            observer,
            budget,
            charge,
            shared,
            requests: JoinSet::new(),
            look: JoinSet::new(),
            has_looked: false,
            carried: HashMap::new(),
            flushes: Vec::new(),
            waiting: HashMap::new(),
            last_ticket: 0,
            closing: false,
        }
    }

    pub(super) async fn run(
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
            let patience = self.patience();
            let due = [self.flow.wake_at(), self.flow.look_at(), self.flow.tell_at(), patience];
            let wake = due.into_iter().flatten().min();
            let wake = wake.map(|at| self.started + at);
            tokio::select! {
                biased;
                reason = cancellation(&mut cancelled) => {
                    self.cancel(&reason, &mut inbox).await;
                    break;
                }
                Some(answered) = self.requests.join_next_with_id() => self.answered(answered),
                Some(looked) = self.look.join_next() => {
                    self.has_looked = true;
                    let looked = looked.unwrap_or_else(|error| Err(transient("RequestFailed", &error.to_string())));
                    self.flow.looked(looked, self.started.elapsed());
                }
                taken = inbox.recv_many(&mut commands, COMMANDS), if !self.closing && patience.is_none() => {
                    // 0: the handle is gone, and the cancellation of its drop comes next.
                    self.closing |= taken == 0;
                    self.take(&mut commands);
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
    fn take(&mut self, commands: &mut Vec<Command>) {
        let wanted = self.flow.wants_hash_keys();
        let records = commands.iter().filter(|_| wanted).filter_map(|command| match command {
            Command::Put(record) | Command::Deliver(record, _) => Some(record),
            _ => None,
        });
        let mut hash_keys = hash_keys(records).into_iter();
        let now = self.started.elapsed();
        for command in commands.drain(..) {
            match command {
                Command::Put(record) => self.flow.put_hashed(record, hash_keys.next(), now),
                Command::Deliver(record, done) => {
                    let ticket = self.ticket(done);
                    self.flow.put_awaited(record, hash_keys.next(), ticket, now);
                }
                Command::Refuse(record, reason) => self.flow.refuse(record, reason),
                Command::Flush(done) => self.flushes.push((self.flow.flush(), done)),
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
        for Ended { record, outcome, ticket } in ended {
            if let Some(done) = ticket.and_then(|ticket| self.waiting.remove(&ticket)) {
                // Who was to be told does not wait any more: the observer is told all the same.
                let _ = done.send(outcome.clone());
            }
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
        let mut commands = Vec::with_capacity(COMMANDS);
        while inbox.recv_many(&mut commands, COMMANDS).await > 0 {
            self.take(&mut commands);
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
