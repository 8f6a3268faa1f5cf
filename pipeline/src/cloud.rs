//! The port to the cloud, in the words of the resources: observe, create, change, tag, delete.
//!
//! One small trait, implemented once per kind by the adapters in `aws`, and by a fake in tests. Each method
//! but `observe` is one call that mutates, so that a kill between any two of them is a state that can be
//! observed; an adapter may read before it writes.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::plan::ShardQuota;
use crate::resources::alarm::AlarmSpec;
use crate::resources::bucket::{BucketSpec, Contents};
use crate::resources::dashboard::DashboardSpec;
use crate::resources::delivery::DeliverySpec;
use crate::resources::function::FunctionSpec;
use crate::resources::log_group::LogGroupSpec;
use crate::resources::mapping::MappingSpec;
use crate::resources::role::RoleSpec;
use crate::resources::stream::StreamSpec;
use crate::resources::stream_consumer::ConsumerSpec;
use crate::resources::tags::{TagChange, TagMap};
use crate::resources::{Change, Kind, Observed, Properties, ResourceId, Spec, State};

/// What can be done with resources of one kind.
#[async_trait]
pub trait Control<P: Properties>: Send + Sync {
    /// The resource of this name as it is; `None` when there is none.
    async fn observe(&self, name: &str) -> Result<Option<Observed<P::State>>, CallError>;

    /// The same for a caller who knows which tags were last set: where reading tags is a call of its own, it is
    /// left out, and these are taken for what is there.
    async fn observe_knowing(
        &self,
        name: &str,
        _tags: &TagMap,
    ) -> Result<Option<Observed<P::State>>, CallError> {
        self.observe(name).await
    }

    /// Creates it, with tags where the call takes them.
    async fn create(&self, name: &str, spec: &P, tags: &TagMap) -> Result<(), CallError>;

    /// Makes one change.
    async fn change(&self, name: &str, change: &P::Change) -> Result<(), CallError>;

    /// Sets and removes tags, leaving the others.
    async fn tag(&self, name: &str, change: &TagChange) -> Result<(), CallError>;

    /// Deletes it.
    async fn delete(&self, name: &str) -> Result<(), CallError>;
}

/// What only buckets can be asked.
#[async_trait]
pub trait BucketControl: Control<BucketSpec> {
    /// What it holds, as far as one page of its listing tells.
    async fn contents(&self, name: &str) -> Result<Contents, CallError>;
}

/// Who reads a stream, whoever set that up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamReader {
    /// A Lambda function of this name, by a mapping.
    Function(String),
    /// An enhanced fan-out consumer of this name.
    Consumer(String),
}

/// What a stream is used for, where AWS tells.
#[async_trait]
pub trait StreamUse: Send + Sync + fmt::Debug {
    /// Who reads it. Firehose does not tell by stream, and a `GetRecords` leaves no trace: neither is among them.
    async fn readers(&self, stream: &str) -> Result<Vec<StreamReader>, CallError>;

    /// How many records came in within the last day.
    async fn records_of_a_day(&self, stream: &str) -> Result<u64, CallError>;
}

/// A metric of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// As in `AWS/Lambda`.
    pub namespace: &'static str,
    /// As in `Errors`.
    pub name: &'static str,
    /// Whose it is: the dimension's name, and the resource's.
    pub of: (&'static str, String),
    /// What is made of the values of a minute.
    pub statistic: Statistic,
}

/// What is made of the values of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Their sum.
    Sum,
    /// How many there are.
    Count,
}

/// The values of a metric by the minutes that they begin; minutes without any are left out.
pub type Minutes = Vec<(Timestamp, f64)>;

