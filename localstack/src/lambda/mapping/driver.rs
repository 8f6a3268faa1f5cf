//! Carries out what the [`Poller`] decides: reads, invokes, delivers, waits.
//!
//! One task per mapping, from its creation to its deletion. A disabled mapping keeps its place: it reads on from
//! there when it is enabled again. AWS polls a shard once a second; here a put wakes the mapping, so that nobody waits
//! for it. What it reads counts against the throughput that a shard's readers share. Invocations under way when a mapping is deleted run on; nobody waits for them.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use pipectl_shards::ShardId;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::checkpoint::Notebook;
use super::counters::Counted;
use super::event::Envelope;
use super::failure::Failure;
use super::lane::Verdict;
use super::poller::{Action, LaneId, Moment, Poller};
use super::ports::{Deliver, Invoke, Observe, Outcome, Source, StreamGone};
use super::settings::{Destination, Settings, Start};
use super::work::{Discarded, Work};
use crate::clock::Clock;

/// How often a driver looks without being told: a reshard takes effect with time, not with a put.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How often it looks whether a shard that has given out its two mebibytes a second gives more.
const HELD_BACK: Duration = Duration::from_millis(100);

/// The least it waits: a paused clock moves only when somebody waits.
const AT_LEAST: Duration = Duration::from_millis(1);

/// What a mapping is to do, as its user last said.
#[derive(Clone, Debug)]
pub(super) struct Control {
    pub(super) settings: Arc<Settings>,
    pub(super) enabled: bool,
    pub(super) deleted: bool,
    /// When this takes effect, in milliseconds since the epoch.
    pub(super) from: i64,
}

/// What a driver works with.
pub(super) struct Ports {
    pub(super) source: Box<dyn Source>,
    pub(super) invoke: Arc<dyn Invoke>,
    pub(super) deliver: Arc<dyn Deliver>,
    pub(super) observe: Arc<dyn Observe>,
    pub(super) notebook: Notebook,
}

/// What stays the same as long as a mapping lives.
pub(super) struct Identity {
    pub(super) id: Uuid,
    /// Of the stream or the consumer.
    pub(super) source_arn: String,
    pub(super) stream_arn: String,
    pub(super) region: String,
    pub(super) start: Start,
}

type Flight = BoxFuture<'static, (LaneId, usize, Outcome)>;

/// What a decision looks at, held apart from the driver that carries it out.
struct Scene {
    now: i64,
    horizon: i64,
    settings: Arc<Settings>,
    frame: usize,
}

impl Scene {
    fn moment(&self) -> Moment<'_> {
        Moment { now: self.now, horizon: self.horizon, settings: &self.settings, frame: self.frame }
    }
}

/// A mapping at work.
pub(super) struct Driver {
    identity: Identity,
    ports: Ports,
    clock: Clock,
    control: watch::Receiver<Control>,
    settings: Arc<Settings>,
    enabled: bool,
    /// Nothing when the stream is gone.
    poller: Option<Poller>,
    /// When the stream was created.
    born: i64,
    changes: Option<watch::Receiver<()>>,
    /// Whether a shard has given out what it may for now.
    is_held_back: bool,
    envelope: Envelope,
    flights: FuturesUnordered<Flight>,
}

impl Driver {
    /// A mapping that is about to begin.
    pub(super) fn new(
        identity: Identity,
        ports: Ports,
        clock: Clock,
        control: watch::Receiver<Control>,
    ) -> Self {
        let settings = Arc::clone(&control.borrow().settings);
        let envelope = Envelope {
            source_arn: identity.source_arn.clone(),
            region: identity.region.clone(),
            role_arn: String::new(),
        };
        Self {
            identity,
            ports,
            clock,
            control,
            settings,
            enabled: false,
            poller: None,
            born: 0,
            changes: None,
            is_held_back: false,
            envelope,
            flights: FuturesUnordered::new(),
        }
    }

