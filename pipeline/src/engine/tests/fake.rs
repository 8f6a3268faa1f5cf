//! A cloud and a ledger store in memory, with a fuse in every call: a process can be made to die before or
//! after the effect of any of them, and any call can be made to fail.

mod kinds;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::cloud::{BucketControl, CallError, Cloud, Control, Meaning};
use crate::ledger::{Store, StoreError, Version};
use crate::resources::bucket::{BucketChange, BucketSpec, BucketState, Contents, Setting};
use crate::resources::delivery::{DeliveryChange, DeliverySpec, DeliveryState};
use crate::resources::function::{FunctionChange, FunctionSpec, FunctionState, PackageSource};
use crate::resources::log_group::{LogGroupChange, LogGroupSpec, LogGroupState};
use crate::resources::role::{RoleChange, RoleSpec, RoleState};
use crate::resources::stream::{StreamChange, StreamSpec, StreamState};
use crate::resources::tags::{CODE, SOURCE, TagChange, TagMap};
use crate::resources::{Kind, Observed, Properties, ResourceId, Spec, State};

/// How a call is made to fail.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// It is made, and its answer is lost.
    LoseAnswer,
    /// It is not made, and nobody can tell.
    LoseRequest,
    /// It is refused with these words.
    Refuse(Meaning, &'static str),
}

#[derive(Default)]
pub(super) struct World {
    pub(super) resources: BTreeMap<ResourceId, Observed>,
    /// Log streams and objects, which no observation shows.
    pub(super) hidden: BTreeSet<(String, String)>,
    pub(super) stored: BTreeMap<String, Vec<u8>>,
    /// Every mutation that was asked for, in order.
    pub(super) mutations: Vec<String>,
    /// How each call with these words in it fails, and how often.
    pub(super) faults: Vec<(String, Fault, usize)>,
    /// Fails the mutation of this number.
    pub(super) fault_at: Option<(usize, Fault)>,
    /// Steps until the process dies.
    pub(super) fuse: Option<usize>,
    pub(super) steps: usize,
    /// How often a new or changed resource is looked at before it has settled.
    pub(super) slowness: u32,
    /// Writes to the ledger that are refused: those whose content has these words in it.
    pub(super) refused: Option<&'static str>,
    unsettled: BTreeMap<ResourceId, u32>,
    /// When each resource was made, in seconds from the beginning of the world.
    pub(super) births: BTreeMap<ResourceId, i64>,
    clock: i64,
}

#[derive(Clone, Default)]
pub(super) struct Fake {
    pub(super) world: Arc<Mutex<World>>,
    pub(super) died: Arc<Notify>,
}

impl Fake {
    pub(super) fn cloud(&self) -> Cloud {
        let fake = || Arc::new(self.clone());
        Cloud {
            buckets: fake(),
            streams: fake(),
            log_groups: fake(),
            roles: fake(),
            functions: fake(),
            deliveries: fake(),
            consumers: fake(),
            mappings: fake(),
            alarms: fake(),
            dashboards: fake(),
        }
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        work(&mut self.world.lock().expect("not poisoned"))
    }

