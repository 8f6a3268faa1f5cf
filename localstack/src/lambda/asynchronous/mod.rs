//! Asynchronous invocations (`InvocationType: Event`): accepted at once, run later, tried again, and told to a
//! destination when that is through.
//!
//! What happens next to an event is decided in [`schedule`], without a clock; here it is done. The queue is bounded by
//! the bytes it holds, for an event may wait six hours.

mod destination;
mod driver;
mod record;
mod schedule;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::world::World;

use super::error::LambdaError;
use super::invoke::Event;
use super::metrics::{FunctionMetric, Invoked};
use super::name::FunctionRef;
use super::state::{Lambda, Location};

/// Largest payload of an asynchronous invocation, 1 MiB (256 KiB until October 2025).
pub(super) const MAX_EVENT_PAYLOAD: usize = 1_048_576;
/// Bytes of all events that wait or run. AWS's queue has no such bound, this process's memory does.
const QUEUE_BYTES: usize = 64 * 1024 * 1024;
/// Added to each event's account, so that a flood of empty ones is bounded too.
const OVERHEAD: usize = 4096;
/// How often an event may have been passed on from function to function: where AWS's recursion detection stops.
const MAX_HOPS: u8 = 16;

/// Places in the queue of asynchronous invocations, one for each byte.
#[derive(Debug)]
pub(super) struct Queue(Arc<Semaphore>);

impl Default for Queue {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(QUEUE_BYTES)))
    }
}

impl Queue {
    fn place(&self, payload: usize) -> Result<OwnedSemaphorePermit, LambdaError> {
        let full = LambdaError::TooManyRequests { reason: "CallerRateLimitExceeded" };
        let Ok(bytes) = u32::try_from(payload.saturating_add(OVERHEAD)) else { return Err(full) };
        Arc::clone(&self.0).try_acquire_many_owned(bytes).map_err(|_| full)
    }
}

/// An accepted event on its way.
#[derive(Debug)]
struct Queued {
    named: FunctionRef,
    region: String,
    event: Event,
    request_id: String,
    accepted: Timestamp,
    hops: u8,
    _place: OwnedSemaphorePermit,
}

impl Lambda {
    /// Accepts an event for a function: it runs soon, and is tried again when it fails. A name without a region is one
    /// of the endpoint's own.
    ///
    /// # Errors
    /// No such function, a payload over 1 MiB, or a full queue.
    pub fn invoke_later(
        &self,
        world: &Arc<World>,
        function: &str,
        event: impl Into<Event>,
    ) -> Result<(), LambdaError> {
        let named = FunctionRef::parse(function)?;
        let here = Location::of(&named, &world.region, &world.account);
        self.version(&named, &here)?;
        self.enqueue(world, (&named, here), event.into(), 0)
    }

    /// Accepts an event that has been passed on `hops` times.
    pub(super) fn enqueue(
        &self,
        world: &Arc<World>,
        (named, here): (&FunctionRef, Location<'_>),
        event: Event,
        hops: u8,
    ) -> Result<(), LambdaError> {
        let size = event.payload.len();
        if size > MAX_EVENT_PAYLOAD {
            return Err(LambdaError::PayloadTooLarge { size, kind: "Event", limit: MAX_EVENT_PAYLOAD });
        }
        let place = self.queue.place(size)?;
        let draw = || world.dice.uuid("invocation", named.name.as_str()).to_string();
        let request_id = event.request_id.clone().unwrap_or_else(draw);
        let now = world.clock.now();
        Invoked::named(named, here.region).publish(world, now, &[(FunctionMetric::AsyncEventsReceived, 1.0)]);
        let queued = Queued {
            named: named.clone(),
            region: here.region.to_owned(),
            request_id,
            event,
            accepted: now,
            hops,
            _place: place,
        };
        let world = Arc::clone(world);
        let tracker = world.tasks.clone();
        tracker.spawn(async move {
            let stopping = world.stopping.clone();
            tokio::select! {
                () = driver::drive(&world, queued) => {}
                () = stopping.cancelled() => {}
            }
        });
        Ok(())
    }
}
