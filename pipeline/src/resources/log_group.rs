//! CloudWatch Logs groups: made before their writers, so that we and not the service own the retention.

use serde::{Deserialize, Serialize};

use super::tags::TagMap;
use super::{Difference, Facts, Properties, Readiness};

/// What is wanted of a log group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGroupSpec {
    /// How long lines are kept, in days.
    pub retention_days: u32,
    /// Log streams that have to exist because their writer may not create them.
    ///
    /// They are not observed, which would cost a call each: the retention is set after them, so a group
    /// without a retention is one whose streams may be missing.
    pub streams: Vec<String>,
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogGroupState {
    /// How long lines are kept; `None` is for ever.
    pub retention_days: Option<u32>,
}

/// One mutation of a log group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogGroupChange {
    /// Creates a log stream in it; one that exists is fine.
    Stream(String),
    /// Keeps lines this many days.
    Retention(u32),
}

impl Properties for LogGroupSpec {
    type State = LogGroupState;
    type Change = LogGroupChange;

    fn created(&self) -> LogGroupState {
        LogGroupState { retention_days: None }
    }

    fn compare(&self, state: &LogGroupState, _tags: &TagMap) -> Difference<LogGroupChange> {
        let mut difference = Difference::default();
        let days = |days: &u32| format!("{days}d");
        if difference.note("retention", state.retention_days, Some(self.retention_days), days) {
            if state.retention_days.is_none() {
                difference.changes.extend(self.streams.iter().cloned().map(LogGroupChange::Stream));
            }
            difference.changes.push(LogGroupChange::Retention(self.retention_days));
        }
        difference
    }
}

impl Facts for LogGroupState {
    fn readiness(&self) -> Readiness {
        Readiness::Ready
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let kept = self.retention_days.map_or("for ever".to_owned(), |days| format!("{days} days"));
        vec![("kept", kept)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_group_gets_its_streams_before_its_retention() {
        let spec = LogGroupSpec { retention_days: 14, streams: vec!["DestinationDelivery".into()] };
        let after_create = spec.compare(&spec.created(), &TagMap::new());
        assert_eq!(
            after_create.changes,
            [LogGroupChange::Stream("DestinationDelivery".into()), LogGroupChange::Retention(14)]
        );
    }

    #[test]
    fn a_changed_retention_is_one_change() {
        let spec = LogGroupSpec { retention_days: 14, streams: vec!["s".into()] };
        let difference = spec.compare(&LogGroupState { retention_days: Some(30) }, &TagMap::new());
        assert_eq!(difference.changes, [LogGroupChange::Retention(14)]);
        assert_eq!(difference.properties[0].before.as_deref(), Some("30d"));
    }
}
