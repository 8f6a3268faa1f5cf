//! Dashboards: `PutDashboard`, `GetDashboard`, `ListDashboards`, `DeleteDashboards`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::dashboards::Dashboard;
use super::tags::{Tag, checked};
use super::values::Time;
use super::{missing, not_found};
use crate::http::AwsError;
use crate::world::World;

/// Most bytes of a body.
const MAX_BODY: usize = 1 << 20;
/// Dashboards of a page.
const PAGE: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutInput {
    dashboard_name: Option<String>,
    dashboard_body: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Finding {
    data_path: &'static str,
    message: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutOutput {
    dashboard_validation_messages: Vec<Finding>,
}

fn invalid_input(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("DashboardInvalidInputError", message)
}

/// Keeps a dashboard whose body is JSON.
pub(super) fn put(world: &Arc<World>, input: PutInput) -> Result<PutOutput, AwsError> {
    let name = input.dashboard_name.ok_or_else(|| missing("DashboardName"))?;
    let body = input.dashboard_body.ok_or_else(|| missing("DashboardBody"))?;
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if name.is_empty() || name.len() > 255 || !name.chars().all(is_name) {
        return Err(invalid_input(format!(
            "The value {name} for field DashboardName contains invalid characters. It can only contain alphanumerics, \
             dash (-) and underscore (_).\n"
        )));
    }
    if body.len() > MAX_BODY {
        return Err(invalid_input(format!("The dashboard body must not be larger than {MAX_BODY} bytes.")));
    }
    if serde_json::from_str::<serde::de::IgnoredAny>(&body).is_err() {
        return Err(invalid_input(
            "The field DashboardBody must be a valid JSON object (InvalidParameterInput)",
        ));
    }
    let dashboard = Dashboard { body, modified: world.clock.now(), tags: checked(input.tags)? };
    if !world.cloudwatch.dashboards.put(name, dashboard) {
        return Err(AwsError::bad_request(
            "LimitExceededFault",
            "The quota for dashboards has been reached.",
        ));
    }
    Ok(PutOutput { dashboard_validation_messages: Vec::new() })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetInput {
    dashboard_name: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetOutput {
    dashboard_arn: String,
    dashboard_body: String,
    dashboard_name: String,
}

fn arn(world: &World, name: &str) -> String {
    format!("arn:aws:cloudwatch::{}:dashboard/{name}", world.account)
}

/// Gives a dashboard back.
pub(super) fn get(world: &Arc<World>, input: GetInput) -> Result<GetOutput, AwsError> {
    let name = input.dashboard_name.ok_or_else(|| missing("DashboardName"))?;
    let dashboard = world
        .cloudwatch
        .dashboards
        .get(&name)
        .ok_or_else(|| not_found("DashboardNotFoundError", format!("Dashboard {name} does not exist")))?;
    Ok(GetOutput { dashboard_arn: arn(world, &name), dashboard_body: dashboard.body, dashboard_name: name })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListInput {
    dashboard_name_prefix: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    dashboard_arn: String,
    dashboard_name: String,
    last_modified: Time,
    size: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListOutput {
    dashboard_entries: Vec<Entry>,
}

/// Lists them all: there are never more than fit on a page.
pub(super) fn list(world: &Arc<World>, input: &ListInput) -> Result<ListOutput, AwsError> {
    let prefix = input.dashboard_name_prefix.as_deref().unwrap_or_default();
    let found = world.cloudwatch.dashboards.list(prefix).into_iter().take(PAGE);
    let entry = |(name, size, modified): (String, usize, _)| Entry {
        dashboard_arn: arn(world, &name),
        dashboard_name: name,
        last_modified: Time(modified),
        size,
    };
    Ok(ListOutput { dashboard_entries: found.map(entry).collect() })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteInput {
    dashboard_names: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub(super) struct DeleteOutput {}

/// Deletes all of them or none.
pub(super) fn delete(world: &Arc<World>, input: DeleteInput) -> Result<DeleteOutput, AwsError> {
    let names = input.dashboard_names.ok_or_else(|| missing("DashboardNames"))?;
    world
        .cloudwatch
        .dashboards
        .delete(&names)
        .map(|()| DeleteOutput {})
        .map_err(|name| not_found("DashboardNotFoundError", format!("Dashboard {name} does not exist")))
}
