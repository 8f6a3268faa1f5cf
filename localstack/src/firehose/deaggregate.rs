//! Takes KPL's aggregates apart: Firehose delivers, and hands to a transform, what the producer's users put.
//!
//! An aggregate is four magic bytes, a protobuf message and the message's MD5. What looks like one and is not
//! passes through as it is: a record must not be lost because its first bytes happen to be these four.
//!
//! Written here for itself rather than shared with the producer, which this endpoint is there to test.

use std::sync::Arc;

use bytes::Bytes;
use md5::{Digest as _, Md5};

const MAGIC: [u8; 4] = [0xf3, 0x89, 0x9a, 0xc2];
const CHECKSUM: usize = 16;

/// One record of an aggregate. Its data shares the aggregate's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserRecord {
    /// The partition key its user chose.
    pub(crate) partition_key: Arc<str>,
    /// Its data.
    pub(crate) data: Bytes,
}

/// The records of an aggregate; `None` when `data` is none.
pub(crate) fn user_records(data: &Bytes) -> Option<Vec<UserRecord>> {
    let body = data.strip_prefix(&MAGIC)?;
    let message_length = body.len().checked_sub(CHECKSUM).filter(|length| *length > 0)?;
    let (message, checksum) = body.split_at(message_length);
    if Md5::digest(message)[..] != *checksum {
        return None;
    }
    let message = data.slice(MAGIC.len()..MAGIC.len() + message_length);
    let mut keys: Vec<Arc<str>> = Vec::new();
    let mut records = Vec::new();
    for field in fields(&message)? {
        match field {
            (1, Value::Bytes(key)) => keys.push(std::str::from_utf8(&key).ok()?.into()),
            (3, Value::Bytes(record)) => records.push(parts(&record)?),
            _ => {}
        }
    }
    // The tables may come after the records: they are looked up when everything was read.
    records
        .into_iter()
        .map(|(key, data)| {
            let partition_key = keys.get(usize::try_from(key).ok()?).cloned()?;
            Some(UserRecord { partition_key, data })
        })
        .collect()
}

/// A record's index into the table of keys, and its data.
fn parts(record: &Bytes) -> Option<(u64, Bytes)> {
    let (mut key, mut data) = (None, None);
    for field in fields(record)? {
        match field {
            (1, Value::Number(index)) => key = Some(index),
            (3, Value::Bytes(bytes)) => data = Some(bytes),
            _ => {}
        }
    }
    Some((key?, data?))
}

/// The value of a protobuf field.
enum Value {
    Number(u64),
    Bytes(Bytes),
    /// Of fixed width: nothing here has such a field.
    Other,
}

/// The fields of a message with their numbers; `None` when it is not protobuf.
fn fields(message: &Bytes) -> Option<Vec<(u64, Value)>> {
    let mut fields = Vec::new();
    let mut at = 0;
    while at < message.len() {
        let tag = varint(message, &mut at)?;
        let value = match tag & 7 {
            0 => Value::Number(varint(message, &mut at)?),
            1 => skip(message, &mut at, 8)?,
            2 => {
                let length = usize::try_from(varint(message, &mut at)?).ok()?;
                let start = at;
                skip(message, &mut at, length)?;
                Value::Bytes(message.slice(start..at))
            }
            5 => skip(message, &mut at, 4)?,
            _ => return None,
        };
        fields.push((tag >> 3, value));
    }
    Some(fields)
}

fn skip(message: &[u8], at: &mut usize, length: usize) -> Option<Value> {
    let end = at.checked_add(length).filter(|end| *end <= message.len())?;
    *at = end;
    Some(Value::Other)
}

fn varint(message: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *message.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn length_delimited(field: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![field << 3 | 2];
        let mut length = bytes.len();
        while length >= 0x80 {
            out.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        out.push(u8::try_from(length).unwrap());
        out.extend_from_slice(bytes);
        out
    }

    fn record(key: u8, data: &[u8]) -> Vec<u8> {
        let mut record = vec![1 << 3, key];
        record.extend(length_delimited(3, data));
        length_delimited(3, &record)
    }

    fn aggregate(message: &[u8]) -> Bytes {
        Bytes::from([&MAGIC[..], message, &Md5::digest(message)[..]].concat())
    }

    fn texts(data: &Bytes) -> Option<Vec<(String, String)>> {
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let records = user_records(data)?;
        Some(records.iter().map(|record| (record.partition_key.to_string(), text(&record.data))).collect())
    }

    fn pair(key: &str, data: &str) -> (String, String) {
        (key.to_owned(), data.to_owned())
    }

    #[test]
    fn an_aggregate_comes_apart() {
        let message =
            [length_delimited(1, b"a"), length_delimited(1, b"b"), record(1, b"one"), record(0, b"")];
        let data = aggregate(&message.concat());
        assert_eq!(texts(&data), Some(vec![pair("b", "one"), pair("a", "")]));
    }

    #[test]
    fn keys_may_come_after_the_records_and_unknown_fields_are_skipped() {
        let message = [
            record(0, b"one"),
            length_delimited(9, b"?"),
            vec![8 << 3 | 5, 1, 2, 3, 4],
            length_delimited(1, b"a"),
        ];
        assert_eq!(texts(&aggregate(&message.concat())), Some(vec![pair("a", "one")]));
    }

    #[test]
    fn what_only_looks_like_an_aggregate_is_none() {
        let good = [length_delimited(1, b"a"), record(0, b"one")].concat();
        let mut wrong_checksum = aggregate(&good).to_vec();
        *wrong_checksum.last_mut().unwrap() ^= 1;
        for data in [
            Bytes::from_static(b"plain"),
            Bytes::from_static(&MAGIC),
            Bytes::from([&MAGIC[..], &[0; CHECKSUM]].concat()),
            Bytes::from(wrong_checksum),
            aggregate(b"\xff\xff not protobuf"),
            aggregate(&[length_delimited(1, b"a"), record(1, b"no such key")].concat()),
            aggregate(&[length_delimited(1, &[0xff]), record(0, b"key is no text")].concat()),
        ] {
            assert_eq!(user_records(&data), None, "{data:?}");
        }
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(message in prop::collection::vec(any::<u8>(), 0..200)) {
            user_records(&aggregate(&message));
        }

        #[test]
        fn what_was_put_in_comes_out(all in prop::collection::vec(("[a-z]{1,9}", prop::collection::vec(any::<u8>(), 0..300)), 1..20)) {
            let keys = all.iter().flat_map(|(key, _)| length_delimited(1, key.as_bytes()));
            let records = (0_u8..).zip(&all).flat_map(|(index, (_, data))| record(index, data));
            let data = aggregate(&keys.chain(records).collect::<Vec<u8>>());
            let read = user_records(&data).unwrap();
            let read: Vec<(String, Vec<u8>)> =
                read.iter().map(|record| (record.partition_key.to_string(), record.data.to_vec())).collect();
            prop_assert_eq!(read, all);
        }
    }
}
