//! Applying what is applied does nothing, and applying a change does just that.

use pipectl_tests::scenario::{Scenario, clickstream};

#[test]
fn a_second_apply_says_no_changes_and_makes_none() {
    let scenario = Scenario::new("twice");
    scenario.write_clickstream();
    scenario.pipectl(["apply", "--auto-approve"]).run().succeeds();
    let before = scenario.resources();

    let second = scenario.pipectl(["apply", "--auto-approve"]).run().succeeds();
    let said = format!("{}{}", second.stdout, second.stderr).to_lowercase();
    assert!(said.contains("no changes"), "{said}");
    scenario.pipectl(["plan", "--detailed-exitcode"]).run().exits(0);
    assert_eq!(scenario.resources(), before);
    scenario.pipectl(["destroy", "--auto-approve", "--delete-data"]).run().succeeds();
}

#[test]
fn a_changed_buffer_is_one_update_of_the_delivery() {
    let scenario = Scenario::new("change");
    scenario.write_clickstream();
    scenario.pipectl(["apply", "--auto-approve"]).run().succeeds();

    let file = clickstream(&scenario.name, &scenario.bucket(), "team: growth");
    scenario.write("pipeline.yaml", file.replace("size: 1MiB, interval: 1s", "size: 2MiB, interval: 1s"));
    let plan = scenario.pipectl(["plan", "--detailed-exitcode", "--json"]).run().exits(2);
    let lines = plan.json_lines();
    let changed: Vec<_> = lines.iter().filter(|line| line["type"] == "change").collect();
    assert_eq!(changed.len(), 1, "{changed:#?}");
    assert_eq!(changed[0]["action"], "update", "{changed:#?}");
    assert_eq!(changed[0]["name"], format!("{}-lake", scenario.name), "{changed:#?}");

    scenario.pipectl(["apply", "--auto-approve"]).run().succeeds();
    scenario.pipectl(["plan", "--detailed-exitcode"]).run().exits(0);
    scenario.pipectl(["destroy", "--auto-approve", "--delete-data"]).run().succeeds();
}

#[test]
fn without_a_terminal_apply_asks_for_auto_approve_and_touches_nothing() {
    let scenario = Scenario::new("noask");
    scenario.write_clickstream();
    let refused = scenario.pipectl(["apply"]).run().exits(1);
    assert!(refused.stderr.contains("--auto-approve"), "{}", refused.stderr);
    assert_eq!(scenario.resources(), Vec::<String>::new());
}
