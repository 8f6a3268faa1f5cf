//! How far a stream has been read: for each shard a sequence number and a sub-sequence number, as KCL keeps them.
//!
//! Pure. [`Reader::checkpoint`](crate::read::Reader::checkpoint) says how far its caller has been given records, and
//! [`Start::Checkpoint`](crate::read::Start::Checkpoint) goes on from there, within an aggregate too.
//! [`CheckpointFile`](crate::read::CheckpointFile) keeps one on disk.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;
use pipectl_shards::ShardId;

use crate::outcome::SequenceNumber;

/// How far a stream has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: Origin,
    shards: BTreeMap<ShardId, Progress>,
}

/// Where a shard is begun of which nothing has been read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// At the oldest record that is still there.
    TrimHorizon,
    /// At the first record put at this time or after it.
    At(Timestamp),
}

/// How far one shard has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Up to and including this place.
    At(Place),
    /// Up to and including this number, which need not be a record's: a subscription told it.
    Passed(SequenceNumber),
    /// To its end.
    Ended,
}

/// A record that was read, or part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The sequence number of the Kinesis record.
    pub sequence: SequenceNumber,
    /// The last record of the aggregate that was read; nothing when all of the Kinesis record was.
    pub sub_sequence: Option<u64>,
    /// When the Kinesis record arrived.
    pub time: Option<Timestamp>,
}

impl Checkpoint {
    /// Before the first record.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        Self { origin, shards: BTreeMap::new() }
    }

    /// One with these shards, as it was kept somewhere.
    #[must_use]
    pub fn with(origin: Origin, shards: impl IntoIterator<Item = (ShardId, Progress)>) -> Self {
        Self { origin, shards: shards.into_iter().collect() }
    }

    /// Where a shard is begun that is not in it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// How far this shard has been read; nothing where it has not been begun.
    #[must_use]
    pub fn of(&self, shard: ShardId) -> Option<&Progress> {
        self.shards.get(&shard)
    }

    /// The shards that have been begun, by their id.
    pub fn shards(&self) -> impl ExactSizeIterator<Item = (ShardId, &Progress)> {
        self.shards.iter().map(|(id, progress)| (*id, progress))
    }

    /// A shard has been read so far.
    pub(crate) fn advance(&mut self, shard: ShardId, progress: Progress) {
        self.shards.insert(shard, progress);
    }

    /// A shard is not there any more.
    pub(crate) fn forget(&mut self, shard: ShardId) {
        self.shards.remove(&shard);
    }
}

/// The order of two sequence numbers of a shard: they are decimal numbers without leading zeros.
pub(crate) fn order(one: &SequenceNumber, other: &SequenceNumber) -> Ordering {
    let (one, other) = (one.as_str(), other.as_str());
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sequence_numbers_are_ordered_as_numbers(one: u128, other: u128) {
            let text = |number: u128| SequenceNumber::new(&number.to_string());
            prop_assert_eq!(order(&text(one), &text(other)), one.cmp(&other));
        }
    }

    #[test]
    fn a_shard_is_where_it_was_last_said_to_be() {
        let mut checkpoint = Checkpoint::new(Origin::TrimHorizon);
        let (one, two) = (ShardId::new(1), ShardId::new(2));
        let place = |number: &str, sub_sequence| {
            Progress::At(Place { sequence: SequenceNumber::new(number), sub_sequence, time: None })
        };
        checkpoint.advance(one, place("7", Some(0)));
        checkpoint.advance(two, place("9", None));
        checkpoint.advance(one, place("7", Some(1)));
        checkpoint.advance(two, Progress::Ended);
        assert_eq!(checkpoint.of(one), Some(&place("7", Some(1))));
        assert_eq!(checkpoint.shards().map(|(id, _)| id).collect::<Vec<_>>(), [one, two]);
        checkpoint.forget(two);
        assert_eq!(checkpoint.of(two), None);
        assert_eq!(checkpoint.origin(), Origin::TrimHorizon);
    }
}
