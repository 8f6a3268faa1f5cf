//! The driver: begins what may begin, hears how it ended, and keeps the ledger and the lock up to date
//! meanwhile.

use std::collections::BTreeMap;

use futures::FutureExt as _;
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::CriticalPath;
use super::call::{Caller, Stop};
use super::event::{Event, Listener, Outcome, Report};
use super::schedule::Schedule;
use crate::cloud::Cloud;
use crate::ledger::{LedgerError, Lock, Session};
use crate::plan::{Action, Counts, Plan, Step};
use crate::resources::{Address, ResourceId};

/// All that carrying out a plan takes.
pub struct Run<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What it is done to.
    pub cloud: &'a Cloud,
    /// The revision it is recorded in, begun already.
    pub session: &'a Session,
    /// The lock, which is renewed meanwhile.
    pub lock: &'a mut Lock,
    /// Hears what happens.
    pub listener: Listener<'a>,
    /// Stops it.
    pub cancel: &'a CancellationToken,
}

/// What has happened so far.
struct Account {
    report: Report,
    began: Instant,
    stopped: bool,
    /// How long each step took.
    took: BTreeMap<ResourceId, f64>,
}

/// Carries out a plan. When the lock is lost on the way, everything that was running is finished, nothing else
/// is begun, and the report says so.
pub async fn run(run: Run<'_>) -> Report {
    let Run { plan, cloud, session, lock, listener, cancel } = run;
    let stop = cancel.child_token();
    let mut account = Account::new(session.number());
    let lost = {
        let caller = Caller::new(cloud, listener, &stop, session);
        let work = steps(plan, &caller, session, &mut account).fuse();
        let mut work = std::pin::pin!(work);
        let mut lost = None;
        tokio::select! {
            biased;
            () = &mut work => {}
            error = session.keep_writing() => lost = Some(error),
            error = lock.keep() => lost = Some(error),
        }
        if lost.is_some() {
            // Whoever took over works on the same resources: begin nothing, finish what runs.
            stop.cancel();
            work.await;
        }
        lost
    };
    let mut report = account.close(plan, cancel);
    if let Some(error) = lost {
        report.unrecorded(&error, listener);
    }
    report
}

async fn steps(plan: &Plan, caller: &Caller<'_>, session: &Session, account: &mut Account) {
    let listener = caller.listener;
    let mut schedule = Schedule::new(&plan.steps);
    listener(Event::Started { revision: session.number(), steps: schedule.left() });
    let mut running = FuturesUnordered::new();
    loop {
        if caller.cancel.is_cancelled() {
            for index in schedule.abandon() {
                account.skip(&plan.steps[index], None, listener);
            }
        }
        for index in schedule.take_ready() {
            running.push(timed_step(plan, index, caller));
        }
        let Some((index, outcome, seconds)) = running.next().await else { break };
        let step = &plan.steps[index];
        match outcome {
            Ok(()) => {
                schedule.done(index);
                match step.action {
                    Action::Delete | Action::Release => {
                        session.gone(&step.id());
                    }
                    _ => session.present(step),
                }
                account.done(step, seconds, listener);
            }
            Err(stop) => {
                let lost = schedule.failed(index);
                account.failed(step, stop, listener);
                for skipped in lost {
                    account.skip(&plan.steps[skipped.index], Some(skipped.because_of), listener);
                }
            }
        }
    }
    // A graph has no cycles. Should one have, what is left of it is no success.
    for index in schedule.abandon() {
        let why = "it waits for steps that wait for it".to_owned();
        let hint =
            "this is a defect of pipectl: please report it with the output of `pipectl plan --format json`";
        account.failed(&plan.steps[index], Stop::Stuck(why, Some(hint.to_owned())), listener);
    }
}

async fn timed_step(plan: &Plan, index: usize, caller: &Caller<'_>) -> (usize, Result<(), Stop>, f64) {
    let (step, began) = (&plan.steps[index], Instant::now());
    (caller.listener)(Event::StepStarted {
        address: step.address.clone(),
        kind: step.kind,
        name: step.name.clone(),
        action: step.action,
    });
    let outcome = caller.run_step(&plan.pipeline, step).await;
    (index, outcome, began.elapsed().as_secs_f64())
}

impl Report {
    /// Notes that the ledger does not have all of it, so that nobody takes it for complete.
    pub(crate) fn unrecorded(&mut self, error: &LedgerError, listener: Listener<'_>) {
        let text = error.told();
        listener(Event::Note { text: text.clone() });
        self.outcome = Outcome::Failed;
        self.ledger = Some(text);
    }
}

impl Account {
    fn new(revision: u64) -> Self {
        let report = Report {
            revision,
            outcome: Outcome::Applying,
            done: Counts::default(),
            failures: Vec::new(),
            skipped: Vec::new(),
            ledger: None,
            seconds: 0.0,
            critical_path: CriticalPath::default(),
        };
        Self { report, began: Instant::now(), stopped: false, took: BTreeMap::new() }
    }

    fn done(&mut self, step: &Step, seconds: f64, listener: Listener<'_>) {
        self.report.done.add(step.action);
        self.took.insert(step.id(), seconds);
        listener(Event::StepDone { address: step.address.clone(), action: step.action, seconds });
    }

    fn failed(&mut self, step: &Step, stop: Stop, listener: Listener<'_>) {
        match stop.failure(step) {
            Some(failure) => {
                listener(Event::StepFailed { address: step.address.clone(), failure: failure.clone() });
                self.report.failures.push(failure);
            }
            None => self.skip(step, None, listener),
        }
    }

    fn skip(&mut self, step: &Step, because_of: Option<Address>, listener: Listener<'_>) {
        self.stopped |= because_of.is_none();
        self.report.skipped.push(step.address.clone());
        listener(Event::StepSkipped { address: step.address.clone(), because_of });
    }

    fn close(mut self, plan: &Plan, cancel: &CancellationToken) -> Report {
        self.report.critical_path = CriticalPath::find(&plan.steps, &self.took);
        self.report.seconds = self.began.elapsed().as_secs_f64();
        self.report.outcome = if !self.report.failures.is_empty() {
            Outcome::Failed
        } else if self.stopped && cancel.is_cancelled() {
            Outcome::Interrupted
        } else {
            Outcome::Succeeded
        };
        self.report
    }
}
