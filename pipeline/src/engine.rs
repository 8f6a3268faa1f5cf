//! The engine as its callers see it: connect, plan, apply, destroy, status, history.

mod error;
pub(crate) mod execute;
pub(crate) mod observe;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_types::SdkConfig;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

pub use crate::aws::connect::ConnectError;
pub use error::Error;

use crate::apply::{Event, Listener, Outcome, Report};
use crate::aws::{self, Identity, LedgerBucket, S3Objects};
use crate::cloud::Cloud;
use crate::lake::Objects;
use crate::ledger::{self, FolderStore, Ledger, Revision, Store};
use crate::package::{self, Packages};
use crate::plan::{self, BucketData, Inputs, PLAN_FORMAT, Plan, RemovalInputs};
use crate::resources::tags::{Owner, owner};
use crate::resources::{self, Address, Context, Kind, Observed, Outline, Readiness, ResourceId};
use crate::spec::model::Pipeline;
use observe::{Blind, Seen};

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
    /// The endpoint lives in this process and ends with it: it gets test credentials and a region of its own,
    /// whatever account, profile and region the environment names.
    pub sandbox: bool,
}

/// How to plan.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// The text of the pipeline file, which the revision records.
    pub source: String,
    /// What to do with buckets that have to go and still hold objects.
    pub bucket_data: BucketData,
    /// Whether streams that have to go take the consumers along that others registered.
    pub delete_consumers: bool,
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
#[derive(Debug)]
pub struct Engine {
    cloud: Cloud,
    identity: Arc<Identity>,
    packages: Arc<Packages>,
    ledger: Ledger,
    config: SdkConfig,
    objects: S3Objects,
    endpoint: Option<String>,
    region: String,
    notes: Vec<String>,
}

impl Engine {
    /// Finds region, credentials and endpoint. Makes no call.
    ///
    /// # Errors
    /// No region, or an endpoint that is no URL.
    pub async fn connect(options: ConnectOptions) -> Result<Self, Error> {
        let connection = aws::connect::connect(&options).await?;
        let identity = Arc::new(Identity::new(&connection.clients, &connection.region));
        let packages = Arc::new(Packages::new(options.lambda_bootstrap, options.base, connection.local));
        let store: Arc<dyn Store> = match options.state {
            Some(folder) => Arc::new(FolderStore::new(folder)),
            None => Arc::new(LedgerBucket::new(&connection.clients, &identity, &connection.region)),
        };
        Ok(Self {
            cloud: aws::cloud(&connection.clients, &identity, &packages),
            identity,
            packages,
            ledger: Ledger::new(store),
            objects: S3Objects { client: connection.clients.s3 },
            config: connection.config,
            endpoint: connection.endpoint,
            region: connection.region,
            notes: connection.notes,
        })
    }

