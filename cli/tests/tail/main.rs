//! `pipectl tail` as its users start it: against an endpoint, into pipes and files, stopped, killed and gone on.

#[path = "../lines/mod.rs"]
mod lines;
mod world;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use serde_json::Value;
use world::{PATIENCE, Started, World, wait_for_lines};

#[test]
fn records_come_out_of_their_aggregates_as_lines_or_as_events() {
    let world = World::new(1);
    world.put("ann", "alone");
    world.put_together(&["one", "two"]);
    world.put("bob", [0xff, 0x00]);
    let ran = world.start(&["--from", "trim-horizon", "--limit", "3"]).ended();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "alone\none\ntwo\n"), "{}", ran.stderr);
    let ran = world.tail(&["--json"]);
    let events = lines::of(&ran.stdout);
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds, ["version", "record", "record", "record", "record"]);
    assert_eq!((&events[1]["data"], &events[1]["sub_sequence"]), (&"alone".into(), &Value::Null));
    assert_eq!(events[3]["sub_sequence"], 1);
    assert_eq!(events[3]["partition_key"], "user two");
    assert_eq!(events[2]["sequence"], events[3]["sequence"]);
    assert_eq!(events[3]["shard"], "shardId-000000000000");
    assert_eq!((&events[4]["data"], &events[4]["data_base64"]), (&Value::Null, &"/wA=".into()));
    assert!(events[4]["time"].is_string());
}

