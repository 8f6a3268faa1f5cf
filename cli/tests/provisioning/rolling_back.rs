//! `apply --rollback-on-failure`: back to the last good revision, or told that it did not come to that.

use crate::world::World;

const GOOD: &str = "streams:\n  events: { shards: 1 }\n";
/// Changes a stream, and makes one that the endpoint refuses.
const BAD: &str = "streams:\n  events: { shards: 2 }\n  orders: { shards: 1 }\n";
const APPLY: [&str; 3] = ["apply", "--auto-approve", "--rollback-on-failure"];

#[test]
fn a_failed_apply_is_taken_back_to_the_last_good_revision() {
    let world = World::new();
    world.file(GOOD);
    world.done(&["apply", "--auto-approve"]);
    world.file(BAD);
    world.refuse("CreateStream", "clicks-orders");
    let ran = world.ran(&APPLY);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    assert!(ran.stderr.contains("everything is back as revision 1 left it"), "{}", ran.stderr);
    assert!(ran.stderr.contains("not today"), "{}", ran.stderr);
    let history = world.history();
    let told: Vec<_> = history.iter().map(|(number, how, back)| (*number, how.as_str(), *back)).collect();
    assert_eq!(told, [(3, "succeeded", Some(1)), (2, "failed", None), (1, "succeeded", None)]);
    world.file(GOOD);
    assert!(world.is_as_the_file_says());
    // What failed can be tried again once its reason is gone.
    world.forgive();
    world.file(BAD);
    world.done(&APPLY);
    assert!(world.is_as_the_file_says());
}

#[test]
fn a_rollback_that_fails_itself_says_so_with_both_ways_out() {
    let world = World::new();
    world.file("streams:\n  events: { retention: 24h }\n");
    world.done(&["apply", "--auto-approve"]);
    world.file("streams:\n  events: { retention: 48h }\n  orders: { shards: 1 }\n");
    world.refuse("CreateStream", "clicks-orders");
    world.refuse("DecreaseStreamRetentionPeriod", "clicks-events");
    let ran = world.ran(&APPLY);
    assert_eq!(ran.code, Some(3), "half way: {ran:#?}");
    assert!(ran.stderr.contains("so did going back to revision 1"), "{}", ran.stderr);
    assert!(ran.stderr.contains("pipectl rollback 1"), "{}", ran.stderr);
    let outcomes: Vec<_> = world.history().into_iter().map(|(_, how, back)| (how, back)).collect();
    assert_eq!(outcomes[0], ("failed".to_owned(), Some(1)), "{outcomes:?}");
    world.forgive();
    world.done(&["rollback", "1", "--auto-approve"]);
    world.file("streams:\n  events: { retention: 24h }\n");
    assert!(world.is_as_the_file_says());
}

#[test]
fn a_first_apply_that_fails_has_nothing_to_go_back_to_and_says_so() {
    let world = World::new();
    world.file(BAD);
    world.refuse("CreateStream", "clicks-orders");
    let ran = world.ran(&APPLY);
    assert_eq!(ran.code, Some(3), "{ran:#?}");
    assert!(ran.stderr.contains("it was not rolled back"), "{}", ran.stderr);
    assert!(ran.stderr.contains("no earlier revision that succeeded"), "{}", ran.stderr);
    assert_eq!(world.history().len(), 1);
}

#[test]
fn a_bucket_that_was_kept_is_taken_over_again_on_the_way_back() {
    let world = World::new();
    world.file("streams:\n  events: { shards: 1 }\nbuckets:\n  clicks-raw: {}\n");
    world.done(&["apply", "--auto-approve"]);
    world.put_object("/clicks-raw/a");
    world.file("streams:\n  events: { shards: 1 }\n");
    world.done(&["apply", "--auto-approve", "--keep-data"]);
    let refused = world.ran(&["rollback", "1", "--auto-approve"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("--adopt buckets.clicks-raw"), "{refused:#?}");
    world.done(&["rollback", "1", "--auto-approve", "--adopt", "buckets.clicks-raw"]);
    world.file("streams:\n  events: { shards: 1 }\nbuckets:\n  clicks-raw: {}\n");
    assert!(world.is_as_the_file_says());
}
