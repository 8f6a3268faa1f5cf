//! A mapping on a real stream, its function a closure, its time a number.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use pipectl_shards::{HashKey, ShardId};
use serde_json::Value;

use super::super::adapters::StreamSource;
use super::super::image::written_and_read;
use super::super::lane::Verdict;
use super::super::poller::{Action, LaneId, Moment, Poller};
use super::super::ports::{Answer, Outcome, Source};
use super::super::settings::{Settings, Start};
use super::super::work::{Condition, Discarded, Work};
use super::{envelope, settings};
use crate::Limits;
use crate::kinesis::{Stream, StreamArn, StreamSettings, Terms};

pub(super) const BEGIN: i64 = 1_700_000_000_000;

/// How long it waits for a shard that gives nothing for now.
const HELD_BACK: i64 = 100;

/// A stream whose changes take no time.
pub(super) fn stream(shards: u32, limits: Limits) -> Arc<Stream> {
    let arn = StreamArn::new("us-east-2", "123456789012", "lambda-stream");
    let begin = Timestamp::from_millisecond(BEGIN).unwrap();
    let settings = StreamSettings::provisioned(NonZeroU32::new(shards).unwrap());
    let terms = Terms { timings: crate::Timings::all(Duration::ZERO), limits, ..Terms::default() };
    Arc::new(Stream::new(arn, settings, begin, terms))
}

pub(super) fn put(stream: &Stream, key: &str, data: impl Into<Bytes>, now: i64) {
    let record = (HashKey::of_partition_key(key), key.into(), data.into());
    let outcomes = stream.put(vec![record], Timestamp::from_millisecond(now).unwrap()).unwrap();
    assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
}

/// The data of each record.
pub(super) fn texts(work: &Work) -> Vec<String> {
    work.entries.iter().map(|entry| String::from_utf8_lossy(&entry.data).into_owned()).collect()
}

/// The state of its window.
pub(super) fn state(work: &Work) -> Value {
    serde_json::from_str(work.pane.as_ref().unwrap().state.text()).unwrap()
}

pub(super) fn answer(function_error: Option<&'static str>) -> Answer {
    Answer { request_id: "id".to_owned(), version: "$LATEST".to_owned(), function_error }
}

pub(super) fn returned(payload: &Value) -> Outcome {
    Outcome::Returned { payload: payload.to_string().into(), answer: answer(None) }
}

pub(super) fn done() -> Outcome {
    returned(&Value::Null)
}

pub(super) fn failed() -> Outcome {
    Outcome::Failed(answer(Some("Unhandled")))
}

pub(super) fn throttled() -> Outcome {
    Outcome::NotReached("Rate Exceeded.".to_owned())
}

/// The answer that reports these records as failed.
pub(super) fn items_failed(work: &Work, data: &[&str]) -> Outcome {
    let is_named = |text: &[u8]| data.iter().any(|data| data.as_bytes() == text);
    let items: Vec<Value> = work
        .entries
        .iter()
        .filter(|entry| is_named(&entry.data))
        .map(|entry| serde_json::json!({ "itemIdentifier": &*entry.number }))
        .collect();
    returned(&serde_json::json!({ "batchItemFailures": items }))
}

/// What happened.
#[derive(Debug, Default)]
pub(super) struct History {
    /// When the function was invoked, in milliseconds from the begin, and with what.
    pub(super) invoked: Vec<(i64, Work)>,
    pub(super) discarded: Vec<Discarded>,
    /// The shards of what was invoked, and of what was discarded.
    pub(super) shards: (Vec<ShardId>, Vec<ShardId>),
    pub(super) verdicts: Vec<Verdict>,
    pub(super) filtered: usize,
}

impl History {
    /// The batches, each as the data of its records with spaces between.
    pub(super) fn batches(&self) -> Vec<String> {
        self.invoked.iter().map(|(_, work)| texts(work).join(" ")).collect()
    }

    pub(super) fn given_up(&self) -> Vec<(String, Condition, u32)> {
        self.discarded.iter().map(|d| (texts(&d.work).join(" "), d.condition, d.invocations)).collect()
    }
}

/// A mapping that reads from the trim horizon.
pub(super) struct Sim {
    pub(super) stream: Arc<Stream>,
    pub(super) settings: Settings,
    pub(super) now: i64,
    pub(super) history: History,
    pub(super) flights: Vec<(LaneId, Work)>,
    /// Whether a shard gives nothing for now.
    is_held_back: bool,
    source: StreamSource,
    poller: Poller,
}

impl Sim {
    pub(super) fn new(shards: u32, change: impl FnOnce(&mut Settings)) -> Self {
        Self::with(Limits::Off, shards, change)
    }

