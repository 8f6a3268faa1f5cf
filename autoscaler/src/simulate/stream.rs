//! A fluid model of a provisioned stream: shards own shares of the traffic, and each carries one shard's worth.
//!
//! Loads are in shards: 1 is what a shard takes in at its limit, whichever of bytes and records binds. What a shard
//! cannot take is dropped and counted, as a producer without a buffer would lose it.

/// The first and the last moment that a hash key can stand for, as a share of the hash-key space.
const SPACE: (f64, f64) = (0.0, 1.0);

/// One change of a stream's shards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operation {
    /// To so many shards of equal ranges.
    UpdateShardCount(u32),
    /// Cuts the shard that owns this point of the space in two, there.
    Split {
        /// Where the second shard starts, as a share of the space.
        at: f64,
    },
    /// Joins the two shards that meet at this point of the space.
    Merge {
        /// Where the second of them starts, as a share of the space.
        at: f64,
    },
}

/// Why an operation does not fit the shards as they are.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum OperationError {
    /// A split where a shard starts already, or outside the space.
    #[error("no shard can be cut at {at}")]
    NothingToSplit {
        /// Where.
        at: f64,
    },
    /// A merge where no two shards meet.
    #[error("no two shards meet at {at}")]
    NothingToMerge {
        /// Where.
        at: f64,
    },
    /// A stream has at least one shard.
    #[error("a stream has at least one shard")]
    NoShards,
}

/// Where the traffic falls in the hash-key space.
pub trait Keys {
    /// The share of the traffic in the part of the space below `at`, from 0 at 0 to 1 at 1.
    fn below(&self, at: f64) -> f64;
}

/// Every part of the space gets as much as every other of its size.
#[derive(Clone, Copy, Debug, Default)]
pub struct UniformKeys;

impl Keys for UniformKeys {
    fn below(&self, at: f64) -> f64 {
        at
    }
}

/// A part of the space gets a share of its own on top of the even rest.
#[derive(Clone, Copy, Debug)]
pub struct HotRange {
    /// Where it starts.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
    /// The share of the traffic that falls there, beside its part of the rest.
    pub share: f64,
}

impl Keys for HotRange {
    fn below(&self, at: f64) -> f64 {
        let inside = ((at - self.start) / (self.end - self.start)).clamp(0.0, 1.0);
        at * (1.0 - self.share) + self.share * inside
    }
}

/// The open shards of a stream, by where each starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    starts: Vec<f64>,
}

impl Stream {
    /// A stream of `count` shards of equal ranges; of one, for 0.
    #[must_use]
    pub fn uniform(count: u32) -> Self {
        let count = count.max(1);
        Self { starts: (0..count).map(|index| f64::from(index) / f64::from(count)).collect() }
    }

    /// Open shards.
    #[must_use]
    pub fn shards(&self) -> usize {
        self.starts.len()
    }

    /// Open shards, as AWS counts them.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// Where the shards start and end, as shares of the space, in order. What a range starts at is what a split or a
    /// merge has to name.
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = (f64, f64)> + '_ {
        let end = |index: usize| self.starts.get(index + 1).copied().unwrap_or(SPACE.1);
        self.starts.iter().enumerate().map(move |(index, start)| (*start, end(index)))
    }

    /// The shares of the traffic that the shards get, in the order of their ranges.
    pub fn shares<'a>(&'a self, keys: &'a impl Keys) -> impl Iterator<Item = f64> + 'a {
        self.ranges().map(|(start, end)| keys.below(end) - keys.below(start))
    }

    /// What of a load the shards cannot take.
    #[must_use]
    pub fn throttled(&self, load: f64, keys: &impl Keys) -> f64 {
        self.shares(keys).map(|share| (load * share - 1.0).max(0.0)).sum()
    }

    /// Carries out an operation; how long that takes is the simulation's to say.
    ///
    /// # Errors
    /// [`OperationError`] when the shards as they are do not allow it; then they stay as they are.
    pub fn apply(&mut self, operation: Operation) -> Result<(), OperationError> {
        match operation {
            Operation::UpdateShardCount(0) => return Err(OperationError::NoShards),
            Operation::UpdateShardCount(count) => *self = Self::uniform(count),
            Operation::Split { at } => {
                let place = self.starts.partition_point(|start| *start < at);
                let free = self.starts.get(place) != Some(&at);
                if !(free && SPACE.0 < at && at < SPACE.1) {
                    return Err(OperationError::NothingToSplit { at });
                }
                self.starts.insert(place, at);
            }
            Operation::Merge { at } => {
                let place = self.starts.iter().skip(1).position(|start| *start == at);
                self.starts.remove(place.ok_or(OperationError::NothingToMerge { at })? + 1);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_even_stream_throttles_what_lies_over_its_shards() {
        let stream = Stream::uniform(4);
        assert!(stream.throttled(4.0, &UniformKeys).abs() < 1e-9);
        assert!((stream.throttled(5.0, &UniformKeys) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn one_split_relieves_only_the_shard_that_was_split() {
        let mut stream = Stream::uniform(2);
        stream.apply(Operation::Split { at: 0.25 }).unwrap();
        // 3 shards, but the unsplit one still gets half of it: 1.5 of 3, of which it takes 1.
        assert!((stream.throttled(3.0, &UniformKeys) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_hot_range_throttles_below_the_capacity_until_it_is_split_where_it_is_hot() {
        let keys = HotRange { start: 0.0, end: 0.1, share: 0.5 };
        let mut stream = Stream::uniform(4);
        let before = stream.throttled(3.0, &keys);
        stream.apply(Operation::Split { at: 0.05 }).unwrap();
        assert!(before > 0.8, "{before}");
        assert!(stream.throttled(3.0, &keys) < 0.1);
    }

    #[test]
    fn impossible_operations_are_refused_and_change_nothing() {
        let mut stream = Stream::uniform(2);
        let before = stream.clone();
        for at in [0.0, 0.5, 1.0, -0.1, f64::NAN] {
            assert!(stream.apply(Operation::Split { at }).is_err(), "{at}");
        }
        for at in [0.0, 0.25, 1.0] {
            assert!(stream.apply(Operation::Merge { at }).is_err(), "{at}");
        }
        assert_eq!(stream.apply(Operation::UpdateShardCount(0)), Err(OperationError::NoShards));
        assert_eq!(stream, before);
    }

    proptest! {
        #[test]
        fn the_shares_always_add_up_to_everything(
            count in 1_u32..50,
            points in proptest::collection::vec(0.0_f64..1.0, 0..30),
            share in 0.0_f64..1.0,
        ) {
            let mut stream = Stream::uniform(count);
            for at in points {
                let _ = stream.apply(Operation::Split { at });
                let second = stream.starts.get(1).copied();
                if let Some(at) = second.filter(|at| *at > 0.3) {
                    stream.apply(Operation::Merge { at }).unwrap();
                }
            }
            let keys = HotRange { start: 0.2, end: 0.3, share };
            prop_assert!((stream.shares(&keys).sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}
