//! How an on-demand stream grows.
//!
//! AWS: such a stream starts with 4 MB/s in, takes up to twice the peak of the last 30 days, is throttled where
//! traffic more than doubles within 15 minutes, and is given more shards as traffic grows. Its shards have the same
//! limits as any.
//!
//! The model: traffic is counted by the minute. When a minute has ended, the stream wants twice the shards which that
//! minute's mean filled; where it has fewer, the widest are split. So a stream that is filled to its limit doubles
//! within minutes, and its growth is seen as UPDATING. It keeps what it has: AWS takes shards back only when the peak
//! has not been reached for 30 days.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use pipectl_shards::{HashKeyRange, limits};

use super::super::reshard::Step;

/// It takes so many times its peak.
const HEADROOM: u64 = 2;
const MINUTE_MILLIS: i64 = 60_000;
const MINUTE_SECONDS: u64 = 60;

/// The accepted traffic of the minute under way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Demand {
    minute: i64,
    bytes: u64,
    records: u64,
}

impl Demand {
    /// Counts what was accepted now.
    pub(crate) fn note(&mut self, bytes: usize, records: u64) {
        self.bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
        self.records += records;
    }

    /// At the turn of a minute: the shards that the passed one asks for.
    pub(crate) fn turn(&mut self, now: i64) -> Option<u64> {
        let minute = now.div_euclid(MINUTE_MILLIS);
        if minute <= self.minute {
            return None;
        }
        let passed = std::mem::replace(self, Self { minute, bytes: 0, records: 0 });
        let by_bytes = (passed.bytes * HEADROOM).div_ceil(limits::WRITE_BYTES_PER_SECOND * MINUTE_SECONDS);
        let by_records =
            (passed.records * HEADROOM).div_ceil(limits::WRITE_RECORDS_PER_SECOND * MINUTE_SECONDS);
        Some(by_bytes.max(by_records))
    }
}

/// The splits that take a stream from these open ranges to so many: the widest first, each in the middle.
pub(crate) fn growth(open: &[HashKeyRange], wanted: usize) -> Vec<Step> {
    let width = |range: &HashKeyRange| range.end().0 - range.start().0;
    let mut ranges: BinaryHeap<_> =
        open.iter().map(|range| (width(range), Reverse(range.start()), range.end())).collect();
    let mut steps = Vec::new();
    while ranges.len() < wanted {
        let Some((_, Reverse(start), end)) = ranges.pop() else { break };
        let halves = HashKeyRange::new(start, end).ok().and_then(|range| {
            let at = range.midpoint()?;
            Some((at, range.split_at(at).ok()?))
        });
        // A range of one key is the narrowest there is: all others are too.
        let Some((at, (one, other))) = halves else { break };
        steps.push(Step::Split { at });
        ranges.extend([one, other].map(|range| (width(&range), Reverse(range.start()), range.end())));
    }
    steps
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn a_filled_stream_wants_twice_what_it_has_when_the_minute_is_over() {
        let mut demand = Demand::default();
        assert_eq!(demand.turn(60_000), Some(0));
        demand.note(4 * 60 * MIB, 1000);
        assert_eq!(demand.turn(119_999), None);
        assert_eq!(demand.turn(120_000), Some(8));
        assert_eq!(demand.turn(180_000), Some(0));
    }

    #[test]
    fn records_count_where_there_are_many_small_ones() {
        let mut demand = Demand::default();
        demand.turn(60_000);
        demand.note(1, 60 * 5_001);
        assert_eq!(demand.turn(120_000), Some(11));
    }

    #[test]
    fn the_widest_shards_are_split_first() {
        let open = HashKeyRange::uniform(NonZeroU32::new(4).unwrap());
        let steps = growth(&open, 6);
        let [Step::Split { at: first }, Step::Split { at: second }] = steps[..] else { panic!("{steps:?}") };
        assert!(open[0].contains(first) ^ open[0].contains(second) || !open[0].contains(first));
        assert_eq!(growth(&open, 4), []);
        assert_eq!(growth(&open, 16).len(), 12);
    }
}
