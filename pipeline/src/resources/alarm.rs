//! CloudWatch alarms on one metric each. One call sets all of an alarm, so that every change is in place.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::tags::TagMap;
use super::{Difference, Facts, Properties, Readiness};

/// What is wanted of an alarm: over so many of the last minutes, a metric beyond a threshold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmSpec {
    /// What it means, and what to do, for whoever is woken by it.
    pub description: String,
    /// The metric's namespace.
    pub namespace: String,
    /// The metric's name.
    pub metric: String,
    /// Its one dimension, as name and value.
    pub dimension: (String, String),
    /// Sum, Maximum, Minimum or Average of a minute.
    pub statistic: String,
    /// Beyond this it goes off.
    pub threshold: u32,
    /// Whether beyond is above; else it is below.
    pub above: bool,
    /// How many minutes are looked at.
    pub minutes: u32,
    /// In how many of them the metric has to be beyond.
    pub breaching: u32,
    /// ARNs of the topics that are told.
    pub topics: BTreeSet<String>,
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmState {
    /// What it looks at, in the same words; `None` when that is nothing that we set.
    pub looks_at: Option<AlarmSpec>,
    /// OK, ALARM or INSUFFICIENT_DATA.
    pub value: String,
    /// Why.
    pub reason: String,
}

/// One mutation of an alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmChange {
    /// Sets all of it.
    Put(Box<AlarmSpec>),
}

impl Properties for AlarmSpec {
    type State = AlarmState;
    type Change = AlarmChange;

    fn created(&self) -> AlarmState {
        AlarmState {
            looks_at: Some(self.clone()),
            value: "INSUFFICIENT_DATA".to_owned(),
            reason: String::new(),
        }
    }

    fn compare(&self, state: &AlarmState, _tags: &TagMap) -> Difference<AlarmChange> {
        let mut difference = Difference::default();
        match &state.looks_at {
            None => {
                difference.note(
                    "metric",
                    Some("another kind of alarm".to_owned()),
                    Some(self.shown()),
                    String::clone,
                );
            }
            Some(there) => {
                difference.note("metric", Some(there.shown()), Some(self.shown()), String::clone);
                let (said, says) = (there.description.clone(), self.description.clone());
                difference.note("description", Some(said), Some(says), String::clone);
                let topics = |side: &AlarmSpec| {
                    let listed: Vec<&str> = side.topics.iter().map(String::as_str).collect();
                    (!listed.is_empty()).then(|| listed.join(", "))
                };
                difference.note("to", topics(there), topics(self), String::clone);
            }
        }
        if !difference.properties.is_empty() {
            difference.changes.push(AlarmChange::Put(Box::new(self.clone())));
        }
        difference
    }
}

impl AlarmSpec {
    /// When it goes off, in one line.
    #[must_use]
    pub fn shown(&self) -> String {
        let Self { metric, statistic, threshold, breaching, minutes, .. } = self;
        let sign = if self.above { ">" } else { "<" };
        let (name, value) = &self.dimension;
        let of = format!("{}/{metric} of {name} {value}", self.namespace);
        format!("{} {of} {sign} {threshold}, {breaching} of {minutes} minutes", statistic.to_lowercase())
    }
}

impl Facts for AlarmState {
    fn readiness(&self) -> Readiness {
        Readiness::Ready
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("state", self.value.clone())];
        if self.value == "ALARM" {
            facts.push(("because", self.reason.clone()));
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> AlarmSpec {
        AlarmSpec {
            description: "d".into(),
            namespace: "AWS/Lambda".into(),
            metric: "Errors".into(),
            dimension: ("FunctionName".into(), "p-f".into()),
            statistic: "Sum".into(),
            threshold: 0,
            above: true,
            minutes: 5,
            breaching: 3,
            topics: BTreeSet::new(),
        }
    }

    #[test]
    fn any_difference_is_one_call_in_place() {
        assert!(spec().compare(&spec().created(), &TagMap::new()).is_empty());
        let wanted = AlarmSpec { threshold: 5, topics: BTreeSet::from(["arn:sns".to_owned()]), ..spec() };
        let difference = wanted.compare(&spec().created(), &TagMap::new());
        assert_eq!(difference.properties.len(), 2);
        assert_eq!(difference.changes, [AlarmChange::Put(Box::new(wanted))]);
    }

    #[test]
    fn whether_it_is_off_or_on_is_no_difference() {
        let ringing = AlarmState { value: "ALARM".into(), ..spec().created() };
        assert!(spec().compare(&ringing, &TagMap::new()).is_empty());
    }
}
