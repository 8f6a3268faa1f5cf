//! CloudWatch Logs groups.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::Client;

use super::Identity;
use super::error::failed;
use crate::cloud::{CallError, Control, Meaning};
use crate::resources::Observed;
use crate::resources::log_group::{LogGroupChange, LogGroupSpec, LogGroupState};
use crate::resources::tags::{TagChange, TagMap};

pub(super) struct LogGroups {
    pub(super) client: Client,
    pub(super) identity: Arc<Identity>,
}

impl LogGroups {
    async fn describe(&self, name: &str) -> Result<Option<LogGroupState>, CallError> {
        let answer = self.client.describe_log_groups().log_group_name_prefix(name).send().await;
        let answer = answer.map_err(|error| failed("logs:DescribeLogGroups", error))?;
        // Names come in order, so that the group of exactly this name is the first of its prefix.
        let group = answer.log_groups().iter().find(|group| group.log_group_name() == Some(name));
        Ok(group.map(|group| LogGroupState {
            retention_days: group.retention_in_days().and_then(|days| u32::try_from(days).ok()),
        }))
    }

    async fn arn(&self, name: &str) -> Result<String, CallError> {
        Ok(self.identity.place().await?.log_group(name))
    }

    async fn tags(&self, name: &str) -> Result<TagMap, CallError> {
        let arn = self.arn(name).await?;
        let answer = self.client.list_tags_for_resource().resource_arn(arn).send().await;
        match answer.map_err(|error| failed("logs:ListTagsForResource", error)) {
            Ok(answer) => Ok(answer.tags().cloned().unwrap_or_default().into_iter().collect()),
            Err(error) if error.meaning == Meaning::NotFound => Ok(TagMap::new()),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Control<LogGroupSpec> for LogGroups {
    async fn observe(&self, name: &str) -> Result<Option<Observed<LogGroupState>>, CallError> {
        let (described, tags) = tokio::join!(self.describe(name), self.tags(name));
        let Some(state) = described? else { return Ok(None) };
        Ok(Some(Observed { id: self.arn(name).await?, tags: tags?, state }))
    }

    async fn observe_knowing(
        &self,
        name: &str,
        tags: &TagMap,
    ) -> Result<Option<Observed<LogGroupState>>, CallError> {
        let Some(state) = self.describe(name).await? else { return Ok(None) };
        Ok(Some(Observed { id: self.arn(name).await?, tags: tags.clone(), state }))
    }

    async fn create(&self, name: &str, _spec: &LogGroupSpec, tags: &TagMap) -> Result<(), CallError> {
        let request = self.client.create_log_group().log_group_name(name);
        let tags = tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let sent = request.set_tags(Some(tags)).send().await;
        sent.map(drop).map_err(|error| failed("logs:CreateLogGroup", error))
    }

    async fn change(&self, name: &str, change: &LogGroupChange) -> Result<(), CallError> {
        match change {
            LogGroupChange::Stream(stream) => {
                let request = self.client.create_log_stream().log_group_name(name).log_stream_name(stream);
                match request.send().await.map_err(|error| failed("logs:CreateLogStream", error)) {
                    Err(error) if error.meaning != Meaning::AlreadyExists => Err(error),
                    _ => Ok(()),
                }
            }
            LogGroupChange::Retention(days) => {
                let days = i32::try_from(*days).unwrap_or(i32::MAX);
                let request = self.client.put_retention_policy().log_group_name(name).retention_in_days(days);
                let sent = request.send().await;
                sent.map(drop).map_err(|error| failed("logs:PutRetentionPolicy", error))
            }
        }
    }

    async fn tag(&self, name: &str, change: &TagChange) -> Result<(), CallError> {
        let arn = self.arn(name).await?;
        if !change.set.is_empty() {
            let set = change.set.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            let sent = self.client.tag_resource().resource_arn(&arn).set_tags(Some(set)).send().await;
            sent.map_err(|error| failed("logs:TagResource", error))?;
        }
        if !change.remove.is_empty() {
            let keys = Some(change.remove.clone());
            let sent = self.client.untag_resource().resource_arn(&arn).set_tag_keys(keys).send().await;
            sent.map_err(|error| failed("logs:UntagResource", error))?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<(), CallError> {
        let sent = self.client.delete_log_group().log_group_name(name).send().await;
        sent.map(drop).map_err(|error| failed("logs:DeleteLogGroup", error))
    }
}
