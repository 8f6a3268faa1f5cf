//! Firehose delivery streams. Everything but the source and the kind of destination is updated in place; a new source replaces the
//! delivery, said so in the plan. A change of tags alone never touches the destination, which would stop
//! delivery for a while.

mod http;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use http::{EndpointKey, HttpSettings, KeptSettings};

use super::tags::{KEY, TagMap};
use super::{Difference, Facts, Properties, Readiness};

/// What is wanted of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverySpec {
    /// The stream it reads; `None` is direct put.
    pub source: Option<DeliverySource>,
    /// Where the records go.
    pub destination: To,
    /// What encrypts the records it holds; `None` is nothing.
    pub encryption: Option<HeldBy>,
}

/// Where records go.
///
/// The ledgers of old know objects in a bucket only, whose settings stand there by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum To {
    /// An HTTP endpoint.
    Http(HttpSettings),
    /// Objects in a bucket.
    S3(S3Settings),
}

impl To {
    /// The function that records pass through.
    #[must_use]
    pub fn processor(&self) -> Option<&LambdaProcessor> {
        match self {
            To::Http(http) => http.processor.as_ref(),
            To::S3(s3) => s3.processor.as_ref(),
        }
    }

    /// ARNs of the buckets that it writes to.
    pub fn buckets(&self) -> impl Iterator<Item = &String> {
        let (bucket, backup) = match self {
            To::Http(http) => (&http.kept.bucket_arn, None),
            To::S3(s3) => (&s3.bucket_arn, s3.backup.as_deref().map(|backup| &backup.bucket_arn)),
        };
        std::iter::once(bucket).chain(backup)
    }
}

/// Whose key encrypts the records that a delivery holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldBy {
    /// One that AWS owns.
    AwsOwned,
    /// A KMS key, by its ARN.
    Customer(String),
}

/// The stream a delivery reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverySource {
    /// The stream's ARN.
    pub stream_arn: String,
    /// ARN of the role it is read under.
    pub role_arn: String,
}

/// Objects in a bucket, and what happens to the records on the way there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct S3Settings {
    /// ARN of the role it writes under.
    pub role_arn: String,
    /// The bucket's ARN.
    pub bucket_arn: String,
    /// Prefix expression; empty means AWS's own `YYYY/MM/dd/HH/`.
    pub prefix: String,
    /// Prefix expression for what failed; empty means none.
    pub error_prefix: String,
    /// Objects are written at this size …
    pub buffer_mib: u32,
    /// … or after this many seconds.
    pub buffer_seconds: u32,
    /// UNCOMPRESSED, GZIP, ZIP, Snappy or HADOOP_SNAPPY.
    pub compression: String,
    /// Where errors are reported; `None` is nowhere.
    pub log_group: Option<String>,
    /// The transform.
    pub processor: Option<LambdaProcessor>,
    /// Whether each record is ended with a line break. Ledgers of old know nothing of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub newline: bool,
    /// Objects by what is in the records.
    pub partitioning: Option<Partitioning>,
    /// Where the records go as they came in.
    pub backup: Option<Box<BackupSettings>>,
}

/// Dynamic partitioning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partitioning {
    /// How long an object is tried to be written.
    pub retry_seconds: u32,
    /// The jq expression that finds the keys in a record, as one object; `None` when the transform gives them.
    pub query: Option<String>,
}

/// A second place, for the records as they came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupSettings {
    /// The bucket's ARN.
    pub bucket_arn: String,
    /// Prefix expression; empty means AWS's own `YYYY/MM/dd/HH/`.
    pub prefix: String,
    /// Objects are written at this size …
    pub buffer_mib: u32,
    /// … or after this many seconds.
    pub buffer_seconds: u32,
    /// UNCOMPRESSED, GZIP, ZIP, Snappy or HADOOP_SNAPPY.
    pub compression: String,
}

/// The function that records pass through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LambdaProcessor {
    /// The function's ARN.
    pub function_arn: String,
    /// Seconds of records that go into one invocation.
    pub buffer_seconds: u32,
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryState {
    /// CREATING, ACTIVE, DELETING, CREATING_FAILED or DELETING_FAILED.
    pub status: String,
    /// Why, when it failed.
    pub failure: String,
    /// The stream it reads.
    pub source: Option<DeliverySource>,
    /// Where the records go; `None` when that is neither an S3 bucket nor an HTTP endpoint.
    pub destination: Option<To>,
    /// What encrypts the records it holds.
    pub encryption: Option<HeldBy>,
    /// ENABLED, DISABLED, ENABLING, DISABLING, ENABLING_FAILED or DISABLING_FAILED.
    pub encryption_status: String,
    /// When it was made; `None` is not known.
    pub created: Option<Timestamp>,
}

