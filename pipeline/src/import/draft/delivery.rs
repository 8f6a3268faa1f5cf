//! Deliveries.

use std::time::Duration;

use super::{Drafter, query};
use crate::resources::delivery::{
    BackupSettings, DeliveryState, EndpointKey, HeldBy, HttpSettings, Partitioning, S3Settings, To,
};
use crate::resources::names;
use crate::spec::model::{
    self, AccessKey, Backup, Buffer, Compression, Delivery, DeliveryKey, Destination, HttpBackup,
    HttpDestination, S3Destination, StreamRef,
};

impl Drafter<'_> {
    pub(super) fn deliveries(&mut self) {
        let account = self.account;
        for (physical, seen) in &account.deliveries {
            let Some(logical) = self.naming.delivery(physical) else { continue };
            if let Some(delivery) = self.delivery(physical, &logical, &seen.state) {
                self.draft.pipeline.deliveries.insert(logical, delivery);
            }
        }
    }

    fn delivery(&mut self, physical: &str, logical: &str, state: &DeliveryState) -> Option<Delivery> {
        let what = format!("the delivery {physical}");
        let from = match &state.source {
            None => None,
            Some(source) => match self.stream_of(&source.stream_arn) {
                Some(stream) => Some(stream),
                None => {
                    // Without it the file would say another source, which replaces the delivery.
                    let why = format!("it reads {}, which is not either", source.stream_arn);
                    self.leave_out(&what, &why);
                    return None;
                }
            },
        };
        let Some(destination) = &state.destination else {
            self.leave_out(&what, "its destination is one that a file has no words for");
            return None;
        };
        let own = self.account.place.role(&names::delivery_role(&self.naming.pipeline, logical));
        if let Some(source) = state.source.as_ref().filter(|source| source.role_arn != own) {
            let note = format!(
                "It goes on reading its stream under {}, which Firehose cannot change: keep that role.",
                source.role_arn
            );
            self.draft.note("deliveries", logical, note);
        }
        Some(Delivery {
            name: self.naming.said(physical, logical),
            from: from.map(StreamRef::Own),
            transform: self.transform(logical, destination),
            to: match destination {
                To::S3(s3) => Destination::S3(self.s3(logical, s3)),
                To::Http(http) => Destination::Http(Box::new(self.http(logical, http))),
            },
            encryption: state.encryption.as_ref().map(|key| match key {
                HeldBy::AwsOwned => DeliveryKey::AwsOwned,
                HeldBy::Customer(arn) => DeliveryKey::Customer(arn.clone()),
            }),
        })
    }

    /// The transform that it applies, where it is one of the file's.
    fn transform(&mut self, logical: &str, destination: &To) -> Option<String> {
        let arn = &destination.processor()?.function_arn;
        let transform = self.function_of(arn).filter(|it| self.draft.pipeline.transforms.contains_key(it));
        if transform.is_none() {
            let note = format!("It passes its records through {arn}, which is no transform of this file.");
            self.draft.note("deliveries", logical, note);
        }
        transform
    }

    fn s3(&mut self, logical: &str, there: &S3Settings) -> S3Destination {
        S3Destination {
            bucket: bucket(&there.bucket_arn),
            prefix: some(&there.prefix),
            errors: Some(there.error_prefix.clone()),
            buffer: buffer(there.buffer_mib, there.buffer_seconds),
            compression: compression(&there.compression),
            newline: there.newline,
            partition: there.partitioning.as_ref().map(|it| self.partitioning(logical, it)),
            backup: there.backup.as_deref().map(|it| Box::new(backup(it))),
        }
    }

    fn http(&mut self, logical: &str, there: &HttpSettings) -> HttpDestination {
        let kept = &there.kept;
        if there.key == EndpointKey::None {
            let note = "Firehose does not tell an access key: where its endpoint has one, say `access-key` or `secret`.";
            self.draft.note("deliveries", logical, note);
        }
        HttpDestination {
            url: there.url.clone(),
            name: there.name.clone(),
            key: match &there.key {
                EndpointKey::Secret(arn) => AccessKey::Secret(arn.clone()),
                EndpointKey::None | EndpointKey::Literal(_) => AccessKey::None,
            },
            gzip: there.gzip,
            attributes: there.attributes.clone(),
            buffer: buffer(there.buffer_mib, there.buffer_seconds),
            retry_seconds: there.retry_seconds,
            backup: HttpBackup {
                bucket: bucket(&kept.bucket_arn),
                all: there.keeps_all,
                prefix: some(&kept.prefix),
                errors: Some(kept.error_prefix.clone()),
                buffer: buffer(kept.buffer_mib, kept.buffer_seconds),
                compression: compression(&kept.compression),
            },
        }
    }

    fn partitioning(&mut self, logical: &str, there: &Partitioning) -> model::Partitioning {
        let keys = there.query.as_deref().map(query::keys);
        if let (Some(None), Some(query)) = (&keys, &there.query) {
            let note =
                format!("The keys of its partitions are found in a way that a file cannot say: {query}");
            self.draft.note("deliveries", logical, note);
        }
        model::Partitioning { keys: keys.flatten().unwrap_or_default(), retry_seconds: there.retry_seconds }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn bucket(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or_default().to_owned()
}

fn buffer(size_mib: u32, seconds: u32) -> Buffer {
    Buffer { size_mib, interval: Duration::from_secs(u64::from(seconds)) }
}

fn backup(there: &BackupSettings) -> Backup {
    Backup {
        bucket: bucket(&there.bucket_arn),
        prefix: some(&there.prefix),
        buffer: buffer(there.buffer_mib, there.buffer_seconds),
        compression: compression(&there.compression),
    }
}

/// Firehose's name of a compression, as a word of the file.
fn compression(name: &str) -> Compression {
    match name {
        "GZIP" => Compression::Gzip,
        "ZIP" => Compression::Zip,
        "Snappy" => Compression::Snappy,
        "HADOOP_SNAPPY" => Compression::HadoopSnappy,
        _ => Compression::None,
    }
}
