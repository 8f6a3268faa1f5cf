//! The bytes of an aggregated record, read without copying and without believing them.

use super::wire::{Fields, Value};
use super::{CHECKSUM_BYTES, MAGIC};
use crate::md5;

/// Why bytes are not an aggregated record. KCL passes such a record through as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It does not start with [`MAGIC`]: an ordinary record.
    #[error("it does not start with the magic bytes of an aggregated record")]
    NoMagic,
    /// There is nothing between the magic and the checksum.
    #[error("it is too short to hold a message and its checksum")]
    TooShort,
    /// The MD5 at the end is not that of the message.
    #[error("its checksum is wrong")]
    Checksum,
    /// A field reaches past the end.
    #[error("a field reaches past the end of the message")]
    Truncated,
    /// A varint of more than ten bytes.
    #[error("a number is longer than ten bytes")]
    LongVarint,
    /// A field number of zero, a wire type that protobuf does not have, a group without its start or end.
    #[error("a field tag is invalid")]
    InvalidTag,
    /// A record without its partition key index or data, or a tag without its key.
    #[error("a required field is missing")]
    MissingField,
}

/// An aggregated record, its parts slices of the Kinesis record they came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The partition keys that records refer to. UTF-8 by contract, unchecked here.
    pub partition_keys: Vec<&'a [u8]>,
    /// The explicit hash keys that records refer to, in decimal by contract.
    pub explicit_hash_keys: Vec<&'a [u8]>,
    /// The records in the order they were added.
    pub records: Vec<DecodedRecord<'a>>,
}

/// One record of an aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedRecord<'a> {
    /// Index into [`Decoded::partition_keys`], not yet checked.
    pub partition_key: u64,
    /// Index into [`Decoded::explicit_hash_keys`], not yet checked.
    pub explicit_hash_key: Option<u64>,
    /// The user's bytes.
    pub data: &'a [u8],
    /// Tags, which no known producer writes and KCL ignores.
    pub tags: Vec<Tag<'a>>,
}

/// A tag of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Its key.
    pub key: &'a [u8],
    /// Its value, if it has one.
    pub value: Option<&'a [u8]>,
}

/// Reads an aggregated record.
///
/// Unknown fields, and known ones of another wire type, are skipped; of a field that stands twice in a record
/// the last counts. Indices are left unchecked: what becomes of a bad one is the reader's rule, not the format's.
///
/// # Errors
/// [`DecodeError`], when it is not an aggregated record or a damaged one.
pub fn decode(data: &[u8]) -> Result<Decoded<'_>, DecodeError> {
    let Framed { message, checksum } = framed(data)?;
    if md5::digest(message) != *checksum {
        return Err(DecodeError::Checksum);
    }
    message_of(message)
}

/// The message of an aggregated record, and the checksum that it should have.
#[derive(Clone, Copy)]
pub(super) struct Framed<'a> {
    pub(super) message: &'a [u8],
    pub(super) checksum: &'a [u8; CHECKSUM_BYTES],
}

pub(super) fn framed(data: &[u8]) -> Result<Framed<'_>, DecodeError> {
    let body = data.strip_prefix(&MAGIC).ok_or(DecodeError::NoMagic)?;
    match body.split_last_chunk() {
        Some((message, checksum)) if !message.is_empty() => Ok(Framed { message, checksum }),
        _ => Err(DecodeError::TooShort),
    }
}

fn message_of(message: &[u8]) -> Result<Decoded<'_>, DecodeError> {
    let mut decoded = Decoded::default();
    each_item(message, |item| match item {
        Item::PartitionKey(key) => decoded.partition_keys.push(key),
        Item::ExplicitHashKey(key) => decoded.explicit_hash_keys.push(key),
        Item::Record(record) => decoded.records.push(record),
    })?;
    Ok(decoded)
}

/// What stands in a message.
pub(super) enum Item<'a> {
    PartitionKey(&'a [u8]),
    ExplicitHashKey(&'a [u8]),
    Record(DecodedRecord<'a>),
}

/// Reads a message item by item.
pub(super) fn each_item<'a>(message: &'a [u8], mut take: impl FnMut(Item<'a>)) -> Result<(), DecodeError> {
    let mut fields = Fields::of(message, 0);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(key)) => take(Item::PartitionKey(key)),
            (2, Value::Bytes(key)) => take(Item::ExplicitHashKey(key)),
            (3, Value::Bytes(record)) => take(Item::Record(record_of(record)?)),
            _ => {}
        }
    }
    Ok(())
}

fn record_of(message: &[u8]) -> Result<DecodedRecord<'_>, DecodeError> {
    let (mut partition_key, mut explicit_hash_key, mut data, mut tags) = (None, None, None, Vec::new());
    let mut fields = Fields::of(message, 1);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Varint(index)) => partition_key = Some(index),
            (2, Value::Varint(index)) => explicit_hash_key = Some(index),
            (3, Value::Bytes(bytes)) => data = Some(bytes),
            (4, Value::Bytes(tag)) => tags.push(tag_of(tag)?),
            _ => {}
        }
    }
    let (Some(partition_key), Some(data)) = (partition_key, data) else {
        return Err(DecodeError::MissingField);
    };
    Ok(DecodedRecord { partition_key, explicit_hash_key, data, tags })
}

fn tag_of(message: &[u8]) -> Result<Tag<'_>, DecodeError> {
    let (mut key, mut value) = (None, None);
    let mut fields = Fields::of(message, 2);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(bytes)) => key = Some(bytes),
            (2, Value::Bytes(bytes)) => value = Some(bytes),
            _ => {}
        }
    }
    Ok(Tag { key: key.ok_or(DecodeError::MissingField)?, value })
}

