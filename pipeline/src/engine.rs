//! The engine as its callers see it: connect, plan, apply, destroy, status, history.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::apply::{Listener, Outcome, Report};
use crate::plan::{BucketData, Plan};
use crate::resources::{Address, Kind};
use crate::spec::model::Pipeline;

/// Where to connect to, and with what.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// The endpoint for every service; `None` leaves it to the AWS chain (`AWS_ENDPOINT_URL` included).
    pub endpoint_url: Option<String>,
    /// The region the pipeline file names, which wins over every other.
    pub file_region: Option<String>,
    /// The region of the command line.
    pub region: Option<String>,
    /// The AWS profile of the command line.
    pub profile: Option<String>,
    /// Keep the ledger in this folder instead of a bucket.
    pub state: Option<PathBuf>,
    /// The `bootstrap` for functions that run VRL, instead of the running executable.
    pub lambda_bootstrap: Option<PathBuf>,
    /// The folder that `package:` paths in the file are relative to; `None` is the current one.
    pub base: Option<PathBuf>,
}

/// How to plan.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// The text of the pipeline file, which the revision records.
    pub source: String,
    /// What to do with buckets that have to go and still hold objects.
    pub bucket_data: BucketData,
}

/// How to apply.
#[derive(Clone, Debug)]
pub struct ApplyOptions {
    /// How long to wait for the lock when another apply holds it.
    pub lock_timeout: Duration,
    /// Who applies, as in `ada@laptop`; found from the environment when empty.
    pub actor: String,
    /// Cancel it and no new operation starts; those that run are finished.
    pub cancel: CancellationToken,
    /// After a complete destroy, remove the pipeline's entries from the ledger, and the ledger's bucket when
    /// nothing else is in it.
    pub forget: bool,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self {
            lock_timeout: Duration::ZERO,
            actor: String::new(),
            cancel: CancellationToken::new(),
            forget: false,
        }
    }
}

/// What exists of a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The pipeline's name.
    pub pipeline: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// Each resource of the file, in the order of the graph.
    pub resources: Vec<ResourceStatus>,
    /// The last revision in the ledger.
    pub last_revision: Option<RevisionSummary>,
}

/// What exists of a resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourceStatus {
    /// Where it stands in the file.
    pub address: Address,
    /// Its kind.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
    /// Its ARN, or for a bucket its name; `None` when it does not exist.
    pub id: Option<String>,
    /// Whether it is there and well.
    pub health: Health,
    /// Key facts, as name and value: `open shards`, `2`.
    pub facts: Vec<(String, String)>,
}

/// Whether a resource is there and well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "detail")]
pub enum Health {
    /// It is.
    Ready,
    /// It does not exist.
    Missing,
    /// It is on its way to a state.
    Pending(String),
    /// It is being deleted.
    Leaving,
    /// It failed.
    Failed(String),
    /// It exists and is not this pipeline's.
    NotOurs(String),
}

/// A revision in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionSummary {
    /// Its number, from 1.
    pub number: u64,
    /// What it did.
    pub purpose: crate::plan::Purpose,
    /// Who did it.
    pub actor: String,
    /// When it began.
    pub started: jiff::Timestamp,
    /// When it ended.
    pub ended: Option<jiff::Timestamp>,
    /// How it ended.
    pub outcome: Outcome,
    /// How many resources it left.
    pub resources: usize,
}

/// Plans and applies in one account and region.
pub struct Engine {
    _options: ConnectOptions,
}

impl Engine {
    /// Finds region, credentials and endpoint. Makes no call.
    ///
    /// # Errors
    /// No region, no credentials, a bad endpoint URL, an unreadable state folder.
    pub async fn connect(options: ConnectOptions) -> Result<Self, Error> {
        Ok(Self { _options: options })
    }

    /// What connecting decided that the user should know: which region won, that test credentials are used.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &[]
    }

    /// Observes and plans.
    ///
    /// # Errors
    /// What cannot be observed, and resources that exist and are not this pipeline's.
    pub async fn plan(&self, _pipeline: &Pipeline, _options: &PlanOptions) -> Result<Plan, Error> {
        Err(Error::Unfinished)
    }

    /// Plans the removal of all that belongs to the pipeline.
    ///
    /// # Errors
    /// As [`Engine::plan`], and buckets that hold objects when nothing says what becomes of them.
    pub async fn destroy_plan(&self, _pipeline: &Pipeline, _options: &PlanOptions) -> Result<Plan, Error> {
        Err(Error::Unfinished)
    }

    /// Applies a plan. `Ok` says that it ran: whether everything succeeded is in the report.
    ///
    /// # Errors
    /// What kept it from beginning: the lock, the ledger, a package that cannot be built.
    pub async fn apply(
        &self,
        _plan: &Plan,
        _options: &ApplyOptions,
        _listener: Listener<'_>,
    ) -> Result<Report, Error> {
        Err(Error::Unfinished)
    }

    /// What exists of the pipeline.
    ///
    /// # Errors
    /// What cannot be observed.
    pub async fn status(&self, _pipeline: &Pipeline) -> Result<Status, Error> {
        Err(Error::Unfinished)
    }

    /// The pipeline's revisions, the newest first.
    ///
    /// # Errors
    /// An unreadable ledger.
    pub async fn history(&self, _pipeline: &str) -> Result<Vec<RevisionSummary>, Error> {
        Err(Error::Unfinished)
    }
}

/// What keeps the engine from doing what it is asked. [`Error::hint`] has the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not there yet.
    #[error("the engine is not finished")]
    Unfinished,
}

impl Error {
    /// The way out, where one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        None
    }
}
