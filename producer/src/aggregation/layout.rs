//! What an aggregate is going to look like: its tables, and its size to the byte, before it is written.
//!
//! The records themselves stay with whoever has them until the aggregate is sealed, and are copied once then, right
//! into what goes out. The checksum comes last: [`sign`] computes those of many aggregates side by side.

use bytes::{Bytes, BytesMut};

use super::aggregator::UserRecord;
use super::table::Table;
use super::wire::{bytes_field_len, copy, varint_len, write_varint};
use super::{CHECKSUM_BYTES, MAGIC};
use crate::md5::Kernel;
use pipectl_shards::HashKey;

/// The layout of one aggregate, for records that are kept elsewhere until it is written.
#[derive(Debug, Default)]
pub struct Layout {
    partition_keys: Table,
    explicit_hash_keys: Table,
    /// Where in the tables the keys of each record are.
    places: Vec<Place>,
    /// Bytes of all the records, field 3 of the message.
    records: usize,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    partition_key: u32,
    explicit_hash_key: Option<u32>,
}

/// Digits of the longest explicit hash key.
const HASH_KEY_DIGITS: usize = 39;
/// Bytes of all the tags and numbers that a record can add: its message and its data of up to ten bytes' length each,
/// its indices of up to five, and its new keys' lengths.
const LONGEST_HEADS: usize = 11 + 11 + 6 + 6 + 11 + 2;

impl Layout {
    /// Records in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no record in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Bytes of the aggregate, magic and checksum included.
    #[must_use]
    pub fn size(&self) -> usize {
        let tables = self.partition_keys.encoded().len() + self.explicit_hash_keys.encoded().len();
        MAGIC.len() + tables + self.records + CHECKSUM_BYTES
    }

    /// Bytes that the aggregate would have with this record in it; `known` as in [`Self::push`].
    #[must_use]
    pub fn size_with(&self, record: &UserRecord<'_>, known: Option<HashKey>) -> usize {
        let hash = self.table_hash(record, known);
        let (partition_key, mut added) = self.partition_keys.probe(hash, record.partition_key);
        let explicit_hash_key = record.explicit_hash_key.map(|key| {
            let key = key.to_string();
            let (index, bytes) = self.explicit_hash_keys.probe(self.explicit_hash_keys.hash(&key), &key);
            added += bytes;
            index
        });
        self.size() + added + Place { partition_key, explicit_hash_key }.field_len(record.data.len())
    }

    /// Whether the aggregate stays within so many bytes with this record in it; `known` as in [`Self::push`].
    #[must_use]
    pub fn has_room(&self, record: &UserRecord<'_>, known: Option<HashKey>, max_bytes: usize) -> bool {
        // Mostly there is room even if every number takes its longest form and every key is new.
        let explicit = if record.explicit_hash_key.is_some() { HASH_KEY_DIGITS } else { 0 };
        let most = self.size() + record.partition_key.len() + explicit + record.data.len() + LONGEST_HEADS;
        most <= max_bytes || self.size_with(record, known) <= max_bytes
    }

    /// Adds a record. `known` is its hash key, for those who have it: where that is the digest of the partition key, it
    /// serves as the table's hash too. It is given for every record of an aggregate or for none, or else a partition
    /// key that comes both ways is stored twice, which no reader minds.
    pub fn push(&mut self, record: &UserRecord<'_>, known: Option<HashKey>) {
        let hash = self.table_hash(record, known);
        let place = Place {
            partition_key: self.partition_keys.index(1, hash, record.partition_key),
            explicit_hash_key: record.explicit_hash_key.map(|key| {
                let key = key.to_string();
                self.explicit_hash_keys.index(2, self.explicit_hash_keys.hash(&key), &key)
            }),
        };
        self.records += place.field_len(record.data.len());
        self.places.push(place);
    }

    fn table_hash(&self, record: &UserRecord<'_>, known: Option<HashKey>) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a half of a digest is as good a hash as the whole"
        )]
        match known.filter(|_| record.explicit_hash_key.is_none()) {
            Some(digest) => digest.0 as u64,
            None => self.partition_keys.hash(record.partition_key),
        }
    }

    /// Writes the aggregate, its checksum still blank, and is empty afterwards. `data` are the bytes of the records,
    /// in the order in which they were added. [`sign`] fills the checksum in. `spare` is written over: what it has
    /// allocated is used again, and what it is long need not be cleared.
    ///
    /// # Panics
    /// When these are more bytes than were laid out.
    #[must_use]
    pub fn write<'a>(&mut self, data: impl IntoIterator<Item = &'a [u8]>, spare: BytesMut) -> BytesMut {
        let mut out = spare;
        out.resize(self.size(), 0);
        let mut rest = Rest(&mut out);
        rest.put(&MAGIC);
        rest.put(self.partition_keys.encoded());
        rest.put(self.explicit_hash_keys.encoded());
        for (place, data) in self.places.iter().zip(data) {
            place.write(&mut rest, data);
        }
        debug_assert_eq!(rest.0.len(), CHECKSUM_BYTES, "the data is not what was laid out");
        rest.0.fill(0);
        self.clear();
        out
    }

    /// Forgets every record; what was allocated for them is kept.
    pub fn clear(&mut self) {
        self.partition_keys.clear();
        self.explicit_hash_keys.clear();
        self.places.clear();
        self.records = 0;
    }
}

