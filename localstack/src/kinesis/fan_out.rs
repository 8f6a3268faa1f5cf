//! Enhanced fan-out: a stream's consumers, and one consumer's subscription to a shard.
//!
//! A [`Subscription`] gives out what a shard gets within milliseconds of the put, at most 2 MiB a second, an empty part
//! every few seconds when there is nothing, and ends after five minutes, at the shard's end, when another call takes it
//! over, or with its consumer or stream.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pipectl_shards::ShardId;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::consumers::{Consumer, Unregistered, Unsubscribed, Which};
use super::stream::{after, not_found, under};
use super::{Batch, ConsumerArn, Position, Status, Stream};
use crate::clock::Clock;
use crate::http::AwsError;

/// How long a subscription lives.
pub(crate) const LIFE: Duration = Duration::from_secs(300);

/// How long a consumer waits at most for a sign of life; the API promises none (?).
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How often a subscription looks without being told: a reshard takes effect with time, not with a put.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Bytes a second to one consumer from one shard.
const BYTES_PER_SECOND: u32 = 2 * 1024 * 1024;

/// An event holds at most so many records and bytes, or one record of any size.
const EVENT: (usize, usize) = (10_000, 1024 * 1024);

impl Stream {
    /// Registers a consumer.
    pub(crate) fn register_consumer(
        &self,
        name: &str,
        tags: BTreeMap<String, String>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Consumer, AwsError> {
        match self.status(now) {
            Status::Active | Status::Updating => {}
            Status::Gone => return Err(not_found(self.arn())),
            status => return Err(self.not_active(status)),
        }
        let millis = now.as_millisecond();
        let times = (millis, after(millis, self.terms().timings.create));
        let registered = self.with(now, |state| state.consumers.register(name, tags, limit, times));
        registered.map_err(|why| self.unregistered(name, why))
    }

    /// Starts a consumer's deletion; whether there is such a consumer.
    pub(crate) fn deregister_consumer(&self, which: Which<'_>, now: Timestamp) -> bool {
        let millis = now.as_millisecond();
        let times = (millis, after(millis, self.terms().timings.delete));
        self.with(now, |state| state.consumers.deregister(which, times))
    }

    /// Looks at a consumer, or changes it; nothing if there is no such consumer.
    pub(crate) fn consumer<T>(
        &self,
        which: Which<'_>,
        now: Timestamp,
        look: impl FnOnce(&mut Consumer) -> T,
    ) -> Option<T> {
        self.with(now, |state| state.consumers.get(which, now.as_millisecond()).map(look))
    }

    /// Its consumers, by name.
    pub(crate) fn consumers(&self, now: Timestamp) -> Vec<Consumer> {
        self.with(now, |state| state.consumers.all(now.as_millisecond()).cloned().collect())
    }

    /// How many consumers it has.
    pub(crate) fn consumer_count(&self, now: Timestamp) -> usize {
        self.with(now, |state| state.consumers.count(now.as_millisecond()))
    }

    fn not_active(&self, status: Status) -> AwsError {
        let message =
            format!("Stream {} not ACTIVE, instead in state {}", under(self.arn()), status.as_str());
        AwsError::bad_request("ResourceInUseException", message)
    }

    /// The words for too many consumers are ours (?).
    fn unregistered(&self, name: &str, why: Unregistered) -> AwsError {
        let (code, message) = match why {
            Unregistered::NameTaken => (
                "ResourceInUseException",
                format!(
                    "Consumer {name} under stream {} already exists for account {}.",
                    self.arn().name(),
                    self.arn().account()
                ),
            ),
            Unregistered::TooMany { limit } => (
                "LimitExceededException",
                format!("Stream {} has {limit} registered consumers, which is its limit.", under(self.arn())),
            ),
            Unregistered::TooManyCreating { limit } => (
                "LimitExceededException",
                format!(
                    "Stream {} has {limit} consumers in CREATING status, which is the limit. Wait until they are ACTIVE.",
                    under(self.arn())
                ),
            ),
        };
        AwsError::bad_request(code, message)
    }
}

/// The error for a consumer that is not there.
pub(crate) fn no_consumer(arn: &ConsumerArn) -> AwsError {
    let message = format!("Consumer {arn} not found.");
    AwsError::bad_request("ResourceNotFoundException", message)
}

/// The error for a subscription that did not begin.
pub(crate) fn unsubscribed(arn: &ConsumerArn, shard: ShardId, why: Unsubscribed) -> AwsError {
    let stream = arn.stream();
    match why {
        Unsubscribed::NoConsumer => no_consumer(arn),
        Unsubscribed::NotActive => AwsError::bad_request(
            "ResourceInUseException",
            format!(
                "Consumer {} with creation timestamp {} under stream: {}, account {} is not in ACTIVE status.",
                arn.name(),
                arn.born(),
                stream.name(),
                stream.account()
            ),
        ),
        Unsubscribed::TooOften => AwsError::bad_request(
            "LimitExceededException",
            format!(
                "Rate exceeded for consumer {arn} and shard {shard}: one SubscribeToShard call a second."
            ),
        ),
        Unsubscribed::InUse => in_use(arn, shard),
    }
}

fn in_use(arn: &ConsumerArn, shard: ShardId) -> AwsError {
    let stream = arn.stream();
    AwsError::bad_request(
        "ResourceInUseException",
        format!(
            "Another active subscription exists for this consumer: {}:{}:{shard}:{}",
            stream.account(),
            stream.name(),
            arn.name()
        ),
    )
}

/// What a subscription gives out next.
#[derive(Debug)]
pub(crate) enum Part {
    /// Records, or none as a sign of life. Without a next position the shard has ended, and so does the subscription.
    Records(Batch),
    /// The subscription fails with this error and ends.
    Failed(AwsError),
}

/// One consumer's reading of one shard.
#[derive(Debug)]
pub(crate) struct Subscription {
    stream: Arc<Stream>,
    consumer: ConsumerArn,
    shard: ShardId,
    position: Option<Position>,
    clock: Clock,
    changes: watch::Receiver<()>,
    taken_over: CancellationToken,
    /// The endpoint shuts down.
    closing: CancellationToken,
    ends: Instant,
    /// The throughput of what was sent is used up until then.
    paid: Instant,
    /// When the next sign of life is due; at once for the first.
    heartbeat: Instant,
}

impl Subscription {
    /// Reads on from a position until something ends it.
    pub(crate) fn new(
        (stream, consumer, shard): (Arc<Stream>, ConsumerArn, ShardId),
        position: Position,
        clock: Clock,
        (taken_over, closing): (CancellationToken, CancellationToken),
    ) -> Self {
        let now = Instant::now();
        let changes = stream.watch();
        Self {
            stream,
            consumer,
            shard,
            position: Some(position),
            clock,
            changes,
            taken_over,
            closing,
            ends: now + LIFE,
            paid: now,
            heartbeat: now,
        }
    }

