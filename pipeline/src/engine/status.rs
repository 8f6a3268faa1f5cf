//! What exists of a pipeline, and its last revision in a line.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::failures::FailureCount;
use super::observe::Look;
use super::{Engine, Error};
use crate::apply::Outcome;
use crate::ledger::{Commit, Record, Revision};
use crate::plan::{Here, Verdict, verdict};
use crate::resources::{self, Address, Kind, Observed, Outline, Readiness, State};
use crate::spec::model::Pipeline;

/// What exists of a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Why it is not known what failed in the last hour, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures_unknown: Option<String>,
}

/// What exists of a resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// What failed there in the last hour, as far as CloudWatch tells by now; of deliveries and functions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<FailureCount>,
}

/// Whether a resource is there and well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// It is there, as it should be, and what it does fails; what it says of that.
    Failing(String),
    /// It exists and is not this pipeline's.
    NotOurs(String),
}

/// A revision in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RevisionSummary {
    /// Its number, from 1.
    pub number: u64,
    /// What it did.
    pub purpose: crate::plan::Purpose,
    /// Who did it.
    pub actor: String,
    /// When it began.
    #[schemars(with = "String")]
    pub started: jiff::Timestamp,
    /// When it ended.
    #[schemars(with = "Option<String>")]
    pub ended: Option<jiff::Timestamp>,
    /// How it ended.
    pub outcome: Outcome,
    /// How many resources it left.
    pub resources: usize,
    /// The commit of the pipeline file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// The revision it went back to, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns_to: Option<u64>,
    /// Whether it only took what is there for what was left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refreshed: bool,
}

impl Engine {
    /// What exists of the pipeline, and what failed there in the last hour.
    ///
    /// # Errors
    /// What cannot be observed; metrics that may not be read are none.
    pub async fn status(&self, pipeline: &Pipeline) -> Result<Status, Error> {
        self.status_at(pipeline, Timestamp::now()).await
    }

    /// The same with the hour that ends then.
    ///
    /// # Errors
    /// As those of [`Engine::status`].
    pub async fn status_at(&self, pipeline: &Pipeline, now: Timestamp) -> Result<Status, Error> {
        let outline = resources::outline(pipeline);
        let place = async { self.identity.place().await.map_err(|error| self.call(error)) };
        let seen = self.see(&pipeline.name, &outline, Look::Whole, |_| false);
        let interrupted = async { self.interrupted(&pipeline.name).await };
        let (place, seen, interrupted) = tokio::try_join!(place, seen, interrupted)?;
        let here = Here { pipeline: &pipeline.name, region: &place.region };
        let resources = outline.iter().map(|outline| {
            let record = seen.remembered().iter().find(|record| record.id() == outline.id);
            ResourceStatus::of(here, outline, seen.observed.get(&outline.id), record)
        });
        let mut resources: Vec<ResourceStatus> = resources.collect();
        let failures_unknown = self.look_for_failures(&mut resources, &seen.observed, now).await.err();
        Ok(Status {
            pipeline: pipeline.name.clone(),
            account: place.account.clone(),
            region: place.region.clone(),
            resources,
            failures_unknown: failures_unknown.map(|error| error.to_string()),
            last_revision: seen.head.as_ref().map(|head| RevisionSummary::of(head, interrupted)),
        })
    }
}

impl Health {
    /// Of a resource that is ours.
    fn of(state: &State) -> Self {
        match (state.readiness(), state.trouble()) {
            (Readiness::Ready, Some(why)) => Health::Failing(why),
            (Readiness::Ready, None) => Health::Ready,
            (Readiness::Creating(awaited) | Readiness::Pending(awaited), _) => Health::Pending(awaited),
            (Readiness::Leaving, _) => Health::Leaving,
            (Readiness::Failed(why), _) => Health::Failed(why),
        }
    }
}

impl ResourceStatus {
    fn of(here: Here<'_>, outline: &Outline, seen: Option<&Observed>, record: Option<&Record>) -> Self {
        let health = match seen {
            None => Health::Missing,
            Some(seen) => match verdict(here, &outline.id, seen, record) {
                Verdict::NotOurs(owner) => {
                    Health::NotOurs(owner.told().map(|whose| format!("it {whose}")).unwrap_or_default())
                }
                Verdict::Adopt => Health::NotOurs("it carries no ownership tags".to_owned()),
                Verdict::Ours => Health::of(&seen.state),
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
            failures: Vec::new(),
        }
    }
}

impl RevisionSummary {
    pub(super) fn of(revision: &Revision, interrupted: bool) -> Self {
        let stopped = interrupted && revision.outcome == Outcome::Applying;
        Self {
            number: revision.number,
            purpose: revision.purpose,
            actor: revision.actor.clone(),
            started: revision.started,
            ended: revision.ended,
            outcome: if stopped { Outcome::Interrupted } else { revision.outcome },
            resources: revision.resources.len(),
            commit: revision.commit.clone(),
            returns_to: revision.returns_to,
            refreshed: revision.refreshed,
        }
    }
}
