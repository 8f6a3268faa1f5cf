//! Enhanced fan-out consumers of Kinesis streams.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::types::ConsumerDescription;

use super::Identity;
use super::error::failed;
use crate::cloud::{CallError, Control, Meaning};
use crate::resources::Observed;
use crate::resources::stream_consumer::{ConsumerChange, ConsumerSpec, ConsumerState};
use crate::resources::tags::{TagChange, TagMap};

pub(super) struct Consumers {
    pub(super) client: Client,
    pub(super) identity: Arc<Identity>,
}

/// A consumer of this name of this stream; `None` when there is no such consumer or stream.
pub(super) async fn describe(
    client: &Client,
    stream_arn: &str,
    consumer: &str,
) -> Result<Option<ConsumerDescription>, CallError> {
    let request = client.describe_stream_consumer().stream_arn(stream_arn).consumer_name(consumer);
    match request.send().await.map_err(|error| failed("kinesis:DescribeStreamConsumer", error)) {
        Ok(answer) => Ok(answer.consumer_description),
        Err(error) if error.meaning == Meaning::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Consumers {
    /// The stream's ARN and the consumer's own name, from `<stream>/<consumer>`.
    async fn parts<'a>(&self, name: &'a str) -> Result<(String, &'a str), CallError> {
        let (stream, consumer) = name.split_once('/').unwrap_or((name, ""));
        Ok((self.identity.place().await?.stream(stream), consumer))
    }

    async fn tags(&self, arn: &str) -> Result<TagMap, CallError> {
        let answer = self.client.list_tags_for_resource().resource_arn(arn).send().await;
        match answer.map_err(|error| failed("kinesis:ListTagsForResource", error)) {
            Ok(answer) => Ok(answer
                .tags()
                .iter()
                .map(|tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned()))
                .collect()),
            Err(error) if error.meaning == Meaning::NotFound => Ok(TagMap::new()),
            Err(error) => Err(error),
        }
    }

    async fn arn(&self, call: &'static str, name: &str) -> Result<String, CallError> {
        let (stream_arn, consumer) = self.parts(name).await?;
        let found = describe(&self.client, &stream_arn, consumer).await?;
        let missing = || CallError::local(call, Meaning::NotFound, "no such consumer");
        Ok(found.ok_or_else(missing)?.consumer_arn().to_owned())
    }
}

#[async_trait]
impl Control<ConsumerSpec> for Consumers {
    async fn observe(&self, name: &str) -> Result<Option<Observed<ConsumerState>>, CallError> {
        let (stream_arn, consumer) = self.parts(name).await?;
        let Some(found) = describe(&self.client, &stream_arn, consumer).await? else { return Ok(None) };
        let tags = self.tags(found.consumer_arn()).await?;
        let state = ConsumerState { status: found.consumer_status().as_str().to_owned() };
        Ok(Some(Observed { id: found.consumer_arn().to_owned(), tags, state }))
    }

    async fn create(&self, name: &str, _spec: &ConsumerSpec, tags: &TagMap) -> Result<(), CallError> {
        let (stream_arn, consumer) = self.parts(name).await?;
        let tags = tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let request = self.client.register_stream_consumer().stream_arn(stream_arn).consumer_name(consumer);
        let sent = request.set_tags(Some(tags)).send().await;
        sent.map(drop).map_err(|error| failed("kinesis:RegisterStreamConsumer", error))
    }

    async fn change(&self, _name: &str, change: &ConsumerChange) -> Result<(), CallError> {
        match *change {}
    }

    async fn tag(&self, name: &str, change: &TagChange) -> Result<(), CallError> {
        let arn = self.arn("kinesis:TagResource", name).await?;
        if !change.set.is_empty() {
            let set = change.set.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            let sent = self.client.tag_resource().resource_arn(&arn).set_tags(Some(set)).send().await;
            sent.map_err(|error| failed("kinesis:TagResource", error))?;
        }
        if !change.remove.is_empty() {
            let keys = Some(change.remove.clone());
            let sent = self.client.untag_resource().resource_arn(&arn).set_tag_keys(keys).send().await;
            sent.map_err(|error| failed("kinesis:UntagResource", error))?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<(), CallError> {
        let (stream_arn, consumer) = self.parts(name).await?;
        let request = self.client.deregister_stream_consumer().stream_arn(stream_arn).consumer_name(consumer);
        let sent = request.send().await;
        sent.map(drop).map_err(|error| failed("kinesis:DeregisterStreamConsumer", error))
    }
}
