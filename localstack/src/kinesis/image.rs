//! A stream as it is written to disk, without its records: what [`crate::persist`] keeps of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use jiff::Timestamp;
use pipectl_shards::{HashKey, HashKeyRange, Lineage, Shard, ShardId};
use serde::{Deserialize, Serialize};

use super::arn::StreamArn;
use super::consumers::Consumers;
use super::limits::Demand;
use super::record::{Record, Sequence};
use super::reshard::Step;
use super::shard_log::ShardLog;
use super::state::{History, State};
use super::stream::{Distribution, Encryption, Mode, Status, Stream, Terms};
use crate::limits::Limits;
use crate::lock::Lock;
use crate::persist::kinesis::Tail;

/// How much is looked at for changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Records, and the changes that decide where they go: cheap enough for each put.
    Urgent,
    /// Every setting.
    All,
}

/// A stream's state apart from its records.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Image {
    on_demand: bool,
    retention_hours: i32,
    kms_key: Option<String>,
    max_record_kib: i32,
    tags: BTreeMap<String, String>,
    shard_metrics: BTreeSet<String>,
    status: StatusImage,
    until: i64,
    pending: Vec<StepImage>,
    #[serde(default)]
    pending_retention: Option<i32>,
    #[serde(default)]
    floor: Option<i64>,
    #[serde(default)]
    history: History,
    shards: Vec<ShardImage>,
    #[serde(default)]
    warm_mibps: Option<u32>,
    /// Whether the stream distributes records itself.
    #[serde(default)]
    auto: bool,
    #[serde(default)]
    policy: Option<String>,
    #[serde(default)]
    consumers: Consumers,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum StatusImage {
    Creating,
    Active,
    Updating,
    Deleting,
    Gone,
}

/// A hash key is written as text: JSON's numbers are too short for it.
#[derive(Debug, Serialize, Deserialize)]
enum StepImage {
    Split(String),
    Merge(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct ShardImage {
    start: String,
    end: String,
    parent: Option<u64>,
    adjacent: Option<u64>,
    open: bool,
    first: u64,
    last: Option<u64>,
    opened: i64,
    closed: Option<i64>,
}

/// Which of its forms a stream is in, as far as records need to know: where this is the same, so are their shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    status: Status,
    until: i64,
    shards: usize,
}

impl State {
    /// Writes what is new to the data folder, if there is one.
    pub(crate) fn keep(&mut self, extent: Extent) -> io::Result<()> {
        let Some(mut tail) = self.tail.take() else { return Ok(()) };
        let shape = Shape { status: self.status, until: self.until, shards: self.logs.len() };
        let kept = if self.status == Status::Gone {
            tail.remove()
        } else if extent == Extent::All || tail.shape() != Some(shape) {
            let image = serde_json::to_string(&self.image()).map_err(io::Error::other);
            image.and_then(|image| tail.write(Some((shape, image)), self.place(), || self.oldest()))
        } else {
            tail.write(None, self.place(), || self.oldest())
        };
        self.tail = Some(tail);
        kept
    }

    /// The next place, and the newest arrival.
    fn place(&self) -> (u64, i64) {
        (self.next, self.newest)
    }

    /// The place of the oldest record of all shards.
    fn oldest(&self) -> Option<u64> {
        self.logs.iter().filter_map(ShardLog::oldest).map(|sequence| sequence.0).min()
    }

    fn image(&self) -> Image {
        let shards = self.lineage.shards().zip(&self.logs).map(|(shard, log)| ShardImage {
            start: shard.range.start().to_string(),
            end: shard.range.end().to_string(),
            parent: shard.parent.map(ShardId::number),
            adjacent: shard.adjacent_parent.map(ShardId::number),
            open: shard.open,
            first: log.first.0,
            last: log.last.map(|sequence| sequence.0),
            opened: log.opened,
            closed: log.closed,
        });
        Image {
            on_demand: self.mode == Mode::OnDemand,
            retention_hours: self.retention_hours,
            kms_key: match &self.encryption {
                Encryption::None => None,
                Encryption::Kms(key) => Some(key.clone()),
            },
            max_record_kib: self.max_record_kib,
            tags: self.tags.clone(),
            shard_metrics: self.shard_metrics.clone(),
            status: self.status.into(),
            until: self.until,
            pending: self.pending.iter().map(StepImage::from).collect(),
            pending_retention: self.pending_retention,
            floor: Some(self.floor),
            history: self.history.clone(),
            shards: shards.collect(),
            warm_mibps: self.warm_mibps,
            auto: self.distribution == Distribution::Auto,
            policy: self.policy.clone(),
            consumers: self.consumers.clone(),
        }
    }

