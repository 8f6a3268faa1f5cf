//! From a pipeline to everything it needs: the resources, with what each depends on.
//!
//! Buckets, streams, log groups and roles depend on nothing and are made side by side; functions need their
//! role and log group; deliveries and mappings need all they touch. All names and ARNs are known up front, so an edge
//! says only "must be there before".

mod alarms;
mod bucket;
mod dashboard;
mod function;
mod http;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::delivery::{BackupSettings, DeliverySource, DeliverySpec, HeldBy, Partitioning, S3Settings, To};
use super::function::{PackageContent, PackageSource};
use super::log_group::LogGroupSpec;
use super::names::{self, Place};
use super::role::{self, DeliveryReach, RoleSpec};
use super::stream::{StreamCapacity, StreamSpec};
use super::stream_consumer::ConsumerSpec;
use super::tags::{REGION, Tags};
use super::{Address, ResourceId, Spec};
use crate::spec::Secret;
use crate::spec::model::{
    self as spec, AccessKey, Capacity, Compression, Delivery, DeliveryKey, Destination, Pipeline,
    S3Destination, Stream, StreamRef,
};

/// How long logs are kept.
const LOG_RETENTION_DAYS: u32 = 14;
/// The log stream that Firehose reports a destination's errors to.
const DELIVERY_LOG_STREAM: &str = "DestinationDelivery";
/// The longest Firehose gathers records for one invocation when the delivery's interval is no shorter.
const PROCESSOR_BUFFER_SECONDS: u32 = 60;

/// What the file does not say but the resources need.
#[derive(Clone, Debug)]
pub struct Context {
    /// Account and region.
    pub place: Place,
    /// For each transform and function, what its package is made from.
    pub code: BTreeMap<String, CodeSource>,
}

/// A function's code, fingerprinted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeSource {
    /// What the package is made from.
    pub package: PackageSource,
    /// `x86_64` or `arm64`.
    pub architecture: String,
}

/// A resource that is wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Desired {
    /// Where it stands in the file.
    pub address: Address,
    /// Its physical name.
    pub name: String,
    /// Its tags.
    pub tags: Tags,
    /// Its properties.
    pub spec: Spec,
    /// What has to be there before.
    pub depends_on: Vec<Address>,
    /// The values above that hold a sensitive variable. They are never written out: whatever keeps this resource
    /// keeps seals in their place.
    #[serde(skip)]
    pub secrets: Vec<Secret>,
}

impl Desired {
    /// What makes it itself.
    #[must_use]
    pub fn id(&self) -> ResourceId {
        ResourceId::new(self.spec.kind(), self.name.clone())
    }
}

/// Everything a pipeline needs, each before what depends on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The resources by address.
    pub resources: IndexMap<Address, Desired>,
}

/// A resource as far as its names and edges go, for which neither account nor code has to be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Where it stands in the file.
    pub address: Address,
    /// What makes it itself.
    pub id: ResourceId,
    /// What has to be there before.
    pub depends_on: Vec<Address>,
}

/// The outlines of everything the pipeline needs, each after what it depends on.
#[must_use]
pub fn outline(pipeline: &Pipeline) -> Vec<Outline> {
    let nothing =
        PackageSource { fingerprint: String::new(), content: PackageContent::Vrl { program: String::new() } };
    let code = CodeSource { package: nothing, architecture: String::new() };
    let context = Context {
        place: Place::new("", ""),
        code: pipeline.code().map(|(logical, ..)| (logical.clone(), code.clone())).collect(),
    };
    let resources = desired(pipeline, &context).resources.into_values();
    resources
        .map(|desired| Outline { id: desired.id(), address: desired.address, depends_on: desired.depends_on })
        .collect()
}

/// Everything the pipeline needs.
#[must_use]
pub fn desired(pipeline: &Pipeline, context: &Context) -> Graph {
    let mut builder = Builder { pipeline, context, graph: Graph::default() };
    for (logical, stream) in &pipeline.streams {
        builder.stream(logical, stream);
    }
    for (logical, transform) in &pipeline.transforms {
        builder.transform(logical, transform);
    }
    for (logical, function) in &pipeline.functions {
        builder.function(logical, function);
    }
    for name in pipeline.buckets.keys() {
        builder.bucket(name);
    }
    for (logical, delivery) in &pipeline.deliveries {
        builder.delivery(logical, delivery);
    }
    if let Some(alarms) = &pipeline.alarms {
        builder.alarms(alarms);
    }
    if pipeline.dashboard {
        builder.dashboard();
    }
    builder.graph
}

