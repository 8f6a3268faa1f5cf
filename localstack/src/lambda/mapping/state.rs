//! All mappings of the endpoint, as their users see them: settings, states, results, tags.
//!
//! A change takes a while to become effective. Nothing runs in between: whoever looks next settles what has become
//! due, and the mapping's driver is told from when on to do otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

use super::super::error::LambdaError;
use super::super::name::FunctionRef;
use super::super::state::Lambda;
use super::adapters;
use super::checkpoint::{Checkpoint, Notebook};
use super::counters::{Counters, MappingAccount};
use super::driver::{Control, Driver, Identity};
use super::lane::Verdict;
use super::phase::Phase;
use super::settings::{Settings, Start};
use super::source::EventSource;
use crate::lock::Lock;
use crate::world::World;

/// What the last batch came to, in AWS's words. Those of a function that was not reached and of a stream that is gone
/// could not be looked up (?).
pub(super) mod result {
    pub(super) const NONE: &str = "No records processed";
    pub(super) const OK: &str = "OK";
    pub(super) const FAILED: &str = "PROBLEM: Function call failed";
    pub(super) const NOT_REACHED: &str = "PROBLEM: Function could not be invoked";
    pub(super) const STREAM_GONE: &str = "PROBLEM: Stream not found";

    /// The result that is worded like this.
    pub(in super::super) fn worded(text: &str) -> &'static str {
        let known = [OK, FAILED, NOT_REACHED, STREAM_GONE];
        known.into_iter().find(|known| *known == text).unwrap_or(NONE)
    }
}

/// A mapping as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    pub(crate) id: Uuid,
    pub(crate) arn: String,
    pub(crate) source: EventSource,
    pub(crate) start: Start,
    pub(crate) settings: Arc<Settings>,
    pub(crate) enabled: bool,
    pub(crate) phase: Phase,
    pub(crate) modified: Timestamp,
    pub(crate) last_result: &'static str,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Mapping {
    /// The region that it belongs to: that of the function and of the stream.
    pub(crate) fn region(&self) -> &str {
        self.arn.split(':').nth(3).unwrap_or_default()
    }
}

/// What a mapping is created from.
#[derive(Clone, Debug)]
pub(crate) struct Create {
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) source: EventSource,
    pub(crate) start: Start,
    pub(crate) settings: Settings,
    pub(crate) enabled: bool,
    pub(crate) tags: BTreeMap<String, String>,
}

/// What a mapping is changed to.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    pub(crate) settings: Settings,
    pub(crate) enabled: bool,
}

#[derive(Debug)]
struct Slot {
    mapping: Mapping,
    /// What becomes effective at `until`.
    change: Option<(Arc<Settings>, bool)>,
    until: i64,
    control: watch::Sender<Control>,
    counters: Arc<Counters>,
    notebook: Notebook,
}

impl Slot {
    /// A mapping whose settings take effect then, and what drives it.
    fn new(
        world: &Arc<World>,
        mapping: Mapping,
        until: i64,
        checkpoint: Option<Checkpoint>,
    ) -> (Self, Driver) {
        let control = Control {
            settings: Arc::clone(&mapping.settings),
            enabled: mapping.enabled,
            deleted: false,
            from: until,
        };
        let (control, commands) = watch::channel(control);
        let identity = Identity {
            id: mapping.id,
            source_arn: mapping.source.to_string(),
            stream_arn: mapping.source.stream().to_string(),
            region: mapping.source.stream().region().to_owned(),
            start: mapping.start,
        };
        let counters = Arc::new(Counters::default());
        let notebook = Arc::new(Lock::new(checkpoint));
        let kept = (Arc::clone(&counters), Arc::clone(&notebook));
        let ports = adapters::ports(world, mapping.id, mapping.source.clone(), kept);
        let driver = Driver::new(identity, ports, world.clock, commands);
        (Self { mapping, change: None, until, control, counters, notebook }, driver)
    }

    /// Carries out what has become due; false when the mapping is gone.
    fn settle(&mut self, now: i64) -> bool {
        if now < self.until {
            return true;
        }
        if self.mapping.phase == Phase::Deleting {
            return false;
        }
        if let Some((settings, enabled)) = self.change.take() {
            self.mapping.settings = settings;
            self.mapping.enabled = enabled;
        }
        self.mapping.phase = if self.mapping.enabled { Phase::Enabled } else { Phase::Disabled };
        true
    }

    fn is_settled(&self) -> bool {
        matches!(self.mapping.phase, Phase::Enabled | Phase::Disabled)
    }
}

