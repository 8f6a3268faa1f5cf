//! `FunctionConfiguration`, which most operations answer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::super::function::{Network, Progress, Version};

/// `Environment`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EnvironmentShape<'a> {
    variables: &'a BTreeMap<String, String>,
}

/// Structures with one member.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Mode<'a> {
    mode: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Size {
    size: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Target<'a> {
    target_arn: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct LoggingShape<'a> {
    log_format: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_log_level: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_log_level: Option<&'a str>,
    log_group: String,
}

impl<'a> LoggingShape<'a> {
    fn of(version: &'a Version) -> Self {
        let logging = &version.configuration.logging;
        Self {
            log_format: logging.format.as_deref().unwrap_or("Text"),
            application_log_level: logging.application_level.as_deref(),
            system_log_level: logging.system_level.as_deref(),
            log_group: version.log_group(),
        }
    }
}

/// `VpcConfig`. There is no VPC here that its id could be read from.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkShape<'a> {
    subnet_ids: &'a [String],
    security_group_ids: &'a [String],
    vpc_id: &'static str,
    ipv6_allowed_for_dual_stack: bool,
}

impl<'a> NetworkShape<'a> {
    fn of(network: &'a Network) -> Self {
        Self {
            subnet_ids: &network.subnets,
            security_group_ids: &network.security_groups,
            vpc_id: "",
            ipv6_allowed_for_dual_stack: false,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SnapStart {
    apply_on: &'static str,
    optimization_status: &'static str,
}

/// `FunctionConfiguration`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ConfigurationShape<'a> {
    function_name: &'a str,
    function_arn: String,
    runtime: &'a str,
    role: &'a str,
    handler: &'a str,
    code_size: u64,
    description: &'a str,
    timeout: u32,
    memory_size: u32,
    last_modified: String,
    code_sha256: &'a str,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<EnvironmentShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_config: Option<Target<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_config: Option<NetworkShape<'a>>,
    tracing_config: Mode<'a>,
    revision_id: String,
    package_type: &'static str,
    architectures: [&'a str; 1],
    ephemeral_storage: Size,
    snap_start: SnapStart,
    logging_config: LoggingShape<'a>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    progress: Option<ProgressShape>,
}

/// Where a change stands; `ListFunctions` leaves it out.
#[derive(Debug, Serialize, Default)]
#[serde(rename_all = "PascalCase")]
struct ProgressShape {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_reason_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update_status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update_status_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update_status_reason_code: Option<&'static str>,
}

impl From<Progress> for ProgressShape {
    fn from(progress: Progress) -> Self {
        const REASON: Option<&str> = Some("The function is being created.");
        const CODE: Option<&str> = Some("Creating");
        if !progress.active {
            let none = Self::default();
            return Self { state: "Pending", state_reason: REASON, state_reason_code: CODE, ..none };
        }
        if progress.settled {
            return Self { state: "Active", last_update_status: Some("Successful"), ..Self::default() };
        }
        Self {
            state: "Active",
            last_update_status: Some("InProgress"),
            last_update_status_reason: REASON,
            last_update_status_reason_code: CODE,
            ..Self::default()
        }
    }
}

impl<'a> ConfigurationShape<'a> {
    /// The shape of a version. `qualified` puts the version into the ARN even when it is `$LATEST`.
    pub(super) fn of(version: &'a Version, progress: Option<Progress>, qualified: bool) -> Self {
        let configuration = &version.configuration;
        let function_arn =
            if qualified { format!("{}:{}", version.arn, version.number) } else { version.qualified_arn() };
        Self {
            function_name: version.id.name.as_str(),
            function_arn,
            runtime: configuration.runtime.as_str(),
            role: &configuration.role,
            handler: &configuration.handler,
            code_size: version.package.size,
            description: &configuration.description,
            timeout: configuration.timeout_s,
            memory_size: configuration.memory_mb,
            last_modified: last_modified(version.modified),
            code_sha256: &version.package.sha256,
            version: &version.number,
            environment: configuration.variables.as_ref().map(|variables| EnvironmentShape { variables }),
            dead_letter_config: configuration
                .dead_letter_arn
                .as_deref()
                .map(|target_arn| Target { target_arn }),
            vpc_config: configuration.network.as_ref().map(NetworkShape::of),
            tracing_config: Mode { mode: &configuration.tracing },
            revision_id: version.revision.to_string(),
            package_type: "Zip",
            architectures: [&configuration.architecture],
            ephemeral_storage: Size { size: configuration.ephemeral_mb },
            snap_start: SnapStart { apply_on: "None", optimization_status: "Off" },
            logging_config: LoggingShape::of(version),
            progress: progress.map(Into::into),
        }
    }
}

/// `2026-11-21T08:03:34.123+0000`, which is not quite RFC 3339.
pub(super) fn last_modified(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_modified_is_written_as_aws_writes_it() {
        let at: Timestamp = "2026-11-21T08:03:34.12Z".parse().unwrap();
        assert_eq!(last_modified(at), "2026-11-21T08:03:34.120+0000");
    }
}
