//! The engine as its callers see it: connect, plan, apply and destroy; status, drift, revisions and rollback each
//! in a file beside.

mod drift;
mod error;
pub(crate) mod execute;
mod failures;
mod import;
mod losses;
pub(crate) mod observe;
mod references;
mod refresh;
mod revisions;
mod rollback;
mod saved;
mod status;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_types::SdkConfig;
use tokio_util::sync::CancellationToken;

pub use crate::aws::connect::ConnectError;
pub use error::Error;
pub use failures::{Failed, FailureCount};
pub use references::ReferenceError;
pub use rollback::RollbackError;
pub use status::{Health, ResourceStatus, RevisionSummary, Status};

use crate::access_key::AccessKeys;
use crate::apply::{Event, Listener, Report};
use crate::aws::{
    self, AwsInventory, CloudWatch, Identity, KinesisQuotas, KinesisUse, LedgerBucket, S3Objects,
};
use crate::cloud::{Cloud, Metrics, Quotas, StreamUse};
use crate::import::Inventory;
use crate::lake::Objects;
use crate::ledger::{self, Commit, FolderStore, Ledger, Store};
use crate::package::{self, Packages};
use crate::plan::{
    self, Action, BucketData, Drift, Here, Inputs, PLAN_FORMAT, Plan, RemovalInputs, Selection, Trouble,
};
use crate::resources::{self, Context, Outline, ResourceId};
use crate::spec::model::Pipeline;
use crate::spec::{FileInputs, Secret};
use observe::{Blind, Look, Seen};

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
    /// The overlays and variables that went into it, which the revision records as well.
    pub inputs: FileInputs,
    /// Sensitive values as the file has them now: a rollback finds by them what the ledger keeps only sealed.
    pub secrets: Vec<Secret>,
    /// What to do with buckets that have to go and still hold objects.
    pub bucket_data: BucketData,
    /// Whether streams that have to go take the consumers along that others registered.
    pub delete_consumers: bool,
    /// What is picked out; a removal takes everything.
    pub selection: Selection,
    /// Of resources that need no change, take those tags for granted that the last revision set, if it
    /// succeeded, where reading them is a call of its own. A plan that only shows is quicker for it; tags that
    /// somebody changed outside it does not see.
    pub trust_tags: bool,
}

/// How to apply.
#[derive(Clone, Debug)]
pub struct ApplyOptions {
    /// How long to wait for the lock when another apply holds it.
    pub lock_timeout: Duration,
    /// Who applies, as in `ada@laptop`; found from the environment when empty.
    pub actor: String,
    /// The commit of the pipeline file, which the revision records.
    pub commit: Option<Commit>,
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
            commit: None,
            cancel: CancellationToken::new(),
            forget: false,
        }
    }
}

