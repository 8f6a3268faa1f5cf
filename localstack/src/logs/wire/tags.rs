//! Tags of log groups, by ARN and, as older clients do, by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::http::AwsError;

use super::super::group::GroupId;
use super::super::state::LogsError;
use super::groups::GroupInput;
use super::{Here, checks};

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

fn add(here: &Here<'_>, group: &GroupId, tags: BTreeMap<String, String>) -> Result<(), AwsError> {
    let mut groups = here.logs.groups();
    let group = groups.get_mut(group).ok_or(LogsError::GroupNotFound)?;
    let mut all = group.tags.clone();
    all.extend(tags);
    checks::tags(&all)?;
    group.tags = all;
    Ok(())
}

fn remove(here: &Here<'_>, group: &GroupId, keys: &[String]) -> Result<(), AwsError> {
    let mut groups = here.logs.groups();
    let group = groups.get_mut(group).ok_or(LogsError::GroupNotFound)?;
    group.tags.retain(|key, _| !keys.contains(key));
    Ok(())
}

fn of(here: &Here<'_>, group: &GroupId) -> Result<Tags, AwsError> {
    let groups = here.logs.groups();
    Ok(Tags { tags: groups.get(group).ok_or(LogsError::GroupNotFound)?.tags.clone() })
}

pub(super) fn tag(here: &Here<'_>, input: TagInput) -> Result<(), AwsError> {
    add(here, &here.group(&input.resource_arn)?, input.tags)
}

pub(super) fn untag(here: &Here<'_>, input: &UntagInput) -> Result<(), AwsError> {
    remove(here, &here.group(&input.resource_arn)?, &input.tag_keys)
}

pub(super) fn list(here: &Here<'_>, input: &ListInput) -> Result<Tags, AwsError> {
    of(here, &here.group(&input.resource_arn)?)
}

pub(super) fn tag_group(here: &Here<'_>, input: TagGroupInput) -> Result<(), AwsError> {
    add(here, &here.named(&input.log_group_name), input.tags)
}

pub(super) fn untag_group(here: &Here<'_>, input: &UntagGroupInput) -> Result<(), AwsError> {
    remove(here, &here.named(&input.log_group_name), &input.tags)
}

pub(super) fn list_group(here: &Here<'_>, input: &GroupInput) -> Result<Tags, AwsError> {
    of(here, &here.named(&input.log_group_name))
}
