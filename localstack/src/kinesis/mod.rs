//! Kinesis Data Streams: the streams of every region, and their operations.
//!
//! `stream.rs` is one stream: its state, and the rules by which it changes; `shard_log.rs` what a shard holds;
//! `reader.rs` how other services read it in process; `wire/` the operations as clients call them.
//!
//! **Invariants**: the open shards of a stream tile the hash-key space; sequence numbers grow across a whole stream,
//! so also from a parent shard to its children; what is held is bounded by [`Setting::memory_limit`].

mod account;
mod arn;
mod consumers;
mod fan_out;
mod image;
mod limits;
mod memory;
mod metrics;
mod pulse;
mod reader;
mod record;
mod reshard;
mod scaling;
#[cfg(test)]
mod scenarios;
mod shard_log;
mod state;
mod stream;
mod token;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;

pub use arn::{ConsumerArn, StreamArn};
#[cfg(test)]
pub(crate) use consumers::Which;
pub(crate) use image::{Image, Shape};
pub(crate) use metrics::read as note_read;
pub use reader::{Batch, Place, Reader};
pub use record::{Position, Record, Sequence};
pub(crate) use state::State;
pub(crate) use stream::{Access, Terms, not_found};
pub use stream::{Distribution, Encryption, Mode, Status, Stream, StreamSettings};
pub(crate) use wire::serve;

use crate::http::AwsError;
use crate::lock::Lock;
use crate::persist::kinesis::Keeper;
use crate::world::Setting;
use account::Commitment;
use limits::{Limited, ON_DEMAND_STREAMS, Rates, STREAMS_IN_TRANSITION, shard_quota};
use memory::Memory;
use stream::{limit_exceeded, under};
use token::Seal;

/// The state of Kinesis.
#[derive(Debug)]
pub struct Kinesis {
    account: String,
    terms: Terms,
    memory: Memory,
    rates: Rates,
    streams: Lock<BTreeMap<StreamArn, Arc<Stream>>>,
    /// The throughput commitments, by region.
    commitments: Lock<BTreeMap<String, Commitment>>,
    seal: Seal,
    /// Where new streams are written to disk; in memory only without it.
    keeper: OnceLock<Keeper>,
}

impl Kinesis {
    /// No streams.
    pub fn new(setting: &Setting) -> Self {
        let faults = Some(Arc::clone(&setting.faults));
        let terms = Terms { timings: setting.timings, limits: setting.limits, faults, ..Terms::default() };
        Self {
            account: setting.account.clone(),
            memory: Memory::new(setting.memory_limit, Arc::clone(&terms.held)),
            terms,
            rates: Rates::default(),
            streams: Lock::default(),
            commitments: Lock::default(),
            seal: Seal::new(&setting.dice),
            keeper: OnceLock::new(),
        }
    }

    /// The stream with this ARN, unless there is none.
    pub fn stream(&self, arn: &StreamArn, now: Timestamp) -> Result<Arc<Stream>, AwsError> {
        let mut streams = self.streams.lock();
        let gone = streams.get(arn).is_none_or(|stream| stream.is_gone(now));
        if gone {
            streams.remove(arn);
        }
        streams.get(arn).cloned().ok_or_else(|| not_found(arn))
    }

    /// The streams of a region by name.
    pub fn streams(&self, region: &str, now: Timestamp) -> Vec<Arc<Stream>> {
        let mut streams = self.streams.lock();
        streams.retain(|_, stream| !stream.is_gone(now));
        let mut found: Vec<_> =
            streams.values().filter(|stream| stream.arn().region() == region).cloned().collect();
        found.sort_by(|one, other| one.arn().name().cmp(other.arn().name()));
        found
    }

    /// Creates a stream, which is CREATING at first.
    pub fn create(
        &self,
        arn: StreamArn,
        settings: StreamSettings,
        now: Timestamp,
    ) -> Result<Arc<Stream>, AwsError> {
        self.room_for_stream(&arn, settings.mode, now)?;
        if settings.mode == Mode::Provisioned {
            self.room_for_shards(&arn, u64::from(settings.shards.get()), now)?;
        }
        let mut streams = self.streams.lock();
        if streams.get(&arn).is_some_and(|stream| !stream.is_gone(now)) {
            return Err(AwsError::bad_request(
                "ResourceInUseException",
                format!("Stream {} already exists.", under(&arn)),
            ));
        }
        let stream = Arc::new(Stream::new(arn.clone(), settings, now, self.terms.clone()));
        if let Some(keeper) = self.keeper.get() {
            let tail = keeper.tail().map_err(|error| stream::not_kept(&error))?;
            stream.write_to(tail, now).map_err(|error| stream::not_kept(&error))?;
        }
        streams.insert(arn, Arc::clone(&stream));
        Ok(stream)
    }

    /// Refuses a stream that would be one too many.
    fn room_for_stream(&self, arn: &StreamArn, mode: Mode, now: Timestamp) -> Result<(), AwsError> {
        if !self.terms.limits.enforced() {
            return Ok(());
        }
        let streams = self.streams(arn.region(), now);
        if streams.iter().any(|stream| stream.arn() == arn) {
            // That it exists is what the caller has to hear.
            return Ok(());
        }
        let is_changing = |status| matches!(status, Status::Creating | Status::Deleting);
        if streams.iter().filter(|stream| is_changing(stream.status(now))).count() >= STREAMS_IN_TRANSITION {
            return Err(limit_exceeded(format!(
                "This request would have exceed the limit on the number of streams that can simultaneously be in \
                 CREATING or DELETING for the account {}. Limit: {STREAMS_IN_TRANSITION}.",
                arn.account()
            )));
        }
        if mode == Mode::OnDemand { self.room_for_on_demand(arn, now) } else { Ok(()) }
    }

