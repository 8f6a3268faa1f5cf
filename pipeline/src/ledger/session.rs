//! A revision while it runs: its intent before the first mutation, its progress after every operation.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use tokio::sync::Notify;

use super::revision::intent;
use super::{
    Applied, Commit, FORMAT, Ledger, LedgerError, Lock, Record, Revision, Standing, StoreError, Version,
};
use crate::apply::Outcome;
use crate::plan::{Plan, Step};
use crate::resources::ResourceId;

/// What a revision begins with.
#[derive(Clone, Copy, Debug)]
pub struct Beginning<'a> {
    /// The plan it carries out.
    pub plan: &'a Plan,
    /// Who applies it.
    pub actor: &'a str,
    /// The commit of the pipeline file.
    pub commit: Option<&'a Commit>,
    /// When.
    pub now: Timestamp,
}

/// The revision that is being applied.
#[derive(Debug)]
pub struct Session {
    ledger: Ledger,
    state: Mutex<Revision>,
    /// How many notes were taken.
    notes: AtomicU64,
    written: tokio::sync::Mutex<Written>,
    changed: Notify,
}

/// What the ledger has.
#[derive(Debug)]
struct Written {
    version: Version,
    notes: u64,
}

impl Ledger {
    /// The newest revision of a pipeline.
    ///
    /// # Errors
    /// The store cannot be used, or holds what this program cannot read.
    pub async fn head(&self, pipeline: &str) -> Result<Option<Revision>, LedgerError> {
        Ok(self.read_head(pipeline).await?.map(|(revision, _)| revision))
    }

    /// Files the old head under its number, then puts another in its place.
    pub(super) async fn supersede(
        &self,
        mut old: Revision,
        version: Version,
        new: &Revision,
    ) -> Result<Version, LedgerError> {
        let failed = |error| self.failed(&new.pipeline, error);
        if old.outcome == Outcome::Applying {
            old.outcome = Outcome::Interrupted;
        }
        let place = Self::revision_key(&new.pipeline, old.number);
        self.store.write(&place, &super::history::text(&old)).await.map_err(failed)?;
        let key = Self::head_key(&new.pipeline);
        self.store.replace(&key, &super::history::text(new), &version).await.map_err(failed)
    }

    pub(super) async fn read_head(&self, pipeline: &str) -> Result<Option<(Revision, Version)>, LedgerError> {
        let key = Self::head_key(pipeline);
        match self.store.read(&key).await.map_err(|error| self.failed(pipeline, error))? {
            None => Ok(None),
            Some((bytes, version)) => Ok(Some((super::history::parse(&bytes, &self.place(&key))?, version))),
        }
    }

    /// Files the old head, and writes the new revision with its intent.
    ///
    /// # Errors
    /// The plan was made on another revision, or the store cannot be used.
    pub async fn begin(&self, lock: &Lock, beginning: Beginning<'_>) -> Result<Session, LedgerError> {
        let pipeline = lock.pipeline.as_str();
        let head = self.read_head(pipeline).await?;
        let found = head.as_ref().map_or(0, |(revision, _)| revision.number);
        let planned = beginning.plan.based_on;
        if found != planned {
            return Err(LedgerError::Moved { planned, found });
        }
        let before = head.as_ref().map(|(revision, _)| revision);
        let revision = Revision {
            format: FORMAT,
            pipeline: pipeline.to_owned(),
            number: found + 1,
            purpose: beginning.plan.purpose,
            actor: beginning.actor.to_owned(),
            started: beginning.now,
            ended: None,
            outcome: Outcome::Applying,
            commit: beginning.commit.cloned(),
            returns_to: beginning.plan.returns_to,
            refreshed: false,
            source: beginning.plan.source.clone(),
            inputs: beginning.plan.inputs.clone(),
            resources: intent(before, beginning.plan),
        };
        let version = match head {
            None => {
                let content = super::history::text(&revision);
                let written = self.store.create(&Self::head_key(pipeline), &content).await;
                written.map_err(|error| self.failed(pipeline, error))?
            }
            Some((old, version)) => self.supersede(old, version, &revision).await?,
        };
        Ok(Session {
            ledger: self.clone(),
            state: Mutex::new(revision),
            notes: AtomicU64::new(0),
            written: tokio::sync::Mutex::new(Written { version, notes: 0 }),
            changed: Notify::new(),
        })
    }
}

