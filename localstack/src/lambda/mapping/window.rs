//! A tumbling window: a stretch of arrival time whose records are aggregated into one state, per shard.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::entry::Entry;

/// The largest state AWS carries from invocation to invocation. A larger one ends the window early.
pub(super) const MAX_STATE: usize = 1 << 20;

/// A window that has begun.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Window {
    /// Milliseconds since the epoch, a multiple of the length.
    pub(super) start: i64,
    /// Where the next one starts.
    pub(super) end: i64,
    /// What the function returned last.
    pub(super) state: Arc<Value>,
    /// The last record that was processed: what a failed final invocation is told by.
    pub(super) last: Option<Entry>,
}

impl Window {
    /// The window of this length a time falls into, with no state yet.
    pub(super) fn of(arrived: i64, length: i64) -> Self {
        let start = start_of(arrived, length);
        Self { start, end: start + length, state: Arc::new(Value::Object(Map::new())), last: None }
    }

    /// The window of the same length a time falls into, with no state yet.
    pub(super) fn anew(&self, arrived: i64) -> Self {
        Self::of(arrived, self.end - self.start)
    }

    /// Whether a record belongs here.
    pub(super) fn holds(&self, arrived: i64) -> bool {
        (self.start..self.end).contains(&arrived)
    }
}

fn start_of(arrived: i64, length: i64) -> i64 {
    arrived - arrived.rem_euclid(length.max(1))
}

/// What an invocation is told of its window.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pane {
    /// Start and end in milliseconds since the epoch.
    pub(crate) bounds: (i64, i64),
    /// What the invocation before returned.
    pub(crate) state: Arc<Value>,
    /// Whether no records are to come.
    pub(crate) is_final: bool,
    /// Whether that is because the state grew too large.
    pub(crate) is_early: bool,
}
