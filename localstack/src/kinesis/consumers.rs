//! The registered consumers of one stream, and who reads which shard through them: enhanced fan-out.
//!
//! Pure: `now` is passed in, in milliseconds since the epoch. As with streams, a consumer's status holds until a time,
//! and whoever looks next settles what has become due.

use std::collections::BTreeMap;

use pipectl_shards::ShardId;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// Consumers of a stream, and of one that is on-demand in an account with the throughput commitment.
pub(crate) const CONSUMER_LIMIT: usize = 20;
pub(crate) const ADVANTAGE_CONSUMER_LIMIT: usize = 50;

/// Consumers of an account that may be CREATING at a time; here counted for each stream (?).
const CREATING_LIMIT: usize = 5;

/// A subscription cannot be taken over before this.
const TAKE_OVER_MILLIS: i64 = 5_000;

/// One call a second to each shard.
const CALL_MILLIS: i64 = 1_000;

/// What a consumer is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    Creating,
    Active,
    Deleting,
}

impl Status {
    /// As the API writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "CREATING",
            Self::Active => "ACTIVE",
            Self::Deleting => "DELETING",
        }
    }
}

/// A registered consumer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Consumer {
    pub(crate) name: String,
    /// When it was registered, in milliseconds; its ARN ends in the seconds of it.
    pub(crate) created: i64,
    pub(crate) status: Status,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) policy: Option<String>,
    until: i64,
    /// Not kept on disk: who reads has to call again.
    #[serde(skip)]
    subscriptions: BTreeMap<ShardId, Subscription>,
}

impl Consumer {
    /// The seconds its ARN ends in.
    pub(crate) fn born(&self) -> i64 {
        self.created.div_euclid(1000)
    }
}

/// The last subscription to a shard, and the last call for one.
#[derive(Clone, Debug, Default)]
struct Subscription {
    since: Option<i64>,
    refused: Option<i64>,
    ends: CancellationToken,
}

/// Why a consumer was not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unregistered {
    NameTaken,
    TooMany { limit: usize },
    TooManyCreating { limit: usize },
}

/// Why a subscription did not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsubscribed {
    /// There is no such consumer.
    NoConsumer,
    /// The consumer is not ACTIVE.
    NotActive,
    /// More than one call a second.
    TooOften,
    /// Another subscription began less than five seconds ago.
    InUse,
}

/// Which consumer is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Which<'a> {
    pub(crate) name: &'a str,
    /// The seconds of its registration, where its ARN was given.
    pub(crate) born: Option<i64>,
}

/// The consumers of a stream, by name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Consumers {
    all: BTreeMap<String, Consumer>,
}

impl Consumers {
    fn settle(&mut self, now: i64) {
        self.all.retain(|_, consumer| {
            let due = now >= consumer.until;
            if due && consumer.status == Status::Creating {
                consumer.status = Status::Active;
            }
            !(due && consumer.status == Status::Deleting)
        });
    }

    /// Registers a consumer, which is CREATING until `until`.
    pub(crate) fn register(
        &mut self,
        name: &str,
        tags: BTreeMap<String, String>,
        limit: usize,
        (now, until): (i64, i64),
    ) -> Result<Consumer, Unregistered> {
        self.settle(now);
        if self.all.contains_key(name) {
            return Err(Unregistered::NameTaken);
        }
        if self.all.len() >= limit {
            return Err(Unregistered::TooMany { limit });
        }
        if self.all.values().filter(|consumer| consumer.status == Status::Creating).count() >= CREATING_LIMIT
        {
            return Err(Unregistered::TooManyCreating { limit: CREATING_LIMIT });
        }
        let consumer = Consumer {
            name: name.to_owned(),
            created: now,
            status: Status::Creating,
            tags,
            policy: None,
            until,
            subscriptions: BTreeMap::new(),
        };
        // It is CREATING in this answer, and may be ACTIVE in the next.
        self.all.insert(name.to_owned(), consumer.clone());
        Ok(consumer)
    }

    /// Starts a consumer's deletion and ends its subscriptions; whether there is such a consumer.
    pub(crate) fn deregister(&mut self, which: Which<'_>, (now, until): (i64, i64)) -> bool {
        let Some(consumer) = self.get(which, now) else { return false };
        if consumer.status != Status::Deleting {
            consumer.status = Status::Deleting;
            consumer.until = until;
        }
        end_all(consumer);
        self.settle(now);
        true
    }

    /// The stream is deleted: so are they.
    pub(crate) fn clear(&mut self) {
        self.all.values_mut().for_each(end_all);
        self.all.clear();
    }

    /// One of them.
    pub(crate) fn get(&mut self, which: Which<'_>, now: i64) -> Option<&mut Consumer> {
        self.settle(now);
        let consumer = self.all.get_mut(which.name)?;
        which.born.is_none_or(|born| born == consumer.born()).then_some(consumer)
    }

    /// All of them, by name.
    pub(crate) fn all(&mut self, now: i64) -> impl Iterator<Item = &Consumer> {
        self.settle(now);
        self.all.values()
    }

    /// How many there are.
    pub(crate) fn count(&mut self, now: i64) -> usize {
        self.settle(now);
        self.all.len()
    }

