//! Lambda functions: transforms. Code and configuration are changed by separate calls, one at a time.
//!
//! What the code was built from is a tag, beside the `CodeSha256` that was uploaded for it: when both still
//! hold, the code is known to be current without building a package. The two tags are put after the code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::tags::{CODE, SOURCE, TagMap};
use super::{Difference, Facts, Properties, Readiness};

/// The runtime every function of ours has: a bootstrap of its own on Amazon Linux 2023.
pub const RUNTIME: &str = "provided.al2023";
/// The handler name that such a function carries; the bootstrap ignores it.
pub const HANDLER: &str = "bootstrap";

/// What is wanted of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionSpec {
    /// ARN of the role it runs under.
    pub role_arn: String,
    /// `x86_64` or `arm64`, as the bootstrap needs.
    pub architecture: String,
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// The longest an invocation may take.
    pub timeout_seconds: u32,
    /// Environment variables, all of them.
    pub environment: BTreeMap<String, String>,
    /// ARNs of its layers, in their order.
    pub layers: Vec<String>,
    /// The network it is attached to; without subnets none.
    pub network: Network,
    /// ARN of what gets the calls that were given up.
    pub dead_letters: Option<String>,
    /// How its log is written.
    pub logging: Logging,
    /// Invocations at a time that are kept for it; `None` is the account's share.
    pub concurrency: Option<u32>,
    /// ARNs of the buckets that may call it.
    pub callers: BTreeSet<String>,
    /// What its package is made from.
    pub package: PackageSource,
}

/// The subnets and security groups of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Ids of subnets.
    pub subnets: BTreeSet<String>,
    /// Ids of security groups.
    pub security_groups: BTreeSet<String>,
}

/// How a function's log is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Logging {
    /// Lines as they come.
    Text,
    /// JSON, from these levels on.
    Json {
        /// The least level of the function's own lines, such as INFO.
        application: String,
        /// The least level of Lambda's lines.
        system: String,
    },
}

/// What a function's package is made from: enough to build it again, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageSource {
    /// SHA-256 over everything that goes in, in hexadecimal: the value of the source tag.
    pub fingerprint: String,
    /// Where it comes from.
    pub content: PackageContent,
}

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageContent {
    /// The bootstrap that pipectl ships, with a VRL program for it.
    Vrl {
        /// The program.
        program: String,
    },
    /// A zip of the user's own.
    Zip {
        /// Where it lies.
        path: PathBuf,
    },
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionState {
    /// Pending, Active, Inactive or Failed; some endpoints leave it out, which counts as Active.
    pub state: String,
    /// Why, when it failed.
    pub state_reason: String,
    /// Successful, Failed or InProgress.
    pub last_update: String,
    /// Why, when it failed.
    pub last_update_reason: String,
    /// Base64 of the SHA-256 of the package.
    pub code_sha256: String,
    /// ARN of the role.
    pub role_arn: String,
    /// The runtime.
    pub runtime: String,
    /// The handler.
    pub handler: String,
    /// The architecture.
    pub architecture: String,
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// Time-out of an invocation.
    pub timeout_seconds: u32,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// ARNs of its layers.
    pub layers: Vec<String>,
    /// The network it is attached to.
    pub network: Network,
    /// ARN of what gets the calls that were given up.
    pub dead_letters: Option<String>,
    /// How its log is written.
    pub logging: Logging,
    /// Invocations at a time that are kept for it.
    pub concurrency: Option<u32>,
    /// ARNs of the buckets that may call it by permissions of ours; `None` when nobody looked.
    pub callers: Option<BTreeSet<String>>,
}

/// One mutation of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FunctionChange {
    /// Uploads the package, for this architecture.
    Code(PackageSource, String),
    /// Puts the tags that say what the code was built from.
    Seal(PackageSource),
    /// Sets the configuration, all of it.
    Configuration(Box<FunctionSpec>),
    /// Keeps so many invocations at a time for it; `None` gives them back.
    Concurrency(Option<u32>),
    /// Lets the bucket of this ARN call it.
    Permit(String),
    /// Lets the bucket of this ARN call it no more.
    Forbid(String),
}

impl Properties for FunctionSpec {
    type State = FunctionState;
    type Change = FunctionChange;

    fn created(&self) -> FunctionState {
        FunctionState {
            state: "Active".to_owned(),
            state_reason: String::new(),
            last_update: "Successful".to_owned(),
            last_update_reason: String::new(),
            code_sha256: String::new(),
            role_arn: self.role_arn.clone(),
            runtime: RUNTIME.to_owned(),
            handler: HANDLER.to_owned(),
            architecture: self.architecture.clone(),
            memory_mib: self.memory_mib,
            timeout_seconds: self.timeout_seconds,
            environment: self.environment.clone(),
            layers: self.layers.clone(),
            network: self.network.clone(),
            dead_letters: self.dead_letters.clone(),
            logging: self.logging.clone(),
            concurrency: None,
            callers: None,
        }
    }

    fn compare(&self, state: &FunctionState, tags: &TagMap) -> Difference<FunctionChange> {
        let mut difference = Difference::default();
        self.compare_code(state, tags, &mut difference);
        if self.compare_configuration(state, &mut difference) {
            difference.changes.push(FunctionChange::Configuration(Box::new(self.clone())));
        }
        if difference.note("concurrency", state.concurrency, self.concurrency, u32::to_string) {
            difference.changes.push(FunctionChange::Concurrency(self.concurrency));
        }
        self.compare_callers(state, &mut difference);
        difference
    }
}

