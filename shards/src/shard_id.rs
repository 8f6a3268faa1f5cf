//! The names that Kinesis gives to shards.

use std::fmt;
use std::str::FromStr;

/// The name of a shard: `shardId-` and a number of at least twelve digits.
///
/// Numbers are given out in order and never again within a stream, so an id that is higher is younger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(u64);

impl ShardId {
    /// The shard with this number in its stream.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number in its stream.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shardId-{:012}", self.0)
    }
}

/// A text that is no shard id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a shard id: expected something like shardId-000000000000")]
pub struct ParseShardIdError(String);

impl FromStr for ShardId {
    type Err = ParseShardIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix("shardId-")
            .filter(|digits| digits.len() >= 12 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .map(Self)
            .filter(|id| id.to_string() == text)
            .ok_or_else(|| ParseShardIdError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_shard_id_has_twelve_digits_at_least() {
        assert_eq!(ShardId::new(7).to_string(), "shardId-000000000007");
        assert_eq!(ShardId::new(1_000_000_000_000).to_string(), "shardId-1000000000000");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "shard-000000000001", "shardId-1", "shardId-00000000000x", "shardId-0000000000001"] {
            assert_eq!(text.parse::<ShardId>(), Err(ParseShardIdError(text.to_owned())), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_shard_id_is_read_as_it_is_written(number: u64) {
            prop_assert_eq!(ShardId::new(number).to_string().parse(), Ok(ShardId::new(number)));
        }
    }
}
