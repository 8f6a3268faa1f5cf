//! The revisions of a pipeline, and how entries are read and written.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{FORMAT, Ledger, LedgerError, Revision};

/// How many revisions a history shows at most.
const HISTORY_LIMIT: usize = 100;
/// How many are read at once.
const READS_AT_ONCE: usize = 16;

impl Ledger {
    /// The pipeline's revisions, the newest first; a hundred at most.
    ///
    /// # Errors
    /// The store cannot be used, or holds what this program cannot read.
    pub async fn history(&self, pipeline: &str) -> Result<Vec<Revision>, LedgerError> {
        let prefix = Self::revisions_prefix(pipeline);
        let listed = self.store.keys(&prefix).await.map_err(|error| self.failed(pipeline, error))?;
        let newest = listed.into_iter().rev().take(HISTORY_LIMIT);
        let read = |key: String| async move {
            match self.store.read(&key).await.map_err(|error| self.failed(pipeline, error))? {
                Some((bytes, _)) => parse::<Revision>(&bytes, &self.place(&key)).map(Some),
                None => Ok(None),
            }
        };
        let filed: Vec<Option<Revision>> =
            stream::iter(newest).map(read).buffered(READS_AT_ONCE).try_collect().await?;
        let mut revisions: Vec<Revision> = self.head(pipeline).await?.into_iter().collect();
        let current = revisions.first().map(|head| head.number);
        revisions.extend(filed.into_iter().flatten().filter(|old| Some(old.number) != current));
        Ok(revisions)
    }
}

impl Ledger {
    /// One revision of a pipeline.
    ///
    /// # Errors
    /// There is none of this number, or as [`Ledger::history`].
    pub async fn revision(&self, pipeline: &str, number: u64) -> Result<Revision, LedgerError> {
        if let Some(head) = self.head(pipeline).await?.filter(|head| head.number == number) {
            return Ok(head);
        }
        let key = Self::revision_key(pipeline, number);
        match self.store.read(&key).await.map_err(|error| self.failed(pipeline, error))? {
            Some((bytes, _)) => parse(&bytes, &self.place(&key)),
            None => Err(LedgerError::NoRevision { pipeline: pipeline.to_owned(), number }),
        }
    }
}

/// An entry as it is stored: JSON for people to read.
pub(super) fn text(entry: &impl Serialize) -> Vec<u8> {
    // Entries are plain data with text keys, which always has a JSON form.
    serde_json::to_vec_pretty(entry).unwrap_or_default()
}

/// Reads an entry; one of a newer format is told apart from a damaged one.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8], place: &str) -> Result<T, LedgerError> {
    let corrupt = |reason: String| LedgerError::Corrupt { place: place.to_owned(), reason };
    let value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| corrupt(error.to_string()))?;
    let format = value.get("format").and_then(serde_json::Value::as_u64);
    match format.map(u32::try_from) {
        Some(Ok(found)) if found > FORMAT => Err(LedgerError::Newer { place: place.to_owned(), found }),
        Some(Ok(_)) => serde_json::from_value(value).map_err(|error| corrupt(error.to_string())),
        _ => Err(corrupt("it has no format number".to_owned())),
    }
}
