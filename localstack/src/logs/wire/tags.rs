//! Tags of log groups, by ARN and, as older clients do, by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::http::AwsError;

use super::super::state::{Logs, LogsError};
use super::groups::GroupInput;
use super::{checks, group_of};

/// The input of `TagResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TagInput {
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

/// The input of `UntagResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UntagInput {
    resource_arn: String,
    tag_keys: Vec<String>,
}

/// The input of `ListTagsForResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListInput {
    resource_arn: String,
}

/// The input of `TagLogGroup`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TagGroupInput {
    log_group_name: String,
    tags: BTreeMap<String, String>,
}

/// The input of `UntagLogGroup`, whose keys have another name than those of `UntagResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UntagGroupInput {
    log_group_name: String,
    tags: Vec<String>,
}

/// The output of the listings.
#[derive(Debug, Serialize)]
pub(super) struct Tags {
    tags: BTreeMap<String, String>,
}

fn add(logs: &Logs, group: &str, tags: BTreeMap<String, String>) -> Result<(), AwsError> {
    let mut groups = logs.groups();
    let group = groups.get_mut(group).ok_or(LogsError::GroupNotFound)?;
    let mut all = group.tags.clone();
    all.extend(tags);
    checks::tags(&all)?;
    group.tags = all;
    Ok(())
}

fn remove(logs: &Logs, group: &str, keys: &[String]) -> Result<(), AwsError> {
    let mut groups = logs.groups();
    let group = groups.get_mut(group).ok_or(LogsError::GroupNotFound)?;
    group.tags.retain(|key, _| !keys.contains(key));
    Ok(())
}

fn of(logs: &Logs, group: &str) -> Result<Tags, AwsError> {
    let groups = logs.groups();
    Ok(Tags { tags: groups.get(group).ok_or(LogsError::GroupNotFound)?.tags.clone() })
}

pub(super) fn tag(logs: &Logs, input: TagInput) -> Result<(), AwsError> {
    add(logs, group_of(&input.resource_arn), input.tags)
}

pub(super) fn untag(logs: &Logs, input: &UntagInput) -> Result<(), AwsError> {
    remove(logs, group_of(&input.resource_arn), &input.tag_keys)
}

pub(super) fn list(logs: &Logs, input: &ListInput) -> Result<Tags, AwsError> {
    of(logs, group_of(&input.resource_arn))
}

pub(super) fn tag_group(logs: &Logs, input: TagGroupInput) -> Result<(), AwsError> {
    add(logs, &input.log_group_name, input.tags)
}

pub(super) fn untag_group(logs: &Logs, input: &UntagGroupInput) -> Result<(), AwsError> {
    remove(logs, &input.log_group_name, &input.tags)
}

pub(super) fn list_group(logs: &Logs, input: &GroupInput) -> Result<Tags, AwsError> {
    of(logs, &input.log_group_name)
}
