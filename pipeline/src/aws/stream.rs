//! Kinesis streams.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::types::{
    EncryptionType, MetricsName, ScalingType, StreamDescriptionSummary, StreamMode, StreamModeDetails,
};

use super::error::failed;
use crate::cloud::{CallError, Control, Meaning};
use crate::resources::Observed;
use crate::resources::stream::{StreamCapacity, StreamChange, StreamSpec, StreamState};
use crate::resources::tags::{TagChange, TagMap};

/// What a stream takes whose description does not say.
const DEFAULT_MAX_RECORD_KIB: u32 = 1024;
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
            shard_metrics: shard_metrics(stream),
            max_record_kib: whole_back(stream.max_record_size_in_kib()).unwrap_or(DEFAULT_MAX_RECORD_KIB),
            warm_mibps: whole_back(stream.warm_throughput().and_then(|warm| warm.target_mibps())),
            consumers: whole_back(stream.consumer_count()).unwrap_or(0),
            created: super::time(Some(stream.stream_creation_timestamp())),
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

    /// The stream's ARN, for the calls that take no name.
    async fn arn(&self, call: &'static str, name: &str) -> Result<String, CallError> {
        let missing = || CallError::local(call, Meaning::NotFound, "no such stream");
        Ok(self.describe(name).await?.ok_or_else(missing)?.0)
    }

    async fn max_record(&self, name: &str, kib: u32) -> Result<(), CallError> {
        const CALL: &str = "kinesis:UpdateMaxRecordSize";
        let request = self.client.update_max_record_size().stream_arn(self.arn(CALL, name).await?);
        let sent = request.max_record_size_in_kib(whole(kib)).send().await;
        sent.map(drop).map_err(|error| failed(CALL, error))
    }

    async fn warm(&self, name: &str, mibps: u32) -> Result<(), CallError> {
        const CALL: &str = "kinesis:UpdateStreamWarmThroughput";
        let request = self.client.update_stream_warm_throughput().stream_arn(self.arn(CALL, name).await?);
        let sent = request.warm_throughput_mibps(whole(mibps)).send().await;
        sent.map(drop).map_err(|error| failed(CALL, error))
    }

    async fn publish(&self, name: &str, names: &[String]) -> Result<(), CallError> {
        let request = self.client.enable_enhanced_monitoring().stream_name(name);
        let sent = request.set_shard_level_metrics(metrics(names)).send().await;
        sent.map(drop).map_err(|error| failed("kinesis:EnableEnhancedMonitoring", error))
    }

    async fn stop_publishing(&self, name: &str, names: &[String]) -> Result<(), CallError> {
        let request = self.client.disable_enhanced_monitoring().stream_name(name);
        let sent = request.set_shard_level_metrics(metrics(names)).send().await;
        sent.map(drop).map_err(|error| failed("kinesis:DisableEnhancedMonitoring", error))
    }

    async fn remove(&self, name: &str, with_consumers: bool) -> Result<(), CallError> {
        let request = self.client.delete_stream().stream_name(name);
        let request = request.set_enforce_consumer_deletion(with_consumers.then_some(true));
        let sent = request.send().await;
        sent.map(drop).map_err(|error| in_use(failed("kinesis:DeleteStream", error)))
    }

    async fn mode(&self, name: &str, on_demand: bool) -> Result<(), CallError> {
        let arn = self.arn("kinesis:UpdateStreamMode", name).await?;
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

/// A stream that others still read is not busy: waiting would not help.
fn in_use(error: CallError) -> CallError {
    match error.meaning {
        Meaning::Busy if error.message.contains("consumers") => {
            CallError { meaning: Meaning::HasConsumers, ..error }
        }
        _ => error,
    }
}

/// Metrics of shards, all of them by their names.
fn shard_metrics(stream: &StreamDescriptionSummary) -> BTreeSet<String> {
    let names = stream.enhanced_monitoring().iter().flat_map(|metrics| metrics.shard_level_metrics());
    names.map(|name| name.as_str().to_owned()).collect()
}

fn whole_back(number: Option<i32>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok())
}

fn metrics(names: &[String]) -> Option<Vec<MetricsName>> {
    Some(names.iter().map(|name| MetricsName::from(name.as_str())).collect())
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
            StreamChange::PublishMetrics(names) => self.publish(name, names).await,
            StreamChange::StopMetrics(names) => self.stop_publishing(name, names).await,
            StreamChange::MaxRecord(kib) => self.max_record(name, *kib).await,
            StreamChange::WarmThroughput(mibps) => self.warm(name, *mibps).await,
            StreamChange::DeleteWithConsumers => self.remove(name, true).await,
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
        self.remove(name, false).await
    }
}
