//! What was found on AWS, by physical name: all that a file is drafted from.

use std::collections::BTreeMap;

use crate::resources::Observed;
use crate::resources::bucket::BucketState;
use crate::resources::delivery::DeliveryState;
use crate::resources::function::FunctionState;
use crate::resources::mapping::MappingState;
use crate::resources::names::Place;
use crate::resources::stream::StreamState;
use crate::resources::tags::TagMap;

/// What was found.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// Account and region.
    pub(crate) place: Place,
    /// Streams.
    pub(crate) streams: BTreeMap<String, SeenStream>,
    /// Functions.
    pub(crate) functions: BTreeMap<String, SeenFunction>,
    /// Deliveries.
    pub(crate) deliveries: BTreeMap<String, Observed<DeliveryState>>,
    /// Buckets.
    pub(crate) buckets: BTreeMap<String, SeenBucket>,
}

impl Account {
    /// Nothing yet.
    pub(crate) fn new(place: Place) -> Self {
        Self {
            place,
            streams: BTreeMap::new(),
            functions: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            buckets: BTreeMap::new(),
        }
    }

    /// The tags of each resource.
    pub(super) fn tags(&self) -> impl Iterator<Item = &TagMap> {
        let streams = self.streams.values().map(|it| &it.stream.tags);
        let functions = self.functions.values().map(|it| &it.function.tags);
        let deliveries = self.deliveries.values().map(|it| &it.tags);
        streams.chain(functions).chain(deliveries).chain(self.buckets.values().map(|it| &it.bucket.tags))
    }

    /// The names that a file makes out of its own and those of its entries.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.streams.keys().chain(self.functions.keys()).chain(self.deliveries.keys())
    }

    /// Whether there is anything.
    pub(super) fn is_empty(&self) -> bool {
        self.names().next().is_none() && self.buckets.is_empty()
    }
}

/// A stream that was found.
#[derive(Clone, Debug)]
pub(crate) struct SeenStream {
    /// The stream.
    pub(crate) stream: Observed<StreamState>,
    /// The names of its enhanced fan-out consumers.
    pub(crate) consumers: Vec<String>,
}

/// A function that was found.
#[derive(Clone, Debug)]
pub(crate) struct SeenFunction {
    /// The function.
    pub(crate) function: Observed<FunctionState>,
    /// What it runs.
    pub(crate) code: SeenCode,
    /// How it reads a stream.
    pub(crate) mapping: Option<Observed<MappingState>>,
    /// How long its lines are kept, in days; `None` is for ever, or no log group.
    pub(crate) log_days: Option<u32>,
}

/// What a function runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SeenCode {
    /// A VRL program by the bootstrap that pipectl ships.
    Vrl(String),
    /// A package of its own.
    Zip(Vec<u8>),
    /// Nothing that a file can hold; why.
    Unknown(String),
}

/// A bucket that was found.
#[derive(Clone, Debug)]
pub(crate) struct SeenBucket {
    /// The bucket, every setting of it looked at.
    pub(crate) bucket: Observed<BucketState>,
    /// What it has beside our settings: lifecycle rules and notifications of others.
    pub(crate) others: Vec<String>,
}
