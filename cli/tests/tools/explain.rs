//! `pipectl explain`, for people and for programs.

use super::*;

#[test]
fn a_field_is_told_at_the_terminal() {
    let folder = folder(&[]);
    let assert = pipectl(folder.path()).args(["explain", "streams.events.autoscale.min"]).assert().success();
    let shown = stdout(&assert);
    assert!(
        shown.contains("(whole number, 1 to 10000; 1 if left out)") && shown.contains("Fewest shards."),
        "{shown}"
    );
    let assert = pipectl(folder.path()).args(["explain", "streams", "--json"]).assert().success();
    let last = stdout(&assert).lines().last().map(str::to_owned).unwrap_or_default();
    let event: serde_json::Value = serde_json::from_str(&last).expect("an event");
    assert_eq!(event["type"], "topic");
    assert_eq!(event["fields"][0]["path"], "streams.<name>");
}

#[test]
fn a_field_that_is_not_there_leads_to_one_that_is() {
    let folder = folder(&[]);
    let assert = pipectl(folder.path()).args(["explain", "streams.events.retension"]).assert().code(1);
    let said = stderr(&assert);
    assert!(said.contains("`pipectl explain streams.<name>.retention`"), "{said}");
    assert_eq!(stdout(&assert), "");
}
