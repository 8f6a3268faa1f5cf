//! A revision that only learned: what is there was taken for what was left, and nothing on AWS was touched.

use jiff::Timestamp;

use super::{Commit, Ledger, LedgerError, Lock, Record, Revision};
use crate::apply::Outcome;

/// What a refresh writes.
#[derive(Clone, Debug)]
pub(crate) struct Learned<'a> {
    /// The revision that was looked at.
    pub(crate) based_on: u64,
    /// What there is.
    pub(crate) records: Vec<Record>,
    /// Who looked.
    pub(crate) actor: &'a str,
    /// The commit of the pipeline file.
    pub(crate) commit: Option<&'a Commit>,
    /// When.
    pub(crate) now: Timestamp,
}

impl Ledger {
    /// Writes what was learned as a revision of its own, and answers its number. How the last revision ended stays:
    /// what it did not finish is not finished by a look.
    ///
    /// # Errors
    /// The ledger moved since the look, or the store cannot be used.
    pub(crate) async fn learn(&self, lock: &Lock, learned: Learned<'_>) -> Result<u64, LedgerError> {
        let head = self.read_head(&lock.pipeline).await?;
        let found = head.as_ref().map_or(0, |(revision, _)| revision.number);
        let (Some((before, version)), true) = (head, found == learned.based_on) else {
            return Err(LedgerError::Moved { planned: learned.based_on, found });
        };
        let number = before.number + 1;
        let revision = Revision {
            number,
            actor: learned.actor.to_owned(),
            started: learned.now,
            ended: Some(learned.now),
            outcome: match before.outcome {
                Outcome::Applying => Outcome::Interrupted,
                ended => ended,
            },
            commit: learned.commit.cloned(),
            returns_to: None,
            refreshed: true,
            resources: learned.records,
            ..before.clone()
        };
        self.supersede(before, version, &revision).await?;
        Ok(number)
    }
}
