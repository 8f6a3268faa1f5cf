//! `SubscribeToShard`: an HTTP answer that goes on for five minutes, as a stream of events.
//!
//! Each event is a structure in the encoding of the call, JSON or CBOR, in a frame of its own.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use pipectl_shards::ShardId;
use serde::{Deserialize, Serialize};

use super::super::consumers::Unsubscribed;
use super::super::fan_out::{Part, Subscription, no_consumer, unsubscribed};
use super::super::record::{Position, Sequence, SequenceText};
use super::super::stream::could_not_find;
use super::super::{Batch, Stream};
use super::consumers::parse_consumer;
use super::read::{ChildShard, RecordOutput, Start, shown};
use super::resource::which;
use super::target::shard_id;
use super::values::{Shown, Time};
use super::write::dry_run;
use crate::http::event_stream::{event, exception};
use crate::http::{Answer, AwsError, Codec, JsonCall};
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SubscribeInput {
    #[serde(rename = "ConsumerARN")]
    consumer_arn: String,
    shard_id: String,
    starting_position: StartingPosition,
    dry_run: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StartingPosition {
    #[serde(rename = "Type")]
    kind: String,
    sequence_number: Option<String>,
    timestamp: Option<Time>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SubscribeToShardEvent {
    records: Vec<RecordOutput>,
    /// Nothing at the end of the shard.
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_sequence_number: Option<Shown<SequenceText>>,
    millis_behind_latest: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    child_shards: Vec<ChildShard>,
}

#[derive(Debug, Serialize)]
struct Exception<'a> {
    message: &'a str,
}

pub(crate) fn subscribe(
    world: &Arc<World>,
    call: &JsonCall,
    input: SubscribeInput,
) -> Result<Answer, AwsError> {
    let now = world.clock.now();
    let consumer = parse_consumer(&input.consumer_arn, &call.context)?;
    let stream = world.kinesis.stream(consumer.stream(), now)?;
    if stream.consumer(which(&consumer), now, |_| ()).is_none() {
        return Err(no_consumer(&consumer));
    }
    let shard = shard_id(&input.shard_id).ok_or_else(|| could_not_find(stream.arn(), &input.shard_id))?;
    let from = &input.starting_position;
    let start = Start {
        kind: &from.kind,
        number: from.sequence_number.as_deref(),
        time: from.timestamp,
        operation: "SubscribeToShard",
    };
    let position = start.position(&stream, shard, now)?;
    let failed = |why: Unsubscribed| unsubscribed(&consumer, shard, why);
    let (asked, millis) = (which(&consumer), now.as_millisecond());
    if input.dry_run == Some(true) {
        stream.with(now, |state| state.consumers.may_subscribe(asked, shard, millis)).map_err(failed)?;
    }
    dry_run(input.dry_run)?;
    let taken_over =
        stream.with(now, |state| state.consumers.subscribe(asked, shard, millis)).map_err(failed)?;
    let tokens = (taken_over, world.closing.clone());
    let subscription =
        Subscription::new((Arc::clone(&stream), consumer, shard), position, world.clock, tokens);
    let writer = Writer {
        world: Arc::clone(world),
        stream,
        shard,
        codec: call.codec(),
        content_type: call.content_type(),
    };
    let first = event("initial-response", writer.content_type, &writer.encode(&serde_json::Map::new()));
    let events = stream::unfold((subscription, writer), |(mut subscription, writer)| async move {
        let part = subscription.next().await?;
        Some((writer.frame(part), (subscription, writer)))
    });
    // Who reads it in this process may ask once more after the end.
    Ok(call.events(stream::iter([first]).chain(events).fuse().boxed()))
}

/// Writes parts as frames.
struct Writer {
    world: Arc<World>,
    stream: Arc<Stream>,
    shard: ShardId,
    codec: Codec,
    content_type: &'static str,
}

impl Writer {
    fn frame(&self, part: Part) -> Bytes {
        match part {
            Part::Records(batch) => {
                event("SubscribeToShardEvent", self.content_type, &self.encode(&self.event(batch)))
            }
            Part::Failed(error) => {
                let body = self.encode(&Exception { message: &error.message });
                exception(&error, self.content_type, &body)
            }
        }
    }

    fn event(&self, batch: Batch) -> SubscribeToShardEvent {
        let continuation = batch.next.map(|next| self.continuation(next));
        let millis_behind_latest = batch.millis_behind;
        let (records, child_shards) = shown(&self.stream, self.shard, batch, self.world.clock.now());
        SubscribeToShardEvent {
            records,
            continuation_sequence_number: continuation.map(Shown),
            millis_behind_latest,
            child_shards,
        }
    }

    /// The number after which reading goes on at this position: of the last place before it, and of the shard's own
    /// beginning where nothing came before.
    fn continuation(&self, next: Position) -> SequenceText {
        let first =
            self.stream.with(self.world.clock.now(), |state| state.log(self.shard).map(|log| log.first));
        let before = Sequence(next.0.saturating_sub(1)).max(first.unwrap_or(Sequence(0)));
        self.stream.sequence_text(self.shard, before)
    }

    fn encode<T: Serialize>(&self, value: &T) -> Bytes {
        self.codec.encode(value).unwrap_or_default()
    }
}
