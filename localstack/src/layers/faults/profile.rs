//! How much goes wrong.

use std::str::FromStr;
use std::time::Duration;

/// A share of calls, in hundredths of a percent: 150 is 1.5 %.
pub type Share = u16;

/// How often each kind of fault happens, and how long things lag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Calls refused with the service's throttling error.
    pub throttled: Share,
    /// Calls refused with a 500.
    pub internal: Share,
    /// Calls refused with a 503.
    pub unavailable: Share,
    /// Calls that have no effect and get no answer for [`HANG`](Self::HANG).
    pub timed_out_before: Share,
    /// Calls that have their effect and get no answer for [`HANG`](Self::HANG).
    pub timed_out_after: Share,
    /// Calls that have their effect and whose connection is closed instead of an answer.
    pub dropped: Share,
    /// Calls answered late, by up to [`slowest`](Self::slowest).
    pub slow: Share,
    /// How late a slow answer is at most.
    pub slowest: Duration,
    /// Single records of `PutRecords` and `PutRecordBatch` that fail with an internal failure.
    pub records: Share,
    /// How much longer a stream stays in CREATING, UPDATING or DELETING at most.
    pub stream_state: Duration,
    /// How long a new role cannot be assumed at most.
    pub new_role: Duration,
    /// For how long lists of shards do not know of a reshard at most.
    pub shard_list: Duration,
}

impl Profile {
    /// How long a call that times out keeps its connection: longer than boto3's 60 seconds.
    pub const HANG: Duration = Duration::from_secs(65);

    /// About 1.5 % of calls, and states that take some seconds longer.
    pub const LIGHT: Self = Self {
        throttled: 50,
        internal: 30,
        unavailable: 20,
        timed_out_before: 5,
        timed_out_after: 5,
        dropped: 10,
        slow: 30,
        slowest: Duration::from_secs(2),
        records: 50,
        stream_state: Duration::from_secs(2),
        new_role: Duration::from_secs(10),
        shard_list: Duration::from_secs(2),
    };

    /// About 18 % of calls, and minutes of eventual consistency.
    pub const HEAVY: Self = Self {
        throttled: 600,
        internal: 350,
        unavailable: 250,
        timed_out_before: 50,
        timed_out_after: 50,
        dropped: 150,
        slow: 350,
        slowest: Duration::from_secs(10),
        records: 500,
        stream_state: Duration::from_secs(60),
        new_role: Duration::from_secs(330),
        shard_list: Duration::from_secs(30),
    };

    /// No faults: the start of a profile of one's own.
    pub const NONE: Self = Self {
        throttled: 0,
        internal: 0,
        unavailable: 0,
        timed_out_before: 0,
        timed_out_after: 0,
        dropped: 0,
        slow: 0,
        slowest: Duration::ZERO,
        records: 0,
        stream_state: Duration::ZERO,
        new_role: Duration::ZERO,
        shard_list: Duration::ZERO,
    };
}

/// There is no such profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the fault profiles are `light` and `heavy`")]
pub struct NoSuchProfile;

impl FromStr for Profile {
    type Err = NoSuchProfile;

    fn from_str(text: &str) -> Result<Self, NoSuchProfile> {
        match text {
            "light" => Ok(Self::LIGHT),
            "heavy" => Ok(Self::HEAVY),
            _ => Err(NoSuchProfile),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profiles_disturb_as_many_calls_as_they_say() {
        let share = |p: Profile| {
            p.throttled
                + p.internal
                + p.unavailable
                + p.timed_out_before
                + p.timed_out_after
                + p.dropped
                + p.slow
        };
        assert_eq!(share(Profile::LIGHT), 150);
        assert_eq!(share(Profile::HEAVY), 1800);
        assert_eq!(share(Profile::NONE), 0);
    }

    #[test]
    fn profiles_have_names() {
        assert_eq!("light".parse(), Ok(Profile::LIGHT));
        assert_eq!("heavy".parse(), Ok(Profile::HEAVY));
        assert_eq!("medium".parse::<Profile>(), Err(NoSuchProfile));
    }
}
