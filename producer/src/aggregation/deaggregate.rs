//! KCL's rules, one Kinesis record at a time: what becomes of it on its way to the user. [`unpack`] has the rules.

use bytes::Bytes;
use pipectl_shards::HashKeyRange;

use super::unpack::{Deaggregated, Parts, Unpacked, unpack};

/// A record as `GetRecords` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KinesisRecord {
    /// Its partition key; `"a"` for an aggregate.
    pub partition_key: String,
    /// Its sequence number.
    pub sequence_number: String,
    /// Its bytes.
    pub data: Bytes,
}

/// A user record, as it was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubRecord {
    /// The user's partition key.
    pub partition_key: String,
    /// The user's explicit hash key as it was written, if there was one.
    pub explicit_hash_key: Option<String>,
    /// The sequence number of the Kinesis record it came in.
    pub sequence_number: String,
    /// Its place in an aggregate, from 0; 0 for a record that is none. A checkpoint is both numbers.
    pub sub_sequence_number: u64,
    /// Whether it came in an aggregate.
    pub aggregated: bool,
    /// The user's bytes.
    pub data: Bytes,
}

/// The user records in a Kinesis record from the shard that owns `range`, exactly as KCL gives them.
///
/// An ordinary or damaged record comes through as it is; an aggregate with a record outside `range` gives
/// nothing.
#[must_use]
pub fn deaggregate(record: KinesisRecord, range: &HashKeyRange) -> Vec<SubRecord> {
    let unpacked = unpack([&record.data[..]], range).next();
    match unpacked {
        Some(Unpacked::Apart(parts)) => sub_records(&record, &parts),
        _ => vec![pass_through(record)],
    }
}

/// The same, but saying what KCL keeps quiet about.
///
/// # Errors
/// [`Deaggregated`] when something of the aggregate would be lost or passed through damaged. An ordinary
/// record is no error.
pub fn deaggregate_strictly(
    record: KinesisRecord,
    range: &HashKeyRange,
) -> Result<Vec<SubRecord>, Deaggregated> {
    let unpacked = unpack([&record.data[..]], range).next();
    match unpacked {
        Some(unpacked) if let Some(problem) = unpacked.problem() => Err(problem),
        Some(Unpacked::Apart(parts)) => Ok(sub_records(&record, &parts)),
        _ => Ok(vec![pass_through(record)]),
    }
}

/// The user records in a page of `GetRecords`, as [`deaggregate`] gives them one by one, in a fraction of the time.
#[must_use]
pub fn deaggregate_page(page: &[KinesisRecord], range: &HashKeyRange) -> Vec<SubRecord> {
    let mut given = Vec::new();
    for (record, unpacked) in page.iter().zip(unpack(page.iter().map(|record| &record.data[..]), range)) {
        match unpacked {
            Unpacked::Apart(parts) => given.extend(sub_records(record, &parts)),
            Unpacked::AsItIs(_) => given.push(pass_through(record.clone())),
        }
    }
    given
}

fn pass_through(record: KinesisRecord) -> SubRecord {
    SubRecord {
        partition_key: record.partition_key,
        explicit_hash_key: None,
        sequence_number: record.sequence_number,
        sub_sequence_number: 0,
        aggregated: false,
        data: record.data,
    }
}

fn sub_records(outer: &KinesisRecord, parts: &Parts<'_>) -> Vec<SubRecord> {
    let owned = parts.iter().map(|part| SubRecord {
        partition_key: part.partition_key.to_owned(),
        explicit_hash_key: part.explicit_hash_key.map(str::to_owned),
        sequence_number: outer.sequence_number.clone(),
        sub_sequence_number: part.sub_sequence_number,
        aggregated: true,
        data: outer.data.slice_ref(part.data),
    });
    owned.collect()
}

#[cfg(test)]
mod tests {
    use pipectl_shards::HashKey;

    use super::super::{Aggregator, DecodeError, MAGIC, UserRecord};
    use super::*;
    use crate::md5;

    const LOW: HashKeyRange = HashKeyRange::ALL;

    fn kinesis_record(data: impl Into<Bytes>) -> KinesisRecord {
        KinesisRecord { partition_key: "a".into(), sequence_number: "495".into(), data: data.into() }
    }

    fn framed(message: &[u8]) -> KinesisRecord {
        kinesis_record([&MAGIC[..], message, &md5::digest(message)].concat())
    }

    fn aggregate(hash_keys: &[u128]) -> KinesisRecord {
        let mut aggregator = Aggregator::default();
        for key in hash_keys {
            let data = key.to_string();
            aggregator.push(&UserRecord {
                partition_key: "key",
                explicit_hash_key: Some(HashKey(*key)),
                data: data.as_bytes(),
            });
        }
        kinesis_record(aggregator.take().unwrap().data)
    }

    #[test]
    fn sub_sequence_numbers_count_from_zero() {
        let records = deaggregate(aggregate(&[5, 6, 7]), &LOW);
        let seen: Vec<_> =
            records.iter().map(|r| (r.sub_sequence_number, &r.data[..], r.aggregated)).collect();
        assert_eq!(seen, [(0, &b"5"[..], true), (1, b"6", true), (2, b"7", true)]);
        assert!(
            records.iter().all(|record| record.sequence_number == "495" && record.partition_key == "key")
        );
    }

    #[test]
    fn one_record_outside_the_shard_drops_the_whole_aggregate() {
        let range = HashKeyRange::new(HashKey(0), HashKey(99)).unwrap();
        assert_eq!(deaggregate(aggregate(&[1, 100, 2]), &range), []);
        let problem = Deaggregated::OutOfRange { index: 1, records: 3 };
        assert_eq!(deaggregate_strictly(aggregate(&[1, 100, 2]), &range), Err(problem));
        assert_eq!(deaggregate(aggregate(&[0, 99]), &range).len(), 2);
    }

    #[test]
    fn an_ordinary_record_passes_through_in_either_mode() {
        let record = kinesis_record("plain");
        assert_eq!(deaggregate(record.clone(), &LOW), [pass_through(record.clone())]);
        assert_eq!(deaggregate_strictly(record.clone(), &LOW), Ok(vec![pass_through(record)]));
    }

    #[test]
    fn a_damaged_aggregate_passes_through_and_is_told_in_strict_mode() {
        let record = kinesis_record([&MAGIC[..], &[0; 40]].concat());
        assert_eq!(deaggregate(record.clone(), &LOW), [pass_through(record.clone())]);
        assert_eq!(deaggregate_strictly(record, &LOW), Err(Deaggregated::Damaged(DecodeError::Checksum)));
    }

    #[test]
    fn a_bad_index_loses_only_what_follows() {
        let good = [0x1a, 5, 0x08, 0, 0x1a, 1, b'x'];
        let bad = [0x1a, 5, 0x08, 9, 0x1a, 1, b'y'];
        let record = framed(&[&[0x0a, 1, b'k'][..], &good, &bad, &good].concat());
        let emitted = deaggregate(record.clone(), &LOW);
        assert_eq!(emitted.iter().map(|record| &record.data[..]).collect::<Vec<_>>(), [b"x"]);
        assert_eq!(deaggregate_strictly(record, &LOW), Err(Deaggregated::BadIndex { index: 1 }));
    }
}
