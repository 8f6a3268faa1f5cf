//! `pipectl autoscale` as its users start it: once, in the foreground, beside another, and wrongly.

#[path = "../lines/mod.rs"]
mod lines;
mod world;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::Value;
use world::World;

const FILE: &str = "apiVersion: pipectl/v1\nkind: Pipeline\nname: shop\nstreams:\n  events: { autoscale: { max: 8 } }\n  \
                    plain: { shards: 1 }\n  tides: { shards: on-demand }\n";

/// The events of one kind.
fn events(stdout: &str, kind: &str) -> Vec<Value> {
    lines::of(stdout).into_iter().filter(|event| event["type"] == kind).collect()
}

/// What is answered to a GET.
fn get(url: &str, path: &str) -> String {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    answer
}

#[test]
fn once_decides_notes_it_in_the_ledger_and_status_shows_it() {
    let world = World::new(FILE);
    world.create("shop-events", 2);
    let ran = world.ran(&["autoscale", "once", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let steps = events(&ran.stdout, "step");
    assert_eq!((&steps[0]["stream"], &steps[0]["open_shards"]), (&"events".into(), &2.into()));
    assert_eq!((&steps[0]["decision"], &steps[0]["problem"]), (&"hold".into(), &Value::Null));
    assert!(steps[0]["reason"].as_str().is_some_and(|reason| reason.contains("metrics")), "{}", steps[0]);
    let ran = world.ran(&["status", "--json"]);
    let shown = events(&ran.stdout, "autoscale");
    assert_eq!(shown[0]["decisions"][0]["action"], "hold", "{}", ran.stdout);
    assert_eq!((&shown[0]["actor"], &shown[0]["updates_left"]), (&Value::Null, &10.into()));
    let ran = world.ran(&["status"]);
    assert!(ran.stdout.contains("Nobody steers events now"), "{}", ran.stdout);
}

#[test]
fn explain_says_what_it_sees_and_takes_no_lease() {
    let world = World::new(FILE);
    world.create("shop-events", 2);
    world.create_on_demand("shop-tides");
    let ran = world.ran(&["autoscale", "explain"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for part in ["events", "2 open shards, and no metrics", "hold: ", "10 of 10 UpdateShardCount calls left"]
    {
        assert!(ran.stdout.contains(part), "{part} is not in {}", ran.stdout);
    }
    let again = world.ran(&["autoscale", "once", "--dry-run", "--json"]);
    assert_eq!(events(&again.stdout, "explained")[0]["action"], "hold");
    assert!(!world.folder.path().join("state").exists(), "nothing was written");
}

#[test]
fn a_stream_that_aws_sizes_is_looked_at_and_never_steered() {
    let world = World::new(FILE);
    world.create_on_demand("shop-tides");
    let ran = world.ran(&["autoscale", "explain", "tides"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("hold: the stream is on-demand, and AWS sizes it"), "{}", ran.stdout);
    let ran = world.ran(&["autoscale", "once", "tides"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("the stream `tides` has no `autoscale`"), "{}", ran.stderr);
}

#[test]
fn a_dry_loop_says_what_it_would_do_and_takes_no_lease() {
    let world = World::new(FILE);
    world.create("shop-events", 2);
    let mut running = world.command(&["autoscale", "run", "--dry-run"]);
    let mut running = running.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut first = String::new();
    let mut told = BufReader::new(running.stdout.take().expect("ours"));
    assert_ne!(told.read_line(&mut first).expect("text"), 0);
    assert!(first.contains("events: would hold: "), "{first}");
    world.interrupt(&running);
    let mut rest = String::new();
    running.stderr.take().expect("ours").read_to_string(&mut rest).expect("text");
    assert!(running.wait().expect("it ends").success(), "{rest}");
    assert!(rest.contains("nothing was called"), "{rest}");
    assert!(!world.folder.path().join("state").exists(), "nothing was written");
}

#[test]
fn waiting_ends_at_once_where_nothing_is_under_way() {
    let world = World::new(FILE);
    world.create("shop-events", 2);
    let ran = world.ran(&["autoscale", "once", "--wait", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(events(&ran.stdout, "step").len(), 1, "{}", ran.stdout);
    let ran = world.ran(&["autoscale", "once", "--wait", "--dry-run"]);
    assert!(ran.stderr.contains("cannot be used with"), "{}", ran.stderr);
}

#[test]
fn a_wrong_file_a_missing_stream_and_a_dead_endpoint_are_told_with_the_way_out() {
    let world = World::new(FILE);
    let ran = world.ran(&["autoscale", "once", "plain"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("the stream `plain` has no `autoscale` in pipeline.yaml"), "{}", ran.stderr);
    assert!(ran.stderr.contains("autoscale: { max: 16 }"), "{}", ran.stderr);
    let ran = world.ran(&["autoscale", "once", "events"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("kinesis:DescribeStreamSummary") && ran.stderr.contains("pipectl apply"),
        "{}",
        ran.stderr
    );
    let ran = world.ran(&["autoscale", "explain", "--endpoint-url", "http://127.0.0.1:1"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
    let ran = world.ran(&["autoscale", "once", "--all"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("no pipeline in "), "{}", ran.stderr);
}

#[test]
fn a_loop_serves_its_health_keeps_a_second_one_out_and_gives_its_lease_back() {
    let world = World::new(FILE);
    world.create("shop-events", 2);
    let mut running = world.command(&["autoscale", "run", "--listen", "127.0.0.1:0"]);
    let mut running = running.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut said = BufReader::new(running.stderr.take().expect("ours"));
    let mut line = String::new();
    while !line.contains("/healthz") {
        line.clear();
        assert_ne!(said.read_line(&mut line).expect("text"), 0, "it ended and named no address");
    }
    let url = line.split_whitespace().find_map(|word| word.strip_suffix("/metrics,")).expect("an address");
    let mut first = String::new();
    let mut told = BufReader::new(running.stdout.take().expect("ours"));
    assert_ne!(told.read_line(&mut first).expect("text"), 0);
    assert!(first.contains("events (2 shards): hold"), "{first}");
    assert!(get(url, "/healthz").contains("ok: the last round ended"));
    assert!(get(url, "/other").starts_with("HTTP/1.1 404"));
    let second = world.ran(&["autoscale", "once", "--json"]);
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    let problem = &events(&second.stdout, "step")[0]["problem"];
    assert!(problem.as_str().is_some_and(|problem| problem.contains("acts on it")), "{problem}");
    world.interrupt(&running);
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("text");
    assert!(running.wait().expect("it ends").success(), "{rest}");
    assert!(rest.contains("the leases are given back"), "{rest}");
    let third = world.ran(&["autoscale", "once", "--json"]);
    assert_eq!(events(&third.stdout, "step")[0]["problem"], Value::Null, "{}", third.stdout);
}

#[test]
fn of_several_pipelines_the_streams_of_all_are_steered() {
    let second = "---\napiVersion: pipectl/v1\nkind: Pipeline\nname: books\nstreams:\n  events: { autoscale: { max: 4 } }\n  \
                  loans: { autoscale: { max: 4 } }\n";
    let world = World::new(&format!("{FILE}{second}"));
    for stream in ["shop-events", "books-events", "books-loans"] {
        world.create(stream, 1);
    }
    let names = |stdout: &str, kind: &str| -> Vec<String> {
        events(stdout, kind).iter().filter_map(|event| event["stream"].as_str().map(str::to_owned)).collect()
    };
    let ran = world.ran(&["autoscale", "once", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(names(&ran.stdout, "step"), ["shop/events", "books/events", "books/loans"]);
    assert!(ran.stderr.contains("chosen: shop/events, books/events, books/loans"), "{}", ran.stderr);
    let ran = world.ran(&["autoscale", "once", "--dry-run", "--json", "--pipeline", "books"]);
    assert_eq!(names(&ran.stdout, "explained"), ["events", "loans"], "{}", ran.stderr);
    let ran = world.ran(&["autoscale", "explain", "books/events", "loans", "--json"]);
    assert_eq!(names(&ran.stdout, "explained"), ["books/events", "books/loans"], "{}", ran.stderr);
    for (name, words) in [
        ("events", "there are: shop/events, books/events"),
        ("tides", "no pipeline has a stream"),
        ("books/orders", "the pipeline books has no stream `orders`"),
        ("plain", "the stream `plain` has no `autoscale`"),
    ] {
        let ran = world.ran(&["autoscale", "once", if name == "tides" { "tide" } else { name }]);
        assert!(ran.code == Some(1) && ran.stderr.contains(words), "{name}: {}", ran.stderr);
    }
    let ran = world.ran(&["status", "--json"]);
    let whose: Vec<_> = events(&ran.stdout, "autoscale").iter().map(|it| it["pipeline"].clone()).collect();
    assert_eq!(whose, ["shop", "books", "books"]);
}
