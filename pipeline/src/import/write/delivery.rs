//! Deliveries as text.

use super::{some, texts};
use crate::import::yaml::{Map, Value};
use crate::spec::model::{
    AccessKey, Backup, Buffer, Compression, Delivery, DeliveryKey, Destination, HttpDestination,
    Partitioning, S3Destination,
};

/// How long a partitioned object is tried to be written, when nothing is said.
const PARTITION_RETRY: u32 = 300;
/// How long a request is sent again, when nothing is said.
const HTTP_RETRY: u32 = 300;

pub(super) fn delivery(delivery: &Delivery) -> Map {
    let mut map = Map::default();
    map.put_some("name", delivery.name.as_ref().map(Value::text));
    map.put_some("from", delivery.from.as_ref().map(|stream| Value::text(stream.to_string())));
    map.put_some("transform", delivery.transform.as_ref().map(Value::text));
    map.put_some(
        "encryption",
        delivery.encryption.as_ref().map(|key| match key {
            DeliveryKey::AwsOwned => Value::text("aws-owned"),
            DeliveryKey::Customer(arn) => Value::text(arn),
        }),
    );
    let mut to = Map::default();
    match &delivery.to {
        Destination::S3(destination) => to.put("s3", Value::Map(s3(destination))),
        Destination::Http(destination) => to.put("http", Value::Map(http(destination))),
    }
    map.put("to", Value::Map(to));
    map
}

fn s3(to: &S3Destination) -> Map {
    let usual = S3Destination::new("");
    let mut map = Map::default();
    map.put("bucket", Value::text(&to.bucket));
    map.put_some("prefix", to.prefix.as_deref().and_then(some));
    if to.errors != usual.errors {
        map.put_some("errors", to.errors.as_ref().map(Value::text));
    }
    map.put_map("buffer", buffer(to.buffer, usual.buffer));
    put_compression(to.compression, &mut map);
    if to.newline {
        map.put("newline", Value::word("true"));
    }
    if let Some(partition) = &to.partition {
        map.put("partition", Value::Map(partitioning(partition)));
    }
    if let Some(backup) = &to.backup {
        map.put("backup", Value::Map(self::backup(backup, usual.buffer)));
    }
    map
}

fn http(to: &HttpDestination) -> Map {
    let usual = S3Destination::new("");
    let mut map = Map::default();
    map.put("url", Value::text(&to.url));
    map.put_some("name", to.name.as_ref().map(Value::text));
    match &to.key {
        AccessKey::None => {}
        // What is imported has none: Firehose does not tell it.
        AccessKey::Literal(_) => map.close_with("access-key: not written"),
        AccessKey::Secret(arn) => map.put("secret", Value::text(arn)),
    }
    if to.gzip {
        map.put("encoding", Value::text("gzip"));
    }
    map.put_map("attributes", texts(&to.attributes));
    map.put_map("buffer", buffer(to.buffer, usual.buffer));
    if to.retry_seconds != HTTP_RETRY {
        map.put("retry", super::seconds(to.retry_seconds));
    }
    let mut kept = Map::default();
    kept.put("bucket", Value::text(&to.backup.bucket));
    if to.backup.all {
        kept.put("records", Value::text("all"));
    }
    kept.put_some("prefix", to.backup.prefix.as_deref().and_then(some));
    if to.backup.errors != usual.errors {
        kept.put_some("errors", to.backup.errors.as_ref().map(Value::text));
    }
    kept.put_map("buffer", buffer(to.backup.buffer, usual.buffer));
    put_compression(to.backup.compression, &mut kept);
    map.put("backup", Value::Map(kept));
    map
}

fn partitioning(partition: &Partitioning) -> Map {
    let mut map = Map::default();
    map.put_map("keys", texts(&partition.keys));
    if partition.retry_seconds != PARTITION_RETRY {
        map.put("retry", super::seconds(partition.retry_seconds));
    }
    map
}

fn backup(backup: &Backup, usual: Buffer) -> Map {
    let mut map = Map::default();
    map.put("bucket", Value::text(&backup.bucket));
    map.put_some("prefix", backup.prefix.as_deref().and_then(some));
    map.put_map("buffer", buffer(backup.buffer, usual));
    put_compression(backup.compression, &mut map);
    map
}

/// A buffer, as far as it is not the usual one.
fn buffer(buffer: Buffer, usual: Buffer) -> Map {
    let mut map = Map::default();
    if buffer.size_mib != usual.size_mib {
        map.put("size", Value::word(format!("{}MiB", buffer.size_mib)));
    }
    if buffer.interval != usual.interval {
        map.put("interval", Value::word(format!("{}s", buffer.interval.as_secs())));
    }
    map
}

fn put_compression(compression: Compression, map: &mut Map) {
    let word = match compression {
        Compression::Gzip => return,
        Compression::None => "none",
        Compression::Snappy => "snappy",
        Compression::Zip => "zip",
        Compression::HadoopSnappy => "hadoop-snappy",
    };
    map.put("compression", Value::text(word));
}
