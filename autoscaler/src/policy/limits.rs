//! What bounds a decision: the user's wishes, AWS's limits and the times that things take.

use pipectl_shards::limits::UPDATE_SHARD_COUNT_PER_DAY;

/// Bounds of every decision for one stream.
///
/// [`Limits::new`] takes the user's bounds and fills in what AWS documents; the fields can be set one by one.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Fewest shards; at least 1.
    pub min_shards: u32,
    /// Most shards.
    pub max_shards: u32,
    /// The share of a shard's limits not to plan beyond, over 0 to 1, where the user gave one; `None` leaves the
    /// headroom to the risk that the stream's own history shows.
    pub target: Option<f64>,
    /// Shards that the account's quota still leaves to this stream, its open ones included.
    pub quota_shards: u32,
    /// `UpdateShardCount` calls in a rolling day.
    pub updates_per_day: usize,
    /// Seconds from an `UpdateShardCount` call until its shards serve.
    pub update_seconds: i64,
    /// Seconds that a split or a merge takes; one runs at a time.
    pub serial_seconds: i64,
    /// Seconds from the end of a minute until its metrics can be read.
    pub metric_delay_seconds: i64,
    /// How many shard-hours one shard-hour of refused traffic is worth: what makes headroom pay.
    pub price_of_refusal: f64,
    /// How many shard-minutes the replacement of a shard is worth not to have: consumers finish the old one, then
    /// take up the new one.
    pub price_of_step: f64,
    /// How many minutes of all shards the sixth `UpdateShardCount` call of a day is worth; the first are worth
    /// less, the last more.
    pub price_of_call: f64,
}

/// Bounds that contradict each other.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LimitsError {
    /// A stream has at least one shard.
    #[error("min is 0, and a stream has at least one shard: set min to 1 or more")]
    NoShards,
    /// The bounds cross.
    #[error("min is {min} and max {max}: min must not be over max")]
    Crossed {
        /// The lower bound.
        min: u32,
        /// The upper bound.
        max: u32,
    },
    /// A target that is no share.
    #[error("target is {target}: it must lie over 0 and at most at 1")]
    Target {
        /// What was given.
        target: f64,
    },
}

impl Limits {
    /// What a shard-hour of refused traffic costs in shard-hours unless said otherwise; the README derives it.
    pub const PRICE_OF_REFUSAL: f64 = 55.0;

    /// AWS's limits and times within the user's bounds.
    ///
    /// The times are those that are seen: minutes for `UpdateShardCount`, some 30 s for a split or merge, metrics
    /// within two minutes.
    ///
    /// # Errors
    /// [`LimitsError`] when the bounds are none.
    pub fn new(min_shards: u32, max_shards: u32) -> Result<Self, LimitsError> {
        if min_shards == 0 {
            return Err(LimitsError::NoShards);
        }
        if min_shards > max_shards {
            return Err(LimitsError::Crossed { min: min_shards, max: max_shards });
        }
        Ok(Self {
            min_shards,
            max_shards,
            target: None,
            quota_shards: u32::MAX,
            updates_per_day: UPDATE_SHARD_COUNT_PER_DAY,
            update_seconds: 300,
            serial_seconds: 30,
            metric_delay_seconds: 60,
            price_of_refusal: Self::PRICE_OF_REFUSAL,
            price_of_step: 3.0,
            price_of_call: 4.0,
        })
    }

    /// The same with a target utilisation.
    ///
    /// # Errors
    /// [`LimitsError::Target`] when it is not over 0 and at most 1.
    pub fn with_target(self, target: f64) -> Result<Self, LimitsError> {
        if target > 0.0 && target <= 1.0 {
            Ok(Self { target: Some(target), ..self })
        } else {
            Err(LimitsError::Target { target })
        }
    }

    /// The most shards that both the user and the account's quota allow.
    #[must_use]
    pub fn most(&self) -> u32 {
        self.max_shards.min(self.quota_shards).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_that_contradict_each_other_are_refused() {
        assert_eq!(Limits::new(0, 4), Err(LimitsError::NoShards));
        assert_eq!(Limits::new(5, 4), Err(LimitsError::Crossed { min: 5, max: 4 }));
        for target in [0.0, -1.0, 1.01, f64::NAN] {
            assert!(Limits::new(1, 4).unwrap().with_target(target).is_err(), "{target}");
        }
    }

    #[test]
    fn the_quota_bounds_what_the_user_allows() {
        let limits = Limits { quota_shards: 3, ..Limits::new(1, 8).unwrap() };
        assert_eq!(limits.most(), 3);
    }
}
