//! A drafted pipeline as the text of a file: what is as it would be anyway is left out, and what there is to say of an
//! entry stands above it as a comment.

mod delivery;
mod function;

use std::collections::BTreeMap;

use super::draft::{Draft, Entry};
use super::yaml::{Map, Value};
use crate::spec::model::{Alarms, Bucket, Capacity, LifecycleRule, Notification, Stream};

/// Every metric of a shard that there is.
const ALL_SHARD_METRICS: usize = 7;

/// The text of the file. `remarks` are more notes on entries; `opening` stands at its top.
pub(super) fn write(draft: &Draft, remarks: &BTreeMap<Entry, Vec<String>>, opening: &[String]) -> String {
    let Draft { pipeline, .. } = draft;
    let writer = Writer { draft, remarks };
    let mut file = Map::default();
    file.put("apiVersion", Value::text("pipectl/v1"));
    file.put("kind", Value::text("Pipeline"));
    file.put("name", Value::text(&pipeline.name));
    file.put_some("region", pipeline.region.as_ref().map(Value::text));
    file.put_map("tags", texts(&pipeline.tags));
    file.put_map("streams", writer.section("streams", &pipeline.streams, |_, stream| self::stream(stream)));
    let transforms = writer
        .section("transforms", &pipeline.transforms, |entry, it| function::transform(&writer, entry, it));
    file.put_map("transforms", transforms);
    let functions =
        writer.section("functions", &pipeline.functions, |entry, it| function::function(&writer, entry, it));
    file.put_map("functions", functions);
    let deliveries = writer.section("deliveries", &pipeline.deliveries, |_, it| delivery::delivery(it));
    file.put_map("deliveries", deliveries);
    file.put_map("buckets", writer.section("buckets", &pipeline.buckets, |_, it| bucket(it)));
    if let Some(alarms) = &pipeline.alarms {
        file.put("alarms", Value::Map(self::alarms(alarms)));
    }
    if pipeline.dashboard {
        file.put("dashboard", Value::word(true));
    }
    let opening: String = opening.iter().map(|line| format!("# {line}\n")).collect();
    format!("{opening}{}", file.written())
}

/// What the parts of a file are written with.
pub(super) struct Writer<'a> {
    draft: &'a Draft,
    remarks: &'a BTreeMap<Entry, Vec<String>>,
}

impl Writer<'_> {
    /// A section with its entries, each below what is said of it.
    fn section<'b, T: 'b>(
        &self,
        section: &'static str,
        entries: impl IntoIterator<Item = (&'b String, &'b T)>,
        write: impl Fn(&Entry, &T) -> Map,
    ) -> Map {
        let mut map = Map::default();
        for (name, it) in entries {
            let entry = Entry { section, name: name.clone() };
            let notes = self.draft.notes.get(&entry).into_iter().chain(self.remarks.get(&entry));
            let notes = notes.flatten().cloned().collect();
            map.put_noted(name.clone(), Value::Map(write(&entry, it)), notes);
        }
        map
    }

    /// The variables of an entry that are left out.
    fn secrets(&self, entry: &Entry) -> &[String] {
        self.draft.secrets.get(entry).map(Vec::as_slice).unwrap_or_default()
    }
}

/// A mapping of names to texts.
pub(super) fn texts(pairs: &BTreeMap<String, String>) -> Map {
    let mut map = Map::default();
    for (key, value) in pairs {
        map.put(key.clone(), Value::text(value));
    }
    map
}

