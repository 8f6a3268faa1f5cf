//! How fast one shard is sent to: two token buckets whose rate gives way to throttles and recovers.
//!
//! Pure: `now` comes in, counted from the start of the producer. Each predicted shard has a [`Pace`] of its own, so
//! that one hot shard does not hold up the others.
//!
//! A shard takes 1 MiB and 1,000 records a second, but this producer may not be the only one. It starts at a share of
//! those limits (KPL's `RateLimit`, 150 % by default, so that in the usual case AWS decides), gives up a fifth of its
//! rate when a request was throttled, once per request time and not once per record, and wins it back in steps: additive
//! increase, multiplicative decrease, the rule by which many senders come to share a line (Chiu and Jain, 1989). A
//! fifth and not half, for one sender alone would leave a fifth of its shard unused by halving, and a twentieth so.

use std::time::Duration;

use pipectl_shards::limits::{WRITE_BYTES_PER_SECOND, WRITE_RECORDS_PER_SECOND};

/// The least share of a shard's limits that a pace falls to: twenty records a second keep it probing.
const FLOOR: f64 = 0.02;
/// What is left of the share after a throttle.
const CUT: f64 = 0.8;
/// What a second without throttles wins back, as a share of a shard's limits.
const RECOVERY_PER_SECOND: f64 = 0.10;
/// Throttles within this time of a cut are of requests sent before it, and cut no further.
const CUT_HOLDS: Duration = Duration::from_millis(200);
/// A bucket holds what flows in this time: enough for a full request's worth of one shard after a pause.
const BURST: f64 = 0.25;

/// The pace of one shard.
#[derive(Clone, Debug)]
pub struct Pace {
    /// The share of a shard's limits that is sent at most, and at present.
    ceiling: f64,
    share: f64,
    bytes: f64,
    records: f64,
    at: Duration,
    last_cut: Option<Duration>,
}

impl Pace {
    /// A pace of at most `ceiling` (1.5 for 150 %) of a shard's limits, with full buckets.
    #[must_use]
    pub fn new(ceiling: f64, now: Duration) -> Self {
        let ceiling = ceiling.max(FLOOR);
        let mut pace = Self { ceiling, share: ceiling, bytes: 0.0, records: 0.0, at: now, last_cut: None };
        (pace.bytes, pace.records) = (pace.most_bytes(), pace.most_records());
        pace
    }

    /// Whether a record of this size may go now; it is paid for if so. One larger than a bucket goes when the bucket
    /// is full, and leaves a debt.
    pub fn take(&mut self, bytes: usize, now: Duration) -> bool {
        self.advance(now);
        let ready = self.wait(bytes).is_zero();
        if ready {
            self.bytes -= amount(bytes);
            self.records -= 1.0;
        }
        ready
    }

    /// When a record of this size may go, if nothing changes until then.
    #[must_use]
    pub fn ready_at(&self, bytes: usize, now: Duration) -> Duration {
        let mut then = self.clone();
        then.advance(now);
        now + then.wait(bytes)
    }

    /// A request to this shard, sent at `sent`, was throttled.
    pub fn throttled(&mut self, sent: Duration, now: Duration) {
        self.advance(now);
        if self.last_cut.is_none_or(|cut| sent >= cut && now >= cut + CUT_HOLDS) {
            // What the shard takes at most is known: a pace above it is no place to cut from.
            self.share = (self.share.min(1.0) * CUT).max(FLOOR);
            self.last_cut = Some(now);
            self.bytes = self.bytes.min(0.0);
            self.records = self.records.min(0.0);
        }
    }

