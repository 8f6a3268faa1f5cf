//! Functions as they are written to disk: what [`crate::persist`] keeps of them. Their code packages are files already.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::function::{Configuration, Function, Statement, Version};
use super::name::{FunctionName, FunctionRef};
use super::package::PackageStore;
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
    policy: BTreeMap<String, Statement>,
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
        let images: Vec<FunctionImage> = functions.values().map(FunctionImage::of).collect();
        serde_json::to_value(images)
    }

    /// Takes every function back.
    pub(crate) async fn load(&self, _world: &Arc<World>, saved: serde_json::Value) -> Result<(), String> {
        let images: Vec<FunctionImage> = serde_json::from_value(saved).map_err(|error| error.to_string())?;
        let packages = self.packages().await.map_err(|error| error.to_string())?;
        for image in images {
            let named = FunctionRef::parse(&image.name).map_err(|error| error.to_string())?;
            let function = image.function(&named.name, packages)?;
            self.functions.lock().insert(named.name, function);
        }
        packages.sweep();
        Ok(())
    }
}

impl FunctionImage {
    fn of(function: &Function) -> Self {
        Self {
            name: function.latest.name.as_str().to_owned(),
            arn: function.latest.arn.clone(),
            latest: VersionImage::of(&function.latest),
            published: function.published.iter().map(|version| VersionImage::of(version)).collect(),
            next_version: function.next_version,
            tags: function.tags.clone(),
            policy: function.policy.clone(),
            reserved_concurrency: function.reserved_concurrency,
            created: function.created,
            updated: function.updated,
        }
    }

    fn function(self, name: &FunctionName, packages: &PackageStore) -> Result<Function, String> {
        let arn = self.arn;
        let version = |image: VersionImage| image.version(name, &arn, packages);
        Ok(Function {
            latest: version(self.latest)?,
            published: self.published.into_iter().map(version).collect::<Result<_, _>>()?,
            next_version: self.next_version,
            tags: self.tags,
            policy: self.policy,
            reserved_concurrency: self.reserved_concurrency,
            created: self.created,
            updated: self.updated,
        })
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

    fn version(
        self,
        name: &FunctionName,
        arn: &str,
        packages: &PackageStore,
    ) -> Result<Arc<Version>, String> {
        let package = packages
            .kept(&self.code_sha256)
            .map_err(|error| format!("the code of {} version {}: {error}", name.as_str(), self.number))?;
        Ok(Arc::new(Version {
            name: name.clone(),
            arn: arn.to_owned(),
            number: self.number,
            revision: Uuid::parse_str(&self.revision).map_err(|error| error.to_string())?,
            configuration: self.configuration,
            package,
            modified: self.modified,
        }))
    }
}
