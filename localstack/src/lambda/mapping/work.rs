//! What a lane asks for: an invocation with some records, or that records are given up.

use super::entry::Entry;
use super::ports::Answer;
use super::settings::Settings;
use super::window::Pane;

/// What the function is to be invoked with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Work {
    /// The records; none when a window is closed.
    pub(crate) entries: Vec<Entry>,
    /// The window, where there are windows.
    pub(crate) pane: Option<Pane>,
}

/// Why records were given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The function failed as often as it may.
    RetryAttemptsExhausted,
    /// They are older than the mapping or the stream's retention allows.
    RecordAgeExceeded,
    /// A record that fits into no event (?): AWS documents that it goes to the destination, not by what name.
    RecordTooLarge,
}

impl Condition {
    /// As the record of the failure names it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Self::RecordAgeExceeded => "RecordAgeExceeded",
            Self::RecordTooLarge => "RecordTooLarge",
        }
    }
}

/// Records that were given up. For the end of a window that failed: none, and the last record that was processed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Discarded {
    /// The records.
    pub(crate) work: Work,
    /// The last record of the window whose end failed.
    pub(crate) window_last: Option<Entry>,
    /// Why.
    pub(crate) condition: Condition,
    /// How often the function was invoked with them.
    pub(crate) invocations: u32,
    /// What the last invocation came to.
    pub(crate) answer: Option<Answer>,
}

impl Discarded {
    /// Whether it was the stream, not the mapping, that kept the records no longer.
    pub(super) fn has_expired(&self, settings: &Settings) -> bool {
        self.condition == Condition::RecordAgeExceeded && settings.max_age_s.is_none()
    }
}
