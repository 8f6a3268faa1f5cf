//! Tags, by stream and by ARN.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::stream::{invalid, under};
use super::super::{Stream, StreamArn};
use super::target::{Target, find_resource};
use crate::http::{AwsError, Context, Violations};
use crate::world::World;

/// Tags of one stream.
const MOST_TAGS: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AddTagsInput {
    #[serde(flatten)]
    target: Target,
    tags: Option<BTreeMap<String, String>>,
}

pub(crate) fn add(world: &Arc<World>, context: &Context, input: AddTagsInput) -> Result<(), AwsError> {
    let mut violations = Violations::default();
    input.target.validate(&mut violations);
    violations.required("tags", input.tags.as_ref());
    violations.check()?;
    let stream = input.target.find(world, context)?;
    tag(world, &stream, input.tags.unwrap_or_default())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagResourceInput {
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
    tags: Option<BTreeMap<String, String>>,
}

pub(crate) fn tag_resource(
    world: &Arc<World>,
    _context: &Context,
    input: TagResourceInput,
) -> Result<(), AwsError> {
    let stream = find_resource(world, input.resource_arn.as_ref())?;
    let mut violations = Violations::default();
    violations.required("tags", input.tags.as_ref());
    violations.check()?;
    tag(world, &stream, input.tags.unwrap_or_default())
}

fn tag(world: &World, stream: &Stream, tags: BTreeMap<String, String>) -> Result<(), AwsError> {
    stream.with(world.clock.now(), |state| {
        let kept = state.tags.keys().filter(|key| !tags.contains_key(*key)).count();
        check_tags(stream.arn(), &tags, kept)?;
        state.tags.extend(tags);
        Ok(())
    })
}

/// The constraints on tags; `kept` is how many others the stream has.
pub(crate) fn check_tags(
    arn: &StreamArn,
    tags: &BTreeMap<String, String>,
    kept: usize,
) -> Result<(), AwsError> {
    let mut violations = Violations::default();
    for (key, value) in tags {
        violations.length("tags.key", Some(key), 1, 128);
        violations.length(&format!("tags.{key}"), Some(value), 0, 256);
    }
    violations.check()?;
    if tags.iter().any(|(key, value)| !is_tag_text(key) || !is_tag_text(value)) {
        return Err(invalid(format!(
            "Failed to add tags to stream {} because some tags contained illegal characters. The allowed characters \
             are Unicode letters, white-spaces, '_',',','/','=','+','-','@',':'.",
            under(arn)
        )));
    }
    if tags.len() + kept > MOST_TAGS {
        return Err(invalid(format!(
            "Failed to add tags to stream {} because a given stream cannot have more than {MOST_TAGS} tags associated \
             with it.",
            under(arn)
        )));
    }
    Ok(())
}

fn is_tag_text(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.,/=+-@:".contains(c))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RemoveTagsInput {
    #[serde(flatten)]
    target: Target,
    tag_keys: Option<Vec<String>>,
}

pub(crate) fn remove(world: &Arc<World>, context: &Context, input: RemoveTagsInput) -> Result<(), AwsError> {
    let mut violations = Violations::default();
    input.target.validate(&mut violations);
    violations.required("tagKeys", input.tag_keys.as_ref());
    violations.check()?;
    untag(world, &*input.target.find(world, context)?, &input.tag_keys.unwrap_or_default());
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UntagResourceInput {
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
    tag_keys: Option<Vec<String>>,
}

pub(crate) fn untag_resource(
    world: &Arc<World>,
    _context: &Context,
    input: UntagResourceInput,
) -> Result<(), AwsError> {
    let stream = find_resource(world, input.resource_arn.as_ref())?;
    let mut violations = Violations::default();
    violations.required("tagKeys", input.tag_keys.as_ref());
    violations.check()?;
    untag(world, &stream, &input.tag_keys.unwrap_or_default());
    Ok(())
}

fn untag(world: &World, stream: &Stream, keys: &[String]) {
    stream.with(world.clock.now(), |state| state.tags.retain(|key, _| !keys.contains(key)));
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListTagsInput {
    #[serde(flatten)]
    target: Target,
    exclusive_start_tag_key: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListTagsOutput {
    has_more_tags: bool,
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    key: String,
    value: String,
}

pub(crate) fn list(
    world: &Arc<World>,
    context: &Context,
    input: ListTagsInput,
) -> Result<ListTagsOutput, AwsError> {
    let mut violations = Violations::default();
    input.target.validate(&mut violations);
    violations.range("limit", input.limit, 1, 50);
    violations.check()?;
    let stream = input.target.find(world, context)?;
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(MOST_TAGS);
    let mut tags = tags_of(world, &stream);
    if let Some(after) = &input.exclusive_start_tag_key {
        tags.retain(|tag| tag.key > *after);
    }
    let has_more_tags = tags.len() > limit;
    tags.truncate(limit);
    Ok(ListTagsOutput { has_more_tags, tags })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListTagsForResourceInput {
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListTagsForResourceOutput {
    tags: Vec<Tag>,
}

pub(crate) fn list_for_resource(
    world: &Arc<World>,
    _context: &Context,
    input: ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, AwsError> {
    let stream = find_resource(world, input.resource_arn.as_ref())?;
    Ok(ListTagsForResourceOutput { tags: tags_of(world, &stream) })
}

fn tags_of(world: &World, stream: &Stream) -> Vec<Tag> {
    stream.with(world.clock.now(), |state| {
        state.tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
    })
}
