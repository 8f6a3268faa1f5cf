//! How a record ends. These types are kept for good: whatever the producer learns to do, a record handed to
//! it ends in exactly one of these.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use pipectl_shards::ShardId;
use serde::{Serialize, Serializer};

use crate::input::Found;

/// How a record ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Kinesis acknowledged it.
    Delivered {
        /// The shard it landed on.
        shard: ShardId,
        /// Its place in that shard.
        sequence: SequenceNumber,
        /// Its place in the aggregate that it went in, from 0; nothing when it went alone.
        sub_sequence: Option<u64>,
        /// What was tried; the last attempt is the one that was acknowledged.
        attempts: Attempts,
    },
    /// Its time to live ended before Kinesis acknowledged it.
    Expired {
        /// What was tried.
        attempts: Attempts,
    },
    /// It can never be delivered as it is, and was not tried.
    Refused {
        /// Why.
        reason: Refusal,
    },
    /// The producer stopped before it was acknowledged.
    Cancelled {
        /// Why the producer stopped.
        reason: Cancellation,
        /// Whether a request with it was under way, or had been taken by a shard of which nobody knew yet whether it owns
        /// all of the aggregate: then it may have arrived all the same. So may what `attempts` shows no answer for,
        /// here and where it expired.
        in_flight: bool,
        /// What was tried.
        attempts: Attempts,
    },
}

impl Outcome {
    /// One word for it, as the account calls it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Delivered { .. } => "delivered",
            Self::Expired { .. } => "expired",
            Self::Refused { .. } => "refused",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

/// Why a record is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Data and partition key are more than a record of the stream may have.
    #[error("{size} bytes with its key, more than the {limit} that a record may have")]
    TooLarge {
        /// Data and key, in bytes; a lower bound where the input was cut off.
        size: usize,
        /// What the stream takes.
        limit: usize,
    },
    /// A partition key is 1 to 256 characters.
    #[error("a partition key of {characters} characters; 1 to 256 are allowed")]
    PartitionKey {
        /// How many it has.
        characters: usize,
    },
    /// The field that should hold the partition key is not there, or is no text or number.
    #[error("no text or number in the key field `{field}`: {found}")]
    NoKey {
        /// The field.
        field: String,
        /// What was found there.
        found: Found,
    },
    /// The field that should hold the explicit hash key does not hold one.
    #[error("no whole number from 0 to 2^128 - 1 in the hash key field `{field}`: {found}")]
    NoHashKey {
        /// The field.
        field: String,
        /// What was found there.
        found: Found,
    },
    /// The line is not JSON, and was said to be.
    #[error("not JSON: {0}")]
    NotJson(String),
}

/// Why a producer stopped before its work was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cancellation {
    /// It was told to, or was dropped without being closed.
    #[error("cancelled")]
    Requested,
    /// The deadline given to close it passed.
    #[error("not done within the time given to close")]
    Deadline,
    /// The sink refused for a reason that no retry mends.
    #[error("{code}: {message}")]
    Fatal {
        /// The error code, as AWS names it.
        code: Arc<str>,
        /// What it says.
        message: Arc<str>,
    },
}

/// The place of a record in its shard: a decimal number of up to 128 digits, which grows within the shard.
/// The records of an aggregate share it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SequenceNumber(Arc<str>);

impl Serialize for SequenceNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl SequenceNumber {
    /// The sequence number that AWS wrote like this.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// As AWS writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One request that carried the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// When the request began, counted from when the record was put.
    pub at: Duration,
    /// How long it took.
    pub duration: Duration,
    /// Why it did not deliver the record; `None` when it did.
    pub failure: Option<Failure>,
}

/// Why an attempt failed. Shared by the records of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// AWS's error code, or a word for what happened to the request.
    pub code: Arc<str>,
    /// What AWS said.
    pub message: Arc<str>,
}

/// The attempts of a record: how many there were, and the first and the latest of them.
///
/// A record that is delivered at once, as nearly all are, costs no allocation here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attempts {
    count: u32,
    first: Option<Attempt>,
    later: Vec<Attempt>,
}

/// How many attempts beside the first are kept.
const LATER_KEPT: usize = 15;

impl Attempts {
    /// How many requests carried the record.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The attempts that were kept, oldest first: the first one and the latest fifteen.
    pub fn kept(&self) -> impl Iterator<Item = &Attempt> {
        self.first.iter().chain(&self.later)
    }

    /// The latest attempt.
    #[must_use]
    pub fn last(&self) -> Option<&Attempt> {
        self.later.last().or(self.first.as_ref())
    }

    pub(crate) fn push(&mut self, attempt: Attempt) {
        self.count = self.count.saturating_add(1);
        if self.first.is_none() {
            self.first = Some(attempt);
            return;
        }
        if self.later.len() == LATER_KEPT {
            self.later.remove(0);
        }
        self.later.push(attempt);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_all_counted_and_the_first_and_latest_are_kept() {
        let mut attempts = Attempts::default();
        assert_eq!(attempts.last(), None);
        for second in 0..100 {
            attempts.push(Attempt {
                at: Duration::from_secs(second),
                duration: Duration::ZERO,
                failure: None,
            });
        }
        assert_eq!(attempts.count(), 100);
        let kept: Vec<u64> = attempts.kept().map(|attempt| attempt.at.as_secs()).collect();
        assert_eq!(kept.first(), Some(&0));
        assert_eq!(kept[1..], (85..100).collect::<Vec<u64>>()[..]);
        assert_eq!(attempts.last().map(|attempt| attempt.at.as_secs()), Some(99));
    }
}
