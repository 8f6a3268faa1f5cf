//! Whether the endpoint enforces what AWS enforces, and how much it may hold.

/// Whether throughput, call rates and quotas are enforced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limits {
    /// As AWS does: a shard takes in 1 MiB and 1,000 records a second and gives out 2 MiB a second, operations have
    /// their rates, accounts and streams their quotas.
    #[default]
    On,
    /// Not at all, for a program that is only to get through. What a request may hold and how far one reshard may go
    /// is a rule of the API, and stays.
    Off,
}

impl Limits {
    /// Whether they are enforced.
    pub fn enforced(self) -> bool {
        self == Self::On
    }
}

/// Bytes of stream records that an endpoint holds at most, unless it is told otherwise.
pub const MEMORY_LIMIT: u64 = 1 << 30;
