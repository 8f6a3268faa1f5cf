//! The port of enhanced fan-out: a consumer of its own, to which each shard pushes what it gets.
//!
//! A subscription lives for five minutes and is renewed where it ended; `renewal.rs` has the rules. Who implements
//! this port only opens subscriptions and hands on their events.

use std::time::Duration;

use async_trait::async_trait;
use pipectl_shards::ShardId;

use crate::outcome::SequenceNumber;
use crate::read::source::{Arrived, Position, ShardDescription, SourceError};

/// A registered consumer of a stream.
#[async_trait]
pub trait FanOut: Send + Sync + 'static {
    /// Subscribes to a shard. The call does not retry by itself.
    ///
    /// # Errors
    /// See [`SourceError`]. A subscription that began less than five seconds ago is worth another try.
    async fn subscribe(
        &self,
        shard: ShardId,
        position: &Position,
    ) -> Result<Box<dyn Subscription>, SourceError>;
}

/// A subscription to one shard, which ends by itself after five minutes.
#[async_trait]
pub trait Subscription: Send {
    /// What comes next; nothing when the subscription is over.
    ///
    /// # Errors
    /// The subscription broke, for the reason that [`SourceError`] gives.
    async fn next(&mut self) -> Result<Option<Pushed>, SourceError>;
}

/// One event of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The records, in order; often none.
    pub records: Vec<Arrived>,
    /// The number after which the next subscription goes on; nothing at the end of a closed shard.
    pub continuation: Option<SequenceNumber>,
    /// How far this event is behind the tip of the shard.
    pub behind: Duration,
    /// At the end of a closed shard the shards that go on from it.
    pub children: Vec<ShardDescription>,
}