    /// The state an image shows, with the records that `before` it were read. Nothing if the image contradicts itself.
    pub(crate) fn of_image(image: Image, (next, newest): (u64, i64), before: Option<Self>) -> Option<Self> {
        let mut held = before.map(|state| state.logs).unwrap_or_default().into_iter();
        let mut logs = Vec::with_capacity(image.shards.len());
        let mut shards = Vec::with_capacity(image.shards.len());
        for (shard, number) in image.shards.iter().zip(0..) {
            let mut log = held.next().unwrap_or_else(|| ShardLog::new(Sequence(shard.first), shard.opened));
            log.first = Sequence(shard.first);
            log.last = shard.last.map(Sequence);
            log.opened = shard.opened;
            log.closed = shard.closed;
            logs.push(log);
            shards.push(shard.shard(number)?);
        }
        let mut state = Self {
            mode: if image.on_demand { Mode::OnDemand } else { Mode::Provisioned },
            retention_hours: image.retention_hours,
            encryption: image.kms_key.map_or(Encryption::None, Encryption::Kms),
            max_record_kib: image.max_record_kib,
            tags: image.tags,
            shard_metrics: image.shard_metrics,
            warm_mibps: image.warm_mibps,
            distribution: if image.auto { Distribution::Auto } else { Distribution::UserPartitionKey },
            policy: image.policy,
            consumers: image.consumers,
            status: image.status.into(),
            until: image.until,
            pending: image.pending.iter().map(StepImage::step).collect::<Option<_>>()?,
            lineage: Lineage::restored(shards)?,
            logs,
            routes: Vec::new(),
            next,
            turn: 0,
            newest,
            pending_retention: image.pending_retention,
            limits: Limits::default(),
            floor: image.floor.unwrap_or(i64::MIN),
            trimmed: i64::MIN,
            demand: Demand::default(),
            history: image.history,
            tail: None,
        };
        state.route();
        Some(state)
    }

    /// Takes a record back that was read from the data folder. Nothing if there is no such shard.
    pub(crate) fn take_back(&mut self, shard: ShardId, record: Record) -> Option<()> {
        self.next = self.next.max(record.sequence.0 + 1);
        self.newest = self.newest.max(record.arrived);
        let log = usize::try_from(shard.number()).ok().and_then(|index| self.logs.get_mut(index))?;
        log.push(record);
        Some(())
    }
}

impl Stream {
    /// A stream that was read from the data folder, and goes on writing there. Nothing if it is gone by now.
    pub(crate) fn restored(
        (arn, created): (StreamArn, Timestamp),
        mut state: State,
        tail: Tail,
        terms: Terms,
        now: Timestamp,
    ) -> io::Result<Option<Self>> {
        let millis = now.as_millisecond();
        state.tail = Some(Box::new(tail));
        state.limits = terms.limits;
        state.settle(millis);
        state.trim(if state.status() == Status::Deleting { i64::MAX } else { millis });
        state.keep(Extent::All)?;
        if state.status() == Status::Gone {
            return Ok(None);
        }
        let held = state.held_bytes();
        Ok(Some(Self::of_state((arn, created), Lock::new(state), terms, held)))
    }

    /// Writes this stream to the data folder from now on.
    pub(crate) fn write_to(&self, mut tail: Tail, now: Timestamp) -> io::Result<()> {
        tail.name(self.arn(), self.created());
        self.with(now, |state| {
            state.tail = Some(Box::new(tail));
            state.keep(Extent::All)
        })
    }

    /// Writes what was changed.
    pub(crate) fn keep(&self, now: Timestamp) -> io::Result<()> {
        self.with(now, |state| state.keep(Extent::All))
    }
}

impl ShardImage {
    fn shard(&self, number: u64) -> Option<Shard> {
        let range = HashKeyRange::new(self.start.parse().ok()?, self.end.parse().ok()?).ok()?;
        Some(Shard {
            id: ShardId::new(number),
            range,
            parent: self.parent.map(ShardId::new),
            adjacent_parent: self.adjacent.map(ShardId::new),
            open: self.open,
        })
    }
}

impl From<&Step> for StepImage {
    fn from(step: &Step) -> Self {
        match step {
            Step::Split { at } => Self::Split(at.to_string()),
            Step::Merge { at } => Self::Merge(at.to_string()),
        }
    }
}

impl StepImage {
    fn step(&self) -> Option<Step> {
        let key = |text: &str| text.parse::<HashKey>().ok();
        Some(match self {
            Self::Split(at) => Step::Split { at: key(at)? },
            Self::Merge(at) => Step::Merge { at: key(at)? },
        })
    }
}

impl From<Status> for StatusImage {
    fn from(status: Status) -> Self {
        match status {
            Status::Creating => Self::Creating,
            Status::Active => Self::Active,
            Status::Updating => Self::Updating,
            Status::Deleting => Self::Deleting,
            Status::Gone => Self::Gone,
        }
    }
}

impl From<StatusImage> for Status {
    fn from(status: StatusImage) -> Self {
        match status {
            StatusImage::Creating => Self::Creating,
            StatusImage::Active => Self::Active,
            StatusImage::Updating => Self::Updating,
            StatusImage::Deleting => Self::Deleting,
            StatusImage::Gone => Self::Gone,
        }
    }
}
