//! What a resource that is made will be, property by property, in the words in which a change of it would be told: it is compared
//! with one that is unlike it in everything.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::alarm::{AlarmSpec, AlarmState};
use super::bucket::{BucketSpec, BucketState};
use super::dashboard::DashboardState;
use super::delivery::{
    DeliverySource, DeliverySpec, DeliveryState, EndpointKey, HttpSettings, KeptSettings, S3Settings, To,
};
use super::function::{FunctionSpec, FunctionState, Logging, Network, PackageContent};
use super::log_group::LogGroupState;
use super::mapping::{MappingSettings, MappingSource, MappingSpec, MappingState, StartingPosition};
use super::role::RoleState;
use super::stream::{StreamCapacity, StreamSpec, StreamState};
use super::stream_consumer::ConsumerState;
use super::tags::{OURS, TagMap};
use super::{Desired, Properties as _, PropertyChange, Spec, State};

/// What is shown of a value that nobody may be shown.
const SENSITIVE: &str = "(sensitive)";

impl Desired {
    /// Everything that is set when it is made; none of it has a value before. Sensitive values are left out.
    #[must_use]
    pub fn properties(&self) -> Vec<PropertyChange> {
        let tags = self.tags.set.iter().filter(|(key, _)| !key.starts_with(OURS));
        let tags = tags.map(|(key, value)| new(format!("tags.{key}"), value.clone()));
        let mut properties: Vec<PropertyChange> = self.spec.properties().into_iter().chain(tags).collect();
        let secrets = self.secrets.iter().map(|secret| secret.value.as_str()).filter(|it| !it.is_empty());
        for secret in secrets {
            for value in properties.iter_mut().filter_map(|property| property.after.as_mut()) {
                if value.contains(secret) {
                    SENSITIVE.clone_into(value);
                }
            }
        }
        properties
    }
}

impl Spec {
    fn properties(&self) -> Vec<PropertyChange> {
        let difference = self.compare(&self.unlike(), &TagMap::new());
        let told = difference.properties.into_iter().filter(|property| property.after.is_some());
        let mut properties: Vec<PropertyChange> =
            told.map(|property| PropertyChange { before: None, ..property }).collect();
        properties.extend(self.beside());
        properties
    }

    /// What no comparison tells: it says only that code is other code, and nothing of what the autoscaler moves.
    fn beside(&self) -> Option<PropertyChange> {
        match self {
            Spec::Stream(StreamSpec { capacity: StreamCapacity::Autoscaled(shards), .. }) => {
                Some(new("shards".to_owned(), shards.to_string()))
            }
            Spec::Function(function) => Some(match &function.package.content {
                PackageContent::Vrl { program } => new("vrl".to_owned(), program.clone()),
                PackageContent::Zip { path } => new("package".to_owned(), path.display().to_string()),
            }),
            _ => None,
        }
    }

    /// A state that has nothing of what is wanted. Whatever may be unset is.
    fn unlike(&self) -> State {
        match self {
            Spec::Bucket(spec) => State::Bucket(bucket(spec)),
            Spec::Stream(spec) => State::Stream(stream(spec)),
            Spec::LogGroup(_) => State::LogGroup(LogGroupState { retention_days: None }),
            Spec::Role(_) => State::Role(RoleState { trust: Value::Null, policy: None }),
            Spec::Function(spec) => State::Function(function(spec)),
            Spec::Delivery(spec) => State::Delivery(delivery(spec)),
            Spec::StreamConsumer(_) => State::StreamConsumer(ConsumerState { status: String::new() }),
            Spec::Mapping(spec) => State::Mapping(mapping(spec)),
            Spec::Alarm(_) => State::Alarm(alarm()),
            Spec::Dashboard(_) => State::Dashboard(DashboardState { body: Value::Null }),
        }
    }
}

fn new(path: String, value: String) -> PropertyChange {
    PropertyChange { path, before: None, after: Some(value) }
}

fn bucket(wanted: &BucketSpec) -> BucketState {
    BucketState { versioning: !wanted.versioning.unwrap_or(false), ..BucketState::default() }
}

