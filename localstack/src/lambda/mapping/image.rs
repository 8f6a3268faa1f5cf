//! Mappings as they are written to disk: what [`crate::persist`] keeps of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use pipectl_shards::ShardId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::checkpoint::{Checkpoint, Place};
use super::entry::Entry;
use super::filter::Filters;
use super::phase::Phase;
use super::settings::{Destination, Settings, Start};
use super::state::{Mapping, Mappings, result};
use super::window::{Window, WindowState};
use crate::kinesis::{Position, Sequence};
use crate::world::World;

#[derive(Debug, Serialize, Deserialize)]
struct MappingImage {
    id: String,
    arn: String,
    source: String,
    start: StartImage,
    settings: SettingsImage,
    enabled: bool,
    modified: Timestamp,
    last_result: String,
    tags: BTreeMap<String, String>,
    checkpoint: Option<CheckpointImage>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum StartImage {
    TrimHorizon,
    Latest,
    At(Timestamp),
}

#[derive(Debug, Serialize, Deserialize)]
struct SettingsImage {
    function_arn: String,
    batch_size: usize,
    batching_window_s: u32,
    parallelization: usize,
    max_age_s: Option<u32>,
    max_retries: Option<u32>,
    bisect: bool,
    tumbling_ms: Option<i64>,
    filters: Vec<String>,
    on_failure: Option<String>,
    report_failures: bool,
    metrics: Option<Vec<String>>,
    kms_key_arn: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct CheckpointImage {
    born: i64,
    shards: Vec<PlaceImage>,
    ended: Vec<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct PlaceImage {
    shard: u64,
    next: u64,
    window: Option<WindowImage>,
}

#[derive(Debug, Serialize, Deserialize)]
struct WindowImage {
    start: i64,
    end: i64,
    /// The text of its JSON: as a value it would lose digits.
    state_text: String,
    last: Option<LastImage>,
}

/// Of the last record of a window, what the record of a failure tells.
#[derive(Debug, Serialize, Deserialize)]
struct LastImage {
    sequence: u64,
    number: String,
    arrived: i64,
    partition_key: String,
}

impl Mappings {
    /// Every mapping, for the data folder. One that is being changed is kept as it will be.
    pub(crate) fn save(&self, now: Timestamp) -> serde_json::Result<Value> {
        let kept = self.kept(now);
        let images: Vec<MappingImage> =
            kept.iter().map(|(mapping, at)| MappingImage::of(mapping, at)).collect();
        serde_json::to_value(images)
    }

    /// Takes every mapping back. Those that are enabled read on at once.
    pub(crate) fn load(&self, world: &Arc<World>, saved: Value) -> Result<(), String> {
        let images: Vec<MappingImage> = serde_json::from_value(saved).map_err(|error| error.to_string())?;
        for image in images {
            let (mapping, checkpoint) = image.mapping()?;
            self.restore(world, mapping, checkpoint);
        }
        Ok(())
    }
}

impl MappingImage {
    fn of(mapping: &Mapping, checkpoint: &Option<Checkpoint>) -> Self {
        Self {
            id: mapping.id.to_string(),
            arn: mapping.arn.clone(),
            source: mapping.source.to_string(),
            start: match mapping.start {
                Start::TrimHorizon => StartImage::TrimHorizon,
                Start::Latest => StartImage::Latest,
                Start::At(at) => StartImage::At(at),
            },
            settings: SettingsImage::of(&mapping.settings),
            enabled: mapping.enabled,
            modified: mapping.modified,
            last_result: mapping.last_result.to_owned(),
            tags: mapping.tags.clone(),
            checkpoint: checkpoint.as_ref().map(CheckpointImage::of),
        }
    }

    fn mapping(self) -> Result<(Mapping, Option<Checkpoint>), String> {
        let mapping = Mapping {
            id: Uuid::parse_str(&self.id).map_err(|error| error.to_string())?,
            arn: self.arn,
            source: self.source.parse().map_err(|_| format!("{} is no event source", self.source))?,
            start: match self.start {
                StartImage::TrimHorizon => Start::TrimHorizon,
                StartImage::Latest => Start::Latest,
                StartImage::At(at) => Start::At(at),
            },
            settings: Arc::new(self.settings.settings()?),
            enabled: self.enabled,
            phase: if self.enabled { Phase::Enabled } else { Phase::Disabled },
            modified: self.modified,
            last_result: result::worded(&self.last_result),
            tags: self.tags,
        };
        Ok((mapping, self.checkpoint.map(CheckpointImage::checkpoint).transpose()?))
    }
}

impl SettingsImage {
    fn of(settings: &Settings) -> Self {
        Self {
            function_arn: settings.function_arn.clone(),
            batch_size: settings.batch_size,
            batching_window_s: settings.batching_window_s,
            parallelization: settings.parallelization,
            max_age_s: settings.max_age_s,
            max_retries: settings.max_retries,
            bisect: settings.bisect,
            tumbling_ms: settings.tumbling_ms,
            filters: settings.filters.texts().map(str::to_owned).collect(),
            on_failure: settings.on_failure.as_ref().map(Destination::arn),
            report_failures: settings.report_failures,
            metrics: settings.metrics.clone(),
            kms_key_arn: settings.kms_key_arn.clone(),
        }
    }

    fn settings(self) -> Result<Settings, String> {
        let destination =
            |arn: String| Destination::parse(&arn).ok_or_else(|| format!("{arn} is no destination"));
        let filters = Filters::parse(self.filters.iter().map(String::as_str));
        Ok(Settings {
            function_arn: self.function_arn,
            batch_size: self.batch_size,
            batching_window_s: self.batching_window_s,
            parallelization: self.parallelization,
            max_age_s: self.max_age_s,
            max_retries: self.max_retries,
            bisect: self.bisect,
            tumbling_ms: self.tumbling_ms,
            filters: filters.map_err(|error| error.to_string())?,
            on_failure: self.on_failure.map(destination).transpose()?,
            report_failures: self.report_failures,
            metrics: self.metrics,
            kms_key_arn: self.kms_key_arn,
        })
    }
}

impl CheckpointImage {
    fn of(checkpoint: &Checkpoint) -> Self {
        let place = |place: &Place| PlaceImage {
            shard: place.shard.number(),
            next: place.next.0,
            window: place.window.as_ref().map(WindowImage::of),
        };
        Self {
            born: checkpoint.born,
            shards: checkpoint.shards.iter().map(place).collect(),
            ended: checkpoint.ended.iter().map(|shard| shard.number()).collect(),
        }
    }

    fn checkpoint(self) -> Result<Checkpoint, String> {
        let place = |place: PlaceImage| {
            let window = place.window.map(WindowImage::window).transpose()?;
            Ok::<_, String>(Place { shard: ShardId::new(place.shard), next: Position(place.next), window })
        };
        Ok(Checkpoint {
            born: self.born,
            shards: self.shards.into_iter().map(place).collect::<Result<_, _>>()?,
            ended: self.ended.into_iter().map(ShardId::new).collect(),
        })
    }
}

/// What is read of a checkpoint that was written.
#[cfg(test)]
pub(super) fn written_and_read(checkpoint: &Checkpoint) -> Checkpoint {
    let written = serde_json::to_value(CheckpointImage::of(checkpoint)).unwrap().to_string();
    serde_json::from_str::<CheckpointImage>(&written).unwrap().checkpoint().unwrap()
}

impl WindowImage {
    fn of(window: &Window) -> Self {
        let last = |entry: &Entry| LastImage {
            sequence: entry.sequence.number(),
            number: entry.number.to_string(),
            arrived: entry.arrived,
            partition_key: entry.partition_key.to_string(),
        };
        Self {
            start: window.start,
            end: window.end,
            state_text: window.state.text().to_owned(),
            last: window.last.as_ref().map(last),
        }
    }

    fn window(self) -> Result<Window, String> {
        let state = WindowState::read(self.state_text).ok_or("the state of a window is no JSON")?;
        let last = |last: LastImage| Entry {
            sequence: Sequence::of(last.sequence),
            number: last.number.into(),
            arrived: last.arrived,
            partition_key: last.partition_key.into(),
            data: bytes::Bytes::new(),
        };
        Ok(Window { start: self.start, end: self.end, state, last: self.last.map(last) })
    }
}
