//! Keeps the checkpoint: only of what has been written out, at most once a second.

use std::time::Duration;

use pipectl_producer::read::{Checkpoint, CheckpointError, CheckpointFile};
use tokio::time::{Instant, sleep_until};

use crate::error::{CommandError, Kind};

/// Between two writes: what a kill may have printed again is what arrived in this time.
const APART: Duration = Duration::from_secs(1);

/// The checkpoint file of a reading, if it keeps one.
#[derive(Debug)]
pub(super) struct Keeper {
    file: Option<CheckpointFile>,
    /// What is in the file, and since when.
    kept: Option<(Checkpoint, Instant)>,
}

impl Keeper {
    pub(super) fn new(file: Option<CheckpointFile>) -> Self {
        Keeper { file, kept: None }
    }

    /// Waits until a checkpoint may be kept again; for ever where none is.
    pub(super) async fn due(&self) {
        match (&self.file, &self.kept) {
            (Some(_), Some((_, since))) => sleep_until(*since + APART).await,
            (Some(_), None) => {}
            (None, _) => std::future::pending().await,
        }
    }

    /// Keeps it, unless one was kept a moment ago.
    pub(super) fn keep_when_due(&mut self, checkpoint: &Checkpoint) -> Result<(), CommandError> {
        match &self.kept {
            Some((_, since)) if since.elapsed() < APART => Ok(()),
            _ => self.keep(checkpoint),
        }
    }

    /// Keeps it now.
    pub(super) fn keep(&mut self, checkpoint: &Checkpoint) -> Result<(), CommandError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        if self.kept.as_ref().is_none_or(|(kept, _)| kept != checkpoint) {
            file.write(checkpoint).map_err(|cause| problem(&cause))?;
        }
        self.kept = Some((checkpoint.clone(), Instant::now()));
        Ok(())
    }
}

/// The error for a checkpoint that cannot be read or kept, with the way out.
pub(super) fn problem(cause: &CheckpointError) -> CommandError {
    let hint = match cause {
        CheckpointError::InUse(_) => "each reading keeps a checkpoint of its own",
        CheckpointError::OtherStream { .. } | CheckpointError::EarlierStream { .. } => {
            "take another file, or delete this one to begin anew"
        }
        CheckpointError::Newer { .. } => "take a newer pipectl, or another file",
        CheckpointError::Malformed { .. } => {
            "--checkpoint takes a file that `pipectl tail` wrote, or a new one"
        }
        CheckpointError::Io { .. } => "--checkpoint takes a file in a folder that can be written to",
    };
    let said = match std::error::Error::source(cause) {
        Some(source) => format!("{cause}: {source}"),
        None => cause.to_string(),
    };
    CommandError::new(Kind::File, said).hint(hint)
}
