//! A stream with AWS's rules, and a ledger in memory, that can fail at any call.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use pipectl_shards::{HashKeyRange, Lineage, Shard};

use crate::execute::{
    Call, CallError, CallErrorKind, Consumer, Description, Ledger, LedgerError, OpenShard, Quota, Status,
    StreamControl, StreamName, Terms, Version,
};

/// What becomes of a call that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Carried out and answered.
    Done,
    /// Carried out, and the answer is lost.
    Unanswered,
    /// Not carried out.
    Refused(CallErrorKind),
    /// The process dies before the call.
    DiesBefore,
    /// The process dies when the call is made.
    DiesAfter,
}

/// The time, as the whole test has it.
#[derive(Debug)]
pub(crate) struct Time(Mutex<Timestamp>);

impl Time {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Timestamp::from_second(1_800_000_000).unwrap()))
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    pub(crate) fn pass(&self, time: Duration) {
        *self.0.lock().unwrap() += SignedDuration::try_from(time).unwrap();
    }
}

/// The stream.
pub(crate) struct FakeStream {
    pub(crate) time: std::sync::Arc<Time>,
    pub(crate) quota: u32,
    pub(crate) terms: Terms,
    state: Mutex<State>,
}

struct State {
    lineage: Lineage,
    busy_until: Option<(Timestamp, Lineage)>,
    updates: VecDeque<Timestamp>,
    fates: VecDeque<Fate>,
    /// What was carried out.
    made: Vec<Call>,
    /// What AWS would have refused, had it been let through.
    illegal: Vec<String>,
    is_dead: bool,
}

impl FakeStream {
    pub(crate) fn new(time: std::sync::Arc<Time>, shards: u32) -> Self {
        let state = State {
            lineage: Lineage::uniform(NonZeroU32::new(shards).unwrap()),
            busy_until: None,
            updates: VecDeque::new(),
            fates: VecDeque::new(),
            made: Vec::new(),
            illegal: Vec::new(),
            is_dead: false,
        };
        Self { time, quota: 20_000, terms: Terms::default(), state: Mutex::new(state) }
    }

    /// What becomes of the next calls.
    pub(crate) fn fates(&self, fates: impl IntoIterator<Item = Fate>) {
        self.state.lock().unwrap().fates = fates.into_iter().collect();
    }

    /// Splits and merges as a stranger would, at once.
    pub(crate) fn meddle(&self, change: impl FnOnce(&mut Lineage)) {
        let mut state = self.state.lock().unwrap();
        change(&mut state.lineage);
    }

    pub(crate) fn made(&self) -> Vec<Call> {
        self.state.lock().unwrap().made.clone()
    }

    pub(crate) fn illegal(&self) -> Vec<String> {
        self.state.lock().unwrap().illegal.clone()
    }

    /// Whether a fate has killed the process, since this was asked last.
    pub(crate) fn has_died(&self) -> bool {
        std::mem::take(&mut self.state.lock().unwrap().is_dead)
    }

    pub(crate) fn open(&self) -> Vec<OpenShard> {
        let mut state = self.state.lock().unwrap();
        state.settle(self.time.now());
        let open = |shard: &Shard| OpenShard { id: shard.id, range: shard.range };
        state.lineage.open().map(open).collect()
    }

    fn error(kind: CallErrorKind, message: &str) -> CallError {
        CallError { kind, action: "kinesis:Fake", message: message.to_owned() }
    }
}

impl State {
    fn settle(&mut self, now: Timestamp) {
        if let Some((_, lineage)) = self.busy_until.take_if(|(until, _)| *until <= now) {
            self.lineage = lineage;
        }
    }

