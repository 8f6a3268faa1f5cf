//! From series to points: which minutes are complete, which are late, which are missing.
//!
//! A minute is taken as it is [`SETTLED`] after its end. One that is not there by then is waited for, [`LATE`] at most,
//! unless a younger one is; then it is missing, and the policy is told of a gap, not of silence.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::measure::Query;
use super::metrics::{Series, Window};
use super::minute::Minute;
use crate::policy;

/// How long after its end a minute is taken to be complete.
pub const SETTLED: Duration = Duration::from_secs(30);
/// How long after its end a minute is waited for.
pub const LATE: Duration = Duration::from_secs(180);
/// How far back CloudWatch has a point a minute.
pub const PAST: Duration = Duration::from_secs(15 * 24 * 3600);
const MINUTE: i64 = 60;

/// The points that have come since the last time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gathered {
    /// Each minute that is known, oldest first.
    pub points: Vec<policy::Point>,
    /// Minutes between them that nothing is known of.
    pub missing: u64,
    /// Minutes that should be there and may come yet.
    pub late: u64,
    /// Whether something was refused in one of the points.
    pub throttled: bool,
    /// The last minute that is settled, known or missing: the next reading begins after it.
    pub until: Option<policy::Timestamp>,
}

/// The window to read: from after the newest minute that is known, or from as far back as there is, until now.
#[must_use]
pub fn window(newest: Option<policy::Timestamp>, now: Timestamp) -> Window {
    let oldest = minute_of(now).saturating_sub(i64::try_from(PAST.as_secs()).unwrap_or(i64::MAX)) + MINUTE;
    let from = newest.map_or(oldest, |newest| newest.0.saturating_add(MINUTE).max(oldest));
    Window { from: at(from.min(now.as_second())), to: now }
}

/// Puts series together, minute by minute, from the window's beginning.
#[must_use]
pub fn gather(queries: &[Query], series: &[Series], window: Window) -> Gathered {
    let mut minutes: BTreeMap<i64, Minute> = BTreeMap::new();
    for (query, series) in queries.iter().zip(series) {
        for (at, value) in series {
            minutes.entry(minute_of(*at)).or_default().take(&query.measure, *value);
        }
    }
    let known = |minute: i64| {
        let found = minutes.get(&minute)?;
        Some((found.point(policy::Timestamp(minute))?, found.is_throttled()))
    };
    let newest = minutes.keys().rev().copied().find(|minute| known(*minute).is_some());
    let mut gathered = Gathered::default();
    let mut minute = minute_of(window.from);
    let mut gap = 0;
    while is_past(minute, SETTLED, window.to) {
        match known(minute) {
            Some((point, throttled)) => {
                gathered.points.push(point);
                gathered.throttled |= throttled;
                // Before the first there is nothing that could be missing: the stream may be young.
                gathered.missing += if gathered.points.len() > 1 { gap } else { 0 };
                gap = 0;
            }
            None if newest.is_some_and(|newest| newest > minute) || is_past(minute, LATE, window.to) => {
                gap += 1
            }
            None => gathered.late += 1,
        }
        if gathered.late == 0 {
            gathered.until = Some(policy::Timestamp(minute));
        }
        minute += MINUTE;
    }
    gathered
}

/// Whether a minute ended so long ago.
fn is_past(minute: i64, by: Duration, now: Timestamp) -> bool {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    now.duration_since(at(minute.saturating_add(MINUTE))) >= by
}

/// When the minute began that a moment is in.
#[must_use]
pub(crate) fn minute_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(MINUTE) * MINUTE
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::StreamName;
    use crate::signals::Measure;

    const START: i64 = 1_800_000_000;

    /// Of these minutes, each with as many bytes as its number, read `seconds` after the start.
    fn gathered(minutes: &[i64], seconds: i64) -> Gathered {
        let query = Query { stream: StreamName::new("s"), measure: Measure::IncomingBytes };
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let series =
            minutes.iter().map(|minute| (at(START + minute * MINUTE), *minute as f64 * 60.0)).collect();
        gather(&[query], &[series], Window { from: at(START), to: at(START + seconds) })
    }

    fn minute(minute: i64) -> Option<policy::Timestamp> {
        Some(policy::Timestamp(START + minute * MINUTE))
    }

    fn bytes(gathered: &Gathered) -> Vec<f64> {
        gathered.points.iter().map(|point| point.accepted.bytes_per_second).collect()
    }

    #[test]
    fn a_minute_is_taken_when_it_has_settled() {
        assert_eq!(bytes(&gathered(&[1, 0, 2], 3 * MINUTE + 29)), [0.0, 1.0]);
        assert_eq!(bytes(&gathered(&[1, 0, 2], 3 * MINUTE + 30)), [0.0, 1.0, 2.0]);
    }

    #[test]
    fn a_late_minute_is_waited_for_and_a_missing_one_is_not() {
        let waiting = gathered(&[0, 1], 4 * MINUTE);
        assert_eq!((bytes(&waiting).len(), waiting.late, waiting.missing), (2, 1, 0));
        let overtaken = gathered(&[0, 2], 4 * MINUTE);
        assert_eq!((bytes(&overtaken).len(), overtaken.late, overtaken.missing), (2, 0, 1));
        assert_eq!((waiting.until, overtaken.until), (minute(1), minute(2)));
        let old = gathered(&[0], 10 * MINUTE);
        assert_eq!(
            (old.late, old.missing),
            (2, 0),
            "what is older than late is a gap once something follows"
        );
        assert_eq!(old.until, minute(6), "and is not asked for again");
    }

    #[test]
    fn what_lies_before_the_first_point_is_no_gap() {
        assert_eq!(gathered(&[5, 6], 10 * MINUTE).missing, 0);
    }

    #[test]
    fn the_first_window_is_all_there_is_and_the_next_goes_on() {
        let now = at(START + 7);
        let first = window(None, now);
        assert_eq!(now.duration_since(first.from).as_hours(), 15 * 24 - 1);
        assert_eq!(window(Some(policy::Timestamp(START - 120)), now).from, at(START - 60));
        let ahead = window(Some(policy::Timestamp(START + 600)), now);
        assert!(ahead.from <= ahead.to, "a clock that was set back asks for nothing");
    }
}
