//! When and where a subscription to a shard is renewed.
//!
//! Pure. A subscription lives for five minutes; a consumer may call once a second for each shard, and five seconds
//! after it has opened one at the earliest: before that the call fails with `ResourceInUseException`, after it the
//! new subscription takes over from the old one. (AWS: `SubscribeToShard` in the Kinesis API reference.)

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::outcome::SequenceNumber;
use crate::read::shared::Tries;
use crate::read::source::{Position, SourceError};

/// Between two calls for a shard.
const CALLS_APART: Duration = Duration::from_secs(1);

/// Between opening a subscription and the next call.
const OPENED_APART: Duration = Duration::from_secs(5);

/// The subscriptions to one shard, one after the other.
#[derive(Debug)]
pub(crate) struct Renewal {
    position: Position,
    started: Timestamp,
    not_before: Option<Instant>,
    tries: Tries,
}

impl Renewal {
    pub(crate) fn new(position: Position, started: Timestamp) -> Self {
        Self { position, started, not_before: None, tries: Tries::default() }
    }

    /// Where the next subscription begins.
    pub(crate) fn position(&self) -> &Position {
        &self.position
    }

    /// How long to wait before the next call.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        self.not_before.map_or(Duration::ZERO, |time| time.saturating_duration_since(now))
    }

    /// A call is made.
    pub(crate) fn called(&mut self, now: Instant) {
        self.no_earlier_than(now + CALLS_APART);
    }

    /// It opened a subscription.
    pub(crate) fn opened(&mut self, now: Instant) {
        self.no_earlier_than(now + OPENED_APART);
    }

    /// An event came: the subscription works, and the next one goes on after it.
    pub(crate) fn pushed(&mut self, continuation: &SequenceNumber) {
        self.tries = Tries::default();
        self.position = Position::After(continuation.clone());
    }

    /// A call failed, or a subscription broke.
    ///
    /// # Errors
    /// The error, where there shall be no other try.
    pub(crate) fn failed(
        &mut self,
        error: SourceError,
        (now, random): (Instant, f64),
        patience: u32,
    ) -> Result<(), SourceError> {
        let wait = self.tries.failed(error, patience, random)?;
        self.no_earlier_than(now + wait);
        if self.position == Position::Latest {
            // What came since the start is not the latest any more.
            self.position = Position::At(self.started);
        }
        Ok(())
    }

    fn no_earlier_than(&mut self, time: Instant) {
        self.not_before = self.not_before.max(Some(time));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::SourceErrorKind;

    fn failure(kind: SourceErrorKind) -> SourceError {
        SourceError { kind, code: "Code".into(), message: "message".into() }
    }

    #[test]
    fn calls_are_a_second_apart_and_five_after_one_that_opened_a_subscription() {
        let start = Instant::now();
        let mut renewal = Renewal::new(Position::Latest, Timestamp::UNIX_EPOCH);
        assert_eq!(renewal.wait(start), Duration::ZERO);
        renewal.called(start);
        assert_eq!(renewal.wait(start), Duration::from_secs(1));
        renewal.opened(start);
        assert_eq!(renewal.wait(start + Duration::from_secs(2)), Duration::from_secs(3));
        assert_eq!(renewal.wait(start + Duration::from_secs(300)), Duration::ZERO, "it was renewed in time");
    }

    #[test]
    fn a_renewal_goes_on_after_the_last_continuation() {
        let mut renewal = Renewal::new(Position::TrimHorizon, Timestamp::UNIX_EPOCH);
        for number in ["5", "9"] {
            renewal.pushed(&SequenceNumber::new(number));
        }
        assert_eq!(renewal.position(), &Position::After(SequenceNumber::new("9")));
    }

    #[test]
    fn a_latest_that_broke_before_its_first_event_is_the_time_of_the_start() {
        let mut renewal = Renewal::new(Position::Latest, Timestamp::UNIX_EPOCH);
        renewal.failed(failure(SourceErrorKind::Throttled), (Instant::now(), 0.5), 3).unwrap();
        assert_eq!(renewal.position(), &Position::At(Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn failures_are_counted_until_an_event_comes_and_throttles_are_not() {
        let now = Instant::now();
        let mut renewal = Renewal::new(Position::TrimHorizon, Timestamp::UNIX_EPOCH);
        let fail = |renewal: &mut Renewal, kind| renewal.failed(failure(kind), (now, 0.5), 2);
        for _ in 0..50 {
            assert_eq!(fail(&mut renewal, SourceErrorKind::Throttled), Ok(()));
        }
        for _ in 0..10 {
            assert_eq!(fail(&mut renewal, SourceErrorKind::Transient), Ok(()));
            assert_eq!(fail(&mut renewal, SourceErrorKind::Transient), Ok(()));
            renewal.pushed(&SequenceNumber::new("1"));
        }
        assert!(fail(&mut renewal, SourceErrorKind::TakenOver).is_err());
    }
}