    fn carry_out(
        &mut self,
        call: &Call,
        now: Timestamp,
        (terms, quota): (Terms, u32),
    ) -> Result<(), CallError> {
        if self.busy_until.is_some() {
            return Err(FakeStream::error(CallErrorKind::Busy, "UPDATING"));
        }
        let mut next = self.lineage.clone();
        let open = u32::try_from(next.open().count()).unwrap();
        let takes = match *call {
            Call::UpdateShardCount(target) => {
                let count = target.get();
                while self
                    .updates
                    .front()
                    .is_some_and(|at| now.duration_since(*at) >= SignedDuration::from_hours(24))
                {
                    self.updates.pop_front();
                }
                if count > open * 2 || count * 2 < open || count > quota {
                    return Err(self.illegal(&format!("from {open}: {call}")));
                }
                if self.updates.len() >= 10 {
                    return Err(FakeStream::error(CallErrorKind::DaySpent, "ten in 24 hours"));
                }
                self.updates.push_back(now);
                next = Lineage::uniform(target);
                terms.update
            }
            Call::Split { shard, at } => {
                let range = next.shard(shard).map(|shard| shard.range);
                let legal = range.is_some_and(|range| at.0 > range.start().0 + 1 && at < range.end());
                if !legal || next.split(shard, at).is_err() || open + 1 > quota {
                    return Err(self.illegal(&call.to_string()));
                }
                terms.serial
            }
            Call::Merge { left, right } => {
                if next.merge(left, right).is_err() {
                    return Err(self.illegal(&call.to_string()));
                }
                terms.serial
            }
        };
        self.made.push(*call);
        self.busy_until = Some((now + SignedDuration::try_from(takes).unwrap(), next));
        Ok(())
    }

    fn illegal(&mut self, what: &str) -> CallError {
        self.illegal.push(what.to_owned());
        FakeStream::error(CallErrorKind::Refused, what)
    }
}

#[async_trait]
impl StreamControl for FakeStream {
    async fn describe(&self, _stream: &StreamName) -> Result<Description, CallError> {
        let mut state = self.state.lock().unwrap();
        state.settle(self.time.now());
        Ok(Description {
            status: if state.busy_until.is_some() { Status::Updating } else { Status::Active },
            on_demand: false,
            open_shards: u32::try_from(state.lineage.open().count()).unwrap(),
            shard_metrics: false,
            consumers: 0,
            retention_hours: 24,
        })
    }

    async fn open_shards(&self, _stream: &StreamName) -> Result<Vec<OpenShard>, CallError> {
        Ok(self.open())
    }

    async fn consumers(&self, _stream: &StreamName) -> Result<Vec<Consumer>, CallError> {
        Ok(Vec::new())
    }

    async fn quota(&self) -> Result<Quota, CallError> {
        let open = u32::try_from(self.open().len()).unwrap();
        Ok(Quota { limit: self.quota, open })
    }

    async fn reshard(&self, _stream: &StreamName, call: &Call) -> Result<(), CallError> {
        {
            let mut state = self.state.lock().unwrap();
            let now = self.time.now();
            state.settle(now);
            match state.fates.pop_front().unwrap_or(Fate::Done) {
                Fate::Done => return state.carry_out(call, now, (self.terms, self.quota)),
                Fate::Unanswered => {
                    let _ = state.carry_out(call, now, (self.terms, self.quota));
                    return Err(Self::error(CallErrorKind::Unknown, "the answer was lost"));
                }
                Fate::Refused(kind) => return Err(Self::error(kind, "refused")),
                fate @ (Fate::DiesBefore | Fate::DiesAfter) => {
                    if fate == Fate::DiesAfter {
                        let _ = state.carry_out(call, now, (self.terms, self.quota));
                    }
                    state.is_dead = true;
                }
            }
        }
        // A dead process gets no answer: whoever drives it drops it.
        std::future::pending().await
    }
}

/// Documents in memory.
#[derive(Default)]
pub(crate) struct MemoryLedger {
    documents: Mutex<HashMap<String, (Vec<u8>, u64)>>,
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn read(&self, stream: &StreamName) -> Result<Option<(Vec<u8>, Version)>, LedgerError> {
        let documents = self.documents.lock().unwrap();
        Ok(documents
            .get(stream.as_str())
            .map(|(bytes, version)| (bytes.clone(), Version(version.to_string()))))
    }

    async fn write(
        &self,
        stream: &StreamName,
        content: &[u8],
        over: Option<&Version>,
    ) -> Result<Version, LedgerError> {
        let mut documents = self.documents.lock().unwrap();
        let there = documents.get(stream.as_str()).map(|(_, version)| Version(version.to_string()));
        if there.as_ref() != over {
            return Err(LedgerError::Conflict);
        }
        let next = documents.get(stream.as_str()).map_or(1, |(_, version)| version + 1);
        documents.insert(stream.as_str().to_owned(), (content.to_vec(), next));
        Ok(Version(next.to_string()))
    }
}

/// The ranges of shards, in order.
pub(crate) fn ranges(open: &[OpenShard]) -> Vec<HashKeyRange> {
    let mut ranges: Vec<_> = open.iter().map(|shard| shard.range).collect();
    ranges.sort_unstable();
    ranges
}
