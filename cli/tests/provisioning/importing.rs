//! `import`: a file that is written, and what is said beside it.

use std::fs;

use serde_json::Value;

use crate::lines;
use crate::world::World;

#[test]
fn a_file_is_printed_or_written_and_never_over_another() {
    let world = World::new();
    world.file("streams:\n  events: { shards: 2 }\ndeliveries:\n  lake: { from: events, to: { s3: { bucket: clicks-lake } } }\n");
    world.done(&["apply", "--auto-approve"]);
    let printed = world.done(&["import", "--delivery", "clicks-lake"]);
    assert!(printed.stdout.contains("\n  events:\n    shards: 2\n"), "{printed:#?}");
    let import = ["import", "--delivery", "clicks-lake", "--out", "back.yaml"];
    let written = world.done(&import);
    assert!(written.stderr.contains("pipectl plan -f back.yaml"), "{written:#?}");
    let text = fs::read_to_string(world.folder.path().join("back.yaml")).expect("it is there");
    assert_eq!(text, printed.stdout);
    let again = world.ran(&import);
    assert!(again.code == Some(1) && again.stderr.contains("--force"), "{again:#?}");
    world.done(&["import", "--delivery", "clicks-lake", "--out", "back.yaml", "--force"]);
    let plan = world.done(&["plan", "-f", "back.yaml", "--detailed-exitcode"]);
    assert!(plan.stdout.contains("No changes"), "{plan:#?}");
    let event = world.done(&["import", "--prefix", "clicks-", "--json"]);
    let imported =
        lines::of(&event.stdout).into_iter().find(|event| event["type"] == "imported").expect("the event");
    assert_eq!((&imported["pipeline"], &imported["text"]), (&Value::from("clicks"), &Value::from(text)));
}

#[test]
fn what_is_asked_for_has_to_be_there() {
    let world = World::new();
    let nothing = world.ran(&["import"]);
    assert!(nothing.code == Some(1) && nothing.stderr.contains("--prefix"), "{nothing:#?}");
    let missing = world.ran(&["import", "--stream", "clicks-events"]);
    assert!(missing.stderr.contains("there is no Kinesis stream clicks-events"), "{missing:#?}");
}
