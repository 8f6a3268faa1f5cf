//! Lines from files and pipes, their keys, and what is said of those that cannot be sent.

use std::io::Write;
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::world::{Ended, STREAM, World};

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

#[test]
fn files_gzip_or_not_and_stdin_arrive_line_by_line() {
    let world = World::of(2);
    world.write("a.log", "a1\na2\r\n\n");
    world.write("b.log.gz", gzip("b1\nb2"));
    let mut child = world.command("produce", STREAM, &["--file", "a.log", "b.log.gz", "-"]);
    let mut child = child.stdin(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("its input is ours").write_all(b"c1\n").expect("it reads");
    let ended = Ended::of(child.wait_with_output().expect("it ends")).exits(0);
    assert!(ended.stdout.contains("5 of 5 records delivered to events"), "{}", ended.stdout);
    assert_eq!(ended.stderr, "");
    assert_eq!(world.lines(STREAM), ["a1", "a2", "b1", "b2", "c1"]);
}

#[test]
fn a_line_that_cannot_be_sent_is_shown_where_it_stands_and_the_others_arrive() {
    let world = World::of(1);
    let long = "x".repeat(2 << 20);
    let lines = format!("{{\"id\":\"a\"}}\n{{\"id\":null}}\n{{\"ID\":1}}\n\u{1b}[2J\n{long}\n{{\"id\":7}}\n");
    world.write("orders.ndjson", lines);
    let ended = world.produce(&["--file", "orders.ndjson", "--key-field", "id"]).exits(4);
    for said in [
        "orders.ndjson:2: no text or number in the key field `id`: it is null\n  | {\"id\":null}",
        "orders.ndjson:3: no text or number in the key field `id`: there is no such field",
        "orders.ndjson:4: not JSON: expected value at column 1\n  | \\u{1b}[2J",
        "orders.ndjson:5: 2097152 bytes with its key, more than the 1048576",
        "error: 4 of 6 records not delivered",
    ] {
        assert!(ended.stderr.contains(said), "no `{said}` in:\n{}", ended.stderr);
    }
    assert_eq!(world.lines(STREAM), ["{\"id\":\"a\"}", "{\"id\":7}"]);

    let ended = world.produce(&["--json", "--file", "orders.ndjson", "--key-field", "id"]).exits(4);
    let problems = ended.events("problem");
    assert_eq!(problems.len(), 4);
    assert_eq!((&problems[0]["input"], &problems[0]["line"]), (&"orders.ndjson".into(), &2.into()));
    assert_eq!((&ended.account()["refused"], &ended.account()["delivered"]), (&4.into(), &2.into()));
    assert_eq!(ended.events("error")[0]["kind"], "undelivered");
}

#[test]
fn only_the_first_problems_are_shown_and_all_are_counted() {
    let world = World::of(1);
    world.write("plain.txt", "word\n".repeat(1_000));
    let ended = world.produce(&["--file", "plain.txt", "--key-field", "id"]).exits(4);
    assert_eq!(ended.stderr.matches("plain.txt:").count(), 10, "{}", ended.stderr);
    assert!(ended.stderr.contains("further lines"), "{}", ended.stderr);
    assert!(ended.stdout.contains("0 of 1,000 records delivered"), "{}", ended.stdout);
}

#[test]
fn records_go_where_their_hash_key_says() {
    let world = World::of(2);
    let (low, high) = ("7", "340282366920938463463374607431768211455");
    let lines: String = (0..40)
        .map(|n| format!("{{\"n\":{n},\"to\":{{\"at\":\"{}\"}}}}\n", if n % 4 == 0 { low } else { high }))
        .collect();
    world.write("placed.ndjson", lines);
    let ended = world
        .produce(&["--file", "placed.ndjson", "--hash-key-field", "/to/at", "--dry-run", "--json"])
        .exits(0);
    let shards = ended.events("dry-run").remove(0)["shards"].clone();
    assert_eq!((&shards[0]["records"], &shards[1]["records"]), (&10.into(), &30.into()));
    world.produce(&["--file", "placed.ndjson", "--hash-key-field", "/to/at"]).exits(0);
    assert_eq!(world.lines(STREAM).len(), 40);
}

#[test]
fn a_missing_file_is_an_error_before_anything_is_put() {
    let world = World::of(1);
    world.write("there.txt", "line\n");
    let ended = world.produce(&["--file", "there.txt", "missing.txt"]).exits(1);
    assert!(ended.stderr.contains("cannot open missing.txt"), "{}", ended.stderr);
    assert!(ended.stderr.contains("the stream's name goes before it"), "{}", ended.stderr);
    assert_eq!(world.lines(STREAM), [""; 0]);
}

#[test]
fn a_gzip_file_that_is_cut_off_is_an_error_that_says_how_far_it_was_read() {
    let world = World::of(1);
    let text: String = (0..20_000).map(|n| format!("line {n}\n")).collect();
    let whole = gzip(&text);
    world.write("cut.gz", &whole[..whole.len() / 2]);
    let ended = world.produce(&["--file", "cut.gz"]).exits(1);
    let read = world.lines(STREAM).len();
    assert!((1..20_000).contains(&read), "{read}");
    assert!(ended.stderr.contains(&format!("cannot read cut.gz after line {read}")), "{}", ended.stderr);
}

#[test]
fn a_line_may_be_as_long_as_the_stream_is_set_to_take() {
    let world = World::of(1);
    let arn = format!("arn:aws:kinesis:eu-west-1:000000000000:stream/{STREAM}");
    world.call("UpdateMaxRecordSize", &serde_json::json!({"StreamARN": arn, "MaxRecordSizeInKiB": 2048}));
    let (long, longer) = ("x".repeat(3 << 19), "y".repeat(2 << 20));
    world.write("long.txt", format!("{long}\n{longer}\nshort\n"));
    let ended = world.produce(&["--file", "long.txt"]).exits(4);
    let said = "more than the 2097152 that a record may have";
    assert!(ended.stderr.contains("long.txt:2:") && ended.stderr.contains(said), "{}", ended.stderr);
    assert_eq!(world.lines(STREAM), ["short".to_owned(), long]);
}