struct Builder<'a> {
    pipeline: &'a Pipeline,
    context: &'a Context,
    graph: Graph,
}

impl Builder<'_> {
    fn add(&mut self, address: Address, name: String, spec: Spec, depends_on: Vec<Address>) {
        let mut tags = Tags::of(&self.pipeline.name, &address, &self.pipeline.tags);
        tags.set.extend(spec.own_tags());
        if spec.kind().is_global() {
            tags.set.insert(REGION.to_owned(), self.context.place.region.clone());
        }
        let secrets = self.pipeline.secrets.iter().filter(|secret| secret.is_of(address.as_str()));
        let secrets = secrets.cloned().collect();
        let desired = Desired { address: address.clone(), name, tags, spec, depends_on, secrets };
        self.graph.resources.insert(address, desired);
    }

    fn stream(&mut self, logical: &str, stream: &Stream) {
        let capacity = match (stream.capacity, stream.autoscale) {
            (Capacity::OnDemand, _) => StreamCapacity::OnDemand,
            (Capacity::Provisioned(shards), Some(_)) => StreamCapacity::Autoscaled(shards),
            (Capacity::Provisioned(shards), None) => StreamCapacity::Fixed(shards),
        };
        let spec = StreamSpec {
            capacity,
            retention_hours: stream.retention_hours,
            encryption: stream.encryption.clone(),
            shard_metrics: match &stream.shard_metrics {
                // The autoscaler may want metrics of shards, and then they are its own.
                None if stream.autoscale.is_some() => None,
                given => Some(given.clone().unwrap_or_default()),
            },
            max_record_kib: stream.max_record_kib,
            warm_mibps: stream.warm_mibps,
        };
        let name = self.pipeline.stream_name(logical);
        let address = Address::stream(logical);
        self.add(address.clone(), name, Spec::Stream(spec), Vec::new());
        for consumer in &stream.fan_out {
            let physical = self.pipeline.consumer_name(consumer);
            self.consumer(address.consumer(consumer), &StreamRef::Own(logical.to_owned()), &physical);
        }
    }

    /// An enhanced fan-out consumer of a stream.
    fn consumer(&mut self, address: Address, stream: &StreamRef, consumer: &str) {
        let name = names::consumer(&self.pipeline.name_of(stream), consumer);
        let needs = stream.own().map(Address::stream).into_iter().collect();
        self.add(address, name, Spec::StreamConsumer(ConsumerSpec {}), needs);
    }

    fn delivery(&mut self, logical: &str, delivery: &Delivery) {
        let address = Address::delivery(logical);
        let name = self.pipeline.delivery_name(logical);
        let (role, logs) = (names::delivery_role(&self.pipeline.name, logical), names::delivery_logs(&name));
        let spec = self.delivery_spec((&name, delivery), &role, &logs);
        let role_spec = self.delivery_role(delivery, &logs);
        // A backup in the destination's own bucket is no bucket more.
        let buckets: BTreeSet<&str> = delivery.to.buckets().collect();
        let buckets: Vec<Address> = buckets.into_iter().map(|bucket| self.bucket(bucket)).collect();
        let log_spec = LogGroupSpec {
            retention_days: LOG_RETENTION_DAYS,
            streams: vec![DELIVERY_LOG_STREAM.to_owned()],
        };
        self.add(address.role(), role, Spec::Role(role_spec), Vec::new());
        self.add(address.logs(), logs, Spec::LogGroup(log_spec), Vec::new());
        let mut needs = buckets;
        needs.extend([address.role(), address.logs()]);
        needs.extend(delivery.from.as_ref().and_then(StreamRef::own).map(Address::stream));
        needs.extend(delivery.transform.as_deref().map(Address::transform));
        self.add(address, name, Spec::Delivery(spec), needs);
    }

    fn delivery_role(&self, delivery: &Delivery, logs: &str) -> RoleSpec {
        let stream = delivery.from.as_ref().map(|stream| self.pipeline.name_of(stream));
        let function = delivery.transform.as_ref().map(|logical| self.pipeline.function_name(logical));
        let mut buckets = delivery.to.buckets();
        let reach = DeliveryReach {
            stream: stream.as_deref(),
            stream_key: delivery.from.as_ref().and_then(|stream| self.pipeline.stream_key(stream)),
            function: function.as_deref(),
            bucket: buckets.next().unwrap_or_default(),
            backup: buckets.next(),
            bucket_keys: self.bucket_keys(&delivery.to),
            secret: match &delivery.to {
                Destination::Http(http) => match &http.key {
                    AccessKey::Secret(arn) => Some(arn),
                    AccessKey::None | AccessKey::Literal(_) => None,
                },
                Destination::S3(_) => None,
            },
            log_group: logs,
        };
        RoleSpec {
            trust: role::trust("firehose.amazonaws.com", &self.context.place, true),
            policy: role::delivery_policy(&self.context.place, &reach),
        }
    }

    fn delivery_spec(&self, (name, delivery): (&str, &Delivery), role: &str, logs: &str) -> DeliverySpec {
        let place = &self.context.place;
        DeliverySpec {
            source: delivery.from.as_ref().map(|stream| DeliverySource {
                stream_arn: place.stream(&self.pipeline.name_of(stream)),
                role_arn: place.role(role),
            }),
            destination: match &delivery.to {
                Destination::S3(s3) => To::S3(self.s3_settings(delivery, s3, (role, logs))),
                Destination::Http(http) => To::Http(self.http_settings((name, delivery), http, (role, logs))),
            },
            encryption: delivery.encryption.as_ref().map(|key| match key {
                DeliveryKey::AwsOwned => HeldBy::AwsOwned,
                DeliveryKey::Customer(arn) => HeldBy::Customer(arn.clone()),
            }),
        }
    }

    fn s3_settings(&self, delivery: &Delivery, s3: &S3Destination, (role, logs): (&str, &str)) -> S3Settings {
        let place = &self.context.place;
        let (buffer_mib, buffer_seconds) = http::sizes(s3.buffer);
        S3Settings {
            role_arn: place.role(role),
            bucket_arn: place.bucket(&s3.bucket),
            prefix: s3.prefix.clone().unwrap_or_default(),
            error_prefix: s3.errors.clone().unwrap_or_default(),
            buffer_mib,
            buffer_seconds,
            compression: compression(s3.compression).to_owned(),
            log_group: Some(logs.to_owned()),
            processor: self.processor(delivery, buffer_seconds),
            newline: s3.newline,
            partitioning: s3.partition.as_ref().map(partitioning),
            backup: s3.backup.as_ref().map(|backup| Box::new(backup_settings(place, backup))),
        }
    }
}

/// The keys as one jq object: `{customer:.customer.id}`.
fn partitioning(partition: &spec::Partitioning) -> Partitioning {
    let pairs: Vec<String> = partition.keys.iter().map(|(name, query)| format!("{name}:{query}")).collect();
    Partitioning {
        retry_seconds: partition.retry_seconds,
        query: (!pairs.is_empty()).then(|| format!("{{{}}}", pairs.join(","))),
    }
}

fn backup_settings(place: &Place, backup: &spec::Backup) -> BackupSettings {
    let (buffer_mib, buffer_seconds) = http::sizes(backup.buffer);
    BackupSettings {
        bucket_arn: place.bucket(&backup.bucket),
        prefix: backup.prefix.clone().unwrap_or_default(),
        buffer_mib,
        buffer_seconds,
        compression: compression(backup.compression).to_owned(),
    }
}

/// Firehose's name of a compression.
fn compression(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "UNCOMPRESSED",
        Compression::Gzip => "GZIP",
        Compression::Zip => "ZIP",
        Compression::Snappy => "Snappy",
        Compression::HadoopSnappy => "HADOOP_SNAPPY",
    }
}