    /// With the throughput of shards enforced, or not.
    pub(super) fn with(limits: Limits, shards: u32, change: impl FnOnce(&mut Settings)) -> Self {
        let stream = stream(shards, limits);
        let mut settings = settings();
        change(&mut settings);
        let mut source = StreamSource::of(Arc::clone(&stream));
        source.open(BEGIN).unwrap();
        let shards = source.begin(Start::TrimHorizon, BEGIN);
        let poller = Poller::new(shards, i64::MIN, &settings);
        Self {
            stream,
            settings,
            now: BEGIN,
            history: History::default(),
            flights: Vec::new(),
            is_held_back: false,
            source,
            poller,
        }
    }

    /// Ends the run and begins another: invocations under way are forgotten.
    pub(super) fn restart(&mut self) {
        self.flights.clear();
        let opened = self.source.open(self.now).unwrap();
        let checkpoint = written_and_read(&self.poller.checkpoint(opened.born));
        self.poller = Poller::resume(checkpoint.of(&opened).unwrap(), i64::MIN, &self.settings);
    }

    /// Puts records of one key with this data.
    pub(super) fn put(&mut self, key: &str, data: &[&str]) {
        for data in data {
            put(&self.stream, key, data.as_bytes().to_vec(), self.now);
        }
    }

    pub(super) fn timestamp(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now).unwrap()
    }

    /// Reads and begins what is due now. Invocations wait in `flights`.
    pub(super) fn turn(&mut self) -> bool {
        let mut is_busy = false;
        let horizon = self.source.horizon(self.now);
        let settings = self.settings.clone();
        let at = Moment { now: self.now, horizon, settings: &settings, frame: envelope().frame() };
        self.poller.news();
        loop {
            let mut has_read = false;
            self.is_held_back = false;
            for want in self.poller.wants(&at) {
                if !self.source.is_ready(want.shard, self.now) {
                    self.is_held_back = true;
                    self.poller.hold_back(want.shard);
                    continue;
                }
                has_read = true;
                let part = self.source.read(want, self.now).unwrap();
                let supplied = self.poller.supply(want.shard, part, &envelope(), &at);
                self.history.filtered += supplied.filtered;
            }
            let actions = self.poller.due(&at);
            if !has_read && actions.is_empty() {
                return is_busy;
            }
            is_busy |= !actions.is_empty();
            for action in actions {
                match action {
                    Action::Invoke(lane, work) => {
                        self.history.invoked.push((self.now - BEGIN, work.clone()));
                        self.history.shards.0.push(lane.shard);
                        self.flights.push((lane, work));
                    }
                    Action::Discard(shard, discarded) => {
                        self.history.discarded.push(discarded);
                        self.history.shards.1.push(shard);
                    }
                }
            }
        }
    }

    /// Ends one invocation.
    pub(super) fn land(&mut self, flight: usize, outcome: Outcome) {
        let (lane, _) = self.flights.remove(flight);
        let horizon = self.source.horizon(self.now);
        let settings = self.settings.clone();
        let at = Moment { now: self.now, horizon, settings: &settings, frame: envelope().frame() };
        let (verdict, discarded) = self.poller.finish(lane, outcome, &at).unwrap();
        self.history.verdicts.push(verdict);
        if let Some(discarded) = discarded {
            self.history.discarded.push(discarded);
            self.history.shards.1.push(lane.shard);
        }
    }

    /// When to look again. Nothing was to be done before this was asked.
    pub(super) fn wake(&self) -> Option<i64> {
        let horizon = self.source.horizon(self.now);
        let at = Moment { now: self.now, horizon, settings: &self.settings, frame: envelope().frame() };
        let wake = self.poller.wake(&at);
        assert!(wake.is_none_or(|wake| wake > self.now), "time stands still");
        let held_back = self.is_held_back.then_some(self.now + HELD_BACK);
        [wake, held_back].into_iter().flatten().min()
    }

    /// Others read so much of a shard.
    pub(super) fn others_read(&self, shard: ShardId, bytes: usize) {
        self.stream.with(self.timestamp(), |state| {
            state.log_mut(shard).unwrap().reads.charge(bytes, self.now);
        });
    }

    /// Runs until `millis` after the begin, each invocation ending at once as `function` says.
    pub(super) fn run_until(&mut self, millis: i64, mut function: impl FnMut(&Work) -> Outcome) -> &History {
        let end = BEGIN + millis;
        loop {
            self.turn();
            while let Some((_, work)) = self.flights.first() {
                let outcome = function(work);
                self.land(0, outcome);
            }
            if self.turn() || !self.flights.is_empty() {
                continue;
            }
            match self.wake().filter(|wake| *wake <= end) {
                Some(wake) => self.now = wake,
                None if self.now < end => self.now = end,
                None => return &self.history,
            }
        }
    }
}
