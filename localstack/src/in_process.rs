//! The endpoint without a socket: requests are handed to it in the same process, so that it runs in virtual time.
//!
//! Sockets and tokio's paused clock do not mix: a runtime that waits for a socket looks idle, and the clock jumps.
//! Here a request goes straight to the dispatcher, through the same layers, protocols and bounds as over HTTP, and the
//! SDK is connected with an HTTP client of its own (`aws.rs`):
//!
//! ```
//! use std::time::Duration;
//! use pipectl_localstack::{InProcess, Options};
//!
//! #[tokio::main(flavor = "current_thread", start_paused = true)]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let endpoint = InProcess::start(Options { seed: Some(7), ..Options::default() });
//!     let kinesis = aws_sdk_kinesis::Client::new(&endpoint.sdk_config());
//!     kinesis.create_stream().stream_name("events").shard_count(2).send().await?;
//!     tokio::time::sleep(Duration::from_secs(24 * 3600)).await; // a day, in no time
//!     let events = kinesis.describe_stream_summary().stream_name("events").send().await?;
//!     let events = events.stream_description_summary().expect("it was created");
//!     assert_eq!(events.stream_status().as_str(), "ACTIVE");
//!     Ok(())
//! }
//! ```
//!
//! **What moves the time.** Tokio's clock alone: the SDK's time-outs, its back-off and the time it signs with, states
//! that take time, buffers, iterators, retention, metrics. A runtime that is paused (`start_paused`) jumps to the next
//! timer when nothing else is to be done; one that is not makes all of this happen in real time.
//!
//! **Functions are real processes** in virtual time too: while one works the clock stands still (`hold.rs`), so its
//! duration is 0 and its time-out counts in real time. They are not reached by HTTP here and cannot call this endpoint.
//!
//! **The same seed gives the same history.** With [`Options::seed`] every id and token derives from the seed, the clock
//! starts at [`FIRST_DAY`] unless [`Options::starts_at`] says otherwise, and the random numbers of the thread, from which
//! the SDK takes its jitter and its invocation ids, are seeded as well. The program has to do its part: one thread, and
//! no order that it leaves to chance (`tokio::select!` without `biased` does).

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use jiff::Timestamp;

use crate::endpoint::{Core, Options};
use crate::http::{Body, Closed, full};
use crate::layers::Observer;
use crate::world::World;

/// When time begins in a world with a seed: 2026-01-01T00:00:00Z.
pub const FIRST_DAY: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// An endpoint that is reached by calls. Copies are the same endpoint; dropping the last one stops it.
#[derive(Clone, Debug)]
pub struct InProcess(Arc<Running>);

#[derive(Debug)]
struct Running(Core);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.world.stopping.cancel();
    }
}

impl InProcess {
    /// Starts one. It has no use for `bind`, and keeps nothing in `data_dir`.
    ///
    /// With a seed this also seeds the random numbers (`fastrand`) of the calling thread.
    pub fn start(mut options: Options) -> Self {
        options.data_dir = None;
        if let Some(seed) = options.seed {
            fastrand::seed(seed);
            options.starts_at.get_or_insert(FIRST_DAY);
        }
        Self(Arc::new(Running(Core::in_process(options))))
    }

    /// The state behind it.
    pub fn world(&self) -> &Arc<World> {
        &self.0.0.world
    }

    /// From now on `observer` sees every mutating request, before and after it has its effect.
    pub fn observe(&self, observer: Observer) {
        self.0.0.layers.observers.add(observer);
    }

    /// Answers a request as the HTTP server would, whose target is in origin form and whose host is a header.
    ///
    /// # Errors
    /// The fault plan closed the connection without an answer.
    pub async fn call(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Closed> {
        let (parts, body) = self.handle(request.map(full)).await?.into_parts();
        let body = body.collect().await.map_err(|_| Closed)?.to_bytes();
        Ok(http::Response::from_parts(parts, body))
    }

    pub(crate) async fn handle(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Closed> {
        self.0.0.handle(request).await
    }

    /// Stops: deliveries write out what they hold, background tasks and function processes end.
    pub async fn shutdown(self) {
        self.0.0.world.shutdown(crate::endpoint::SHUTDOWN_LIMIT).await;
    }
}
