//! The lock: one apply per pipeline at a time, by conditional writes, with a lease.
//!
//! A holder renews its lease; one that died loses it when the lease ends, or at once when it ran on this
//! machine and its process is gone. A lock is released by writing it expired, not by deleting it, as not
//! every store deletes conditionally.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::autoscale::autoscale_prefix;
use super::{FORMAT, Ledger, LedgerError, Owner, StoreError, Version};
use crate::cloud::Meaning;

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
/// How often a write of our own that others seem to have overtaken is made again.
const REWRITES: u32 = 3;

/// A lock as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LockRecord {
    /// The format it is written in.
    pub format: u32,
    /// Who holds it.
    pub owner: Owner,
    /// Since when.
    #[schemars(with = "String")]
    pub since: Timestamp,
    /// When the lease ends.
    #[schemars(with = "String")]
    pub until: Timestamp,
    /// Whether it was given back.
    pub released: bool,
}

impl LockRecord {
    /// Whether someone else may take it now.
    pub(super) fn is_free(&self, now: Timestamp, dead: impl Fn(&Owner) -> bool) -> bool {
        self.released || self.until <= now || dead(&self.owner)
    }

    /// Whether it is this very owner who holds it.
    fn is_held_by(&self, owner: &Owner) -> bool {
        !self.released && self.owner.id == owner.id
    }

    fn held(owner: &Owner, now: Timestamp, lease: Lease) -> Self {
        Self { format: FORMAT, owner: owner.clone(), since: now, until: later(now, lease.0), released: false }
    }
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| now.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}

/// When a lease that lasts until `until` ends, on the clock that nobody sets.
fn ends(until: Timestamp, now: Timestamp) -> Instant {
    Instant::now() + Duration::try_from(until.duration_since(now)).unwrap_or_default()
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
    ends: Instant,
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
        let deadline = Instant::now() + timeout;
        loop {
            let held = match self.try_lock(pipeline, owner, lease, Timestamp::now()).await? {
                Ok(lock) => return Ok(lock),
                Err(held) => held,
            };
            if Instant::now() >= deadline {
                return Err(LedgerError::Locked {
                    pipeline: pipeline.to_owned(),
                    id: held.owner.id.clone(),
                    owner: held.owner.to_string(),
                    since: held.since.round(jiff::Unit::Second).unwrap_or(held.since),
                    place: self.place(&Self::lock_key(pipeline)),
                });
            }
            tokio::time::sleep_until(deadline.min(Instant::now() + RETRY)).await;
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
        let taken = |record: LockRecord, version| {
            let (ledger, pipeline, ends) = (self.clone(), pipeline.to_owned(), ends(record.until, now));
            Lock { ledger, pipeline, record, version, lease, ends }
        };
        let mut unanswered = 0;
        loop {
            let there = self.store.read(&key).await.map_err(|error| self.failed(pipeline, error))?;
            let written = match there {
                None => self.store.create(&key, &content).await,
                Some((bytes, version)) => {
                    let held: LockRecord = super::history::parse(&bytes, &self.place(&key))?;
                    // We wrote it, and the answer was lost.
                    if held.is_held_by(owner) && held.until > now {
                        return Ok(Ok(taken(held, version)));
                    }
                    if !held.is_free(now, Owner::is_dead) {
                        return Ok(Err(held));
                    }
                    self.store.replace(&key, &content, &version).await
                }
            };
            match written {
                Ok(version) => return Ok(Ok(taken(record, version))),
                // Someone was faster: see who.
                Err(StoreError::Conflict) => {}
                // It may have been written: see.
                Err(StoreError::Call(error))
                    if error.meaning == Meaning::Unknown && unanswered < REWRITES =>
                {
                    unanswered += 1;
                }
                Err(error) => return Err(self.failed(pipeline, error)),
            }
        }
    }
}

