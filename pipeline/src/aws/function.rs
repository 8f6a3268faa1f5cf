//! Lambda functions.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    Architecture, Concurrency, DeadLetterConfig, Environment, FunctionCode, FunctionConfiguration, LogFormat,
    LoggingConfig, Runtime, VpcConfig,
};

use super::error::failed;
use super::{Identity, permissions};
use crate::cloud::{CallError, Control, Meaning};
use crate::package::{Package, Packages};
use crate::resources::Observed;
use crate::resources::function::{
    FunctionChange, FunctionSpec, FunctionState, HANDLER, Logging, Network, PackageSource, RUNTIME,
};
use crate::resources::tags::{CALLERS, CODE, SOURCE, TagChange, TagMap};

pub(super) struct Functions {
    pub(super) client: Client,
    pub(super) identity: Arc<Identity>,
    pub(super) packages: Arc<Packages>,
}

impl Functions {
    async fn package(&self, call: &'static str, source: &PackageSource) -> Result<Package, CallError> {
        let built = self.packages.build(source).await;
        built.map_err(|error| CallError::local(call, Meaning::Package, error.to_string()))
    }

    async fn arn(&self, name: &str) -> Result<String, CallError> {
        Ok(self.identity.place().await?.function(name))
    }

    async fn upload(&self, name: &str, source: &PackageSource, architecture: &str) -> Result<(), CallError> {
        const CALL: &str = "lambda:UpdateFunctionCode";
        let package = self.package(CALL, source).await?;
        let request = self.client.update_function_code().function_name(name);
        let request =
            request.architectures(Architecture::from(architecture)).zip_file(Blob::new(package.zip));
        request.send().await.map(drop).map_err(|error| failed(CALL, error))
    }

    async fn reserve(&self, name: &str, calls: Option<u32>) -> Result<(), CallError> {
        let Some(calls) = calls else {
            let sent = self.client.delete_function_concurrency().function_name(name).send().await;
            return sent.map(drop).map_err(|error| failed("lambda:DeleteFunctionConcurrency", error));
        };
        let request = self.client.put_function_concurrency().function_name(name);
        let sent = request.reserved_concurrent_executions(whole(calls)).send().await;
        sent.map(drop).map_err(|error| failed("lambda:PutFunctionConcurrency", error))
    }

    async fn configure(&self, name: &str, spec: &FunctionSpec) -> Result<(), CallError> {
        // What is left out stays as it is, so that everything is said, what is empty included.
        let request = self
            .client
            .update_function_configuration()
            .function_name(name)
            .runtime(Runtime::from(RUNTIME))
            .handler(HANDLER)
            .role(&spec.role_arn)
            .memory_size(whole(spec.memory_mib))
            .timeout(whole(spec.timeout_seconds))
            .environment(environment(spec))
            .set_layers(Some(spec.layers.clone()))
            .vpc_config(network(spec))
            .dead_letter_config(dead_letters(spec))
            .logging_config(logging(spec));
        let sent = request.send().await;
        sent.map(drop).map_err(|error| failed("lambda:UpdateFunctionConfiguration", error))
    }
}

fn environment(spec: &FunctionSpec) -> Environment {
    let pairs = spec.environment.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    Environment::builder().set_variables(Some(pairs)).build()
}

/// Subnets and security groups; empty lists take a function off its network.
fn network(spec: &FunctionSpec) -> VpcConfig {
    let ids = |ids: &BTreeSet<String>| Some(ids.iter().cloned().collect::<Vec<_>>());
    VpcConfig::builder()
        .set_subnet_ids(ids(&spec.network.subnets))
        .set_security_group_ids(ids(&spec.network.security_groups))
        .build()
}

/// Where calls go that were given up; an empty ARN is nowhere.
fn dead_letters(spec: &FunctionSpec) -> DeadLetterConfig {
    DeadLetterConfig::builder().target_arn(spec.dead_letters.clone().unwrap_or_default()).build()
}

fn logging(spec: &FunctionSpec) -> LoggingConfig {
    match &spec.logging {
        Logging::Text => LoggingConfig::builder().log_format(LogFormat::Text).build(),
        Logging::Json { application, system } => LoggingConfig::builder()
            .log_format(LogFormat::Json)
            .application_log_level(application.as_str().into())
            .system_log_level(system.as_str().into())
            .build(),
    }
}

/// How a log is written; without a word from AWS as text, which is what Lambda does by itself.
fn logging_of(configuration: &FunctionConfiguration) -> Logging {
    const USUAL: &str = "INFO";
    let Some(logging) = configuration.logging_config() else { return Logging::Text };
    if logging.log_format() != Some(&LogFormat::Json) {
        return Logging::Text;
    }
    let application = logging.application_log_level().map_or(USUAL, |level| level.as_str());
    let system = logging.system_log_level().map_or(USUAL, |level| level.as_str());
    Logging::Json { application: application.to_owned(), system: system.to_owned() }
}

