//! Firehose delivery streams to S3 buckets and HTTP endpoints.

mod http;
mod seen;
mod wanted;

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_firehose::Client;
use aws_sdk_firehose::types::{
    DeliveryStreamDescription, DeliveryStreamType, KinesisStreamSourceConfiguration, Tag,
};

use super::error::failed;
use crate::access_key::AccessKeys;
use crate::cloud::{CallError, Control, Meaning};
use crate::resources::delivery::{DeliveryChange, DeliverySpec, DeliveryState, HeldBy, To};
use crate::resources::tags::{KEY, TagChange, TagMap};
use crate::resources::{Observed, Spec};
use seen::state;
use wanted::{configuration, invalid, key, update};

pub(super) struct Deliveries {
    pub(super) client: Client,
    pub(super) keys: Arc<AccessKeys>,
}

impl Deliveries {
    async fn encrypt(&self, name: &str, with: &HeldBy) -> Result<(), CallError> {
        const CALL: &str = "firehose:StartDeliveryStreamEncryption";
        let request = self.client.start_delivery_stream_encryption().delivery_stream_name(name);
        let sent = request.delivery_stream_encryption_configuration_input(key(with, CALL)?).send().await;
        sent.map(drop).map_err(|error| failed(CALL, error))
    }

    async fn stop_encrypting(&self, name: &str) -> Result<(), CallError> {
        let sent = self.client.stop_delivery_stream_encryption().delivery_stream_name(name).send().await;
        sent.map(drop).map_err(|error| failed("firehose:StopDeliveryStreamEncryption", error))
    }

    async fn describe(&self, name: &str) -> Result<Option<DeliveryStreamDescription>, CallError> {
        let answer = self.client.describe_delivery_stream().delivery_stream_name(name).send().await;
        match answer.map_err(|error| failed("firehose:DescribeDeliveryStream", error)) {
            Ok(answer) => Ok(answer.delivery_stream_description),
            Err(error) if error.meaning == Meaning::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn tags(&self, name: &str) -> Result<TagMap, CallError> {
        let answer = self.client.list_tags_for_delivery_stream().delivery_stream_name(name).send().await;
        match answer.map_err(|error| failed("firehose:ListTagsForDeliveryStream", error)) {
            Ok(answer) => {
                let pair = |tag: &Tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned());
                Ok(answer.tags().iter().map(pair).collect())
            }
            Err(error) if error.meaning == Meaning::NotFound => Ok(TagMap::new()),
            Err(error) => Err(error),
        }
    }

    async fn update(&self, name: &str, to: &To) -> Result<(), CallError> {
        const CALL: &str = "firehose:UpdateDestination";
        let description = self.describe(name).await?;
        let missing = || CallError::local(CALL, Meaning::NotFound, "no such delivery stream");
        let description = description.ok_or_else(missing)?;
        let destination = description.destinations().first().ok_or_else(missing)?;
        let request = self
            .client
            .update_destination()
            .delivery_stream_name(name)
            .current_delivery_stream_version_id(description.version_id())
            .destination_id(destination.destination_id());
        let request = match to {
            To::S3(settings) => request.extended_s3_destination_update(update(settings)?),
            To::Http(settings) => {
                request.http_endpoint_destination_update(http::update(settings, &self.keys)?)
            }
        };
        request.send().await.map(drop).map_err(|error| failed(CALL, error))
    }
}

fn tags(map: &TagMap) -> Result<Vec<Tag>, CallError> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    map.iter().map(tag).collect::<Result<_, _>>().map_err(invalid("firehose:TagDeliveryStream"))
}

#[async_trait]
impl Control<DeliverySpec> for Deliveries {
    async fn observe(&self, name: &str) -> Result<Option<Observed<DeliveryState>>, CallError> {
        let (described, tags) = tokio::join!(self.describe(name), self.tags(name));
        let Some(description) = described? else { return Ok(None) };
        let id = description.delivery_stream_arn().to_owned();
        Ok(Some(Observed { id, tags: tags?, state: state(&description) }))
    }

    async fn observe_knowing(
        &self,
        name: &str,
        tags: &TagMap,
    ) -> Result<Option<Observed<DeliveryState>>, CallError> {
        let Some(description) = self.describe(name).await? else { return Ok(None) };
        let id = description.delivery_stream_arn().to_owned();
        Ok(Some(Observed { id, tags: tags.clone(), state: state(&description) }))
    }

    async fn create(&self, name: &str, spec: &DeliverySpec, wanted: &TagMap) -> Result<(), CallError> {
        const CALL: &str = "firehose:CreateDeliveryStream";
        let mut request = self
            .client
            .create_delivery_stream()
            .delivery_stream_name(name)
            .set_tags(Some(tags(&Spec::Delivery(spec.clone()).created_tags(wanted))?));
        request = match &spec.destination {
            To::S3(settings) => request.extended_s3_destination_configuration(configuration(settings)?),
            To::Http(settings) => {
                request.http_endpoint_destination_configuration(http::configuration(settings, &self.keys)?)
            }
        };
        if let Some(with) = &spec.encryption {
            request = request.delivery_stream_encryption_configuration_input(key(with, CALL)?);
        }
        request = match &spec.source {
            None => request.delivery_stream_type(DeliveryStreamType::DirectPut),
            Some(source) => {
                let source = KinesisStreamSourceConfiguration::builder()
                    .kinesis_stream_arn(&source.stream_arn)
                    .role_arn(&source.role_arn)
                    .build()
                    .map_err(invalid(CALL))?;
                request
                    .delivery_stream_type(DeliveryStreamType::KinesisStreamAsSource)
                    .kinesis_stream_source_configuration(source)
            }
        };
        request.send().await.map(drop).map_err(|error| failed(CALL, error))
    }

    async fn change(&self, name: &str, change: &DeliveryChange) -> Result<(), CallError> {
        match change {
            DeliveryChange::Destination(settings) => self.update(name, settings).await,
            DeliveryChange::Seal(key) => {
                let set = key.iter().map(|key| (KEY.to_owned(), key.clone())).collect();
                let remove = if key.is_none() { vec![KEY.to_owned()] } else { Vec::new() };
                self.tag(name, &TagChange { set, remove }).await
            }
            DeliveryChange::Encrypt(key) => self.encrypt(name, key).await,
            DeliveryChange::StopEncrypting => self.stop_encrypting(name).await,
        }
    }

    async fn tag(&self, name: &str, change: &TagChange) -> Result<(), CallError> {
        if !change.set.is_empty() {
            let request = self.client.tag_delivery_stream().delivery_stream_name(name);
            let sent = request.set_tags(Some(tags(&change.set)?)).send().await;
            sent.map_err(|error| failed("firehose:TagDeliveryStream", error))?;
        }
        if !change.remove.is_empty() {
            let request = self.client.untag_delivery_stream().delivery_stream_name(name);
            let sent = request.set_tag_keys(Some(change.remove.clone())).send().await;
            sent.map_err(|error| failed("firehose:UntagDeliveryStream", error))?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<(), CallError> {
        let sent = self.client.delete_delivery_stream().delivery_stream_name(name).send().await;
        sent.map(drop).map_err(|error| failed("firehose:DeleteDeliveryStream", error))
    }
}