impl FunctionSpec {
    /// Whether the code is what we uploaded, and that what would be uploaded now.
    fn compare_code(
        &self,
        state: &FunctionState,
        tags: &TagMap,
        difference: &mut Difference<FunctionChange>,
    ) {
        let source = tags.get(SOURCE);
        let sealed = tags.get(CODE) == Some(&state.code_sha256);
        let moved = difference.note(
            "architecture",
            Some(state.architecture.clone()),
            Some(self.architecture.clone()),
            String::clone,
        );
        if source == Some(&self.package.fingerprint) && sealed && !moved {
            return;
        }
        let short = |hash: &String| hash.chars().take(12).collect::<String>();
        let before = match source {
            Some(hash) if sealed => short(hash),
            Some(_) => format!("{} (changed outside)", short(&state.code_sha256)),
            None => "unknown".to_owned(),
        };
        difference.note("code", Some(before), Some(short(&self.package.fingerprint)), String::clone);
        difference.changes.push(FunctionChange::Code(self.package.clone(), self.architecture.clone()));
        difference.changes.push(FunctionChange::Seal(self.package.clone()));
    }

    /// Who may call it, as far as we say.
    fn compare_callers(&self, state: &FunctionState, difference: &mut Difference<FunctionChange>) {
        let there = state.callers.clone().unwrap_or_default();
        let listed = |arns: &BTreeSet<String>| {
            let bucket = |arn: &String| arn.rsplit(':').next().unwrap_or_default().to_owned();
            (!arns.is_empty()).then(|| arns.iter().map(bucket).collect::<Vec<_>>().join(", "))
        };
        difference.note("callers", listed(&there), listed(&self.callers), String::clone);
        let permit = self.callers.difference(&there).cloned().map(FunctionChange::Permit);
        let forbid = there.difference(&self.callers).cloned().map(FunctionChange::Forbid);
        difference.changes.extend(permit.chain(forbid));
    }

    /// What the function is laid over, attached to and reports to.
    fn compare_surroundings(&self, state: &FunctionState, difference: &mut Difference<FunctionChange>) {
        let layers = |layers: &Vec<String>| (!layers.is_empty()).then(|| layers.join(", "));
        difference.note("layers", layers(&state.layers), layers(&self.layers), String::clone);
        let ids = |ids: &BTreeSet<String>| {
            (!ids.is_empty()).then(|| ids.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
        };
        let (there, wanted) = (&state.network, &self.network);
        difference.note("vpc.subnets", ids(&there.subnets), ids(&wanted.subnets), String::clone);
        difference.note(
            "vpc.security-groups",
            ids(&there.security_groups),
            ids(&wanted.security_groups),
            String::clone,
        );
        difference.note("dead-letters", state.dead_letters.clone(), self.dead_letters.clone(), String::clone);
        let logging = |logging: &Logging| match logging {
            Logging::Text => "text".to_owned(),
            Logging::Json { application, system } => {
                format!("json from {application}, Lambda's from {system}")
            }
        };
        difference.note("logs", Some(state.logging.clone()), Some(self.logging.clone()), logging);
    }

    /// Whether the configuration has to be set.
    fn compare_configuration(
        &self,
        state: &FunctionState,
        difference: &mut Difference<FunctionChange>,
    ) -> bool {
        let before = difference.properties.len();
        let text = String::clone;
        difference.note_arn("role", Some(&state.role_arn), Some(&self.role_arn));
        difference.note("runtime", Some(state.runtime.clone()), Some(RUNTIME.to_owned()), text);
        difference.note("handler", Some(state.handler.clone()), Some(HANDLER.to_owned()), text);
        let mib = |mib: &u32| format!("{mib}MiB");
        difference.note("memory", Some(state.memory_mib), Some(self.memory_mib), mib);
        let seconds = |seconds: &u32| format!("{seconds}s");
        difference.note("timeout", Some(state.timeout_seconds), Some(self.timeout_seconds), seconds);
        self.compare_surroundings(state, difference);
        let keys = state.environment.keys().chain(self.environment.keys());
        for key in keys.collect::<std::collections::BTreeSet<_>>() {
            let (there, wanted) = (state.environment.get(key), self.environment.get(key));
            // Values may be secrets: that they differ is all that is shown.
            if there != wanted {
                difference.properties.push(super::PropertyChange {
                    path: format!("environment.{key}"),
                    before: there.map(|_| "(a value)".to_owned()),
                    after: wanted
                        .map(|_| if there.is_some() { "(another value)" } else { "(a value)" }.to_owned()),
                });
            }
        }
        difference.properties.len() > before
    }
}

impl Facts for FunctionState {
    fn readiness(&self) -> Readiness {
        match (self.state.as_str(), self.last_update.as_str()) {
            ("Failed", _) => Readiness::Failed(self.state_reason.clone()),
            ("Pending", _) => Readiness::Creating("Active (now Pending)".to_owned()),
            (_, "InProgress") => Readiness::Pending("its update (now InProgress)".to_owned()),
            // A failed update leaves the function as it was: it can be updated again.
            _ => Readiness::Ready,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![
            ("memory", format!("{} MiB", self.memory_mib)),
            ("timeout", format!("{} s", self.timeout_seconds)),
            ("architecture", self.architecture.clone()),
        ];
        if self.last_update == "Failed" {
            facts.push(("last update failed", self.last_update_reason.clone()));
        }
        facts
    }
}

#[cfg(test)]
mod tests;