    /// Refuses an on-demand stream that would be one too many.
    pub(crate) fn room_for_on_demand(&self, arn: &StreamArn, now: Timestamp) -> Result<(), AwsError> {
        let count = self.on_demand_streams(arn.region(), now);
        if !self.terms.limits.enforced() || count < ON_DEMAND_STREAMS {
            return Ok(());
        }
        Err(limit_exceeded(format!(
            "This request would exceed the limit on the number of On-Demand streams for the account {} in {}. Current \
             On-Demand streams count: {count}. Limit: {ON_DEMAND_STREAMS}.",
            arn.account(),
            arn.region()
        )))
    }

    /// Refuses what would take a region past its shard limit.
    pub(crate) fn room_for_shards(&self, arn: &StreamArn, more: u64, now: Timestamp) -> Result<(), AwsError> {
        let open = self.open_shards(arn.region(), now);
        let limit = self.shard_limit(arn.region());
        if open.saturating_add(more) <= limit {
            return Ok(());
        }
        Err(limit_exceeded(format!(
            "This request would exceed the shard limit for the account {} in {}. Current shard count for the account: \
             {open}. Limit: {limit}. Number of additional shards that would have resulted from this request: {more}. \
             Refer to the AWS Service Limits page \
             (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to \
             request higher limits.",
            arn.account(),
            arn.region()
        )))
    }

    /// The shards that a region's provisioned streams may have.
    pub(crate) fn shard_limit(&self, region: &str) -> u64 {
        shard_quota(region, self.terms.limits)
    }

    /// The open shards of all provisioned streams of a region.
    pub(crate) fn open_shards(&self, region: &str, now: Timestamp) -> u64 {
        let open = |stream: &Arc<Stream>| {
            stream.with(now, |state| match state.mode {
                Mode::Provisioned => state.lineage.open().count(),
                Mode::OnDemand => 0,
            })
        };
        self.streams(region, now).iter().map(|stream| u64::try_from(open(stream)).unwrap_or(u64::MAX)).sum()
    }

    /// The on-demand streams of a region.
    pub(crate) fn on_demand_streams(&self, region: &str, now: Timestamp) -> usize {
        let is_on_demand = |stream: &&Arc<Stream>| stream.with(now, |state| state.mode == Mode::OnDemand);
        self.streams(region, now).iter().filter(is_on_demand).count()
    }

    /// Counts a call against the rate of its operation. `stream` names the stream that it is about, if it is about
    /// one and its operation has a rate; asked only then.
    pub(crate) fn count_call(
        &self,
        operation: &str,
        region: &str,
        stream: impl FnOnce() -> Option<String>,
        now: Timestamp,
    ) -> Result<(), AwsError> {
        if !self.terms.limits.enforced() {
            return Ok(());
        }
        let Some(limited) = Limited::of(operation) else { return Ok(()) };
        let stream = stream();
        if self.rates.admit(limited, region, stream.as_deref(), now.as_millisecond()) {
            return Ok(());
        }
        let account = &self.account;
        Err(limit_exceeded(match stream {
            Some(stream) => format!("Rate exceeded for stream {stream} under account {account}."),
            None => format!("Rate exceeded for account {account}."),
        }))
    }

    /// Drops the oldest records of the fullest streams until all fit in the memory limit.
    pub(crate) fn bound_memory(&self, now: Timestamp) {
        if self.memory.is_exceeded() {
            let streams: Vec<_> = self.streams.lock().values().cloned().collect();
            self.memory.bound(&streams, now);
        }
    }

    /// Writes what was changed in any stream to the data folder, if there is one.
    pub(crate) fn keep(&self, now: Timestamp) -> std::io::Result<()> {
        if self.keeper.get().is_none() {
            return Ok(());
        }
        let streams: Vec<_> = self.streams.lock().values().cloned().collect();
        streams.iter().try_for_each(|stream| stream.keep(now))
    }

    /// The streams of all regions, by name.
    pub(crate) fn all(&self, now: Timestamp) -> Vec<Arc<Stream>> {
        let mut streams: Vec<_> = self.streams.lock().values().cloned().collect();
        streams.retain(|stream| !stream.is_gone(now));
        streams.sort_by(|one, other| one.arn().name().cmp(other.arn().name()));
        streams
    }

    /// Every stream is gone at once; who reads one is told.
    pub(crate) fn reset(&self, now: Timestamp) {
        self.commitments.lock().clear();
        let streams = std::mem::take(&mut *self.streams.lock());
        for stream in streams.into_values() {
            stream.vanish(now);
        }
    }

    /// Brings streams back, and keeps new ones where `keeper` says.
    pub(crate) fn restore(&self, streams: Vec<Stream>, keeper: Keeper, now: Timestamp) {
        let streams = streams.into_iter().map(|stream| (stream.arn().clone(), Arc::new(stream)));
        self.streams.lock().extend(streams);
        self.bound_memory(now);
        let _ = self.keeper.set(keeper);
    }

    /// What every stream lives under.
    pub(crate) fn terms(&self) -> Terms {
        self.terms.clone()
    }

    /// Looks at a region's throughput commitment, or changes it.
    pub(crate) fn commitment<T>(&self, region: &str, look: impl FnOnce(&mut Commitment) -> T) -> T {
        look(self.commitments.lock().entry(region.to_owned()).or_default())
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    pub(crate) fn seal(&self) -> &Seal {
        &self.seal
    }
}
