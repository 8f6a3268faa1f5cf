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
mod metrics;
mod reader;
mod record;
mod reshard;
mod shard_log;
mod state;
mod stream;
mod token;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;

pub use arn::{ConsumerArn, StreamArn};
pub(crate) use image::{Image, Shape};
pub use reader::{Batch, Reader};
pub use record::{Position, Record, Sequence};
pub(crate) use state::State;
pub use stream::{Distribution, Encryption, Mode, Status, Stream, StreamSettings};
pub(crate) use wire::serve;

use crate::http::AwsError;
use crate::lock::Lock;
use crate::persist::kinesis::Keeper;
use crate::timings::Timings;
use crate::world::Setting;
use account::Commitment;
use stream::{not_found, under};
use token::Seal;

/// Open shards of an account in a region, as in the largest regions.
pub const SHARD_LIMIT: u64 = 20_000;

/// The state of Kinesis.
#[derive(Debug)]
pub struct Kinesis {
    account: String,
    timings: Timings,
    memory_limit: u64,
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
        Self {
            account: setting.account.clone(),
            timings: setting.timings,
            memory_limit: setting.memory_limit,
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
        let open = self.open_shards(arn.region(), now);
        let mut streams = self.streams.lock();
        if streams.get(&arn).is_some_and(|stream| !stream.is_gone(now)) {
            return Err(AwsError::bad_request(
                "ResourceInUseException",
                format!("Stream {} already exists.", under(&arn)),
            ));
        }
        let more = u64::from(settings.shards.get());
        if open + more > SHARD_LIMIT {
            return Err(shard_limit(&arn, open, more));
        }
        let stream = Arc::new(Stream::new(arn.clone(), settings, now, self.timings));
        if let Some(keeper) = self.keeper.get() {
            let tail = keeper.tail().map_err(|error| stream::not_kept(&error))?;
            stream.write_to(tail, now).map_err(|error| stream::not_kept(&error))?;
        }
        streams.insert(arn, Arc::clone(&stream));
        Ok(stream)
    }

    /// Refuses what would take a region past its shard limit.
    pub(crate) fn room_for_shards(&self, arn: &StreamArn, more: u64, now: Timestamp) -> Result<(), AwsError> {
        let open = self.open_shards(arn.region(), now);
        if open + more > SHARD_LIMIT { Err(shard_limit(arn, open, more)) } else { Ok(()) }
    }

    /// The open shards of all provisioned streams of a region.
    pub(crate) fn open_shards(&self, region: &str, now: Timestamp) -> u64 {
        let streams = self.streams(region, now);
        streams.iter().map(|stream| u64::try_from(stream.open_shards(now).len()).unwrap_or(u64::MAX)).sum()
    }

    /// Drops the oldest records of the fullest streams until all fit in the memory limit.
    pub(crate) fn bound_memory(&self) {
        loop {
            let streams: Vec<_> = self.streams.lock().values().cloned().collect();
            let held: u64 = streams.iter().map(|stream| stream.held_bytes()).sum();
            let Some(excess) = held.checked_sub(self.memory_limit).filter(|excess| *excess > 0) else {
                return;
            };
            let Some(fullest) = streams.iter().max_by_key(|stream| stream.held_bytes()) else { return };
            // A little more than needed, so that not every put has to come here again.
            let dropped = fullest.drop_oldest(excess + self.memory_limit / 64);
            tracing::warn!(
                stream = fullest.arn().name(),
                dropped,
                limit = self.memory_limit,
                "the endpoint's memory limit is reached: the oldest records are dropped before their retention ends"
            );
            if dropped == 0 {
                return;
            }
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

    /// Brings streams back, and keeps new ones where `keeper` says.
    pub(crate) fn restore(&self, streams: Vec<Stream>, keeper: Keeper) {
        let streams = streams.into_iter().map(|stream| (stream.arn().clone(), Arc::new(stream)));
        self.streams.lock().extend(streams);
        self.bound_memory();
        let _ = self.keeper.set(keeper);
    }

    pub(crate) fn timings(&self) -> Timings {
        self.timings
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

fn shard_limit(arn: &StreamArn, open: u64, more: u64) -> AwsError {
    AwsError::bad_request(
        "LimitExceededException",
        format!(
            "This request would exceed the shard limit for the account {} in {}. Current shard count for the account: \
             {open}. Limit: {SHARD_LIMIT}. Number of additional shards that would have resulted from this request: \
             {more}. Refer to the AWS Service Limits page \
             (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to \
             request higher limits.",
            arn.account(),
            arn.region()
        ),
    )
}