#[cfg(test)]
mod tests {
    use super::super::wire::{varint_len, write_varint};
    use super::*;
    use proptest::prelude::*;

    fn framed(message: &[u8]) -> Vec<u8> {
        [&MAGIC[..], message, &md5::digest(message)].concat()
    }

    /// `partition_key_table: "k"`, then one record with index 0 and this rest.
    fn one_record(rest: &[u8]) -> Vec<u8> {
        let record = [&[0x08, 0x00][..], rest].concat();
        let length = u8::try_from(record.len()).unwrap();
        framed(&[&[0x0a, 1, b'k', 0x1a, length][..], &record].concat())
    }

    #[test]
    fn bytes_without_magic_or_too_short_for_a_message_are_ordinary_records() {
        assert_eq!(decode(b"hello"), Err(DecodeError::NoMagic));
        assert_eq!(decode(&MAGIC), Err(DecodeError::TooShort));
        let empty_message = framed(b"");
        assert_eq!(empty_message.len(), MAGIC.len() + CHECKSUM_BYTES);
        assert_eq!(decode(&empty_message), Err(DecodeError::TooShort));
    }

    #[test]
    fn a_wrong_checksum_is_told_from_a_damaged_message() {
        let mut bytes = one_record(&[0x1a, 1, b'd']);
        assert!(decode(&bytes).is_ok());
        *bytes.last_mut().unwrap() ^= 1;
        assert_eq!(decode(&bytes), Err(DecodeError::Checksum));
    }

    #[test]
    fn tags_are_kept_and_the_last_of_a_repeated_field_counts() {
        let tags = [0x22, 6, 0x0a, 1, b't', 0x12, 1, b'v', 0x22, 3, 0x0a, 1, b'u'];
        let record = one_record(&[&[0x1a, 1, b'x', 0x1a, 1, b'y'][..], &tags].concat());
        let decoded = decode(&record).unwrap();
        assert_eq!(decoded.records[0].data, b"y");
        let tag = |key: &'static str, value: Option<&'static str>| Tag {
            key: key.as_bytes(),
            value: value.map(str::as_bytes),
        };
        assert_eq!(decoded.records[0].tags, [tag("t", Some("v")), tag("u", None)]);
    }

    #[test]
    fn unknown_fields_of_every_wire_type_are_skipped() {
        let unknown = [
            &[0x28, 7][..],                     // 5: varint
            &[0x31, 1, 2, 3, 4, 5, 6, 7, 8],    // 6: fixed64
            &[0x3a, 2, b'a', b'b'],             // 7: bytes
            &[0x43, 0x4b, 0x4c, 0x08, 1, 0x44], // 8: group holding group 9 and a varint
            &[0x55, 1, 2, 3, 4],                // 10: fixed32
            &[0x10 | 2, 1, b'?'],               // 2, but with the wire type of bytes
            &[0x1a, 1, b'd'],
        ]
        .concat();
        let record = one_record(&unknown);
        let decoded = decode(&record).unwrap();
        assert_eq!((decoded.records[0].explicit_hash_key, decoded.records[0].data), (None, &b"d"[..]));
    }

    #[test]
    fn damaged_messages_are_refused_each_for_its_reason() {
        let cases: [(&[u8], DecodeError); 8] = [
            (&[0x0a, 5, b'k'], DecodeError::Truncated),
            (&[0x0a], DecodeError::Truncated),
            (&[0x08, 0x80, 0x80], DecodeError::Truncated),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], DecodeError::LongVarint),
            (&[0x00, 1], DecodeError::InvalidTag),
            (&[0x0f], DecodeError::InvalidTag),
            (&[0x2c], DecodeError::InvalidTag),
            (&[0x1a, 2, 0x08, 0x00], DecodeError::MissingField),
        ];
        for (message, expected) in cases {
            assert_eq!(decode(&framed(message)), Err(expected), "{message:02x?}");
        }
    }

    #[test]
    fn a_tower_of_groups_is_refused_and_does_not_overflow_the_stack() {
        assert_eq!(decode(&framed(&[0x2b; 100_000])), Err(DecodeError::InvalidTag));
    }

    #[test]
    fn groups_nest_as_deep_as_in_java_which_counts_the_messages_around_them() {
        let tower = |depth: usize| [vec![0x2b; depth], vec![0x2c; depth]].concat();
        assert!(decode(&framed(&tower(100))).is_ok());
        assert_eq!(decode(&framed(&tower(101))), Err(DecodeError::InvalidTag));
        let in_a_record = |depth| {
            let record = [&[0x08, 0, 0x1a, 0][..], &tower(depth)].concat();
            let mut message = vec![0x1a];
            let mut length = vec![0; varint_len(record.len() as u64)];
            write_varint(&mut length, record.len() as u64);
            message.extend_from_slice(&length);
            framed(&[message, record].concat())
        };
        assert!(decode(&in_a_record(99)).is_ok());
        assert_eq!(decode(&in_a_record(100)), Err(DecodeError::InvalidTag));
    }

    #[test]
    fn a_length_is_the_low_half_of_its_number_as_in_java() {
        let message = [0x0a, 0x81, 0x80, 0x80, 0x80, 0x10, b'k'];
        assert_eq!(decode(&framed(&message)).unwrap().partition_keys, [b"k"]);
    }

    #[test]
    fn an_index_of_ten_bytes_is_read_whole() {
        let message =
            [0x1a, 14, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x1a, 1, b'd'];
        assert_eq!(decode(&framed(&message)).unwrap().records[0].partition_key, u64::MAX);
    }

    proptest! {
        #[test]
        fn any_message_is_read_or_refused(message in proptest::collection::vec(any::<u8>(), 1..200)) {
            let _ = decode(&framed(&message));
        }
    }
}
