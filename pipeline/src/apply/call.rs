//! One mutation: made, and made again while its failure is one that passes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::event::{Event, Listener};
use super::retry;
use crate::cloud::{CallError, Cloud, Meaning};
use crate::ledger::Session;
use crate::plan::{Operation, Step};
use crate::resources::{Kind, ResourceId};
use tokio_util::sync::CancellationToken;

/// Makes calls on behalf of steps, a bounded number at a time per service.
pub(super) struct Caller<'a> {
    pub(super) cloud: &'a Cloud,
    pub(super) listener: Listener<'a>,
    pub(super) cancel: &'a CancellationToken,
    pub(super) session: &'a Session,
    permits: BTreeMap<Kind, Semaphore>,
}

/// How many calls to a kind's service run at once. The services allow few control-plane calls a second: five
/// CreateStream, for one.
const fn calls_at_once(kind: Kind) -> usize {
    match kind {
        Kind::Stream | Kind::Delivery | Kind::LogGroup | Kind::StreamConsumer | Kind::Mapping => 5,
        Kind::Function => 8,
        Kind::Role => 10,
        // PutMetricAlarm and PutDashboard take three a second or so.
        Kind::Alarm | Kind::Dashboard => 3,
        Kind::Bucket => 16,
    }
}

/// Why a step stops.
#[derive(Debug)]
pub(super) enum Stop {
    /// The user asked for it.
    Cancelled,
    /// A call failed for good.
    Failed(CallError),
    /// Something else is wrong, and a hint.
    Stuck(String, Option<String>),
}

impl<'a> Caller<'a> {
    pub(super) fn new(
        cloud: &'a Cloud,
        listener: Listener<'a>,
        cancel: &'a CancellationToken,
        session: &'a Session,
    ) -> Self {
        let permits = Kind::ALL.into_iter().map(|kind| (kind, Semaphore::new(calls_at_once(kind)))).collect();
        Self { cloud, listener, cancel, session, permits }
    }

    /// Makes a mutation of a step, again and again while its failure passes.
    pub(super) async fn perform(&self, step: &Step, operation: &Operation) -> Result<(), Stop> {
        let (began, mut attempt) = (Instant::now(), 0);
        loop {
            if self.cancel.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            let error = match self.once(step, operation).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            attempt += 1;
            let passing = retry::passing(&error);
            let pause =
                passing.and_then(|passing| retry::pause(&passing, attempt, began.elapsed(), fastrand::f64()));
            let (Some(passing), Some(after)) = (passing, pause) else { return Err(Stop::Failed(error)) };
            (self.listener)(Event::Retrying {
                address: step.address.clone(),
                call: error.call.to_owned(),
                message: error.message,
                because: passing.because.to_owned(),
                after_ms: u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
            });
            self.sleep(after).await?;
        }
    }

    async fn once(&self, step: &Step, operation: &Operation) -> Result<(), CallError> {
        // The semaphores are never closed, so that acquiring one cannot fail.
        let _permit = match self.permits.get(&step.kind) {
            Some(permits) => permits.acquire().await.ok(),
            None => None,
        };
        let id = ResourceId::new(step.kind, step.name.clone());
        match (operation, &step.desired) {
            (Operation::Create, Some(desired)) => {
                self.cloud.create(&step.name, &desired.spec, &desired.tags.set).await
            }
            (Operation::Create, None) => Ok(()),
            (Operation::Change(change), _) => self.cloud.change(&step.name, change).await,
            (Operation::Tag(change), _) => self.cloud.tag(&id, change).await,
            (Operation::Delete, _) => match self.cloud.delete(&id).await {
                Err(error) if error.meaning == Meaning::NotFound => Ok(()),
                other => other,
            },
        }
    }

    /// Sleeps, unless the user has had enough.
    pub(super) async fn sleep(&self, pause: Duration) -> Result<(), Stop> {
        tokio::select! {
            () = self.cancel.cancelled() => Err(Stop::Cancelled),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }
}
