//! One log event, as it arrives and as it is kept.

use std::sync::Arc;

/// An event as a writer hands it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvent {
    /// When it happened, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// The line, without limits on its characters.
    pub message: String,
}

/// An event as a group keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Position in the group: grows by one for each event, never reused.
    pub sequence: u64,
    /// The stream it was written to.
    pub stream: Arc<str>,
    /// When it happened, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// When it was accepted, in milliseconds since 1970.
    pub ingested_ms: i64,
    /// The line.
    pub message: Arc<str>,
}

impl StoredEvent {
    /// What AWS adds to the length of a message when it accounts for storage.
    const OVERHEAD: usize = 26;

    /// The bytes this event counts for: its UTF-8 length and 26 more, as AWS bills it.
    #[must_use]
    pub fn size(&self) -> usize {
        self.message.len() + Self::OVERHEAD
    }

    /// The identifier `FilterLogEvents` reports. AWS's is 56 decimal digits; only its order and uniqueness matter.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{:056}", self.sequence)
    }
}
