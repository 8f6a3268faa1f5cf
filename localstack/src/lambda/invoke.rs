//! Invoking a function: from a caller's words to a process and back.

use std::sync::Arc;

use bytes::Bytes;

use crate::world::World;

use super::error::LambdaError;
use super::executor;
use super::function::Version;
use super::metrics::{self, Invoked};
use super::name::FunctionRef;
use super::state::{Lambda, Location};

/// Largest payload of a synchronous invocation, 6 MiB.
pub const MAX_SYNC_PAYLOAD: usize = 6_291_456;

/// What a function is invoked with.
#[derive(Debug, Clone, Default)]
pub struct Event {
    /// The event: JSON.
    pub payload: Bytes,
    /// What the caller says of itself: JSON on one line, which the function finds in its context.
    pub client_context: Option<String>,
    /// The id the function is to see; a new one when there is none. A retried event keeps its own.
    pub request_id: Option<String>,
}

impl From<Bytes> for Event {
    fn from(payload: Bytes) -> Self {
        Self { payload, ..Self::default() }
    }
}

/// What an invocation came to. An error of the function is a result, not an error of the service.
#[derive(Debug, Clone)]
pub struct InvokeResult {
    /// The function's answer; for a failed invocation the error object `{"errorType", "errorMessage", …}`.
    pub payload: Bytes,
    /// `Some("Unhandled")` when the function failed, timed out, crashed or did not start.
    pub function_error: Option<&'static str>,
    /// The last 4 KB of its log, with the `START`, `END` and `REPORT` lines.
    pub log_tail: Vec<u8>,
    /// `$LATEST` or the number of the version that ran.
    pub executed_version: String,
    /// The id the function saw.
    pub request_id: String,
}

/// A version that may run, with its place among the concurrent invocations.
#[derive(Debug)]
pub(super) struct Admitted {
    version: Arc<Version>,
    place: executor::Place,
    qualifier: Option<String>,
    request_id: String,
}

impl Lambda {
    /// Invokes a function, named by name, partial ARN or ARN, and waits for its answer. It runs on when the caller
    /// stops waiting, as on AWS. A name without a region is one of the endpoint's own.
    ///
    /// # Errors
    /// No such function, one that is not active yet, a payload over 6 MiB, too many invocations at a time, or an
    /// endpoint that is stopping. What the function itself does wrong is in [`InvokeResult::function_error`].
    pub async fn invoke(
        &self,
        world: &Arc<World>,
        function: &str,
        event: impl Into<Event>,
    ) -> Result<InvokeResult, LambdaError> {
        let named = FunctionRef::parse(function)?;
        let here = Location::of(&named, &world.region, &world.account);
        self.invoke_named(world, (&named, &here), event.into()).await
    }

    /// Invokes a function as [`Self::invoke`] does, for a caller in a region.
    pub(super) async fn invoke_named(
        &self,
        world: &Arc<World>,
        (named, here): (&FunctionRef, &Location<'_>),
        event: Event,
    ) -> Result<InvokeResult, LambdaError> {
        if event.payload.len() > MAX_SYNC_PAYLOAD {
            let (size, kind) = (event.payload.len(), "RequestResponse");
            return Err(LambdaError::PayloadTooLarge { size, kind, limit: MAX_SYNC_PAYLOAD });
        }
        let admitted = self.admit(world, (named, here), event.request_id.as_deref())?;
        let world = Arc::clone(world);
        let tracker = world.tasks.clone();
        let task = tracker.spawn(async move { run(&world, admitted, event).await });
        task.await.map_err(|error| LambdaError::Executor(error.to_string()))?
    }

    /// Checks that a version may run now.
    pub(super) fn admit(
        &self,
        world: &World,
        (named, here): (&FunctionRef, &Location<'_>),
        request_id: Option<&str>,
    ) -> Result<Admitted, LambdaError> {
        let (version, reserved) = self.with_function(named, here, |function| {
            if !function.progress(world.clock.now(), self.transition).active {
                return Err(LambdaError::Conflict(
                    "The operation cannot be performed at this time. The function is currently in the following \
                     state: Pending"
                        .to_owned(),
                ));
            }
            let reserved = function.reserved_concurrency;
            let version = function.route(named.version()).ok_or_else(|| here.not_found(named))?;
            Ok((Arc::clone(version), reserved))
        })?;
        let place = self.executor.place(&version.id, reserved, self.unreserved(here.region));
        if place.is_err() {
            metrics::throttled(world, Invoked::version(&version, named.qualifier.as_deref()));
        }
        let request_id = match request_id {
            Some(request_id) => request_id.to_owned(),
            None => world.dice.uuid("invocation", named.name.as_str()).to_string(),
        };
        Ok(Admitted { version, place: place?, qualifier: named.qualifier.clone(), request_id })
    }
}

/// Runs an admitted invocation to its end, or until the endpoint stops.
pub(super) async fn run(
    world: &Arc<World>,
    admitted: Admitted,
    event: Event,
) -> Result<InvokeResult, LambdaError> {
    let Admitted { version, place, qualifier, request_id } = admitted;
    let invoked = Invoked::version(&version, qualifier.as_deref());
    let begun = world.clock.now();
    metrics::concurrency(world, invoked, place.running(), world.lambda.allocated(&version.id.region));
    let running = world.lambda.executor.run(world, &place, &version, (&request_id, event));
    let finished = tokio::select! {
        finished = running => finished?,
        () = world.stopping.cancelled() => return Err(LambdaError::Stopping),
    };
    metrics::ended(world, invoked, begun, &finished);
    metrics::concurrency(world, invoked, place.running(), world.lambda.allocated(&version.id.region));
    Ok(InvokeResult {
        payload: finished.payload,
        function_error: finished.failed.then_some("Unhandled"),
        log_tail: finished.tail,
        executed_version: version.number.clone(),
        request_id,
    })
}
