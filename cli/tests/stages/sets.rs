//! Several pipelines at once: saved plans, drift, refreshes and pictures of all of them.

use crate::world::{World, in_order};

/// Two pipelines in one file, with comments.
const TWO: &str = "\
# The first.
apiVersion: pipectl/v1
kind: Pipeline
name: one
streams:
  events: { shards: 1, retention: 24h } # a day
---
# The second, which reads the first.
apiVersion: pipectl/v1
kind: Pipeline
name: two
streams:
  own:
    retention: 24h # too
deliveries:
  raw: { from: one/events, to: { s3: { bucket: two-raw } } }
";

fn two() -> World {
    let world = World::new();
    world.write("two.yaml", TWO);
    world
}

const FILE: [&str; 2] = ["-f", "two.yaml"];

fn with<'a>(command: &[&'a str]) -> Vec<&'a str> {
    [command, &FILE].concat()
}

#[test]
fn the_plans_of_a_set_are_saved_together_and_applied_in_order() {
    let world = two();
    world.good(&with(&["plan", "-o", "all.plan"]));
    let text = world.good(&with(&["apply", "all.plan"]));
    in_order(&text, &["one\n", "two\n"]);
    assert_eq!(world.ran(&with(&["plan", "--detailed-exitcode"])).code, Some(0));
    let text = world.good(&with(&["history"]));
    in_order(&text, &["one\n", "succeeded", "two\n", "succeeded"]);
    world.good(&with(&["plan", "--destroy", "-o", "gone.plan"]));
    let text = world.good(&with(&["apply", "gone.plan"]));
    in_order(&text, &["two\n", "one\n"]);
}

#[test]
fn of_plans_that_are_saved_together_none_is_applied_when_one_has_moved() {
    let world = two();
    world.good(&with(&["plan", "-o", "all.plan"]));
    world.write("two.yaml", &TWO.replace("retention: 24h # too", "retention: 48h # too"));
    let text = world.bad(&with(&["apply", "all.plan"]));
    assert!(text.contains("the plan of two cannot be carried out, and none of the 2 is"), "{text}");
    assert!(text.contains("the pipeline file was changed"), "{text}");
    let text = world.good(&with(&["status"]));
    assert_eq!(text.matches("Never applied from here").count(), 2, "{text}");
    world.write("two.yaml", TWO.split("---\n").next().expect("the first"));
    let text = world.bad(&with(&["apply", "all.plan"]));
    assert!(text.contains("there is no pipeline `two`"), "{text}");
}

#[test]
fn the_drift_of_a_set_goes_into_its_files_at_once() {
    let world = two();
    world.good(&with(&["apply", "-y"]));
    world.keep_longer("one-events", 72);
    world.keep_longer("two-own", 48);
    assert_eq!(world.ran(&with(&["drift", "--detailed-exitcode"])).code, Some(2));
    let text = world.bad(&with(&["drift", "--accept-drift", "--target", "streams.events"]));
    assert!(text.contains("--target is for one pipeline"), "{text}");
    let text = world.good(&with(&["drift", "--accept-drift"]));
    in_order(&text, &["one:", "72h", "two:", "48h"]);
    let kept = world.read("two.yaml");
    let wanted = TWO.replace("retention: 24h }", "retention: 72h }").replace("24h # too", "48h # too");
    assert_eq!(kept, wanted, "nothing else has changed");
    assert_eq!(world.ran(&with(&["drift", "--detailed-exitcode"])).code, Some(0));
    assert_eq!(world.ran(&with(&["plan", "--detailed-exitcode"])).code, Some(0));
}

#[test]
fn drift_that_one_file_cannot_take_in_keeps_all_files_as_they_are() {
    let world = two();
    let variable = TWO.replace("name: two\n", "name: two\nvars: { kept: 24h }\n");
    let variable = variable.replace("retention: 24h # too", "retention: ${var.kept} # too");
    world.write("two.yaml", &variable);
    world.good(&with(&["apply", "-y"]));
    world.keep_longer("one-events", 72);
    world.keep_longer("two-own", 48);
    let text = world.bad(&with(&["drift", "--accept-drift"]));
    assert!(text.contains("the drift of two is not accepted, and no file was written"), "{text}");
    assert!(text.contains("is made from the variable kept"), "{text}");
    assert_eq!(world.read("two.yaml"), variable);
    world.good(&with(&["drift", "--accept-drift", "--pipeline", "one"]));
    assert_eq!(world.read("two.yaml"), variable.replace("retention: 24h }", "retention: 72h }"));
}

#[test]
fn a_refresh_of_a_set_takes_the_drift_of_each() {
    let world = two();
    world.good(&with(&["apply", "-y"]));
    world.keep_longer("one-events", 72);
    world.keep_longer("two-own", 48);
    let text = world.good(&with(&["apply", "--refresh-only", "-y"]));
    in_order(&text, &["Drift of one", "Drift of two", "Revision 2 of one", "Revision 2 of two"]);
    assert_eq!(world.ran(&with(&["drift", "--detailed-exitcode"])).code, Some(0));
    let text = world.good(&with(&["apply", "--refresh-only", "-y"]));
    assert!(!text.contains("Revision"), "nothing was left to learn: {text}");
}

#[test]
fn a_set_is_one_picture_and_pipelines_are_picked_by_name() {
    let world = two();
    let text = world.good(&with(&["graph"]));
    in_order(&text, &["subgraph pipeline_20_one", "one_2f_streams_2e_events", "subgraph pipeline_20_two"]);
    assert!(text.contains("one_2f_streams_2e_events --> two_2f_deliveries_2e_raw"), "{text}");
    let text = world.good(&with(&["graph", "--plan"]));
    assert_eq!(text.matches("subgraph").count(), 2, "{text}");
    assert!(text.contains("CREATE<br/><b>events</b>"), "{text}");
    let text = world.good(&with(&["graph", "--pipeline", "two"]));
    assert!(!text.contains("subgraph"), "{text}");
    let text = world.good(&with(&["validate", "--pipeline", "two", "--pipeline", "one"]));
    in_order(&text, &["pipeline one", "pipeline two"]);
    let text = world.bad(&with(&["validate", "--pipeline", "two", "--pipeline", "three"]));
    assert!(text.contains("there is no pipeline `three`"), "{text}");
}
