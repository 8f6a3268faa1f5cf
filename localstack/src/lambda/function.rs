//! A function: what is configured, what runs, and what state it is in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::name::{FunctionName, LATEST};
use super::package::Package;

/// What a function runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Runtime {
    /// `provided`, `provided.al2`, `provided.al2023`: the package's own `bootstrap`.
    Provided(String),
    /// `python3.x`: the machine's Python runs `module.function`.
    Python(String),
}

impl Runtime {
    /// Reads AWS's identifier; `None` for runtimes this endpoint cannot run.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "provided" | "provided.al2" | "provided.al2023" => Some(Self::Provided(text.to_owned())),
            _ if text.strip_prefix("python3.").is_some_and(|v| v.parse::<u8>().is_ok()) => {
                Some(Self::Python(text.to_owned()))
            }
            _ => None,
        }
    }

    /// AWS's identifier.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Provided(name) | Self::Python(name) => name,
        }
    }
}

/// What a user configures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Configuration {
    pub(super) description: String,
    pub(super) role: String,
    pub(super) handler: String,
    pub(super) runtime: Runtime,
    pub(super) architecture: String,
    pub(super) memory_mb: u32,
    pub(super) timeout_s: u32,
    pub(super) ephemeral_mb: u32,
    /// `None` when never set: AWS then leaves `Environment` out.
    pub(super) variables: Option<BTreeMap<String, String>>,
    pub(super) tracing: String,
    pub(super) dead_letter_arn: Option<String>,
    pub(super) log_group: Option<String>,
}

impl Configuration {
    /// What an invocation may take.
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.timeout_s))
    }
}

/// One runnable version, immutable: a change makes a new one.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) name: FunctionName,
    /// Without a qualifier.
    pub(super) arn: String,
    /// `$LATEST` or a number.
    pub(super) number: String,
    /// A new one for each change.
    pub(super) revision: Uuid,
    pub(super) configuration: Configuration,
    pub(super) package: Arc<Package>,
    pub(super) modified: Timestamp,
}

impl Version {
    /// The ARN with the version's number; `$LATEST` goes without.
    pub(super) fn qualified_arn(&self) -> String {
        if self.number == LATEST { self.arn.clone() } else { format!("{}:{}", self.arn, self.number) }
    }

    /// Where its lines go.
    pub(super) fn log_group(&self) -> String {
        match &self.configuration.log_group {
            Some(group) => group.clone(),
            None => format!("/aws/lambda/{}", self.name.as_str()),
        }
    }
}

/// A statement that lets someone invoke the function, as `AddPermission` wrote it.
pub(super) type Statement = serde_json::Value;

/// A function with all its versions.
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) latest: Arc<Version>,
    pub(super) published: Vec<Arc<Version>>,
    /// Never reused, even when a version is deleted.
    pub(super) next_version: u64,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) policy: BTreeMap<String, Statement>,
    pub(super) reserved_concurrency: Option<u32>,
    pub(super) created: Timestamp,
    /// When the last update was accepted; `None` when there was none.
    pub(super) updated: Option<Timestamp>,
}

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    /// `Pending` until the function may be invoked, then `Active`.
    pub(super) active: bool,
    /// `InProgress` until the last update is through, then `Successful`.
    pub(super) settled: bool,
}

impl Function {
    /// Where the function stands: a change takes `transition` to become effective.
    pub(super) fn progress(&self, now: Timestamp, transition: Duration) -> Progress {
        let through =
            |since: Timestamp| now.duration_since(since).unsigned_abs() >= transition && now >= since;
        let active = through(self.created);
        Progress { active, settled: active && self.updated.is_none_or(through) }
    }

    /// A version by its number.
    pub(super) fn version(&self, number: &str) -> Option<&Arc<Version>> {
        if number == LATEST {
            return Some(&self.latest);
        }
        self.published.iter().find(|version| version.number == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_the_endpoint_cannot_run_are_not_taken_for_others() {
        assert!(matches!(Runtime::parse("provided.al2023"), Some(Runtime::Provided(_))));
        assert!(matches!(Runtime::parse("python3.12"), Some(Runtime::Python(_))));
        for other in ["nodejs22.x", "python2.7", "python3.", "provided.al3", "java21"] {
            assert_eq!(Runtime::parse(other), None, "{other}");
        }
    }
}
