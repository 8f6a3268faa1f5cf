//! `-f -`: the pipeline file from stdin.

use std::fs;

use crate::world::World;

const FILE: &str =
    "apiVersion: pipectl/v1\nkind: Pipeline\nname: clicks\nstreams:\n  events: { retention: 24h }\n";

#[test]
fn a_file_from_stdin_is_planned_saved_applied_and_remembered_as_one() {
    let world = World::new();
    let planned = world.piped(FILE, &["plan", "-f", "-", "-o", "change.plan"]);
    assert_eq!(planned.code, Some(0), "{planned:#?}");
    assert!(planned.stdout.contains("clicks-events"), "{planned:#?}");
    assert!(planned.stderr.contains("| pipectl apply -f - change.plan"), "{planned:#?}");
    let other = world.piped(&FILE.replace("24h", "48h"), &["apply", "-f", "-", "change.plan"]);
    assert_eq!(other.code, Some(1), "a plan is bound to the text: {other:#?}");
    let applied = world.piped(FILE, &["apply", "-f", "-", "change.plan"]);
    assert_eq!(applied.code, Some(0), "{applied:#?}");
    let again = world.piped(FILE, &["apply", "-f", "-", "--auto-approve"]);
    assert!(again.code == Some(0) && again.stdout.contains("No changes"), "{again:#?}");
    let shown = world.piped(FILE, &["history", "show", "1", "--file", "-f", "-"]);
    assert!(shown.code == Some(0) && shown.stdout.contains("retention: 24h"), "{shown:#?}");
}

#[test]
fn what_a_file_from_stdin_names_lies_in_the_current_folder_and_findings_say_where_it_is_from() {
    let world = World::new();
    fs::write(world.folder.path().join("own.zip"), "not a zip").expect("a file");
    let text = format!("{FILE}functions:\n  load: {{ package: own.zip, from: events }}\n");
    let found = world.piped(&text, &["validate", "-f", "-"]);
    assert!(found.code == Some(1) && found.stderr.contains("<stdin>:7:20"), "{found:#?}");
    let missing = world.piped("", &["validate", "-f", "-"]);
    assert!(missing.code == Some(1) && missing.stderr.contains("<stdin>"), "{missing:#?}");
}

#[test]
fn where_stdin_is_the_file_nothing_else_is_read_from_it() {
    let world = World::new();
    for (arguments, words, way_out) in [
        (&["apply", "-f", "-"] as &[&str], "an answer cannot come from there", "--auto-approve"),
        (&["destroy", "-f", "-"], "an answer cannot come from there", "--auto-approve"),
        (&["drift", "--accept-drift", "-f", "-"], "no file to write what moved into", "-f FILE"),
        (&["produce", "events", "-f", "-"], "the records cannot come from there", "--file PATH"),
    ] {
        let ran = world.piped(FILE, arguments);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {ran:#?}");
        assert!(ran.stderr.contains(words) && ran.stderr.contains(way_out), "{arguments:?}: {ran:#?}");
    }
}
