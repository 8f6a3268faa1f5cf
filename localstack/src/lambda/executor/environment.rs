//! What a function's process finds in its environment: AWS's variables and the user's, nothing of the endpoint's own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use super::super::function::{Runtime, Version};

/// Variables a user may not set, because the service sets them.
const RESERVED: [&str; 21] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// The names among `variables` that AWS keeps to itself.
pub(in super::super) fn reserved<'a>(variables: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    variables.map(String::as_str).filter(|name| RESERVED.contains(name)).collect()
}

/// Where a process is put.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    /// The folder of the unpacked code.
    pub(super) root: &'a Path,
    /// Where its Runtime API listens.
    pub(super) runtime_api: SocketAddr,
    /// Its log stream.
    pub(super) log_stream: &'a str,
    /// The endpoint, for the SDK inside the function.
    pub(super) endpoint_url: Option<&'a str>,
    /// The endpoint's own search path, to find an interpreter by.
    pub(super) path: &'a str,
}

/// The whole environment of a function's process. What the user set wins, save for reserved names, which were refused.
pub(super) fn of(version: &Version, around: Surroundings<'_>) -> BTreeMap<String, String> {
    let configuration = &version.configuration;
    let region = version.id.region.as_str();
    let mut variables: BTreeMap<String, String> = BTreeMap::new();
    let mut set = |name: &str, value: &str| drop(variables.insert(name.to_owned(), value.to_owned()));
    set("PATH", around.path);
    set("LANG", "en_US.UTF-8");
    set("TZ", ":UTC");
    set("LAMBDA_TASK_ROOT", &around.root.to_string_lossy());
    set("LAMBDA_RUNTIME_DIR", "/var/runtime");
    set("_HANDLER", &configuration.handler);
    set("AWS_LAMBDA_RUNTIME_API", &around.runtime_api.to_string());
    set("AWS_LAMBDA_FUNCTION_NAME", version.id.name.as_str());
    set("AWS_LAMBDA_FUNCTION_VERSION", &version.number);
    set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &configuration.memory_mb.to_string());
    set("AWS_LAMBDA_LOG_GROUP_NAME", &version.log_group());
    set("AWS_LAMBDA_LOG_STREAM_NAME", around.log_stream);
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    set("AWS_REGION", region);
    set("AWS_DEFAULT_REGION", region);
    // Credentials the endpoint takes as it takes any.
    set("AWS_ACCESS_KEY_ID", "test");
    set("AWS_SECRET_ACCESS_KEY", "test");
    set("AWS_SESSION_TOKEN", "test");
    if let Some(url) = around.endpoint_url {
        set("AWS_ENDPOINT_URL", url);
    }
    if let Runtime::Python(name) = &configuration.runtime {
        set("AWS_EXECUTION_ENV", &format!("AWS_Lambda_{name}"));
        set("PYTHONUNBUFFERED", "1");
        set("PYTHONDONTWRITEBYTECODE", "1");
    }
    variables.extend(configuration.variables.clone().unwrap_or_default());
    variables
}