/// The mappings of the endpoint.
#[derive(Debug, Default)]
pub(crate) struct Mappings {
    slots: Lock<BTreeMap<Uuid, Slot>>,
}

impl Mappings {
    fn with<T>(&self, now: Timestamp, look: impl FnOnce(&mut BTreeMap<Uuid, Slot>) -> T) -> T {
        let mut slots = self.slots.lock();
        slots.retain(|_, slot| slot.settle(now.as_millisecond()));
        look(&mut slots)
    }

    /// Looks at a mapping, which is there in its own region only.
    fn with_slot<T>(
        &self,
        (region, id): (&str, Uuid),
        now: Timestamp,
        look: impl FnOnce(&mut Slot) -> Result<T, LambdaError>,
    ) -> Result<T, LambdaError> {
        self.with(now, |slots| {
            let found = slots.get_mut(&id).filter(|slot| slot.mapping.region() == region);
            found.ok_or_else(no_such_mapping).and_then(look)
        })
    }

    /// All mappings of a region, by id.
    pub(crate) fn list(&self, region: &str, now: Timestamp) -> Vec<Mapping> {
        self.with(now, |slots| {
            let mappings = slots.values().map(|slot| &slot.mapping);
            mappings.filter(|mapping| mapping.region() == region).cloned().collect()
        })
    }

    /// One mapping, by region and id.
    pub(crate) fn find(&self, key: (&str, Uuid), now: Timestamp) -> Result<Mapping, LambdaError> {
        self.with_slot(key, now, |slot| Ok(slot.mapping.clone()))
    }

    /// What each mapping of every region has done with its records so far.
    fn accounts(&self, now: Timestamp) -> Vec<MappingAccount> {
        let account = |slot: &Slot| MappingAccount {
            id: slot.mapping.id.to_string(),
            source: slot.mapping.source.to_string(),
            function: slot.mapping.settings.function_arn.clone(),
            state: slot.mapping.phase.as_str(),
            last_result: slot.mapping.last_result,
            counts: slot.counters.counts(),
        };
        self.with(now, |slots| slots.values().map(account).collect())
    }

    /// Changes the tags of a mapping.
    pub(crate) fn with_tags<T>(
        &self,
        key: (&str, Uuid),
        now: Timestamp,
        change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<T, LambdaError>,
    ) -> Result<T, LambdaError> {
        self.with_slot(key, now, |slot| change(&mut slot.mapping.tags))
    }

    /// Creates a mapping and starts its driver.
    pub(crate) fn create(&self, world: &Arc<World>, create: Create) -> Result<Mapping, LambdaError> {
        let now = world.clock.now();
        let until = after(now, world.lambda.transition);
        let Create { region, account, source, start, settings, enabled, tags } = create;
        let id = world.dice.uuid("mapping", &format!("{source}\n{}", settings.function_arn));
        let mapping = Mapping {
            id,
            arn: format!("arn:aws:lambda:{region}:{account}:event-source-mapping:{id}"),
            source,
            start,
            settings: Arc::new(settings),
            enabled,
            phase: Phase::Creating,
            modified: now,
            last_result: result::NONE,
            tags,
        };
        self.with(now, |slots| {
            if let Some(other) = slots.values().find(|slot| is_same(&slot.mapping, &mapping)) {
                return Err(exists(&other.mapping));
            }
            check_source(world, &mapping.source)?;
            let (slot, mut driver) = Slot::new(world, mapping.clone(), until, None);
            driver.open().map_err(|_| not_found("Stream", &mapping.source))?;
            world.tasks.spawn(driver.run(world.stopping.clone()));
            slots.insert(id, slot);
            Ok(mapping)
        })
    }

    /// Brings a mapping back that an earlier run had.
    pub(super) fn restore(&self, world: &Arc<World>, mapping: Mapping, checkpoint: Option<Checkpoint>) {
        let now = world.clock.now();
        let (mut slot, mut driver) = Slot::new(world, mapping, now.as_millisecond(), checkpoint);
        if driver.open().is_err() {
            slot.mapping.last_result = result::STREAM_GONE;
        }
        world.tasks.spawn(driver.run(world.stopping.clone()));
        self.with(now, |slots| slots.insert(slot.mapping.id, slot));
    }

    /// Every mapping that is not being deleted, as it will be, and how far it has come.
    pub(super) fn kept(&self, now: Timestamp) -> Vec<(Mapping, Option<Checkpoint>)> {
        let kept = |slot: &Slot| {
            let mut mapping = slot.mapping.clone();
            if let Some((settings, enabled)) = &slot.change {
                mapping.settings = Arc::clone(settings);
                mapping.enabled = *enabled;
            }
            (mapping, slot.notebook.lock().clone())
        };
        self.with(now, |slots| {
            slots.values().filter(|slot| slot.mapping.phase != Phase::Deleting).map(kept).collect()
        })
    }

