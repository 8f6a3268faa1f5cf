//! `CreateFunction`, and where code comes from.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde::Deserialize;

use crate::http::{Answer, AwsError};

use super::super::error::LambdaError;
use super::super::function::{Configuration, Function, Logging, Network, Version};
use super::super::name::{FunctionRef, LATEST};
use super::super::package::{MAX_ZIPPED, Package};
use super::super::state::Functions;
use super::shapes::ConfigurationShape;
use super::{Request, checks, versions};

/// Most functions of one endpoint.
const MAX_FUNCTIONS: usize = 10_000;

/// `Environment` of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EnvironmentInput {
    pub(super) variables: Option<BTreeMap<String, String>>,
}

/// `TracingConfig` of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TracingInput {
    pub(super) mode: Option<String>,
}

/// `DeadLetterConfig` of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeadLetterInput {
    pub(super) target_arn: Option<String>,
}

/// `VpcConfig` of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NetworkInput {
    subnet_ids: Option<Vec<String>>,
    security_group_ids: Option<Vec<String>>,
}

impl NetworkInput {
    /// The network, unless it is sent empty, which is none.
    pub(super) fn network(self) -> Option<Network> {
        let subnets = self.subnet_ids.unwrap_or_default();
        let security_groups = self.security_group_ids.unwrap_or_default();
        (!subnets.is_empty() || !security_groups.is_empty()).then_some(Network { subnets, security_groups })
    }
}

/// `EphemeralStorage` of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EphemeralInput {
    pub(super) size: u32,
}

/// `LoggingConfig` of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LoggingInput {
    log_format: Option<String>,
    application_log_level: Option<String>,
    system_log_level: Option<String>,
    log_group: Option<String>,
}

impl LoggingInput {
    /// What is configured after this was sent; what was not sent stays.
    pub(super) fn apply(self, to: Logging) -> Result<Logging, LambdaError> {
        let logging = Logging {
            format: self.log_format.or(to.format),
            application_level: self.application_log_level.or(to.application_level),
            system_level: self.system_log_level.or(to.system_level),
            group: self.log_group.or(to.group),
        };
        checks::logging(logging)
    }
}

/// Where code comes from: in the request, or an object.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CodeInput {
    zip_file: Option<String>,
    s3_bucket: Option<String>,
    s3_key: Option<String>,
    image_uri: Option<String>,
}

impl CodeInput {
    /// The package, checked and stored.
    pub(super) async fn package(&self, request: &Request<'_>) -> Result<Arc<Package>, LambdaError> {
        let zip = self.zip(request).await?;
        request.world.lambda.packages().await?.keep(zip).await.map_err(Into::into)
    }

    async fn zip(&self, request: &Request<'_>) -> Result<Bytes, LambdaError> {
        if self.image_uri.is_some() {
            return Err(refused("container images"));
        }
        match (&self.zip_file, &self.s3_bucket, &self.s3_key) {
            (Some(text), None, None) => {
                let zip = BASE64.decode(text).map_err(|_| {
                    LambdaError::InvalidParameter("The ZipFile is not valid base64".to_owned())
                })?;
                if zip.len() > MAX_ZIPPED {
                    return Err(LambdaError::InvalidParameter(format!(
                        "Zipped size must be smaller than {MAX_ZIPPED} bytes; upload it to S3 and name bucket and key"
                    )));
                }
                Ok(zip.into())
            }
            (None, Some(bucket), Some(key)) => request.world.s3.read(bucket, key).await.map_err(|error| {
                LambdaError::InvalidParameter(format!(
                    "Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {error}",
                    error.code()
                ))
            }),
            _ => Err(LambdaError::InvalidParameter(
                "Please provide a source for function code: ZipFile, or S3Bucket and S3Key".to_owned(),
            )),
        }
    }
}

