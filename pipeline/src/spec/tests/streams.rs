//! What a stream has beside its size.

use super::{accepted, codes, refused, stream};

#[test]
fn limits_and_metrics_of_a_stream_are_read() {
    let text = stream("shards: on-demand, max-record: 5MiB, warm-throughput: 1GiB/s, shard-metrics: all");
    let pipeline = accepted(&text).pipeline;
    let events = &pipeline.streams["events"];
    assert_eq!((events.max_record_kib, events.warm_mibps), (5120, Some(1024)));
    assert_eq!(events.shard_metrics.as_ref().map(std::collections::BTreeSet::len), Some(7));
    let text = stream("shard-metrics: [IncomingBytes]");
    assert_eq!(accepted(&text).pipeline.streams["events"].shard_metrics.as_ref().map(|it| it.len()), Some(1));
}

#[test]
fn what_kinesis_refuses_is_refused_with_the_fix() {
    for (fields, code, help) in [
        ("max-record: 11MiB", "out-of-range", "1MiB to 10MiB"),
        ("warm-throughput: 100MiB/s", "conflicting-fields", "shards: on-demand"),
        ("shards: on-demand, warm-throughput: 100MiB", "wrong-unit", "100MiB/s"),
        ("shard-metrics: none", "unknown-choice", "all"),
        ("shard-metrics: [IncomingByte]", "unknown-choice", "IncomingBytes"),
    ] {
        let found = refused(&stream(fields));
        assert_eq!(codes(&found), [code], "{fields}: {found}");
        assert!(found.to_string().contains(help), "{fields}: {found}");
    }
}