    /// A point at which the process may die.
    async fn fuse(&self) {
        tokio::task::yield_now().await;
        let blown = self.with(|world| {
            world.steps += 1;
            match &mut world.fuse {
                Some(0) => true,
                Some(left) => {
                    *left -= 1;
                    false
                }
                None => false,
            }
        });
        if blown {
            self.died.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Makes a mutation, unless a fault is in its way.
    async fn mutate(
        &self,
        call: &'static str,
        name: &str,
        effect: impl FnOnce(&mut World) -> Result<(), Meaning> + Send,
    ) -> Result<(), CallError> {
        self.fuse().await;
        let outcome = self.with(|world| {
            let words = format!("{call} {name}");
            let fault = world.fault(&words);
            world.mutations.push(words);
            match fault {
                Some(Fault::Refuse(meaning, message)) => Err(CallError::local(call, meaning, message)),
                Some(Fault::LoseRequest) => Err(CallError::local(call, Meaning::Unknown, "lost")),
                lose => match effect(world) {
                    Err(meaning) => Err(CallError::local(call, meaning, format!("{meaning:?}"))),
                    Ok(()) if lose.is_some() => Err(CallError::local(call, Meaning::Unknown, "lost")),
                    Ok(()) => Ok(()),
                },
            }
        });
        self.fuse().await;
        outcome
    }

    async fn look<P: Kept>(&self, name: &str) -> Option<Observed<P::State>> {
        self.fuse().await;
        self.with(|world| {
            let id = ResourceId::new(P::KIND, name);
            let unsettled = match world.unsettled.get_mut(&id) {
                Some(0) | None => false,
                Some(left) => {
                    *left -= 1;
                    true
                }
            };
            world.resources.get(&id).cloned().map(|seen| {
                let mut state = P::shown(seen.state, unsettled);
                P::know(world, &id, &mut state);
                Observed { id: seen.id, tags: seen.tags, state }
            })
        })
    }
}

impl World {
    fn fault(&mut self, words: &str) -> Option<Fault> {
        if let Some((number, fault)) = self.fault_at.clone()
            && number == self.mutations.len()
        {
            return Some(fault);
        }
        let (_, fault, left) =
            self.faults.iter_mut().find(|(part, _, left)| *left > 0 && words.contains(part.as_str()))?;
        *left -= 1;
        Some(fault.clone())
    }

    /// When a resource was made, where this world made it.
    pub(super) fn birth(&self, id: &ResourceId) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_second(*self.births.get(id)?).ok()
    }

    fn consumers(&self, stream: &str) -> usize {
        let prefix = format!("{stream}/");
        let of_it = |id: &&ResourceId| id.kind == Kind::StreamConsumer && id.name.starts_with(&prefix);
        self.resources.keys().filter(of_it).count()
    }

    fn existing(&mut self, kind: Kind, name: &str) -> Result<&mut Observed, Meaning> {
        let id = ResourceId::new(kind, name);
        if self.slowness > 0 {
            self.unsettled.insert(id.clone(), self.slowness);
        }
        self.resources.get_mut(&id).ok_or(Meaning::NotFound)
    }
}

/// A kind as the fake keeps it.
trait Kept: Properties {
    const KIND: Kind;
    const CREATE: &'static str;
    const CHANGE: &'static str;
    const DELETE: &'static str;
    fn wanted(&self) -> Spec;
    fn apply(world: &mut World, name: &str, change: &Self::Change) -> Result<(), Meaning>;
    fn shown(state: State, unsettled: bool) -> Self::State;
    fn may_go(_world: &World, _name: &str) -> Result<(), Meaning> {
        Ok(())
    }
    /// What of its state the world knows, and the resource by itself does not.
    fn know(_world: &World, _id: &ResourceId, _state: &mut Self::State) {}
}

#[async_trait]
impl<P: Kept> Control<P> for Fake {
    async fn observe(&self, name: &str) -> Result<Option<Observed<P::State>>, CallError> {
        Ok(self.look::<P>(name).await)
    }

    async fn create(&self, name: &str, spec: &P, tags: &TagMap) -> Result<(), CallError> {
        let wanted = spec.wanted();
        let mut tags = wanted.created_tags(tags);
        let mut state = wanted.created();
        if let (State::Function(function), Spec::Function(spec)) = (&mut state, &wanted) {
            function.code_sha256 = code(&spec.package);
            tags.insert(CODE.to_owned(), code(&spec.package));
        }
        self.mutate(P::CREATE, name, |world| {
            let id = ResourceId::new(P::KIND, name);
            if world.resources.contains_key(&id) {
                return Err(Meaning::AlreadyExists);
            }
            world.clock += 1;
            world.births.insert(id.clone(), world.clock);
            world.resources.insert(id, Observed { id: name.to_owned(), tags, state });
            world.existing(P::KIND, name).map(drop)
        })
        .await
    }

    async fn observe_knowing(
        &self,
        name: &str,
        tags: &TagMap,
    ) -> Result<Option<Observed<P::State>>, CallError> {
        let seen = self.look::<P>(name).await;
        // Buckets, roles and functions answer with their tags.
        let apart = matches!(P::KIND, Kind::Stream | Kind::LogGroup | Kind::Delivery);
        Ok(seen.map(|seen| if apart { Observed { tags: tags.clone(), ..seen } } else { seen }))
    }

    async fn change(&self, name: &str, change: &P::Change) -> Result<(), CallError> {
        self.mutate(P::CHANGE, name, |world| P::apply(world, name, change)).await
    }

    async fn tag(&self, name: &str, change: &TagChange) -> Result<(), CallError> {
        self.mutate("Tag", name, |world| {
            let there = world.existing(P::KIND, name)?;
            there.tags.extend(change.set.clone());
            there.tags.retain(|key, _| !change.remove.contains(key));
            Ok(())
        })
        .await
    }

