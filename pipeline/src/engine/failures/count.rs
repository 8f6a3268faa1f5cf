//! Sums over the minutes of an hour. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::cloud::Minutes;

/// The whole minutes of "the last hour". It is one more than sixty: what comes once an hour, or every few minutes, then
/// never stands at both ends.
const MINUTES: i64 = 61;
/// How long a call of a transform may take beside what is gathered for it, in seconds.
const CALL_SECONDS: u32 = 15;

/// The last hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hour {
    /// Where its first whole minute begins.
    pub(super) from: Timestamp,
    /// Where its last whole minute ends.
    whole: Timestamp,
    /// Where the minute ends that is not over.
    pub(super) until: Timestamp,
}

impl Hour {
    /// The hour that ends now.
    pub(super) fn until(now: Timestamp) -> Self {
        let whole = Timestamp::from_second(now.as_second().div_euclid(60) * 60).unwrap_or(now);
        Self {
            from: whole - SignedDuration::from_mins(MINUTES),
            whole,
            until: whole + SignedDuration::from_mins(1),
        }
    }

    /// The sum of a metric, the minute that is not over included.
    pub(super) fn total(self, minutes: &Minutes) -> f64 {
        sum(minutes, self.from, self.until)
    }
}

fn sum(minutes: &Minutes, from: Timestamp, until: Timestamp) -> f64 {
    minutes.iter().filter(|(at, _)| (from..until).contains(at)).map(|(_, value)| value).sum()
}

/// How many minutes pass at most until a transform is done with a record, when it is gathered for so long.
pub(super) fn minutes_on_the_way(buffer_seconds: u32) -> usize {
    usize::try_from(buffer_seconds.saturating_add(CALL_SECONDS).div_ceil(60)).unwrap_or(usize::MAX)
}

/// The records that were taken in and not transformed, when that takes `way` minutes at most.
///
/// Which minute's records are transformed in a minute is not known: at some distance up to `way` the two are about the same
/// records, and there the difference is what failed. At another one it may be more, by what is on its way, or less. So the
/// least of them is told, and records that just came in are never taken for failed.
pub(super) fn untransformed(taken: &Minutes, done: &Minutes, hour: Hour, way: usize) -> f64 {
    let done = sum(done, hour.from, hour.whole);
    let distances = 0..=i64::try_from(way).unwrap_or(i64::MAX);
    let differences = distances.map(|minutes| {
        let back = SignedDuration::from_mins(minutes);
        sum(taken, hour.from - back, hour.whole - back) - done
    });
    differences.fold(f64::INFINITY, f64::min)
}

/// A count that CloudWatch tells as a fraction.
pub(super) fn whole(count: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that is cast is cut to what fits, and a count is no fraction"
    )]
    let count = count.round().max(0.0) as u64;
    count
}