    /// Begins a subscription to a shard, and ends the one before. The token is cancelled when the next one takes over,
    /// or when the consumer goes.
    pub(crate) fn subscribe(
        &mut self,
        which: Which<'_>,
        shard: ShardId,
        now: i64,
    ) -> Result<CancellationToken, Unsubscribed> {
        self.may_subscribe(which, shard, now)?;
        let consumer = self.get(which, now).ok_or(Unsubscribed::NoConsumer)?;
        let ends = CancellationToken::new();
        let next = Subscription { since: Some(now), refused: None, ends: ends.clone() };
        if let Some(before) = consumer.subscriptions.insert(shard, next) {
            before.ends.cancel();
        }
        Ok(ends)
    }

    /// Whether a subscription could begin now. The first call within five seconds of one that did is told that the
    /// shard is in use; those that follow within a second of each other, that they come too often.
    pub(crate) fn may_subscribe(
        &mut self,
        which: Which<'_>,
        shard: ShardId,
        now: i64,
    ) -> Result<(), Unsubscribed> {
        let consumer = self.get(which, now).ok_or(Unsubscribed::NoConsumer)?;
        if consumer.status != Status::Active {
            return Err(Unsubscribed::NotActive);
        }
        let Some(last) = consumer.subscriptions.get_mut(&shard) else { return Ok(()) };
        if last.since.is_none_or(|since| now - since >= TAKE_OVER_MILLIS) {
            return Ok(());
        }
        let too_often = last.refused.is_some_and(|refused| now - refused < CALL_MILLIS);
        last.refused = Some(now);
        Err(if too_often { Unsubscribed::TooOften } else { Unsubscribed::InUse })
    }
}

fn end_all(consumer: &mut Consumer) {
    for subscription in std::mem::take(&mut consumer.subscriptions).into_values() {
        subscription.ends.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const C: Which<'static> = Which { name: "c", born: None };
    const SHARD: ShardId = ShardId::new(0);

    fn registered(consumers: &mut Consumers, name: &str, at: (i64, i64)) -> Result<Consumer, Unregistered> {
        consumers.register(name, BTreeMap::new(), CONSUMER_LIMIT, at)
    }

    #[test]
    fn a_consumer_is_creating_then_active_then_deleting_then_gone() {
        let mut consumers = Consumers::default();
        registered(&mut consumers, "c", (1000, 1100)).unwrap();
        let mut status = |now| consumers.get(C, now).map(|consumer| consumer.status);
        assert_eq!((status(1099), status(1100)), (Some(Status::Creating), Some(Status::Active)));
        assert!(consumers.deregister(C, (2000, 2100)));
        assert_eq!(consumers.get(C, 2099).map(|consumer| consumer.status), Some(Status::Deleting));
        assert!(consumers.get(C, 2100).is_none());
    }

    #[test]
    fn five_are_created_at_a_time_and_no_more_than_the_limit_at_all() {
        let mut consumers = Consumers::default();
        for name in ["a", "b", "c", "d", "e"] {
            registered(&mut consumers, name, (0, 100)).unwrap();
        }
        assert_eq!(
            registered(&mut consumers, "f", (0, 100)).unwrap_err(),
            Unregistered::TooManyCreating { limit: 5 }
        );
        for n in 5..CONSUMER_LIMIT {
            registered(&mut consumers, &n.to_string(), (200, 200)).unwrap();
        }
        assert_eq!(
            registered(&mut consumers, "f", (300, 300)).unwrap_err(),
            Unregistered::TooMany { limit: 20 }
        );
        assert_eq!(registered(&mut consumers, "a", (300, 300)).unwrap_err(), Unregistered::NameTaken);
    }

    #[test]
    fn an_arn_means_the_consumer_of_its_time_and_no_later_one_of_the_name() {
        let mut consumers = Consumers::default();
        registered(&mut consumers, "c", (1_700_000_000_500, 0)).unwrap();
        let born = |born| Which { name: "c", born: Some(born) };
        assert!(consumers.get(born(1_700_000_000), i64::MAX).is_some());
        assert!(consumers.get(born(1_700_000_001), i64::MAX).is_none());
    }

    #[test]
    fn a_shard_is_taken_over_after_five_seconds_and_not_before() {
        let mut consumers = Consumers::default();
        registered(&mut consumers, "c", (0, 0)).unwrap();
        let first = consumers.subscribe(C, SHARD, 10_000).unwrap();
        assert!(consumers.subscribe(C, ShardId::new(1), 10_000).is_ok());
        assert_eq!(consumers.subscribe(C, SHARD, 10_001).unwrap_err(), Unsubscribed::InUse);
        assert_eq!(consumers.subscribe(C, SHARD, 10_002).unwrap_err(), Unsubscribed::TooOften);
        assert_eq!(consumers.subscribe(C, SHARD, 14_999).unwrap_err(), Unsubscribed::InUse);
        assert!(!first.is_cancelled());
        let second = consumers.subscribe(C, SHARD, 15_000).unwrap();
        assert!(first.is_cancelled() && !second.is_cancelled());
        consumers.deregister(C, (16_000, 17_000));
        assert!(second.is_cancelled());
        assert_eq!(consumers.subscribe(C, SHARD, 16_500).unwrap_err(), Unsubscribed::NotActive);
    }
}
