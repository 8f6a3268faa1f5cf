//! KCL's rules, for many Kinesis records at a time: what becomes of each on its way to the user.
//!
//! A page of `GetRecords` is taken apart as a whole, because the checksums of its aggregates and the hashes of their
//! partition keys are many independent MD5s. What comes out borrows from what went in.

use std::borrow::Cow;

use pipectl_shards::{HashKey, HashKeyRange};

use super::decode::{DecodeError, Framed, Item, each_item, framed};
use super::java::{self, NotANumber};
use crate::md5::Kernel;

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

/// One user record of an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its place in the aggregate, from 0.
    pub sub_sequence_number: u64,
    /// The user's partition key.
    pub partition_key: &'a str,
    /// The user's explicit hash key as it was written, if there was one.
    pub explicit_hash_key: Option<&'a str>,
    /// The user's bytes.
    pub data: &'a [u8],
}

/// What KCL makes of one Kinesis record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unpacked<'a> {
    /// It passes through as it is, because it is no aggregate, or a damaged one.
    AsItIs(DecodeError),
    /// It is taken apart.
    Apart(Parts<'a>),
}

/// The user records of an aggregate, as far as KCL gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts<'a> {
    partition_keys: Vec<Cow<'a, str>>,
    explicit_hash_keys: Vec<Cow<'a, str>>,
    records: Vec<Entry<'a>>,
    emitted: usize,
    problem: Option<Deaggregated>,
}

/// A record with its keys' places in the tables, which may not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry<'a> {
    partition_key: u32,
    explicit_hash_key: Option<u32>,
    data: &'a [u8],
}

impl Unpacked<'_> {
    /// What KCL keeps quiet about: that something of it is lost, or passed through damaged. An ordinary record is no
    /// problem.
    #[must_use]
    pub fn problem(&self) -> Option<Deaggregated> {
        match self {
            Self::AsItIs(DecodeError::NoMagic) => None,
            Self::AsItIs(damage) => Some(Deaggregated::Damaged(*damage)),
            Self::Apart(parts) => parts.problem.clone(),
        }
    }
}

impl Parts<'_> {
    /// The user records, in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Part<'_>> {
        self.records[..self.emitted].iter().enumerate().map(|(index, record)| {
            // Whatever is emitted was found in the tables before.
            let (partition_key, explicit_hash_key) = self.keys(record).unwrap_or_default();
            Part { sub_sequence_number: index as u64, partition_key, explicit_hash_key, data: record.data }
        })
    }

    /// A record's keys; `None` when one of them is in no table.
    fn keys(&self, record: &Entry<'_>) -> Option<(&str, Option<&str>)> {
        let partition_key = at(&self.partition_keys, record.partition_key)?;
        match record.explicit_hash_key {
            None => Some((partition_key, None)),
            Some(index) => Some((partition_key, Some(at(&self.explicit_hash_keys, index)?))),
        }
    }

    /// With how many of the records KCL emits, and why it stops early if it does.
    fn judged(mut self, range: &HashKeyRange) -> Self {
        let hash_keys = self.hash_keys(range);
        let records = self.records.len();
        for (index, record) in self.records.iter().enumerate() {
            let problem = match self.keys(record) {
                None => Some(Deaggregated::BadIndex { index }),
                Some((_, Some(explicit))) => match java::big_integer(explicit) {
                    Err(NotANumber) => Some(Deaggregated::BadHashKey { index }),
                    Ok(Some(hash_key)) if range.contains(hash_key) => None,
                    Ok(_) => Some(Deaggregated::OutOfRange { index, records }),
                },
                Some((_, None)) => {
                    // Without hash keys there was no need for them: the range is all there is.
                    let hash_key = hash_keys.get(record.partition_key as usize);
                    let fits = hash_key.is_none_or(|hash_key| range.contains(*hash_key));
                    (!fits).then_some(Deaggregated::OutOfRange { index, records })
                }
            };
            if problem.is_some() {
                self.emitted =
                    if matches!(problem, Some(Deaggregated::OutOfRange { .. })) { 0 } else { index };
                self.problem = problem;
                return self;
            }
        }
        self.emitted = records;
        self
    }

    /// The hash keys of the partition keys; none where they make no difference.
    fn hash_keys(&self, range: &HashKeyRange) -> Vec<HashKey> {
        if *range == HashKeyRange::ALL {
            return Vec::new();
        }
        let keys: Vec<&str> = self.partition_keys.iter().map(|key| &**key).collect();
        let mut hash_keys = vec![HashKey::MIN; keys.len()];
        Kernel::fastest()
            .digest_each(&keys, |at, digest| hash_keys[at] = HashKey(u128::from_be_bytes(digest)));
        hash_keys
    }
}

fn at<'a>(table: &'a [Cow<'_, str>], index: u32) -> Option<&'a str> {
    table.get(index as usize).map(|key| &**key)
}

impl<'a> Parts<'a> {
    fn of(message: &'a [u8]) -> Result<Self, DecodeError> {
        // Room for records of a hundred bytes, which saves small ones from being moved time and again.
        let room = message.len() / 100;
        let mut parts = Self {
            partition_keys: Vec::with_capacity(room),
            records: Vec::with_capacity(room),
            ..Self::default()
        };
        each_item(message, |item| match item {
            Item::PartitionKey(key) => parts.partition_keys.push(text(key)),
            Item::ExplicitHashKey(key) => parts.explicit_hash_keys.push(text(key)),
            Item::Record(record) => parts.records.push(Entry {
                partition_key: java::int(record.partition_key),
                explicit_hash_key: record.explicit_hash_key.map(java::int),
                data: record.data,
            }),
        })?;
        Ok(parts)
    }
}

fn text(key: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(key).map_or_else(|_| String::from_utf8_lossy(key), Cow::Borrowed)
}

/// Takes Kinesis records from the shard that owns `range` apart, exactly as KCL does; the answers are in the order of
/// the records. Where the range is not known, KCL takes [`HashKeyRange::ALL`].
///
/// An ordinary or damaged record comes through as it is; an aggregate with a record outside `range` gives nothing.
/// The checksums are computed at once, side by side, and each record is taken apart when its turn comes.
pub fn unpack<'a, I>(
    page: I,
    range: &HashKeyRange,
) -> impl ExactSizeIterator<Item = Unpacked<'a>> + use<'a, I>
where
    I: IntoIterator<Item = &'a [u8]>,
{
    let frames: Vec<_> = page.into_iter().map(framed).collect();
    let (intact, range) = (intact(&frames), *range);
    frames.into_iter().zip(intact).map(move |(frame, intact)| {
        let checked = frame.and_then(|frame| if intact { Ok(frame) } else { Err(DecodeError::Checksum) });
        let parts = checked.and_then(|frame| Parts::of(frame.message));
        parts.map_or_else(Unpacked::AsItIs, |parts| Unpacked::Apart(parts.judged(&range)))
    })
}

/// Which of the frames have the checksum that they should have.
fn intact(frames: &[Result<Framed<'_>, DecodeError>]) -> Vec<bool> {
    let messages: Vec<_> = frames.iter().map(|frame| frame.map_or(&[][..], |frame| frame.message)).collect();
    let mut intact = vec![false; frames.len()];
    Kernel::fastest().digest_each(&messages, |at, digest| {
        intact[at] = frames[at].is_ok_and(|frame| *frame.checksum == digest);
    });
    intact
}
