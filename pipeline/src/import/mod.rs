//! From what runs on AWS to a pipeline file: `import`.
//!
//! What is asked for is looked at, with what it refers to; a pipeline is drafted from that, purely, and written as a
//! file that says what differs from the defaults. Then the draft is compared with what is there as a plan would, so
//! that whatever a file cannot say shows as a note beside its entry: nothing is lost in silence.

mod account;
mod draft;
mod look;
mod naming;
mod remarks;
mod secret;
mod write;
mod yaml;

use async_trait::async_trait;

pub(crate) use account::{Account, SeenBucket, SeenCode};
pub(crate) use look::look;

use crate::cloud::{CallError, Cloud};
use crate::resources::Kind;
use crate::spec::model::Alarms;
use draft::Draft;
use naming::Naming;

/// What to import: by name, by how names begin, by tags. What it refers to comes along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The pipeline's name; found from tags and names on AWS where nobody says. Those need not begin with it.
    pub name: Option<String>,
    /// Streams by name.
    pub streams: Vec<String>,
    /// Functions by name.
    pub functions: Vec<String>,
    /// Deliveries by name.
    pub deliveries: Vec<String>,
    /// Buckets by name.
    pub buckets: Vec<String>,
    /// Every stream, function and delivery whose name begins so.
    pub prefix: Option<String>,
    /// Every stream, function and delivery that has these tags, all of them.
    pub tags: Vec<(String, String)>,
}

/// A pipeline file of what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The pipeline's name.
    pub name: String,
    /// The text of the file.
    pub text: String,
    /// The packages of functions: the path that the file names, and what belongs there.
    pub packages: Vec<(String, Vec<u8>)>,
    /// What the file does not have, or cannot say.
    pub warnings: Vec<String>,
    /// Entries that nobody owns yet: `plan --adopt` and `apply --adopt` take them over.
    pub adopt: Vec<String>,
}

/// What there is in an account. Unlike the port of the resources it looks at all of a thing, whoever owns it.
#[async_trait]
pub(crate) trait Inventory: Send + Sync + std::fmt::Debug {
    /// The names of all streams.
    async fn streams(&self) -> Result<Vec<String>, CallError>;

    /// The names of all deliveries.
    async fn deliveries(&self) -> Result<Vec<String>, CallError>;

    /// The names of all functions.
    async fn functions(&self) -> Result<Vec<String>, CallError>;

    /// The names of the enhanced fan-out consumers of a stream.
    async fn consumers(&self, stream: &str) -> Result<Vec<String>, CallError>;

    /// A bucket with all its settings; `None` when there is none.
    async fn bucket(&self, name: &str) -> Result<Option<SeenBucket>, CallError>;

    /// What a function runs.
    async fn code(&self, function: &str) -> Result<SeenCode, CallError>;
}

/// Why nothing was imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Nothing was asked for.
    #[error("nothing says what to import")]
    NothingWanted,
    /// Nothing is there of what was asked for.
    #[error("there is nothing like that here")]
    NothingFound,
    /// What was asked for by name is not there.
    #[error("there is no {kind} {name}")]
    Missing {
        /// What it was to be.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// A file cannot have this name for its pipeline.
    #[error("a pipeline cannot be called `{0}`")]
    BadName(String),
    /// A file could hold none of what was found.
    #[error("a pipeline file can hold none of this:{}", .0.iter().map(|it| format!("\n  {it}")).collect::<String>())]
    NothingFits(Vec<String>),
}

impl ImportError {
    /// The way out.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            ImportError::NothingWanted => {
                "give --stream, --delivery, --function, --bucket, --prefix or --tag"
            }
            ImportError::NothingFound | ImportError::Missing { .. } => {
                "look whether region, profile and endpoint are the right ones"
            }
            ImportError::BadName(_) => {
                "--name takes lower-case letters, digits, `-` and `_`, begins with a letter and has 48 characters at most"
            }
            ImportError::NothingFits(_) => "what a file cannot hold stays as it is; select something else",
        }
    }
}

/// Why no file could be made.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A call failed.
    Call(CallError),
    /// There is nothing to make one from.
    Import(ImportError),
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Failure::Call(error)
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        Failure::Import(error)
    }
}

/// Drafts a file of what was found, and compares it with what is there.
pub(crate) async fn import(account: &Account, wanted: &Wanted, cloud: &Cloud) -> Result<Imported, Failure> {
    let asked = wanted.name.as_deref();
    let naming = Naming::of(account, asked);
    let naming = naming.ok_or_else(|| ImportError::BadName(asked.unwrap_or_default().to_owned()))?;
    let mut draft = Draft::of(account, &naming);
    let pipeline = &draft.pipeline;
    let nothing =
        pipeline.streams.is_empty() && pipeline.deliveries.is_empty() && pipeline.functions.is_empty();
    if nothing && pipeline.buckets.is_empty() {
        return Err(ImportError::NothingFits(draft.left_out).into());
    }
    watched(&mut draft, account, cloud).await?;
    let remarks = remarks::find(&draft, account, cloud).await?;
    let place = &account.place;
    let opening = [
        format!("Written by `pipectl import` from what runs in the account {} in {}.", place.account, place.region),
        "What is not said is as it would be anyway. An autoscaler leaves no trace on AWS: add `autoscale` by hand."
            .to_owned(),
    ];
    let opening: Vec<String> =
        opening.into_iter().chain(draft.left_out.iter().map(|left| format!("Note: {left}"))).collect();
    let text = write::write(&draft, &remarks.notes, &opening);
    let mut warnings = draft.left_out.clone();
    warnings.extend(draft.warnings());
    warnings.extend(remarks.warnings());
    Ok(Imported { name: naming.pipeline, text, packages: draft.packages, warnings, adopt: remarks.adopt })
}

/// Finds out whether the default set of alarms is there, and the dashboard.
async fn watched(draft: &mut Draft, account: &Account, cloud: &Cloud) -> Result<(), CallError> {
    let mut all = draft.pipeline.clone();
    (all.alarms, all.dashboard) = (Some(Alarms::default()), true);
    let ids =
        remarks::ids(&all, account).filter(|id| matches!(id.kind, Kind::Alarm | Kind::Dashboard)).collect();
    let seen = remarks::observe(cloud, ids).await?;
    let (alarms, topics) = remarks::alarms(&seen);
    draft.pipeline.dashboard = seen.keys().any(|id| id.kind == Kind::Dashboard);
    let wanted = remarks::ids(&all, account).filter(|id| id.kind == Kind::Alarm).count();
    if alarms > 0 && alarms == wanted {
        draft.pipeline.alarms = Some(Alarms { to: topics });
    } else if alarms > 0 {
        draft.left_out.push(format!("{alarms} of {wanted} default alarms are there, which is no `alarms:`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
