//! What an apply tells while it runs, as data: the command line tool draws it, or writes it as JSON lines.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CriticalPath;
use crate::plan::Action;
use crate::resources::{Address, Kind};

/// Something that happened during an apply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The lock is held, the intent is written, and the work begins.
    Started {
        /// The number of this revision in the ledger.
        revision: u64,
        /// How many steps will change something.
        steps: usize,
    },
    /// A function's package is being built.
    Packaging {
        /// The function's address.
        address: Address,
    },
    /// A step has begun.
    StepStarted {
        /// The resource.
        address: Address,
        /// Its kind.
        kind: Kind,
        /// Its physical name.
        name: String,
        /// What happens to it.
        action: Action,
    },
    /// One mutation of the step is being made.
    Performing {
        /// The resource.
        address: Address,
        /// The mutation, as in `set the shard count to 4`.
        operation: String,
    },
    /// The step waits for a state; told once per state.
    Waiting {
        /// The resource.
        address: Address,
        /// What it waits for, as in `ACTIVE (now CREATING)`.
        waiting_for: String,
    },
    /// A call failed in a way that passes, and will be made again.
    Retrying {
        /// The resource.
        address: Address,
        /// The call, as in `lambda:CreateFunction`.
        call: String,
        /// What AWS said.
        message: String,
        /// Why it is expected to pass.
        because: String,
        /// The pause before, in milliseconds.
        after_ms: u64,
    },
    /// A step is done.
    StepDone {
        /// The resource.
        address: Address,
        /// What happened to it.
        action: Action,
        /// How long it took.
        seconds: f64,
    },
    /// A step failed; what does not depend on it goes on.
    StepFailed {
        /// The resource.
        address: Address,
        /// What failed.
        failure: Failure,
    },
    /// A step was not begun.
    StepSkipped {
        /// The resource.
        address: Address,
        /// The failed step it depends on; `None` when the apply was stopped.
        because_of: Option<Address>,
    },
    /// Something the user should know.
    Note {
        /// In words.
        text: String,
    },
    /// Everything that could be done is done.
    Finished {
        /// The account of it.
        report: Report,
    },
}

/// A step that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The resource.
    pub address: Address,
    /// Its kind.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
    /// The call that failed, as in `firehose:CreateDeliveryStream`; `None` when no call did.
    pub call: Option<String>,
    /// AWS's error code.
    pub code: Option<String>,
    /// What went wrong.
    pub message: String,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// The way out, where one is known.
    pub hint: Option<String>,
}

/// The account of an apply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The number of its revision in the ledger; 0 when there was nothing to do and nothing was recorded.
    pub revision: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// How many resources were created, updated and so on.
    pub done: crate::plan::Counts,
    /// The steps that failed.
    pub failures: Vec<Failure>,
    /// The steps that were not begun.
    pub skipped: Vec<Address>,
    /// What kept the ledger from recording it: the lock was lost, or it could not be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
    /// How long it took.
    pub seconds: f64,
    /// The chain of steps that bounded how long it took.
    #[serde(default)]
    pub critical_path: CriticalPath,
}

/// How an apply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It still runs, or its process was killed: only the ledger says this.
    Applying,
    /// Everything was done.
    Succeeded,
    /// A step failed.
    Failed,
    /// It was stopped, by the user or with its process.
    Interrupted,
}

/// Hears the events of an apply. Called from the task that runs it, so it must not block for long.
pub type Listener<'a> = &'a (dyn Fn(Event) + Send + Sync);
