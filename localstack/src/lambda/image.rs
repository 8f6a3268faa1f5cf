//! Functions as they are written to disk: what [`crate::persist`] keeps of them. Their code packages are files already.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::alias::Alias;
use super::event_invoke::EventInvokeConfig;
use super::function::{Configuration, Function, Provisioned, Version};
use super::name::{FunctionId, FunctionRef};
use super::package::PackageStore;
use super::policy::{Policy, Statement};
use super::state::Lambda;
use crate::world::World;

#[derive(Debug, Serialize, Deserialize)]
struct FunctionImage {
    name: String,
    arn: String,
    latest: VersionImage,
    published: Vec<VersionImage>,
    next_version: u64,
    tags: BTreeMap<String, String>,
    #[serde(default)]
    aliases: BTreeMap<String, AliasImage>,
    #[serde(default)]
    policies: BTreeMap<String, PolicyImage>,
    #[serde(default)]
    event_invoke: BTreeMap<String, EventInvokeConfig>,
    #[serde(default)]
    provisioned: BTreeMap<String, Provisioned>,
    reserved_concurrency: Option<u32>,
    created: Timestamp,
    updated: Option<Timestamp>,
}

#[derive(Debug, Serialize, Deserialize)]
struct VersionImage {
    number: String,
    revision: String,
    configuration: Configuration,
    code_sha256: String,
    modified: Timestamp,
}

impl Lambda {
    /// Every function, for the data folder.
    pub(crate) fn save(&self) -> serde_json::Result<serde_json::Value> {
        let functions = self.functions.lock();
        // The code of functions in this process goes with it.
        let kept = functions.values().filter(|function| !function.latest.package.is_none());
        let images: Vec<FunctionImage> = kept.map(FunctionImage::of).collect();
        serde_json::to_value(images)
    }

    /// Every function is gone, and their processes end.
    pub(crate) fn reset(&self) {
        self.mappings.reset();
        let functions = std::mem::take(&mut *self.functions.lock());
        for id in functions.keys() {
            self.executor.forget(id);
        }
    }

    /// Takes every function back, each in the region of its ARN.
    pub(crate) async fn load(&self, _world: &Arc<World>, saved: serde_json::Value) -> Result<(), String> {
        let images: Vec<FunctionImage> = serde_json::from_value(saved).map_err(|error| error.to_string())?;
        let packages = self.packages().await.map_err(|error| error.to_string())?;
        for image in images {
            let named = FunctionRef::parse(&image.arn).map_err(|error| error.to_string())?;
            let region = named.region.ok_or_else(|| format!("{} names no region", image.arn))?;
            let id = FunctionId { region, name: named.name };
            let function = image.function(&id, packages)?;
            self.functions.lock().insert(id, function);
        }
        packages.sweep();
        Ok(())
    }

    /// Every event source mapping, for the data folder.
    pub(crate) fn save_mappings(&self, now: Timestamp) -> serde_json::Result<serde_json::Value> {
        self.mappings.save(now)
    }

    /// Takes every event source mapping back.
    pub(crate) fn load_mappings(&self, world: &Arc<World>, saved: serde_json::Value) -> Result<(), String> {
        self.mappings.load(world, saved)
    }
}

impl FunctionImage {
    fn of(function: &Function) -> Self {
        Self {
            name: function.latest.id.name.as_str().to_owned(),
            arn: function.latest.arn.clone(),
            latest: VersionImage::of(&function.latest),
            published: function.published.iter().map(|version| VersionImage::of(version)).collect(),
            next_version: function.next_version,
            tags: function.tags.clone(),
            aliases: function
                .aliases
                .iter()
                .map(|(name, alias)| (name.clone(), AliasImage::of(alias)))
                .collect(),
            policies: function
                .policies
                .iter()
                .map(|(key, policy)| (key.clone(), PolicyImage::of(policy)))
                .collect(),
            event_invoke: function.event_invoke.clone(),
            provisioned: function.provisioned.clone(),
            reserved_concurrency: function.reserved_concurrency,
            created: function.created,
            updated: function.updated,
        }
    }

    fn function(self, id: &FunctionId, packages: &PackageStore) -> Result<Function, String> {
        let arn = self.arn;
        let version = |image: VersionImage| image.version(id, &arn, packages);
        Ok(Function {
            latest: version(self.latest)?,
            published: self.published.into_iter().map(version).collect::<Result<_, _>>()?,
            next_version: self.next_version,
            tags: self.tags,
            aliases: all(self.aliases, AliasImage::alias)?,
            policies: all(self.policies, PolicyImage::policy)?,
            event_invoke: self.event_invoke,
            provisioned: self.provisioned,
            reserved_concurrency: self.reserved_concurrency,
            created: self.created,
            updated: self.updated,
        })
    }
}

/// Every value of a map, or the first error.
fn all<A, B>(
    images: BTreeMap<String, A>,
    f: impl Fn(A) -> Result<B, String>,
) -> Result<BTreeMap<String, B>, String> {
    images.into_iter().map(|(key, image)| Ok((key, f(image)?))).collect()
}

fn revision(text: &str) -> Result<Uuid, String> {
    Uuid::parse_str(text).map_err(|error| error.to_string())
}

#[derive(Debug, Serialize, Deserialize)]
struct AliasImage {
    version: String,
    description: String,
    weights: BTreeMap<String, f64>,
    revision: String,
    owed: f64,
}

impl AliasImage {
    fn of(alias: &Alias) -> Self {
        let Alias { version, description, weights, revision, owed } = alias.clone();
        Self { version, description, weights, revision: revision.to_string(), owed }
    }

    fn alias(self) -> Result<Alias, String> {
        let Self { version, description, weights, owed, .. } = self;
        Ok(Alias { version, description, weights, revision: revision(&self.revision)?, owed })
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct PolicyImage {
    statements: BTreeMap<String, Statement>,
    revision: String,
}

impl PolicyImage {
    fn of(policy: &Policy) -> Self {
        Self { statements: policy.statements.clone(), revision: policy.revision.to_string() }
    }

    fn policy(self) -> Result<Policy, String> {
        Ok(Policy { statements: self.statements, revision: revision(&self.revision)? })
    }
}

impl VersionImage {
    fn of(version: &Version) -> Self {
        Self {
            number: version.number.clone(),
            revision: version.revision.to_string(),
            configuration: version.configuration.clone(),
            code_sha256: version.package.sha256.clone(),
            modified: version.modified,
        }
    }

    fn version(self, id: &FunctionId, arn: &str, packages: &PackageStore) -> Result<Arc<Version>, String> {
        let package = packages
            .kept(&self.code_sha256)
            .map_err(|error| format!("the code of {arn} version {}: {error}", self.number))?;
        Ok(Arc::new(Version {
            id: id.clone(),
            arn: arn.to_owned(),
            number: self.number,
            revision: revision(&self.revision)?,
            configuration: self.configuration,
            package,
            modified: self.modified,
        }))
    }
}
