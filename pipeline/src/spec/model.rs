//! The validated pipeline: what a file means once every unit is read and every reference holds.
//!
//! Parsing and checking happen once, in the rest of [`crate::spec`]. Whatever holds a [`Pipeline`] may
//! rely on it: names are legal, references resolve, and units are plain numbers of the unit they name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;

use super::path::Path;
use super::vars::Secret;

mod bucket;
mod destination;
mod function;
mod http;
mod monitoring;
mod names;
mod stream_ref;

pub use bucket::{Bucket, LifecycleRule, Notification};
pub use destination::{Backup, DeliveryKey, PartitionKeys, Partitioning};
pub use function::{
    Architecture, Function, FunctionLogs, FunctionSettings, LogFormat, Reading, Retries, Start, Vpc,
};

pub use http::{AccessKey, HttpBackup, HttpDestination, KeyText};
pub use monitoring::Alarms;
pub use stream_ref::{FoundStream, OtherStream, StreamRef};

/// One pipeline file, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pipeline {
    /// Prefixes every physical name that the file does not say.
    pub name: String,
    /// The AWS region; `None` leaves it to the usual AWS chain.
    pub region: Option<String>,
    /// Tags put on every resource that takes tags, beside the ownership tags.
    pub tags: BTreeMap<String, String>,
    /// Kinesis data streams by logical name, in file order.
    pub streams: IndexMap<String, Stream>,
    /// Lambda transforms by logical name, in file order.
    pub transforms: IndexMap<String, Transform>,
    /// Lambda functions by logical name, in file order.
    pub functions: IndexMap<String, Function>,
    /// Firehose deliveries by logical name, in file order.
    pub deliveries: IndexMap<String, Delivery>,
    /// Settings of buckets by the buckets' own names, in file order.
    pub buckets: IndexMap<String, Bucket>,
    /// The default set of alarms; `None` is none.
    pub alarms: Option<Alarms>,
    /// Whether there is a dashboard.
    pub dashboard: bool,
    /// The values above that hold a sensitive variable.
    pub secrets: Vec<Secret>,
}

impl Pipeline {
    /// What runs in Lambda, and how, by logical name: the transforms, then the functions. No name comes twice.
    pub fn code(&self) -> impl Iterator<Item = (&String, &Code, &FunctionSettings)> {
        let transforms = self.transforms.iter().map(|(logical, it)| (logical, &it.code, &it.settings));
        transforms.chain(self.functions.iter().map(|(logical, it)| (logical, &it.code, &it.settings)))
    }
}

impl Pipeline {
    /// Every reference to another pipeline's stream, with the path of the field that has it.
    pub fn others_mut(&mut self) -> impl Iterator<Item = (Path, &mut OtherStream)> {
        let deliveries =
            self.deliveries.iter_mut().filter_map(|(logical, delivery)| match &mut delivery.from {
                Some(StreamRef::Other(other)) => Some((Path::of(["deliveries", logical, "from"]), other)),
                _ => None,
            });
        let functions =
            self.functions.iter_mut().filter_map(|(logical, function)| match &mut function.reads {
                Some(Reading { stream: StreamRef::Other(other), .. }) => {
                    Some((Path::of(["functions", logical, "from"]), other))
                }
                _ => None,
            });
        deliveries.chain(functions)
    }

    /// The same, to look at.
    pub fn others(&self) -> impl Iterator<Item = &OtherStream> {
        let deliveries = self.deliveries.values().filter_map(|delivery| delivery.from.as_ref()?.other());
        let functions =
            self.functions.values().filter_map(|function| function.reads.as_ref()?.stream.other());
        deliveries.chain(functions)
    }

    /// The keys of HTTP endpoints that stand in the file or are made from variables, by delivery: secrets.
    pub(crate) fn literal_keys(&self) -> impl Iterator<Item = (&str, &str)> {
        self.deliveries.iter().filter_map(|(logical, delivery)| match &delivery.to {
            Destination::Http(http) => match &http.key {
                AccessKey::Literal(key) => Some((logical.as_str(), key.reveal())),
                AccessKey::None | AccessKey::Secret(_) => None,
            },
            Destination::S3(_) => None,
        })
    }

    /// The KMS key that encrypts a stream which this pipeline reads.
    #[must_use]
    pub fn stream_key<'a>(&'a self, stream: &'a StreamRef) -> Option<&'a str> {
        match stream {
            StreamRef::Own(logical) => self.streams.get(logical)?.encryption.as_deref(),
            StreamRef::Other(other) => other.found.as_ref()?.encryption.as_deref(),
        }
    }
}

