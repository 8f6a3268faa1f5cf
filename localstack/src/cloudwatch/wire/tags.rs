//! Tags of alarms and dashboards.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{missing, not_found};
use crate::http::{AwsError, Context};
use crate::world::World;

/// Most tags of an alarm.
const MAX_TAGS: usize = 50;

/// A tag in both directions.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    key: String,
    value: String,
}

/// Tags as they are kept.
pub(super) fn checked(tags: Vec<Tag>) -> Result<Vec<(String, String)>, AwsError> {
    if tags.len() > MAX_TAGS {
        return Err(AwsError::validation("You cannot specify more than 50 tags."));
    }
    if tags
        .iter()
        .any(|tag| tag.key.is_empty() || tag.key.chars().count() > 128 || tag.value.chars().count() > 256)
    {
        return Err(AwsError::validation("Tag keys have 1 to 128 characters, and values 256 at most."));
    }
    Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

/// The input of the operations.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagsInput {
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

/// The output of `ListTagsForResource`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListOutput {
    tags: Vec<Tag>,
}

/// The output of the others.
#[derive(Debug, Serialize)]
pub(super) struct NoOutput {}

fn with<T>(
    world: &Arc<World>,
    context: &Context,
    input: &TagsInput,
    change: impl FnOnce(&mut Vec<(String, String)>) -> T,
) -> Result<T, AwsError> {
    let arn = input.resource_arn.as_deref().ok_or_else(|| missing("ResourceARN"))?;
    let found = match arn.split_once(":dashboard/") {
        Some((_, name)) => world.cloudwatch.dashboards.change(name, |dashboard| change(&mut dashboard.tags)),
        None => {
            let (before, name) = arn.split_once(":alarm:").unwrap_or_default();
            // An alarm of another region is not there, whatever this region has under its name.
            let name = if before.split(':').nth(3) == Some(context.region.as_str()) { name } else { "" };
            let alarms = &world.cloudwatch.shelf(&context.region).alarms;
            alarms.change(name, |alarm| change(&mut alarm.tags))
        }
    };
    found.ok_or_else(|| not_found("ResourceNotFoundException", format!("Unknown resource {arn}")))
}

/// Lists an alarm's tags.
pub(super) fn list(world: &Arc<World>, context: &Context, input: &TagsInput) -> Result<ListOutput, AwsError> {
    let tags = with(world, context, input, |tags| tags.clone())?;
    Ok(ListOutput { tags: tags.into_iter().map(|(key, value)| Tag { key, value }).collect() })
}

/// Sets tags.
pub(super) fn tag(world: &Arc<World>, context: &Context, input: TagsInput) -> Result<NoOutput, AwsError> {
    let added = checked(input.tags.clone())?;
    with(world, context, &input, |tags| {
        tags.retain(|(key, _)| added.iter().all(|(new, _)| new != key));
        let fits = tags.len() + added.len() <= MAX_TAGS;
        if fits {
            tags.extend(added);
        }
        fits
    })?
    .then_some(NoOutput {})
    .ok_or_else(|| AwsError::validation("You cannot specify more than 50 tags."))
}

/// Removes tags.
pub(super) fn untag(world: &Arc<World>, context: &Context, input: TagsInput) -> Result<NoOutput, AwsError> {
    with(world, context, &input, |tags| tags.retain(|(key, _)| !input.tag_keys.contains(key)))?;
    Ok(NoOutput {})
}