/// One mutation of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryChange {
    /// Sets the destination, all of it.
    Destination(Box<To>),
    /// Puts the tag that says which access key was set, or takes it away.
    Seal(Option<String>),
    /// Encrypts what it holds from now on.
    Encrypt(HeldBy),
    /// Stops encrypting what it holds.
    StopEncrypting,
}

impl Properties for DeliverySpec {
    type State = DeliveryState;
    type Change = DeliveryChange;

    fn created(&self) -> DeliveryState {
        DeliveryState {
            status: "ACTIVE".to_owned(),
            failure: String::new(),
            source: self.source.clone(),
            destination: Some(self.destination.clone()),
            encryption: self.encryption.clone(),
            encryption_status: "ENABLED".to_owned(),
            created: None,
        }
    }

    fn compare(&self, state: &DeliveryState, tags: &TagMap) -> Difference<DeliveryChange> {
        let mut difference = Difference::default();
        // The role that a source is read under cannot be changed and does no harm: one that somebody else chose stays.
        fn source(source: Option<&DeliverySource>) -> Option<&str> {
            Some(source.map_or("direct put", |source| source.stream_arn.as_str()))
        }
        if difference.note_arn("from", source(state.source.as_ref()), source(self.source.as_ref())) {
            difference.replace = Some("Firehose cannot change the source of a delivery stream".to_owned());
        }
        self.compare_destination(state, tags, &mut difference);
        self.compare_encryption(state, &mut difference);
        difference
    }
}

impl DeliverySpec {
    fn compare_destination(
        &self,
        state: &DeliveryState,
        tags: &TagMap,
        difference: &mut Difference<DeliveryChange>,
    ) {
        let differ = match (&self.destination, &state.destination) {
            (To::S3(wanted), Some(To::S3(there))) => {
                let differ = wanted.note_changes(there, difference);
                wanted.note_replacements(there, difference);
                differ
            }
            (To::Http(wanted), Some(To::Http(there))) => wanted.note_changes(there, tags, difference),
            (_, there) => {
                let kind = |to: &To| match to {
                    To::Http(_) => "an HTTP endpoint".to_owned(),
                    To::S3(_) => "an S3 bucket".to_owned(),
                };
                let there = there.as_ref().map_or("something else".to_owned(), kind);
                difference.note("to", Some(there), Some(kind(&self.destination)), String::clone);
                let reason = "a delivery stream cannot be pointed from one kind of destination to another";
                difference.replace = Some(reason.to_owned());
                return;
            }
        };
        if !differ || difference.replace.is_some() {
            return;
        }
        difference.changes.push(DeliveryChange::Destination(Box::new(self.destination.clone())));
        let wanted = match &self.destination {
            To::Http(http) => http.fingerprint(),
            To::S3(_) => None,
        };
        if tags.get(KEY) != wanted {
            difference.changes.push(DeliveryChange::Seal(wanted.cloned()));
        }
    }

    fn compare_encryption(&self, state: &DeliveryState, difference: &mut Difference<DeliveryChange>) {
        let key = |key: &HeldBy| match key {
            HeldBy::AwsOwned => "aws-owned".to_owned(),
            HeldBy::Customer(arn) => arn.clone(),
        };
        let differs = difference.note("encryption", state.encryption.clone(), self.encryption.clone(), key);
        if differs && difference.replace.is_none() {
            difference.changes.push(match &self.encryption {
                Some(key) => DeliveryChange::Encrypt(key.clone()),
                None => DeliveryChange::StopEncrypting,
            });
        }
    }
}

