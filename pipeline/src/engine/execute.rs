//! Carries a plan out under the ledger: lock, intent, run, outcome, release.

use jiff::Timestamp;

use super::ApplyOptions;
use crate::apply::{CriticalPath, Event, Listener, Outcome, Report, Run, run};
use crate::cloud::Cloud;
use crate::ledger::{Applied, Beginning, Lease, Ledger, LedgerError, Lock, Owner};
use crate::plan::{Counts, Plan, Purpose, Step};

/// Carries a plan out.
pub(crate) async fn execute(
    cloud: &Cloud,
    ledger: &Ledger,
    plan: &Plan,
    options: &ApplyOptions,
    owner: &Owner,
    listener: Listener<'_>,
) -> Result<Report, LedgerError> {
    if !plan.has_changes() && is_settled(ledger, plan).await? {
        let report = nothing_done(plan);
        listener(Event::Finished { report: report.clone() });
        return Ok(report);
    }
    let mut lock = ledger.lock(&plan.pipeline, owner, Lease::default(), options.lock_timeout).await?;
    let work = Work { cloud, ledger, plan, owner, listener, options };
    let report = match work.under_lock(&mut lock).await {
        Ok(report) => report,
        Err(error) => {
            // Nothing was begun; what is wrong with the ledger is the error already.
            let _ = lock.release().await;
            return Err(error);
        }
    };
    // From here on there is something to tell, whatever becomes of the ledger.
    let left = if forgets(plan, options, &report) {
        lock.forget().await.map(drop).map_err(|error| ("its entries in the ledger were not removed", error))
    } else {
        lock.release().await.map_err(|error| ("the lock was not given back, and ends by itself", error))
    };
    match left {
        Err((what, error)) if report.ledger.is_none() => {
            listener(Event::Note { text: format!("{what}: {}", error.told()) });
        }
        _ => {}
    }
    listener(Event::Finished { report: report.clone() });
    Ok(report)
}

/// What is done while the lock is held.
struct Work<'a> {
    cloud: &'a Cloud,
    ledger: &'a Ledger,
    plan: &'a Plan,
    owner: &'a Owner,
    listener: Listener<'a>,
    options: &'a ApplyOptions,
}

impl Work<'_> {
    async fn under_lock(&self, lock: &mut Lock) -> Result<Report, LedgerError> {
        let Self { cloud, plan, listener, options, .. } = *self;
        let commit = options.commit.as_ref();
        let beginning = Beginning { plan, actor: &self.owner.actor, commit, now: Timestamp::now() };
        let session = self.ledger.begin(lock, beginning).await?;
        let mut report =
            run(Run { plan, cloud, session: &session, lock, listener, cancel: &options.cancel }).await;
        // Whoever lost the lock writes no more.
        if report.ledger.is_none()
            && let Err(error) = session.end(report.outcome, Timestamp::now()).await
        {
            report.unrecorded(&error, listener);
        }
        Ok(report)
    }
}

/// Whether the ledger has nothing to learn from a plan without changes.
async fn is_settled(ledger: &Ledger, plan: &Plan) -> Result<bool, LedgerError> {
    let Some(head) = ledger.head(&plan.pipeline).await? else { return Ok(true) };
    // What was taken into the file, or written by an older program, is as wanted without having been applied.
    let known = |step: &Step| match &step.desired {
        None => true,
        Some(desired) => {
            let applied = Applied::of(desired);
            let record = head.resources.iter().find(|record| record.id() == desired.id());
            record.is_some_and(|record| record.applied.as_ref() == Some(&applied))
        }
    };
    Ok(head.outcome == Outcome::Succeeded && head.purpose == plan.purpose && plan.steps.iter().all(known))
}

fn forgets(plan: &Plan, options: &ApplyOptions, report: &Report) -> bool {
    options.forget && plan.purpose == Purpose::Destroy && report.outcome == Outcome::Succeeded
}

fn nothing_done(plan: &Plan) -> Report {
    Report {
        revision: 0,
        outcome: Outcome::Succeeded,
        done: Counts { no_change: plan.steps.len(), ..Counts::default() },
        failures: Vec::new(),
        skipped: Vec::new(),
        ledger: None,
        seconds: 0.0,
        critical_path: CriticalPath::default(),
    }
}
