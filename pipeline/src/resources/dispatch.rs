//! The kinds as one type each for what is wanted, what is there and what changes, so that plans can hold
//! resources of every kind side by side.

use serde::{Deserialize, Serialize};

use super::alarm::{AlarmChange, AlarmSpec, AlarmState};
use super::bucket::{BucketChange, BucketSpec, BucketState};
use super::dashboard::{DashboardChange, DashboardSpec, DashboardState};
use super::delivery::{DeliveryChange, DeliverySpec, DeliveryState, To};
use super::function::{FunctionChange, FunctionSpec, FunctionState};
use super::log_group::{LogGroupChange, LogGroupSpec, LogGroupState};
use super::mapping::{MappingChange, MappingSpec, MappingState};
use super::role::{RoleChange, RoleSpec, RoleState};
use super::stream::{StreamChange, StreamSpec, StreamState};
use super::stream_consumer::{ConsumerChange, ConsumerSpec, ConsumerState};
use super::tags::{self, TagMap};
use super::{Difference, Facts, Kind, Properties, Readiness};

/// What is wanted of a resource of any kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant is named for its kind, documented there")]
pub enum Spec {
    Bucket(BucketSpec),
    Stream(StreamSpec),
    LogGroup(LogGroupSpec),
    Role(RoleSpec),
    Function(FunctionSpec),
    Delivery(DeliverySpec),
    StreamConsumer(ConsumerSpec),
    Mapping(MappingSpec),
    Alarm(AlarmSpec),
    Dashboard(DashboardSpec),
}

/// What is there, of any kind.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant is named for its kind, documented there")]
pub enum State {
    Bucket(BucketState),
    Stream(StreamState),
    LogGroup(LogGroupState),
    Role(RoleState),
    Function(FunctionState),
    Delivery(DeliveryState),
    StreamConsumer(ConsumerState),
    Mapping(MappingState),
    Alarm(AlarmState),
    Dashboard(DashboardState),
}

/// One mutation, of any kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant is named for its kind, documented there")]
pub enum Change {
    Bucket(BucketChange),
    Stream(StreamChange),
    LogGroup(LogGroupChange),
    Role(RoleChange),
    Function(FunctionChange),
    Delivery(DeliveryChange),
    StreamConsumer(ConsumerChange),
    Mapping(MappingChange),
    Alarm(AlarmChange),
    Dashboard(DashboardChange),
}

/// A resource as it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed<S = State> {
    /// Its ARN, or for a bucket its name.
    pub id: String,
    /// Its tags, all of them.
    pub tags: TagMap,
    /// Its properties.
    pub state: S,
}

impl<S> Observed<S> {
    /// The same resource with its state put in another type.
    pub fn map<T>(self, wrap: impl FnOnce(S) -> T) -> Observed<T> {
        Observed { id: self.id, tags: self.tags, state: wrap(self.state) }
    }
}

