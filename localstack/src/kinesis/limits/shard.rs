//! What one shard takes in and gives out in a second.

use pipectl_shards::limits;

use super::bucket::{Bucket, Rate};

const WRITE_BYTES: Rate = Rate::per_second(limits::WRITE_BYTES_PER_SECOND);
const WRITE_RECORDS: Rate = Rate::per_second(limits::WRITE_RECORDS_PER_SECOND);
const READ_BYTES: Rate = Rate::per_second(limits::READ_BYTES_PER_SECOND);
const READ_CALLS: Rate = Rate::per_second(limits::READ_CALLS_PER_SECOND);
/// `GetShardIterator` calls a shard answers in a second.
const ITERATORS: Rate = Rate::per_second(5);

/// Which limit stood in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Throttle {
    /// Bytes a second.
    Bytes,
    /// Records a second.
    Records,
    /// Calls a second.
    Calls,
}

/// What a shard takes in: 1 MiB and 1,000 records a second, whoever writes them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WriteMeter {
    bytes: Bucket,
    records: Bucket,
}

impl WriteMeter {
    /// Whether a record of this size (data and key) passes; one that does is counted, one that does not is not.
    ///
    /// A record that is larger than a second's worth passes whenever there is no debt, and leaves one.
    pub(crate) fn admit(&mut self, size: usize, now: i64) -> Result<(), Throttle> {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        self.records.fill(WRITE_RECORDS, now);
        self.bytes.fill(WRITE_BYTES, now);
        if !self.records.has(1) {
            return Err(Throttle::Records);
        }
        let fits =
            if size > WRITE_BYTES.capacity() { self.bytes.is_positive() } else { self.bytes.has(size) };
        if !fits {
            return Err(Throttle::Bytes);
        }
        self.records.take(1);
        self.bytes.take(size);
        Ok(())
    }
}

/// What a shard gives out: 2 MiB a second in five `GetRecords` calls, shared by all who call it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReadMeter {
    bytes: Bucket,
    calls: Bucket,
    iterators: Bucket,
}

impl ReadMeter {
    /// Whether a `GetRecords` call passes. It is counted if so; [`charge`](Self::charge) follows.
    pub(crate) fn call(&mut self, now: i64) -> Result<(), Throttle> {
        self.calls.fill(READ_CALLS, now);
        if !self.calls.has(1) {
            return Err(Throttle::Calls);
        }
        if !self.is_ready(now) {
            return Err(Throttle::Bytes);
        }
        self.calls.take(1);
        Ok(())
    }

    /// Whether bytes may be read: what was read before is paid for.
    pub(crate) fn is_ready(&mut self, now: i64) -> bool {
        self.bytes.fill(READ_BYTES, now);
        self.bytes.is_positive()
    }

