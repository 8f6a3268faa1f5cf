//! What gives data up says so, and what is refused can be looked at.

use super::harness::{Harness, delivery, pipeline, stream};
use crate::plan::{Loss, Plan, PlanError, Selection};

fn lost(plan: &Plan) -> Vec<(&str, String)> {
    plan.losses.iter().map(|loss| (loss.address.as_str(), Loss::to_string(loss))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_goes_or_is_renamed_loses_its_records_and_its_readers_are_named() {
    let harness = Harness::default();
    let mut kept = pipeline();
    kept.streams["events"].retention_hours = 168;
    harness.apply(&kept).await;
    assert_eq!(lost(&harness.plan(&kept).await.expect("a plan")), []);
    let mut renamed = pipeline();
    renamed.streams.clear();
    renamed.streams.insert("orders".into(), stream(2));
    renamed.deliveries["lake"].from = Some("orders".into());
    let plan = harness.plan(&renamed).await.expect("a plan");
    let [(address, told)] = &lost(&plan)[..] else { panic!("{:?}", plan.losses) };
    assert_eq!(*address, "streams.events");
    assert!(told.contains("it keeps them for 168h") && told.contains("read by deliveries.lake"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_shorter_retention_loses_what_is_older_and_a_longer_one_nothing() {
    let harness = Harness::default();
    let mut kept = pipeline();
    kept.streams["events"].retention_hours = 72;
    harness.apply(&kept).await;
    let plan = harness.plan(&pipeline()).await.expect("a plan");
    let [(address, told)] = &lost(&plan)[..] else { panic!("{:?}", plan.losses) };
    assert_eq!(*address, "streams.events");
    assert!(told.contains("records older than 24h go at once"), "{told}");
    assert!(!plan.losses[0].goes);
    kept.streams["events"].retention_hours = 96;
    assert_eq!(lost(&harness.plan(&kept).await.expect("a plan")), []);
}

#[tokio::test(start_paused = true)]
async fn a_replaced_stream_and_a_destroyed_one_lose_their_records() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let selection = Selection { replace: vec!["streams.events".into()], ..Selection::default() };
    let anew = Harness { selection, ..harness.clone() };
    assert_eq!(lost(&anew.plan(&pipeline()).await.expect("a plan")).len(), 1);
    let all = harness.removal(&pipeline(), crate::plan::BucketData::Refuse).await.expect("a plan");
    assert_eq!(lost(&all).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_refused_has_every_change_and_what_the_bucket_holds() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    harness.fake.with(|world| {
        world.hidden.insert(("the-lake".into(), "one".into()));
        world.hidden.insert(("the-lake".into(), "two".into()));
    });
    let mut moved = pipeline();
    moved.deliveries["lake"] = delivery("another-lake");
    moved.streams["events"] = stream(4);
    let refused = harness.plan(&moved).await.expect_err("refused");
    let PlanError::Refused(shown) = &refused else { panic!("{refused}") };
    assert!(
        shown.steps.iter().any(|step| step.address.as_str() == "streams.events" && !step.changes.is_empty())
    );
    assert_eq!(refused.to_string(), "the bucket the-lake would be deleted and still holds 2 objects (20 B)");
    let emptied = harness.removal(&pipeline(), crate::plan::BucketData::Delete).await.expect("a plan");
    let told = lost(&emptied);
    assert!(told.contains(&("buckets.the-lake", "2 objects (20 B) go with it".into())), "{told:?}");
}
