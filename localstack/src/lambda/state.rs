//! All functions of the endpoint, and what runs them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::lock::Lock;
use crate::world::Setting;

use super::asynchronous::Queue;
use super::error::LambdaError;
use super::executor::Executor;
use super::function::{Function, Version};
use super::mapping::Mappings;
use super::name::{FunctionName, FunctionRef};
use super::package::{PackageError, PackageStore};

/// Invocations the account may have running at a time: AWS's quota.
pub(super) const ACCOUNT_CONCURRENCY: u32 = 1000;

/// The functions of the endpoint.
#[derive(Debug)]
pub struct Lambda {
    pub(super) functions: Lock<BTreeMap<FunctionName, Function>>,
    pub(super) executor: Executor,
    /// What reads streams and invokes functions with their records.
    pub(super) mappings: Mappings,
    /// Places in the queue of asynchronous invocations.
    pub(super) queue: Queue,
    /// How long a new or changed function takes to become usable.
    pub(super) transition: Duration,
    packages: OnceCell<PackageStore>,
    data_dir: Option<PathBuf>,
}

impl Lambda {
    /// No functions yet.
    #[must_use]
    pub fn new(setting: &Setting) -> Self {
        Self {
            functions: Lock::default(),
            executor: Executor::default(),
            queue: Queue::default(),
            mappings: Mappings::default(),
            transition: setting.timings.function,
            packages: OnceCell::new(),
            data_dir: setting.data_dir.clone(),
        }
    }

    /// Where code packages are kept; its folder is made when the first function is.
    pub(super) async fn packages(&self) -> Result<&PackageStore, LambdaError> {
        let parent = self.data_dir.clone();
        let make = || async move { PackageStore::new(parent.as_deref()).map_err(PackageError::Store) };
        Ok(self.packages.get_or_try_init(make).await?)
    }

    /// The names of all functions, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.functions.lock().keys().map(|name| name.as_str().to_owned()).collect()
    }

    /// What is left of the account's concurrency for functions that have none reserved.
    pub(super) fn unreserved(&self) -> u32 {
        let functions = self.functions.lock();
        let reserved = functions.values().filter_map(|function| function.reserved_concurrency);
        ACCOUNT_CONCURRENCY.saturating_sub(reserved.sum())
    }

    /// The concurrency that functions have for themselves: reserved, or provisioned for their versions and aliases.
    pub(super) fn allocated(&self) -> u32 {
        let functions = self.functions.lock();
        let of = |function: &Function| {
            let provisioned = || function.provisioned.values().map(|provisioned| provisioned.requested).sum();
            function.reserved_concurrency.unwrap_or_else(provisioned)
        };
        functions.values().map(of).fold(0, u32::saturating_add)
    }

    /// Runs `f` on a function.
    pub(super) fn with_function<T>(
        &self,
        named: &FunctionRef,
        here: &Location<'_>,
        f: impl FnOnce(&mut Function) -> Result<T, LambdaError>,
    ) -> Result<T, LambdaError> {
        let mut functions = self.functions.lock();
        let function = functions.get_mut(&named.name).ok_or_else(|| here.not_found(named))?;
        f(function)
    }

    /// The version a caller named.
    pub(super) fn version(
        &self,
        named: &FunctionRef,
        here: &Location<'_>,
    ) -> Result<Arc<Version>, LambdaError> {
        self.with_function(named, here, |function| {
            function.version(named.version()).cloned().ok_or_else(|| here.not_found(named))
        })
    }
}

/// Region and account, for ARNs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Location<'a> {
    pub(super) region: &'a str,
    pub(super) account: &'a str,
}

impl Location<'_> {
    /// The ARN of a function here.
    pub(super) fn arn(&self, name: &FunctionName) -> String {
        format!("arn:aws:lambda:{}:{}:function:{}", self.region, self.account, name.as_str())
    }

    /// The error for a function or version that is not there, with the ARN that was meant.
    pub(super) fn not_found(&self, named: &FunctionRef) -> LambdaError {
        let qualifier = named.qualifier.as_ref().map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
        LambdaError::FunctionNotFound(format!("{}{qualifier}", self.arn(&named.name)))
    }
}
