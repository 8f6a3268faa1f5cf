//! Lambda functions.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Architecture, Environment, FunctionCode, FunctionConfiguration, Runtime};

use super::Identity;
use super::error::failed;
use crate::cloud::{CallError, Control, Meaning};
use crate::package::{Package, Packages};
use crate::resources::Observed;
use crate::resources::function::{
    FunctionChange, FunctionSpec, FunctionState, HANDLER, PackageSource, RUNTIME,
};
use crate::resources::tags::{CODE, SOURCE, TagChange, TagMap};

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

    async fn configure(&self, name: &str, spec: &FunctionSpec) -> Result<(), CallError> {
        // Without variables an empty set is sent: leaving them out would keep the old ones.
        let request = self
            .client
            .update_function_configuration()
            .function_name(name)
            .runtime(Runtime::from(RUNTIME))
            .handler(HANDLER)
            .role(&spec.role_arn)
            .memory_size(whole(spec.memory_mib))
            .timeout(whole(spec.timeout_seconds))
            .environment(environment(spec));
        let sent = request.send().await;
        sent.map(drop).map_err(|error| failed("lambda:UpdateFunctionConfiguration", error))
    }
}

fn environment(spec: &FunctionSpec) -> Environment {
    let pairs = spec.environment.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    Environment::builder().set_variables(Some(pairs)).build()
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

fn state(configuration: &FunctionConfiguration) -> FunctionState {
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
        Ok(Some(Observed {
            id: configuration.function_arn().unwrap_or_default().to_owned(),
            tags: answer.tags().cloned().unwrap_or_default().into_iter().collect(),
            state: state(configuration),
        }))
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
            .code(FunctionCode::builder().zip_file(Blob::new(package.zip)).build())
            .set_tags(Some(tags));
        request.send().await.map(drop).map_err(|error| failed(CALL, error))
    }

    async fn change(&self, name: &str, change: &FunctionChange) -> Result<(), CallError> {
        match change {
            FunctionChange::Code(source, architecture) => self.upload(name, source, architecture).await,
            FunctionChange::Configuration(spec) => self.configure(name, spec).await,
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
