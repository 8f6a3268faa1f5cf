//! The autoscaler's memory in the ledger of the pipelines: its port over the pipeline engine's store, and the last
//! decisions for `status`.

use std::collections::HashMap;

use async_trait::async_trait;
use pipectl_autoscaler::execute::{self, Entry, StreamName, Version};
use pipectl_pipeline::cloud::Meaning;
use pipectl_pipeline::ledger::{self, Ledger, StoreError};
use pipectl_pipeline::spec::model::Pipeline;

use crate::output::lines::Decisions;

/// The entries of streams, each beside its pipeline's revisions.
pub(super) struct Entries {
    pub(super) ledger: Ledger,
    /// Whose the streams are.
    pub(super) pipelines: HashMap<StreamName, String>,
}

impl Entries {
    fn pipeline(&self, stream: &StreamName) -> &str {
        self.pipelines.get(stream).map_or("", String::as_str)
    }
}

#[async_trait]
impl execute::Ledger for Entries {
    async fn read(&self, stream: &StreamName) -> Result<Option<(Vec<u8>, Version)>, execute::LedgerError> {
        let read = self.ledger.autoscaled(self.pipeline(stream), stream.as_str()).await.map_err(failed)?;
        Ok(read.map(|(content, version)| (content, Version(version.0))))
    }

    async fn write(
        &self,
        stream: &StreamName,
        content: &[u8],
        over: Option<&Version>,
    ) -> Result<Version, execute::LedgerError> {
        let over = over.map(|version| ledger::Version(version.0.clone()));
        let key = (self.pipeline(stream), stream.as_str());
        let written = self.ledger.put_autoscaled(key, content, over.as_ref()).await.map_err(failed)?;
        Ok(Version(written.0))
    }
}

fn failed(error: StoreError) -> execute::LedgerError {
    match error {
        StoreError::Conflict => execute::LedgerError::Conflict,
        StoreError::Call(error) if error.meaning == Meaning::Unknown => {
            execute::LedgerError::Unknown(error.to_string())
        }
        error => execute::LedgerError::Failed(error.to_string()),
    }
}

/// How many decisions `status` shows.
const SHOWN: usize = 5;

/// The last decisions on each stream of a pipeline that has been autoscaled. What cannot be read is left out: `status`
/// has more to say than this.
pub(crate) async fn decisions(ledger: &Ledger, pipeline: &Pipeline) -> Vec<Decisions> {
    let mut all = Vec::new();
    let now = jiff::Timestamp::now();
    for (logical, _) in pipeline.streams.iter().filter(|(_, stream)| stream.autoscale.is_some()) {
        let physical = pipeline.stream_name(logical);
        let Ok(Some((bytes, _))) = ledger.autoscaled(&pipeline.name, &physical).await else { continue };
        let Ok(entry) = Entry::parse(&physical, &bytes) else { continue };
        let lease = entry.lease.as_ref().filter(|lease| !lease.released && lease.until > now);
        all.push(Decisions {
            pipeline: pipeline.name.clone(),
            stream: logical.clone(),
            actor: lease.map(|lease| lease.owner.clone()),
            updates_left: entry.updates_left(now),
            decisions: entry.decisions.into_iter().rev().take(SHOWN).collect(),
        });
    }
    all
}
