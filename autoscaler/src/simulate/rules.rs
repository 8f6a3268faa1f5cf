//! AWS's resharding rules, as a checker of schedules that shares nothing with whatever made the schedule.
//!
//! A schedule says, minute by minute, how many shards served and which operations were called. The checker goes
//! through it with no more than AWS's documentation: `UpdateShardCount` at most doubles, at least halves, at most ten
//! times in a rolling day, and nothing else while it runs; splits and merges run one at a time.

use std::collections::VecDeque;
use std::fmt;

/// `UpdateShardCount` calls in a rolling day.
pub const UPDATES_PER_DAY: usize = 10;
/// Minutes in that day.
const DAY: usize = 24 * 60;
/// Minutes that an `UpdateShardCount` takes in the model.
pub const UPDATE_MINUTES: usize = 5;
/// Splits and merges that fit a minute, at 30 s each.
pub const SERIAL_PER_MINUTE: usize = 2;

/// What was called in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `UpdateShardCount` to this target.
    UpdateShardCount(u32),
    /// `SplitShard`.
    Split,
    /// `MergeShards`.
    Merge,
}

impl fmt::Display for Call {
    /// As it stands in a schedule.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpdateShardCount(target) => write!(f, "update-shard-count {target}"),
            Self::Split => f.write_str("split"),
            Self::Merge => f.write_str("merge"),
        }
    }
}

/// One minute of a schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// Shards that served in it.
    pub open_shards: u32,
    /// What was called in it, in order.
    pub calls: Vec<Call>,
}

/// A rule that a schedule breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A call while an `UpdateShardCount` runs.
    #[error("minute {minute}: the stream is UPDATING until minute {until}")]
    Updating {
        /// When it was called.
        minute: usize,
        /// When the running update ends.
        until: usize,
    },
    /// More than twice, or less than half, of the open shards; or none.
    #[error("minute {minute}: from {from} shards, {target} is out of reach of one call")]
    OutOfReach {
        /// When it was called.
        minute: usize,
        /// Open shards then.
        from: u32,
        /// What was asked for.
        target: u32,
    },
    /// The eleventh in a rolling day.
    #[error("minute {minute}: more than {UPDATES_PER_DAY} UpdateShardCount calls in 24 hours")]
    DayBudget {
        /// When it was called.
        minute: usize,
    },
    /// More serial operations than fit the minute.
    #[error(
        "minute {minute}: more than {SERIAL_PER_MINUTE} splits and merges in a minute, or beside an UpdateShardCount"
    )]
    TooManyAtOnce {
        /// When they were called.
        minute: usize,
    },
    /// The shards that served are not those that the calls before it made.
    #[error("minute {minute}: {found} shards served where the calls so far make {expected}")]
    WrongCount {
        /// When.
        minute: usize,
        /// What the calls make.
        expected: u32,
        /// What the schedule says.
        found: u32,
    },
}

/// Checks a schedule from its first minute on, whose shards are taken as given.
///
/// # Errors
/// The first rule that is broken.
pub fn check(schedule: &[Minute]) -> Result<(), Violation> {
    let mut open = schedule.first().map_or(0, |minute| minute.open_shards);
    let mut running: Option<(usize, u32)> = None;
    let mut updates: VecDeque<usize> = VecDeque::new();
    for (minute, row) in schedule.iter().enumerate() {
        if let Some((_, target)) = running.take_if(|(until, _)| *until <= minute) {
            open = target;
        }
        if row.open_shards != open {
            return Err(Violation::WrongCount { minute, expected: open, found: row.open_shards });
        }
        if let Some((until, _)) = running.filter(|_| !row.calls.is_empty()) {
            return Err(Violation::Updating { minute, until });
        }
        match row.calls[..] {
            [Call::UpdateShardCount(target)] => {
                reachable(minute, open, target)?;
                within_day(&mut updates, minute)?;
                running = Some((minute + UPDATE_MINUTES, target));
            }
            _ => open = after_serial(minute, open, &row.calls)?,
        }
    }
    Ok(())
}

fn reachable(minute: usize, from: u32, target: u32) -> Result<(), Violation> {
    let reachable = target > 0 && target <= from.saturating_mul(2) && target.saturating_mul(2) >= from;
    if reachable { Ok(()) } else { Err(Violation::OutOfReach { minute, from, target }) }
}

