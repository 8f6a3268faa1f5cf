//! How long things take to become effective: the states CREATING, UPDATING and DELETING, and Lambda's Pending.
//!
//! [`Timings::fast`] is the default: a state can be seen, and nobody waits for it. [`Timings::aws`] is for who tests
//! what happens meanwhile, best in virtual time.

use std::time::Duration;

/// How long each kind of change takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timings {
    /// A stream in CREATING.
    pub create: Duration,
    /// A stream in DELETING.
    pub delete: Duration,
    /// A stream in UPDATING for its settings: retention, encryption, mode, record size.
    pub settings: Duration,
    /// A stream in UPDATING for one split or one merge.
    pub split: Duration,
    /// A stream in UPDATING for `UpdateShardCount`, or for the growth of an on-demand stream.
    pub reshard: Duration,
    /// A delivery stream in CREATING or DELETING.
    pub delivery: Duration,
    /// A function in Pending, or its last update in progress.
    pub function: Duration,
}

impl Timings {
    /// Each change takes as long.
    pub const fn all(time: Duration) -> Self {
        Self {
            create: time,
            delete: time,
            settings: time,
            split: time,
            reshard: time,
            delivery: time,
            function: time,
        }
    }

    /// A few milliseconds for each.
    pub const fn fast() -> Self {
        Self::all(Duration::from_millis(20))
    }

    /// About what AWS takes (?): it promises nothing, and its documentation says "about 30 seconds" of a split, "a few
    /// minutes" of `UpdateShardCount` and "about a minute" of a delivery stream.
    pub const fn aws() -> Self {
        Self {
            create: Duration::from_secs(10),
            delete: Duration::from_secs(15),
            settings: Duration::from_secs(10),
            split: Duration::from_secs(30),
            reshard: Duration::from_secs(120),
            delivery: Duration::from_secs(60),
            function: Duration::from_secs(3),
        }
    }
}

impl Default for Timings {
    fn default() -> Self {
        Self::fast()
    }
}