/// The error for what this endpoint does not run.
pub(super) fn refused(what: &str) -> LambdaError {
    LambdaError::InvalidParameter(format!("This endpoint does not support {what} for functions"))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateInput {
    function_name: String,
    runtime: Option<String>,
    role: String,
    handler: Option<String>,
    #[serde(default)]
    code: CodeInput,
    #[serde(default)]
    description: String,
    timeout: Option<u32>,
    memory_size: Option<u32>,
    #[serde(default)]
    publish: bool,
    package_type: Option<String>,
    dead_letter_config: Option<DeadLetterInput>,
    environment: Option<EnvironmentInput>,
    tracing_config: Option<TracingInput>,
    tags: Option<BTreeMap<String, String>>,
    layers: Option<Vec<String>>,
    file_system_configs: Option<Vec<serde_json::Value>>,
    architectures: Option<Vec<String>>,
    ephemeral_storage: Option<EphemeralInput>,
    logging_config: Option<LoggingInput>,
    vpc_config: Option<NetworkInput>,
}

impl CreateInput {
    fn configuration(&mut self) -> Result<Configuration, LambdaError> {
        if self.package_type.as_deref().is_some_and(|kind| kind != "Zip") {
            return Err(refused("container images"));
        }
        if self.layers.as_ref().is_some_and(|layers| !layers.is_empty()) {
            return Err(refused("layers (put their content into the code package)"));
        }
        if self.file_system_configs.as_ref().is_some_and(|configs| !configs.is_empty()) {
            return Err(refused("file systems"));
        }
        let (Some(runtime), Some(handler)) = (&self.runtime, &self.handler) else {
            return Err(LambdaError::InvalidParameter(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages."
                    .to_owned(),
            ));
        };
        let variables = match &self.environment {
            Some(environment) => Some(checks::variables(environment.variables.clone().unwrap_or_default())?),
            None => None,
        };
        let architectures = self.architectures.clone().unwrap_or_else(|| vec!["x86_64".to_owned()]);
        Ok(Configuration {
            description: self.description.clone(),
            role: checks::role(&self.role)?,
            handler: handler.clone(),
            runtime: checks::runtime(runtime)?,
            architecture: checks::architecture(&architectures)?,
            memory_mb: checks::memory(self.memory_size.unwrap_or(128))?,
            timeout_s: checks::timeout(self.timeout.unwrap_or(3))?,
            ephemeral_mb: checks::ephemeral(self.ephemeral_storage.as_ref().map_or(512, |e| e.size))?,
            variables,
            tracing: checks::tracing(self.tracing_config.take().and_then(|tracing| tracing.mode))?
                .unwrap_or_else(|| "PassThrough".to_owned()),
            dead_letter_arn: checks::dead_letter(self.dead_letter_config.take())?,
            logging: self
                .logging_config
                .take()
                .map_or(Ok(Logging::default()), |logging| logging.apply(Logging::default()))?,
            network: self.vpc_config.take().and_then(NetworkInput::network),
        })
    }
}

/// `CreateFunction`.
pub(super) async fn create(request: &Request<'_>) -> Result<Answer, AwsError> {
    let mut input: CreateInput = request.call.input()?;
    let id = request.here().id(&FunctionRef::parse(&input.function_name)?)?;
    let configuration = input.configuration()?;
    checks::assumable(request.world, &configuration.role)?;
    let tags = input.tags.clone().unwrap_or_default();
    checks::tags(&tags)?;
    let lambda = &request.world.lambda;
    let exists = |functions: &Functions| {
        if functions.contains_key(&id) {
            return Err(LambdaError::FunctionExists(id.name.as_str().to_owned()));
        }
        if functions.len() >= MAX_FUNCTIONS {
            return Err(LambdaError::InvalidParameter("Too many functions".to_owned()));
        }
        Ok(())
    };
    // Asked before the package is read, which may take a while, and again when the function is put in its place.
    exists(&lambda.functions.lock())?;
    let package = input.code.package(request).await?;
    let now = request.world.clock.now();
    let version = Version {
        arn: request.here().arn(&id.name),
        id: id.clone(),
        number: LATEST.to_owned(),
        revision: request.revision(),
        configuration,
        package,
        modified: now,
    };
    let mut function = Function::new(version, tags, now);
    let mut functions = lambda.functions.lock();
    exists(&functions)?;
    let shown = if input.publish {
        versions::cut(&mut function, None, (now, request.revision()))?
    } else {
        Arc::clone(&function.latest)
    };
    let progress = function.progress(now, lambda.transition);
    functions.insert(id, function);
    drop(functions);
    request.created(&ConfigurationShape::of(&shown, Some(progress), false))
}