fn within_day(updates: &mut VecDeque<usize>, minute: usize) -> Result<(), Violation> {
    while updates.front().is_some_and(|earlier| earlier + DAY <= minute) {
        updates.pop_front();
    }
    updates.push_back(minute);
    if updates.len() > UPDATES_PER_DAY { Err(Violation::DayBudget { minute }) } else { Ok(()) }
}

fn after_serial(minute: usize, mut open: u32, calls: &[Call]) -> Result<u32, Violation> {
    if calls.len() > SERIAL_PER_MINUTE {
        return Err(Violation::TooManyAtOnce { minute });
    }
    for call in calls {
        open = match call {
            Call::UpdateShardCount(_) => return Err(Violation::TooManyAtOnce { minute }),
            Call::Split => open + 1,
            Call::Merge if open > 1 => open - 1,
            Call::Merge => return Err(Violation::OutOfReach { minute, from: open, target: 0 }),
        };
    }
    Ok(open)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Call::{Merge, Split, UpdateShardCount};

    fn row(open_shards: u32, calls: &[Call]) -> Minute {
        Minute { open_shards, calls: calls.to_vec() }
    }

    /// A schedule with these calls, and nothing called for `rest` minutes after.
    fn schedule(rows: &[(u32, &[Call])]) -> Vec<Minute> {
        rows.iter().map(|(open, calls)| row(*open, calls)).collect()
    }

    #[test]
    fn an_update_serves_after_five_minutes() {
        let mut rows =
            schedule(&[(2, &[UpdateShardCount(4)]), (2, &[]), (2, &[]), (2, &[]), (2, &[]), (4, &[])]);
        assert_eq!(check(&rows), Ok(()));
        rows[4].open_shards = 4;
        assert_eq!(check(&rows), Err(Violation::WrongCount { minute: 4, expected: 2, found: 4 }));
    }

    #[test]
    fn nothing_is_called_while_an_update_runs() {
        for call in [Split, Merge, UpdateShardCount(3)] {
            let rows = schedule(&[(2, &[UpdateShardCount(4)]), (2, &[call])]);
            assert_eq!(check(&rows), Err(Violation::Updating { minute: 1, until: 5 }));
        }
    }

    #[test]
    fn more_than_double_and_less_than_half_are_out_of_reach() {
        for (from, target, legal) in [
            (4, 8, true),
            (4, 9, false),
            (4, 2, true),
            (4, 1, false),
            (5, 3, true),
            (5, 2, false),
            (1, 0, false),
        ] {
            let rows = schedule(&[(from, &[UpdateShardCount(target)])]);
            let expected =
                if legal { Ok(()) } else { Err(Violation::OutOfReach { minute: 0, from, target }) };
            assert_eq!(check(&rows), expected, "{from} to {target}");
        }
    }

    #[test]
    fn the_eleventh_update_of_a_rolling_day_is_one_too_many() {
        // One every 144 minutes is exactly ten a day; one minute sooner is eleven within a day.
        let every = |gap: usize| {
            let call_at = |minute: usize| {
                if minute.is_multiple_of(gap) { vec![UpdateShardCount(2)] } else { Vec::new() }
            };
            (0..=gap * 10).map(|minute| Minute { open_shards: 2, calls: call_at(minute) }).collect::<Vec<_>>()
        };
        assert_eq!(check(&every(144)), Ok(()));
        assert_eq!(check(&every(143)), Err(Violation::DayBudget { minute: 1430 }));
    }

    #[test]
    fn two_splits_or_merges_fit_a_minute_and_serve_in_the_next() {
        assert_eq!(check(&schedule(&[(2, &[Split, Split]), (4, &[Merge]), (3, &[])])), Ok(()));
        let three = schedule(&[(2, &[Split, Split, Split])]);
        assert_eq!(check(&three), Err(Violation::TooManyAtOnce { minute: 0 }));
        let beside = schedule(&[(2, &[Split, UpdateShardCount(4)])]);
        assert_eq!(check(&beside), Err(Violation::TooManyAtOnce { minute: 0 }));
    }

    #[test]
    fn the_last_shard_is_not_merged_away() {
        assert!(check(&schedule(&[(1, &[Merge])])).is_err());
    }
}
