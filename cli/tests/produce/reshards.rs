//! What `produce` puts `tail` gives back, the same multiset of lines, though the stream is resharded after it or under it.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::Stdio;

use pipectl_localstack::Limits;
use pipectl_producer::input::{Line, Lines, open_file};
use serde_json::{Value, json};

use crate::world::{Ended, STREAM, World};

/// Puts a file of `count` lines, splits a shard and merges two, and reads all of it back.
fn before_two_reshards(file: &str, count: usize) -> Vec<String> {
    let world = World::with(3, Limits::On);
    let account = world.produce(&["--json", "--file", file]).exits(0).account();
    assert_aggregated(&account, count);
    world.split();
    world.merge();
    assert_eq!(shards(&world), 6, "three, a split and a merge");
    world.lines(STREAM)
}

/// Puts a file of `count` lines while a shard is split and two others are merged, and reads all of it back.
fn during_two_reshards(file: &str, count: usize) -> Vec<String> {
    let world = World::with(3, Limits::On);
    // Long enough for two reshards in between, on any machine: the child is paced, and watched.
    let arguments = ["--json", "--file", file, "--rate", "3000/s", "--progress=20ms", "--ttl", "60s"];
    let mut child =
        world.command("produce", STREAM, &arguments).stderr(Stdio::null()).spawn().expect("it starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("its output is ours"));
    let mut said = String::new();
    let mut until_delivered = |said: &mut String, records: usize| {
        while delivered(said) < records {
            assert_ne!(stdout.read_line(said).expect("text"), 0, "it ended: {said}");
        }
    };
    until_delivered(&mut said, count / 4);
    world.split();
    until_delivered(&mut said, count / 2);
    world.merge();
    stdout.read_to_string(&mut said).expect("text");
    let code = child.wait().expect("it ends").code();
    let account = Ended { code, stdout: said, stderr: String::new() }.exits(0).account();
    assert_aggregated(&account, count);
    assert_eq!(shards(&world), 6, "three, a split and a merge");
    world.lines(STREAM)
}

fn assert_aggregated(account: &Value, count: usize) {
    assert_eq!(account["delivered"], count, "{account}");
    assert!(account["kinesis_records"].as_u64().expect("a number") < count as u64, "aggregates: {account}");
}

fn shards(world: &World) -> usize {
    let listed = world.call("ListShards", &json!({"StreamName": STREAM}));
    listed["Shards"].as_array().expect("shards").len()
}

/// How many records the last line of progress says.
fn delivered(said: &str) -> usize {
    let progress = said.lines().rev().find_map(|line| {
        let event: Value = serde_json::from_str(line).ok()?;
        (event["type"] == "progress").then(|| event["delivered"].as_u64())?
    });
    usize::try_from(progress.unwrap_or(0)).expect("it fits")
}

/// Nothing was lost, and no answer was: so nothing comes twice either.
#[track_caller]
fn assert_same(back: &[String], mut lines: Vec<String>) {
    lines.sort_unstable();
    assert_eq!(back.len(), lines.len());
    assert!(back == lines, "as many lines, but others");
}

#[test]
fn generated_lines_come_back_through_two_reshards_while_they_are_put() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("lines.txt");
    let lines: Vec<String> = (0..8_000).map(|n| format!("line {} of many", n / 2)).collect();
    std::fs::write(&file, lines.join("\n")).expect("a file");
    let back = during_two_reshards(file.to_str().expect("a plain path"), lines.len());
    assert_same(&back, lines);
}

#[test]
fn a_web_servers_log_comes_back_through_two_reshards_after_it_and_while_it_is_put() {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/access.log.gz");
    let file = std::env::var_os("PIPECTL_ACCESS_LOG").map_or(beside, PathBuf::from);
    let Ok(reader) = open_file(&file) else {
        println!("skipped: no access.log.gz beside the repository, and PIPECTL_ACCESS_LOG names none");
        return;
    };
    let mut reader = Lines::new(reader, 1 << 20);
    let mut lines = Vec::new();
    while let Some(line) = reader.next_line().expect("it reads") {
        let Line::Whole(line) = line else { panic!("a line of a mebibyte") };
        lines.push(String::from_utf8_lossy(&line).into_owned());
    }
    lines.retain(|line| !line.is_empty());
    let file = file.canonicalize().expect("it is there");
    let file = file.to_str().expect("a plain path");
    assert_same(&before_two_reshards(file, lines.len()), lines.clone());
    assert_same(&during_two_reshards(file, lines.len()), lines);
}
