//! Whether a connection has something to do, and since when it has not.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
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
    /// When something was last under way.
    since: Instant,
    /// Since when the client has taken nothing of what is to be sent; nothing where there is nothing to send.
    stuck: Option<Instant>,
}

/// Answers in memory up to here are handed over whole; of larger ones the next part when there is place for it.
const PART: usize = 64 * 1024;

/// A request under way, until this is dropped.
#[derive(Debug)]
pub(super) struct Busy(Arc<Activity>);

impl Activity {
    /// A new connection.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Lock::new(State { requests: 0, since: Instant::now(), stuck: None })))
    }

    /// A request has come.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.0.lock().requests += 1;
        Busy(Arc::clone(self))
    }

    /// Bytes were to be sent, and the client has no place for them, or had.
    pub(super) fn sends(&self, is_stuck: bool) {
        let mut state = self.0.lock();
        if !is_stuck {
            state.stuck = None;
            state.since = Instant::now();
        } else if state.stuck.is_none() {
            state.stuck = Some(Instant::now());
        }
    }

    /// For how long nothing has been under way.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        let state = self.0.lock();
        (state.requests == 0 && state.stuck.is_none()).then(|| state.since.elapsed())
    }

    /// For how long the client has taken nothing of an answer.
    pub(super) fn stuck_for(&self) -> Option<Duration> {
        self.0.lock().stuck.map(|since| since.elapsed())
    }
}

impl Busy {
    /// The answer's body, which is part of the request.
    pub(super) fn until_the_end_of(self, body: Body) -> Body {
        // Most answers are small and gone at once.
        let is_small = body.size_hint().exact().is_some_and(|size| size <= PART as u64);
        if is_small { body } else { Parted { body, rest: Bytes::new(), _busy: self }.boxed_unsync() }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        state.requests -= 1;
        state.since = Instant::now();
    }
}

/// A body in parts of [`PART`] at most, so that it is there until the client has all but the last.
struct Parted {
    body: Body,
    rest: Bytes,
    _busy: Busy,
}

impl hyper::body::Body for Parted {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)).transpose()?.map(Frame::into_data) {
                Some(Ok(data)) => self.rest = data,
                Some(Err(other)) => return Poll::Ready(Some(Ok(other))),
                None => return Poll::Ready(None),
            }
        }
        let length = self.rest.len().min(PART);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (after, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        if let Some(upper) = after.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(after.lower().saturating_add(rest));
        hint
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
        let _small = activity.begin().until_the_end_of(full("in memory"));
        assert_eq!(activity.idle_for(), Some(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_answer_is_under_way_until_its_last_part_is_taken() {
        let activity = Activity::new();
        let mut answer = activity.begin().until_the_end_of(full(vec![7; 3 * PART - 1]));
        for left in [3 * PART - 1, 2 * PART - 1, PART - 1] {
            assert_eq!(activity.idle_for(), None);
            assert_eq!(answer.size_hint().exact(), Some(left as u64));
            let part = answer.frame().await.unwrap().unwrap().into_data().unwrap();
            assert_eq!(part.len(), left.min(PART));
        }
        assert!(answer.is_end_stream());
        drop(answer);
        assert_eq!(activity.idle_for(), Some(Duration::ZERO));
    }
}
