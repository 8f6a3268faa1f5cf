//! Made-up records, how fast they go, and what a dry run says of them.

use serde_json::Value;

use crate::world::{STREAM, World};

#[test]
fn every_generator_makes_the_same_records_of_a_seed_and_a_start() {
    let world = World::of(2);
    for kind in ["clicks", "cdc", "devices"] {
        let made = |stream: &str, seed: &str| {
            world.create(stream, 1);
            let arguments =
                ["--generate", kind, "--records", "500", "--seed", seed, "--start", "2026-11-21T08:00:00Z"];
            let output = world.command("produce", stream, &arguments).output().expect("it runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            world.lines(stream)
        };
        let first = made(&format!("{kind}-1"), "7");
        assert_eq!(first.len(), 500);
        assert!(first.iter().all(|line| serde_json::from_str::<Value>(line).is_ok_and(|v| v.is_object())));
        assert_eq!(first, made(&format!("{kind}-2"), "7"));
        assert_ne!(first, made(&format!("{kind}-3"), "8"));
    }
}

#[test]
fn aggregation_is_on_unless_it_is_off() {
    let world = World::of(2);
    let kinesis_records = |arguments: &[&str]| {
        let all = [&["--json", "--generate", "clicks", "--records", "2000"], arguments].concat();
        let account = world.produce(&all).exits(0).account();
        assert_eq!(account["delivered"], 2000);
        account["kinesis_records"].as_u64().expect("a number")
    };
    assert!(kinesis_records(&[]) < 1_000);
    assert_eq!(kinesis_records(&["--no-aggregation"]), 2000);
    assert_eq!(world.lines(STREAM).len(), 4_000);
}

#[test]
fn a_rate_and_a_duration_end_the_records() {
    let world = World::of(1);
    let arguments =
        ["--json", "--generate", "devices", "--rate", "400/s", "--duration", "500ms", "--progress=100ms"];
    let ended = world.produce(&arguments).exits(0);
    let account = ended.account();
    let put = account["put"].as_u64().expect("a number");
    // What a busy machine made it miss is not made up for.
    assert!((1..=200).contains(&put), "{account}");
    assert_eq!(account["put"], account["delivered"]);
    // The last may go a step before the end.
    assert!(account["seconds"].as_f64().expect("a number") > 0.25, "{account}");
    let progress = ended.events("progress");
    assert!(!progress.is_empty() && progress.iter().all(|event| event["records_per_second"].is_u64()));
    assert!(ended.stderr.contains("of 200 records delivered ("), "{}", ended.stderr);
}

#[test]
fn a_ramp_follows_a_recorded_load() {
    let world = World::of(1);
    world.write("load.csv", "t_s,load\n0,0\n60,5\n120,10\n180,0\n");
    let arguments = ["--generate", "clicks", "--ramp", "load.csv", "--rate", "100/s", "--duration", "1s"];
    // Minutes of 0, 5, 10 and 0 squeezed into a second, the 10 at 100/s.
    let ended = world.produce(&[&arguments[..], &["--dry-run", "--json"]].concat()).exits(0);
    let planned = ended.events("dry-run").remove(0);
    let records = planned["would_send"].as_u64().expect("a number");
    assert!((36..=39).contains(&records), "{planned}");
    let ended = world.produce(&[&arguments[..], &["--json"]].concat()).exits(0);
    assert!(ended.account()["put"].as_u64().expect("a number") <= records);
    world.write("load.csv", "time,load\n0,0\n");
    let ended = world.produce(&arguments).exits(1);
    assert!(ended.stderr.contains("line 1: expected the header `t_s,load`"), "{}", ended.stderr);
}

#[test]
fn a_dry_run_sends_nothing_and_says_what_would_go_where() {
    let world = World::of(4);
    let arguments = ["--generate", "clicks", "--records", "5000", "--seed", "1", "--dry-run"];
    let ended = world.produce(&arguments).exits(0);
    for said in
        ["5,000 of 5,000 records would be sent to events", "aggregates", "shardId-000000000003", "SHARE"]
    {
        assert!(ended.stdout.contains(said), "no `{said}` in:\n{}", ended.stdout);
    }
    let planned = world.produce(&[&arguments[..], &["--json"]].concat()).exits(0).events("dry-run").remove(0);
    let shards = planned["shards"].as_array().expect("shards");
    let sum: u64 = shards.iter().filter_map(|shard| shard["records"].as_u64()).sum();
    assert_eq!((shards.len(), sum), (4, 5_000));
    assert_eq!(world.lines(STREAM), [""; 0], "nothing was sent");
    let endless = world.produce(&["--generate", "clicks", "--duration", "5m", "--dry-run"]).exits(1);
    assert!(endless.stderr.contains("--records"), "{}", endless.stderr);
}

#[test]
fn a_dry_run_fails_where_a_run_would() {
    let world = World::of(1);
    world.write("lines", "{\"id\":1}\n{}\n");
    let ended = world.produce(&["--file", "lines", "--key-field", "id", "--dry-run"]).exits(4);
    assert!(ended.stderr.contains("lines:2: no text or number"), "{}", ended.stderr);
    assert!(ended.stdout.contains("1 record cannot be sent"), "{}", ended.stdout);
}

#[test]
fn wrong_options_are_refused_with_what_would_do() {
    let world = World::of(1);
    for (arguments, said) in [
        (&["--rate", "5000"][..], "5000/s"),
        (&["--rate", "0/s"], "1/h"),
        (&["--ramp", "x.csv"], "--rate"),
        (&["--generate", "clicks", "--file", "x"], "cannot be used with"),
        (&["--generate", "rain"], "clicks"),
        (&["--key-field", "."], "user.id"),
        (&["--ttl", "30"], "10s"),
        (&["--generate", "clicks", "--start", "yesterday"], "--start"),
    ] {
        let ended = world.produce(arguments).exits(1);
        assert!(ended.stderr.contains(said), "{arguments:?}: {}", ended.stderr);
    }
}
