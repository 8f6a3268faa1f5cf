//! Gathers user records and writes them as one aggregated record, byte for byte as KPL does.

use std::collections::HashMap;

use bytes::Bytes;
use md5::{Digest, Md5};
use pipectl_shards::HashKey;

use super::wire::{bytes_field_len, put_bytes, put_varint, varint_len};
use super::{AGGREGATE_PARTITION_KEY, CHECKSUM_BYTES, MAGIC};

/// One record as the user hands it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserRecord<'a> {
    /// 1 to 256 characters.
    pub partition_key: &'a str,
    /// Decides where the record goes instead of the partition key's hash.
    pub explicit_hash_key: Option<HashKey>,
    /// The user's bytes.
    pub data: &'a [u8],
}

impl UserRecord<'_> {
    /// The hash key by which it is routed.
    #[must_use]
    pub fn hash_key(&self) -> HashKey {
        self.explicit_hash_key.unwrap_or_else(|| HashKey::of_partition_key(self.partition_key))
    }
}

/// What is ready to be sent as one Kinesis record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// The key to send it under: the user's for a record alone, [`AGGREGATE_PARTITION_KEY`] otherwise.
    pub partition_key: String,
    /// Where to send it: the hash key of its first record.
    pub explicit_hash_key: HashKey,
    /// The bytes to send.
    pub data: Bytes,
    /// User records within.
    pub records: usize,
}

/// Gathers the records of one predicted shard.
#[derive(Debug, Default)]
pub struct Aggregator {
    partition_keys: Table,
    explicit_hash_keys: Table,
    /// Field 3 of the message, as far as it is written.
    records: Vec<u8>,
    count: usize,
    first: Option<First>,
}

/// What is kept of the first record: it goes out as it is when no other joins it, and leads the aggregate if
/// others do.
#[derive(Debug)]
struct First {
    partition_key: String,
    hash_key: HashKey,
    data_len: usize,
}

/// A table of keys, each stored once; field 1 or 2 of the message, as far as it is written.
#[derive(Debug, Default)]
struct Table {
    indices: HashMap<Box<str>, u64>,
    encoded: Vec<u8>,
}

impl Table {
    /// The index that `key` has or would get, and the bytes it would add.
    fn probe(&self, key: &str) -> (u64, usize) {
        match self.indices.get(key) {
            Some(index) => (*index, 0),
            None => (self.indices.len() as u64, bytes_field_len(key.len())),
        }
    }

    fn index(&mut self, field: u8, key: &str) -> u64 {
        if let Some(index) = self.indices.get(key) {
            return *index;
        }
        let index = self.indices.len() as u64;
        self.indices.insert(key.into(), index);
        put_bytes(&mut self.encoded, field, key.as_bytes());
        index
    }

    fn clear(&mut self) {
        self.indices.clear();
        self.encoded.clear();
    }
}

impl Aggregator {
    /// Records gathered so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether nothing has been gathered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes of the aggregate as it stands, magic and checksum included; 0 when empty.
    #[must_use]
    pub fn size(&self) -> usize {
        if self.is_empty() { 0 } else { self.overhead() + self.records.len() }
    }

    /// Bytes that the aggregate would have with this record in it, magic and checksum included.
    #[must_use]
    pub fn size_with(&self, record: &UserRecord<'_>) -> usize {
        let (partition_key, partition_key_bytes) = self.partition_keys.probe(record.partition_key);
        let explicit = record.explicit_hash_key.map(|key| self.explicit_hash_keys.probe(&key.to_string()));
        let message = record_len(partition_key, explicit.map(|(index, _)| index), record.data.len());
        let tables = partition_key_bytes + explicit.map_or(0, |(_, bytes)| bytes);
        self.overhead() + self.records.len() + tables + bytes_field_len(message)
    }

    /// Adds a record, whatever its size: whoever gathers asks [`Self::size_with`] first.
    pub fn push(&mut self, record: &UserRecord<'_>) {
        let partition_key = self.partition_keys.index(1, record.partition_key);
        let explicit = record.explicit_hash_key.map(|key| self.explicit_hash_keys.index(2, &key.to_string()));
        let out = &mut self.records;
        out.push(3 << 3 | 2);
        put_varint(out, record_len(partition_key, explicit, record.data.len()) as u64);
        out.push(1 << 3);
        put_varint(out, partition_key);
        if let Some(index) = explicit {
            out.push(2 << 3);
            put_varint(out, index);
        }
        put_bytes(out, 3, record.data);
        if self.first.is_none() {
            self.first = Some(First {
                partition_key: record.partition_key.to_owned(),
                hash_key: record.hash_key(),
                data_len: record.data.len(),
            });
        }
        self.count += 1;
    }