    async fn delete(&self, name: &str) -> Result<(), CallError> {
        self.mutate(P::DELETE, name, |world| {
            P::may_go(world, name)?;
            world.hidden.retain(|(holder, _)| holder != name);
            world.resources.remove(&ResourceId::new(P::KIND, name)).map(drop).ok_or(Meaning::NotFound)
        })
        .await
    }
}

#[async_trait]
impl BucketControl for Fake {
    async fn contents(&self, name: &str) -> Result<Contents, CallError> {
        let held = self.with(|world| world.hidden.iter().filter(|(bucket, _)| bucket == name).count());
        let objects = u64::try_from(held).expect("it fits");
        Ok(Contents { objects, bytes: objects * 10, more: false })
    }
}

fn code(source: &PackageSource) -> String {
    format!("sha256 of {}", source.fingerprint)
}

impl Kept for BucketSpec {
    const KIND: Kind = Kind::Bucket;
    const CREATE: &'static str = "s3:CreateBucket";
    const CHANGE: &'static str = "s3:DeleteObjects";
    const DELETE: &'static str = "s3:DeleteBucket";

    fn wanted(&self) -> Spec {
        Spec::Bucket(self.clone())
    }

    fn apply(world: &mut World, name: &str, change: &BucketChange) -> Result<(), Meaning> {
        let State::Bucket(bucket) = &mut world.existing(Self::KIND, name)?.state else {
            unreachable!("kept by kind")
        };
        match change {
            BucketChange::Empty => world.hidden.retain(|(bucket, _)| bucket != name),
            BucketChange::Versioning(on) => {
                bucket.known.insert(Setting::Versioning);
                bucket.versioning = *on;
            }
            BucketChange::Encryption(key) => {
                bucket.known.insert(Setting::Encryption);
                bucket.encryption.clone_from(key);
            }
            BucketChange::Lifecycle(rules) => {
                bucket.known.insert(Setting::Lifecycle);
                bucket.lifecycle.clone_from(rules);
            }
            BucketChange::Notifications(them) => {
                bucket.known.insert(Setting::Notifications);
                bucket.notifications.clone_from(them);
            }
        }
        Ok(())
    }

    fn shown(state: State, _unsettled: bool) -> BucketState {
        let State::Bucket(bucket) = state else { unreachable!("kept by kind") };
        BucketState { contents: None, ..bucket }
    }

    fn may_go(world: &World, name: &str) -> Result<(), Meaning> {
        if world.hidden.iter().any(|(bucket, _)| bucket == name) { Err(Meaning::NotEmpty) } else { Ok(()) }
    }
}

impl Kept for StreamSpec {
    const KIND: Kind = Kind::Stream;
    const CREATE: &'static str = "kinesis:CreateStream";
    const CHANGE: &'static str = "kinesis:Update";
    const DELETE: &'static str = "kinesis:DeleteStream";

    fn wanted(&self) -> Spec {
        Spec::Stream(self.clone())
    }

    fn apply(world: &mut World, name: &str, change: &StreamChange) -> Result<(), Meaning> {
        let State::Stream(stream) = &mut world.existing(Self::KIND, name)?.state else {
            unreachable!("kept by kind")
        };
        match change {
            StreamChange::OnDemand(on_demand) => stream.on_demand = *on_demand,
            StreamChange::Shards(count) => {
                if *count > stream.open_shards * 2 || count * 2 < stream.open_shards {
                    return Err(Meaning::LimitExceeded);
                }
                stream.open_shards = *count;
            }
            StreamChange::LengthenRetention(hours) | StreamChange::ShortenRetention(hours) => {
                stream.retention_hours = *hours;
            }
            StreamChange::Encrypt(key) => stream.encryption = Some(key.clone()),
            StreamChange::StopEncrypting(_) => stream.encryption = None,
            StreamChange::PublishMetrics(names) => stream.shard_metrics.extend(names.iter().cloned()),
            StreamChange::StopMetrics(names) => stream.shard_metrics.retain(|name| !names.contains(name)),
            StreamChange::MaxRecord(kib) => stream.max_record_kib = *kib,
            StreamChange::WarmThroughput(mibps) => stream.warm_mibps = Some(*mibps),
            StreamChange::DeleteWithConsumers => {
                let of_it = |id: &ResourceId| {
                    id.kind == Kind::StreamConsumer && id.name.starts_with(&format!("{name}/"))
                };
                world.resources.retain(|id, _| !of_it(id));
                world.resources.remove(&ResourceId::new(Self::KIND, name));
            }
        }
        Ok(())
    }

