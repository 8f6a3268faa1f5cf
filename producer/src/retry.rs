//! How long to wait before trying again: exponential, bounded, jittered, and pure.
//!
//! Half of each delay is fixed and half is drawn, so that records throttled together do not come back
//! together (KPL's retries come back at once: amazon-kinesis-producer 35, 122, 183).

use std::time::Duration;

/// A schedule of delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetrySchedule {
    /// The longest wait before the first retry.
    pub base: Duration,
    /// The longest wait before any.
    pub max: Duration,
}

impl Default for RetrySchedule {
    /// A shard's limits are per second, so the first retry comes within that; 8 s bounds the wait.
    fn default() -> Self {
        Self { base: Duration::from_millis(200), max: Duration::from_secs(8) }
    }
}

impl RetrySchedule {
    /// The wait after `failures` failures in a row (1 is the first), with `random` drawn from `0.0 .. 1.0`.
    ///
    /// Between half and all of `min(max, base * 2^(failures - 1))`.
    #[must_use]
    pub fn delay(&self, failures: u32, random: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let full = self.base.saturating_mul(1 << doublings).min(self.max);
        full / 2 + (full / 2).mul_f64(random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_delay_is_within_its_half_and_its_bound(failures in any::<u32>(), random in 0.0..1.0) {
            let schedule = RetrySchedule::default();
            let delay = schedule.delay(failures, random);
            prop_assert!(delay >= schedule.base / 2);
            prop_assert!(delay <= schedule.max);
        }

        #[test]
        fn later_failures_never_wait_for_less(failures in 1_u32..40, random in 0.0..1.0) {
            let schedule = RetrySchedule::default();
            prop_assert!(schedule.delay(failures + 1, random) >= schedule.delay(failures, random));
        }
    }

    #[test]
    fn delays_double_up_to_the_bound() {
        let schedule = RetrySchedule { base: Duration::from_millis(100), max: Duration::from_secs(1) };
        let full: Vec<u128> = (1..6).map(|failures| schedule.delay(failures, 1.0).as_millis()).collect();
        assert_eq!(full, [100, 200, 400, 800, 1000]);
    }
}
