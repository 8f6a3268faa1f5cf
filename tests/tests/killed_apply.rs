//! `kill -9` in the middle of an apply, at every one of its changes: the next apply converges, nothing is there twice.
//!
//! The embedded endpoint calls an observer while a change stands still, before it has its effect and again when it
//! has had it and the client does not know. The observer kills the client there. On other endpoints there is no such
//! place to stand.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::Child;
use std::sync::{Arc, Mutex};

use pipectl_localstack::{Moment, Options};
use pipectl_tests::scenario::Scenario;
use pipectl_tests::target::Target;

/// Kills the client when it has made so many changes.
struct Killer {
    client: Mutex<Option<Child>>,
    state: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    changes: usize,
    killed_at: Option<String>,
}

/// When the client dies.
#[derive(Clone, Copy, Debug)]
enum Point {
    Before(usize),
    After(usize),
}

impl Killer {
    fn see(&self, point: Point, call: &str, moment: Moment) {
        // Held by the test until the client it started is in here.
        let mut client = self.client.lock().unwrap();
        let mut seen = self.state.lock().unwrap();
        if moment == Moment::Before {
            seen.changes += 1;
        }
        let here = match (point, moment) {
            (Point::Before(number), Moment::Before) | (Point::After(number), Moment::After(_)) => {
                seen.changes == number
            }
            _ => false,
        };
        if here && seen.killed_at.is_none() {
            let child = client.as_mut().expect("a change is made by the client");
            child.kill().unwrap();
            child.wait().unwrap();
            seen.killed_at = Some(call.to_owned());
        }
    }
}

/// A pipeline whose function is a small package of its own, so that an apply takes no time to zip.
fn scenario() -> Scenario {
    let scenario = Scenario::on(Target::embedded(Options::default()), "killed");
    let mut package = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    package.start_file("bootstrap", options).unwrap();
    std::io::Write::write_all(&mut package, b"#!/bin/sh\nexit 1\n").unwrap();
    scenario.write("function.zip", package.finish().unwrap().into_inner());
    let file = pipectl_tests::scenario::clickstream(&scenario.name, &scenario.bucket(), "team: growth");
    let (head, tail) = file.split_once("    vrl: |").unwrap();
    let (_, tail) = tail.split_once("deliveries:").unwrap();
    scenario.write("pipeline.yaml", format!("{head}    package: ./function.zip\n\ndeliveries:{tail}"));
    scenario
}

/// Applies and kills at the point. What the client was doing there; `None` when it was done before.
fn apply_killed_at(scenario: &Scenario, point: Point) -> Option<String> {
    let killer = Arc::new(Killer { client: Mutex::default(), state: Mutex::default() });
    let mut client = killer.client.lock().unwrap();
    let observer = Arc::clone(&killer);
    scenario.target.endpoint().observe(Arc::new(move |call, moment| {
        observer.see(point, &format!("{} {}", call.service, call.operation), moment);
    }));
    *client = Some(scenario.pipectl(["apply", "--auto-approve"]).spawn());
    drop(client);
    loop {
        let mut client = killer.client.lock().unwrap();
        if client.as_mut().unwrap().try_wait().unwrap().is_some() {
            break;
        }
        drop(client);
        std::thread::yield_now();
    }
    killer.state.lock().unwrap().killed_at.take()
}

/// What an apply that nobody disturbs makes, with the name and the random part of it taken out.
fn undisturbed() -> Vec<String> {
    let scenario = scenario();
    scenario.pipectl(["apply", "--auto-approve"]).run().succeeds();
    anonymous(&scenario)
}

fn anonymous(scenario: &Scenario) -> Vec<String> {
    scenario.resources().iter().map(|resource| resource.replace(&scenario.name, "NAME")).collect()
}

fn converges_from_every(point: impl Fn(usize) -> Point) {
    let wanted = undisturbed();
    assert!(wanted.len() >= 7, "{wanted:?}");
    let mut number = 0;
    loop {
        number += 1;
        let scenario = scenario();
        let Some(call) = apply_killed_at(&scenario, point(number)) else { break };
        scenario.pipectl(["apply", "--auto-approve"]).run().succeeds();
        assert_eq!(anonymous(&scenario), wanted, "killed at {:?}: {call}", point(number));
        scenario.pipectl(["plan", "--detailed-exitcode"]).run().exits(0);
    }
    assert!(number > wanted.len(), "only {number} changes were seen");
}

#[test]
fn an_apply_killed_before_any_of_its_changes_is_finished_by_the_next() {
    converges_from_every(Point::Before);
}

#[test]
fn an_apply_killed_after_any_of_its_changes_is_finished_by_the_next() {
    converges_from_every(Point::After);
}