impl Place {
    /// Bytes of the `Record` message with so much data.
    fn message_len(self, data: usize) -> usize {
        let explicit = self.explicit_hash_key.map_or(0, |index| 1 + varint_len(index.into()));
        1 + varint_len(self.partition_key.into()) + explicit + bytes_field_len(data)
    }

    /// Bytes of the message as field 3 of the one around it.
    fn field_len(self, data: usize) -> usize {
        bytes_field_len(self.message_len(data))
    }

    fn write(self, rest: &mut Rest<'_>, data: &[u8]) {
        let message = self.message_len(data.len()) as u64;
        let explicit = self.explicit_hash_key.map(u64::from);
        let numbers = message | u64::from(self.partition_key) | explicit.unwrap_or_default();
        if numbers < TOO_LARGE {
            rest.put_heads(|heads| {
                let mut end = put_head(heads, 0, 3 << 3 | 2, message);
                end = put_head(heads, end, 1 << 3, self.partition_key.into());
                if let Some(index) = explicit {
                    end = put_head(heads, end, 2 << 3, index);
                }
                put_head(heads, end, 3 << 3 | 2, data.len() as u64)
            });
        } else {
            rest.put_number(3 << 3 | 2, message);
            rest.put_number(1 << 3, self.partition_key.into());
            explicit.into_iter().for_each(|index| rest.put_number(2 << 3, index));
            rest.put_number(3 << 3 | 2, data.len() as u64);
        }
        rest.put(data);
    }
}

/// What of an aggregate is not written yet. It ends with its checksum, so that as many bytes can always be written over
/// at once.
struct Rest<'out>(&'out mut [u8]);

impl Rest<'_> {
    fn skip(&mut self, length: usize) -> &mut [u8] {
        let (skipped, rest) = std::mem::take(&mut self.0).split_at_mut(length);
        self.0 = rest;
        skipped
    }

    fn put(&mut self, bytes: &[u8]) {
        copy(self.skip(bytes.len()), bytes);
    }

    /// Lets `put` write a few heads, and goes on where it says that they end.
    fn put_heads(&mut self, put: impl FnOnce(&mut [u8; CHECKSUM_BYTES]) -> usize) {
        let length = self.0.first_chunk_mut().map_or(0, put);
        self.skip(length);
    }

    fn put_number(&mut self, tag: u8, value: u64) {
        self.skip(1).fill(tag);
        write_varint(self.skip(varint_len(value)), value);
    }
}

/// The first number that takes more than two bytes: nearly every record's are below it.
const TOO_LARGE: u64 = 1 << 14;

/// Writes a tag and a number of one byte or two, by one move of four; where it ends.
fn put_head(heads: &mut [u8; CHECKSUM_BYTES], at: usize, tag: u8, value: u64) -> usize {
    let (number, length) = if value < 0x80 { (value, 2) } else { (value & 0x7f | 0x80 | value >> 7 << 8, 3) };
    let [a, b, c, ..] = (u64::from(tag) | number << 8).to_le_bytes();
    if let Some(to) = heads.get_mut(at..at + 4) {
        to.copy_from_slice(&[a, b, c, 0]);
    }
    at + length
}

/// Fills in the checksums of aggregates as [`Layout::write`] leaves them.
pub fn sign<'a>(aggregates: impl IntoIterator<Item = &'a mut Bytes>) {
    let mut aggregates: Vec<_> = aggregates.into_iter().collect();
    let message = |data: &Bytes| MAGIC.len()..data.len() - CHECKSUM_BYTES;
    let messages: Vec<_> = aggregates.iter().map(|data| &data[message(data)]).collect();
    let mut digests = vec![[0; CHECKSUM_BYTES]; messages.len()];
    Kernel::fastest().digest_each(&messages, |at, digest| digests[at] = digest);
    for (data, digest) in aggregates.iter_mut().zip(digests) {
        // Nobody else has it yet, so nothing is copied.
        let mut bytes = BytesMut::from(std::mem::take(*data));
        let blank = bytes.len() - CHECKSUM_BYTES;
        bytes[blank..].copy_from_slice(&digest);
        **data = bytes.freeze();
    }
}