    /// The next part, when it is there; nothing once the subscription is over.
    pub(crate) async fn next(&mut self) -> Option<Part> {
        loop {
            let position = self.position?;
            if Instant::now() >= self.ends || self.closing.is_cancelled() {
                return None;
            }
            if self.taken_over.is_cancelled() {
                return Some(self.fail(self.why_taken_over()));
            }
            if Instant::now() < self.paid {
                self.wait_until(self.paid).await;
                continue;
            }
            self.changes.mark_unchanged();
            match self.stream.read(self.shard, position, EVENT, self.clock.now()) {
                Err(error) => return Some(self.fail(error)),
                Ok(batch) => {
                    if !batch.records.is_empty() || batch.next.is_none() || Instant::now() >= self.heartbeat {
                        return Some(self.give(batch));
                    }
                }
            }
            self.wait_for_news().await;
        }
    }

    fn give(&mut self, batch: Batch) -> Part {
        let now = Instant::now();
        let bytes: usize = batch.records.iter().map(super::Record::size).sum();
        let seconds = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / f64::from(BYTES_PER_SECOND);
        self.paid = now + Duration::from_secs_f64(seconds);
        self.heartbeat = now + HEARTBEAT;
        self.position = batch.next;
        Part::Records(batch)
    }

    fn fail(&mut self, error: AwsError) -> Part {
        self.position = None;
        Part::Failed(error)
    }

    /// The consumer is gone, or its stream is; if both are there, another subscription has the shard.
    fn why_taken_over(&self) -> AwsError {
        let now = self.clock.now();
        if !matches!(self.stream.status(now), Status::Active | Status::Updating) {
            return not_found(self.stream.arn());
        }
        let which = Which { name: self.consumer.name(), born: Some(self.consumer.born()) };
        let is_active =
            self.stream.consumer(which, now, |consumer| consumer.status == super::consumers::Status::Active);
        if is_active == Some(true) { in_use(&self.consumer, self.shard) } else { no_consumer(&self.consumer) }
    }

    async fn wait_until(&self, time: Instant) {
        tokio::select! {
            () = tokio::time::sleep_until(time.min(self.ends)) => {}
            () = self.taken_over.cancelled() => {}
            () = self.closing.cancelled() => {}
        }
    }

    async fn wait_for_news(&mut self) {
        let latest = (Instant::now() + LOOK_AGAIN).min(self.ends).min(self.heartbeat);
        tokio::select! {
            _ = self.changes.changed() => {}
            () = tokio::time::sleep_until(latest) => {}
            () = self.taken_over.cancelled() => {}
            () = self.closing.cancelled() => {}
        }
    }
}

#[cfg(test)]
mod tests;
