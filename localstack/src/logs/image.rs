//! Log groups as they are written to disk: what [`crate::persist`] keeps of them. Their events are kept too, those of
//! the last second aside: nobody was told that these are safe.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::event::StoredEvent;
use super::group::{GroupId, LogGroup, LogStream};
use super::state::Logs;

#[derive(Debug, Serialize, Deserialize)]
struct GroupImage {
    /// Folders of format 1 have none: [`crate::persist`] finds it out.
    region: String,
    name: String,
    created_ms: i64,
    retention_days: Option<u32>,
    tags: BTreeMap<String, String>,
    streams: Vec<StreamImage>,
    events: Vec<EventImage>,
    next_sequence: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct StreamImage {
    name: String,
    created_ms: i64,
    first_event_ms: Option<i64>,
    last_event_ms: Option<i64>,
    last_ingested_ms: Option<i64>,
    batches: u64,
}

/// Sequence, stream, time of the event, time of its arrival, line.
#[derive(Debug, Serialize, Deserialize)]
struct EventImage(u64, String, i64, i64, String);

impl Logs {
    /// Everything, for the data folder.
    pub(crate) fn save(&self) -> serde_json::Result<serde_json::Value> {
        let groups: Vec<GroupImage> =
            self.groups().iter().map(|(id, group)| GroupImage::of(id, group)).collect();
        serde_json::to_value(groups)
    }

    /// Every group is gone.
    pub(crate) fn reset(&self) {
        self.groups().clear();
    }

    /// Takes everything back.
    pub(crate) fn load(&self, saved: serde_json::Value) -> serde_json::Result<()> {
        let images: Vec<GroupImage> = serde_json::from_value(saved)?;
        let group = |image: GroupImage| (GroupId::new(&image.region, &image.name), image.group());
        self.groups().extend(images.into_iter().map(group));
        Ok(())
    }
}

impl GroupImage {
    fn of(id: &GroupId, group: &LogGroup) -> Self {
        let streams = group.streams.values().map(|stream| StreamImage {
            name: stream.name.to_string(),
            created_ms: stream.created_ms,
            first_event_ms: stream.first_event_ms,
            last_event_ms: stream.last_event_ms,
            last_ingested_ms: stream.last_ingested_ms,
            batches: stream.batches,
        });
        let events = group.events.iter().map(|event| {
            let (stream, line) = (event.stream.to_string(), event.message.to_string());
            EventImage(event.sequence, stream, event.timestamp_ms, event.ingested_ms, line)
        });
        Self {
            region: id.region().to_owned(),
            name: id.name().to_owned(),
            created_ms: group.created_ms,
            retention_days: group.retention_days,
            tags: group.tags.clone(),
            streams: streams.collect(),
            events: events.collect(),
            next_sequence: group.next_sequence,
        }
    }

    fn group(self) -> LogGroup {
        let mut group = LogGroup::new(self.tags, self.created_ms);
        group.retention_days = self.retention_days;
        group.next_sequence = self.next_sequence;
        for stream in self.streams {
            let name: Arc<str> = stream.name.into();
            let stream = LogStream {
                name: Arc::clone(&name),
                created_ms: stream.created_ms,
                first_event_ms: stream.first_event_ms,
                last_event_ms: stream.last_event_ms,
                last_ingested_ms: stream.last_ingested_ms,
                batches: stream.batches,
            };
            group.streams.insert(name, stream);
        }
        for EventImage(sequence, stream, timestamp_ms, ingested_ms, message) in self.events {
            // Events share their stream's name.
            let Some(stream) = group.streams.get(&*stream).map(|stream| Arc::clone(&stream.name)) else {
                continue;
            };
            let event = StoredEvent { sequence, stream, timestamp_ms, ingested_ms, message: message.into() };
            group.bytes += event.size();
            group.events.push_back(event);
        }
        group
    }
}
