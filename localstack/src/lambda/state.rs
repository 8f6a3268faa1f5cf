//! All functions of the endpoint, and what runs them.
//!
//! **Invariant**: functions, their mappings and the concurrency they share are a region's own, as on AWS. A call for a
//! region sees those of that region; a service that invokes a function for someone goes by the region in its ARN.

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
use super::name::{FunctionId, FunctionName, FunctionRef};
use super::package::{PackageError, PackageStore};

/// Invocations the account may have running at a time in a region: AWS's quota.
pub(super) const ACCOUNT_CONCURRENCY: u32 = 1000;

/// Functions by region and name.
pub(super) type Functions = BTreeMap<FunctionId, Function>;

/// The functions of a region, in the order of their names.
pub(super) fn of_region<'a>(
    functions: &'a Functions,
    region: &'a str,
) -> impl Iterator<Item = (&'a FunctionName, &'a Function)> {
    let here = functions.iter().filter(move |(id, _)| id.region == region);
    here.map(|(id, function)| (&id.name, function))
}

/// The functions of the endpoint.
#[derive(Debug)]
pub struct Lambda {
    pub(super) functions: Lock<Functions>,
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

    /// What is left of the account's concurrency in a region for functions that have none reserved.
    pub(super) fn unreserved(&self, region: &str) -> u32 {
        let functions = self.functions.lock();
        let reserved =
            of_region(&functions, region).filter_map(|(_, function)| function.reserved_concurrency);
        ACCOUNT_CONCURRENCY.saturating_sub(reserved.sum())
    }

    /// The concurrency that a region's functions have for themselves: reserved, or provisioned for their versions and
    /// aliases.
    pub(super) fn allocated(&self, region: &str) -> u32 {
        let functions = self.functions.lock();
        let of = |function: &Function| {
            let provisioned = || function.provisioned.values().map(|provisioned| provisioned.requested).sum();
            function.reserved_concurrency.unwrap_or_else(provisioned)
        };
        of_region(&functions, region).map(|(_, function)| of(function)).fold(0, u32::saturating_add)
    }

    /// Runs `f` on a function.
    pub(super) fn with_function<T>(
        &self,
        named: &FunctionRef,
        here: &Location<'_>,
        f: impl FnOnce(&mut Function) -> Result<T, LambdaError>,
    ) -> Result<T, LambdaError> {
        let id = here.id(named)?;
        let mut functions = self.functions.lock();
        let function = functions.get_mut(&id).ok_or_else(|| here.not_found(named))?;
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

impl<'a> Location<'a> {
    /// Where a function is that another service names: in the region of its ARN, and without one in `region`.
    pub(super) fn of(named: &'a FunctionRef, region: &'a str, account: &'a str) -> Self {
        Self { region: named.region.as_deref().unwrap_or(region), account }
    }

    /// Which function here was named.
    ///
    /// # Errors
    /// An ARN of another region.
    pub(super) fn id(&self, named: &FunctionRef) -> Result<FunctionId, LambdaError> {
        match &named.region {
            Some(region) if region != self.region => {
                Err(LambdaError::Elsewhere { region: region.clone(), here: self.region.to_owned() })
            }
            _ => Ok(FunctionId { region: self.region.to_owned(), name: named.name.clone() }),
        }
    }

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
