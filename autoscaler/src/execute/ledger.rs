//! The port to where a stream's entry is kept: one document for each stream, replaced only by who has read it.

use async_trait::async_trait;

use super::control::StreamName;

/// Which content was read or written; opaque.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

/// Why the ledger did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Someone else wrote in between.
    #[error("someone else wrote in between")]
    Conflict,
    /// No answer: it may have been written.
    #[error("the ledger did not answer: {0}")]
    Unknown(String),
    /// It cannot be used; the text says why.
    #[error("the ledger cannot be used: {0}")]
    Failed(String),
}

/// Documents with conditional writes: an S3 bucket, a folder, or memory.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// The document of a stream, if there is one.
    ///
    /// # Errors
    /// It cannot be read.
    async fn read(&self, stream: &StreamName) -> Result<Option<(Vec<u8>, Version)>, LedgerError>;

    /// Writes the document of a stream: over the one of this version, or where there is none.
    ///
    /// # Errors
    /// [`LedgerError::Conflict`] when what is there is something else.
    async fn write(
        &self,
        stream: &StreamName,
        content: &[u8],
        over: Option<&Version>,
    ) -> Result<Version, LedgerError>;
}
