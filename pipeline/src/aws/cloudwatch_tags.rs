//! Tags of alarms and dashboards.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::Tag;

use super::error::failed;
use crate::cloud::{CallError, Meaning};
use crate::resources::tags::{TagChange, TagMap};

/// Tags as CloudWatch takes them.
pub(super) fn list(tags: &TagMap) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The tags of what this ARN names; none when there is no such thing.
pub(super) async fn read(client: &Client, arn: &str) -> Result<TagMap, CallError> {
    let answer = client.list_tags_for_resource().resource_arn(arn).send().await;
    match answer.map_err(|error| failed("cloudwatch:ListTagsForResource", error)) {
        Ok(answer) => {
            let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
            Ok(answer.tags().iter().filter_map(pair).collect())
        }
        Err(error) if error.meaning == Meaning::NotFound => Ok(TagMap::new()),
        Err(error) => Err(error),
    }
}

/// Sets and removes tags.
pub(super) async fn change(client: &Client, arn: &str, change: &TagChange) -> Result<(), CallError> {
    if !change.set.is_empty() {
        let request = client.tag_resource().resource_arn(arn).set_tags(Some(list(&change.set)));
        request.send().await.map_err(|error| failed("cloudwatch:TagResource", error))?;
    }
    if !change.remove.is_empty() {
        let request = client.untag_resource().resource_arn(arn).set_tag_keys(Some(change.remove.clone()));
        request.send().await.map_err(|error| failed("cloudwatch:UntagResource", error))?;
    }
    Ok(())
}