    /// Changes a mapping. The answer shows it as it was: the change becomes effective later.
    pub(crate) fn update(
        &self,
        key: (&str, Uuid),
        now: Timestamp,
        transition: Duration,
        change: impl FnOnce(&Mapping) -> Result<Update, LambdaError>,
    ) -> Result<Mapping, LambdaError> {
        self.with_slot(key, now, |slot| {
            if !slot.is_settled() {
                return Err(LambdaError::InUse("update"));
            }
            let Update { settings, enabled } = change(&slot.mapping)?;
            let settings = Arc::new(settings);
            slot.until = after(now, transition);
            slot.mapping.phase = match (slot.mapping.enabled, enabled) {
                (false, true) => Phase::Enabling,
                (true, false) => Phase::Disabling,
                _ => Phase::Updating,
            };
            slot.mapping.modified = now;
            let control =
                Control { settings: Arc::clone(&settings), enabled, deleted: false, from: slot.until };
            slot.control.send_replace(control);
            slot.change = Some((settings, enabled));
            Ok(slot.mapping.clone())
        })
    }

    /// Deletes a mapping: it stops at once and is gone after a while.
    pub(crate) fn delete(
        &self,
        key: (&str, Uuid),
        now: Timestamp,
        transition: Duration,
    ) -> Result<Mapping, LambdaError> {
        self.with_slot(key, now, |slot| {
            if !slot.is_settled() {
                return Err(LambdaError::InUse("delete"));
            }
            slot.control.send_modify(|control| control.deleted = true);
            slot.mapping.phase = Phase::Deleting;
            slot.mapping.modified = now;
            slot.until = after(now, transition);
            Ok(slot.mapping.clone())
        })
    }

    /// Deletes every mapping at once, as nothing of AWS's does: the endpoint is emptied.
    pub(crate) fn reset(&self) {
        for slot in std::mem::take(&mut *self.slots.lock()).into_values() {
            slot.control.send_modify(|control| control.deleted = true);
        }
    }

    fn note(&self, id: Uuid, result: &'static str) {
        if let Some(slot) = self.slots.lock().get_mut(&id) {
            slot.mapping.last_result = result;
        }
    }

    /// Notes how a batch ended.
    pub(super) fn ended(&self, id: Uuid, verdict: Verdict) {
        let result = match verdict {
            Verdict::Done => result::OK,
            Verdict::Failed => result::FAILED,
            Verdict::NotReached => result::NOT_REACHED,
        };
        self.note(id, result);
    }

    /// Notes that the stream is gone.
    pub(super) fn stream_gone(&self, id: Uuid) {
        self.note(id, result::STREAM_GONE);
    }
}

impl Lambda {
    /// What each event source mapping has done with its records so far.
    #[must_use]
    pub fn mapping_accounts(&self, now: Timestamp) -> Vec<MappingAccount> {
        self.mappings.accounts(now)
    }
}

/// The source of a new mapping has to be there.
fn check_source(world: &World, source: &EventSource) -> Result<(), LambdaError> {
    let now = world.clock.now();
    let stream = world.kinesis.stream(source.stream(), now).map_err(|_| not_found("Stream", source))?;
    if source.is_registered(&stream, now) { Ok(()) } else { Err(not_found("Consumer", source)) }
}

/// As it is worded for streams; for consumers (?).
fn not_found(what: &str, source: &EventSource) -> LambdaError {
    LambdaError::InvalidParameter(format!("{what} not found: {source}"))
}

fn after(now: Timestamp, transition: Duration) -> i64 {
    let transition = i64::try_from(transition.as_millis()).unwrap_or(i64::MAX);
    now.as_millisecond().saturating_add(transition)
}

fn is_same(one: &Mapping, other: &Mapping) -> bool {
    one.source == other.source && one.settings.function_arn == other.settings.function_arn
}

fn no_such_mapping() -> LambdaError {
    LambdaError::NotFound("The resource you requested does not exist.".to_owned())
}

fn exists(mapping: &Mapping) -> LambdaError {
    let function = FunctionRef::parse(&mapping.settings.function_arn);
    let name = function.as_ref().map_or(mapping.settings.function_arn.as_str(), |named| named.name.as_str());
    LambdaError::Conflict(format!(
        "The event source arn (\" {} \") and function (\" {name} \") provided mapping already exists. Please update or \
         delete the existing mapping with UUID {}",
        mapping.source, mapping.id
    ))
}
