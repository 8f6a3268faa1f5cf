//! Delivery streams as they are written to disk: what [`crate::persist`] keeps of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::delivery::Configured;
use super::operations;
use super::settings::S3Settings;
use super::state::{Firehose, Key};
use super::stream::{DeliveryStream, Encryption, Life, Origin, Status};
use crate::world::World;

#[derive(Debug, Serialize, Deserialize)]
struct Image {
    region: String,
    name: String,
    arn: String,
    /// The stream that is read, and the role it is read with; nothing for direct put.
    source: Option<(String, String)>,
    version: u64,
    created: Timestamp,
    updated: Option<Timestamp>,
    settings: S3Settings,
    tags: BTreeMap<String, String>,
    encryption: Encryption,
}

impl Firehose {
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
    Ok(())
}

impl Image {
    fn of(key: &Key, stream: &DeliveryStream) -> Self {
        Self {
            region: key.region.clone(),
            name: key.name.clone(),
            arn: stream.arn.clone(),
            source: match &stream.origin {
                Origin::DirectPut => None,
                Origin::Kinesis { stream_arn, role_arn } => Some((stream_arn.clone(), role_arn.clone())),
            },
            version: stream.version,
            created: stream.created,
            updated: stream.updated,
            settings: stream.settings.clone(),
            tags: stream.tags.clone(),
            encryption: stream.encryption.clone(),
        }
    }

    fn start(self, world: &Arc<World>) -> Result<(), super::error::FirehoseError> {
        let key = Key { region: self.region, name: self.name };
        let origin = match self.source {
            None => Origin::DirectPut,
            Some((stream_arn, role_arn)) => Origin::Kinesis { stream_arn, role_arn },
        };
        let (settings, destination) =
            self.settings.applied_to(S3Settings::defaults(), "extendedS3DestinationConfiguration")?;
        let configured = Configured { version: self.version, destination };
        // A source that is no longer there is no reason to lose the delivery: it is described, and stands still.
        let delivery = operations::start(world, &key, &self.arn, &origin, configured)
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
            encryption: self.encryption,
            delivery,
        };
        world.firehose.with_all(|streams| streams.insert(key, stream));
        Ok(())
    }
}
