//! Streams of pipelines that are not among the files at hand: the ledger says what they are.

use super::{Engine, Error};
use crate::ledger::{Record, Revision, Standing};
use crate::plan::Purpose;
use crate::resources::{Address, Kind, Spec};
use crate::spec::model::{FoundStream, OtherStream};
use crate::spec::{Diagnostic, Diagnostics, Document, Path, set::links};

/// Why a stream of another pipeline is not known.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// There is no such pipeline or stream, shown where the file names it.
    #[error("{0}")]
    Unknown(Box<Diagnostics>),
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] Error),
}

impl Engine {
    /// Looks up, in the ledger, the streams of other pipelines which no file at hand describes: as each was applied last.
    ///
    /// # Errors
    /// References to what was never applied from here, all of them; or an unreadable ledger.
    pub async fn resolve(&self, document: &mut Document) -> Result<(), ReferenceError> {
        let mut pipeline = document.pipeline.clone();
        let mut problems = Vec::new();
        for (path, other) in pipeline.others_mut().filter(|(_, other)| other.found.is_none()) {
            match self.look_up(&path, other).await? {
                Ok(found) => other.found = Some(found),
                Err(problem) => problems.push(*problem),
            }
        }
        if !problems.is_empty() {
            return Err(ReferenceError::Unknown(Box::new(document.diagnostics(problems))));
        }
        document.pipeline = pipeline;
        Ok(())
    }

    async fn look_up(
        &self,
        path: &Path,
        other: &OtherStream,
    ) -> Result<Result<FoundStream, Box<Diagnostic>>, Error> {
        let failed = |error| Error::of_ledger(error, self.endpoint());
        let head = self.ledger.head(&other.pipeline).await.map_err(failed)?;
        let ledger = self.ledger.describe();
        if let Some(head) = head {
            if head.purpose == Purpose::Destroy {
                return Ok(Err(Box::new(links::destroyed_pipeline(path, &other.pipeline, &ledger))));
            }
            return Ok(stream_of(&head, other).ok_or_else(|| {
                let streams = streams(&head);
                let names: Vec<&str> = streams.iter().map(String::as_str).collect();
                Box::new(links::unknown_stream(path, &other.pipeline, &other.stream, &names))
            }));
        }
        let names = self.ledger.pipelines().await.map_err(failed)?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Ok(Err(Box::new(links::unknown_pipeline(path, &other.pipeline, &ledger, &names))))
    }
}

/// The stream as a revision left it.
fn stream_of(head: &Revision, other: &OtherStream) -> Option<FoundStream> {
    let address = Address::stream(&other.stream);
    // One that was given another name on AWS may be there twice for a while.
    let is_it = |record: &&Record| {
        record.kind == Kind::Stream && record.address == address && record.standing != Standing::Leaving
    };
    let record = head.resources.iter().find(is_it)?;
    let encryption = match record.applied.as_ref().and_then(|applied| applied.spec()) {
        Some(Spec::Stream(stream)) => stream.encryption,
        _ => None,
    };
    Some(FoundStream { name: record.name.clone(), encryption })
}

/// The logical names of the streams that a revision left.
fn streams(head: &Revision) -> Vec<String> {
    let streams = head.resources.iter().filter(|record| record.kind == Kind::Stream);
    streams.filter_map(|it| it.address.as_str().strip_prefix("streams.").map(str::to_owned)).collect()
}
