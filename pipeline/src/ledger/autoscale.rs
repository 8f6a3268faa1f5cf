//! What the autoscaler keeps of a stream, beside the revisions of its pipeline: one document, whose content is the
//! autoscaler's own business, replaced only by who has read it.

use super::{Ledger, LedgerError, StoreError, Version};

impl Ledger {
    /// The pipelines that the ledger knows, in order; a thousand at most.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn pipelines(&self) -> Result<Vec<String>, LedgerError> {
        self.store.folders().await.map_err(|error| self.failed("", error))
    }

    /// The autoscaler's document of a stream, and which one it is.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn autoscaled(
        &self,
        pipeline: &str,
        stream: &str,
    ) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        self.store.read(&autoscale_key(pipeline, stream)).await
    }

    /// Writes the autoscaler's document of a stream, over this version or where there is none.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when something else is there; or the store cannot be used.
    pub async fn put_autoscaled(
        &self,
        (pipeline, stream): (&str, &str),
        content: &[u8],
        over: Option<&Version>,
    ) -> Result<Version, StoreError> {
        let key = autoscale_key(pipeline, stream);
        match over {
            Some(version) => self.store.replace(&key, content, version).await,
            None => {
                self.store.prepare().await?;
                self.store.create(&key, content).await
            }
        }
    }
}

/// Where the autoscaler's documents of a pipeline are.
pub(super) fn autoscale_prefix(pipeline: &str) -> String {
    format!("{pipeline}/autoscale/")
}

fn autoscale_key(pipeline: &str, stream: &str) -> String {
    format!("{}{stream}.json", autoscale_prefix(pipeline))
}
