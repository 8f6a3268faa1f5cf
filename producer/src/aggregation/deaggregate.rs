//! KCL's rules: what becomes of a Kinesis record on its way to the user.

use bytes::Bytes;
use pipectl_shards::{HashKey, HashKeyRange};

use super::decode::{DecodeError, Decoded, DecodedRecord, decode};

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

/// Why part of an aggregate, or all of it, is not given to the user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Deaggregated {
    /// It looks like an aggregate and is damaged; KCL passes it through as it is.
    #[error("the aggregate is damaged: {0}")]
    Damaged(DecodeError),
    /// A record refers to a key that is not in the table; KCL gives what came before it and loses the rest.
    #[error("record {index} of the aggregate refers to a key that is not there")]
    BadIndex {
        /// Its place in the aggregate.
        index: usize,
    },
    /// A record's explicit hash key is no number; KCL gives what came before it and loses the rest.
    #[error("record {index} of the aggregate has an explicit hash key that is no number")]
    BadHashKey {
        /// Its place in the aggregate.
        index: usize,
    },
    /// A record's hash key lies outside the shard's range, because the shard was split or merged while the
    /// aggregate was in flight; KCL drops the whole aggregate.
    #[error("record {index} of the aggregate belongs to another shard, so all {records} are dropped")]
    OutOfRange {
        /// Its place in the aggregate.
        index: usize,
        /// Records in the aggregate.
        records: usize,
    },
}

/// The user records in a Kinesis record from the shard that owns `range`, exactly as KCL gives them.
///
/// An ordinary or damaged record comes through as it is; an aggregate with a record outside `range` gives
/// nothing.
#[must_use]
pub fn deaggregate(record: KinesisRecord, range: &HashKeyRange) -> Vec<SubRecord> {
    match decode(&record.data) {
        Err(_) => vec![pass_through(record)],
        Ok(decoded) => sub_records(&record, &decoded, range).0,
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
    match decode(&record.data) {
        Err(DecodeError::NoMagic) => Ok(vec![pass_through(record)]),
        Err(damage) => Err(Deaggregated::Damaged(damage)),
        Ok(decoded) => match sub_records(&record, &decoded, range) {
            (records, None) => Ok(records),
            (_, Some(problem)) => Err(problem),
        },
    }
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

/// What KCL emits, and why it stopped early if it did.
fn sub_records(
    outer: &KinesisRecord,
    decoded: &Decoded,
    range: &HashKeyRange,
) -> (Vec<SubRecord>, Option<Deaggregated>) {
    let mut emitted = Vec::with_capacity(decoded.records.len());
    for (index, record) in decoded.records.iter().enumerate() {
        let Some((partition_key, explicit_hash_key)) = keys(decoded, record) else {
            return (emitted, Some(Deaggregated::BadIndex { index }));
        };
        let hash_key = match &explicit_hash_key {
            None => Some(HashKey::of_partition_key(&partition_key)),
            Some(text) => match java_big_integer(text) {
                Err(NotANumber) => return (emitted, Some(Deaggregated::BadHashKey { index })),
                Ok(hash_key) => hash_key,
            },
        };
        if !hash_key.is_some_and(|hash_key| range.contains(hash_key)) {
            return (Vec::new(), Some(Deaggregated::OutOfRange { index, records: decoded.records.len() }));
        }
        emitted.push(SubRecord {
            partition_key,
            explicit_hash_key,
            sequence_number: outer.sequence_number.clone(),
            sub_sequence_number: index as u64,
            aggregated: true,
            data: record.data.clone(),
        });
    }
    (emitted, None)
}

fn keys(decoded: &Decoded, record: &DecodedRecord) -> Option<(String, Option<String>)> {
    let text = |key: &Bytes| String::from_utf8_lossy(key).into_owned();
    let partition_key = decoded.partition_keys.get(java_int(record.partition_key)?).map(text)?;
    match record.explicit_hash_key {
        None => Some((partition_key, None)),
        Some(index) => {
            decoded.explicit_hash_keys.get(java_int(index)?).map(|key| (partition_key, Some(text(key))))
        }
    }
}

/// An index as KCL uses it: the low 32 bits of the number, where the sign bit means out of range.
fn java_int(index: u64) -> Option<usize> {
    usize::try_from(index & u64::from(u32::MAX)).ok().filter(|low| i32::try_from(*low).is_ok())
}

struct NotANumber;

/// A decimal number as Java's `BigInteger` reads it, signs and leading zeros included; `Ok(None)` for one that
/// lies outside the hash-key space.
fn java_big_integer(text: &str) -> Result<Option<HashKey>, NotANumber> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotANumber);
    }
    let number = digits.parse::<u128>().ok();
    Ok(number.filter(|number| !negative || *number == 0).map(HashKey))
}

#[cfg(test)]
mod tests {
    use md5::{Digest, Md5};

    use super::super::{Aggregator, MAGIC, UserRecord};
    use super::*;

    const LOW: HashKeyRange = HashKeyRange::ALL;

    fn kinesis_record(data: impl Into<Bytes>) -> KinesisRecord {
        KinesisRecord { partition_key: "a".into(), sequence_number: "495".into(), data: data.into() }
    }

    fn framed(message: &[u8]) -> KinesisRecord {
        kinesis_record([&MAGIC[..], message, &Md5::digest(message)[..]].concat())
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

    #[test]
    fn an_index_is_cut_to_32_bits_as_in_java() {
        assert_eq!(java_int(1 << 32), Some(0));
        assert_eq!(java_int(1 << 31), None);
        assert_eq!(java_int(u64::MAX), None);
    }

    #[test]
    fn explicit_hash_keys_are_read_as_java_reads_numbers() {
        let read = |text| java_big_integer(text).map_err(|NotANumber| ());
        assert_eq!(read("007"), Ok(Some(HashKey(7))));
        assert_eq!(read("+7"), Ok(Some(HashKey(7))));
        assert_eq!(read("-0"), Ok(Some(HashKey(0))));
        assert_eq!(read("-1"), Ok(None));
        assert_eq!(read("340282366920938463463374607431768211456"), Ok(None));
        for text in ["", "+", "0x7", " 7", "7.0"] {
            assert_eq!(read(text), Err(()), "{text:?}");
        }
    }
}
