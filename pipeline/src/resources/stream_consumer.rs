//! Enhanced fan-out consumers: readers of a stream that get 2 MiB/s of every shard for themselves. Nothing about
//! one can be changed; its name is unique within its stream.

use serde::{Deserialize, Serialize};

use super::tags::TagMap;
use super::{Difference, Facts, Properties, Readiness};

/// What is wanted of a consumer: that it is there. Its physical name is `<stream>/<consumer>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerSpec {}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerState {
    /// CREATING, ACTIVE or DELETING.
    pub status: String,
}

/// One mutation of a consumer: there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConsumerChange {}

impl Properties for ConsumerSpec {
    type State = ConsumerState;
    type Change = ConsumerChange;

    fn created(&self) -> ConsumerState {
        ConsumerState { status: "ACTIVE".to_owned() }
    }

    fn compare(&self, _state: &ConsumerState, _tags: &TagMap) -> Difference<ConsumerChange> {
        Difference::default()
    }
}

impl Facts for ConsumerState {
    fn readiness(&self) -> Readiness {
        match self.status.as_str() {
            "ACTIVE" => Readiness::Ready,
            "DELETING" => Readiness::Leaving,
            other => Readiness::Creating(format!("ACTIVE (now {other})")),
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
