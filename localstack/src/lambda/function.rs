//! A function: what is configured, what runs, and what state it is in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::alias::Alias;
use super::event_invoke::EventInvokeConfig;
use super::name::{FunctionId, LATEST};
use super::package::Package;
use super::policy::Policy;

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
    #[serde(default)]
    pub(super) logging: Logging,
    /// `VpcConfig`: kept and shown. Functions run on this machine, whatever network they are attached to.
    #[serde(default)]
    pub(super) network: Option<Network>,
}

/// The subnets and security groups of a function.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Network {
    pub(super) subnets: Vec<String>,
    pub(super) security_groups: Vec<String>,
}

/// `LoggingConfig`: where lines go and in which form. The form is kept and shown; lines are written as they come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Logging {
    /// `Text` or `JSON`; `Text` unless said otherwise.
    pub(super) format: Option<String>,
    pub(super) application_level: Option<String>,
    pub(super) system_level: Option<String>,
    /// `/aws/lambda/<name>` unless said otherwise.
    pub(super) group: Option<String>,
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
    pub(super) id: FunctionId,
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
        match &self.configuration.logging.group {
            Some(group) => group.clone(),
            None => format!("/aws/lambda/{}", self.id.name.as_str()),
        }
    }
}

/// Concurrency that is kept ready, as far as its description goes: sandboxes start when they are needed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Provisioned {
    pub(super) requested: u32,
    pub(super) modified: Timestamp,
}

/// A function with all its versions.
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) latest: Arc<Version>,
    pub(super) published: Vec<Arc<Version>>,
    /// Never reused, even when a version is deleted.
    pub(super) next_version: u64,
    pub(super) tags: BTreeMap<String, String>,
    /// By name.
    pub(super) aliases: BTreeMap<String, Alias>,
    /// Who may invoke, by qualifier (`$LATEST` for the function itself).
    pub(super) policies: BTreeMap<String, Policy>,
    /// By qualifier, as policies are.
    pub(super) event_invoke: BTreeMap<String, EventInvokeConfig>,
    /// By version or alias.
    pub(super) provisioned: BTreeMap<String, Provisioned>,
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
    /// A function with one version, the unpublished one.
    pub(super) fn new(latest: Version, tags: BTreeMap<String, String>, created: Timestamp) -> Self {
        Self {
            latest: Arc::new(latest),
            published: Vec::new(),
            next_version: 1,
            tags,
            aliases: BTreeMap::new(),
            policies: BTreeMap::new(),
            event_invoke: BTreeMap::new(),
            provisioned: BTreeMap::new(),
            reserved_concurrency: None,
            created,
            updated: None,
        }
    }

    /// Where the function stands: a change takes `transition` to become effective.
    pub(super) fn progress(&self, now: Timestamp, transition: Duration) -> Progress {
        let through =
            |since: Timestamp| now.duration_since(since).unsigned_abs() >= transition && now >= since;
        let active = through(self.created);
        Progress { active, settled: active && self.updated.is_none_or(through) }
    }

    /// A version by its number, or by an alias of it.
    pub(super) fn version(&self, qualifier: &str) -> Option<&Arc<Version>> {
        let number = self.aliases.get(qualifier).map_or(qualifier, |alias| alias.version.as_str());
        if number == LATEST {
            return Some(&self.latest);
        }
        self.published.iter().find(|version| version.number == number)
    }

    /// The version that the next invocation of a qualifier runs: an alias may share them out between two.
    pub(super) fn route(&mut self, qualifier: &str) -> Option<&Arc<Version>> {
        let chosen = self.aliases.get_mut(qualifier).map(|alias| alias.next().to_owned());
        self.version(chosen.as_deref().unwrap_or(qualifier))
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
