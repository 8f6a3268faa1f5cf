//! What time it is in this world.
//!
//! Time is a value: the wall clock is read once, when the clock is made, and from then on only tokio's clock moves it.
//! In a paused runtime that makes it virtual time: `tokio::time::advance` moves retention, iterator expiry, buffer
//! intervals and metrics alike.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::Instant;

/// Epoch time derived from tokio's clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    base: Timestamp,
    origin: Instant,
}

impl Clock {
    /// A clock that starts at the wall clock's time.
    pub fn system() -> Self {
        Self::starting_at(Timestamp::now())
    }

    /// A clock that starts at `base` now: a test that names its times starts here.
    pub fn starting_at(base: Timestamp) -> Self {
        Self { base, origin: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.base.checked_add(self.origin.elapsed()).unwrap_or(Timestamp::MAX)
    }

    /// Milliseconds since the epoch, the unit AWS stamps records with.
    pub fn epoch_millis(&self) -> i64 {
        self.now().as_millisecond()
    }

    /// Time since this clock was made: monotonic, for rates and time-outs.
    pub fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }
}

/// A time as HTTP's headers have it: `Fri, 02 Jan 2026 03:04:05 GMT`.
pub(crate) fn http_date(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn advancing_tokio_time_moves_the_clock_by_as_much() {
        let start: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let clock = Clock::starting_at(start);
        tokio::time::advance(Duration::from_secs(86_400)).await;
        assert_eq!(clock.now(), "2026-01-03T03:04:05Z".parse().unwrap());
        assert_eq!(clock.epoch_millis() - start.as_millisecond(), 86_400_000);
    }
}
