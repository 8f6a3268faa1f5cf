//! Delivery streams as they are written to disk: what [`crate::persist`] keeps of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::delivery::{Configured, Delivery};
use super::encryption::{Encryption, KeyChoice};
use super::error::FirehoseError;
use super::settings::{HttpSettings, S3Settings, Settings};
use super::start::start;
use super::state::{Firehose, Key};
use super::stream::{DeliveryStream, Life, Origin, Status};
use super::throughput::{Quota, Throughput};
use crate::world::World;

#[derive(Debug, Serialize, Deserialize)]
struct Image {
    region: String,
    name: String,
    arn: String,
    /// The stream that is read, and the role it is read with; nothing for direct put.
    source: Option<(String, String)>,
    #[serde(default)]
    throughput_hint: Option<i64>,
    version: u64,
    created: Timestamp,
    updated: Option<Timestamp>,
    /// The destination, where it is a bucket.
    #[serde(default)]
    settings: Option<S3Settings>,
    /// The destination, where it is an HTTP endpoint.
    #[serde(default)]
    http: Option<HttpSettings>,
    /// Kept apart: a description of the endpoint leaves it out.
    #[serde(default)]
    access_key: Option<String>,
    tags: BTreeMap<String, String>,
    encryption: KeyImage,
}

/// A change of encryption that was under way has come about when it is read back.
#[derive(Debug, Serialize, Deserialize)]
struct KeyImage {
    enabled: bool,
    key_type: Option<String>,
    key_arn: Option<String>,
}

impl Firehose {
    /// Every delivery stream is gone, with what it has buffered and what the data folder keeps of it.
    pub(crate) fn reset(&self) {
        let streams = self.with_all(std::mem::take);
        streams.into_values().filter_map(|stream| stream.delivery).for_each(Delivery::forget);
    }

    /// The delivery streams on the endpoint's page.
    pub(crate) fn overview(&self) -> serde_json::Value {
        let elapsed = self.elapsed();
        self.with_all(|streams| {
            let shown = streams.iter().map(|(key, stream)| {
                serde_json::json!({
                    "name": key.name,
                    "region": key.region,
                    "status": stream.life.status(elapsed).as_str(),
                    "source": match &stream.origin {
                        Origin::DirectPut { .. } => None,
                        Origin::Kinesis { stream_arn, .. } => Some(stream_arn),
                    },
                    "account": stream.delivery.as_ref().map(|delivery| delivery.account()),
                })
            });
            shown.collect()
        })
    }

    /// Every delivery stream that is not being deleted, for the data folder.
    pub(crate) fn save(&self) -> serde_json::Result<serde_json::Value> {
        let elapsed = self.elapsed();
        let images: Vec<Image> = self.with_all(|streams| {
            let alive = streams.iter().filter(|(_, stream)| {
                matches!(stream.life.status(elapsed), Status::Creating | Status::Active)
            });
            alive.map(|(key, stream)| Image::of(key, stream)).collect()
        });
        serde_json::to_value(images)
    }
}

/// Takes every delivery stream back and sets it to work.
pub(crate) fn load(world: &Arc<World>, saved: serde_json::Value) -> Result<(), String> {
    let images: Vec<Image> = serde_json::from_value(saved).map_err(|error| error.to_string())?;
    for image in images {
        let name = image.name.clone();
        image.start(world).map_err(|error| format!("{name}: {error}"))?;
    }
    world.firehose.forget_ledgers();
    Ok(())
}

impl Image {
    fn of(key: &Key, stream: &DeliveryStream) -> Self {
        let (source, throughput_hint) = match &stream.origin {
            Origin::DirectPut { throughput_hint } => (None, *throughput_hint),
            Origin::Kinesis { stream_arn, role_arn } => (Some((stream_arn.clone(), role_arn.clone())), None),
        };
        let (settings, http) = match &stream.settings {
            Settings::S3(settings) => (Some((**settings).clone()), None),
            Settings::Http(settings) => (None, Some((**settings).clone())),
        };
        let endpoint = http.as_ref().and_then(|http| http.endpoint_configuration.as_ref());
        Self {
            region: key.region.clone(),
            name: key.name.clone(),
            arn: stream.arn.clone(),
            source,
            throughput_hint,
            version: stream.version,
            created: stream.created,
            updated: stream.updated,
            access_key: endpoint.and_then(|endpoint| endpoint.access_key.clone()),
            settings,
            http,
            tags: stream.tags.clone(),
            encryption: KeyImage::of(&stream.encryption),
        }
    }

    /// The destination: the settings to describe, and the block they are checked as.
    fn destination(&mut self) -> Result<(Settings, &'static str), FirehoseError> {
        if let Some(mut http) = self.http.take() {
            http.endpoint_configuration.get_or_insert_default().access_key = self.access_key.take();
            return Ok((Settings::Http(Box::new(http)), "httpEndpointDestinationConfiguration"));
        }
        let settings = self.settings.take().ok_or_else(|| FirehoseError::missing("settings"))?;
        Ok((Settings::S3(Box::new(settings)), "extendedS3DestinationConfiguration"))
    }

    fn start(mut self, world: &Arc<World>) -> Result<(), FirehoseError> {
        let (settings, path) = self.destination()?;
        let key = Key { region: self.region, name: self.name };
        let origin = match self.source {
            None => Origin::DirectPut { throughput_hint: self.throughput_hint },
            Some((stream_arn, role_arn)) => Origin::Kinesis { stream_arn, role_arn },
        };
        let (settings, destination) = settings.created(path, &key.region)?;
        let takes_logs_only = destination.processing.unpack.is_some();
        let configured = Configured { version: self.version, destination };
        // What keeps a delivery from its work is no reason to lose it: it is described, and stands still.
        let delivery = start(world, &key, &self.arn, &origin, configured)
            .inspect_err(|error| tracing::warn!(delivery = key.name, %error, "a delivery does not start"))
            .ok();
        let stream = DeliveryStream {
            arn: self.arn,
            origin,
            life: Life::Creating { until: world.clock.elapsed() },
            version: self.version,
            created: self.created,
            updated: self.updated,
            settings,
            tags: self.tags,
            encryption: Encryption::created(self.encryption.key()),
            throughput: Throughput::full(Quota::of(&key.region)),
            takes_logs_only,
            delivery,
        };
        world.firehose.with_all(|streams| streams.insert(key, stream));
        Ok(())
    }
}

impl KeyImage {
    fn of(encryption: &Encryption) -> Self {
        let key = encryption.key();
        Self {
            enabled: key.is_some(),
            key_type: key.map(|key| key.key_type.clone()),
            key_arn: key.and_then(|key| key.key_arn.clone()),
        }
    }

    fn key(self) -> Option<KeyChoice> {
        let key_type = self.key_type.filter(|_| self.enabled)?;
        Some(KeyChoice { key_type, key_arn: self.key_arn })
    }
}
