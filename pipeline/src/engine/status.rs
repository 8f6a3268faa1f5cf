//! What exists of a pipeline, and its last revision in a line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::observe::Look;
use super::{Engine, Error};
use crate::apply::Outcome;
use crate::ledger::{Commit, Revision};
use crate::resources::tags::{Owner, owner};
use crate::resources::{self, Address, Kind, Observed, Outline, Readiness};
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
    /// What exists of the pipeline.
    ///
    /// # Errors
    /// What cannot be observed.
    pub async fn status(&self, pipeline: &Pipeline) -> Result<Status, Error> {
        let outline = resources::outline(pipeline);
        let place = async { self.identity.place().await.map_err(|error| self.call(error)) };
        let seen = self.see(&pipeline.name, &outline, Look::Whole, |_| false);
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
