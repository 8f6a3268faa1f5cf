//! `TagDeliveryStream`, `UntagDeliveryStream` and `ListTagsForDeliveryStream`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::error::FirehoseError;
use super::super::stream::Status;
use super::wire::{Nothing, Tag, page_size};
use crate::http::Context;
use crate::world::World;

/// Most tags of a delivery stream.
const MAX_TAGS: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagInput {
    delivery_stream_name: Option<String>,
    tags: Option<Vec<Tag>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UntagInput {
    delivery_stream_name: Option<String>,
    tag_keys: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListInput {
    delivery_stream_name: Option<String>,
    exclusive_start_tag_key: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListOutput {
    tags: Vec<Tag>,
    has_more_tags: bool,
}

/// Adds tags, or changes their values.
pub(super) fn tag(world: &Arc<World>, context: &Context, input: TagInput) -> Result<Nothing, FirehoseError> {
    let key = super::key(context, input.delivery_stream_name)?;
    let new = checked(input.tags.ok_or_else(|| FirehoseError::missing("tags"))?)?;
    world.firehose.with(&key, |stream, status| {
        refuse_deleting(status, &key.name, &context.account)?;
        let mut tags = stream.tags.clone();
        tags.extend(new);
        if tags.len() > MAX_TAGS {
            return Err(FirehoseError::LimitExceeded(format!(
                "Firehose {} under account {} cannot have more than {MAX_TAGS} tags",
                key.name, context.account
            )));
        }
        stream.tags = tags;
        Ok(Nothing {})
    })
}

/// Removes tags; one that is not there is no error.
pub(super) fn untag(
    world: &Arc<World>,
    context: &Context,
    input: &UntagInput,
) -> Result<Nothing, FirehoseError> {
    let key = super::key(context, input.delivery_stream_name.clone())?;
    let tag_keys = input.tag_keys.as_ref().ok_or_else(|| FirehoseError::missing("tagKeys"))?;
    world.firehose.with(&key, |stream, status| {
        refuse_deleting(status, &key.name, &context.account)?;
        for tag_key in tag_keys {
            stream.tags.remove(tag_key);
        }
        Ok(Nothing {})
    })
}

/// Lists tags in the order of their keys.
pub(super) fn list(
    world: &Arc<World>,
    context: &Context,
    input: &ListInput,
) -> Result<ListOutput, FirehoseError> {
    let key = super::key(context, input.delivery_stream_name.clone())?;
    let limit = page_size(input.limit, MAX_TAGS, 50)?;
    let after = input.exclusive_start_tag_key.as_deref().unwrap_or_default();
    world.firehose.with(&key, |stream, _| {
        let rest = stream.tags.iter().filter(|(key, _)| key.as_str() > after);
        let page = rest.take(limit + 1);
        let mut tags: Vec<Tag> =
            page.map(|(key, value)| Tag { key: Some(key.clone()), value: Some(value.clone()) }).collect();
        let has_more_tags = tags.len() > limit;
        tags.truncate(limit);
        Ok(ListOutput { tags, has_more_tags })
    })
}

/// Checks the tags of a call; of two with one key the last counts.
pub(super) fn checked(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, FirehoseError> {
    let count = tags.len();
    if count > MAX_TAGS {
        let constraint = "Member must have length less than or equal to 50";
        return Err(FirehoseError::constraint("tags", &format!("[{count} tags]"), constraint));
    }
    let mut checked = BTreeMap::new();
    for (index, tag) in tags.into_iter().enumerate() {
        let member = |name: &str| format!("tags.{}.member.{name}", index + 1);
        let key = tag.key.ok_or_else(|| FirehoseError::missing(&member("key")))?;
        let value = tag.value.unwrap_or_default();
        check_text(&member("key"), &key, (1, 128), r"^(?!aws:)[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*$")?;
        check_text(&member("value"), &value, (0, 256), r"^[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*$")?;
        checked.insert(key, value);
    }
    Ok(checked)
}

/// Checks length and characters; the pattern that forbids `aws:` says which of the two it is.
fn check_text(
    member: &str,
    text: &str,
    (least, most): (usize, usize),
    pattern: &str,
) -> Result<(), FirehoseError> {
    let length = text.chars().count();
    let reserved = pattern.contains("aws:") && text.to_ascii_lowercase().starts_with("aws:");
    let constraint = if length < least {
        format!("Member must have length greater than or equal to {least}")
    } else if length > most {
        format!("Member must have length less than or equal to {most}")
    } else if reserved || !text.chars().all(allowed) {
        format!("Member must satisfy regular expression pattern: {pattern}")
    } else {
        return Ok(());
    };
    Err(FirehoseError::constraint(member, text, &constraint))
}

fn allowed(character: char) -> bool {
    character.is_alphanumeric() || character.is_whitespace() || "_.:/=+-@%".contains(character)
}

fn refuse_deleting(status: Status, name: &str, account: &str) -> Result<(), FirehoseError> {
    if status == Status::Deleting {
        return Err(FirehoseError::InUse(format!(
            "Firehose {name} under account {account} is in the DELETING state."
        )));
    }
    Ok(())
}
