//! How much may be put into a delivery stream: three quotas a second, which `PutRecord` and `PutRecordBatch` share.

use std::time::Duration;

/// What a region allows a delivery stream, a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    /// Calls of both operations.
    pub(crate) requests: u32,
    /// Records in them.
    pub(crate) records: u32,
    /// Their bytes.
    pub(crate) bytes: u32,
}

impl Quota {
    /// The quota of a region, as "Amazon Data Firehose Quota" in the guide has it.
    pub(crate) fn of(region: &str) -> Self {
        match region {
            "us-east-1" | "us-west-2" | "eu-west-1" => {
                Self { requests: 2_000, records: 500_000, bytes: 5 << 20 }
            }
            _ => Self { requests: 1_000, records: 100_000, bytes: 1 << 20 },
        }
    }
}

/// What is left of a stream's quota. A second's worth may be taken at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throughput {
    quota: Quota,
    requests: Bucket,
    records: Bucket,
    bytes: Bucket,
}

impl Throughput {
    /// All of the quota.
    pub(crate) fn full(quota: Quota) -> Self {
        Self {
            quota,
            requests: Bucket::full(quota.requests),
            records: Bucket::full(quota.records),
            bytes: Bucket::full(quota.bytes),
        }
    }

    /// What is kept to.
    pub(crate) fn quota(&self) -> Quota {
        self.quota
    }

    /// How many of the records of a request, by their sizes, are taken at the time `now` since some start. A record
    /// that is larger than a second's worth is taken when nothing was before it.
    pub(crate) fn admit(&mut self, sizes: impl IntoIterator<Item = usize>, now: Duration) -> usize {
        self.requests.refill(self.quota.requests, now);
        self.records.refill(self.quota.records, now);
        self.bytes.refill(self.quota.bytes, now);
        if !self.requests.take(1, self.quota.requests) {
            return 0;
        }
        let mut taken = 0;
        for size in sizes {
            let size = u32::try_from(size).unwrap_or(u32::MAX);
            // Both have room, or neither is touched.
            if !self.records.has(1, self.quota.records) || !self.bytes.take(size, self.quota.bytes) {
                break;
            }
            self.records.take(1, self.quota.records);
            taken += 1;
        }
        taken
    }
}

/// Millionths of a unit, so that any pause adds a whole number.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: u64,
    at: Duration,
}

const UNIT: u64 = 1_000_000;

impl Bucket {
    fn full(rate: u32) -> Self {
        Self { left: u64::from(rate) * UNIT, at: Duration::ZERO }
    }

    fn refill(&mut self, rate: u32, now: Duration) {
        let passed = now.saturating_sub(self.at).min(Duration::from_secs(1));
        let micros = u64::try_from(passed.as_micros()).unwrap_or(UNIT);
        self.left = (self.left + micros * u64::from(rate)).min(u64::from(rate) * UNIT);
        self.at = self.at.max(now);
    }

    /// More than the rate is there when all of it is.
    fn has(&self, amount: u32, rate: u32) -> bool {
        self.left >= u64::from(amount.min(rate)) * UNIT
    }

    fn take(&mut self, amount: u32, rate: u32) -> bool {
        let enough = self.has(amount, rate);
        if enough {
            self.left -= u64::from(amount.min(rate)) * UNIT;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn bytes_are_limited_by_the_second() {
        let mut stream = Throughput::full(Quota::of("us-east-1"));
        let mebibyte = [1 << 20; 4];
        assert_eq!(stream.admit(mebibyte, seconds(0.0)), 4);
        assert_eq!(stream.admit(mebibyte, seconds(0.0)), 1);
        assert_eq!(stream.admit(mebibyte, seconds(0.5)), 2);
        assert_eq!(stream.admit(mebibyte, seconds(100.0)), 4);
    }

    #[test]
    fn requests_are_limited_however_small_they_are() {
        let mut stream = Throughput::full(Quota::of("eu-central-1"));
        let taken: usize = (0..1_500).map(|_| stream.admit([1], seconds(0.0))).sum();
        assert_eq!(taken, 1_000);
        assert_eq!(stream.admit([1], seconds(0.001)), 1);
        assert_eq!(stream.admit([1], seconds(0.001)), 0);
    }

    #[test]
    fn a_record_as_large_as_it_may_be_is_taken_everywhere() {
        let mut stream = Throughput::full(Quota { requests: 10, records: 10, bytes: 1_000 });
        assert_eq!(stream.admit([1_024_000], seconds(0.0)), 1);
        assert_eq!(stream.admit([1], seconds(0.0)), 0);
        assert_eq!(stream.admit([1], seconds(1.0)), 1);
    }

    #[test]
    fn over_a_minute_the_rate_is_kept_to_the_byte() {
        let mut stream = Throughput::full(Quota::of("ap-south-1"));
        let mut taken = 0;
        for tick in 0..6_000 {
            taken += stream.admit([1_000; 20], seconds(f64::from(tick) / 100.0)) * 1_000;
        }
        let expected = 60 * (1 << 20);
        assert!((expected..expected + (1 << 20) + 20_000).contains(&taken), "{taken}");
    }
}
