//! `apply --refresh-only`: the ledger learns, and nothing on AWS changes.

use crate::world::World;

#[test]
fn a_refresh_takes_drift_for_what_was_left_and_the_file_still_counts() {
    let world = World::new();
    world.file("streams:\n  events: { retention: 24h }\n");
    world.done(&["apply", "--auto-approve"]);
    assert!(world.done(&["apply", "--refresh-only", "-y"]).stdout.contains("No drift"));
    world.keep_longer("clicks-events", 72);
    assert_eq!(world.ran(&["drift", "--detailed-exitcode"]).code, Some(2));
    // Nobody at a terminal to say yes.
    let refused = world.ran(&["apply", "--refresh-only"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("--auto-approve"), "{refused:#?}");
    let ran = world.done(&["apply", "--refresh-only", "--auto-approve"]);
    assert!(ran.stdout.contains("72h") && ran.stderr.contains("Revision 2"), "{ran:#?}");
    assert_eq!(world.ran(&["drift", "--detailed-exitcode"]).code, Some(0));
    assert!(world.done(&["history"]).stdout.contains("refresh"));
    assert!(!world.is_as_the_file_says(), "the file says 24h");
    world.done(&["apply", "--auto-approve"]);
    assert!(world.is_as_the_file_says());
}
