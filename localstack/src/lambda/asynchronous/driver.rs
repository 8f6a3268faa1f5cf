//! Takes an event from its acceptance to its end: runs it, waits, runs it again, and tells the destinations.

use std::sync::Arc;
use std::time::Duration;

use crate::cloudwatch::millis;
use crate::world::World;

use super::super::error::LambdaError;
use super::super::event_invoke::EventInvokeConfig;
use super::super::function::Version;
use super::super::invoke::{InvokeResult, run};
use super::super::metrics::{FunctionMetric, Invoked};
use super::super::state::Location;
use super::destination::{self, Ended};
use super::schedule::{Attempts, Discarded, Next};
use super::{MAX_HOPS, Queued};

/// What is configured for the event's function at the moment; it may change while the event waits.
struct Target {
    version: Arc<Version>,
    config: EventInvokeConfig,
    /// Reserved concurrency of zero switches a function off.
    off: bool,
}

fn target(world: &World, queued: &Queued) -> Result<Target, LambdaError> {
    let here = Location { region: &queued.region, account: &world.account };
    world.lambda.with_function(&queued.named, &here, |function| {
        let version =
            function.version(queued.named.version()).ok_or_else(|| here.not_found(&queued.named))?;
        let config = function.event_invoke.get(queued.named.version()).cloned().unwrap_or_default();
        let off = function.reserved_concurrency == Some(0);
        Ok(Target { version: Arc::clone(version), config, off })
    })
}

/// Runs the event until it succeeds or is given up. An event whose function is deleted meanwhile is dropped.
pub(super) async fn drive(world: &Arc<World>, queued: Queued) {
    let mut attempts = Attempts::new(queued.accepted);
    loop {
        let Ok(Target { version, config, off }) = target(world, &queued) else { return };
        if off {
            let ended = Ended { version: &version, attempts, response: None };
            return discard(world, &queued, (&config, Discarded::ZeroReservedConcurrency), ended).await;
        }
        let here = Location { region: &queued.region, account: &world.account };
        let admitted = world.lambda.admit(world, (&queued.named, &here), Some(&queued.request_id));
        let outcome = match admitted {
            Ok(admitted) => {
                age(world, &queued);
                run(world, admitted, queued.event.clone()).await
            }
            Err(error) => Err(error),
        };
        let (next, response) = match outcome {
            Ok(result) if result.function_error.is_none() => {
                let ended = Ended { version: &version, attempts, response: Some(&result) };
                return destination::succeeded(world, &queued, &config, ended).await;
            }
            Ok(result) => (attempts.after_error(&config, world.clock.now()), Some(result)),
            Err(LambdaError::Stopping) => return,
            Err(error) => {
                tracing::debug!(%error, function = queued.named.name.as_str(), "an event goes back to the queue");
                (attempts.after_throttle(&config, world.clock.now()), None)
            }
        };
        match next {
            Next::After(pause) => tokio::time::sleep(pause).await,
            Next::Discard(reason) => {
                let ended = Ended { version: &version, attempts, response: response.as_ref() };
                return discard(world, &queued, (&config, reason), ended).await;
            }
        }
    }
}

fn age(world: &World, queued: &Queued) {
    let age = Duration::try_from(world.clock.now().duration_since(queued.accepted)).unwrap_or_default();
    queued.publish(world, FunctionMetric::AsyncEventAge, millis(age));
}

async fn discard(
    world: &Arc<World>,
    queued: &Queued,
    (config, reason): (&EventInvokeConfig, Discarded),
    ended: Ended<'_>,
) {
    queued.publish(world, FunctionMetric::AsyncEventsDropped, 1.0);
    let (function, request_id) = (queued.named.name.as_str(), &queued.request_id);
    tracing::debug!(function, request_id, reason = reason.name(), "an event is given up");
    destination::failed(world, queued, (config, reason), ended).await;
}

impl Queued {
    /// Publishes a value of its function.
    pub(super) fn publish(&self, world: &World, metric: FunctionMetric, value: f64) {
        Invoked::named(&self.named, &self.region).publish(world, world.clock.now(), &[(metric, value)]);
    }

    /// Whether the event may be passed on to another function once more.
    pub(super) fn may_go_on(&self) -> bool {
        self.hops < MAX_HOPS
    }
}

impl Ended<'_> {
    /// How often the function ran.
    pub(super) fn runs(&self) -> u32 {
        let succeeded = |result: &InvokeResult| result.function_error.is_none();
        self.attempts.failed() + u32::from(self.response.is_some_and(succeeded))
    }
}
