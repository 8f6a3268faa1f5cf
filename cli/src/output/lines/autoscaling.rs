//! Lines about decisions on shards: made, and simulated.

use std::path::Path;

use jiff::Timestamp;
use pipectl_autoscaler::execute::Decided;
use pipectl_autoscaler::simulate;
use schemars::JsonSchema;
use serde::Serialize;

/// The last decisions on a stream.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Decisions {
    /// The pipeline's name.
    pub(crate) pipeline: String,
    /// The stream's name in the file.
    pub(crate) stream: String,
    /// Who acts on it now.
    pub(crate) actor: Option<String>,
    /// `UpdateShardCount` calls that are left of the rolling day.
    pub(crate) updates_left: u32,
    /// The newest first.
    pub(crate) decisions: Vec<Decided>,
}

/// What a step came to for a stream.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Step {
    /// Its name on AWS, with its pipeline's where there are several.
    pub(crate) stream: String,
    /// When.
    #[schemars(with = "String")]
    pub(crate) at: Timestamp,
    /// Open shards.
    pub(crate) open_shards: Option<u32>,
    /// How many it should come to have, if that was decided in this step.
    pub(crate) wanted_shards: Option<u32>,
    /// What was decided in this step: `hold`, `update-shard-count 12`, `split 2`.
    pub(crate) decision: Option<String>,
    /// Why, in a sentence.
    pub(crate) reason: Option<String>,
    /// The call that was accepted.
    pub(crate) called: Option<String>,
    /// Why nothing could be called.
    pub(crate) waits_for: Option<String>,
    /// What went wrong.
    pub(crate) problem: Option<String>,
    /// The way out of that, where one is known.
    pub(crate) hint: Option<String>,
}

/// The traffic of a simulation.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Trace<'a> {
    /// Its file.
    pub(crate) trace: &'a Path,
    /// How many minutes of it there are.
    pub(crate) minutes: usize,
    /// What it was scaled to.
    pub(crate) mean_shards: f64,
    /// Where something was missing and interpolated.
    pub(crate) gaps: usize,
}

/// What a policy came to.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PolicyOutcome<'a> {
    /// Its name, as `--policy` takes it.
    pub(crate) policy: &'a str,
    /// Its account.
    #[serde(flatten)]
    pub(crate) account: &'a simulate::Account,
    /// Its shard-hours over the optimum's.
    pub(crate) ratio_to_optimum: f64,
}

/// A call of a policy.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PolicyDecision<'a> {
    /// The policy's name.
    pub(crate) policy: &'a str,
    /// When, in seconds of the trace.
    pub(crate) t_s: usize,
    /// Why.
    pub(crate) reason: &'a str,
    /// What AWS would have refused of it, and why.
    pub(crate) refused: &'a [String],
}
