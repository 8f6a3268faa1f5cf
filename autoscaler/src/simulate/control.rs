//! The control plane of a simulated stream: what is called, what AWS would refuse, and when it takes effect.
//!
//! An `UpdateShardCount` serves after [`Limits::update_minutes`] and holds the stream in UPDATING until then. Splits
//! and merges run one at a time, [`Limits::serial_per_minute`] of them in a minute, and all of a minute's serve from the
//! next one on, so that a schedule by minutes can say what served. What AWS would refuse is refused here and changes
//! nothing.

use std::collections::VecDeque;

use super::limits::Limits;
use super::rules::Call;
use super::stream::{Operation, OperationError, Stream};

/// An `UpdateShardCount` that has not finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// The shards it will leave.
    pub target: u32,
    /// The first minute in which they serve.
    pub until: usize,
}

/// Why AWS would refuse a call.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// `ResourceInUseException`: the stream is UPDATING.
    #[error("ResourceInUseException: the stream is UPDATING until minute {until}")]
    Updating {
        /// The first minute in which it is ACTIVE again.
        until: usize,
    },
    /// `ResourceInUseException`: the minute is full of splits and merges, or begun with one and wants an update.
    #[error("ResourceInUseException: the splits and merges of this minute are still running")]
    Busy,
    /// `LimitExceededException`: more than double, or less than half.
    #[error("LimitExceededException: from {from} shards, one call reaches {least} to {most}, not {target}")]
    OutOfReach {
        /// Open shards.
        from: u32,
        /// The least that can be asked for.
        least: u32,
        /// The most that can be asked for.
        most: u32,
        /// What was asked for.
        target: u32,
    },
    /// `LimitExceededException`: the day's calls are used up.
    #[error(
        "LimitExceededException: {made} UpdateShardCount calls in 24 hours; the next from minute {free_at}"
    )]
    DayBudget {
        /// How many there were.
        made: usize,
        /// When the oldest of them is a day old.
        free_at: usize,
    },
    /// `LimitExceededException`: the account's shards.
    #[error("LimitExceededException: the quota is {quota} shards")]
    Quota {
        /// The quota.
        quota: u32,
    },
    /// `InvalidArgumentException`: the shards as they are do not allow it.
    #[error("InvalidArgumentException: {0}")]
    Misfit(OperationError),
}

/// A stream's control plane at one minute.
#[derive(Clone, Debug)]
pub struct Control {
    limits: Limits,
    minute: usize,
    serving: Stream,
    /// What serves from the next minute on, once a split or merge was called in this one.
    next: Option<Stream>,
    serial: usize,
    running: Option<Running>,
    updates: VecDeque<usize>,
}

impl Control {
    /// A stream at minute 0 with nothing behind it.
    #[must_use]
    pub fn new(stream: Stream, limits: Limits) -> Self {
        let updates = VecDeque::new();
        Self { limits, minute: 0, serving: stream, next: None, serial: 0, running: None, updates }
    }

    /// The minute it is.
    #[must_use]
    pub fn minute(&self) -> usize {
        self.minute
    }

    /// The limits it obeys.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The shards that serve in this minute.
    #[must_use]
    pub fn serving(&self) -> &Stream {
        &self.serving
    }

    /// The `UpdateShardCount` that runs.
    #[must_use]
    pub fn running(&self) -> Option<Running> {
        self.running
    }

    /// The minutes of the `UpdateShardCount` calls in the last 24 hours, oldest first.
    pub fn updates(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.updates.iter().copied()
    }

    /// Goes on to the next minute; whether other shards serve in it.
    pub fn advance(&mut self) -> bool {
        self.minute += 1;
        self.serial = 0;
        while self.updates.front().is_some_and(|made| made + Limits::DAY_MINUTES <= self.minute) {
            self.updates.pop_front();
        }
        let finished = self.running.take_if(|running| running.until <= self.minute);
        let next = finished.map(|running| Stream::uniform(running.target)).or_else(|| self.next.take());
        let changed = next.is_some();
        self.serving = next.unwrap_or_else(|| std::mem::replace(&mut self.serving, Stream::uniform(1)));
        changed
    }

    /// Calls an operation, and says how it stands in the schedule.
    ///
    /// # Errors
    /// [`Refusal`], as AWS would answer; nothing has changed then.
    pub fn call(&mut self, operation: Operation) -> Result<Call, Refusal> {
        if let Some(Running { until, .. }) = self.running {
            return Err(Refusal::Updating { until });
        }
        match operation {
            Operation::UpdateShardCount(target) => self.update(target),
            Operation::Split { .. } => self.one_by_one(operation, Call::Split),
            Operation::Merge { .. } => self.one_by_one(operation, Call::Merge),
        }
    }

    fn update(&mut self, target: u32) -> Result<Call, Refusal> {
        if self.serial > 0 {
            return Err(Refusal::Busy);
        }
        let from = self.serving.count();
        let (least, most) = (from.div_ceil(2), from.saturating_mul(2));
        if !(least..=most).contains(&target) {
            return Err(Refusal::OutOfReach { from, least, most, target });
        }
        if target > self.limits.most_shards {
            return Err(Refusal::Quota { quota: self.limits.most_shards });
        }
        if let Some(oldest) =
            self.updates.front().filter(|_| self.updates.len() >= self.limits.updates_per_day)
        {
            let free_at = oldest + Limits::DAY_MINUTES;
            return Err(Refusal::DayBudget { made: self.updates.len(), free_at });
        }
        self.updates.push_back(self.minute);
        self.running = Some(Running { target, until: self.minute + self.limits.update_minutes });
        Ok(Call::UpdateShardCount(target))
    }

    fn one_by_one(&mut self, operation: Operation, call: Call) -> Result<Call, Refusal> {
        if self.serial >= self.limits.serial_per_minute {
            return Err(Refusal::Busy);
        }
        let mut stream = self.next.as_ref().unwrap_or(&self.serving).clone();
        if call == Call::Split && stream.count() >= self.limits.most_shards {
            return Err(Refusal::Quota { quota: self.limits.most_shards });
        }
        stream.apply(operation).map_err(Refusal::Misfit)?;
        self.next = Some(stream);
        self.serial += 1;
        Ok(call)
    }
}