    fn may_go(world: &World, name: &str) -> Result<(), Meaning> {
        if world.consumers(name) > 0 { Err(Meaning::HasConsumers) } else { Ok(()) }
    }

    fn know(world: &World, id: &ResourceId, state: &mut StreamState) {
        state.created = world.birth(id);
        state.consumers = u32::try_from(world.consumers(&id.name)).expect("it fits");
    }

    fn shown(state: State, unsettled: bool) -> StreamState {
        let State::Stream(mut stream) = state else { unreachable!("kept by kind") };
        if unsettled {
            "UPDATING".clone_into(&mut stream.status);
        }
        stream
    }
}

impl Kept for LogGroupSpec {
    const KIND: Kind = Kind::LogGroup;
    const CREATE: &'static str = "logs:CreateLogGroup";
    const CHANGE: &'static str = "logs:Put";
    const DELETE: &'static str = "logs:DeleteLogGroup";

    fn wanted(&self) -> Spec {
        Spec::LogGroup(self.clone())
    }

    fn apply(world: &mut World, name: &str, change: &LogGroupChange) -> Result<(), Meaning> {
        let State::LogGroup(group) = &mut world.existing(Self::KIND, name)?.state else {
            unreachable!("kept by kind")
        };
        match change {
            LogGroupChange::Retention(days) => group.retention_days = Some(*days),
            LogGroupChange::Stream(stream) => {
                world.hidden.insert((name.to_owned(), stream.clone()));
            }
        }
        Ok(())
    }

    fn shown(state: State, _unsettled: bool) -> LogGroupState {
        let State::LogGroup(group) = state else { unreachable!("kept by kind") };
        group
    }
}

impl Kept for RoleSpec {
    const KIND: Kind = Kind::Role;
    const CREATE: &'static str = "iam:CreateRole";
    const CHANGE: &'static str = "iam:PutRolePolicy";
    const DELETE: &'static str = "iam:DeleteRole";

    fn wanted(&self) -> Spec {
        Spec::Role(self.clone())
    }

    fn apply(world: &mut World, name: &str, change: &RoleChange) -> Result<(), Meaning> {
        let State::Role(role) = &mut world.existing(Self::KIND, name)?.state else {
            unreachable!("kept by kind")
        };
        match change {
            RoleChange::Trust(trust) => role.trust = trust.clone(),
            RoleChange::Policy(policy) => role.policy = Some(policy.clone()),
            RoleChange::DeletePolicy => role.policy = None,
        }
        Ok(())
    }

    fn shown(state: State, _unsettled: bool) -> RoleState {
        let State::Role(role) = state else { unreachable!("kept by kind") };
        role
    }

    fn may_go(world: &World, name: &str) -> Result<(), Meaning> {
        match world.resources.get(&ResourceId::new(Self::KIND, name)).map(|role| &role.state) {
            Some(State::Role(role)) if role.policy.is_some() => Err(Meaning::Invalid),
            _ => Ok(()),
        }
    }
}

impl Kept for FunctionSpec {
    const KIND: Kind = Kind::Function;
    const CREATE: &'static str = "lambda:CreateFunction";
    const CHANGE: &'static str = "lambda:UpdateFunctionConfiguration";
    const DELETE: &'static str = "lambda:DeleteFunction";

    fn wanted(&self) -> Spec {
        Spec::Function(self.clone())
    }

    fn apply(world: &mut World, name: &str, change: &FunctionChange) -> Result<(), Meaning> {
        let there = world.existing(Self::KIND, name)?;
        let State::Function(function) = &mut there.state else { unreachable!("kept by kind") };
        match change {
            FunctionChange::Code(source, architecture) => {
                function.code_sha256 = code(source);
                function.architecture.clone_from(architecture);
            }
            FunctionChange::Seal(source) => {
                there.tags.insert(SOURCE.to_owned(), source.fingerprint.clone());
                there.tags.insert(CODE.to_owned(), code(source));
            }
            FunctionChange::Configuration(spec) => {
                let code_sha256 = function.code_sha256.clone();
                let architecture = function.architecture.clone();
                let (concurrency, callers) = (function.concurrency, function.callers.clone());
                let kept =
                    FunctionState { code_sha256, architecture, concurrency, callers, ..spec.created() };
                *function = kept;
            }
            FunctionChange::Concurrency(calls) => function.concurrency = *calls,
            FunctionChange::Permit(arn) => {
                function.callers.get_or_insert_default().insert(arn.clone());
            }
            FunctionChange::Forbid(arn) => {
                function.callers.get_or_insert_default().remove(arn);
            }
        }
        Ok(())
    }

