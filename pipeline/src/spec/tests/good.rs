//! Files that hold: what they mean, and what is filled in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::super::model::*;
use super::super::{Path, Place, schema};
use super::{accepted, with};

#[test]
fn the_shortest_file_has_good_defaults() {
    let pipeline = accepted(&with(
        "streams:\n  events:\ndeliveries:\n  lake: { from: events, to: { s3: { bucket: abc } } }\n",
    ))
    .pipeline;
    assert_eq!(pipeline.name, "clicks");
    assert_eq!(pipeline.region, None);
    let stream = &pipeline.streams["events"];
    let expected = Stream::default();
    assert_eq!(*stream, expected);
    let Destination::S3(s3) = &pipeline.deliveries["lake"].to else { panic!("it goes to S3") };
    assert_eq!(*s3, S3Destination::new("abc"));
}

/// A mapping of everything that the schema says is the default, with one more field.
fn defaults_of_the_schema(definition: &str, more: &str) -> String {
    let schema: serde_json::Value = serde_json::from_str(&schema::json()).unwrap();
    let properties = &schema["definitions"][definition]["properties"];
    let mut fields: Vec<String> = properties
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(name, property)| Some(format!("{name}: {}", property.get("default")?)))
        .collect();
    assert!(!fields.is_empty(), "{definition} has no defaults");
    fields.push(more.to_owned());
    format!("{{ {} }}", fields.join(", "))
}

#[test]
fn the_defaults_of_the_schema_are_those_of_the_checks() {
    let written = |file: fn(&str, &str) -> String| {
        let autoscale = file("Autoscale", "max: 4");
        let buffer = file("Buffer", "size: 5MiB").replacen("size: \"5MiB\", ", "", 1);
        with(&format!(
            "streams:\n  a: {}\n  b: {{ autoscale: {autoscale} }}\ntransforms:\n  t: {}\ndeliveries:\n  \
             d: {{ transform: t, to: {{ s3: {} }} }}\nfunctions:\n  f: {}\n",
            file("Stream", "shards: 1"),
            file("Transform", "vrl: ."),
            file("S3", &format!("bucket: abc, buffer: {buffer}")),
            file(
                "Function",
                &format!(
                    "package: a.zip, from: a, batch: {}, failures: {}",
                    file("Batch", "size: 100").replacen("size: 100, ", "", 1),
                    file("Failures", "bisect: true").replacen("bisect: true, ", "", 1)
                )
            ),
        ))
    };
    let explicit = accepted(&written(defaults_of_the_schema)).pipeline;
    let implied = accepted(&written(|_, more| format!("{{ {more} }}"))).pipeline;
    assert_eq!(explicit, implied);
}

#[test]
fn every_field_is_read() {
    let document = accepted(&with(
        "region: eu-west-1\ntags: { team: growth, note: \"\" }\nstreams:\n  events:\n    shards: 4\n    \
         retention: 7d\n    encryption: alias/aws/kinesis\n    autoscale: { min: 2, max: 64, target: 55% }\n  \
         bulk: { shards: on-demand }\ntransforms:\n  own:\n    package: ./build/own.zip\n    memory: 1GiB\n    \
         timeout: 2m\n    environment: { MODE: fast }\ndeliveries:\n  lake:\n    from: events\n    \
         transform: own\n    to:\n      s3:\n        bucket: abc\n        prefix: \"a/!{timestamp:yyyy}/\"\n        \
         errors: \"e/!{firehose:error-output-type}/\"\n        buffer: { size: 128MiB, interval: 0s }\n        \
         compression: hadoop-snappy\n",
    ));
    assert!(document.warnings.is_empty(), "{}", document.warnings);
    let pipeline = document.pipeline;
    assert_eq!(pipeline.region.as_deref(), Some("eu-west-1"));
    assert_eq!(pipeline.tags["note"], "");
    assert_eq!(pipeline.streams["events"].capacity, Capacity::Provisioned(4));
    assert_eq!(pipeline.streams["events"].retention_hours, 168);
    assert_eq!(
        pipeline.streams["events"].autoscale,
        Some(Autoscale { min: 2, max: 64, target_percent: Some(55) })
    );
    assert_eq!(pipeline.streams["bulk"].capacity, Capacity::OnDemand);
    assert_eq!(
        pipeline.transforms["own"],
        Transform {
            name: None,
            code: Code::Package(PathBuf::from("./build/own.zip")),
            settings: FunctionSettings {
                memory_mib: 1024,
                timeout_seconds: 120,
                environment: BTreeMap::from([("MODE".to_owned(), "fast".to_owned())]),
                ..FunctionSettings::default()
            },
        }
    );
    let delivery = &pipeline.deliveries["lake"];
    assert_eq!(delivery.from, Some("events".into()));
    assert_eq!(delivery.transform.as_deref(), Some("own"));
    let Destination::S3(s3) = &delivery.to else { panic!("it goes to S3") };
    assert_eq!(s3.buffer, Buffer { size_mib: 128, interval: Duration::ZERO });
    assert_eq!(s3.compression, Compression::HadoopSnappy);
}

#[test]
fn an_autoscaled_stream_starts_with_its_least() {
    let pipeline = accepted(&with("streams:\n  events: { autoscale: { min: 3, max: 9 } }\n")).pipeline;
    assert_eq!(pipeline.streams["events"].capacity, Capacity::Provisioned(3));
}

#[test]
fn file_order_is_kept() {
    let pipeline = accepted(&with("streams:\n  zebra:\n  ant:\n  mole:\n")).pipeline;
    assert_eq!(pipeline.streams.keys().collect::<Vec<_>>(), ["zebra", "ant", "mole"]);
}

#[test]
fn anchors_and_aliases_share_settings() {
    let pipeline = accepted(&with("streams:\n  a: &settings { shards: 3 }\n  b: *settings\n")).pipeline;
    assert_eq!(pipeline.streams["a"], pipeline.streams["b"]);
}

#[test]
fn positions_lead_from_keys_to_lines() {
    let document = accepted(&with("streams:\n  events:\n    retention: 24h\n"));
    let path = Path::of(["streams", "events", "retention"]);
    let start = |place: &Place| document.positions.start(place, &document.source).unwrap();
    let (key, value) = (start(&Place::Key(path.clone())), start(&Place::Value(path.clone())));
    assert_eq!((key.line, key.column), (6, 5));
    assert_eq!((value.line, value.column), (6, 16));
    // What is not written is shown where it would be.
    let missing = start(&Place::Value(Path::of(["streams", "events", "shards"])));
    assert_eq!((missing.line, missing.column), (5, 3));
}