/// What is counted of resources, where somebody may read it.
#[async_trait]
pub trait Metrics: Send + Sync + fmt::Debug {
    /// The minutes of each metric from one time until another, in the order of the metrics.
    async fn minutes(
        &self,
        metrics: &[Metric],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Minutes>, CallError>;
}

/// What the account may have, where AWS tells.
#[async_trait]
pub trait Quotas: Send + Sync + fmt::Debug {
    /// How many shards may be open in this region, and are.
    async fn shards(&self) -> Result<ShardQuota, CallError>;
}

/// All the kinds together.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is named for its kind")]
pub struct Cloud {
    pub buckets: Arc<dyn BucketControl>,
    pub streams: Arc<dyn Control<StreamSpec>>,
    pub log_groups: Arc<dyn Control<LogGroupSpec>>,
    pub roles: Arc<dyn Control<RoleSpec>>,
    pub functions: Arc<dyn Control<FunctionSpec>>,
    pub deliveries: Arc<dyn Control<DeliverySpec>>,
    pub consumers: Arc<dyn Control<ConsumerSpec>>,
    pub mappings: Arc<dyn Control<MappingSpec>>,
    pub alarms: Arc<dyn Control<AlarmSpec>>,
    pub dashboards: Arc<dyn Control<DashboardSpec>>,
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloud").finish_non_exhaustive()
    }
}

impl Cloud {
    /// The resource as it is; `None` when there is none.
    ///
    /// # Errors
    /// What AWS, or the way to it, answers.
    pub async fn observe(&self, id: &ResourceId) -> Result<Option<Observed>, CallError> {
        let name = id.name.as_str();
        Ok(match id.kind {
            Kind::Bucket => self.buckets.observe(name).await?.map(|seen| seen.map(State::Bucket)),
            Kind::Stream => self.streams.observe(name).await?.map(|seen| seen.map(State::Stream)),
            Kind::LogGroup => self.log_groups.observe(name).await?.map(|seen| seen.map(State::LogGroup)),
            Kind::Role => self.roles.observe(name).await?.map(|seen| seen.map(State::Role)),
            Kind::Function => self.functions.observe(name).await?.map(|seen| seen.map(State::Function)),
            Kind::Delivery => self.deliveries.observe(name).await?.map(|seen| seen.map(State::Delivery)),
            Kind::StreamConsumer => {
                self.consumers.observe(name).await?.map(|seen| seen.map(State::StreamConsumer))
            }
            Kind::Mapping => self.mappings.observe(name).await?.map(|seen| seen.map(State::Mapping)),
            Kind::Alarm => self.alarms.observe(name).await?.map(|seen| seen.map(State::Alarm)),
            Kind::Dashboard => self.dashboards.observe(name).await?.map(|seen| seen.map(State::Dashboard)),
        })
    }

    /// The resource as it is, its tags excepted where reading them is a call of its own: these are taken for
    /// what is there.
    ///
    /// # Errors
    /// What AWS, or the way to it, answers.
    pub async fn observe_knowing(
        &self,
        id: &ResourceId,
        tags: &TagMap,
    ) -> Result<Option<Observed>, CallError> {
        let name = id.name.as_str();
        Ok(match id.kind {
            Kind::Stream => {
                self.streams.observe_knowing(name, tags).await?.map(|seen| seen.map(State::Stream))
            }
            Kind::LogGroup => {
                self.log_groups.observe_knowing(name, tags).await?.map(|seen| seen.map(State::LogGroup))
            }
            Kind::Delivery => {
                self.deliveries.observe_knowing(name, tags).await?.map(|seen| seen.map(State::Delivery))
            }
            // The others answer with their tags, or are their tags.
            _ => return self.observe(id).await,
        })
    }

    /// Creates the resource.
    ///
    /// # Errors
    /// What AWS, or the way to it, answers.
    pub async fn create(&self, name: &str, spec: &Spec, tags: &TagMap) -> Result<(), CallError> {
        match spec {
            Spec::Bucket(spec) => self.buckets.create(name, spec, tags).await,
            Spec::Stream(spec) => self.streams.create(name, spec, tags).await,
            Spec::LogGroup(spec) => self.log_groups.create(name, spec, tags).await,
            Spec::Role(spec) => self.roles.create(name, spec, tags).await,
            Spec::Function(spec) => self.functions.create(name, spec, tags).await,
            Spec::Delivery(spec) => self.deliveries.create(name, spec, tags).await,
            Spec::StreamConsumer(spec) => self.consumers.create(name, spec, tags).await,
            Spec::Mapping(spec) => self.mappings.create(name, spec, tags).await,
            Spec::Alarm(spec) => self.alarms.create(name, spec, tags).await,
            Spec::Dashboard(spec) => self.dashboards.create(name, spec, tags).await,
        }
    }

