//! A tumbling window: a stretch of arrival time whose records are aggregated into one state, per shard.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::entry::Entry;

/// The largest state AWS carries from invocation to invocation. A larger one ends the window early.
pub(super) const MAX_STATE: usize = 1 << 20;

/// What a function wants carried on to its next invocation: JSON, kept as it was written, digit by digit.
#[derive(Clone, Debug)]
pub(crate) struct WindowState(Arc<RawValue>);

impl WindowState {
    /// What the function returned.
    pub(super) fn of(returned: &RawValue) -> Self {
        Self(returned.to_owned().into())
    }

    /// Reads it back; nothing if the text is no JSON.
    pub(super) fn read(text: String) -> Option<Self> {
        RawValue::from_string(text).ok().map(|state| Self(state.into()))
    }

    /// As the function wrote it.
    pub(super) fn text(&self) -> &str {
        self.0.get()
    }
}

/// That of a window that begins: `{}`.
impl Default for WindowState {
    fn default() -> Self {
        Self(RawValue::from_string("{}".to_owned()).unwrap_or_default().into())
    }
}

impl Serialize for WindowState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl PartialEq for WindowState {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

/// A window that has begun.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Window {
    /// Milliseconds since the epoch, a multiple of the length.
    pub(super) start: i64,
    /// Where the next one starts.
    pub(super) end: i64,
    /// What the function returned last.
    pub(super) state: WindowState,
    /// The last record that was processed: what a failed final invocation is told by.
    pub(super) last: Option<Entry>,
}

impl Window {
    /// The window of this length a time falls into, with no state yet.
    pub(super) fn of(arrived: i64, length: i64) -> Self {
        let start = start_of(arrived, length);
        Self { start, end: start + length, state: WindowState::default(), last: None }
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
    pub(crate) state: WindowState,
    /// Whether no records are to come.
    pub(crate) is_final: bool,
    /// Whether that is because the state grew too large.
    pub(crate) is_early: bool,
}
