//! Gathers user records and writes them as one aggregated record, byte for byte as KPL does.

use bytes::{Bytes, BytesMut};
use pipectl_shards::HashKey;

use super::AGGREGATE_PARTITION_KEY;
use super::layout::{Layout, sign};

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
///
/// It copies what it is given, for callers that do not keep their records; the producer's own path does not.
#[derive(Debug, Default)]
pub struct Aggregator {
    layout: Layout,
    /// The data of all the records, one after another, and where each ends.
    data: Vec<u8>,
    ends: Vec<usize>,
    first: Option<First>,
}

/// What is kept of the first record: it goes out under its own key when no other joins it, and leads the aggregate if
/// others do.
#[derive(Debug)]
struct First {
    partition_key: String,
    hash_key: HashKey,
}

impl Aggregator {
    /// Records gathered so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.layout.len()
    }

    /// Whether nothing has been gathered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the aggregate as it stands, magic and checksum included; 0 when empty.
    #[must_use]
    pub fn size(&self) -> usize {
        if self.is_empty() { 0 } else { self.layout.size() }
    }

    /// Bytes that the aggregate would have with this record in it, magic and checksum included.
    #[must_use]
    pub fn size_with(&self, record: &UserRecord<'_>) -> usize {
        self.layout.size_with(record, None)
    }

    /// Adds a record, whatever its size: whoever gathers asks [`Self::size_with`] first.
    pub fn push(&mut self, record: &UserRecord<'_>) {
        self.layout.push(record, None);
        self.data.extend_from_slice(record.data);
        self.ends.push(self.data.len());
        self.first.get_or_insert_with(|| First {
            partition_key: record.partition_key.to_owned(),
            hash_key: record.hash_key(),
        });
    }

    /// Takes out what was gathered, ready to send; `None` when there is nothing. A record alone comes out raw,
    /// under its own key.
    pub fn take(&mut self) -> Option<Aggregate> {
        let First { partition_key, hash_key } = self.first.take()?;
        let records = self.len();
        let (partition_key, data) = if records == 1 {
            (partition_key, Bytes::copy_from_slice(&self.data))
        } else {
            (AGGREGATE_PARTITION_KEY.to_owned(), self.encode())
        };
        self.layout.clear();
        self.data.clear();
        self.ends.clear();
        Some(Aggregate { partition_key, explicit_hash_key: hash_key, data, records })
    }

    fn encode(&mut self) -> Bytes {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let data = starts.zip(&self.ends).map(|(start, end)| &self.data[start..*end]);
        let mut bytes = self.layout.write(data, BytesMut::new()).freeze();
        sign([&mut bytes]);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MAGIC, decode};
    use super::*;
    use crate::md5;
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
        let expected = [&MAGIC[..], &message, &md5::digest(&message)].concat();
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
                prop_assert!(aggregator.layout.has_room(&record, None, foretold));
                prop_assert!(!aggregator.layout.has_room(&record, None, foretold - 1));
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
                prop_assert_eq!(*key, partition_key.as_bytes());
                let hash_key = read.explicit_hash_key.map(|i| &decoded.explicit_hash_keys[usize::try_from(i).unwrap()]);
                let expected = explicit.map(|key| key.to_string());
                prop_assert_eq!(hash_key.copied(), expected.as_ref().map(|key| key.as_bytes()));
                prop_assert_eq!(read.data, &data[..]);
            }
        }
    }
}
