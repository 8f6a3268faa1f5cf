//! All log groups of the endpoint, of every region, behind one lock.

use std::collections::BTreeMap;
use std::sync::MutexGuard;

use crate::clock::Clock;
use crate::lock::Lock;
use crate::world::Setting;

use super::event::LogEvent;
use super::filter::InvalidPattern;
use super::group::{GroupId, LogGroup};

/// Most groups one endpoint keeps, over all regions; AWS allows a million in each.
const MAX_GROUPS: usize = 10_000;

/// Why an operation on log groups failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogsError {
    /// No group of that name.
    #[error("The specified log group does not exist.")]
    GroupNotFound,
    /// No stream of that name in the group.
    #[error("The specified log stream does not exist.")]
    StreamNotFound,
    /// The group is there already.
    #[error("The specified log group already exists")]
    GroupExists,
    /// The stream is there already.
    #[error("The specified log stream already exists")]
    StreamExists,
    /// The endpoint keeps no more groups than its bound.
    #[error("Resource limit exceeded.")]
    TooManyGroups,
    /// A filter pattern that is not understood.
    #[error(transparent)]
    Pattern(#[from] InvalidPattern),
    /// A parameter AWS would refuse.
    #[error("{0}")]
    InvalidParameter(String),
}

/// Log groups by region and name.
pub(super) type Groups = BTreeMap<GroupId, LogGroup>;

/// The log groups of the endpoint.
#[derive(Debug)]
pub struct Logs {
    clock: Clock,
    groups: Lock<Groups>,
}

impl Logs {
    /// No groups yet.
    #[must_use]
    pub fn new(setting: &Setting) -> Self {
        Self { clock: setting.clock, groups: Lock::default() }
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    pub(super) fn groups(&self) -> MutexGuard<'_, Groups> {
        self.groups.lock()
    }

    /// Writes one line now, creating group and stream when they are missing: what a service does for its users.
    pub fn put(&self, group: &GroupId, stream: &str, message: &str) {
        let now_ms = self.now_ms();
        self.put_events(group, stream, vec![LogEvent { timestamp_ms: now_ms, message: message.to_owned() }]);
    }

    /// Writes several lines, creating group and stream when they are missing. Beyond the bound of groups the lines
    /// are dropped: a log must not fail the service that writes it.
    pub fn put_events(&self, group: &GroupId, stream: &str, events: Vec<LogEvent>) {
        let now_ms = self.now_ms();
        let mut groups = self.groups();
        if !groups.contains_key(group) && groups.len() >= MAX_GROUPS {
            tracing::warn!(group = group.name(), "too many log groups; lines dropped");
            return;
        }
        // Most lines come to a group that is there.
        if !groups.contains_key(group) {
            groups.insert(group.clone(), LogGroup::new(BTreeMap::new(), now_ms));
        }
        if let Some(entry) = groups.get_mut(group) {
            entry.create_stream(stream, now_ms);
            entry.append(stream, events, now_ms);
        }
    }

    /// Whether there is such a group.
    #[must_use]
    pub fn group_exists(&self, group: &GroupId) -> bool {
        self.groups().contains_key(group)
    }

    /// The messages of a stream, oldest first; of the whole group without one. Empty when there is none.
    #[must_use]
    pub fn messages(&self, group: &GroupId, stream: Option<&str>) -> Vec<String> {
        let groups = self.groups();
        let Some(group) = groups.get(group) else { return Vec::new() };
        let wanted = group.events.iter().filter(|event| stream.is_none_or(|name| *event.stream == *name));
        wanted.map(|event| event.message.to_string()).collect()
    }

    /// Creates a group.
    ///
    /// # Errors
    /// When it exists, or the endpoint keeps too many.
    pub fn create_group(&self, id: GroupId, tags: BTreeMap<String, String>) -> Result<(), LogsError> {
        let now_ms = self.now_ms();
        let mut groups = self.groups();
        if groups.contains_key(&id) {
            return Err(LogsError::GroupExists);
        }
        if groups.len() >= MAX_GROUPS {
            return Err(LogsError::TooManyGroups);
        }
        groups.insert(id, LogGroup::new(tags, now_ms));
        Ok(())
    }

    /// Deletes a group with everything in it.
    ///
    /// # Errors
    /// When there is none.
    pub fn delete_group(&self, id: &GroupId) -> Result<(), LogsError> {
        self.groups().remove(id).map(drop).ok_or(LogsError::GroupNotFound)
    }

    /// Creates a stream in a group.
    ///
    /// # Errors
    /// When the group is missing or the stream exists.
    pub fn create_stream(&self, group: &GroupId, stream: &str) -> Result<(), LogsError> {
        let now_ms = self.now_ms();
        let mut groups = self.groups();
        let group = groups.get_mut(group).ok_or(LogsError::GroupNotFound)?;
        if group.create_stream(stream, now_ms) { Ok(()) } else { Err(LogsError::StreamExists) }
    }

    /// Deletes a stream with its events.
    ///
    /// # Errors
    /// When group or stream is missing.
    pub fn delete_stream(&self, group: &GroupId, stream: &str) -> Result<(), LogsError> {
        let mut groups = self.groups();
        let group = groups.get_mut(group).ok_or(LogsError::GroupNotFound)?;
        if group.delete_stream(stream) { Ok(()) } else { Err(LogsError::StreamNotFound) }
    }
}
