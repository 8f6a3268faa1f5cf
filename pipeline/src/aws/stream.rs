//! Kinesis streams.

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::types::{EncryptionType, ScalingType, StreamMode, StreamModeDetails};

use super::error::failed;
use crate::cloud::{CallError, Control, Meaning};
use crate::resources::Observed;
use crate::resources::stream::{StreamCapacity, StreamChange, StreamSpec, StreamState};
use crate::resources::tags::{TagChange, TagMap};

/// Tags that one call takes: Kinesis allows ten.
const TAGS_A_CALL: usize = 10;

pub(super) struct Streams {
    pub(super) client: Client,
}

impl Streams {
    async fn describe(&self, name: &str) -> Result<Option<(String, StreamState)>, CallError> {
        let answer = self.client.describe_stream_summary().stream_name(name).send().await;
        let answer = match answer.map_err(|error| failed("kinesis:DescribeStreamSummary", error)) {
            Ok(answer) => answer,
            Err(error) if error.meaning == Meaning::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(stream) = answer.stream_description_summary() else { return Ok(None) };
        let mode = stream.stream_mode_details().map(|details| details.stream_mode());
        let encrypted = stream.encryption_type() == Some(&EncryptionType::Kms);
        let state = StreamState {
            status: stream.stream_status().as_str().to_owned(),
            on_demand: mode == Some(&StreamMode::OnDemand),
            open_shards: u32::try_from(stream.open_shard_count()).unwrap_or(0),
            retention_hours: u32::try_from(stream.retention_period_hours()).unwrap_or(0),
            encryption: stream.key_id().filter(|_| encrypted).map(str::to_owned),
        };
        Ok(Some((stream.stream_arn().to_owned(), state)))
    }

    async fn tags(&self, name: &str) -> Result<TagMap, CallError> {
        let answer = self.client.list_tags_for_stream().stream_name(name).send().await;
        match answer.map_err(|error| failed("kinesis:ListTagsForStream", error)) {
            Ok(answer) => Ok(answer
                .tags()
                .iter()
                .map(|tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned()))
                .collect()),
            Err(error) if error.meaning == Meaning::NotFound => Ok(TagMap::new()),
            Err(error) => Err(error),
        }
    }

    async fn reshard(&self, name: &str, count: u32) -> Result<(), CallError> {
        let request = self.client.update_shard_count().stream_name(name);
        let request = request.target_shard_count(whole(count)).scaling_type(ScalingType::UniformScaling);
        request.send().await.map(drop).map_err(|error| failed("kinesis:UpdateShardCount", error))
    }

    async fn mode(&self, name: &str, on_demand: bool) -> Result<(), CallError> {
        let Some((arn, _)) = self.describe(name).await? else {
            return Err(CallError::local("kinesis:UpdateStreamMode", Meaning::NotFound, "no such stream"));
        };
        let request =
            self.client.update_stream_mode().stream_arn(arn).stream_mode_details(details(on_demand)?);
        request.send().await.map(drop).map_err(|error| failed("kinesis:UpdateStreamMode", error))
    }
}

fn details(on_demand: bool) -> Result<StreamModeDetails, CallError> {
    let mode = if on_demand { StreamMode::OnDemand } else { StreamMode::Provisioned };
    let built = StreamModeDetails::builder().stream_mode(mode).build();
    built.map_err(|error| CallError::local("kinesis:UpdateStreamMode", Meaning::Invalid, error.to_string()))
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[async_trait]
impl Control<StreamSpec> for Streams {
    async fn observe(&self, name: &str) -> Result<Option<Observed<StreamState>>, CallError> {
        let (described, tags) = tokio::join!(self.describe(name), self.tags(name));
        let Some((id, state)) = described? else { return Ok(None) };
        Ok(Some(Observed { id, tags: tags?, state }))
    }

    async fn observe_knowing(
        &self,
        name: &str,
        tags: &TagMap,
    ) -> Result<Option<Observed<StreamState>>, CallError> {
        let described = self.describe(name).await?;
        Ok(described.map(|(id, state)| Observed { id, tags: tags.clone(), state }))
    }

    async fn create(&self, name: &str, spec: &StreamSpec, tags: &TagMap) -> Result<(), CallError> {
        let mut request = self.client.create_stream().stream_name(name);
        request = match spec.capacity {
            StreamCapacity::Fixed(shards) | StreamCapacity::Autoscaled(shards) => {
                request.shard_count(whole(shards))
            }
            StreamCapacity::OnDemand => request.stream_mode_details(details(true)?),
        };
        for (key, value) in tags {
            request = request.tags(key, value);
        }
        request.send().await.map(drop).map_err(|error| failed("kinesis:CreateStream", error))
    }

    async fn change(&self, name: &str, change: &StreamChange) -> Result<(), CallError> {
        match change {
            StreamChange::OnDemand(on_demand) => self.mode(name, *on_demand).await,
            StreamChange::Shards(count) => self.reshard(name, *count).await,
            StreamChange::LengthenRetention(hours) => {
                let request = self.client.increase_stream_retention_period().stream_name(name);
                let sent = request.retention_period_hours(whole(*hours)).send().await;
                sent.map(drop).map_err(|error| failed("kinesis:IncreaseStreamRetentionPeriod", error))
            }
            StreamChange::ShortenRetention(hours) => {
                let request = self.client.decrease_stream_retention_period().stream_name(name);
                let sent = request.retention_period_hours(whole(*hours)).send().await;
                sent.map(drop).map_err(|error| failed("kinesis:DecreaseStreamRetentionPeriod", error))
            }
            StreamChange::Encrypt(key) => {
                let request = self.client.start_stream_encryption().stream_name(name);
                let sent = request.encryption_type(EncryptionType::Kms).key_id(key).send().await;
                sent.map(drop).map_err(|error| failed("kinesis:StartStreamEncryption", error))
            }
            StreamChange::StopEncrypting(key) => {
                let request = self.client.stop_stream_encryption().stream_name(name);
                let sent = request.encryption_type(EncryptionType::Kms).key_id(key).send().await;
                sent.map(drop).map_err(|error| failed("kinesis:StopStreamEncryption", error))
            }
        }
    }

    async fn tag(&self, name: &str, change: &TagChange) -> Result<(), CallError> {
        let set: Vec<_> = change.set.iter().collect();
        for some in set.chunks(TAGS_A_CALL) {
            let mut request = self.client.add_tags_to_stream().stream_name(name);
            for (key, value) in some {
                request = request.tags(*key, *value);
            }
            request.send().await.map_err(|error| failed("kinesis:AddTagsToStream", error))?;
        }
        for some in change.remove.chunks(TAGS_A_CALL) {
            let request = self.client.remove_tags_from_stream().stream_name(name);
            let sent = request.set_tag_keys(Some(some.to_vec())).send().await;
            sent.map_err(|error| failed("kinesis:RemoveTagsFromStream", error))?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<(), CallError> {
        let sent = self.client.delete_stream().stream_name(name).send().await;
        sent.map(drop).map_err(|error| failed("kinesis:DeleteStream", error))
    }
}