/// Plans and applies in one account and region.
#[derive(Debug)]
pub struct Engine {
    cloud: Cloud,
    identity: Arc<Identity>,
    packages: Arc<Packages>,
    keys: Arc<AccessKeys>,
    quotas: Arc<dyn Quotas>,
    stream_use: Arc<dyn StreamUse>,
    metrics: Arc<dyn Metrics>,
    inventory: Arc<dyn Inventory>,
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
        let keys = Arc::new(AccessKeys::default());
        let packages = Arc::new(Packages::new(options.lambda_bootstrap, options.base, connection.local));
        let store: Arc<dyn Store> = match options.state {
            Some(folder) => Arc::new(FolderStore::new(folder)),
            None => Arc::new(LedgerBucket::new(&connection.clients, &identity, &connection.region)),
        };
        Ok(Self {
            cloud: aws::cloud(&connection.clients, &identity, &packages, &keys),
            inventory: Arc::new(AwsInventory::new(&connection.clients, &identity)),
            stream_use: Arc::new(KinesisUse::new(&connection.clients, &identity)),
            metrics: Arc::new(CloudWatch::new(&connection.clients)),
            identity,
            packages,
            keys,
            quotas: Arc::new(KinesisQuotas::new(&connection.clients)),
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

    /// Takes the access keys of a file, which are kept nowhere: for what goes back to an earlier revision.
    pub fn learn_keys(&self, pipeline: &Pipeline) {
        self.keys.learn(pipeline);
    }

    /// Observes and plans.
    ///
    /// # Errors
    /// What cannot be observed, and resources that exist and are not this pipeline's.
    pub async fn plan(&self, pipeline: &Pipeline, options: &PlanOptions) -> Result<Plan, Error> {
        self.keys.learn(pipeline);
        let outline = resources::outline(pipeline);
        let code = async { self.packages.resolve(pipeline).await.map_err(Error::Package) };
        let place = async { self.identity.place().await.map_err(|error| self.call(error)) };
        let how = if options.trust_tags { Look::TrustTags } else { Look::Whole };
        let seen = self.see(&pipeline.name, &outline, how, |_| false);
        let (place, code, mut seen) = tokio::try_join!(place, code, seen)?;
        let graph = resources::desired(pipeline, &Context { place: place.clone(), code });
        let build = |seen: &Seen| {
            plan::build(&Inputs {
                pipeline: &pipeline.name,
                source: &options.source,
                place,
                graph: &graph,
                observed: &seen.observed,
                remembered: seen.remembered(),
                based_on: seen.revision(),
                bucket_data: options.bucket_data,
                delete_consumers: options.delete_consumers,
                selection: &options.selection,
                returns_to: None,
            })
        };
        let mut plan = build(&seen)?;
        if seen.read_tags(&self.cloud, &plan).await.map_err(|error| self.call(error))? {
            plan = build(&seen)?;
        }
        self.check_quotas(&plan).await?;
        let here = Here { pipeline: &pipeline.name, region: &place.region };
        let drift = Drift::find(here, seen.revision(), seen.remembered(), &graph, &seen.observed);
        plan.notes.extend(drift.note());
        let anew = |trouble: &&Trouble| {
            let step = plan.steps.iter().find(|step| step.address == trouble.address);
            step.is_some_and(|step| step.action == Action::Replace)
        };
        let troubles: Vec<String> = drift.troubles.iter().filter(|it| !anew(it)).map(Trouble::note).collect();
        plan.notes.extend(troubles);
        plan.inputs = options.inputs.clone();
        self.look_into_losses(&mut plan, seen.remembered()).await;
        Ok(plan.checked()?)
    }

    /// Asks for quotas where a plan may pass one. Where they are not told, the call that passes one says so.
    async fn check_quotas(&self, plan: &Plan) -> Result<(), Error> {
        if plan::shards_opened(plan) == 0 {
            return Ok(());
        }
        match self.quotas.shards().await {
            Ok(quota) => plan::check_shards(plan, quota).map_err(|error| Error::Plan(error.into())),
            Err(error) => {
                tracing::debug!(%error, "the quota of shards is not known");
                Ok(())
            }
        }
    }

    /// Plans the removal of all that belongs to the pipeline.
    ///
    /// # Errors
    /// As [`Engine::plan`], and buckets that hold objects when nothing says what becomes of them.
    pub async fn destroy_plan(&self, pipeline: &Pipeline, options: &PlanOptions) -> Result<Plan, Error> {
        let outline = resources::outline(pipeline);
        let place = async { self.identity.place().await.map_err(|error| self.call(error)) };
        let seen = self.see(&pipeline.name, &outline, Look::Whole, |_| true);
        let (place, seen) = tokio::try_join!(place, seen)?;
        let mut plan = plan::build_removal(&RemovalInputs {
            pipeline: &pipeline.name,
            source: &options.source,
            place,
            outline: &outline,
            observed: &seen.observed,
            remembered: seen.remembered(),
            based_on: seen.revision(),
            bucket_data: options.bucket_data,
            delete_consumers: options.delete_consumers,
        });
        plan.inputs = options.inputs.clone();
        self.look_into_losses(&mut plan, seen.remembered()).await;
        Ok(plan.checked()?)
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

    async fn see(
        &self,
        pipeline: &str,
        outline: &[Outline],
        how: Look,
        leaving: impl Fn(&ResourceId) -> bool + Sync,
    ) -> Result<Seen, Error> {
        let ids: Vec<ResourceId> = outline.iter().map(|outline| outline.id.clone()).collect();
        let seen = observe::see(&self.cloud, &self.ledger, pipeline, &ids, how, leaving).await;
        seen.map_err(|blind| match blind {
            Blind::Call(error) => self.call(error),
            Blind::Ledger(error) => Error::of_ledger(error, self.endpoint()),
        })
    }

    fn call(&self, error: crate::cloud::CallError) -> Error {
        Error::of_call(error, self.endpoint())
    }
}

#[cfg(test)]
mod tests;