impl S3Settings {
    /// Notes what differs from `there`, and says whether anything does.
    fn note_changes(&self, there: &S3Settings, difference: &mut Difference<DeliveryChange>) -> bool {
        let before = difference.properties.len();
        difference.note_arn("role", Some(&there.role_arn), Some(&self.role_arn));
        difference.note_arn("to.s3.bucket", Some(&there.bucket_arn), Some(&self.bucket_arn));
        let mut text = |path: &str, there: &str, wanted: &str| {
            let shown = |value: &str| (!value.is_empty()).then(|| value.to_owned());
            difference.note(path, shown(there), shown(wanted), String::clone);
        };
        text("to.s3.prefix", &there.prefix, &self.prefix);
        text("to.s3.errors", &there.error_prefix, &self.error_prefix);
        text("to.s3.compression", &there.compression, &self.compression);
        let mib = |mib: &u32| format!("{mib}MiB");
        difference.note("to.s3.buffer.size", Some(there.buffer_mib), Some(self.buffer_mib), mib);
        let seconds = |seconds: &u32| format!("{seconds}s");
        difference.note(
            "to.s3.buffer.interval",
            Some(there.buffer_seconds),
            Some(self.buffer_seconds),
            seconds,
        );
        difference.note("logs", there.log_group.clone(), self.log_group.clone(), String::clone);
        let function = |side: &Option<LambdaProcessor>| side.as_ref().map(|it| it.function_arn.clone());
        let (called, wanted) = (function(&there.processor), function(&self.processor));
        if !difference.note_arn("transform", called.as_deref(), wanted.as_deref()) {
            let batch = |side: &S3Settings| side.processor.as_ref().map(|processor| processor.buffer_seconds);
            difference.note("transform.buffer", batch(there), batch(self), seconds);
        }
        let newline = |side: &S3Settings| Some(side.newline).filter(|it| *it);
        difference.note("to.s3.newline", newline(there), newline(self), bool::to_string);
        let retry = |side: &S3Settings| side.partitioning.as_ref().map(|it| it.retry_seconds);
        difference.note("to.s3.partition.retry", retry(there), retry(self), seconds);
        let query = |side: &S3Settings| side.partitioning.as_ref().and_then(|it| it.query.clone());
        difference.note("to.s3.partition.keys", query(there), query(self), String::clone);
        let backup = |side: &S3Settings| side.backup.as_deref().map(BackupSettings::shown);
        difference.note("to.s3.backup", backup(there), backup(self), String::clone);
        difference.properties.len() > before
    }

    /// Says what can only be had by making the delivery stream again.
    fn note_replacements(&self, there: &S3Settings, difference: &mut Difference<DeliveryChange>) {
        if there.partitioning.is_some() != self.partitioning.is_some() {
            let reason = "Firehose switches dynamic partitioning only when it makes a delivery stream";
            difference.replace = Some(reason.to_owned());
        } else if there.backup.is_some() && self.backup.is_none() {
            difference.replace = Some("Firehose cannot switch a backup off".to_owned());
        }
    }
}

impl BackupSettings {
    fn shown(&self) -> String {
        let bucket = self.bucket_arn.rsplit(':').next().unwrap_or_default();
        let Self { prefix, buffer_mib, buffer_seconds, compression, .. } = self;
        format!(
            "s3://{bucket}/{prefix}, {buffer_mib}MiB or {buffer_seconds}s, {}",
            compression.to_lowercase()
        )
    }
}

impl Facts for DeliveryState {
    fn readiness(&self) -> Readiness {
        match self.status.as_str() {
            "ACTIVE" => match self.encryption_status.as_str() {
                changing @ ("ENABLING" | "DISABLING") => {
                    Readiness::Pending(format!("its encryption to settle (now {changing})"))
                }
                _ => Readiness::Ready,
            },
            "DELETING" => Readiness::Leaving,
            "CREATING" => Readiness::Creating("ACTIVE (now CREATING)".to_owned()),
            "CREATING_FAILED" | "DELETING_FAILED" => {
                Readiness::Failed(format!("{}: {}", self.status, self.failure))
            }
            other => Readiness::Pending(format!("ACTIVE (now {other})")),
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let from = self.source.as_ref().map_or("direct put", |source| tail(&source.stream_arn));
        let mut facts = vec![("from", from.to_owned())];
        let (to, mib, seconds) = match &self.destination {
            None => return facts,
            Some(To::S3(there)) => {
                let bucket = there.bucket_arn.rsplit(':').next().unwrap_or_default();
                (format!("s3://{bucket}/{}", there.prefix), there.buffer_mib, there.buffer_seconds)
            }
            Some(To::Http(there)) => (there.url.clone(), there.buffer_mib, there.buffer_seconds),
        };
        facts.push(("to", to));
        facts.push(("buffer", format!("{mib} MiB / {seconds} s")));
        facts
    }
}

fn tail(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests;