    /// Makes one change.
    ///
    /// # Errors
    /// What AWS, or the way to it, answers.
    pub async fn change(&self, name: &str, change: &Change) -> Result<(), CallError> {
        match change {
            Change::Bucket(change) => self.buckets.change(name, change).await,
            Change::Stream(change) => self.streams.change(name, change).await,
            Change::LogGroup(change) => self.log_groups.change(name, change).await,
            Change::Role(change) => self.roles.change(name, change).await,
            Change::Function(change) => self.functions.change(name, change).await,
            Change::Delivery(change) => self.deliveries.change(name, change).await,
            Change::StreamConsumer(change) => self.consumers.change(name, change).await,
            Change::Mapping(change) => self.mappings.change(name, change).await,
            Change::Alarm(change) => self.alarms.change(name, change).await,
            Change::Dashboard(change) => self.dashboards.change(name, change).await,
        }
    }

    /// Sets and removes tags.
    ///
    /// # Errors
    /// What AWS, or the way to it, answers.
    pub async fn tag(&self, id: &ResourceId, change: &TagChange) -> Result<(), CallError> {
        let name = id.name.as_str();
        match id.kind {
            Kind::Bucket => self.buckets.tag(name, change).await,
            Kind::Stream => self.streams.tag(name, change).await,
            Kind::LogGroup => self.log_groups.tag(name, change).await,
            Kind::Role => self.roles.tag(name, change).await,
            Kind::Function => self.functions.tag(name, change).await,
            Kind::Delivery => self.deliveries.tag(name, change).await,
            Kind::StreamConsumer => self.consumers.tag(name, change).await,
            Kind::Mapping => self.mappings.tag(name, change).await,
            Kind::Alarm => self.alarms.tag(name, change).await,
            Kind::Dashboard => self.dashboards.tag(name, change).await,
        }
    }

    /// Deletes the resource.
    ///
    /// # Errors
    /// What AWS, or the way to it, answers.
    pub async fn delete(&self, id: &ResourceId) -> Result<(), CallError> {
        let name = id.name.as_str();
        match id.kind {
            Kind::Bucket => self.buckets.delete(name).await,
            Kind::Stream => self.streams.delete(name).await,
            Kind::LogGroup => self.log_groups.delete(name).await,
            Kind::Role => self.roles.delete(name).await,
            Kind::Function => self.functions.delete(name).await,
            Kind::Delivery => self.deliveries.delete(name).await,
            Kind::StreamConsumer => self.consumers.delete(name).await,
            Kind::Mapping => self.mappings.delete(name).await,
            Kind::Alarm => self.alarms.delete(name).await,
            Kind::Dashboard => self.dashboards.delete(name).await,
        }
    }
}

/// A call that failed, in words that do not depend on who was called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {message}")]
pub struct CallError {
    /// What the failure means.
    pub meaning: Meaning,
    /// The call, as in `kinesis:CreateStream`.
    pub call: &'static str,
    /// AWS's error code, where there was an answer.
    pub code: Option<String>,
    /// What went wrong.
    pub message: String,
    /// AWS's request id, where there was an answer.
    pub request_id: Option<String>,
}

/// What a failed call means for whoever made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// There is such a resource already.
    AlreadyExists,
    /// There is no such resource.
    NotFound,
    /// The bucket still holds objects.
    NotEmpty,
    /// Others read the stream by consumers that they registered.
    HasConsumers,
    /// The resource is being changed: later.
    Busy,
    /// Too many calls: later.
    Throttled,
    /// We may not.
    Denied,
    /// The request was wrong.
    Invalid,
    /// A quota is used up.
    LimitExceeded,
    /// The endpoint does not know the call.
    Unsupported,
    /// No credentials, or bad ones.
    Credentials,
    /// The endpoint cannot be reached: the call was not made.
    Unreachable,
    /// It is not known whether the call was made: time-out, lost connection, a fault on the other side.
    Unknown,
    /// The package of a function could not be built.
    Package,
    /// The condition of a conditional write did not hold.
    Conflict,
}

impl CallError {
    /// An error that no service answered.
    #[must_use]
    pub fn local(call: &'static str, meaning: Meaning, message: impl Into<String>) -> Self {
        Self { meaning, call, code: None, message: message.into(), request_id: None }
    }
}
