//! When to give up: requests fail, and nothing gets through.

use std::time::Duration;

use pipectl_producer::Account;

/// How long requests may fail with nothing getting through before the feed is given up. Throttling is no failure.
pub(super) const GIVE_UP_AFTER: Duration = Duration::from_secs(60);

/// Since when requests fail and nothing gets through.
pub(super) struct Stall {
    since: tokio::time::Instant,
    got_through: u64,
    failed_requests: u64,
}

impl Stall {
    pub(super) fn new(now: tokio::time::Instant) -> Self {
        Stall { since: now, got_through: 0, failed_requests: 0 }
    }

    /// Whether it has lasted [`GIVE_UP_AFTER`]. An idle input is no stall, and a throttle shows that somebody
    /// answers.
    pub(super) fn is_over(&mut self, account: &Account, now: tokio::time::Instant) -> bool {
        let got_through = account.delivered + account.throttles;
        if got_through != self.got_through || account.failed_requests == self.failed_requests {
            *self = Stall { since: now, got_through, failed_requests: account.failed_requests };
        }
        now - self.since >= GIVE_UP_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failing_requests_with_nothing_getting_through_are_a_stall() {
        let start = tokio::time::Instant::now();
        let mut stall = Stall::new(start);
        let mut look = |seconds, delivered, throttles, failed_requests| {
            let account = Account { delivered, throttles, failed_requests, ..Account::default() };
            stall.is_over(&account, start + Duration::from_secs(seconds))
        };
        assert!(!look(500, 0, 0, 0), "an idle input");
        assert!(!look(501, 0, 0, 1));
        assert!(!look(559, 0, 0, 9), "59 seconds since all was well");
        assert!(!look(570, 0, 3, 12), "a throttle is an answer");
        assert!(!look(580, 0, 3, 20));
        assert!(look(640, 0, 3, 21));
        assert!(!look(641, 1, 3, 21), "one record got through");
    }
}
