//! S3 buckets: where deliveries put their objects. Public access is blocked and objects are encrypted by
//! S3's own defaults; a bucket is never replaced, and never deleted while it holds objects unless told so.

use serde::{Deserialize, Serialize};

use super::tags::TagMap;
use super::{Difference, Facts, Properties, Readiness};

/// What is wanted of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketSpec {
    /// The region to create it in.
    pub region: String,
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketState {
    /// Whether it holds at least one object; `None` when nobody asked.
    pub holds_objects: Option<bool>,
}

/// One mutation of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BucketChange {
    /// Deletes every object and every version in it.
    Empty,
}

impl Properties for BucketSpec {
    type State = BucketState;
    type Change = BucketChange;

    fn created(&self) -> BucketState {
        BucketState { holds_objects: Some(false) }
    }

    fn compare(&self, _state: &BucketState, _tags: &TagMap) -> Difference<BucketChange> {
        Difference::default()
    }
}

impl Facts for BucketState {
    fn readiness(&self) -> Readiness {
        Readiness::Ready
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
