//! What one shard holds: its records in order, from the trim horizon to the newest.

use std::collections::VecDeque;

use super::limits::{ReadMeter, WriteMeter};
use super::pulse::Pulse;
use super::record::{Position, Record, Sequence};

/// A shard's records, and when it was opened and closed.
#[derive(Debug)]
pub(crate) struct ShardLog {
    records: VecDeque<Record>,
    pub(crate) first: Sequence,
    pub(crate) last: Option<Sequence>,
    pub(crate) opened: i64,
    pub(crate) closed: Option<i64>,
    pub(crate) writes: WriteMeter,
    pub(crate) reads: ReadMeter,
    /// How much comes in right now.
    pub(crate) pulse: Pulse,
}

/// A part of a shard's records.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) records: Vec<Record>,
    /// Where to go on; nothing at the end of a closed shard.
    pub(crate) next: Option<Position>,
    /// When the first record that was not read arrived.
    pub(crate) unread_since: Option<i64>,
}

impl Slice {
    /// What its records take in an answer: data and keys.
    pub(crate) fn size(&self) -> usize {
        self.records.iter().map(Record::size).sum()
    }
}

impl ShardLog {
    pub(crate) fn new(first: Sequence, opened: i64) -> Self {
        Self {
            records: VecDeque::new(),
            first,
            last: None,
            opened,
            closed: None,
            writes: WriteMeter::default(),
            reads: ReadMeter::default(),
            pulse: Pulse::default(),
        }
    }

    pub(crate) fn push(&mut self, record: Record) {
        self.records.push_back(record);
    }

    pub(crate) fn close(&mut self, last: Sequence, now: i64) {
        self.last = Some(last);
        self.closed = Some(now);
    }

    /// Drops what arrived before the horizon; returns the bytes it took.
    pub(crate) fn trim(&mut self, horizon: i64) -> u64 {
        let mut freed = 0;
        while let Some(record) = self.records.pop_front_if(|record| record.arrived < horizon) {
            freed += record.held_bytes();
        }
        if freed > 0 && self.records.capacity() > 64 && self.records.len() < self.records.capacity() / 4 {
            self.records.shrink_to(self.records.len() * 2);
        }
        freed
    }

    /// How many records it holds.
    pub(crate) fn count(&self) -> usize {
        self.records.len()
    }

    /// Bytes its records take in memory.
    pub(crate) fn held_bytes(&self) -> u64 {
        self.records.iter().map(Record::held_bytes).sum()
    }

    /// Drops the oldest record.
    pub(crate) fn pop_oldest(&mut self) -> Option<Record> {
        self.records.pop_front()
    }

    /// The place of the oldest record.
    pub(crate) fn oldest(&self) -> Option<Sequence> {
        self.records.front().map(|record| record.sequence)
    }

    /// The place of the first record that arrived at this time or later; where there is none, `latest`.
    pub(crate) fn at_time(&self, millis: i64, latest: Position) -> Position {
        let index = self.records.partition_point(|record| record.arrived < millis);
        self.records.get(index).map_or(latest, |record| Position::at(record.sequence))
    }

    /// At most `count` records of at most `bytes` together (one in any case) from `from` on.
    pub(crate) fn read(&self, from: Position, count: usize, bytes: usize) -> Slice {
        let start = self.records.partition_point(|record| record.sequence.0 < from.0);
        let mut taken = Vec::new();
        let mut size = 0;
        for record in self.records.range(start..).take(count) {
            size += record.size();
            if size > bytes && !taken.is_empty() {
                break;
            }
            taken.push(record.clone());
        }
        let unread = self.records.get(start + taken.len());
        let ended = unread.is_none() && self.last.is_some();
        let next = taken.last().map_or(from, |record| Position::after(record.sequence));
        Slice {
            records: taken,
            next: if ended { None } else { Some(next) },
            unread_since: unread.map(|record| record.arrived),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn log(arrivals: &[i64]) -> ShardLog {
        let mut log = ShardLog::new(Sequence(1), 0);
        for (index, arrived) in arrivals.iter().enumerate() {
            log.push(Record {
                sequence: Sequence(10 + u64::try_from(index).unwrap()),
                arrived: *arrived,
                partition_key: "k".into(),
                data: Bytes::from_static(&[0; 9]),
            });
        }
        log
    }

    fn places(slice: &Slice) -> Vec<u64> {
        slice.records.iter().map(|record| record.sequence.0).collect()
    }

    #[test]
    fn reading_goes_on_where_it_stopped() {
        let log = log(&[1, 2, 3]);
        let first = log.read(Position::TRIM_HORIZON, 2, 1000);
        assert_eq!((places(&first), first.unread_since), (vec![10, 11], Some(3)));
        let second = log.read(first.next.unwrap(), 2, 1000);
        assert_eq!((places(&second), second.unread_since), (vec![12], None));
        let third = log.read(second.next.unwrap(), 2, 1000);
        assert_eq!((third.records.len(), third.next), (0, second.next));
    }

    #[test]
    fn an_answer_is_bounded_in_bytes_but_never_stuck() {
        let log = log(&[1, 2, 3]);
        assert_eq!(places(&log.read(Position::TRIM_HORIZON, 10, 25)), [10, 11]);
        assert_eq!(places(&log.read(Position::TRIM_HORIZON, 10, 1)), [10]);
    }

    #[test]
    fn a_closed_shard_ends_after_its_last_record_and_not_before() {
        let mut log = log(&[1, 2]);
        log.close(Sequence(99), 5);
        let first = log.read(Position::TRIM_HORIZON, 1, 1000);
        assert!(first.next.is_some());
        assert_eq!(log.read(first.next.unwrap(), 10, 1000).next, None);
    }

    #[test]
    fn a_time_finds_the_first_record_that_is_not_older() {
        let log = log(&[10, 20, 20, 30]);
        let latest = Position(1000);
        assert_eq!(log.at_time(0, latest), Position(10));
        assert_eq!(log.at_time(20, latest), Position(11));
        assert_eq!(log.at_time(21, latest), Position(13));
        assert_eq!(log.at_time(31, latest), latest);
    }

    #[test]
    fn trimming_drops_what_is_older_than_the_horizon_and_nothing_else() {
        let mut log = log(&[10, 20, 30]);
        let each = log.records[0].held_bytes();
        assert_eq!(log.trim(20), each);
        assert_eq!(places(&log.read(Position::TRIM_HORIZON, 10, 1000)), [11, 12]);
    }
}
