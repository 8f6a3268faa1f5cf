//! Taking a lock away from a process that holds it and does nothing any more.
//!
//! Safe against being wrong: a holder that still lives finds its next renewal refused, begins nothing more, and
//! says that it lost the lock.

use jiff::Timestamp;

use super::lock::LockRecord;
use super::{Ledger, LedgerError, Owner, StoreError};

/// The fewest characters of a lock's id that name it.
const SHORTEST_PREFIX: usize = 8;

impl Ledger {
    /// The lock of a pipeline as it is held now; `None` when it is free.
    ///
    /// # Errors
    /// The store cannot be used, or holds what this program cannot read.
    pub async fn held_lock(&self, pipeline: &str) -> Result<Option<LockRecord>, LedgerError> {
        let key = Self::lock_key(pipeline);
        let there = self.store.read(&key).await.map_err(|error| self.failed(pipeline, error))?;
        let Some((bytes, _)) = there else { return Ok(None) };
        let held: LockRecord = super::history::parse(&bytes, &self.place(&key))?;
        Ok(if held.is_free(Timestamp::now(), Owner::is_dead) { None } else { Some(held) })
    }

    /// Takes the lock named by `id`, or by its beginning, away from whoever holds it, and says who did.
    ///
    /// # Errors
    /// Nobody holds it, another one is held, or the store cannot be used.
    pub async fn force_unlock(&self, pipeline: &str, id: &str) -> Result<LockRecord, LedgerError> {
        let key = Self::lock_key(pipeline);
        let failed = |error| self.failed(pipeline, error);
        let Some((bytes, version)) = self.store.read(&key).await.map_err(failed)? else {
            return Err(LedgerError::NotLocked(pipeline.to_owned()));
        };
        let held: LockRecord = super::history::parse(&bytes, &self.place(&key))?;
        if held.is_free(Timestamp::now(), Owner::is_dead) {
            return Err(LedgerError::NotLocked(pipeline.to_owned()));
        }
        let other = |held: &LockRecord| LedgerError::OtherLock {
            pipeline: pipeline.to_owned(),
            id: held.owner.id.clone(),
            owner: held.owner.to_string(),
            asked: id.to_owned(),
        };
        let named = held.owner.id == id || (id.len() >= SHORTEST_PREFIX && held.owner.id.starts_with(id));
        if !named {
            return Err(other(&held));
        }
        let released = LockRecord { released: true, ..held.clone() };
        match self.store.replace(&key, &super::history::text(&released), &version).await {
            Ok(_) => Ok(held),
            // It was renewed, given back or taken by another in between: whoever asked has to look again.
            Err(StoreError::Conflict) => match self.held_lock(pipeline).await? {
                None => Err(LedgerError::NotLocked(pipeline.to_owned())),
                Some(now) if now.owner.id == held.owner.id => Box::pin(self.force_unlock(pipeline, id)).await,
                Some(now) => Err(other(&now)),
            },
            Err(error) => Err(failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::{FolderStore, Lease, Lock};
    use super::*;

    async fn locked(folder: &std::path::Path) -> (Ledger, Lock, Owner) {
        let ledger = Ledger::new(Arc::new(FolderStore::new(folder)));
        let owner = Owner::this_process("ada@laptop");
        let lock = ledger.lock("p", &owner, Lease::default(), Duration::ZERO).await.expect("free");
        (ledger, lock, owner)
    }

    #[tokio::test]
    async fn a_lock_taken_away_is_free_and_whoever_had_it_cannot_write_it_any_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let (ledger, lock, owner) = locked(folder.path()).await;
        let held = ledger.force_unlock("p", &owner.id[..8]).await.expect("taken away");
        assert_eq!(held.owner, owner);
        assert_eq!(ledger.held_lock("p").await.expect("read"), None);
        let other = Owner::this_process("grace@server");
        let taken = ledger.lock("p", &other, Lease::default(), Duration::ZERO).await.expect("free");
        assert!(matches!(lock.release().await, Err(LedgerError::LockLost(_))));
        taken.release().await.expect("still held");
    }

    #[tokio::test]
    async fn only_the_lock_that_was_named_is_taken_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let (ledger, lock, owner) = locked(folder.path()).await;
        for other in ["", "1", "00000000-0000-0000-0000-000000000000", &owner.id[..4]] {
            let refused = ledger.force_unlock("p", other).await.expect_err("another one");
            assert!(matches!(&refused, LedgerError::OtherLock { id, .. } if *id == owner.id), "{refused}");
        }
        lock.release().await.expect("still held");
        assert!(matches!(ledger.force_unlock("p", &owner.id).await, Err(LedgerError::NotLocked(_))));
        assert!(matches!(ledger.force_unlock("q", &owner.id).await, Err(LedgerError::NotLocked(_))));
    }
}