    /// The share of a shard's limits that is sent at present.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.share
    }

    fn advance(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.share = (self.share + RECOVERY_PER_SECOND * passed).min(self.ceiling);
        self.bytes = (self.bytes + passed * self.byte_rate()).min(self.most_bytes());
        self.records = (self.records + passed * self.record_rate()).min(self.most_records());
    }

    fn wait(&self, bytes: usize) -> Duration {
        let missing_bytes = amount(bytes).min(self.most_bytes()) - self.bytes;
        let missing_records = 1.0 - self.records;
        let seconds = (missing_bytes / self.byte_rate()).max(missing_records / self.record_rate());
        // A whole nanosecond too much is better than a wake-up that finds itself early.
        if seconds <= 1e-9 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64(seconds) + Duration::from_nanos(1)
        }
    }

    fn byte_rate(&self) -> f64 {
        rate(WRITE_BYTES_PER_SECOND) * self.share
    }

    fn record_rate(&self) -> f64 {
        rate(WRITE_RECORDS_PER_SECOND) * self.share
    }

    fn most_bytes(&self) -> f64 {
        self.byte_rate() * BURST
    }

    fn most_records(&self) -> f64 {
        (self.record_rate() * BURST).max(1.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "limits are far below 2^52")]
fn rate(limit: u64) -> f64 {
    limit as f64
}

#[expect(clippy::cast_precision_loss, reason = "records are far below 2^52 bytes")]
fn amount(bytes: usize) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STEP: Duration = Duration::from_millis(1);

    /// Sends records of this size for so long, as fast as the pace lets; how many went.
    fn sent(pace: &mut Pace, bytes: usize, from: Duration, to: Duration) -> u32 {
        let (mut now, mut count) = (from, 0);
        while now < to {
            while pace.take(bytes, now) {
                count += 1;
            }
            now += STEP;
        }
        count
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn small_records_go_at_the_record_limit_and_large_ones_at_the_byte_limit() {
        let mut small = Pace::new(1.0, Duration::ZERO);
        let count = sent(&mut small, 100, Duration::ZERO, seconds(10));
        assert!((10_000..=10_250).contains(&count), "{count}");
        let mut large = Pace::new(1.0, Duration::ZERO);
        let count = sent(&mut large, 51_200, Duration::ZERO, seconds(10));
        assert!((204..=210).contains(&count), "{count} of 20.48 a second");
    }

    #[test]
    fn a_record_larger_than_a_bucket_goes_and_is_paid_back() {
        let mut pace = Pace::new(1.0, Duration::ZERO);
        let count = sent(&mut pace, 1 << 20, Duration::ZERO, seconds(10));
        assert!((10..=11).contains(&count), "{count}");
    }

    #[test]
    fn throttles_of_one_moment_cut_once_and_time_wins_it_back() {
        let mut pace = Pace::new(1.5, Duration::ZERO);
        for _ in 0..50 {
            pace.throttled(Duration::ZERO, seconds(1));
        }
        assert!((pace.share() - 0.8).abs() < 1e-9, "{}", pace.share());
        assert!(!pace.take(100, Duration::from_millis(1000)), "nothing is left of the burst");
        pace.throttled(Duration::from_millis(900), Duration::from_millis(1500));
        assert!(pace.share() >= 0.8, "that request was sent before the cut");
        pace.take(0, seconds(30));
        assert!((pace.share() - 1.5).abs() < 1e-9, "{}", pace.share());
    }

    #[test]
    fn a_pace_never_falls_to_nothing() {
        let mut pace = Pace::new(1.5, Duration::ZERO);
        for second in 0..100 {
            pace.throttled(seconds(second), seconds(second));
        }
        assert!(pace.share() >= FLOOR);
        assert!(pace.ready_at(100, seconds(100)) < seconds(102));
    }

    proptest! {
        #[test]
        fn what_is_ready_at_a_time_goes_then_and_not_before(
            sizes in proptest::collection::vec(1_usize..2_000_000, 1..40), ceiling in 0.1..2.0,
        ) {
            let mut pace = Pace::new(ceiling, Duration::ZERO);
            let mut now = Duration::ZERO;
            for bytes in sizes {
                let ready = pace.ready_at(bytes, now);
                if ready > now + STEP {
                    prop_assert!(!pace.clone().take(bytes, ready - STEP), "{bytes} bytes went early");
                }
                now = ready;
                prop_assert!(pace.take(bytes, now), "{bytes} bytes did not go at {now:?}");
            }
        }
    }
}
