//! What a stream has seen, as `estimate` asks CloudWatch and Kinesis for it.

use serde_json::Value;

use crate::world::{STREAM, World};

fn estimate(world: &World, arguments: &[&str]) -> std::process::Output {
    world.command("estimate", STREAM, arguments).output().expect("it runs")
}

#[test]
fn a_streams_metrics_say_how_large_its_records_are_and_how_many() {
    let world = World::of(2);
    // 84 bytes and a key of 16: a hundred of them, alone.
    let lines: String = (0..100).map(|n| format!("{n:084}\n")).collect();
    let file = world.write("records.txt", lines);
    world.produce(&["--no-aggregation", "--file", &file.display().to_string()]).exits(0);
    let output = estimate(&world, &["--over", "1h", "--json"]);
    let stdout = String::from_utf8(output.stdout).expect("text");
    let last: Value = serde_json::from_str(stdout.lines().last().expect("an event")).expect("json");
    assert_eq!(last["type"], "estimate", "{stdout}");
    assert_eq!(last["load"]["size_is_assumed"], false);
    let bytes = last["load"]["record_bytes"].as_f64().expect("a number");
    assert!((84.0..=100.0).contains(&bytes), "{bytes}");
    assert_eq!(last["load"]["retention_hours"], 24.0);
    assert_eq!(last["shards"], 1.0);
    let notes = last["notes"].to_string();
    assert!(notes.contains("provisioned with 2 open shards"), "{notes}");
    // The endpoint's region is one that the list has no prices of.
    assert!(notes.contains("no prices are known for eu-west-1"), "{notes}");
}

#[test]
fn a_stream_that_carried_nothing_is_said_with_what_to_do() {
    let world = World::of(1);
    let output = estimate(&world, &[]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("the metrics of events show no record in that time"), "{stderr}");
    assert!(stderr.contains("--record-size"), "{stderr}");
}
