//! What plan, apply and destroy share on the command line: what is picked, what becomes of data, and saved plans.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use pipectl_pipeline::PlanOptions;
use pipectl_pipeline::plan::{BucketData, SavedPlans, Selection};
use pipectl_pipeline::spec::Document;

use crate::document;
use crate::error::{CommandError, Kind};

/// What becomes of the objects in buckets that have to go.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct Data {
    /// Delete the objects in buckets that have to go, then the buckets
    #[arg(long, conflicts_with = "keep_data")]
    delete_data: bool,

    /// Leave buckets that have to go and hold objects where they are, no longer the pipeline's: a later apply
    /// needs another bucket name
    #[arg(long)]
    keep_data: bool,

    /// Delete streams that have to go with the fan-out consumers that others registered
    #[arg(long)]
    delete_consumers: bool,
}

impl Data {
    /// In the engine's words.
    pub(crate) fn fate(self) -> BucketData {
        match (self.delete_data, self.keep_data) {
            (true, _) => BucketData::Delete,
            (false, true) => BucketData::Keep,
            (false, false) => BucketData::Refuse,
        }
    }

    /// Whether the consumers of others go with their stream.
    pub(crate) fn delete_consumers(self) -> bool {
        self.delete_consumers
    }
}

/// Which part of a plan is wanted, and what is to be made anew.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Picking {
    /// Only this address and what it needs, such as deliveries.lake; may be given several times
    #[arg(long, value_name = "ADDRESS", help_heading = PICKING)]
    target: Vec<String>,

    /// Delete this resource and make it again though nothing asks for it; may be given several times
    #[arg(long, value_name = "ADDRESS", help_heading = PICKING)]
    replace: Vec<String>,

    /// Take over what exists at this address and has no owner: it is this pipeline's from then on, and is
    /// changed to what the file says; may be given several times
    #[arg(long, value_name = "ADDRESS", help_heading = PICKING)]
    adopt: Vec<String>,

    #[command(flatten)]
    data: Data,
}

const PICKING: &str = "What is planned";

impl Picking {
    /// Addresses are those of one pipeline.
    pub(crate) fn check(&self, documents: &[Document]) -> Result<(), CommandError> {
        let options = [("--target", &self.target), ("--replace", &self.replace), ("--adopt", &self.adopt)];
        match options.iter().find(|(_, addresses)| !addresses.is_empty()) {
            Some((option, _)) => document::refuse_several(documents, option),
            None => Ok(()),
        }
    }

    /// How to plan for this file.
    pub(crate) fn options(&self, document: &Document) -> PlanOptions {
        PlanOptions {
            bucket_data: self.data.fate(),
            delete_consumers: self.data.delete_consumers(),
            selection: Selection {
                targets: self.target.clone(),
                replace: self.replace.clone(),
                adopt: self.adopt.clone(),
            },
            ..of_file(document)
        }
    }
}

/// How to plan for this file where nothing else is asked.
pub(crate) fn of_file(document: &Document) -> PlanOptions {
    PlanOptions {
        source: document.recorded(),
        inputs: document.recorded_inputs(),
        secrets: document.pipeline.secrets.clone(),
        ..PlanOptions::default()
    }
}

/// Writes saved plans where only their owner can read them: they hold the environment of functions, in which only the values
/// of sensitive variables are sealed.
pub(crate) fn save(path: &Path, saved: &SavedPlans) -> Result<(), CommandError> {
    let failed = |cause| CommandError::wrap(Kind::File, format!("cannot write `{}`", path.display()), cause);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(&saved.to_bytes()).map_err(failed)
}

/// Reads saved plans.
pub(crate) fn read(path: &Path) -> Result<SavedPlans, CommandError> {
    let bytes = std::fs::read(path).map_err(|cause| {
        CommandError::wrap(Kind::File, format!("cannot read `{}`", path.display()), cause)
    })?;
    SavedPlans::read(&bytes).map_err(|cause| {
        let hint = cause.hint();
        CommandError::wrap(Kind::Invalid, format!("`{}` cannot be applied", path.display()), cause).hint(hint)
    })
}