impl Spec {
    /// The kind these properties are of.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Spec::Bucket(_) => Kind::Bucket,
            Spec::Stream(_) => Kind::Stream,
            Spec::LogGroup(_) => Kind::LogGroup,
            Spec::Role(_) => Kind::Role,
            Spec::Function(_) => Kind::Function,
            Spec::Delivery(_) => Kind::Delivery,
            Spec::StreamConsumer(_) => Kind::StreamConsumer,
            Spec::Mapping(_) => Kind::Mapping,
            Spec::Alarm(_) => Kind::Alarm,
            Spec::Dashboard(_) => Kind::Dashboard,
        }
    }

    /// The state right after the create call for these properties.
    #[must_use]
    pub fn created(&self) -> State {
        match self {
            Spec::Bucket(spec) => State::Bucket(spec.created()),
            Spec::Stream(spec) => State::Stream(spec.created()),
            Spec::LogGroup(spec) => State::LogGroup(spec.created()),
            Spec::Role(spec) => State::Role(spec.created()),
            Spec::Function(spec) => State::Function(spec.created()),
            Spec::Delivery(spec) => State::Delivery(spec.created()),
            Spec::StreamConsumer(spec) => State::StreamConsumer(spec.created()),
            Spec::Mapping(spec) => State::Mapping(spec.created()),
            Spec::Alarm(spec) => State::Alarm(spec.created()),
            Spec::Dashboard(spec) => State::Dashboard(spec.created()),
        }
    }

    /// The tags right after the create call, when these were asked for. Buckets take none at creation;
    /// functions get those that seal their code beside the others.
    #[must_use]
    pub fn created_tags(&self, wanted: &TagMap) -> TagMap {
        match self {
            Spec::Bucket(_) => TagMap::new(),
            Spec::Function(spec) => {
                let mut tags = wanted.clone();
                tags.insert(tags::SOURCE.to_owned(), spec.package.fingerprint.clone());
                tags.insert(tags::CODE.to_owned(), spec.created().code_sha256);
                tags
            }
            Spec::Delivery(DeliverySpec { destination: To::Http(http), .. }) => {
                let key = http.fingerprint().map(|key| (tags::KEY.to_owned(), key.clone()));
                wanted.clone().into_iter().chain(key).collect()
            }
            _ => wanted.clone(),
        }
    }

    /// Tags by which a resource says what of it we set, so that only that is looked at.
    #[must_use]
    pub fn own_tags(&self) -> TagMap {
        let tag = match self {
            Spec::Bucket(spec) => spec.settings_tag().map(|settings| (tags::SETTINGS.to_owned(), settings)),
            Spec::Function(spec) if !spec.callers.is_empty() => {
                Some((tags::CALLERS.to_owned(), "s3".to_owned()))
            }
            _ => None,
        };
        tag.into_iter().collect()
    }

    /// What has to change for `state` to be what is wanted. A state of another kind is a replacement,
    /// which cannot come up as states are looked up by kind.
    #[must_use]
    pub fn compare(&self, state: &State, tags: &TagMap) -> Difference<Change> {
        match (self, state) {
            (Spec::Bucket(spec), State::Bucket(state)) => spec.compare(state, tags).map(Change::Bucket),
            (Spec::Stream(spec), State::Stream(state)) => spec.compare(state, tags).map(Change::Stream),
            (Spec::LogGroup(spec), State::LogGroup(state)) => spec.compare(state, tags).map(Change::LogGroup),
            (Spec::Role(spec), State::Role(state)) => spec.compare(state, tags).map(Change::Role),
            (Spec::Function(spec), State::Function(state)) => spec.compare(state, tags).map(Change::Function),
            (Spec::Delivery(spec), State::Delivery(state)) => spec.compare(state, tags).map(Change::Delivery),
            (Spec::StreamConsumer(spec), State::StreamConsumer(state)) => {
                spec.compare(state, tags).map(Change::StreamConsumer)
            }
            (Spec::Mapping(spec), State::Mapping(state)) => spec.compare(state, tags).map(Change::Mapping),
            (Spec::Alarm(spec), State::Alarm(state)) => spec.compare(state, tags).map(Change::Alarm),
            (Spec::Dashboard(spec), State::Dashboard(state)) => {
                spec.compare(state, tags).map(Change::Dashboard)
            }
            _ => Difference { replace: Some("it is of another kind".to_owned()), ..Difference::default() },
        }
    }
}

impl State {
    fn facts_of(&self) -> &dyn Facts {
        match self {
            State::Bucket(state) => state,
            State::Stream(state) => state,
            State::LogGroup(state) => state,
            State::Role(state) => state,
            State::Function(state) => state,
            State::Delivery(state) => state,
            State::StreamConsumer(state) => state,
            State::Mapping(state) => state,
            State::Alarm(state) => state,
            State::Dashboard(state) => state,
        }
    }

    /// Whether the resource may be used and changed now.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.facts_of().readiness()
    }

    /// What it says of itself that does not work, though it is there and as it should be.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.facts_of().trouble()
    }

    /// Key facts for a status display, as name and value.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        self.facts_of().facts()
    }
}
