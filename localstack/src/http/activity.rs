//! Whether a connection has something to do, and since when it has not.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::time::Instant;

use super::body::{Body, BodyError};
use crate::lock::Lock;

/// What one connection is doing.
#[derive(Debug)]
pub(super) struct Activity(Lock<State>);

#[derive(Debug)]
struct State {
    requests: usize,
    since: Instant,
}

/// A request under way, until this is dropped.
#[derive(Debug)]
pub(super) struct Busy(Arc<Activity>);

impl Activity {
    /// A new connection.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Lock::new(State { requests: 0, since: Instant::now() })))
    }

    /// A request has come.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.0.lock().requests += 1;
        Busy(Arc::clone(self))
    }

    /// For how long nothing has been under way.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        let state = self.0.lock();
        (state.requests == 0).then(|| state.since.elapsed())
    }
}

impl Busy {
    /// The answer's body, which is part of the request.
    pub(super) fn until_the_end_of(self, body: Body) -> Body {
        // Most answers are in memory and gone at once; what is streamed may take minutes.
        if body.size_hint().exact().is_some() { body } else { Streamed { body, _busy: self }.boxed_unsync() }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        state.requests -= 1;
        state.since = Instant::now();
    }
}

struct Streamed {
    body: Body,
    _busy: Busy,
}

impl hyper::body::Body for Streamed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::full;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_between_requests_and_not_while_an_answer_streams() {
        let activity = Activity::new();
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(activity.idle_for(), Some(Duration::from_secs(3)));
        let chunks = futures::stream::empty::<Result<Frame<Bytes>, BodyError>>();
        let streamed = http_body_util::StreamBody::new(chunks).boxed_unsync();
        let answer = activity.begin().until_the_end_of(streamed);
        assert_eq!(activity.idle_for(), None);
        drop(answer);
        assert_eq!(activity.idle_for(), Some(Duration::ZERO));
        let _whole = activity.begin().until_the_end_of(full("in memory"));
        assert_eq!(activity.idle_for(), Some(Duration::ZERO));
    }
}
