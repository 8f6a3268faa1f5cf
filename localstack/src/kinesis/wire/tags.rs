//! Tags, by stream and by ARN.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::Stream;
use super::super::stream::{invalid, under};
use super::resource::Resource;
use super::target::Target;
use crate::http::{AwsError, Context};
use crate::world::World;

/// Tags of one stream.
const MOST_TAGS: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AddTagsInput {
    #[serde(flatten)]
    target: Target,
    tags: BTreeMap<String, String>,
}

pub(crate) fn add(world: &Arc<World>, context: &Context, input: AddTagsInput) -> Result<(), AwsError> {
    let stream = input.target.find(world, context)?;
    stream.with(world.clock.now(), |state| tag(&mut state.tags, &shown(&stream), input.tags))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagResourceInput {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

pub(crate) fn tag_resource(
    world: &Arc<World>,
    context: &Context,
    input: TagResourceInput,
) -> Result<(), AwsError> {
    let resource = Resource::find(world, context, &input.resource_arn)?;
    resource.tags(world.clock.now(), |tags| tag(tags, &resource.shown(), input.tags))?
}

fn tag(
    tags: &mut BTreeMap<String, String>,
    whose: &str,
    more: BTreeMap<String, String>,
) -> Result<(), AwsError> {
    let kept = tags.keys().filter(|key| !more.contains_key(*key)).count();
    check_tags(whose, &more, kept)?;
    tags.extend(more);
    Ok(())
}

/// A stream, as messages about its tags name it.
fn shown(stream: &Stream) -> String {
    format!("stream {}", under(stream.arn()))
}

/// The constraints on tags; `kept` is how many others `whose` has.
pub(crate) fn check_tags(whose: &str, tags: &BTreeMap<String, String>, kept: usize) -> Result<(), AwsError> {
    check_letters("add tags to", whose, tags.keys().chain(tags.values()))?;
    if tags.len() + kept > MOST_TAGS {
        return Err(invalid(format!(
            "Failed to add tags to {whose} because a given stream cannot have more than {MOST_TAGS} tags associated with it."
        )));
    }
    Ok(())
}

/// AWS refuses most letters at its door, and `%` a room later.
fn check_letters<'a>(
    what: &str,
    whose: &str,
    mut texts: impl Iterator<Item = &'a String> + Clone,
) -> Result<(), AwsError> {
    if !texts.clone().all(|text| text.chars().all(is_tag_letter)) {
        return Err(invalid(
            "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @."
                .to_owned(),
        ));
    }
    if texts.any(|text| text.contains('%')) {
        return Err(invalid(format!(
            "Failed to {what} {whose} because some tags contained illegal characters. The allowed characters are Unicode \
             letters, white-spaces, '_',',','/','=','+','-','@'."
        )));
    }
    Ok(())
}

fn is_tag_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter.is_whitespace() || "_.,/=+-%@:".contains(letter)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RemoveTagsInput {
    #[serde(flatten)]
    target: Target,
    tag_keys: Vec<String>,
}

pub(crate) fn remove(world: &Arc<World>, context: &Context, input: RemoveTagsInput) -> Result<(), AwsError> {
    let stream = input.target.find(world, context)?;
    stream.with(world.clock.now(), |state| untag(&mut state.tags, &shown(&stream), &input.tag_keys))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UntagResourceInput {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    tag_keys: Vec<String>,
}

pub(crate) fn untag_resource(
    world: &Arc<World>,
    context: &Context,
    input: UntagResourceInput,
) -> Result<(), AwsError> {
    let resource = Resource::find(world, context, &input.resource_arn)?;
    resource.tags(world.clock.now(), |tags| untag(tags, &resource.shown(), &input.tag_keys))?
}

fn untag(tags: &mut BTreeMap<String, String>, whose: &str, keys: &[String]) -> Result<(), AwsError> {
    check_letters("remove tags from", whose, keys.iter())?;
    tags.retain(|key, _| !keys.contains(key));
    Ok(())
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
    let stream = input.target.find(world, context)?;
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(MOST_TAGS);
    let mut tags = stream.with(world.clock.now(), |state| listed(&state.tags));
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
    resource_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListTagsForResourceOutput {
    tags: Vec<Tag>,
}

pub(crate) fn list_for_resource(
    world: &Arc<World>,
    context: &Context,
    input: ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, AwsError> {
    let resource = Resource::find(world, context, &input.resource_arn)?;
    Ok(ListTagsForResourceOutput { tags: resource.tags(world.clock.now(), |tags| listed(tags))? })
}

fn listed(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}
