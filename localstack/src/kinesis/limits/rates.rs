//! How many calls of an operation are answered in a second.

use std::collections::HashMap;

use super::bucket::{Bucket, Rate};
use crate::lock::Lock;

/// Whose calls are counted together, in each region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Account,
    Stream,
}

/// The rates, from the API reference of each operation and "Quotas and limits" in the developer guide; those marked
/// (?) are told by neither. Operations that are missing have none, or one of their own: those that move records are
/// metered by shard, `SubscribeToShard` by consumer and shard.
#[rustfmt::skip]
const RATES: [(&str, u64, Scope); 35] = [
    ("AddTagsToStream", 5, Scope::Account),
    ("CreateStream", 5, Scope::Account),
    ("DecreaseStreamRetentionPeriod", 5, Scope::Stream),
    ("DeleteResourcePolicy", 5, Scope::Account), // (?)
    ("DeleteStream", 5, Scope::Account),
    ("DeregisterStreamConsumer", 5, Scope::Stream),
    ("DescribeAccountSettings", 5, Scope::Account),
    ("DescribeLimits", 1, Scope::Account),
    ("DescribeStream", 10, Scope::Account),
    ("DescribeStreamConsumer", 20, Scope::Stream),
    ("DescribeStreamSummary", 20, Scope::Account),
    ("DisableEnhancedMonitoring", 5, Scope::Stream),
    ("EnableEnhancedMonitoring", 5, Scope::Stream),
    ("GetResourcePolicy", 10, Scope::Account), // (?)
    ("IncreaseStreamRetentionPeriod", 5, Scope::Stream),
    ("ListShards", 1000, Scope::Stream),
    ("ListStreamConsumers", 5, Scope::Stream),
    ("ListStreams", 5, Scope::Account),
    ("ListTagsForResource", 5, Scope::Account), // (?)
    ("ListTagsForStream", 5, Scope::Account),
    ("MergeShards", 5, Scope::Account),
    ("PutResourcePolicy", 5, Scope::Account), // (?)
    ("RegisterStreamConsumer", 5, Scope::Account),
    ("RemoveTagsFromStream", 5, Scope::Account),
    ("SplitShard", 5, Scope::Account),
    ("StartStreamEncryption", 5, Scope::Account), // (?)
    ("StopStreamEncryption", 5, Scope::Account), // (?)
    ("TagResource", 5, Scope::Account), // (?)
    ("UntagResource", 5, Scope::Account), // (?)
    ("UpdateAccountSettings", 5, Scope::Account),
    ("UpdateMaxRecordSize", 5, Scope::Stream), // (?)
    ("UpdateShardCount", 10, Scope::Account),
    ("UpdateStreamMode", 5, Scope::Stream), // (?)
    ("UpdateStreamRecordDistributionStrategy", 5, Scope::Stream), // (?)
    ("UpdateStreamWarmThroughput", 5, Scope::Account),
];

/// Buckets that are kept; past it those that are full are let go, which changes nothing.
const KEPT: usize = 4096;

/// The calls of an endpoint's account.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    buckets: Lock<HashMap<(usize, String), Bucket>>,
}

/// The rate of an operation that has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limited(usize);

impl Limited {
    /// The operation's rate.
    pub(crate) fn of(operation: &str) -> Option<Self> {
        RATES.iter().position(|(name, _, _)| *name == operation).map(Self)
    }

    fn rate(self) -> Rate {
        RATES.get(self.0).map_or(Rate::per_second(1), |(_, rate, _)| Rate::per_second(*rate))
    }

    fn is_of_the_stream(self) -> bool {
        RATES.get(self.0).is_some_and(|(_, _, scope)| *scope == Scope::Stream)
    }
}

impl Rates {
    /// Whether a call passes that is about this stream of the region, or about none. One that does is counted.
    pub(crate) fn admit(&self, operation: Limited, region: &str, stream: Option<&str>, now: i64) -> bool {
        let stream = stream.filter(|_| operation.is_of_the_stream()).unwrap_or_default();
        let mut buckets = self.buckets.lock();
        if buckets.len() >= KEPT {
            buckets.retain(|(index, _), bucket| {
                bucket.fill(Limited(*index).rate(), now);
                !bucket.is_full(Limited(*index).rate())
            });
        }
        let bucket = buckets.entry((operation.0, format!("{region}/{stream}"))).or_default();
        bucket.fill(operation.rate(), now);
        let passes = bucket.has(1);
        if passes {
            bucket.take(1);
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(rates: &Rates, operation: &str, stream: &str, now: i64) -> usize {
        let operation = Limited::of(operation).unwrap();
        (0..2000).filter(|_| rates.admit(operation, "eu-west-1", Some(stream), now)).count()
    }

    #[test]
    fn each_operation_has_the_rate_of_the_table() {
        for (operation, rate, _) in RATES {
            let rates = Rates::default();
            assert_eq!(passed(&rates, operation, "s", 0), usize::try_from(rate).unwrap(), "{operation}");
            assert_eq!(passed(&rates, operation, "s", 1000), usize::try_from(rate).unwrap(), "{operation}");
        }
        assert!(Limited::of("PutRecords").is_none());
    }

    #[test]
    fn streams_share_a_rate_of_the_account_and_not_one_of_a_stream() {
        let rates = Rates::default();
        assert_eq!(passed(&rates, "ListShards", "one", 0), 1000);
        assert_eq!(passed(&rates, "ListShards", "other", 0), 1000);
        assert_eq!(passed(&rates, "CreateStream", "one", 0), 5);
        assert_eq!(passed(&rates, "CreateStream", "other", 0), 0);
        assert!(rates.admit(Limited::of("CreateStream").unwrap(), "us-east-1", None, 0));
    }

    #[test]
    fn the_buckets_of_streams_long_gone_are_let_go() {
        let rates = Rates::default();
        let operation = Limited::of("ListShards").unwrap();
        for n in 0..3 * i64::try_from(KEPT).unwrap() {
            assert!(rates.admit(operation, "eu-west-1", Some(&n.to_string()), n));
        }
        assert!(rates.buckets.lock().len() <= KEPT);
    }

    #[test]
    fn the_table_is_in_order_and_names_nothing_twice() {
        assert!(RATES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
