//! Event source mappings: a function reads a stream. Everything but the stream, the consumer and the place to
//! begin at is updated in place; those make it be deleted and created again, in this order, as AWS allows one
//! mapping of a function and a stream.
//!
//! AWS names mappings by an id of its own. Ours goes by its function's name: a function of ours reads one stream.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tags::TagMap;
use super::{Difference, Facts, Properties, Readiness};

/// What is wanted of a mapping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MappingSpec {
    /// What it reads.
    pub source: MappingSource,
    /// Where it begins.
    pub start: StartingPosition,
    /// What can be changed.
    pub settings: MappingSettings,
}

/// What a mapping reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingSource {
    /// The stream's ARN.
    pub stream_arn: String,
    /// The name of the enhanced fan-out consumer that it reads by. Its ARN, which holds the time of its
    /// registration, is known only once it is there.
    pub consumer: Option<String>,
}

/// Where a mapping begins to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartingPosition {
    /// With what comes from then on.
    Latest,
    /// With the oldest record.
    TrimHorizon,
    /// With what arrived from then on.
    At(Timestamp),
}

/// What can be changed of a mapping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MappingSettings {
    /// Most records of a batch.
    pub batch_size: u32,
    /// How long records are gathered.
    pub window_seconds: u32,
    /// Batches of one shard at a time.
    pub parallel: u32,
    /// Length of the tumbling windows; 0 is none.
    pub tumbling_seconds: u32,
    /// Tries after the first; `None` is without limit.
    pub retries: Option<u32>,
    /// Older records are given up; `None` is never.
    pub max_age_seconds: Option<u32>,
    /// Whether a failed batch is halved.
    pub bisect: bool,
    /// Whether the function's answer names the records that failed.
    pub partial: bool,
    /// ARN of what is told of records that were given up.
    pub on_failure: Option<String>,
    /// Patterns of which a record has to match one.
    pub filters: Vec<Value>,
    /// Whether it reads.
    pub enabled: bool,
}

/// What is there.
#[derive(Clone, Debug, PartialEq)]
pub struct MappingState {
    /// Creating, Enabling, Enabled, Disabling, Disabled, Updating or Deleting.
    pub status: String,
    /// How its last look at the stream ended: `OK`, `No records processed`, `PROBLEM: …`.
    pub last_result: String,
    /// What it reads.
    pub source: MappingSource,
    /// Whether the consumer that it reads by is no more.
    pub consumer_gone: bool,
    /// Where it began; `None` when AWS does not say.
    pub start: Option<StartingPosition>,
    /// What can be changed.
    pub settings: MappingSettings,
    /// When it was made, or changed last; `None` is not known.
    pub modified: Option<Timestamp>,
}

/// One mutation of a mapping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MappingChange {
    /// Sets everything that can be changed, resets included.
    Settings(Box<MappingSettings>),
}

impl Properties for MappingSpec {
    type State = MappingState;
    type Change = MappingChange;

    fn created(&self) -> MappingState {
        MappingState {
            status: if self.settings.enabled { "Enabled" } else { "Disabled" }.to_owned(),
            last_result: String::new(),
            source: self.source.clone(),
            consumer_gone: false,
            start: Some(self.start),
            settings: self.settings.clone(),
            modified: None,
        }
    }

    fn compare(&self, state: &MappingState, _tags: &TagMap) -> Difference<MappingChange> {
        let mut difference = Difference::default();
        if difference.note("from", Some(&state.source), Some(&self.source), |source| shown_source(source)) {
            difference.replace = Some(format!(
                "Lambda cannot change what a mapping reads; the new one begins at {}",
                shown_start(&self.start)
            ));
        } else if state.consumer_gone {
            difference.replace = Some("the fan-out consumer that it read by is gone".to_owned());
        }
        if let Some(start) = state.start
            && difference.note("start", Some(start), Some(self.start), shown_start)
        {
            let reason = match self.start {
                StartingPosition::Latest => "what comes while it is away is not read",
                StartingPosition::TrimHorizon | StartingPosition::At(_) => "records are read again",
            };
            difference.replace =
                Some(format!("Lambda cannot change where a mapping begins, so it begins anew: {reason}"));
        }
        let differ = self.settings.note_changes(&state.settings, &mut difference);
        if differ && difference.replace.is_none() {
            difference.changes.push(MappingChange::Settings(Box::new(self.settings.clone())));
        }
        difference
    }
}

