//! What the fuzz target compares our reading of an aggregated record with: the message as another implementation of
//! protobuf reads it, and the record as it is written anew.

use pipectl_producer::aggregation::{Aggregator, Decoded, KinesisRecord, UserRecord};
use pipectl_producer::md5::digest;
use pipectl_shards::HashKey;

/// `AggregatedRecord` of KPL's `messages.proto`, its strings unchecked as we leave them.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Aggregated {
    /// `partition_key_table`
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub partition_keys: Vec<Vec<u8>>,
    /// `explicit_hash_key_table`
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub explicit_hash_keys: Vec<Vec<u8>>,
    /// `records`
    #[prost(message, repeated, tag = "3")]
    pub records: Vec<Record>,
}

/// `Record`, its required fields optional, for prost does not know of any that are.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Record {
    /// `partition_key_index`
    #[prost(uint64, optional, tag = "1")]
    pub partition_key: Option<u64>,
    /// `explicit_hash_key_index`
    #[prost(uint64, optional, tag = "2")]
    pub explicit_hash_key: Option<u64>,
    /// `data`
    #[prost(bytes = "vec", optional, tag = "3")]
    pub data: Option<Vec<u8>>,
    /// `tags`
    #[prost(message, repeated, tag = "4")]
    pub tags: Vec<Tag>,
}

/// `Tag`, the same.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Tag {
    /// `key`
    #[prost(bytes = "vec", optional, tag = "1")]
    pub key: Option<Vec<u8>>,
    /// `value`
    #[prost(bytes = "vec", optional, tag = "2")]
    pub value: Option<Vec<u8>>,
}

impl Aggregated {
    /// Whether every required field is there.
    pub fn is_complete(&self) -> bool {
        self.records.iter().all(|record| {
            record.partition_key.is_some()
                && record.data.is_some()
                && record.tags.iter().all(|tag| tag.key.is_some())
        })
    }

    /// Whether it says the same as our reading.
    pub fn is(&self, ours: &Decoded<'_>) -> bool {
        let records = self.records.iter().map(|record| {
            let tags = record.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect::<Vec<_>>();
            (record.partition_key, record.explicit_hash_key, record.data.clone(), tags)
        });
        let our_records = ours.records.iter().map(|record| {
            let owned = |tag: &pipectl_producer::aggregation::Tag<'_>| {
                (Some(tag.key.to_vec()), tag.value.map(<[u8]>::to_vec))
            };
            let tags = record.tags.iter().map(owned).collect::<Vec<_>>();
            (Some(record.partition_key), record.explicit_hash_key, Some(record.data.to_vec()), tags)
        });
        self.partition_keys.iter().map(|key| &key[..]).eq(ours.partition_keys.iter().copied())
            && self.explicit_hash_keys.iter().map(|key| &key[..]).eq(ours.explicit_hash_keys.iter().copied())
            && records.eq(our_records)
    }
}

/// A message between the magic and its checksum.
pub fn framed(message: &[u8]) -> Vec<u8> {
    [&[0xf3, 0x89, 0x9a, 0xc2], message, &digest(message)].concat()
}

/// A Kinesis record with these bytes.
pub fn kinesis_record(data: &[u8]) -> KinesisRecord {
    KinesisRecord {
        partition_key: "a".into(),
        sequence_number: "495".into(),
        data: data.to_vec().into(),
    }
}

/// A user record, as a reader has it.
pub type User = (String, Option<HashKey>, Vec<u8>);

/// The user records of a reading that could have been written as it stands: two of them at least, each with keys that
/// are in their tables, UTF-8, and numbers.
pub fn users(ours: &Decoded<'_>) -> Option<Vec<User>> {
    let at = |table: &[&[u8]], index: u64| {
        let key = table.get(usize::try_from(index).ok()?)?;
        Some(std::str::from_utf8(key).ok()?.to_owned())
    };
    let user = |record: &pipectl_producer::aggregation::DecodedRecord<'_>| {
        let partition_key = at(&ours.partition_keys, record.partition_key)?;
        let explicit = match record.explicit_hash_key {
            Some(index) => Some(at(&ours.explicit_hash_keys, index)?.parse().ok()?),
            None => None,
        };
        Some((partition_key, explicit, record.data.to_vec()))
    };
    ours.records.iter().map(user).collect::<Option<Vec<_>>>().filter(|users| users.len() > 1)
}

/// The bytes of an aggregate of these records, as we write it, and the size that was foretold.
pub fn written(users: &[User]) -> (Vec<u8>, usize) {
    let mut aggregator = Aggregator::default();
    for (partition_key, explicit_hash_key, data) in users {
        aggregator.push(&UserRecord { partition_key, explicit_hash_key: *explicit_hash_key, data });
    }
    let size = aggregator.size();
    (aggregator.take().map(|aggregate| aggregate.data.to_vec()).unwrap_or_default(), size)
}