fn network_of(configuration: &FunctionConfiguration) -> Network {
    let Some(network) = configuration.vpc_config() else { return Network::default() };
    Network {
        subnets: network.subnet_ids().iter().cloned().collect(),
        security_groups: network.security_group_ids().iter().cloned().collect(),
    }
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The tags that say what the code was built from, and what was uploaded for it.
fn seal(source: &PackageSource, package: &Package) -> TagMap {
    TagMap::from([
        (SOURCE.to_owned(), source.fingerprint.clone()),
        (CODE.to_owned(), package.code_sha256.clone()),
    ])
}

fn state(configuration: &FunctionConfiguration, concurrency: Option<&Concurrency>) -> FunctionState {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let variables = configuration.environment().and_then(|environment| environment.variables());
    let number = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok()).unwrap_or(0);
    let architecture = configuration.architectures().first().map_or("x86_64", Architecture::as_str);
    FunctionState {
        state: configuration.state().map_or("Active", |state| state.as_str()).to_owned(),
        state_reason: text(configuration.state_reason()),
        last_update: configuration.last_update_status().map_or("Successful", |it| it.as_str()).to_owned(),
        last_update_reason: text(configuration.last_update_status_reason()),
        code_sha256: text(configuration.code_sha256()),
        role_arn: text(configuration.role()),
        runtime: text(configuration.runtime().map(Runtime::as_str)),
        handler: text(configuration.handler()),
        architecture: architecture.to_owned(),
        memory_mib: number(configuration.memory_size()),
        timeout_seconds: number(configuration.timeout()),
        environment: variables.cloned().unwrap_or_default().into_iter().collect(),
        layers: configuration.layers().iter().filter_map(|layer| layer.arn()).map(str::to_owned).collect(),
        network: network_of(configuration),
        dead_letters: configuration
            .dead_letter_config()
            .and_then(|it| it.target_arn())
            .filter(|arn| !arn.is_empty())
            .map(str::to_owned),
        logging: logging_of(configuration),
        concurrency: concurrency
            .and_then(Concurrency::reserved_concurrent_executions)
            .and_then(|calls| u32::try_from(calls).ok()),
        callers: None,
    }
}

#[async_trait]
impl Control<FunctionSpec> for Functions {
    async fn observe(&self, name: &str) -> Result<Option<Observed<FunctionState>>, CallError> {
        let answer = self.client.get_function().function_name(name).send().await;
        let answer = match answer.map_err(|error| failed("lambda:GetFunction", error)) {
            Ok(answer) => answer,
            Err(error) if error.meaning == Meaning::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(configuration) = answer.configuration() else { return Ok(None) };
        let tags: TagMap = answer.tags().cloned().unwrap_or_default().into_iter().collect();
        let mut state = state(configuration, answer.concurrency());
        if tags.contains_key(CALLERS) {
            state.callers = Some(permissions::callers(&self.client, name).await?);
        }
        let id = configuration.function_arn().unwrap_or_default().to_owned();
        Ok(Some(Observed { id, tags, state }))
    }

    async fn create(&self, name: &str, spec: &FunctionSpec, tags: &TagMap) -> Result<(), CallError> {
        const CALL: &str = "lambda:CreateFunction";
        let package = self.package(CALL, &spec.package).await?;
        let mut tags: std::collections::HashMap<_, _> = tags.clone().into_iter().collect();
        tags.extend(seal(&spec.package, &package));
        let request = self
            .client
            .create_function()
            .function_name(name)
            .runtime(Runtime::from(RUNTIME))
            .handler(HANDLER)
            .role(&spec.role_arn)
            .architectures(Architecture::from(spec.architecture.as_str()))
            .memory_size(whole(spec.memory_mib))
            .timeout(whole(spec.timeout_seconds))
            .environment(environment(spec))
            .logging_config(logging(spec))
            .set_layers((!spec.layers.is_empty()).then(|| spec.layers.clone()))
            .set_vpc_config((!spec.network.subnets.is_empty()).then(|| network(spec)))
            .set_dead_letter_config(spec.dead_letters.is_some().then(|| dead_letters(spec)))
            .code(FunctionCode::builder().zip_file(Blob::new(package.zip)).build())
            .set_tags(Some(tags));
        request.send().await.map(drop).map_err(|error| failed(CALL, error))
    }

    async fn change(&self, name: &str, change: &FunctionChange) -> Result<(), CallError> {
        match change {
            FunctionChange::Code(source, architecture) => self.upload(name, source, architecture).await,
            FunctionChange::Configuration(spec) => self.configure(name, spec).await,
            FunctionChange::Concurrency(calls) => self.reserve(name, *calls).await,
            FunctionChange::Permit(arn) => {
                let account = &self.identity.place().await?.account;
                permissions::permit(&self.client, name, arn, account).await
            }
            FunctionChange::Forbid(arn) => permissions::forbid(&self.client, name, arn).await,
            FunctionChange::Seal(source) => {
                let package = self.package("lambda:TagResource", source).await?;
                let set = seal(source, &package);
                self.tag(name, &TagChange { set, remove: Vec::new() }).await
            }
        }
    }

    async fn tag(&self, name: &str, change: &TagChange) -> Result<(), CallError> {
        let arn = self.arn(name).await?;
        if !change.set.is_empty() {
            let set = change.set.clone().into_iter().collect();
            let sent = self.client.tag_resource().resource(&arn).set_tags(Some(set)).send().await;
            sent.map_err(|error| failed("lambda:TagResource", error))?;
        }
        if !change.remove.is_empty() {
            let keys = Some(change.remove.clone());
            let sent = self.client.untag_resource().resource(&arn).set_tag_keys(keys).send().await;
            sent.map_err(|error| failed("lambda:UntagResource", error))?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<(), CallError> {
        let sent = self.client.delete_function().function_name(name).send().await;
        sent.map(drop).map_err(|error| failed("lambda:DeleteFunction", error))
    }
}
