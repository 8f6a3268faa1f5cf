//! Log groups: created, described, deleted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::http::AwsError;

use super::super::group::{GroupId, LogGroup};
use super::super::state::LogsError;
use super::{Here, checks};

/// Groups of a page at most.
const PAGE: usize = 50;

/// An input that names a group.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupInput {
    pub(super) log_group_name: String,
}

/// The input of `CreateLogGroup`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateInput {
    log_group_name: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

pub(super) fn create(here: &Here<'_>, input: CreateInput) -> Result<(), AwsError> {
    checks::group_name(&input.log_group_name)?;
    checks::tags(&input.tags)?;
    Ok(here.logs.create_group(here.named(&input.log_group_name), input.tags)?)
}

pub(super) fn delete(here: &Here<'_>, input: &GroupInput) -> Result<(), AwsError> {
    Ok(here.logs.delete_group(&here.named(&input.log_group_name))?)
}

/// The input of `DescribeLogGroups`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeInput {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    limit: Option<usize>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupShape {
    log_group_name: String,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_in_days: Option<u32>,
    metric_filter_count: u32,
    arn: String,
    stored_bytes: usize,
    log_group_class: &'static str,
    log_group_arn: String,
}

/// The output of `DescribeLogGroups`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeOutput {
    log_groups: Vec<GroupShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn describe(here: &Here<'_>, input: &DescribeInput) -> Result<DescribeOutput, AwsError> {
    let limit = input.limit.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&limit) {
        return Err(LogsError::InvalidParameter(format!("The limit must be between 1 and {PAGE}")).into());
    }
    if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
        let message = "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.";
        return Err(LogsError::InvalidParameter(message.to_owned()).into());
    }
    let after = input.next_token.as_deref().unwrap_or_default();
    let groups = here.logs.groups();
    let mut wanted = groups.iter().filter(|(id, _)| {
        id.region() == here.context.region
            && id.name() > after
            && input.log_group_name_prefix.as_ref().is_none_or(|prefix| id.name().starts_with(prefix))
            && input.log_group_name_pattern.as_ref().is_none_or(|part| id.name().contains(part))
    });
    let shape = |(id, group): (&GroupId, &LogGroup)| {
        let arn = here.group_arn(id.name());
        GroupShape {
            log_group_name: id.name().to_owned(),
            creation_time: group.created_ms,
            retention_in_days: group.retention_days,
            metric_filter_count: 0,
            arn: format!("{arn}:*"),
            stored_bytes: group.bytes,
            log_group_class: "STANDARD",
            log_group_arn: arn,
        }
    };
    let log_groups: Vec<GroupShape> = wanted.by_ref().take(limit).map(shape).collect();
    let more = wanted.next().is_some();
    let next_token = log_groups.last().filter(|_| more).map(|last| last.log_group_name.clone());
    Ok(DescribeOutput { log_groups, next_token })
}
