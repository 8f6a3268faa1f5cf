//! Plugs the endpoint's services into the ports of a mapping.
//!
//! Mappings live in the world, so they hold it weakly: a world that is dropped ends them.

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use pipectl_shards::ShardId;
use tokio::sync::watch;
use uuid::Uuid;

use super::super::error::LambdaError;
use super::super::metrics;
use super::super::name::FunctionRef;
use super::super::state::Location;
use super::checkpoint::{Notebook, Opened};
use super::counters::{Counted, Counters};
use super::driver::Ports;
use super::entry::Entry;
use super::lane::Verdict;
use super::ports::{
    Answer, Child, Deliver, FailureRecord, Invoke, Observe, Outcome, Part, Source, StreamGone,
};
use super::settings::{Destination, Start};
use super::shard::Want;
use super::source::EventSource;
use crate::kinesis::{Access, Position, State, Stream, note_read};
use crate::s3::ObjectHeaders;
use crate::world::World;

/// The ports of a mapping in `world`.
pub(super) fn ports(
    world: &Arc<World>,
    id: Uuid,
    source: EventSource,
    (counters, notebook): (Arc<Counters>, Notebook),
) -> Ports {
    let region = source.stream().region().to_owned();
    let services = Arc::new(Services { world: Arc::downgrade(world), id, region, counters });
    Ports {
        notebook,
        source: Box::new(StreamSource { world: Arc::downgrade(world), source, stream: None }),
        invoke: Arc::clone(&services) as Arc<dyn Invoke>,
        deliver: Arc::clone(&services) as Arc<dyn Deliver>,
        observe: services,
    }
}

/// A stream of the endpoint, or a consumer of one: it then reads the same records, by a throughput of its own.
pub(super) struct StreamSource {
    world: Weak<World>,
    source: EventSource,
    stream: Option<Arc<Stream>>,
}

impl StreamSource {
    /// A stream that was found already.
    #[cfg(test)]
    pub(super) fn of(stream: Arc<Stream>) -> Self {
        let source = EventSource::Stream(stream.arn().clone());
        Self { world: Weak::new(), source, stream: Some(stream) }
    }

    /// A consumer has throughput of its own; who reads the stream shares its shards' with all others.
    fn access(&self) -> Access {
        match self.source {
            EventSource::Stream(_) => Access::Shared,
            EventSource::Consumer(_) => Access::Dedicated,
        }
    }

    fn find(&self, now: Timestamp) -> Option<Arc<Stream>> {
        match self.world.upgrade() {
            Some(world) => world.kinesis.stream(self.source.stream(), now).ok(),
            None => self.stream.clone(),
        }
    }
}

fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or_default()
}

impl Source for StreamSource {
    fn open(&mut self, now: i64) -> Result<Opened, StreamGone> {
        let now = timestamp(now);
        let stream = self.stream.insert(self.find(now).ok_or(StreamGone)?);
        let shards = |state: &mut State| state.lineage.shards().map(|shard| (shard.id, shard.open)).collect();
        let born = stream.created().as_millisecond();
        Ok(Opened { born, latest: stream.latest(now), shards: stream.with(now, shards) })
    }

    fn begin(&mut self, start: Start, now: i64) -> Vec<(ShardId, Position)> {
        let now = timestamp(now);
        let Some(stream) = &self.stream else { return Vec::new() };
        if start == Start::Latest {
            let latest = stream.latest(now);
            return stream.open_shards(now).into_iter().map(|shard| (shard.id, latest)).collect();
        }
        // The oldest shards that are left; the others follow when their parents are done.
        let shards = stream.shards(now);
        let is_root = |parent: Option<ShardId>| {
            parent.is_none_or(|parent| shards.binary_search_by_key(&parent, |shard| shard.id).is_err())
        };
        let roots = shards.iter().filter(|shard| is_root(shard.parent) && is_root(shard.adjacent_parent));
        roots.map(|shard| (shard.id, Position::TRIM_HORIZON)).collect()
    }

    fn is_ready(&self, shard: ShardId, now: i64) -> bool {
        let is_readable = |stream: &Arc<Stream>| stream.is_readable(shard, timestamp(now));
        self.access() == Access::Dedicated || self.stream.as_ref().is_none_or(is_readable)
    }

    fn read(&mut self, want: Want, now: i64) -> Result<Part, StreamGone> {
        let stream = self.stream.as_ref().ok_or(StreamGone)?;
        let now = timestamp(now);
        if !self.source.is_registered(stream, now) {
            return Err(StreamGone);
        }
        let batch = stream.read_as(self.access(), want.shard, want.from, want.limit, now);
        if let (EventSource::Stream(_), Some(world)) = (&self.source, self.world.upgrade()) {
            // As AWS's own polling, it is a reader of the stream among others. Calls of it take no time here.
            note_read(&world, (stream, want.shard), &batch, Duration::ZERO);
        }
        let batch = batch.map_err(|_| StreamGone)?;
        let entry = |record: crate::kinesis::Record| Entry {
            sequence: record.sequence,
            number: stream.sequence_number(want.shard, record.sequence).into(),
            arrived: record.arrived,
            partition_key: record.partition_key,
            data: record.data,
        };
        let children = batch.children.into_iter().map(|id| child(stream, id, now)).collect();
        Ok(Part { entries: batch.records.into_iter().map(entry).collect(), next: batch.next, children })
    }

