//! How fast it goes just now, and the line that says so.

use std::collections::VecDeque;
use std::time::Duration;

use pipectl_producer::Stats;

use crate::output::lines::Progress;
use crate::output::words::{bytes, grouped, rate};

/// "Just now" is so long.
const WINDOW: Duration = Duration::from_secs(3);
/// Samples that are kept, whatever the window.
const SAMPLES: usize = 64;

/// What was delivered in the last seconds.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    samples: VecDeque<Sample>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Duration,
    records: u64,
    bytes: u64,
}

impl Pulse {
    /// Takes a sample; `at` counts from the start.
    pub(super) fn feel(&mut self, stats: &Stats, at: Duration) {
        let is_old = |sample: &Sample| at.saturating_sub(sample.at) > WINDOW;
        while self.samples.len() >= SAMPLES || self.samples.get(1).is_some_and(is_old) {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample { at, records: stats.account.delivered, bytes: stats.account.bytes });
    }

    /// Records and bytes a second.
    fn rates(&self) -> (u64, u64) {
        let (Some(first), Some(last)) = (self.samples.front(), self.samples.back()) else { return (0, 0) };
        let took = last.at.saturating_sub(first.at);
        if took.is_zero() {
            return (0, 0);
        }
        (rate(last.records - first.records, took), rate(last.bytes - first.bytes, took))
    }

    /// `5,001/s, 2.1 MiB/s, 3,000 in flight, 12 retried`
    pub(super) fn remark(&self, stats: &Stats) -> String {
        let (records, per_second) = self.rates();
        let counts = [
            (stats.records_in_flight, "in flight"),
            (stats.account.retries, "retried"),
            (stats.account.throttles, "throttled"),
            (stats.account.failed_requests, "failed requests"),
            (stats.failed(), "not delivered"),
        ];
        let mut remark = format!("{}/s, {}/s", grouped(records), bytes(per_second));
        for (count, word) in counts.into_iter().filter(|(count, _)| *count > 0) {
            remark.push_str(&format!(", {} {word}", grouped(count)));
        }
        remark
    }

    /// The same for programs.
    pub(super) fn progress(&self, stats: &Stats) -> Progress {
        let (records_per_second, bytes_per_second) = self.rates();
        Progress {
            put: stats.account.put,
            delivered: stats.account.delivered,
            records_per_second,
            bytes_per_second,
            in_flight: stats.records_in_flight,
            retries: stats.account.retries,
            throttles: stats.account.throttles,
            failed_requests: stats.account.failed_requests,
            not_delivered: stats.failed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(delivered: u64, bytes: u64) -> Stats {
        let mut stats = Stats::default();
        (stats.account.delivered, stats.account.bytes) = (delivered, bytes);
        stats
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut pulse = Pulse::default();
        assert_eq!(pulse.remark(&Stats::default()), "0/s, 0 B/s");
        for second in 0..60 {
            pulse.feel(&stats(1_000 * second, 1 << 20), Duration::from_secs(second));
        }
        let mut now = stats(59_000, 1 << 20);
        (now.records_in_flight, now.account.throttles) = (1_500, 3);
        assert_eq!(pulse.remark(&now), "1,000/s, 0 B/s, 1,500 in flight, 3 throttled");
        for tenth in 0..10_000 {
            pulse.feel(&stats(60_000, 1 << 20), Duration::from_millis(60_000 + 100 * tenth));
        }
        assert_eq!(pulse.rates(), (0, 0), "and nothing for a while");
        assert!(pulse.samples.len() <= SAMPLES);
    }
}
