//! A record as a shard holds it, and where it is in its stream.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use pipectl_shards::ShardId;

/// The place of a record among all records and shard boundaries of its stream: 1, 2, 3 …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub(crate) u64);

impl Sequence {
    /// The place with this number.
    pub(crate) fn of(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// Where reading goes on: the first place to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub(crate) u64);

impl Position {
    /// The oldest record that is still held.
    pub const TRIM_HORIZON: Self = Self(0);

    /// From this record on, itself included.
    pub fn at(sequence: Sequence) -> Self {
        Self(sequence.0)
    }

    /// From the record after this one on.
    pub fn after(sequence: Sequence) -> Self {
        Self(sequence.0 + 1)
    }
}

/// A record. Cloning it copies no data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the stream.
    pub sequence: Sequence,
    /// When it arrived, in milliseconds since the epoch.
    pub arrived: i64,
    /// Its partition key.
    pub partition_key: Arc<str>,
    /// Its data.
    pub data: Bytes,
}

impl Record {
    /// What it takes in a request or an answer: data and key.
    pub fn size(&self) -> usize {
        self.data.len() + self.partition_key.len()
    }

    /// What it takes in memory: data, key and the bookkeeping around them.
    pub(crate) fn held_bytes(&self) -> u64 {
        held_bytes(self.size())
    }
}

/// What a record of this size takes in memory.
pub(crate) fn held_bytes(size: usize) -> u64 {
    const BOOKKEEPING: usize = 112;
    u64::try_from(size + BOOKKEEPING).unwrap_or(u64::MAX)
}

/// A sequence number as clients see it: 56 digits that order as the places do, within a shard and from a parent to its
/// children. They hold the stream's birth, the place and the shard, so one from another stream is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SequenceText {
    /// The stream's creation, in milliseconds since the epoch.
    pub(crate) born: i64,
    pub(crate) sequence: Sequence,
    pub(crate) shard: ShardId,
}

const HEAD: &str = "49";
const TAIL: &str = "0000002";

impl SequenceText {
    /// Reads 56 digits; nothing if they are not ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() != 56 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = text.strip_prefix(HEAD)?.strip_suffix(TAIL)?;
        let (born, rest) = digits.split_at(15);
        let (sequence, shard) = rest.split_at(20);
        Some(Self {
            born: born.parse().ok()?,
            sequence: Sequence(sequence.parse().ok()?),
            shard: ShardId::new(shard.parse().ok()?),
        })
    }
}

impl fmt::Display for SequenceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HEAD}{:015}{:020}{:012}{TAIL}", self.born, self.sequence.0, self.shard.number())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sequence_numbers_are_56_digits_and_read_back(
            born in 0_i64..1_000_000_000_000_000,
            place: u64,
            shard in 0_u64..1_000_000_000_000,
        ) {
            let text = SequenceText { born, sequence: Sequence(place), shard: ShardId::new(shard) };
            prop_assert_eq!(text.to_string().len(), 56);
            prop_assert_eq!(SequenceText::parse(&text.to_string()), Some(text));
        }

        #[test]
        fn later_places_have_greater_numbers_on_any_shard(place in 0..u64::MAX, one in 0_u64..100, other in 0_u64..100) {
            let text = |place, shard| {
                SequenceText { born: 1_700_000_000_000, sequence: Sequence(place), shard: ShardId::new(shard) }.to_string()
            };
            prop_assert!(text(place, one) < text(place + 1, other));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,70}") {
            let _ = SequenceText::parse(&text);
        }
    }
}