    fn shown(state: State, unsettled: bool) -> FunctionState {
        let State::Function(mut function) = state else { unreachable!("kept by kind") };
        if unsettled {
            "InProgress".clone_into(&mut function.last_update);
        }
        function
    }
}

impl Kept for DeliverySpec {
    const KIND: Kind = Kind::Delivery;
    const CREATE: &'static str = "firehose:CreateDeliveryStream";
    const CHANGE: &'static str = "firehose:UpdateDestination";
    const DELETE: &'static str = "firehose:DeleteDeliveryStream";

    fn wanted(&self) -> Spec {
        Spec::Delivery(self.clone())
    }

    fn apply(world: &mut World, name: &str, change: &DeliveryChange) -> Result<(), Meaning> {
        let State::Delivery(delivery) = &mut world.existing(Self::KIND, name)?.state else {
            unreachable!("kept by kind")
        };
        match change {
            DeliveryChange::Destination(settings) => delivery.destination = Some(*settings.clone()),
            DeliveryChange::Seal(_) => {}
            DeliveryChange::Encrypt(key) => delivery.encryption = Some(key.clone()),
            DeliveryChange::StopEncrypting => delivery.encryption = None,
        }
        Ok(())
    }

    fn shown(state: State, unsettled: bool) -> DeliveryState {
        let State::Delivery(mut delivery) = state else { unreachable!("kept by kind") };
        if unsettled {
            "CREATING".clone_into(&mut delivery.status);
        }
        delivery
    }

    fn know(world: &World, id: &ResourceId, state: &mut DeliveryState) {
        state.created = world.birth(id);
    }
}

#[async_trait]
impl Store for Fake {
    fn describe(&self) -> String {
        "memory".to_owned()
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn read(&self, key: &str) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        self.fuse().await;
        let content = self.with(|world| world.stored.get(key).cloned());
        Ok(content.map(|content| (content.clone(), version(&content))))
    }

    async fn create(&self, key: &str, content: &[u8]) -> Result<Version, StoreError> {
        self.store(key, content, |there| there.is_none()).await
    }

    async fn replace(&self, key: &str, content: &[u8], known: &Version) -> Result<Version, StoreError> {
        self.store(key, content, |there| there.is_some_and(|there| version(there) == *known)).await
    }

    async fn write(&self, key: &str, content: &[u8]) -> Result<(), StoreError> {
        self.store(key, content, |_| true).await.map(drop)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.with(|world| world.stored.remove(key));
        Ok(())
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        Ok(self.with(|world| world.stored.keys().filter(|key| key.starts_with(prefix)).cloned().collect()))
    }

    async fn folders(&self) -> Result<Vec<String>, StoreError> {
        let first = |key: &String| key.split('/').next().map(str::to_owned);
        Ok(self.with(|world| {
            world.stored.keys().filter_map(first).collect::<BTreeSet<_>>().into_iter().collect()
        }))
    }

    async fn remove_if_empty(&self) -> Result<bool, StoreError> {
        Ok(self.with(|world| world.stored.is_empty()))
    }
}

impl Fake {
    async fn store(
        &self,
        key: &str,
        content: &[u8],
        holds: impl FnOnce(Option<&Vec<u8>>) -> bool + Send,
    ) -> Result<Version, StoreError> {
        self.fuse().await;
        let written = self.with(|world| {
            if !holds(world.stored.get(key)) {
                return Err(StoreError::Conflict);
            }
            if world.refused.is_some_and(|words| String::from_utf8_lossy(content).contains(words)) {
                return Err(CallError::local("s3:PutObject", Meaning::Denied, "no").into());
            }
            world.stored.insert(key.to_owned(), content.to_vec());
            Ok(version(content))
        });
        self.fuse().await;
        written
    }
}

fn version(content: &[u8]) -> Version {
    use sha2::Digest as _;
    Version(crate::resources::names::hex(&sha2::Sha256::digest(content)))
}
