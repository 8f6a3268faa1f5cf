//! What is counted over a day or altogether.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::limits::Limits;

/// A rolling day, in milliseconds.
pub(crate) const DAY: i64 = 24 * 3_600_000;

/// Streams of an account and region that are CREATING or DELETING at a time.
pub(crate) const STREAMS_IN_TRANSITION: usize = 5;

/// On-demand streams of an account and region.
pub(crate) const ON_DEMAND_STREAMS: usize = 50;

/// Shards that `UpdateShardCount` gives a stream at most.
pub(crate) const SHARDS_PER_STREAM: u64 = 10_000;

/// Changes of a stream's mode in a rolling day.
pub(crate) const MODE_CHANGES_PER_DAY: usize = 2;

/// Keys that are applied to a stream in a rolling day, and times that encryption is stopped.
pub(crate) const ENCRYPTION_CHANGES_PER_DAY: usize = 25;

/// Open shards of the provisioned streams of an account, by region. AWS names the first three, and says "1,000 or
/// 6,000" of the others; which have 6,000 is not told (?): the larger ones here.
pub(crate) fn shard_quota(region: &str, limits: Limits) -> u64 {
    const LARGE: [&str; 12] = [
        "us-east-2",
        "us-west-1",
        "eu-central-1",
        "eu-west-2",
        "eu-west-3",
        "ap-south-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "sa-east-1",
    ];
    match region {
        "us-east-1" | "us-west-2" | "eu-west-1" => 20_000,
        // Without limits there still is one: shards take memory.
        _ if !limits.enforced() => 20_000,
        region if LARGE.contains(&region) => 6_000,
        _ => 1_000,
    }
}

/// Counts what may happen so many times in a rolling span of time. It holds no more times than are allowed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rolling {
    times: VecDeque<i64>,
}

impl Rolling {
    /// Whether it may happen once more; if so, that is counted.
    pub(crate) fn admit(&mut self, most: usize, span: i64, now: i64) -> bool {
        while self.times.pop_front_if(|time| time.saturating_add(span) <= now).is_some() {}
        let passes = self.times.len() < most;
        if passes {
            self.times.push_back(now);
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_in_a_day_waits_until_the_first_is_a_day_old() {
        let mut rolling = Rolling::default();
        for hour in 0..10 {
            assert!(rolling.admit(10, DAY, hour * 3_600_000));
        }
        assert!(!rolling.admit(10, DAY, DAY - 1));
        assert!(rolling.admit(10, DAY, DAY));
        assert!(!rolling.admit(10, DAY, DAY + 1));
        assert!(rolling.admit(10, DAY, DAY + 3_600_000));
    }

    #[test]
    fn the_shard_quota_depends_on_the_region_and_never_vanishes() {
        assert_eq!(shard_quota("us-west-2", Limits::On), 20_000);
        assert_eq!(shard_quota("eu-central-1", Limits::On), 6_000);
        assert_eq!(shard_quota("mx-central-1", Limits::On), 1_000);
        assert_eq!(shard_quota("mx-central-1", Limits::Off), 20_000);
    }
}
