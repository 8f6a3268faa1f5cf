//! What happens next to an event that was not answered well: a retry after a while, or the end of it.
//!
//! Two clocks tick for an event. Errors of the function are counted, and cost a minute before the first retry and two
//! before the second. Throttles and the endpoint's own errors are not counted; the event goes back to the queue for a
//! second, then twice as long each time, five minutes at most. Both end when the event is too old.

use std::time::Duration;

use jiff::Timestamp;

use super::super::event_invoke::EventInvokeConfig;

/// Retries after an error of the function unless configured otherwise.
const RETRIES: u32 = 2;
/// How old an event gets unless configured otherwise: six hours.
const MAX_AGE: Duration = Duration::from_secs(21_600);
/// The wait before the first retry after an error of the function; before the second it is twice as long.
const AFTER_ERROR: Duration = Duration::from_secs(60);
/// The longest wait of a throttled event.
const LONGEST: Duration = Duration::from_secs(300);

/// Why an event ended without success, in the words of its destination record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Discarded {
    RetriesExhausted,
    EventAgeExceeded,
    /// The function's reserved concurrency is zero: no event of it is tried at all.
    ZeroReservedConcurrency,
}

impl Discarded {
    /// AWS's name, the record's `condition`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::RetriesExhausted => "RetriesExhausted",
            Self::EventAgeExceeded => "EventAgeExceeded",
            Self::ZeroReservedConcurrency => "ZeroReservedConcurrency",
        }
    }
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    After(Duration),
    Discard(Discarded),
}

/// How an event fared so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempts {
    accepted: Timestamp,
    /// Runs that ended with an error of the function.
    failed: u32,
    /// Throttles since the last run.
    throttled: u32,
}

impl Attempts {
    pub(super) fn new(accepted: Timestamp) -> Self {
        Self { accepted, failed: 0, throttled: 0 }
    }

    /// How often the function ran, so far with errors only.
    pub(super) fn failed(&self) -> u32 {
        self.failed
    }

    /// After an error of the function.
    pub(super) fn after_error(&mut self, config: &EventInvokeConfig, now: Timestamp) -> Next {
        self.failed += 1;
        self.throttled = 0;
        if self.failed > config.retries.unwrap_or(RETRIES) {
            return Next::Discard(Discarded::RetriesExhausted);
        }
        self.wait(AFTER_ERROR * self.failed, config, now)
    }

    /// After a throttle, or when the function could not be run at all.
    pub(super) fn after_throttle(&mut self, config: &EventInvokeConfig, now: Timestamp) -> Next {
        let pause = Duration::from_secs(1 << self.throttled.min(9)).min(LONGEST);
        self.throttled += 1;
        self.wait(pause, config, now)
    }

    /// An event that would be too old by then is given up now.
    fn wait(&self, pause: Duration, config: &EventInvokeConfig, now: Timestamp) -> Next {
        let age = Duration::try_from(now.duration_since(self.accepted)).unwrap_or_default();
        let limit = config.max_age.unwrap_or(MAX_AGE);
        if age + pause > limit { Next::Discard(Discarded::EventAgeExceeded) } else { Next::After(pause) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn config(retries: Option<u32>, max_age: Option<u64>) -> EventInvokeConfig {
        EventInvokeConfig {
            retries,
            max_age: max_age.map(Duration::from_secs),
            ..EventInvokeConfig::default()
        }
    }

    #[test]
    fn an_error_is_retried_after_one_minute_and_after_two_more_and_then_no_more() {
        let mut attempts = Attempts::new(at(0));
        let config = config(None, None);
        assert_eq!(attempts.after_error(&config, at(0)), Next::After(Duration::from_secs(60)));
        assert_eq!(attempts.after_error(&config, at(60)), Next::After(Duration::from_secs(120)));
        assert_eq!(attempts.after_error(&config, at(180)), Next::Discard(Discarded::RetriesExhausted));
        assert_eq!(attempts.failed(), 3);
    }

    #[test]
    fn throttles_back_off_to_five_minutes_and_end_with_the_events_age() {
        let mut attempts = Attempts::new(at(0));
        let (config, mut now, mut pauses) = (config(None, None), 0, Vec::new());
        let end = loop {
            match attempts.after_throttle(&config, at(now)) {
                Next::After(pause) => {
                    now += pause.as_secs();
                    pauses.push(pause.as_secs());
                }
                Next::Discard(reason) => break reason,
            }
        };
        assert_eq!(pauses[..11], [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(end, Discarded::EventAgeExceeded);
        assert!((21_300..=21_600).contains(&now), "{now}");
    }

    #[test]
    fn what_is_configured_replaces_the_defaults() {
        let none = config(Some(0), None);
        let exhausted = Next::Discard(Discarded::RetriesExhausted);
        assert_eq!(Attempts::new(at(0)).after_error(&none, at(0)), exhausted);
        let young = config(None, Some(60));
        let mut attempts = Attempts::new(at(0));
        assert_eq!(attempts.after_error(&young, at(0)), Next::After(Duration::from_secs(60)));
        let too_old = Next::Discard(Discarded::EventAgeExceeded);
        assert_eq!(attempts.after_error(&young, at(60)), too_old);
        assert_eq!(Attempts::new(at(0)).after_error(&young, at(1)), too_old, "it would be 61 s old by then");
    }

    #[test]
    fn a_throttle_after_a_run_starts_from_a_second_again() {
        let mut attempts = Attempts::new(at(0));
        let config = config(None, None);
        let second = Next::After(Duration::from_secs(1));
        assert_eq!(attempts.after_throttle(&config, at(0)), second);
        assert_eq!(attempts.after_error(&config, at(1)), Next::After(Duration::from_secs(60)));
        assert_eq!(attempts.after_throttle(&config, at(61)), second);
    }
}