    fn horizon(&self, now: i64) -> i64 {
        self.stream
            .as_ref()
            .map_or(i64::MIN, |stream| stream.with(timestamp(now), |state| state.horizon(now)))
    }

    fn changes(&self) -> Option<watch::Receiver<()>> {
        self.stream.as_ref().map(|stream| stream.watch())
    }
}

fn child(stream: &Stream, id: ShardId, now: Timestamp) -> Child {
    let waits_for = stream.with(now, |state| {
        let shard = state.lineage.shard(id);
        let parents = shard.map(|shard| [shard.parent, shard.adjacent_parent]).unwrap_or_default();
        let is_left = |parent: &ShardId| state.is_listed(*parent, now.as_millisecond());
        parents.into_iter().flatten().filter(is_left).collect()
    });
    Child { id, waits_for }
}

/// The services behind the other ports.
struct Services {
    world: Weak<World>,
    id: Uuid,
    /// Of the stream.
    region: String,
    counters: Arc<Counters>,
}

#[async_trait]
impl Invoke for Services {
    async fn invoke(&self, function_arn: &str, event: Bytes) -> Outcome {
        let Some(world) = self.world.upgrade() else {
            return Outcome::NotReached("the endpoint is gone".to_owned());
        };
        match world.lambda.invoke(&world, function_arn, event).await {
            Ok(result) => {
                let answer = Answer {
                    request_id: result.request_id,
                    version: result.executed_version,
                    function_error: result.function_error,
                };
                match answer.function_error {
                    None => Outcome::Returned { payload: result.payload, answer },
                    Some(_) => Outcome::Failed(answer),
                }
            }
            Err(error @ LambdaError::PayloadTooLarge { .. }) => Outcome::Refused(error.to_string()),
            Err(error) => Outcome::NotReached(error.to_string()),
        }
    }

    fn role(&self, function_arn: &str) -> Option<String> {
        let world = self.world.upgrade()?;
        let named = FunctionRef::parse(function_arn).ok()?;
        let here = Location::of(&named, &self.region, &world.account);
        let version = world.lambda.version(&named, &here).ok()?;
        Some(version.configuration.role.clone())
    }
}

#[async_trait]
impl Deliver for Services {
    fn chance(&self) -> Uuid {
        let world = self.world.upgrade();
        world.map(|world| world.dice.uuid("mapping failure", &self.id.to_string())).unwrap_or_default()
    }

    async fn deliver(&self, destination: &Destination, record: FailureRecord) -> bool {
        let bucket = match destination {
            Destination::Bucket { name, .. } => name,
            Destination::Elsewhere(arn) => {
                let record = String::from_utf8_lossy(&record.body);
                tracing::warn!(mapping = %self.id, destination = arn, %record,
                    "this endpoint has no such service: the record of a failure goes to the log alone");
                return false;
            }
        };
        let Some(world) = self.world.upgrade() else { return false };
        let headers =
            ObjectHeaders { content_type: Some("application/json".to_owned()), ..ObjectHeaders::default() };
        let written = world.s3.put_object(bucket, &record.key, record.body, headers).await;
        if let Err(error) = &written {
            tracing::warn!(mapping = %self.id, bucket, %error, "the record of a failure could not be written");
        }
        written.is_ok()
    }
}

impl Observe for Services {
    fn ended(&self, verdict: Verdict) {
        if let Some(world) = self.world.upgrade() {
            world.lambda.mappings.ended(self.id, verdict);
        }
    }

    fn count(&self, counted: Counted, events: usize, published: bool) {
        self.counters.add(counted, events);
        if let (true, Some(world)) = (published, self.world.upgrade()) {
            metrics::mapping(&world, (&self.region, &self.id.to_string()), counted, events);
        }
    }

    fn iterator_age(&self, function_arn: &str, millis: i64) {
        let (Some(world), Ok(named)) = (self.world.upgrade(), FunctionRef::parse(function_arn)) else {
            return;
        };
        let age = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        metrics::iterator_age(&world, &named, age);
    }

    fn not_delivered(&self, function_arn: &str) {
        if let (Some(world), Ok(named)) = (self.world.upgrade(), FunctionRef::parse(function_arn)) {
            metrics::not_delivered(&world, &named);
        }
    }

    fn stream_gone(&self) {
        if let Some(world) = self.world.upgrade() {
            world.lambda.mappings.stream_gone(self.id);
        }
    }
}
