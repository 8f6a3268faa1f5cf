//! What the schema of events says of the commands that change nothing on AWS, or little; those that do have tests of
//! their own, which look at their lines, too.

use super::*;
use crate::lines;

const FILE: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: clicks
streams:
  events: { shards: 2 }
transforms:
  parse: { vrl: '.a = 1' }
deliveries:
  lake: { from: events, transform: parse, to: { s3: { bucket: clicks-lake } } }
";

/// The types of the lines, the version line left out.
fn types(assert: &Assert) -> Vec<String> {
    let mut lines = lines::of(&stdout(assert));
    assert_eq!(lines.remove(0)["type"], "version");
    lines.iter().map(|line| line["type"].as_str().expect("a type").to_owned()).collect()
}

#[test]
fn every_line_about_a_file_fits_the_schema() {
    let folder = folder(&[("pipeline.yaml", FILE), ("wrong.yaml", "kind: Pipeline\nnmae: p\n")]);
    let said: [(&[&str], i32, &[&str]); 10] = [
        (&["validate"], 0, &["valid"]),
        (&["validate", "-f", "wrong.yaml"], 1, &["diagnostic", "error"]),
        (&["graph"], 0, &["graph"]),
        (&["graph", "--format", "svg", "-o", "clicks.svg"], 0, &["graph", "wrote"]),
        (&["fmt", "--check"], 2, &["layout"]),
        (&["explain"], 0, &["topic"]),
        (&["explain", "deliveries", "--recursive"], 0, &["topic"]),
        (&["init", "--list"], 0, &["template"]),
        (&["help", "exit-codes"], 0, &["exit-code"]),
        (&["estimate", "--record-size", "1KiB", "--rate", "9/s", "--firehose"], 0, &["estimate"]),
    ];
    for (arguments, code, expected) in said {
        let assert = pipectl(folder.path()).args(arguments).arg("--json").assert().code(code);
        let mut types = types(&assert);
        types.dedup();
        assert_eq!(types, expected, "{arguments:?}");
    }
}

#[test]
fn a_wrong_command_line_is_an_event_too() {
    let folder = folder(&[]);
    let assert = pipectl(folder.path()).args(["plan", "--nope", "--json"]).assert().code(1);
    let said = lines::of(&stdout(&assert)).pop().expect("an event");
    assert_eq!((&said["type"], &said["kind"]), (&"error".into(), &"usage".into()));
    assert!(said["message"].as_str().is_some_and(|text| text.contains("--nope")), "{said}");
    assert!(stderr(&assert).contains("Usage: pipectl plan"), "{}", stderr(&assert));
}

#[test]
fn every_line_of_the_first_steps_fits_the_schema() {
    let folder = folder(&[]);
    let assert = pipectl(folder.path()).args(["init", "minimal", "--json"]).assert().success();
    assert!(types(&assert).iter().all(|kind| kind == "wrote"), "{}", stdout(&assert));
    let local = Local::start(&folder);
    let says = |arguments: &[&str]| {
        let mut types = types(&local.pipectl(arguments).arg("--json").assert().success());
        types.dedup();
        types
    };
    assert_eq!(says(&["apply", "--auto-approve"])[..3], ["change", "plan", "price"]);
    assert_eq!(says(&["graph", "--plan"]), ["graph"]);
    assert_eq!(says(&["plan"]), ["plan", "price"]);
    assert_eq!(says(&["status"]), ["status"]);
    assert_eq!(says(&["drift"]), ["drift"]);
    assert_eq!(says(&["history"]), ["revision"]);
    assert_eq!(says(&["history", "show", "1"]), ["revision"]);
    let port = local.endpoint.address().port().to_string();
    assert_eq!(says(&["local", "reset", "--port", &port]), ["reset"]);
}
