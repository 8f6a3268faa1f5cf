//! What the engine remembers: who applies now, what each revision did, and what it left.
//!
//! Per pipeline there is a *lock*, and a *head*: the newest revision, one object that is replaced by
//! conditional writes only. Beginning a revision first files the old head under its number, then replaces it;
//! a process that lost its lock finds its next write refused. The same rules run over two stores: an S3 bucket
//! per account and region, and a folder.
//!
//! **Invariant** the cloud is the truth about what exists. The ledger says what to look for beside the file,
//! and whose a resource is that was created and not tagged yet.

mod applied;
mod autoscale;
mod compare;
mod folder;
mod history;
mod lock;
mod owner;
mod refresh;
mod revision;
mod session;
mod store;
mod unlock;

use std::sync::Arc;

pub use applied::Applied;
pub(crate) use applied::is_closed;
pub use compare::{Comparison, RecordChange, compare};
pub use folder::FolderStore;
pub use lock::{Lease, Lock, LockRecord};
pub use owner::Owner;
pub(crate) use refresh::Learned;
pub use revision::{Commit, FORMAT, Record, Revision, Standing};
pub use session::{Beginning, Session};
pub use store::{Store, StoreError, Version};

use crate::cloud::CallError;

/// The ledger of one account and region, or of one folder.
#[derive(Clone)]
pub struct Ledger {
    store: Arc<dyn Store>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ledger({})", self.store.describe())
    }
}

/// Why the ledger did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another process holds the lock.
    #[error("{owner} has been applying {pipeline} since {since} (the lock {id} is {place})")]
    Locked {
        /// What tells this lock from every other.
        id: String,
        /// The pipeline.
        pipeline: String,
        /// Who.
        owner: String,
        /// Since when.
        since: jiff::Timestamp,
        /// Where the lock is.
        place: String,
    },
    /// Someone took the lock over or wrote the head, or the lease ended before it could be renewed.
    #[error("the lock on {0} was lost: another process took it over, or it could not be renewed in time")]
    LockLost(String),
    /// What is stored is not what this program writes.
    #[error("the ledger entry {place} cannot be read: {reason}")]
    Corrupt {
        /// Which entry.
        place: String,
        /// Why not.
        reason: String,
    },
    /// What is stored was written by a newer program.
    #[error("the ledger entry {place} has format {found}; this pipectl knows formats up to {FORMAT}")]
    Newer {
        /// Which entry.
        place: String,
        /// Its format.
        found: u32,
    },
    /// The ledger bucket could not be read or written.
    #[error("the ledger cannot be reached")]
    Call(#[source] CallError),
    /// The ledger folder could not be read or written.
    #[error("the ledger folder cannot be used: {0}")]
    Folder(String),
    /// Nobody holds the lock that was to be taken away.
    #[error("nobody is applying {0}: there is no lock to take away")]
    NotLocked(String),
    /// Another lock is held than the one that was to be taken away.
    #[error("the lock on {pipeline} is {id} of {owner}, and not {asked}")]
    OtherLock {
        /// The pipeline.
        pipeline: String,
        /// The lock that is held.
        id: String,
        /// By whom.
        owner: String,
        /// The one that was asked for.
        asked: String,
    },
    /// There is no such revision.
    #[error("{pipeline} has no revision {number}")]
    NoRevision {
        /// The pipeline.
        pipeline: String,
        /// The number.
        number: u64,
    },
    /// A plan was made on another revision than the ledger's last.
    #[error("the plan was made after revision {planned}, and the ledger is at revision {found} now")]
    Moved {
        /// The revision the plan knows.
        planned: u64,
        /// The ledger's.
        found: u64,
    },
}

impl LedgerError {
    /// The error with its cause, in one line.
    pub(crate) fn told(&self) -> String {
        match self {
            LedgerError::Call(cause) => format!("{self}: {cause}"),
            _ => self.to_string(),
        }
    }

    /// The way out, where one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            LedgerError::Locked { id, .. } => format!(
                "wait for it with --lock-timeout 10m; a lock whose process died is free once its lease ends, a \
                 minute at most; `pipectl force-unlock {id}` takes it away from a process that hangs"
            ),
            LedgerError::NotLocked(_) => "apply takes it without more ado".to_owned(),
            LedgerError::OtherLock { .. } => {
                "name the lock that the error of apply named; another one may be somebody at work".to_owned()
            }
            LedgerError::NoRevision { .. } => "`pipectl history` lists them".to_owned(),
            LedgerError::LockLost(_) => "run apply again: it finds what is done and does the rest".to_owned(),
            LedgerError::Corrupt { place, .. } => {
                format!("nothing was changed; restore {place} or move it away, the cloud has what exists")
            }
            LedgerError::Newer { .. } => "use a newer pipectl".to_owned(),
            LedgerError::Call(_) => "--state DIR keeps the ledger in a folder instead".to_owned(),
            LedgerError::Folder(_) => "give --state a folder that can be written".to_owned(),
            LedgerError::Moved { .. } => "plan again".to_owned(),
        })
    }
}

impl Ledger {
    /// The ledger over this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Where it is, in words.
    #[must_use]
    pub fn describe(&self) -> String {
        self.store.describe()
    }

    fn failed(&self, pipeline: &str, error: StoreError) -> LedgerError {
        match error {
            StoreError::Conflict => LedgerError::LockLost(pipeline.to_owned()),
            StoreError::Call(error) => LedgerError::Call(error),
            StoreError::Folder(reason) => LedgerError::Folder(reason),
        }
    }

    fn head_key(pipeline: &str) -> String {
        format!("{pipeline}/head.json")
    }

    fn lock_key(pipeline: &str) -> String {
        format!("{pipeline}/lock.json")
    }

    fn revisions_prefix(pipeline: &str) -> String {
        format!("{pipeline}/revisions/")
    }

    fn revision_key(pipeline: &str, number: u64) -> String {
        format!("{}{number:08}.json", Self::revisions_prefix(pipeline))
    }

    fn place(&self, key: &str) -> String {
        format!("{}/{key}", self.store.describe())
    }
}

#[cfg(test)]
mod tests;