impl MappingSettings {
    /// Notes what differs from `there`, and says whether anything does.
    fn note_changes(&self, there: &MappingSettings, difference: &mut Difference<MappingChange>) -> bool {
        let before = difference.properties.len();
        let number = u32::to_string;
        let seconds = |seconds: &u32| format!("{seconds}s");
        difference.note("batch.size", Some(there.batch_size), Some(self.batch_size), number);
        difference.note("batch.window", Some(there.window_seconds), Some(self.window_seconds), seconds);
        difference.note("batch.parallel", Some(there.parallel), Some(self.parallel), number);
        difference.note("batch.tumbling", Some(there.tumbling_seconds), Some(self.tumbling_seconds), seconds);
        let tries = |tries: &Option<u32>| tries.map_or("until-expired".to_owned(), |tries| tries.to_string());
        difference.note("failures.retries", Some(there.retries), Some(self.retries), tries);
        difference.note("failures.age", there.max_age_seconds, self.max_age_seconds, seconds);
        difference.note("failures.bisect", Some(there.bisect), Some(self.bisect), bool::to_string);
        difference.note("failures.partial", Some(there.partial), Some(self.partial), bool::to_string);
        difference.note("failures.to", there.on_failure.clone(), self.on_failure.clone(), String::clone);
        let patterns =
            |filters: &Vec<Value>| filters.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
        let some = |filters: &Vec<Value>| (!filters.is_empty()).then(|| filters.clone());
        difference.note("filters", some(&there.filters), some(&self.filters), patterns);
        difference.note("enabled", Some(there.enabled), Some(self.enabled), bool::to_string);
        difference.properties.len() > before
    }
}

fn shown_source(source: &MappingSource) -> String {
    let stream = source.stream_arn.rsplit('/').next().unwrap_or_default();
    match &source.consumer {
        Some(consumer) => format!("{stream} (fan-out, {consumer})"),
        None => stream.to_owned(),
    }
}

pub(crate) fn shown_start(start: &StartingPosition) -> String {
    match start {
        StartingPosition::Latest => "latest".to_owned(),
        StartingPosition::TrimHorizon => "oldest".to_owned(),
        StartingPosition::At(at) => at.to_string(),
    }
}

impl MappingState {
    /// Whether its last look was for a stream that is no more.
    #[must_use]
    pub fn has_lost_its_stream(&self) -> bool {
        self.trouble().is_some_and(|result| result.to_lowercase().contains("stream not found"))
    }
}

impl Facts for MappingState {
    fn trouble(&self) -> Option<String> {
        let failing = self.settings.enabled && self.last_result.starts_with("PROBLEM");
        failing.then(|| self.last_result.clone())
    }

    fn readiness(&self) -> Readiness {
        match self.status.as_str() {
            "Enabled" | "Disabled" => Readiness::Ready,
            "Deleting" => Readiness::Leaving,
            "Creating" => Readiness::Creating("Enabled (now Creating)".to_owned()),
            other => Readiness::Pending(format!("Enabled or Disabled (now {other})")),
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("from", shown_source(&self.source))];
        if !self.settings.enabled {
            facts.push(("reading", "switched off".to_owned()));
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> MappingSpec {
        MappingSpec {
            source: MappingSource { stream_arn: "arn:s/events".into(), consumer: None },
            start: StartingPosition::Latest,
            settings: MappingSettings {
                batch_size: 100,
                window_seconds: 0,
                parallel: 1,
                tumbling_seconds: 0,
                retries: None,
                max_age_seconds: None,
                bisect: true,
                partial: false,
                on_failure: None,
                filters: Vec::new(),
                enabled: true,
            },
        }
    }

    fn compare(wanted: &MappingSpec, there: &MappingState) -> Difference<MappingChange> {
        wanted.compare(there, &TagMap::new())
    }

    #[test]
    fn what_was_created_as_wanted_is_no_difference() {
        assert!(compare(&spec(), &spec().created()).is_empty());
    }

    #[test]
    fn settings_are_changed_in_place_by_one_call() {
        let mut wanted = spec();
        wanted.settings.batch_size = 500;
        wanted.settings.retries = Some(3);
        let difference = compare(&wanted, &spec().created());
        assert_eq!(difference.replace, None);
        assert_eq!(difference.changes, [MappingChange::Settings(Box::new(wanted.settings))]);
        assert_eq!(difference.properties.len(), 2);
    }

    #[test]
    fn another_stream_consumer_or_beginning_replaces_with_the_reason() {
        let there = spec().created();
        let mut wanted = spec();
        wanted.source.consumer = Some("own".into());
        assert!(compare(&wanted, &there).replace.is_some_and(|why| why.contains("what a mapping reads")));
        let wanted = MappingSpec { start: StartingPosition::TrimHorizon, ..spec() };
        let difference = compare(&wanted, &there);
        assert!(difference.replace.is_some_and(|why| why.contains("read again")));
        assert_eq!(difference.changes, []);
        let gone = MappingState { consumer_gone: true, ..there };
        assert!(compare(&spec(), &gone).replace.is_some());
    }

    #[test]
    fn where_it_began_is_no_difference_when_aws_does_not_say() {
        let there = MappingState { start: None, ..spec().created() };
        assert!(compare(&MappingSpec { start: StartingPosition::TrimHorizon, ..spec() }, &there).is_empty());
    }
}