fn stream(wanted: &StreamSpec) -> StreamState {
    StreamState {
        on_demand: wanted.capacity != StreamCapacity::OnDemand,
        open_shards: 0,
        retention_hours: !wanted.retention_hours,
        encryption: None,
        max_record_kib: !wanted.max_record_kib,
        warm_mibps: None,
        shard_metrics: BTreeSet::new(),
        ..wanted.created()
    }
}

fn function(wanted: &FunctionSpec) -> FunctionState {
    FunctionState {
        code_sha256: String::new(),
        role_arn: String::new(),
        runtime: String::new(),
        handler: String::new(),
        architecture: String::new(),
        memory_mib: !wanted.memory_mib,
        timeout_seconds: !wanted.timeout_seconds,
        environment: BTreeMap::new(),
        layers: Vec::new(),
        network: Network::default(),
        dead_letters: None,
        logging: match wanted.logging {
            Logging::Text => Logging::Json { application: String::new(), system: String::new() },
            Logging::Json { .. } => Logging::Text,
        },
        concurrency: None,
        callers: None,
        ..wanted.created()
    }
}

fn delivery(wanted: &DeliverySpec) -> DeliveryState {
    let nothing = DeliverySource { stream_arn: String::new(), role_arn: String::new() };
    DeliveryState {
        source: Some(nothing),
        destination: Some(match &wanted.destination {
            To::S3(wanted) => To::S3(s3(wanted)),
            To::Http(wanted) => To::Http(http(wanted)),
        }),
        encryption: None,
        ..wanted.created()
    }
}

fn s3(wanted: &S3Settings) -> S3Settings {
    S3Settings {
        role_arn: String::new(),
        bucket_arn: String::new(),
        prefix: String::new(),
        error_prefix: String::new(),
        buffer_mib: !wanted.buffer_mib,
        buffer_seconds: !wanted.buffer_seconds,
        compression: String::new(),
        log_group: None,
        processor: None,
        newline: false,
        partitioning: None,
        backup: None,
    }
}

fn http(wanted: &HttpSettings) -> HttpSettings {
    HttpSettings {
        url: String::new(),
        name: None,
        key: EndpointKey::None,
        gzip: !wanted.gzip,
        attributes: BTreeMap::new(),
        buffer_mib: !wanted.buffer_mib,
        buffer_seconds: !wanted.buffer_seconds,
        retry_seconds: !wanted.retry_seconds,
        keeps_all: !wanted.keeps_all,
        role_arn: String::new(),
        log_group: None,
        processor: None,
        kept: KeptSettings { bucket_arn: String::new(), ..wanted.kept.clone() },
    }
}

fn mapping(wanted: &MappingSpec) -> MappingState {
    let settings = &wanted.settings;
    MappingState {
        source: MappingSource { stream_arn: String::new(), consumer: None },
        start: Some(match wanted.start {
            StartingPosition::Latest => StartingPosition::TrimHorizon,
            StartingPosition::TrimHorizon | StartingPosition::At(_) => StartingPosition::Latest,
        }),
        settings: MappingSettings {
            batch_size: !settings.batch_size,
            window_seconds: !settings.window_seconds,
            parallel: !settings.parallel,
            // A window that tumbles is rare; without one there is nothing to say.
            tumbling_seconds: 0,
            retries: settings.retries.map_or(Some(u32::MAX), |_| None),
            max_age_seconds: None,
            bisect: !settings.bisect,
            partial: !settings.partial,
            on_failure: None,
            filters: Vec::new(),
            enabled: !settings.enabled,
        },
        ..wanted.created()
    }
}

fn alarm() -> AlarmState {
    AlarmState {
        looks_at: Some(AlarmSpec {
            description: String::new(),
            namespace: String::new(),
            metric: String::new(),
            dimension: (String::new(), String::new()),
            statistic: String::new(),
            threshold: 0,
            above: false,
            minutes: 0,
            breaching: 0,
            topics: BTreeSet::new(),
        }),
        value: String::new(),
        reason: String::new(),
    }
}

#[cfg(test)]
mod tests;