fn stream(stream: &Stream) -> Map {
    let usual = Stream::default();
    let mut map = Map::default();
    map.put_some("name", stream.name.as_ref().map(Value::text));
    match stream.capacity {
        Capacity::OnDemand => map.put("shards", Value::text("on-demand")),
        Capacity::Provisioned(shards) => map.put("shards", Value::word(shards)),
    }
    if stream.retention_hours != usual.retention_hours {
        map.put("retention", Value::word(hours(stream.retention_hours)));
    }
    map.put_some("encryption", stream.encryption.as_ref().map(Value::text));
    if !stream.fan_out.is_empty() {
        map.put("fan-out", list(&stream.fan_out));
    }
    if let Some(metrics) = &stream.shard_metrics {
        let all = metrics.len() == ALL_SHARD_METRICS;
        map.put("shard-metrics", if all { Value::text("all") } else { list(metrics) });
    }
    if stream.max_record_kib != usual.max_record_kib {
        map.put("max-record", Value::word(kib(stream.max_record_kib)));
    }
    map.put_some("warm-throughput", stream.warm_mibps.map(|mibps| Value::word(format!("{mibps}MiB/s"))));
    map
}

fn bucket(bucket: &Bucket) -> Map {
    let mut map = Map::default();
    map.put_some("versioning", bucket.versioning.map(Value::word));
    map.put_some("encryption", bucket.encryption.as_ref().map(Value::text));
    if !bucket.lifecycle.is_empty() {
        map.put("lifecycle", Value::List(bucket.lifecycle.iter().map(rule).collect()));
    }
    if !bucket.notify.is_empty() {
        map.put("notify", Value::List(bucket.notify.iter().map(told).collect()));
    }
    map
}

fn rule(rule: &LifecycleRule) -> Value {
    let days = |days: Option<u32>| days.map(|days| Value::word(format!("{days}d")));
    let mut map = Map::default();
    map.put_some("prefix", some(&rule.prefix));
    map.put_some("expire", days(rule.expire_days));
    if let Some((after, class)) = rule.archive {
        let mut archive = Map::default();
        archive.put_some("after", days(Some(after)));
        let word = match class {
            "STANDARD_IA" => Some("standard-ia"),
            "INTELLIGENT_TIERING" => Some("intelligent-tiering"),
            "GLACIER" => Some("glacier"),
            "DEEP_ARCHIVE" => Some("deep-archive"),
            _ => None,
        };
        archive.put_some("class", word.map(Value::text));
        map.put("archive", Value::Map(archive));
    }
    map.put_some("noncurrent", days(rule.noncurrent_days));
    map.put_some("unfinished", days(rule.unfinished_days));
    Value::Map(map)
}

fn told(told: &Notification) -> Value {
    let mut map = Map::default();
    map.put("function", Value::text(&told.function));
    let on = match told.event {
        "s3:ObjectRemoved:*" => Some("removed"),
        "s3:LifecycleExpiration:*" => Some("expired"),
        _ => None,
    };
    map.put_some("on", on.map(Value::text));
    map.put_some("prefix", some(&told.prefix));
    map.put_some("suffix", some(&told.suffix));
    Value::Map(map)
}

fn alarms(alarms: &Alarms) -> Map {
    let mut map = Map::default();
    if !alarms.to.is_empty() {
        map.put("to", list(&alarms.to));
    }
    map
}

/// Text, unless there is none.
pub(super) fn some(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| Value::text(text))
}

/// A list of texts.
pub(super) fn list<'a>(items: impl IntoIterator<Item = &'a String>) -> Value {
    Value::List(items.into_iter().map(Value::text).collect())
}

/// Hours as people say them: whole weeks and more in days.
fn hours(hours: u32) -> String {
    if hours >= 48 && hours.is_multiple_of(24) { format!("{}d", hours / 24) } else { format!("{hours}h") }
}

/// Seconds as people say them.
pub(super) fn seconds(seconds: u32) -> Value {
    Value::word(match seconds {
        whole if whole >= 3600 && whole.is_multiple_of(3600) => format!("{}h", whole / 3600),
        whole if whole >= 600 && whole.is_multiple_of(60) => format!("{}m", whole / 60),
        seconds => format!("{seconds}s"),
    })
}

fn kib(kib: u32) -> String {
    if kib.is_multiple_of(1024) { format!("{}MiB", kib / 1024) } else { format!("{kib}KiB") }
}