/// A Kinesis data stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// Its name on AWS, where the file says one; see [`Pipeline::stream_name`].
    pub name: Option<String>,
    /// How its capacity is given.
    pub capacity: Capacity,
    /// How long records stay readable, 24 to 8760 hours.
    pub retention_hours: u32,
    /// A KMS key id, alias or ARN; `None` leaves records unencrypted.
    pub encryption: Option<String>,
    /// Who owns the shard count: `Some` means the autoscaler does, and the file gives only the first size.
    pub autoscale: Option<Autoscale>,
    /// Applications that read it by enhanced fan-out: each gets 2 MiB/s of every shard for itself.
    pub fan_out: Vec<String>,
    /// Metrics published for every shard, by their names on AWS; `None` when the file does not say.
    pub shard_metrics: Option<BTreeSet<String>>,
    /// The largest record, 1024 to 10240 KiB.
    pub max_record_kib: u32,
    /// What an on-demand stream is kept ready for, in MiB/s; `None` when the file does not say.
    pub warm_mibps: Option<u32>,
}

impl Default for Stream {
    /// A stream of which the file says nothing: one shard, kept for a day.
    fn default() -> Self {
        Self {
            name: None,
            capacity: Capacity::Provisioned(1),
            retention_hours: 24,
            encryption: None,
            autoscale: None,
            fan_out: Vec::new(),
            shard_metrics: None,
            max_record_kib: 1024,
            warm_mibps: None,
        }
    }
}

/// How a stream's capacity is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// A number of open shards.
    Provisioned(u32),
    /// AWS sizes the stream.
    OnDemand,
}

/// The bounds within which the autoscaler moves a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Autoscale {
    /// Fewest open shards.
    pub min: u32,
    /// Most open shards.
    pub max: u32,
    /// Share of a shard's limits not to plan beyond, 1 to 100; nothing leaves it to what the stream's history shows.
    pub target_percent: Option<u8>,
}

/// A Lambda function that transforms records on their way through a delivery.
#[derive(Clone, Debug, PartialEq)]
pub struct Transform {
    /// Its function's name on AWS, where the file says one; see [`Pipeline::function_name`].
    pub name: Option<String>,
    /// What it runs.
    pub code: Code,
    /// How the function is run.
    pub settings: FunctionSettings,
}

/// What a function runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Code {
    /// A VRL program, run by the function that pipectl ships.
    Vrl(String),
    /// A Lambda zip of the user's own, as a path relative to the pipeline file.
    Package(PathBuf),
}

/// A Firehose delivery stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its name on AWS, where the file says one; see [`Pipeline::delivery_name`].
    pub name: Option<String>,
    /// The stream it reads; `None` is direct put.
    pub from: Option<StreamRef>,
    /// Logical name of the transform it applies.
    pub transform: Option<String>,
    /// Where the records go.
    pub to: Destination,
    /// What encrypts the records that it holds; with direct put only.
    pub encryption: Option<DeliveryKey>,
}

/// Where a delivery puts its records.
#[derive(Clone, Debug, PartialEq)]
pub enum Destination {
    /// Objects in an S3 bucket.
    S3(S3Destination),
    /// Requests to an HTTP endpoint.
    Http(Box<HttpDestination>),
}

/// Objects in an S3 bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct S3Destination {
    /// The bucket, created and owned by the pipeline unless it is adopted.
    pub bucket: String,
    /// Firehose prefix expression; `None` means AWS's own `YYYY/MM/dd/HH/`.
    pub prefix: Option<String>,
    /// Firehose error output prefix expression.
    pub errors: Option<String>,
    /// When an object is written.
    pub buffer: Buffer,
    /// How an object is compressed.
    pub compression: Compression,
    /// Whether Firehose ends each record with a line break.
    pub newline: bool,
    /// Objects by what is in the records.
    pub partition: Option<Partitioning>,
    /// Where the records go as they came in, beside the destination.
    pub backup: Option<Box<Backup>>,
}

impl S3Destination {
    /// A bucket of which the file says nothing more.
    #[must_use]
    pub fn new(bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            prefix: None,
            errors: Some("errors/!{firehose:error-output-type}/".to_owned()),
            buffer: Buffer { size_mib: 5, interval: Duration::from_secs(60) },
            compression: Compression::Gzip,
            newline: false,
            partition: None,
            backup: None,
        }
    }
}

/// When Firehose writes what it has gathered: at the size or at the interval, whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// 1 to 128 MiB.
    pub size_mib: u32,
    /// 0 to 900 s.
    pub interval: Duration,
}

/// How Firehose compresses an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As it is.
    None,
    /// `.gz`.
    Gzip,
    /// `.snappy`, framed.
    Snappy,
    /// `.zip`.
    Zip,
    /// `.hsnappy`.
    HadoopSnappy,
}