    /// Opens the stream, and goes on where an earlier run had come to, if there was one. A mapping that begins with the
    /// latest record gets what is put from now on.
    pub(super) fn open(&mut self) -> Result<(), StreamGone> {
        let now = self.clock.epoch_millis();
        let opened = self.ports.source.open(now)?;
        let start = self.identity.start;
        let since = if let Start::At(since) = start { since.as_millisecond() } else { i64::MIN };
        let earlier = self.ports.notebook.lock().take();
        self.poller = Some(match earlier.and_then(|checkpoint| checkpoint.of(&opened)) {
            Some(checkpoint) => Poller::resume(checkpoint, since, &self.settings),
            None => Poller::new(self.ports.source.begin(start, now), since, &self.settings),
        });
        self.born = opened.born;
        self.changes = self.ports.source.changes();
        self.note();
        Ok(())
    }

    /// Notes how far it has come. Without a stream what was noted last stays: it may be the stream that comes back.
    fn note(&self) {
        if let Some(poller) = &self.poller {
            *self.ports.notebook.lock() = Some(poller.checkpoint(self.born));
        }
    }

    /// Works until the mapping is deleted or the endpoint stops.
    pub(super) async fn run(mut self, stopping: CancellationToken) {
        loop {
            let Some(effective) = self.follow() else { return };
            let is_busy = self.pass().await;
            self.note();
            let wait = self.wait(effective);
            tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                changed = self.control.changed() => if changed.is_err() { return },
                Some(flight) = self.flights.next(), if !self.flights.is_empty() => self.land(flight).await,
                () = tokio::task::yield_now(), if is_busy => {}
                () = changed(&mut self.changes), if self.enabled => self.news(),
                () = tokio::time::sleep(wait) => self.news(),
            }
        }
    }

    fn news(&mut self) {
        if let Some(poller) = &mut self.poller {
            poller.news();
        }
    }

    /// Does as it is told; answers when it will have to do otherwise. Nothing when the mapping is deleted.
    fn follow(&mut self) -> Option<Option<i64>> {
        let control = self.control.borrow_and_update().clone();
        if control.deleted {
            return None;
        }
        if self.clock.epoch_millis() < control.from {
            return Some(Some(control.from));
        }
        let is_change = self.enabled != control.enabled || !Arc::ptr_eq(&self.settings, &control.settings);
        self.enabled = control.enabled;
        self.settings = control.settings;
        if is_change && self.enabled && self.poller.is_none() && self.open().is_err() {
            self.ports.observe.stream_gone();
        }
        Some(None)
    }

    fn wait(&self, effective: Option<i64>) -> Duration {
        let scene = self.scene();
        let poller = self.poller.as_ref().filter(|_| self.enabled);
        let wake = poller.and_then(|poller| poller.wake(&scene.moment()));
        let longest = if self.is_held_back { HELD_BACK } else { LOOK_AGAIN };
        let until = |at: i64| Duration::from_millis(u64::try_from(at.saturating_sub(scene.now)).unwrap_or(0));
        [wake, effective].into_iter().flatten().map(until).fold(longest, Duration::min).max(AT_LEAST)
    }

    fn scene(&self) -> Scene {
        let now = self.clock.epoch_millis();
        Scene {
            now,
            horizon: self.ports.source.horizon(now),
            settings: Arc::clone(&self.settings),
            frame: self.envelope.frame(),
        }
    }

    /// Reads what is wanted and begins what is due; answers whether there may be more.
    async fn pass(&mut self) -> bool {
        if !self.enabled || self.poller.is_none() {
            return false;
        }
        self.envelope.role_arn = self.ports.invoke.role(&self.settings.function_arn).unwrap_or_default();
        let Ok(has_read) = self.read() else {
            self.poller = None;
            self.changes = None;
            self.ports.observe.stream_gone();
            return false;
        };
        let scene = self.scene();
        let actions = self.poller.as_mut().map(|poller| poller.due(&scene.moment())).unwrap_or_default();
        let is_busy = has_read || !actions.is_empty();
        for action in actions {
            match action {
                Action::Invoke(lane, work) => self.launch(lane, &work, scene.now),
                Action::Discard(shard, discarded) => self.discard(shard, discarded).await,
            }
        }
        is_busy
    }

    fn read(&mut self) -> Result<bool, StreamGone> {
        let scene = self.scene();
        let at = scene.moment();
        let Some(poller) = &mut self.poller else { return Ok(false) };
        let mut has_read = false;
        self.is_held_back = false;
        for want in poller.wants(&at) {
            if !self.ports.source.is_ready(want.shard, at.now) {
                self.is_held_back = true;
                poller.hold_back(want.shard);
                continue;
            }
            has_read = true;
            let part = self.ports.source.read(want, at.now)?;
            let supplied = poller.supply(want.shard, part, &self.envelope, &at);
            let published = self.settings.publishes_counts();
            self.ports.observe.count(Counted::Polled, supplied.polled, published);
            let published = published && !self.settings.filters.is_empty();
            self.ports.observe.count(Counted::FilteredOut, supplied.filtered, published);
        }
        Ok(has_read)
    }

    fn launch(&mut self, lane: LaneId, work: &Work, now: i64) {
        let function_arn = self.settings.function_arn.clone();
        if let Some(last) = work.entries.last() {
            self.ports.observe.iterator_age(&function_arn, now.saturating_sub(last.arrived).max(0));
        }
        let events = work.entries.len();
        let event = self.envelope.event(&lane.shard.to_string(), &work.entries, work.pane.as_ref());
        let invoke = Arc::clone(&self.ports.invoke);
        self.flights.push(Box::pin(async move {
            let outcome = invoke.invoke(&function_arn, event).await;
            (lane, events, outcome)
        }));
    }

    async fn land(&mut self, (lane, events, outcome): (LaneId, usize, Outcome)) {
        match &outcome {
            Outcome::NotReached(reason) => {
                tracing::debug!(mapping = %self.identity.id, reason, "the function of a mapping was not reached");
            }
            Outcome::Refused(reason) => {
                tracing::warn!(mapping = %self.identity.id, reason, "an event of a mapping was refused");
            }
            Outcome::Returned { .. } | Outcome::Failed(_) => {}
        }
        let scene = self.scene();
        let finished = self.poller.as_mut().and_then(|poller| poller.finish(lane, outcome, &scene.moment()));
        let Some((verdict, discarded)) = finished else { return };
        self.count(Counted::Invoked, events);
        let failed = if verdict == Verdict::Done { 0 } else { events };
        self.count(Counted::FailedInvoke, failed);
        self.ports.observe.ended(verdict);
        if let Some(discarded) = discarded {
            self.discard(lane.shard, discarded).await;
        }
    }

    async fn discard(&mut self, shard: ShardId, discarded: Discarded) {
        let events = discarded.work.entries.len();
        let shard = shard.to_string();
        tracing::info!(mapping = %self.identity.id, %shard, events, condition = discarded.condition.as_str(),
            "records were given up");
        let counted = match &self.settings.on_failure {
            Some(destination) => {
                let failure = Failure {
                    mapping: self.identity.id,
                    function_arn: &self.settings.function_arn,
                    stream_arn: &self.identity.stream_arn,
                    shard: &shard,
                    now: self.clock.epoch_millis(),
                    with_payload: matches!(destination, Destination::Bucket { .. }),
                };
                let record = failure.record(&discarded, &self.envelope, self.ports.deliver.chance());
                if self.ports.deliver.deliver(destination, record).await {
                    Counted::DeliveredOnFailure
                } else {
                    self.ports.observe.not_delivered(&self.settings.function_arn);
                    Counted::Dropped
                }
            }
            None if discarded.has_expired(&self.settings) => Counted::Expired,
            None => Counted::Dropped,
        };
        self.count(counted, events);
    }

    fn count(&self, counted: Counted, events: usize) {
        self.ports.observe.count(counted, events, self.settings.publishes_counts());
    }
}

/// Waits for a change; for ever when there is nothing that could change.
async fn changed(changes: &mut Option<watch::Receiver<()>>) {
    if let Some(receiver) = changes
        && receiver.changed().await.is_ok()
    {
        return;
    }
    std::future::pending().await
}
