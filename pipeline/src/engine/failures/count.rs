//! Sums over the minutes of an hour. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::cloud::Minutes;

/// The whole minutes of "the last hour". It is one more than sixty: what comes once an hour, or every few minutes, then
/// never stands at both ends.
const MINUTES: i64 = 61;
/// How long a call of a transform may take beside what is gathered for it, in seconds.
const CALL_SECONDS: u32 = 15;
/// How long is gathered for it where nothing longer is said, in seconds. No file asks for more; one that asks for less may
/// have just been applied, over records that were gathered for as long.
const GATHERED_SECONDS: u32 = 60;

/// How long after a minute all its metrics are there, in seconds. One that is there before another would make a difference.
const PUBLISHING_SECONDS: i64 = 60;

/// The last hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hour {
    /// Where its first whole minute begins.
    pub(super) from: Timestamp,
    /// Where the last minute ends of which all metrics are there.
    whole: Timestamp,
    /// Where the minute ends that is not over.
    pub(super) until: Timestamp,
    /// The first minute that counts at all: what is before it is about another resource of the same name.
    born: Timestamp,
}

impl Hour {
    /// The hour that ends now.
    pub(super) fn until(now: Timestamp) -> Self {
        let minute = |second: i64| Timestamp::from_second(second.div_euclid(60) * 60).unwrap_or(now);
        let whole = minute(now.as_second() - PUBLISHING_SECONDS);
        Self {
            from: whole - minutes(MINUTES),
            whole,
            until: minute(now.as_second()) + minutes(1),
            born: Timestamp::MIN,
        }
    }

    /// What of it comes after a resource was made: CloudWatch tells resources apart by their name alone. The minute in
    /// which it was made may hold counts of the one before it, and is left out.
    pub(super) fn since(self, created: Option<Timestamp>) -> Self {
        let Some(created) = created else { return self };
        let begun = created.as_second() + i64::from(created.subsec_nanosecond() > 0);
        let minute = Timestamp::from_second((begun + 59).div_euclid(60) * 60).unwrap_or(created);
        Self { from: self.from.max(minute), born: minute, ..self }
    }

    /// The sum of a metric, the minute that is not over included.
    pub(super) fn total(self, minutes: &Minutes) -> f64 {
        sum(minutes, self.from, self.until)
    }
}

fn sum(values: &Minutes, from: Timestamp, until: Timestamp) -> f64 {
    values.iter().filter(|(at, _)| (from..until).contains(at)).map(|(_, value)| value).sum()
}

/// How many minutes pass at most until a transform is done with a record, when it is gathered for so long.
pub(super) fn minutes_on_the_way(buffer_seconds: u32) -> usize {
    let gathered = buffer_seconds.max(GATHERED_SECONDS);
    usize::try_from(gathered.saturating_add(CALL_SECONDS).div_ceil(60)).unwrap_or(usize::MAX)
}

/// The records that were taken in and not transformed, when that takes `way` minutes at most.
///
/// Which minute's records are transformed in a minute is not known. Two bounds are: each is wide of the mark where the
/// other one is near, none takes records for failed that may be on their way, and the higher one is told.
pub(super) fn untransformed(taken: &Minutes, done: &Minutes, hour: Hour, way: usize) -> f64 {
    let way = i64::try_from(way).unwrap_or(i64::MAX);
    of_steady(taken, done, hour, way).max(of_bursts(taken, done, hour, way))
}

/// Of traffic that goes on. At some distance up to `way` the two metrics are about the same records, and there the difference
/// is what failed. At another one it may be more, by what is on its way, or less: by all that came in of late and
/// succeeded. So the least of them is told.
fn of_steady(taken: &Minutes, done: &Minutes, hour: Hour, way: i64) -> f64 {
    // What is transformed in the first minutes of a delivery may have come in where nothing counts yet.
    let from = hour.from.max(hour.born.saturating_add(minutes(way)).unwrap_or(Timestamp::MAX));
    let done = sum(done, from, hour.whole);
    let differences = (0..=way).map(|back| {
        let back = minutes(back);
        sum(taken, from - back, hour.whole - back) - done
    });
    differences.fold(f64::INFINITY, f64::min)
}

/// Of traffic that comes and goes: what came in between two minutes and was not transformed then, nor `way` minutes after.
/// A burst that succeeds, just now or an hour ago, hides nothing that failed between the two.
fn of_bursts(taken: &Minutes, done: &Minutes, hour: Hour, way: i64) -> f64 {
    let begins = || taken.iter().map(|(at, _)| *at).filter(|at| (hour.from..hour.whole).contains(at));
    let spans = begins().flat_map(|from| {
        let lasts = begins().filter(move |last| *last >= from);
        lasts.map(move |last| (from, last + minutes(1)))
    });
    let over = spans.filter(|(_, until)| *until + minutes(way) <= hour.whole);
    let failed = over.map(|(from, until)| sum(taken, from, until) - sum(done, from, until + minutes(way)));
    failed.fold(0.0, f64::max)
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
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
