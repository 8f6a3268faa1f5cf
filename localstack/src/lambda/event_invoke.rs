//! What is configured for asynchronous invocations of a function, a version or an alias.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One configuration; what is not set has AWS's defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EventInvokeConfig {
    pub(super) retries: Option<u32>,
    pub(super) max_age: Option<Duration>,
    pub(super) on_success: Option<String>,
    pub(super) on_failure: Option<String>,
    pub(super) modified: Timestamp,
}
