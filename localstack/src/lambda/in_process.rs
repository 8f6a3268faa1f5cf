//! Functions whose code is in this process, beside those that run as processes of the machine.
//!
//! For whoever embeds the endpoint: such a function goes through everything an uploaded one does (its concurrency,
//! time-out, retries, metrics), needs no package, and moves with tokio's clock, so that a test of retries over hours
//! runs at once under a paused one.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::world::World;

use super::error::LambdaError;
use super::function::{Configuration, Function, Runtime, Version};
use super::name::{FunctionRef, LATEST};
use super::package::Package;
use super::state::{Lambda, Location};

/// Takes an event, answers the function's JSON or its error object.
type Code = dyn Fn(Bytes) -> BoxFuture<'static, Result<Bytes, Bytes>> + Send + Sync;

/// The code of a function in this process.
#[derive(Clone)]
pub struct InProcess(Arc<Code>);

impl InProcess {
    /// From a closure. Its `Ok` is the function's answer, its `Err` the error object
    /// `{"errorType", "errorMessage"}` of a function that failed.
    pub fn new<F, Answer>(code: F) -> Self
    where
        F: Fn(Bytes) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<Bytes, Bytes>> + Send + 'static,
    {
        Self(Arc::new(move |event| code(event).boxed()))
    }

    pub(super) fn call(&self, event: Bytes) -> BoxFuture<'static, Result<Bytes, Bytes>> {
        (self.0)(event)
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl Lambda {
    /// Makes a function whose code is in this process, with a time-out of 3 seconds, active at once, and answers its
    /// ARN. It is in the region of the ARN that it is named by, and by a name alone in the endpoint's own. One of that
    /// name there is replaced.
    ///
    /// # Errors
    /// A name AWS refuses.
    pub fn install(&self, world: &World, name: &str, code: InProcess) -> Result<String, LambdaError> {
        let named = FunctionRef::parse(name)?;
        let here = Location::of(&named, &world.region, &world.account);
        let id = here.id(&named)?;
        let now = world.clock.now();
        let version = Version {
            arn: here.arn(&id.name),
            id: id.clone(),
            number: LATEST.to_owned(),
            revision: world.dice.uuid("revision", id.name.as_str()),
            configuration: configuration(here.account),
            package: Arc::new(Package::none()),
            modified: now,
        };
        let arn = version.arn.clone();
        let created = now.checked_sub(self.transition).unwrap_or(now);
        let function = Function::new(version, BTreeMap::new(), created);
        self.executor.install(&id, code);
        self.functions.lock().insert(id, function);
        Ok(arn)
    }
}

fn configuration(account: &str) -> Configuration {
    Configuration {
        description: String::new(),
        role: format!("arn:aws:iam::{account}:role/in-process"),
        handler: "bootstrap".to_owned(),
        runtime: Runtime::Provided("provided.al2023".to_owned()),
        architecture: "x86_64".to_owned(),
        memory_mb: 128,
        timeout_s: 3,
        ephemeral_mb: 512,
        variables: None,
        tracing: "PassThrough".to_owned(),
        dead_letter_arn: None,
        logging: super::function::Logging::default(),
        network: None,
    }
}
