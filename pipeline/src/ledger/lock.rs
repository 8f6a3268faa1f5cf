//! The lock: one apply per pipeline at a time, by conditional writes, with a lease.
//!
//! A holder renews its lease; one that died loses it when the lease ends, or at once when it ran on this
//! machine and its process is gone. A lock is released by writing it expired, not by deleting it, as not
//! every store deletes conditionally.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{FORMAT, Ledger, LedgerError, Owner, StoreError, Version};

/// How long a lock is held without renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease(pub Duration);

impl Default for Lease {
    fn default() -> Self {
        Self(Duration::from_secs(60))
    }
}

/// How long between two tries for a lock that is held.
const RETRY: Duration = Duration::from_secs(1);

/// A lock as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockRecord {
    /// The format it is written in.
    pub format: u32,
    /// Who holds it.
    pub owner: Owner,
    /// Since when.
    pub since: Timestamp,
    /// When the lease ends.
    pub until: Timestamp,
    /// Whether it was given back.
    pub released: bool,
}

impl LockRecord {
    /// Whether someone else may take it now.
    fn is_free(&self, now: Timestamp, dead: impl Fn(&Owner) -> bool) -> bool {
        self.released || self.until <= now || dead(&self.owner)
    }

    fn held(owner: &Owner, now: Timestamp, lease: Lease) -> Self {
        Self { format: FORMAT, owner: owner.clone(), since: now, until: later(now, lease.0), released: false }
    }
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| now.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}

/// A lock that is held.
#[derive(Debug)]
pub struct Lock {
    ledger: Ledger,
    /// The pipeline it is on.
    pub pipeline: String,
    record: LockRecord,
    version: Version,
    lease: Lease,
}

impl Ledger {
    /// Takes the lock of a pipeline, waiting up to `timeout` for one that is held.
    ///
    /// # Errors
    /// Someone else holds it, or the store cannot be used.
    pub async fn lock(
        &self,
        pipeline: &str,
        owner: &Owner,
        lease: Lease,
        timeout: Duration,
    ) -> Result<Lock, LedgerError> {
        self.store.prepare().await.map_err(|error| self.failed(pipeline, error))?;
        let deadline = tokio::time::Instant::now() + timeout;
        loop {
            let held = match self.try_lock(pipeline, owner, lease, Timestamp::now()).await? {
                Ok(lock) => return Ok(lock),
                Err(held) => held,
            };
            if tokio::time::Instant::now() >= deadline {
                return Err(LedgerError::Locked {
                    pipeline: pipeline.to_owned(),
                    owner: held.owner.to_string(),
                    since: held.since,
                    place: self.place(&Self::lock_key(pipeline)),
                });
            }
            tokio::time::sleep_until(deadline.min(tokio::time::Instant::now() + RETRY)).await;
        }
    }

    /// Whether someone holds the lock of a pipeline now.
    ///
    /// # Errors
    /// The store cannot be used, or holds what this program cannot read.
    pub async fn is_locked(&self, pipeline: &str) -> Result<bool, LedgerError> {
        let key = Self::lock_key(pipeline);
        match self.store.read(&key).await.map_err(|error| self.failed(pipeline, error))? {
            None => Ok(false),
            Some((bytes, _)) => {
                let held: LockRecord = super::history::parse(&bytes, &self.place(&key))?;
                Ok(!held.is_free(Timestamp::now(), Owner::is_dead))
            }
        }
    }

    /// One try: the lock, or who holds it.
    async fn try_lock(
        &self,
        pipeline: &str,
        owner: &Owner,
        lease: Lease,
        now: Timestamp,
    ) -> Result<Result<Lock, LockRecord>, LedgerError> {
        let key = Self::lock_key(pipeline);
        let record = LockRecord::held(owner, now, lease);
        let content = super::history::text(&record);
        loop {
            let there = self.store.read(&key).await.map_err(|error| self.failed(pipeline, error))?;
            let written = match there {
                None => self.store.create(&key, &content).await,
                Some((bytes, version)) => {
                    let held: LockRecord = super::history::parse(&bytes, &self.place(&key))?;
                    if !held.is_free(now, Owner::is_dead) {
                        return Ok(Err(held));
                    }
                    self.store.replace(&key, &content, &version).await
                }
            };
            match written {
                Ok(version) => {
                    let (ledger, pipeline) = (self.clone(), pipeline.to_owned());
                    return Ok(Ok(Lock { ledger, pipeline, record, version, lease }));
                }
                // Someone was faster: see who.
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(self.failed(pipeline, error)),
            }
        }
    }
}

impl Lock {
    /// Renews the lease for as long as it is polled; ends only when the lock is lost.
    pub(crate) async fn keep(&mut self) -> LedgerError {
        loop {
            tokio::time::sleep(self.lease.0 / 3).await;
            match self.renew(Timestamp::now()).await {
                Err(error @ LedgerError::LockLost(_)) => return error,
                // What passes may pass: the lease has two more thirds.
                Err(error) => tracing::warn!(%error, "the lock could not be renewed"),
                Ok(()) => {}
            }
        }
    }

    async fn renew(&mut self, now: Timestamp) -> Result<(), LedgerError> {
        let record = LockRecord { until: later(now, self.lease.0), ..self.record.clone() };
        self.put(record).await
    }

    async fn put(&mut self, record: LockRecord) -> Result<(), LedgerError> {
        let (key, content) = (Ledger::lock_key(&self.pipeline), super::history::text(&record));
        let written = self.ledger.store.replace(&key, &content, &self.version).await;
        match written {
            Ok(version) => self.version = version,
            // A write whose answer was lost conflicts with itself when it is made again.
            Err(StoreError::Conflict) => match self.ledger.store.read(&key).await {
                Ok(Some((bytes, version))) if bytes == content => self.version = version,
                _ => return Err(LedgerError::LockLost(self.pipeline.clone())),
            },
            Err(error) => return Err(self.ledger.failed(&self.pipeline, error)),
        }
        self.record = record;
        Ok(())
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// The store cannot be used, or the lock was lost.
    pub async fn release(mut self) -> Result<(), LedgerError> {
        let record = LockRecord { released: true, ..self.record.clone() };
        self.put(record).await
    }

    /// Removes the pipeline's lock and all its revisions, and the store itself when nothing else is in it;
    /// says whether that was so.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn forget(self) -> Result<bool, LedgerError> {
        let (ledger, pipeline) = (&self.ledger, self.pipeline.as_str());
        let failed = |error| ledger.failed(pipeline, error);
        loop {
            let keys = ledger.store.keys(&Ledger::revisions_prefix(pipeline)).await.map_err(failed)?;
            if keys.is_empty() {
                break;
            }
            for key in keys {
                ledger.store.delete(&key).await.map_err(failed)?;
            }
        }
        ledger.store.delete(&Ledger::head_key(pipeline)).await.map_err(failed)?;
        ledger.store.delete(&Ledger::lock_key(pipeline)).await.map_err(failed)?;
        ledger.store.remove_if_empty().await.map_err(failed)
    }
}