    /// Counts an answer's bytes. One of more than a second's worth is paid for in full from now on: after 10 MiB
    /// nothing is read for the next five seconds.
    pub(crate) fn charge(&mut self, bytes: usize, now: i64) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.bytes.fill(READ_BYTES, now);
        if bytes > READ_BYTES.capacity() {
            self.bytes.forfeit();
        }
        self.bytes.take(bytes);
    }

    /// Whether a `GetShardIterator` call passes.
    pub(crate) fn iterator(&mut self, now: i64) -> Result<(), Throttle> {
        self.iterators.fill(ITERATORS, now);
        if !self.iterators.has(1) {
            return Err(Throttle::Calls);
        }
        self.iterators.take(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn two_who_flood_a_shard_share_a_thousand_records_a_second() {
        let mut meter = WriteMeter::default();
        let mut passed = [0_i64; 2];
        let mut by_second = Vec::new();
        for now in 0..60_000 {
            let before: i64 = passed.iter().sum();
            for (turn, client) in [0, 1, 1, 0].into_iter().enumerate() {
                // They do not send in step: each skips calls of its own.
                if (now + i64::try_from(turn).unwrap()) % 3 != 0 {
                    passed[client] += i64::from(meter.admit(100, now).is_ok());
                }
            }
            by_second.push(passed.iter().sum::<i64>() - before);
        }
        let total: i64 = passed.iter().sum();
        // Flooded from the start: a second's worth was saved up, then the rate, exactly.
        assert!((60_990..=61_000).contains(&total), "{total}");
        for second in by_second.chunks(1000).skip(1) {
            let in_second: i64 = second.iter().sum();
            assert!((990..=1010).contains(&in_second), "{in_second}");
        }
        assert!(passed.iter().all(|passed| *passed > 20_000), "{passed:?}");
    }

    #[test]
    fn bytes_stop_a_shard_before_records_do() {
        let mut meter = WriteMeter::default();
        assert_eq!(meter.admit(MIB, 0), Ok(()));
        assert_eq!(meter.admit(1, 0), Err(Throttle::Bytes));
        assert_eq!(meter.admit(MIB / 2, 500), Ok(()));
        assert_eq!(meter.admit(MIB, 1499), Err(Throttle::Bytes));
        assert_eq!(meter.admit(MIB, 1500), Ok(()));
    }

    #[test]
    fn what_is_refused_costs_nothing() {
        let mut meter = WriteMeter::default();
        assert_eq!(meter.admit(MIB, 0), Ok(()));
        for _ in 0..5000 {
            assert_eq!(meter.admit(10, 0), Err(Throttle::Bytes));
        }
        assert_eq!(meter.admit(10, 1), Ok(()));
    }

    #[test]
    fn a_record_of_ten_mebibytes_passes_and_is_paid_back_over_ten_seconds() {
        let mut meter = WriteMeter::default();
        assert_eq!(meter.admit(10 * MIB, 0), Ok(()));
        assert_eq!(meter.admit(1, 8_999), Err(Throttle::Bytes));
        assert_eq!(meter.admit(1, 9_001), Ok(()));
        let mut under_load = WriteMeter::default();
        for now in 0..1000 {
            assert_eq!(under_load.admit(MIB / 1100, now), Ok(()));
        }
        assert_eq!(under_load.admit(10 * MIB, 1000), Ok(()));
    }

    #[test]
    fn five_reads_a_second_and_no_sixth() {
        let mut meter = ReadMeter::default();
        for _ in 0..5 {
            assert_eq!(meter.call(0), Ok(()));
            assert_eq!(meter.iterator(0), Ok(()));
        }
        assert_eq!(meter.call(199), Err(Throttle::Calls));
        assert_eq!(meter.iterator(199), Err(Throttle::Calls));
        assert_eq!(meter.call(200), Ok(()));
        assert_eq!(meter.iterator(200), Ok(()));
    }

    #[test]
    fn an_answer_of_ten_mebibytes_blocks_the_next_five_seconds() {
        let mut meter = ReadMeter::default();
        assert_eq!(meter.call(0), Ok(()));
        meter.charge(10 * MIB, 0);
        assert_eq!(meter.call(4_999), Err(Throttle::Bytes));
        assert_eq!(meter.call(5_001), Ok(()));
    }

    #[test]
    fn small_answers_share_two_mebibytes_a_second() {
        let mut meter = ReadMeter::default();
        let mut bytes = 0;
        for now in (0..10_000).step_by(200) {
            if meter.call(now).is_ok() {
                meter.charge(MIB, now);
                bytes += MIB;
            }
        }
        assert!((20 * MIB..=23 * MIB).contains(&bytes), "{}", bytes / MIB);
    }

    proptest! {
        #[test]
        fn never_more_passes_than_the_rates_allow(
            records in proptest::collection::vec((0_i64..50, 1_usize..2 * MIB), 1..300),
        ) {
            let mut meter = WriteMeter::default();
            let (mut now, mut bytes, mut count) = (0, 0_i64, 0_i64);
            for (wait, size) in records {
                now += wait;
                if meter.admit(size, now).is_ok() {
                    bytes += i64::try_from(size).unwrap();
                    count += 1;
                }
                let mib = i64::try_from(MIB).unwrap();
                // One large record may be owed for.
                prop_assert!(bytes * 1000 <= mib * (now + 1000) + 2 * mib * 1000);
                prop_assert!(count <= now + 1000);
            }
        }
    }
}
