//! What an alarm is.

use jiff::Timestamp;

use super::condition::Condition;
use super::rule::Rule;
use crate::cloudwatch::query::Queries;

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum State {
    InsufficientData,
    Alarm,
    Ok,
}

impl State {
    pub(in super::super) const ALL: [Self; 3] = [Self::InsufficientData, Self::Alarm, Self::Ok];

    /// As the API writes it.
    pub(in super::super) fn as_str(self) -> &'static str {
        match self {
            Self::InsufficientData => "INSUFFICIENT_DATA",
            Self::Alarm => "ALARM",
            Self::Ok => "OK",
        }
    }

    pub(in super::super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What an alarm would do, by ARN.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Actions {
    pub(in super::super) enabled: bool,
    pub(in super::super) ok: Vec<String>,
    pub(in super::super) alarm: Vec<String>,
    pub(in super::super) insufficient: Vec<String>,
}

/// An alarm over a metric or a formula.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct MetricAlarm {
    pub(in super::super) condition: Condition,
    /// What it reads; exactly one of them is returned.
    pub(in super::super) queries: Queries,
    /// Whether it was given as one metric, and not as a list of queries.
    pub(in super::super) is_single: bool,
    /// Given and given back.
    pub(in super::super) low_sample: Option<String>,
}

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Kind {
    Metric(Box<MetricAlarm>),
    /// Other alarms.
    Composite(Rule),
}

/// Why an alarm is in its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Reason {
    pub(in super::super) text: String,
    /// The same as JSON.
    pub(in super::super) data: Option<String>,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Alarm {
    pub(in super::super) name: String,
    pub(in super::super) description: Option<String>,
    pub(in super::super) actions: Actions,
    pub(in super::super) kind: Kind,
    pub(in super::super) state: State,
    pub(in super::super) reason: Reason,
    pub(in super::super) configured: Timestamp,
    /// When state or reason last changed.
    pub(in super::super) updated: Timestamp,
    /// When the state last changed.
    pub(in super::super) transitioned: Timestamp,
    pub(in super::super) tags: Vec<(String, String)>,
}

impl Alarm {
    /// A new alarm, which knows nothing yet.
    pub(in super::super) fn new(name: String, kind: Kind, now: Timestamp) -> Self {
        Self {
            name,
            description: None,
            actions: Actions::default(),
            kind,
            state: State::InsufficientData,
            reason: Reason { text: "Unchecked: Initial alarm creation".to_owned(), data: None },
            configured: now,
            updated: now,
            transitioned: now,
            tags: Vec::new(),
        }
    }

    pub(in super::super) fn is_composite(&self) -> bool {
        matches!(self.kind, Kind::Composite(_))
    }
}
