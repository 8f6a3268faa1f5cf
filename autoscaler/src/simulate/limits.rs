//! What a stream in the simulation may be asked for, and how long AWS takes to do it and to tell of it.
//!
//! The checker ([`super::rules`]) has figures of its own and knows nothing of these: a run under other limits than
//! AWS's is an experiment that the checker will refuse.

/// The limits and delays of a simulated stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Minutes from the end of a minute until its metrics can be read. CloudWatch shows a stream's minute one to two
    /// minutes after it has ended.
    pub metric_delay_minutes: usize,
    /// Minutes that an `UpdateShardCount` takes; until then the old shards serve.
    pub update_minutes: usize,
    /// Splits and merges that fit a minute one after the other, at 30 s each.
    pub serial_per_minute: usize,
    /// `UpdateShardCount` calls in a rolling 24 hours.
    pub updates_per_day: usize,
    /// The most shards that the stream may have, as the account's quota has it.
    pub most_shards: u32,
}

impl Limits {
    /// Minutes of the rolling day that `UpdateShardCount` calls are counted in.
    pub const DAY_MINUTES: usize = 24 * 60;
}

impl Default for Limits {
    /// What AWS's documentation says; the quota is the largest that `UpdateShardCount` can reach.
    fn default() -> Self {
        Self {
            metric_delay_minutes: 1,
            update_minutes: 5,
            serial_per_minute: 2,
            updates_per_day: 10,
            most_shards: 10_000,
        }
    }
}