impl Session {
    /// Its number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.with(|revision| revision.number)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Revision) -> T) -> T {
        // A poisoned lock means that a reader panicked; the data is whole, as every change is one assignment.
        work(&mut self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Takes a note, which the next write has.
    fn note(&self, note: impl FnOnce(&mut Revision)) {
        self.with(note);
        self.notes.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_one();
    }

    /// Writes, before it happens, that the creation of a step's resource is called for.
    pub(crate) async fn creating(&self, step: &Step) -> Result<(), LedgerError> {
        self.stand(step, Standing::Creating);
        self.write().await
    }

    /// Notes that a creation was refused for good: nothing that turns up under the name is its work.
    pub(crate) fn refused(&self, step: &Step) {
        self.stand(step, Standing::Intended);
    }

    fn stand(&self, step: &Step, standing: Standing) {
        self.note(|revision| {
            if let Some(record) = record_of(revision, step) {
                record.standing = standing;
            }
        });
    }

    /// Notes that the resource of a step is there and as it should be, tags included.
    pub fn present(&self, step: &Step) {
        self.note(|revision| {
            if let Some(record) = record_of(revision, step) {
                record.standing = Standing::Present;
                if let Some(desired) = &step.desired {
                    record.tags = desired.tags.set.keys().cloned().collect();
                    record.applied = Some(Applied::of(desired));
                }
            }
        });
    }

    /// Notes that a resource is gone, or no longer the pipeline's.
    pub fn gone(&self, id: &ResourceId) {
        self.note(|revision| revision.resources.retain(|record| &record.id() != id));
    }

    /// What is remembered now.
    #[must_use]
    pub fn resources(&self) -> Vec<Record> {
        self.with(|revision| revision.resources.clone())
    }

    /// Writes what is noted, as it is noted, for as long as it is polled; ends only when a write fails.
    pub(crate) async fn keep_writing(&self) -> LedgerError {
        loop {
            self.changed.notified().await;
            match self.write().await {
                Err(error @ LedgerError::LockLost(_)) => return error,
                // The next operation writes again, and the end of the revision insists.
                Err(error) => tracing::warn!(%error, "progress could not be written"),
                Ok(()) => {}
            }
        }
    }

    async fn write(&self) -> Result<(), LedgerError> {
        let mut written = self.written.lock().await;
        // Read before the content, which then has these notes at least.
        let notes = self.notes.load(Ordering::SeqCst);
        if notes == written.notes {
            // Another write had them.
            return Ok(());
        }
        let (pipeline, content) =
            self.with(|revision| (revision.pipeline.clone(), super::history::text(revision)));
        let key = Ledger::head_key(&pipeline);
        let version = match self.ledger.store.replace(&key, &content, &written.version).await {
            Ok(version) => version,
            // A write whose answer was lost, or that was dropped on its way, conflicts with the next.
            Err(StoreError::Conflict) => self.reread(&key, &content, &pipeline).await?,
            Err(error) => return Err(self.ledger.failed(&pipeline, error)),
        };
        *written = Written { version, notes };
        Ok(())
    }

    /// After a conflict: when the head is still this revision, writes on top of what is there.
    async fn reread(&self, key: &str, content: &[u8], pipeline: &str) -> Result<Version, LedgerError> {
        let lost = || LedgerError::LockLost(pipeline.to_owned());
        let (there, version) = self.ledger.read_head(pipeline).await?.ok_or_else(lost)?;
        let ours = self.with(|mine| {
            mine.number == there.number && mine.started == there.started && mine.actor == there.actor
        });
        if !ours || there.outcome != Outcome::Applying {
            return Err(lost());
        }
        let written = self.ledger.store.replace(key, content, &version).await;
        written.map_err(|error| self.ledger.failed(pipeline, error))
    }

    /// Writes how it ended.
    ///
    /// # Errors
    /// The store cannot be used, or the lock was lost.
    pub async fn end(&self, outcome: Outcome, now: Timestamp) -> Result<(), LedgerError> {
        self.note(|revision| {
            revision.outcome = outcome;
            revision.ended = Some(now);
        });
        self.write().await
    }
}

fn record_of<'a>(revision: &'a mut Revision, step: &Step) -> Option<&'a mut Record> {
    revision.resources.iter_mut().find(|record| record.kind == step.kind && record.name == step.name)
}