    /// What connecting decided that the user should know: which of two regions won.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The endpoint, when it is not AWS's own.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Region, credentials, endpoint and HTTP client, for clients that are not the engine's own.
    #[must_use]
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.config
    }

    /// What the engine remembers, and the autoscaler beside it.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The objects in the buckets that these credentials may read.
    #[must_use]
    pub fn objects(&self) -> &dyn Objects {
        &self.objects
    }

    /// Observes and plans.
    ///
    /// # Errors
    /// What cannot be observed, and resources that exist and are not this pipeline's.
    pub async fn plan(&self, pipeline: &Pipeline, options: &PlanOptions) -> Result<Plan, Error> {
        let outline = resources::outline(pipeline);
        let code = async { self.packages.resolve(pipeline).await.map_err(Error::Package) };
        let place = async { self.identity.place().await.map_err(|error| self.call(error)) };
        let seen = self.see(&pipeline.name, &outline, |_| false);
        let (place, code, seen) = tokio::try_join!(place, code, seen)?;
        let graph = resources::desired(pipeline, &Context { place: place.clone(), code });
        let plan = plan::build(&Inputs {
            pipeline: &pipeline.name,
            source: &options.source,
            place,
            graph: &graph,
            observed: &seen.observed,
            remembered: seen.remembered(),
            based_on: seen.revision(),
            bucket_data: options.bucket_data,
            delete_consumers: options.delete_consumers,
        })?;
        Ok(plan)
    }

    /// Plans the removal of all that belongs to the pipeline.
    ///
    /// # Errors
    /// As [`Engine::plan`], and buckets that hold objects when nothing says what becomes of them.
    pub async fn destroy_plan(&self, pipeline: &Pipeline, options: &PlanOptions) -> Result<Plan, Error> {
        let outline = resources::outline(pipeline);
        let place = async { self.identity.place().await.map_err(|error| self.call(error)) };
        let seen = self.see(&pipeline.name, &outline, |_| true);
        let (place, seen) = tokio::try_join!(place, seen)?;
        let plan = plan::build_removal(&RemovalInputs {
            pipeline: &pipeline.name,
            source: &options.source,
            place,
            outline: &outline,
            observed: &seen.observed,
            remembered: seen.remembered(),
            based_on: seen.revision(),
            bucket_data: options.bucket_data,
            delete_consumers: options.delete_consumers,
        })?;
        Ok(plan)
    }

    /// Applies a plan. `Ok` says that it ran: whether everything succeeded is in the report.
    ///
    /// # Errors
    /// What kept it from beginning: the lock, the ledger, a package that cannot be built, a plan for elsewhere.
    pub async fn apply(
        &self,
        plan: &Plan,
        options: &ApplyOptions,
        listener: Listener<'_>,
    ) -> Result<Report, Error> {
        self.check_place(plan).await?;
        for address in package::uploading(plan) {
            listener(Event::Packaging { address: address.clone() });
        }
        self.packages.check(plan).await?;
        let owner = ledger::Owner::this_process(&options.actor);
        let executed = execute::execute(&self.cloud, &self.ledger, plan, options, &owner, listener).await;
        executed.map_err(|error| Error::of_ledger(error, self.endpoint()))
    }

    async fn check_place(&self, plan: &Plan) -> Result<(), Error> {
        if plan.format != PLAN_FORMAT {
            return Err(Error::PlanFormat(plan.format));
        }
        let place = self.identity.place().await.map_err(|error| self.call(error))?;
        if (&plan.account, &plan.region) == (&place.account, &place.region) {
            return Ok(());
        }
        let words = |account: &str, region: &str| format!("account {account} in {region}");
        Err(Error::OtherPlace {
            planned: words(&plan.account, &plan.region),
            here: words(&place.account, &place.region),
        })
    }

    /// What exists of the pipeline.
    ///
    /// # Errors
    /// What cannot be observed.
    pub async fn status(&self, pipeline: &Pipeline) -> Result<Status, Error> {
        let outline = resources::outline(pipeline);
        let place = async { self.identity.place().await.map_err(|error| self.call(error)) };
        let seen = self.see(&pipeline.name, &outline, |_| false);
        let interrupted = async { self.interrupted(&pipeline.name).await };
        let (place, seen, interrupted) = tokio::try_join!(place, seen, interrupted)?;
        let resources = outline
            .iter()
            .map(|outline| ResourceStatus::of(&pipeline.name, outline, seen.observed.get(&outline.id)));
        Ok(Status {
            pipeline: pipeline.name.clone(),
            account: place.account.clone(),
            region: place.region.clone(),
            resources: resources.collect(),
            last_revision: seen.head.as_ref().map(|head| RevisionSummary::of(head, interrupted)),
        })
    }

    /// The pipeline's revisions, the newest first; a hundred at most.
    ///
    /// # Errors
    /// An unreadable ledger.
    pub async fn history(&self, pipeline: &str) -> Result<Vec<RevisionSummary>, Error> {
        let history = async {
            let history = self.ledger.history(pipeline).await;
            history.map_err(|error| Error::of_ledger(error, self.endpoint()))
        };
        let (revisions, interrupted) = tokio::try_join!(history, self.interrupted(pipeline))?;
        Ok(revisions.iter().map(|revision| RevisionSummary::of(revision, interrupted)).collect())
    }

    /// Whether nobody applies now: a revision that seems to run was then stopped with its process.
    async fn interrupted(&self, pipeline: &str) -> Result<bool, Error> {
        let held = self.ledger.is_locked(pipeline).await;
        held.map(|held| !held).map_err(|error| Error::of_ledger(error, self.endpoint()))
    }

    async fn see(
        &self,
        pipeline: &str,
        outline: &[Outline],
        leaving: impl Fn(&ResourceId) -> bool + Sync,
    ) -> Result<Seen, Error> {
        let ids: Vec<ResourceId> = outline.iter().map(|outline| outline.id.clone()).collect();
        let seen = observe::see(&self.cloud, &self.ledger, pipeline, &ids, leaving).await;
        seen.map_err(|blind| match blind {
            Blind::Call(error) => self.call(error),
            Blind::Ledger(error) => Error::of_ledger(error, self.endpoint()),
        })
    }

    fn call(&self, error: crate::cloud::CallError) -> Error {
        Error::of_call(error, self.endpoint())
    }
}

impl ResourceStatus {
    fn of(pipeline: &str, outline: &Outline, seen: Option<&Observed>) -> Self {
        let health = match seen {
            None => Health::Missing,
            Some(seen) => match (owner(&seen.tags, pipeline), seen.state.readiness()) {
                (Owner::Pipeline(other), _) => Health::NotOurs(format!("it belongs to the pipeline {other}")),
                (Owner::Unknown, _) => Health::NotOurs("it carries no ownership tags".to_owned()),
                (Owner::Ours, Readiness::Ready) => Health::Ready,
                (Owner::Ours, Readiness::Creating(awaited) | Readiness::Pending(awaited)) => {
                    Health::Pending(awaited)
                }
                (Owner::Ours, Readiness::Leaving) => Health::Leaving,
                (Owner::Ours, Readiness::Failed(why)) => Health::Failed(why),
            },
        };
        let facts = seen.map(|seen| seen.state.facts()).unwrap_or_default();
        Self {
            address: outline.address.clone(),
            kind: outline.id.kind,
            name: outline.id.name.clone(),
            id: seen.map(|seen| seen.id.clone()),
            health,
            facts: facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }
}

impl RevisionSummary {
    fn of(revision: &Revision, interrupted: bool) -> Self {
        let stopped = interrupted && revision.outcome == Outcome::Applying;
        Self {
            number: revision.number,
            purpose: revision.purpose,
            actor: revision.actor.clone(),
            started: revision.started,
            ended: revision.ended,
            outcome: if stopped { Outcome::Interrupted } else { revision.outcome },
            resources: revision.resources.len(),
        }
    }
}

#[cfg(test)]
mod tests;
