//! One log group: its settings, its streams, and a bounded ring of their events.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use indexmap::IndexMap;

use super::event::{LogEvent, StoredEvent};

/// Most bytes of events kept in one group; the oldest go first.
pub(super) const MAX_GROUP_BYTES: usize = 16 * 1024 * 1024;
/// Most streams kept in one group. Function sandboxes open a stream each, so the oldest go first.
pub(super) const MAX_STREAMS: usize = 2_000;

/// What a stream knows of itself; its events are in the group's ring.
#[derive(Debug, Clone)]
pub(super) struct LogStream {
    pub(super) name: Arc<str>,
    pub(super) created_ms: i64,
    pub(super) first_event_ms: Option<i64>,
    pub(super) last_event_ms: Option<i64>,
    pub(super) last_ingested_ms: Option<i64>,
    /// Counts the batches written, for the upload sequence token clients of old still send back.
    pub(super) batches: u64,
}

/// Which log group it is: names are unique within a region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupId {
    region: String,
    name: String,
}

impl GroupId {
    /// The group of a region and a name.
    #[must_use]
    pub fn new(region: &str, name: &str) -> Self {
        Self { region: region.to_owned(), name: name.to_owned() }
    }

    /// Such as `eu-west-1`.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Such as `/aws/lambda/clickstream-parse`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A log group.
#[derive(Debug)]
pub(super) struct LogGroup {
    pub(super) created_ms: i64,
    pub(super) retention_days: Option<u32>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) streams: IndexMap<Arc<str>, LogStream>,
    pub(super) events: VecDeque<StoredEvent>,
    pub(super) bytes: usize,
    pub(super) next_sequence: u64,
}

impl LogGroup {
    pub(super) fn new(tags: BTreeMap<String, String>, now_ms: i64) -> Self {
        Self {
            created_ms: now_ms,
            retention_days: None,
            tags,
            streams: IndexMap::new(),
            events: VecDeque::new(),
            bytes: 0,
            next_sequence: 0,
        }
    }

    /// Adds a stream; false when it is there already.
    pub(super) fn create_stream(&mut self, name: &str, now_ms: i64) -> bool {
        if self.streams.contains_key(name) {
            return false;
        }
        if self.streams.len() >= MAX_STREAMS
            && let Some((oldest, _)) = self.streams.shift_remove_index(0)
        {
            self.forget_events_of(&oldest);
        }
        let name: Arc<str> = Arc::from(name);
        let stream = LogStream {
            name: Arc::clone(&name),
            created_ms: now_ms,
            first_event_ms: None,
            last_event_ms: None,
            last_ingested_ms: None,
            batches: 0,
        };
        self.streams.insert(name, stream);
        true
    }

    /// Drops a stream with its events; false when there is none.
    pub(super) fn delete_stream(&mut self, name: &str) -> bool {
        let existed = self.streams.shift_remove(name).is_some();
        if existed {
            self.forget_events_of(name);
        }
        existed
    }

    fn forget_events_of(&mut self, stream: &str) {
        self.events.retain(|event| &*event.stream != stream);
        self.bytes = self.events.iter().map(StoredEvent::size).sum();
    }

    /// Appends events to a stream; false when there is no such stream.
    pub(super) fn append(&mut self, stream: &str, events: Vec<LogEvent>, now_ms: i64) -> bool {
        let Some(entry) = self.streams.get_mut(stream) else { return false };
        entry.batches += 1;
        entry.last_ingested_ms = Some(now_ms);
        let name = Arc::clone(&entry.name);
        for event in events {
            let at = event.timestamp_ms;
            entry.first_event_ms = Some(entry.first_event_ms.map_or(at, |first| first.min(at)));
            entry.last_event_ms = Some(entry.last_event_ms.map_or(at, |last| last.max(at)));
            let stored = StoredEvent {
                sequence: self.next_sequence,
                stream: Arc::clone(&name),
                timestamp_ms: at,
                ingested_ms: now_ms,
                message: Arc::from(event.message),
            };
            self.next_sequence += 1;
            self.bytes += stored.size();
            self.events.push_back(stored);
        }
        self.trim();
        true
    }

    fn trim(&mut self) {
        while self.bytes > MAX_GROUP_BYTES {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes -= oldest.size();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: i64, message: &str) -> LogEvent {
        LogEvent { timestamp_ms: at, message: message.to_owned() }
    }

    #[test]
    fn a_group_keeps_the_newest_events_within_its_bound() {
        let mut group = LogGroup::new(BTreeMap::new(), 0);
        group.create_stream("s", 0);
        let big = "x".repeat(1024 * 1024);
        for at in 0..40 {
            group.append("s", vec![line(at, &big)], at);
        }
        assert!(group.bytes <= MAX_GROUP_BYTES, "{} bytes kept", group.bytes);
        assert_eq!(group.events.back().map(|e| e.timestamp_ms), Some(39));
        assert_eq!(group.bytes, group.events.iter().map(StoredEvent::size).sum::<usize>());
    }

    #[test]
    fn the_oldest_stream_makes_room_for_a_new_one_and_takes_its_events_along() {
        let mut group = LogGroup::new(BTreeMap::new(), 0);
        for n in 0..MAX_STREAMS {
            group.create_stream(&format!("s{n}"), 0);
        }
        group.append("s0", vec![line(1, "gone")], 1);
        group.append("s1", vec![line(2, "kept")], 2);
        group.create_stream("one-more", 3);
        assert_eq!(group.streams.len(), MAX_STREAMS);
        assert!(!group.streams.contains_key("s0"));
        assert_eq!(group.events.iter().map(|e| &*e.message).collect::<Vec<_>>(), ["kept"]);
    }

    #[test]
    fn appending_to_a_stream_that_is_not_there_is_refused() {
        let mut group = LogGroup::new(BTreeMap::new(), 0);
        assert!(!group.append("nowhere", vec![line(1, "x")], 1));
        assert!(group.events.is_empty());
    }
}