impl Lock {
    /// Renews the lease for as long as it is polled; ends only when the lock is lost, or the lease is over.
    pub(crate) async fn keep(&mut self) -> LedgerError {
        loop {
            tokio::time::sleep(self.lease.0 / 3).await;
            let (ends, now) = (self.ends, Timestamp::now());
            match tokio::time::timeout_at(ends, self.renew(now)).await {
                Ok(Ok(())) => continue,
                Ok(Err(error @ LedgerError::LockLost(_))) => return error,
                // What passes may pass: the lease has two more thirds.
                Ok(Err(error)) => tracing::warn!(%error, "the lock could not be renewed"),
                Err(_) => tracing::warn!("the lock was not renewed in time"),
            }
            // From here on anyone may take it, whether or not someone has.
            if self.ends <= Instant::now() || self.record.until <= Timestamp::now() {
                return LedgerError::LockLost(self.pipeline.clone());
            }
        }
    }

    async fn renew(&mut self, now: Timestamp) -> Result<(), LedgerError> {
        let record = LockRecord { until: later(now, self.lease.0), ..self.record.clone() };
        let ends = ends(record.until, now);
        self.put(record).await?;
        self.ends = ends;
        Ok(())
    }

    async fn put(&mut self, record: LockRecord) -> Result<(), LedgerError> {
        let (key, content) = (Ledger::lock_key(&self.pipeline), super::history::text(&record));
        for _ in 0..REWRITES {
            match self.ledger.store.replace(&key, &content, &self.version).await {
                Ok(version) => self.version = version,
                Err(StoreError::Conflict) => {
                    let (there, version) = self.reread(&key, &content).await?;
                    self.version = version;
                    if !there {
                        continue;
                    }
                }
                Err(error) => return Err(self.ledger.failed(&self.pipeline, error)),
            }
            self.record = record;
            return Ok(());
        }
        Err(LedgerError::LockLost(self.pipeline.clone()))
    }

    /// After a conflict: a write of ours whose answer was lost, or that was dropped on its way, conflicts with
    /// the next. Says whether this content is there, and the version of what is, as long as it is ours.
    async fn reread(&self, key: &str, content: &[u8]) -> Result<(bool, Version), LedgerError> {
        let lost = || LedgerError::LockLost(self.pipeline.clone());
        let there = self.ledger.store.read(key).await;
        let there = there.map_err(|error| self.ledger.failed(&self.pipeline, error))?;
        let (bytes, version) = there.ok_or_else(lost)?;
        if bytes == content {
            return Ok((true, version));
        }
        let held = super::history::parse::<LockRecord>(&bytes, key).ok();
        let ours = held.is_some_and(|held| held.is_held_by(&self.record.owner));
        if ours { Ok((false, version)) } else { Err(lost()) }
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// The store cannot be used, or the lock was lost.
    pub async fn release(mut self) -> Result<(), LedgerError> {
        let record = LockRecord { released: true, ..self.record.clone() };
        self.put(record).await
    }

    /// Removes the pipeline's lock, all its revisions and what the autoscaler keeps, and the store itself when nothing else is in it;
    /// says whether that was so.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn forget(self) -> Result<bool, LedgerError> {
        let (ledger, pipeline) = (&self.ledger, self.pipeline.as_str());
        let failed = |error| ledger.failed(pipeline, error);
        for prefix in [Ledger::revisions_prefix(pipeline), autoscale_prefix(pipeline)] {
            loop {
                let keys = ledger.store.keys(&prefix).await.map_err(failed)?;
                if keys.is_empty() {
                    break;
                }
                for key in keys {
                    ledger.store.delete(&key).await.map_err(failed)?;
                }
            }
        }
        ledger.store.delete(&Ledger::head_key(pipeline)).await.map_err(failed)?;
        ledger.store.delete(&Ledger::lock_key(pipeline)).await.map_err(failed)?;
        ledger.store.remove_if_empty().await.map_err(failed)
    }
}
