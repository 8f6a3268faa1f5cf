//! `CreateAlias`, `GetAlias`, `UpdateAlias`, `DeleteAlias`, `ListAliases`.

use std::collections::BTreeMap;

use ::http::Method;
use serde::{Deserialize, Serialize};

use crate::http::{Answer, AwsError, Violations};

use super::super::alias::Alias;
use super::super::error::LambdaError;
use super::super::function::Function;
use super::super::name::{FunctionRef, LATEST};
use super::{Request, no_content, page, unknown};

/// Aliases of a function; AWS's quota is on their storage.
const MAX_ALIASES: usize = 1000;
const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Routing {
    additional_version_weights: Option<BTreeMap<String, f64>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AliasInput {
    name: Option<String>,
    function_version: Option<String>,
    description: Option<String>,
    routing_config: Option<Routing>,
    revision_id: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AliasShape {
    alias_arn: String,
    name: String,
    function_version: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_config: Option<Routing>,
    revision_id: String,
}

impl AliasShape {
    fn of(function: &Function, name: &str, alias: &Alias) -> Self {
        let weights = Some(alias.weights.clone()).filter(|weights| !weights.is_empty());
        Self {
            alias_arn: format!("{}:{name}", function.latest.arn),
            name: name.to_owned(),
            function_version: alias.version.clone(),
            description: alias.description.clone(),
            routing_config: weights.map(|weights| Routing { additional_version_weights: Some(weights) }),
            revision_id: alias.revision.to_string(),
        }
    }
}

/// The operation by its method and path.
pub(super) fn serve(request: &Request<'_>, function: &str, rest: &[&str]) -> Result<Answer, AwsError> {
    match (&request.call.method, rest) {
        (&Method::POST, []) => create(request, function),
        (&Method::GET, []) => list(request, function),
        (&Method::GET, [name]) => read(request, function, name),
        (&Method::PUT, [name]) => update(request, function, name),
        (&Method::DELETE, [name]) => delete(request, function, name),
        _ => Err(unknown(request.call)),
    }
}

fn is_alias(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') && !is_number(name)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_version(text: &str) -> bool {
    text == LATEST || is_number(text)
}

fn check(input: &AliasInput) -> Result<(), AwsError> {
    let mut violations = Violations::default();
    violations.length("name", input.name.as_deref(), 1, 128);
    violations.pattern("name", input.name.as_deref(), "(?!^[0-9]+$)([a-zA-Z0-9-_]+)", is_alias);
    let version = input.function_version.as_deref();
    violations.pattern("functionVersion", version, "(\\$LATEST(\\.PUBLISHED)?|[0-9]+)", is_version);
    violations.length("description", input.description.as_deref(), 0, 256);
    violations.check()
}

/// The weights to keep: one other version, with a share of what is not the alias's own.
fn weights(
    function: &Function,
    version: &str,
    routing: Routing,
) -> Result<BTreeMap<String, f64>, LambdaError> {
    let weights = routing.additional_version_weights.unwrap_or_default();
    let invalid = |text: String| Err(LambdaError::InvalidParameter(text));
    if weights.len() > 1 {
        return invalid("Number of items in AdditionalVersionWeights cannot be greater than 1".to_owned());
    }
    let Some((other, weight)) = weights.iter().next() else { return Ok(weights) };
    if !(0.0..=1.0).contains(weight) {
        return Err(LambdaError::Validation(format!(
            "1 validation error detected: Value '{{{other}={weight}}}' at 'routingConfig.additionalVersionWeights' failed \
             to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to \
             1.0, Member must have value greater than or equal to 0.0, Member must not be null]"
        )));
    }
    if other == version {
        return invalid(format!(
            "Invalid function version {version}. Function version {version} is already included in routing configuration."
        ));
    }
    if version == LATEST {
        return invalid("$LATEST is not supported for an alias pointing to more than 1 version".to_owned());
    }
    if !is_number(other) {
        return Err(LambdaError::Validation(format!(
            "1 validation error detected: Value '{{{other}={weight}}}' at 'routingConfig.additionalVersionWeights' failed \
             to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to \
             1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: \
             [0-9]+]"
        )));
    }
    exists(function, other)?;
    Ok(weights)
}

fn exists(function: &Function, version: &str) -> Result<(), LambdaError> {
    let found = is_version(version) && function.version(version).is_some();
    let missing = || LambdaError::FunctionNotFound(format!("{}:{version}", function.latest.arn));
    found.then_some(()).ok_or_else(missing)
}

fn create(request: &Request<'_>, function: &str) -> Result<Answer, AwsError> {
    let input: AliasInput = request.call.input()?;
    let mut violations = Violations::default();
    violations.required("name", input.name.as_ref());
    violations.required("functionVersion", input.function_version.as_ref());
    violations.check()?;
    check(&input)?;
    let named = FunctionRef::parse(function)?;
    let shape = request.world.lambda.with_function(&named, &request.here(), |function| {
        let (name, version) = (input.name.unwrap_or_default(), input.function_version.unwrap_or_default());
        exists(function, &version)?;
        if function.aliases.contains_key(&name) {
            let arn = &function.latest.arn;
            return Err(LambdaError::Conflict(format!("Alias already exists: {arn}:{name}")));
        }
        if function.aliases.len() >= MAX_ALIASES {
            return Err(LambdaError::InvalidParameter(format!(
                "More than {MAX_ALIASES} aliases of a function"
            )));
        }
        let weights = weights(function, &version, input.routing_config.unwrap_or_default())?;
        let description = input.description.unwrap_or_default();
        let alias = Alias::new(version, description, weights, request.revision());
        let shape = AliasShape::of(function, &name, &alias);
        function.aliases.insert(name, alias);
        Ok(shape)
    })?;
    request.created(&shape)
}

fn read(request: &Request<'_>, function: &str, name: &str) -> Result<Answer, AwsError> {
    let named = FunctionRef::parse(function)?;
    let shape = request.world.lambda.with_function(&named, &request.here(), |function| {
        let missing =
            || LambdaError::NotFound(format!("Cannot find alias arn: {}:{name}", function.latest.arn));
        let alias = function.aliases.get(name).ok_or_else(missing)?;
        Ok(AliasShape::of(function, name, alias))
    })?;
    request.output(&shape)
}

fn update(request: &Request<'_>, function: &str, name: &str) -> Result<Answer, AwsError> {
    let input: AliasInput = request.call.input()?;
    check(&input)?;
    let named = FunctionRef::parse(function)?;
    let shape = request.world.lambda.with_function(&named, &request.here(), |function| {
        let missing = || LambdaError::NotFound(format!("Alias not found: {}:{name}", function.latest.arn));
        let mut alias = function.aliases.get(name).cloned().ok_or_else(missing)?;
        if input.revision_id.is_some_and(|revision| revision != alias.revision.to_string()) {
            return Err(LambdaError::RevisionMismatch);
        }
        if let Some(version) = input.function_version {
            exists(function, &version)?;
            alias.version = version;
        }
        if let Some(routing) = input.routing_config {
            alias.weights = weights(function, &alias.version, routing)?;
        }
        alias.description = input.description.unwrap_or(alias.description);
        alias.revision = request.revision();
        let shape = AliasShape::of(function, name, &alias);
        function.aliases.insert(name.to_owned(), alias);
        Ok(shape)
    })?;
    request.output(&shape)
}

/// One that is not there counts as deleted.
fn delete(request: &Request<'_>, function: &str, name: &str) -> Result<Answer, AwsError> {
    let named = FunctionRef::parse(function)?;
    request.world.lambda.with_function(&named, &request.here(), |function| {
        function.aliases.remove(name);
        function.policies.remove(name);
        function.event_invoke.remove(name);
        function.provisioned.remove(name);
        Ok(())
    })?;
    Ok(no_content())
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListOutput {
    aliases: Vec<AliasShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

fn list(request: &Request<'_>, function: &str) -> Result<Answer, AwsError> {
    let named = FunctionRef::parse(function)?;
    let version = request.call.query("FunctionVersion");
    let shapes: Vec<(String, AliasShape)> =
        request.world.lambda.with_function(&named, &request.here(), |function| {
            let wanted = function.aliases.iter();
            let wanted =
                wanted.filter(|(_, alias)| version.as_ref().is_none_or(|version| *version == alias.version));
            Ok(wanted.map(|(name, alias)| (name.clone(), AliasShape::of(function, name, alias))).collect())
        })?;
    let (aliases, next_marker) = page(request, shapes, PAGE);
    request.output(&ListOutput { aliases, next_marker })
}
