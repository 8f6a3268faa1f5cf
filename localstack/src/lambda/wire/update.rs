//! `UpdateFunctionCode` and `UpdateFunctionConfiguration`. What is not sent stays as it is.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::http::{Answer, AwsError};

use super::super::error::LambdaError;
use super::super::function::{Configuration, Function, Version};
use super::create::{
    CodeInput, DeadLetterInput, EnvironmentInput, EphemeralInput, LoggingInput, NetworkInput, TracingInput,
    refused,
};
use super::shapes::ConfigurationShape;
use super::{Request, checks, versions};

/// One change at a time: AWS refuses the next one until the last is through.
fn check_settled(
    request: &Request<'_>,
    function: &Function,
    revision: Option<&String>,
) -> Result<(), LambdaError> {
    let progress = function.progress(request.world.clock.now(), request.world.lambda.transition);
    if !progress.active {
        return Err(LambdaError::Conflict(
            "The operation cannot be performed at this time. The function is currently in the following state: Pending"
                .to_owned(),
        ));
    }
    if !progress.settled {
        return Err(LambdaError::Conflict(format!(
            "The operation cannot be performed at this time. An update is in progress for resource: {}",
            function.latest.arn
        )));
    }
    if revision.is_some_and(|revision| *revision != function.latest.revision.to_string()) {
        return Err(LambdaError::RevisionMismatch);
    }
    Ok(())
}

fn replace(function: &mut Function, (now, revision): (Timestamp, Uuid), change: impl FnOnce(&mut Version)) {
    let mut version = Version::clone(&function.latest);
    change(&mut version);
    version.revision = revision;
    version.modified = now;
    function.latest = Arc::new(version);
    function.updated = Some(now);
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CodeUpdate {
    #[serde(flatten)]
    code: CodeInput,
    #[serde(default)]
    publish: bool,
    #[serde(default)]
    dry_run: bool,
    revision_id: Option<String>,
    architectures: Option<Vec<String>>,
}

/// `UpdateFunctionCode`.
pub(super) async fn code(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let input: CodeUpdate = request.call.input()?;
    let named = request.function(name)?;
    let (world, here) = (request.world, request.here());
    let architecture = input.architectures.as_deref().map(checks::architecture).transpose()?;
    let revision = input.revision_id.as_ref();
    world.lambda.with_function(&named, &here, |function| check_settled(request, function, revision))?;
    let package = input.code.package(request).await?;
    let (version, progress) = world.lambda.with_function(&named, &here, |function| {
        check_settled(request, function, revision)?;
        let now = world.clock.now();
        let mut changed = function.clone();
        replace(&mut changed, (now, request.revision()), |version| {
            version.package = package;
            if let Some(architecture) = architecture {
                version.configuration.architecture = architecture;
            }
        });
        let shown = if input.publish {
            versions::cut(&mut changed, None, (now, request.revision()))?
        } else {
            Arc::clone(&changed.latest)
        };
        let progress = changed.progress(now, world.lambda.transition);
        if !input.dry_run {
            *function = changed;
        }
        Ok((shown, progress))
    })?;
    request.output(&ConfigurationShape::of(&version, Some(progress), false))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConfigurationUpdate {
    role: Option<String>,
    handler: Option<String>,
    description: Option<String>,
    timeout: Option<u32>,
    memory_size: Option<u32>,
    environment: Option<EnvironmentInput>,
    runtime: Option<String>,
    dead_letter_config: Option<DeadLetterInput>,
    tracing_config: Option<TracingInput>,
    revision_id: Option<String>,
    layers: Option<Vec<String>>,
    ephemeral_storage: Option<EphemeralInput>,
    logging_config: Option<LoggingInput>,
    vpc_config: Option<NetworkInput>,
}

impl ConfigurationUpdate {
    /// The configuration after this update.
    fn apply(self, mut to: Configuration) -> Result<Configuration, LambdaError> {
        if self.layers.is_some_and(|layers| !layers.is_empty()) {
            return Err(refused("layers (put their content into the code package)"));
        }
        if let Some(role) = self.role {
            to.role = checks::role(&role)?;
        }
        if let Some(runtime) = self.runtime {
            to.runtime = checks::runtime(&runtime)?;
        }
        if let Some(seconds) = self.timeout {
            to.timeout_s = checks::timeout(seconds)?;
        }
        if let Some(megabytes) = self.memory_size {
            to.memory_mb = checks::memory(megabytes)?;
        }
        if let Some(storage) = self.ephemeral_storage {
            to.ephemeral_mb = checks::ephemeral(storage.size)?;
        }
        // An environment without variables changes nothing; an empty map of them removes all.
        if let Some(variables) = self.environment.and_then(|environment| environment.variables) {
            to.variables = Some(checks::variables(variables)?).filter(|variables| !variables.is_empty());
        }
        if let Some(dead_letter) = self.dead_letter_config {
            to.dead_letter_arn = checks::dead_letter(Some(dead_letter))?;
        }
        to.handler = self.handler.unwrap_or(to.handler);
        to.description = self.description.unwrap_or(to.description);
        let tracing = checks::tracing(self.tracing_config.and_then(|tracing| tracing.mode))?;
        to.tracing = tracing.unwrap_or(to.tracing);
        if let Some(logging) = self.logging_config {
            to.logging = logging.apply(to.logging)?;
        }
        if let Some(network) = self.vpc_config {
            to.network = network.network();
        }
        Ok(to)
    }
}

/// `UpdateFunctionConfiguration`.
pub(super) fn configuration(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let input: ConfigurationUpdate = request.call.input()?;
    let named = request.function(name)?;
    let (world, here) = (request.world, request.here());
    let (version, progress) = world.lambda.with_function(&named, &here, |function| {
        check_settled(request, function, input.revision_id.as_ref())?;
        let now = world.clock.now();
        let is_new_role = input.role.is_some();
        let configuration = input.apply(function.latest.configuration.clone())?;
        if is_new_role {
            checks::assumable(world, &configuration.role)?;
        }
        let revision = request.revision();
        replace(function, (now, revision), |version| version.configuration = configuration);
        Ok((Arc::clone(&function.latest), function.progress(now, world.lambda.transition)))
    })?;
    request.output(&ConfigurationShape::of(&version, Some(progress), false))
}