    /// Takes out what was gathered, ready to send; `None` when there is nothing. A record alone comes out raw,
    /// under its own key.
    pub fn take(&mut self) -> Option<Aggregate> {
        let first = self.first.take()?;
        let (partition_key, data) = if self.count == 1 {
            // The data is the last thing written.
            let raw = &self.records[self.records.len() - first.data_len..];
            (first.partition_key, Bytes::copy_from_slice(raw))
        } else {
            (AGGREGATE_PARTITION_KEY.to_owned(), self.encode())
        };
        let aggregate =
            Aggregate { partition_key, explicit_hash_key: first.hash_key, data, records: self.count };
        self.partition_keys.clear();
        self.explicit_hash_keys.clear();
        self.records.clear();
        self.count = 0;
        Some(aggregate)
    }

    fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(self.size());
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.partition_keys.encoded);
        out.extend_from_slice(&self.explicit_hash_keys.encoded);
        out.extend_from_slice(&self.records);
        let checksum = Md5::digest(&out[MAGIC.len()..]);
        out.extend_from_slice(&checksum);
        out.into()
    }

    fn overhead(&self) -> usize {
        MAGIC.len()
            + CHECKSUM_BYTES
            + self.partition_keys.encoded.len()
            + self.explicit_hash_keys.encoded.len()
    }
}

/// Bytes of a `Record` message.
fn record_len(partition_key: u64, explicit_hash_key: Option<u64>, data_len: usize) -> usize {
    let explicit = explicit_hash_key.map_or(0, |index| 1 + varint_len(index));
    1 + varint_len(partition_key) + explicit + bytes_field_len(data_len)
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::*;
    use proptest::prelude::*;

    fn record<'a>(partition_key: &'a str, data: &'a [u8]) -> UserRecord<'a> {
        UserRecord { partition_key, explicit_hash_key: None, data }
    }

    #[test]
    fn a_record_alone_goes_out_raw_under_its_own_key() {
        let mut aggregator = Aggregator::default();
        aggregator.push(&record("alice", b"hello"));
        let alone = aggregator.take().unwrap();
        assert_eq!(
            (alone.partition_key.as_str(), &alone.data[..], alone.records),
            ("alice", &b"hello"[..], 1)
        );
        assert_eq!(alone.explicit_hash_key, HashKey::of_partition_key("alice"));
        assert_eq!(aggregator.take(), None);
    }

    #[test]
    fn an_aggregate_has_the_bytes_that_kpl_writes() {
        let mut aggregator = Aggregator::default();
        aggregator.push(&record("a", b"x"));
        aggregator.push(&UserRecord { partition_key: "b", explicit_hash_key: Some(HashKey(7)), data: b"yz" });
        aggregator.push(&record("a", b""));
        let aggregate = aggregator.take().unwrap();
        let message = [
            &[0x0a, 1, b'a', 0x0a, 1, b'b'][..],
            &[0x12, 1, b'7'],
            &[0x1a, 5, 0x08, 0, 0x1a, 1, b'x'],
            &[0x1a, 8, 0x08, 1, 0x10, 0, 0x1a, 2, b'y', b'z'],
            &[0x1a, 4, 0x08, 0, 0x1a, 0],
        ]
        .concat();
        let expected = [&MAGIC[..], &message, &Md5::digest(&message)[..]].concat();
        assert_eq!(aggregate.data, expected);
        assert_eq!(aggregate.partition_key, "a");
        assert_eq!(aggregate.explicit_hash_key, HashKey::of_partition_key("a"));
    }

    type Owned = (String, Option<u128>, Vec<u8>);

    fn records() -> impl Strategy<Value = Vec<Owned>> {
        let key = prop_oneof!["[0-9]{1,3}", "\\PC{1,20}"];
        let record =
            (key, proptest::option::of(any::<u128>()), proptest::collection::vec(any::<u8>(), 0..300));
        proptest::collection::vec(record, 2..60)
    }

    proptest! {
        #[test]
        fn what_was_put_in_comes_out_in_order_and_of_the_size_foretold(records in records()) {
            let mut aggregator = Aggregator::default();
            for (partition_key, explicit, data) in &records {
                let record = UserRecord { partition_key, explicit_hash_key: explicit.map(HashKey), data };
                let foretold = aggregator.size_with(&record);
                aggregator.push(&record);
                prop_assert_eq!(aggregator.size(), foretold);
            }
            let size = aggregator.size();
            let aggregate = aggregator.take().unwrap();
            prop_assert_eq!(aggregate.data.len(), size);
            let decoded = decode(&aggregate.data).unwrap();
            prop_assert_eq!(decoded.records.len(), records.len());
            for (read, (partition_key, explicit, data)) in decoded.records.iter().zip(&records) {
                let key = &decoded.partition_keys[usize::try_from(read.partition_key).unwrap()];
                prop_assert_eq!(&key[..], partition_key.as_bytes());
                let hash_key = read.explicit_hash_key.map(|i| &decoded.explicit_hash_keys[usize::try_from(i).unwrap()]);
                let expected = explicit.map(|key| key.to_string());
                prop_assert_eq!(hash_key.map(|key| &key[..]), expected.as_ref().map(|key| key.as_bytes()));
                prop_assert_eq!(&read.data[..], &data[..]);
            }
        }
    }
}
