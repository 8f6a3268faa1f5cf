//! A stream's entry while its lease is held: read, taken, saved, given back.

use jiff::Timestamp;
use tokio::time::Instant;

use super::control::StreamName;
use super::entry::{Entry, EntryError};
use super::lease::{Actor, Lease, MARGIN, TERM};
use super::ledger::{Ledger, LedgerError, Version};

/// How often a write whose answer was lost is made again.
const REWRITES: u32 = 3;

/// Why a stream cannot be held.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// Another acts on it.
    #[error("{owner} acts on {stream} since {since}, and is left to it until {free_at} at least")]
    Held {
        /// Which stream.
        stream: StreamName,
        /// Who.
        owner: String,
        /// Since when.
        since: Timestamp,
        /// When the lease is free, if it is not renewed.
        free_at: Timestamp,
        /// Whether the other's clock is ahead of this one by more than leases allow for.
        clocks_differ: bool,
    },
    /// Someone else took the lease, or it could not be renewed in time.
    #[error("the lease on {0} was lost: another took it over, or it could not be renewed in time")]
    Lost(StreamName),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// What is in it.
    #[error(transparent)]
    Entry(#[from] EntryError),
}

/// A stream's entry, and the right to act on the stream for as long as it is saved.
pub struct Hold<'a> {
    /// What is remembered. [`Hold::save`] writes it.
    pub entry: Entry,
    ledger: &'a dyn Ledger,
    stream: &'a StreamName,
    actor: &'a Actor,
    version: Version,
    ends: Instant,
}

/// Reads what is remembered of a stream, without the right to act.
///
/// # Errors
/// The ledger or the entry cannot be read.
pub async fn look(ledger: &dyn Ledger, stream: &StreamName) -> Result<Option<Entry>, HoldError> {
    match ledger.read(stream).await? {
        Some((bytes, _)) => Ok(Some(Entry::parse(stream.as_str(), &bytes)?)),
        None => Ok(None),
    }
}

impl<'a> Hold<'a> {
    /// Takes the lease, or renews it where it is this actor's.
    ///
    /// # Errors
    /// Another holds it, or the ledger cannot be used.
    pub async fn take(
        ledger: &'a dyn Ledger,
        stream: &'a StreamName,
        actor: &'a Actor,
        now: Timestamp,
    ) -> Result<Self, HoldError> {
        let ends = Instant::now() + (TERM - MARGIN);
        let mut tries = 0;
        loop {
            let (mut entry, over) = match ledger.read(stream).await? {
                Some((bytes, version)) => (Entry::parse(stream.as_str(), &bytes)?, Some(version)),
                None => (Entry::new(stream.as_str()), None),
            };
            if let Some(lease) = entry.lease.as_ref().filter(|lease| !lease.is_free_for(actor, now)) {
                return Err(held(stream, lease, now));
            }
            entry.lease = Some(Lease::held(actor, now, entry.lease.as_ref()));
            match ledger.write(stream, &entry.text(), over.as_ref()).await {
                Ok(version) => return Ok(Self { entry, ledger, stream, actor, version, ends }),
                // Someone was faster, or we were and the answer was lost: see.
                Err(LedgerError::Conflict | LedgerError::Unknown(_)) if tries < REWRITES => tries += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Writes the entry and renews the lease. When it fails, nothing may be called any more.
    ///
    /// # Errors
    /// The lease was lost, or the ledger cannot be used.
    pub async fn save(&mut self, now: Timestamp) -> Result<(), HoldError> {
        let began = Instant::now();
        if began >= self.ends {
            return Err(HoldError::Lost(self.stream.clone()));
        }
        self.entry.lease = Some(Lease::held(self.actor, now, self.entry.lease.as_ref()));
        self.write().await?;
        self.ends = began + (TERM - MARGIN);
        Ok(())
    }

    /// The stream that it is about.
    #[must_use]
    pub fn stream(&self) -> &StreamName {
        self.stream
    }

    /// When the right to act ends, unless it is renewed.
    #[must_use]
    pub fn ends(&self) -> Instant {
        self.ends
    }

    /// Gives the lease back, with what was noted last.
    ///
    /// # Errors
    /// As [`Hold::save`].
    pub async fn release(mut self, now: Timestamp) -> Result<(), HoldError> {
        let lease = Lease::held(self.actor, now, self.entry.lease.as_ref());
        self.entry.lease = Some(Lease { released: true, until: now, ..lease });
        self.write().await
    }

    async fn write(&mut self) -> Result<(), HoldError> {
        let content = self.entry.text();
        for _ in 0..=REWRITES {
            match self.ledger.write(self.stream, &content, Some(&self.version)).await {
                Ok(version) => {
                    self.version = version;
                    return Ok(());
                }
                // A write of ours whose answer was lost conflicts with the next: what is there tells.
                Err(LedgerError::Conflict | LedgerError::Unknown(_)) => {
                    let lost = || HoldError::Lost(self.stream.clone());
                    let (bytes, version) = self.ledger.read(self.stream).await?.ok_or_else(lost)?;
                    let there = Entry::parse(self.stream.as_str(), &bytes)?;
                    if there.lease.is_none_or(|lease| lease.id != self.actor.id) {
                        return Err(lost());
                    }
                    self.version = version;
                    if bytes == content {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(HoldError::Lost(self.stream.clone()))
    }
}

fn held(stream: &StreamName, lease: &Lease, now: Timestamp) -> HoldError {
    HoldError::Held {
        stream: stream.clone(),
        owner: lease.owner.clone(),
        since: lease.since,
        free_at: lease.free_at(),
        clocks_differ: lease.is_from_the_future(now),
    }
}
