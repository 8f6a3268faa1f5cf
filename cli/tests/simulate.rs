//! `pipectl autoscale simulate` as a script sees it: the table, the events, the files, and every bad trace.

mod lines;

use std::path::Path;

use assert_cmd::Command;
use pipectl_autoscaler::simulate::rules::{Call, Minute, check};
use serde_json::Value;
use tempfile::TempDir;

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn simulate(folder: &Path, options: &[&str]) -> Ran {
    let mut command = Command::cargo_bin("pipectl").expect("the binary is built");
    command.current_dir(folder).env_clear().env("HOME", folder);
    let output = command.args(["autoscale", "simulate"]).args(options).output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// Two days of five-minute loads that rise and fall.
fn world() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let line = |index: u32| format!("{},{}\n", index * 300, 10 + (index % 96).abs_diff(48));
    let text = format!("t_s,load\n{}", (0..576).map(line).collect::<String>());
    std::fs::write(folder.path().join("load.csv"), text).expect("a trace");
    folder
}

fn events(ran: &Ran, kind: &str) -> Vec<Value> {
    lines::of(&ran.stdout).into_iter().filter(|event| event["type"] == kind).collect()
}

/// The schedule as anyone would read it.
fn schedule(text: &str) -> Vec<Minute> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("t_s,open_shards,operation"));
    let call = |text: &str| match text.split_once(' ') {
        Some(("update-shard-count", target)) => Call::UpdateShardCount(target.parse().expect("a target")),
        _ if text == "split" => Call::Split,
        _ if text == "merge" => Call::Merge,
        _ => panic!("an operation: {text}"),
    };
    let row = |(minute, line): (usize, &str)| {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!(fields[0], (minute * 60).to_string());
        let calls = fields[2].split(';').filter(|text| !text.is_empty()).map(call).collect();
        Minute { open_shards: fields[1].parse().expect("a count"), calls }
    };
    lines.enumerate().map(row).collect()
}

#[test]
fn everybody_is_in_the_table_and_in_the_events() {
    let folder = world();
    let ran = simulate(folder.path(), &["--trace", "load.csv"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let heading = ran.stdout.lines().nth(2).expect("a heading");
    assert!(heading.starts_with("POLICY") && heading.contains("THROTTLED"), "{}", ran.stdout);

    let ran = simulate(folder.path(), &["--trace", "load.csv", "--json", "--frontier"]);
    assert_eq!(events(&ran, "trace")[0]["minutes"], 2880);
    let policies = events(&ran, "policy");
    assert_eq!(policies.len(), 12);
    let named = |name: &str| policies.iter().find(|policy| policy["policy"] == name).expect(name);
    for field in [
        "shard_hours",
        "throttled_ratio",
        "update_shard_count_calls",
        "splits",
        "merges",
        "dollars",
        "ratio_to_optimum",
    ] {
        assert!(policies.iter().all(|policy| policy[field].is_number()), "{field}");
    }
    assert_eq!(named("optimum")["ratio_to_optimum"], 1.0);
    assert_eq!(named("static-peak")["throttled_ratio"], 0.0);
    assert!(events(&ran, "frontier").iter().any(|point| point["family"] == "pipectl"));
}

#[test]
fn the_written_schedule_keeps_awss_rules_and_the_pictures_are_whole() {
    let folder = world();
    let path = |name: &str| folder.path().join(name);
    for policy in ["pipectl", "scaling-utils", "static-mean", "optimum-legal"] {
        let ran =
            simulate(folder.path(), &["--trace", "load.csv", "--policy", policy, "--schedule", "shards.csv"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let schedule = schedule(&std::fs::read_to_string(path("shards.csv")).expect("a schedule"));
        assert_eq!((schedule.len(), check(&schedule)), (2880, Ok(())), "{policy}");
    }
    for (name, start) in [("load.svg", "<svg"), ("load.html", "<!doctype html>")] {
        let ran = simulate(
            folder.path(),
            &["--trace", "load.csv", "--plot", name, "--frontier", "--policy", "pipectl"],
        );
        assert!(ran.stderr.contains(&format!("wrote {name}")), "{}", ran.stderr);
        assert!(std::fs::read_to_string(path(name)).expect("a picture").starts_with(start));
    }
    let ran = simulate(folder.path(), &["--trace", "load.csv", "--policy", "epsagon", "--reasons"]);
    assert!(ran.stdout.contains("a point at 75 % or more of"), "{}", ran.stdout);
}

#[test]
fn every_bad_trace_is_named_with_its_line_and_a_way_out() {
    let folder = world();
    for (text, said) in [
        ("", "line 1: expected the header `t_s,load`"),
        ("t_s,load\n", "at least two lines"),
        ("t_s,load\n0,1\n", "at least two lines"),
        ("0,1\n60,2\n", "line 1: expected the header"),
        ("t_s,load\n60,1\n0,2\n", "line 3: t_s must grow from line to line"),
        ("t_s,load\n0,1\n300,1\n600,1\n900,1\n900000,1\n", "line 6: 10.4 days are missing before it"),
        ("t_s,load\n0,1\n60,-1\n", "line 3: a load cannot be negative"),
        ("t_s,load\n0,NaN\n60,1\n", "line 2: load must be a finite number"),
        ("t_s,load\n0,1\n60;2\n", "line 3: expected seconds and load"),
        ("t_s,load\n0,0\n60,0\n", "every load of the trace is zero"),
        ("t_s,load\n0,1\n1000000000000,1\n", "is t_s in seconds?"),
    ] {
        std::fs::write(folder.path().join("bad.csv"), text).expect("a trace");
        let ran = simulate(folder.path(), &["--trace", "bad.csv"]);
        assert_eq!(ran.code, Some(1), "{text}");
        assert!(ran.stderr.contains("bad.csv is no trace") && ran.stderr.contains(said), "{}", ran.stderr);
        assert!(ran.stderr.contains("hint: a trace has the header `t_s,load`"), "{}", ran.stderr);
    }
    std::fs::write(folder.path().join("bad.csv"), [0xff, 0xfe]).expect("a file");
    assert!(
        simulate(folder.path(), &["--trace", "bad.csv"]).stderr.contains("cannot read the trace bad.csv")
    );
}

#[test]
fn bounds_names_and_files_that_cannot_be_are_refused() {
    let folder = world();
    for (options, said) in [
        (&["--min", "5", "--max", "4"][..], "min is 5 and max 4"),
        (&["--min", "0"], "a stream has at least one shard"),
        (&["--mean-shards", "0"], "it lies over 0"),
        (&["--policy", "ours"], "there is no policy `ours`; there are: pipectl"),
        (&["--keys", "hot:1-0:1"], "starts before it ends"),
        (&["--plot", "load.png"], "ends in .svg or .html"),
        (&["--policy", "on-demand-standard", "--schedule", "s.csv"], "has no schedule"),
        (&["--policy", "pipectl", "--schedule", "nowhere/s.csv"], "cannot write `nowhere/s.csv`"),
    ] {
        let ran = simulate(folder.path(), &[&["--trace", "load.csv"], options].concat());
        assert!(ran.code == Some(1) && ran.stderr.contains(said), "{options:?}: {}", ran.stderr);
    }
    let ran = simulate(folder.path(), &["--trace", "none.csv"]);
    assert!(ran.stderr.contains("cannot read the trace none.csv"), "{}", ran.stderr);
}
