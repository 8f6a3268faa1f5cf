//! What a ledger is stored in: named objects with conditional writes.

use async_trait::async_trait;

use crate::cloud::CallError;

/// Which content of an object was read or written; opaque.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The condition of a write did not hold: someone else wrote.
    #[error("someone else wrote in between")]
    Conflict,
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A folder could not be used; the text names the path.
    #[error("{0}")]
    Folder(String),
}

/// Named objects with conditional writes. Keys are paths with `/`.
#[async_trait]
pub trait Store: Send + Sync {
    /// Where it is, in words: `s3://bucket` or a folder.
    fn describe(&self) -> String;

    /// Makes the bucket or folder when it is missing.
    async fn prepare(&self) -> Result<(), StoreError>;

    /// An object's content; `None` when there is none, or no store at all.
    async fn read(&self, key: &str) -> Result<Option<(Vec<u8>, Version)>, StoreError>;

    /// Writes an object that must not exist.
    async fn create(&self, key: &str, content: &[u8]) -> Result<Version, StoreError>;

    /// Replaces an object that must still be of this version.
    async fn replace(&self, key: &str, content: &[u8], version: &Version) -> Result<Version, StoreError>;

    /// Writes an object whatever is there.
    async fn write(&self, key: &str, content: &[u8]) -> Result<(), StoreError>;

    /// Deletes an object; a missing one is fine.
    async fn delete(&self, key: &str) -> Result<(), StoreError>;

    /// The keys that begin so, in order. The newest thousand at most.
    async fn keys(&self, prefix: &str) -> Result<Vec<String>, StoreError>;

    /// What keys have before their first `/`, in order. A thousand at most.
    async fn folders(&self) -> Result<Vec<String>, StoreError>;

    /// Deletes the store itself when nothing is in it.
    async fn remove_if_empty(&self) -> Result<bool, StoreError>;
}
