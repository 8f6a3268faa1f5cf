//! The revisions of a pipeline: listed, shown, compared; and its lock, when it has to be taken away.

use super::{Engine, Error, RevisionSummary};
use crate::ledger::{self, Comparison, LockRecord, Revision};

impl Engine {
    /// The pipeline's revisions, the newest first; a hundred at most.
    ///
    /// # Errors
    /// An unreadable ledger.
    pub async fn history(&self, pipeline: &str) -> Result<Vec<RevisionSummary>, Error> {
        let history = async {
            let history = self.ledger.history(pipeline).await;
            history.map_err(|error| Error::of_ledger(error, self.endpoint()))
        };
        let (revisions, interrupted) = tokio::try_join!(history, self.interrupted(pipeline))?;
        Ok(revisions.iter().map(|revision| RevisionSummary::of(revision, interrupted)).collect())
    }

    /// Whether nobody applies now: a revision that seems to run was then stopped with its process.
    pub(super) async fn interrupted(&self, pipeline: &str) -> Result<bool, Error> {
        let held = self.ledger.is_locked(pipeline).await;
        held.map(|held| !held).map_err(|error| Error::of_ledger(error, self.endpoint()))
    }

    /// One revision, all of it.
    ///
    /// # Errors
    /// There is none of this number, or the ledger cannot be read.
    pub async fn revision(&self, pipeline: &str, number: u64) -> Result<Revision, Error> {
        self.ledger.revision(pipeline, number).await.map_err(|error| Error::of_ledger(error, self.endpoint()))
    }

    /// What differs between two revisions.
    ///
    /// # Errors
    /// There is none of one of the numbers, or the ledger cannot be read.
    pub async fn compare(&self, pipeline: &str, from: u64, to: u64) -> Result<Comparison, Error> {
        let (from, to) = tokio::try_join!(self.revision(pipeline, from), self.revision(pipeline, to))?;
        Ok(ledger::compare(&from, &to))
    }

    /// The lock of a pipeline as it is held now; `None` when it is free.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn held_lock(&self, pipeline: &str) -> Result<Option<LockRecord>, Error> {
        self.ledger.held_lock(pipeline).await.map_err(|error| Error::of_ledger(error, self.endpoint()))
    }

    /// Takes the lock of this id away from whoever holds it, and says who did.
    ///
    /// # Errors
    /// Nobody holds it, another one is held, or the ledger cannot be used.
    pub async fn force_unlock(&self, pipeline: &str, id: &str) -> Result<LockRecord, Error> {
        self.ledger.force_unlock(pipeline, id).await.map_err(|error| Error::of_ledger(error, self.endpoint()))
    }
}
