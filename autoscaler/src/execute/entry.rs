//! What is remembered of a stream between two steps, so that a process remembers nothing: who may act, what was called
//! and when, where the stream is being taken, and what was decided last.
//!
//! **Not here:** metrics. CloudWatch keeps them for fifteen days at a minute each, and whoever needs them reads them
//! there; a copy would grow stale and be written every minute.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use pipectl_shards::limits::UPDATE_SHARD_COUNT_PER_DAY;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::lease::Lease;
use super::route::Terms;
use super::target::Target;

/// The newest format that this program reads and writes.
pub const FORMAT: u32 = 1;
/// Decisions that are kept.
pub const DECISIONS: usize = 50;
/// So many times as long as it should, and a change that we have called for is taken for another's.
const PATIENCE: u32 = 4;
/// The rolling day of `UpdateShardCount`, and a minute more for clocks that differ.
const DAY: SignedDuration = SignedDuration::from_secs(24 * 3600 + 60);
/// How long the day's budget counts as spent after AWS has said so and the calls were not ours.
const SPENT_FOR: SignedDuration = SignedDuration::from_mins(30);

/// The document of one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The format it is written in.
    pub format: u32,
    /// The stream's physical name.
    pub stream: String,
    /// Who may act.
    pub lease: Option<Lease>,
    /// When `UpdateShardCount` was called in the last day, oldest first.
    pub updates: VecDeque<Timestamp>,
    /// Until when AWS says that the day's calls are spent, which others may have made.
    pub updates_spent_until: Option<Timestamp>,
    /// The last call that reshards.
    pub last_call: Option<Made>,
    /// Where the stream is being taken.
    pub goal: Option<Goal>,
    /// Until when nothing is to be called, and why.
    pub pause: Option<Pause>,
    /// When someone else was last seen resharding the stream.
    pub foreign: Option<Timestamp>,
    /// When the metrics were last looked at and a decision made.
    pub looked: Option<Timestamp>,
    /// The last decisions, oldest first.
    pub decisions: VecDeque<Decided>,
}

/// A call that was made, or was about to be: it is noted before it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// When.
    pub at: Timestamp,
    /// The call, in words.
    pub call: String,
    /// What it was an `UpdateShardCount` to.
    pub update_to: Option<u32>,
    /// Whether AWS is known to have accepted it.
    pub accepted: bool,
}

impl Made {
    /// Whether it may still have been under way at a time: it has not taken four times as long as it should.
    #[must_use]
    pub fn may_run(&self, terms: &Terms, at: Timestamp) -> bool {
        let takes = if self.update_to.is_some() { terms.update } else { terms.serial };
        let takes = SignedDuration::try_from(takes * PATIENCE).unwrap_or(SignedDuration::MAX);
        at.duration_since(self.at) < takes
    }
}

/// Where a stream is being taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// Where to.
    pub target: Target,
    /// Since when.
    pub since: Timestamp,
    /// Why, in a sentence.
    pub reason: String,
}

/// Nothing is called for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Until when.
    pub until: Timestamp,
    /// How often in a row.
    pub times: u32,
    /// Why.
    pub why: String,
}

/// A decision, as `status` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decided {
    /// Since when it was so.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Until when, where it was the same again and again.
    #[schemars(with = "String")]
    pub until: Timestamp,
    /// Open shards then.
    pub shards: u32,
    /// What was decided: `hold`, `update-shard-count 12`, `split …`.
    pub action: String,
    /// Why, in a sentence; of the last time.
    pub reason: String,
    /// What came of it, where something was called.
    pub outcome: Option<String>,
}

/// A document that this program cannot read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Damaged, or something else.
    #[error("the autoscaler's entry of {stream} cannot be read: {reason}")]
    Corrupt {
        /// Whose.
        stream: String,
        /// Why not.
        reason: String,
    },
    /// Written by a newer program.
    #[error(
        "the autoscaler's entry of {stream} has format {found}; this pipectl knows formats up to {FORMAT}"
    )]
    Newer {
        /// Whose.
        stream: String,
        /// Its format.
        found: u32,
    },
}

impl Entry {
    /// Of a stream that nothing is known of.
    #[must_use]
    pub fn new(stream: &str) -> Self {
        Self {
            format: FORMAT,
            stream: stream.to_owned(),
            lease: None,
            updates: VecDeque::new(),
            updates_spent_until: None,
            last_call: None,
            goal: None,
            pause: None,
            foreign: None,
            looked: None,
            decisions: VecDeque::new(),
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    /// See [`EntryError`].
    pub fn parse(stream: &str, bytes: &[u8]) -> Result<Self, EntryError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let corrupt = |error: serde_json::Error| EntryError::Corrupt {
            stream: stream.to_owned(),
            reason: error.to_string(),
        };
        let head: Head = serde_json::from_slice(bytes).map_err(corrupt)?;
        if head.format > FORMAT {
            return Err(EntryError::Newer { stream: stream.to_owned(), found: head.format });
        }
        serde_json::from_slice(bytes).map_err(corrupt)
    }

    /// As it is stored: JSON for people to read.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        // Plain data with text keys always has a JSON form.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// `UpdateShardCount` calls that are left now, of those that are known.
    #[must_use]
    pub fn updates_left(&self, now: Timestamp) -> u32 {
        if self.updates_spent_until.is_some_and(|until| until > now) {
            return 0;
        }
        let most = u32::try_from(UPDATE_SHARD_COUNT_PER_DAY).unwrap_or(u32::MAX);
        let made = self.updates.iter().filter(|at| now.duration_since(**at) < DAY).count();
        most.saturating_sub(u32::try_from(made).unwrap_or(u32::MAX))
    }

    /// When the next `UpdateShardCount` is left, where none is now.
    #[must_use]
    pub fn update_free_at(&self, now: Timestamp) -> Option<Timestamp> {
        if self.updates_left(now) > 0 {
            return None;
        }
        let oldest = self.updates.front().and_then(|at| at.checked_add(DAY).ok());
        oldest.max(self.updates_spent_until)
    }

    /// Notes a call that is about to be made.
    pub fn note_call(&mut self, call: &Call, now: Timestamp) {
        let update_to = match call {
            Call::UpdateShardCount(count) => Some(count.get()),
            _ => None,
        };
        if update_to.is_some() {
            self.updates.push_back(now);
            while self.updates.len() > UPDATE_SHARD_COUNT_PER_DAY {
                self.updates.pop_front();
            }
        }
        self.last_call = Some(Made { at: now, call: call.to_string(), update_to, accepted: false });
    }

    /// The last call was not carried out: it does not count.
    pub fn unmake_call(&mut self) {
        if self.last_call.take().is_some_and(|made| made.update_to.is_some()) {
            self.updates.pop_back();
        }
    }

    /// AWS says that the day's calls are spent.
    pub fn note_day_spent(&mut self, now: Timestamp) {
        self.updates_spent_until = now.checked_add(SPENT_FOR).ok();
    }

    /// Notes a decision; one that is as the one before only makes that last longer.
    pub fn note_decision(&mut self, decided: Decided) {
        match self.decisions.back_mut() {
            Some(last)
                if last.action == decided.action && last.outcome.is_none() && decided.outcome.is_none() =>
            {
                last.until = decided.until;
                last.shards = decided.shards;
                last.reason = decided.reason;
            }
            _ => {
                self.decisions.push_back(decided);
                while self.decisions.len() > DECISIONS {
                    self.decisions.pop_front();
                }
            }
        }
    }
}