#[test]
fn only_what_is_asked_for_is_shown() {
    let world = World::new(2);
    for (key, data) in
        [("ann", r#"{"status":500,"path":"/cart"}"#), ("bob", r#"{"status":200,"path":"/cart"}"#)]
    {
        world.put(key, data);
    }
    world.put("cid", "GET /cart 500");
    assert_eq!(world.lines(&[]).len(), 3);
    assert_eq!(world.lines(&["--filter", ".status=500"]), [r#"{"status":500,"path":"/cart"}"#]);
    assert_eq!(world.lines(&["--filter", "/cart", "--filter", "re:^GET"]), ["GET /cart 500"]);
    assert_eq!(world.lines(&["--key", "cid", "--key", "bob"]).len(), 2);
    let of_shards: Vec<usize> =
        ["0", "shardId-000000000001"].map(|id| world.lines(&["--shard", id]).len()).into();
    assert_eq!(of_shards.iter().sum::<usize>(), 3);
}

#[test]
fn what_produce_puts_tail_gives_back_through_two_reshards_in_between() {
    let world = World::new(2);
    let following = world.start(&["--from", "trim-horizon", "--limit", "3000"]);
    let fanned = world.start(&["--from", "trim-horizon", "--limit", "3000", "--fan-out", "dashboard"]);
    let mut put: Vec<String> = (0..3_000).map(|n| format!("line {}", n % 2_900)).collect();
    for (part, shards) in put.chunks(1_000).zip([Some(3), Some(2), None]) {
        world.produce(part);
        shards.into_iter().for_each(|shards| world.reshard(shards));
    }
    put.sort();
    for reading in [following, fanned] {
        let ran = reading.ended();
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let mut printed: Vec<String> = ran.stdout.lines().map(str::to_owned).collect();
        printed.sort();
        assert_eq!(printed, put, "lines that are there twice come twice");
    }
    assert_eq!(world.lines(&[]), put);
}

#[test]
fn a_damaged_aggregate_is_shown_as_it_is_or_reported_by_a_strict_reading() {
    let world = World::new(1);
    world.put("k", [&[0xf3, 0x89, 0x9a, 0xc2][..], &[b'x'; 40]].concat());
    world.put("k", "whole");
    assert_eq!(world.tail(&[]).stdout.lines().count(), 2);
    let strict = world.tail(&["--strict"]);
    assert_eq!((strict.code, strict.stdout.as_str()), (Some(1), "whole\n"));
    assert!(strict.stderr.contains("its checksum is wrong"), "{}", strict.stderr);
    assert!(strict.stderr.contains("1 damaged aggregate"), "{}", strict.stderr);
}

#[test]
fn a_checkpoint_goes_on_after_the_last_record_within_an_aggregate_too() {
    let world = World::new(1);
    world.put("k", "first");
    world.put_together(&["one", "two", "three"]);
    world.put("k", "last");
    let mut shown = Vec::new();
    for limit in ["2", "1", "1", "9"] {
        let ran = world.tail(&["--checkpoint", "c", "--limit", limit]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        shown.push(ran.stdout.lines().map(str::to_owned).collect::<Vec<_>>());
    }
    assert_eq!(shown, [vec!["first", "one"], vec!["two"], vec!["three"], vec!["last"]]);
    assert_eq!(
        fs::read_dir(world.folder.path()).expect("a folder").count(),
        1,
        "nothing is left but the file"
    );
}

#[test]
fn a_reading_that_is_killed_at_any_moment_loses_nothing() {
    let world = World::new(2);
    // The records from before the first run are not its own: it begins at the latest.
    world.put("k", "before");
    let file = world.path("out");
    let mut expected = BTreeSet::new();
    for run in 0..6 {
        let out = File::options().create(true).append(true).open(&file).expect("a file");
        let mut tail = Started(world.command(&["--checkpoint", "c"]).stdout(out).spawn().expect("it starts"));
        if run == 0 {
            // From here on, nothing may be missed.
            let since = Instant::now();
            while !world.path("c").exists() {
                assert!(since.elapsed() < PATIENCE, "no checkpoint");
                std::thread::yield_now();
            }
        }
        for n in 0..20 {
            let text = format!("{run}:{n}");
            world.put(&text, text.clone());
            expected.insert(text);
        }
        // At different stages of what it does then.
        wait_for_lines(&file, run * 17);
        tail.0.kill().expect("it runs");
        tail.0.wait().expect("it was started");
    }
    let ran = world.start(&["--checkpoint", "c", "--no-follow"]).ended();
    let printed = fs::read_to_string(&file).expect("it was written") + &ran.stdout;
    let printed: BTreeSet<String> = printed.lines().map(str::to_owned).collect();
    assert_eq!(printed, expected);
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_was_printed_and_is_a_success() {
    let world = World::new(1);
    let mut tail = world.start(&["--from", "trim-horizon", "--checkpoint", "c"]);
    world.put("k", "one");
    let mut line = String::new();
    let mut stdout = BufReader::new(tail.0.stdout.take().expect("a pipe"));
    stdout.read_line(&mut line).expect("text");
    assert_eq!(line, "one\n");
    tail.signal("-INT");
    assert_eq!(tail.code(), Some(0));
    world.put("k", "two");
    assert_eq!(world.tail(&["--checkpoint", "c"]).stdout, "two\n");
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly_and_what_it_did_not_take_comes_again() {
    let world = World::new(1);
    let mut tail = world.start(&["--from", "trim-horizon", "--checkpoint", "c"]);
    world.put("k", "one");
    let mut stdout = BufReader::new(tail.0.stdout.take().expect("a pipe"));
    stdout.read_line(&mut String::new()).expect("text");
    drop(stdout);
    // The first write after that meets the closed pipe.
    world.put("k", "two");
    let mut stderr = String::new();
    let code = tail.code();
    tail.0.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("text");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(world.tail(&["--checkpoint", "c"]).stdout.ends_with("two\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_an_error_and_nothing_is_kept_as_printed() {
    let world = World::new(1);
    world.put("k", "one");
    let full = File::options().write(true).open("/dev/full").expect("it is there on Linux");
    let mut command = world.command(&["--from", "trim-horizon", "--checkpoint", "c", "--no-follow"]);
    let ran = Started(command.stdout(full).spawn().expect("it starts")).ended();
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("cannot write to standard output"), "{}", ran.stderr);
    assert_eq!(world.tail(&["--checkpoint", "c"]).stdout, "one\n");
}

#[test]
fn it_ends_when_nothing_has_arrived_for_a_while() {
    let world = World::new(2);
    world.put("k", "one");
    let began = Instant::now();
    let ran = world.start(&["--from", "trim-horizon", "--until-idle", "800ms"]).ended();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "one\n"), "{}", ran.stderr);
    assert!(began.elapsed() >= Duration::from_millis(800));
}

#[test]
fn fan_out_registers_a_consumer_for_as_long_as_it_reads_unless_it_is_to_be_kept() {
    let world = World::new(2);
    for text in ["one", "two", "three"] {
        world.put(text, text);
    }
    let ran = world.tail(&["--fan-out", "dashboard"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 3), "{}", ran.stderr);
    assert!(ran.stderr.contains("deregistered the consumer dashboard"), "{}", ran.stderr);
    assert_eq!(world.consumers(), 0);
    let kept = world.tail(&["--fan-out", "kept", "--keep-consumer", "--limit", "1"]);
    assert_eq!((kept.code, world.consumers()), (Some(0), 1), "{}", kept.stderr);
    // One that was there is not this reading's to deregister.
    let found = world.tail(&["--fan-out", "kept"]);
    assert_eq!((found.code, world.consumers()), (Some(0), 1), "{}", found.stderr);
}

#[test]
fn what_is_wrong_is_named_with_what_would_do() {
    let world = World::new(1);
    world.create("other", 1);
    fs::write(world.path("notes"), "not a checkpoint").expect("a file");
    let refused = |arguments: &[&str], named: &str, way_out: &str| {
        let ran = world.tail(arguments);
        let said = ran.stderr + &ran.stdout;
        assert_eq!(ran.code, Some(1), "{arguments:?}: {said}");
        assert!(said.contains(named) && said.contains(way_out), "{arguments:?}: {said}");
    };
    refused(&["--checkpoint", "notes"], "notes is no checkpoint", "--checkpoint takes");
    refused(&["--checkpoint", "no/folder"], "no/folder", "--checkpoint takes");
    refused(&["--shard", "9"], "shardId-000000000009", "it has shardId-000000000000");
    refused(&["--shard", "nine"], "--shard", "shardId-");
    refused(&["--filter", "re:("], "--filter", "unclosed");
    refused(&["--until-idle", "5"], "--until-idle", "10s");
    refused(&["--keep-consumer"], "--fan-out", "required");
    let ran = world.start(&["--from", "checkpoint"]).ended();
    assert!(ran.code == Some(1) && ran.stderr.contains("--checkpoint FILE"), "{}", ran.stderr);
    let ran = world.start(&["--from", "checkpoint", "--checkpoint", "c"]).ended();
    assert!(ran.code == Some(1) && ran.stderr.contains("there is no checkpoint c"), "{}", ran.stderr);
    let ran = world.start(&["--from", "2999-01-01T00:00:00Z"]).ended();
    assert!(ran.code == Some(1) && ran.stderr.contains("lies ahead"), "{}", ran.stderr);

    assert_eq!(world.tail(&["--checkpoint", "c"]).code, Some(0));
    let other =
        fs::read_to_string(world.path("c")).expect("it was kept").replace("stream/events", "stream/other");
    fs::write(world.path("other"), other).expect("a file");
    refused(&["--checkpoint", "other"], "stream/other, not of", "delete this one");
    let _first = world.start(&["--checkpoint", "c"]);
    let since = Instant::now();
    while !world.path("c.lock").exists() {
        assert!(since.elapsed() < PATIENCE, "no lock");
    }
    refused(&["--checkpoint", "c"], "c is in use", "of its own");
}
