//! Asynchronous invocations (`InvocationType: Event`): accepted at once, run later, tried three times.

use std::sync::Arc;
use std::time::Duration;

use crate::world::World;

use super::error::LambdaError;
use super::invoke::{Event, run};
use super::name::FunctionRef;
use super::state::Lambda;

/// Events waiting or running at a time; AWS's queue has no such bound, this process's memory does.
pub(super) const MAX_QUEUED: usize = 256;
/// Largest payload of an asynchronous invocation, 1 MiB.
pub(super) const MAX_EVENT_PAYLOAD: usize = 1_048_576;
/// AWS waits a minute before the first retry after a function error and two before the second.
const RETRIES: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];
/// How long a throttled event waits before it asks again.
const THROTTLED: Duration = Duration::from_secs(1);

impl Lambda {
    /// Accepts an event for a function.
    ///
    /// # Errors
    /// No such function, a payload that is too large, or a full queue.
    pub(super) fn enqueue(
        &self,
        world: &Arc<World>,
        named: FunctionRef,
        event: Event,
    ) -> Result<(), LambdaError> {
        if event.payload.len() > MAX_EVENT_PAYLOAD {
            let size = event.payload.len();
            return Err(LambdaError::PayloadTooLarge { size, kind: "Event", limit: MAX_EVENT_PAYLOAD });
        }
        let full = |_| LambdaError::TooManyRequests { reason: "CallerRateLimitExceeded" };
        let queued = Arc::clone(&self.queue).try_acquire_owned().map_err(full)?;
        let world = Arc::clone(world);
        let tracker = world.tasks.clone();
        tracker.spawn(async move {
            let stopping = world.stopping.clone();
            tokio::select! {
                () = deliver(&world, &named, event) => {}
                () = stopping.cancelled() => {}
            }
            drop(queued);
        });
        Ok(())
    }
}

async fn deliver(world: &Arc<World>, named: &FunctionRef, event: Event) {
    let mut retries = RETRIES.iter();
    loop {
        let admitted = match world.lambda.admit(world, named) {
            Ok(admitted) => admitted,
            Err(LambdaError::TooManyRequests { .. } | LambdaError::Conflict(_)) => {
                tokio::time::sleep(THROTTLED).await;
                continue;
            }
            // Deleted meanwhile.
            Err(_) => return,
        };
        let outcome = run(world, admitted, event.clone()).await;
        if matches!(&outcome, Ok(result) if result.function_error.is_none()) {
            return;
        }
        let Some(pause) = retries.next() else { return };
        tokio::time::sleep(*pause).await;
    }
}
