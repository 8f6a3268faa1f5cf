//! What applying, changing, pruning and destroying come to when nothing goes wrong.

use super::harness::{Harness, delivery, pipeline, stream, transform};
use crate::apply::{Event, Outcome};
use crate::engine::observe::Look;
use crate::plan::{Action, BucketData, PlanError};
use crate::resources::tags::PIPELINE;
use crate::resources::{Kind, ResourceId};
use crate::spec::model::{Autoscale, Destination};

#[tokio::test(start_paused = true)]
async fn applying_twice_changes_nothing_the_second_time() {
    let harness = Harness::default();
    let report = harness.apply(&pipeline()).await;
    assert_eq!((report.outcome, report.done.create), (Outcome::Succeeded, 8));
    let calls = harness.mutations().len();
    let report = harness.apply(&pipeline()).await;
    assert_eq!((report.outcome, report.done.no_change, report.revision), (Outcome::Succeeded, 8, 0));
    assert_eq!(harness.mutations().len(), calls);
}

#[tokio::test(start_paused = true)]
async fn everything_carries_the_ownership_tags() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    harness.fake.with(|world| {
        assert!(world.resources.values().all(|seen| seen.tags.get(PIPELINE).is_some_and(|it| it == "p")));
    });
}

#[tokio::test(start_paused = true)]
async fn a_delivery_waits_for_all_it_touches_and_the_rest_begins_at_once() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let calls = harness.mutations();
    let at = |part: &str| calls.iter().position(|call| call.contains(part)).expect("the call");
    assert!(at("lambda:CreateFunction") > at("iam:PutRolePolicy p-parse-transform"));
    assert!(at("lambda:CreateFunction") > at("logs:CreateLogGroup /aws/lambda/p-parse"));
    let delivery = at("firehose:CreateDeliveryStream");
    for needed in
        ["lambda:CreateFunction", "iam:PutRolePolicy p-lake-delivery", "kinesis:CreateStream", "Tag the-lake"]
    {
        assert!(delivery > at(needed), "{needed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_is_exactly_one_update() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let mut changed = pipeline();
    let Destination::S3(s3) = &mut changed.deliveries["lake"].to else { panic!("it goes to S3") };
    s3.buffer.size_mib = 64;
    let plan = harness.plan(&changed).await.expect("a plan");
    let counts = plan.counts();
    assert_eq!((counts.update, counts.no_change), (1, 7));
    let step = plan.steps.iter().find(|step| step.action == Action::Update).expect("one");
    assert_eq!(step.changes.len(), 1);
    assert_eq!(step.changes[0].path, "to.s3.buffer.size");
    assert_eq!(harness.execute(&plan).await.expect("it runs").outcome, Outcome::Succeeded);
    harness.assert_is_as_if_new(&changed).await;
}

#[tokio::test(start_paused = true)]
async fn two_to_sixteen_shards_are_three_explicit_operations() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let mut changed = pipeline();
    changed.streams["events"] = stream(16);
    let plan = harness.plan(&changed).await.expect("a plan");
    let step = plan.steps.iter().find(|step| step.address.as_str() == "streams.events").expect("the stream");
    let operations: Vec<String> = step.operations.iter().map(ToString::to_string).collect();
    assert_eq!(
        operations,
        ["set the shard count to 4", "set the shard count to 8", "set the shard count to 16"]
    );
    harness.execute(&plan).await.expect("it runs");
    harness.assert_is_as_if_new(&changed).await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_endpoint_is_waited_for_between_the_steps_of_a_reshard() {
    let harness = Harness::default();
    harness.fake.with(|world| world.slowness = 3);
    harness.apply(&pipeline()).await;
    let mut changed = pipeline();
    changed.streams["events"] = stream(16);
    assert_eq!(harness.apply(&changed).await.outcome, Outcome::Succeeded);
    let events = harness.events.lock().expect("not poisoned");
    let waits = events.iter().filter(
        |event| matches!(event, Event::Waiting { waiting_for, .. } if waiting_for.contains("UPDATING")),
    );
    assert!(waits.count() >= 3);
}

#[tokio::test(start_paused = true)]
async fn what_the_file_no_longer_has_is_deleted_after_what_used_it() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let mut changed = pipeline();
    changed.transforms.clear();
    changed.deliveries["lake"].transform = None;
    let before = harness.mutations().len();
    assert_eq!(harness.apply(&changed).await.outcome, Outcome::Succeeded);
    let calls = harness.mutations().split_off(before);
    let at = |part: &str| calls.iter().position(|call| call.contains(part)).expect("the call");
    assert!(at("lambda:DeleteFunction") > at("firehose:UpdateDestination"));
    assert!(at("iam:DeleteRole p-parse-transform") > at("lambda:DeleteFunction"));
    harness.assert_is_as_if_new(&changed).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_source_replaces_the_delivery_and_says_why() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let mut changed = pipeline();
    changed.deliveries["lake"].from = None;
    let plan = harness.plan(&changed).await.expect("a plan");
    let step = plan.steps.iter().find(|step| step.action == Action::Replace).expect("a replacement");
    assert!(step.reason.as_deref().is_some_and(|reason| reason.contains("source")));
    harness.execute(&plan).await.expect("it runs");
    harness.assert_is_as_if_new(&changed).await;
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_leaves_the_file_leaves_the_resources_and_those_of_others_stay() {
    let harness = Harness::default();
    let mut tagged = pipeline();
    tagged.tags.insert("team".into(), "growth".into());
    harness.apply(&tagged).await;
    harness.fake.with(|world| {
        for seen in world.resources.values_mut() {
            seen.tags.insert("cost-centre".into(), "7".into());
        }
    });
    let before = harness.mutations().len();
    harness.apply(&pipeline()).await;
    assert!(harness.mutations()[before..].iter().all(|call| call.starts_with("Tag ")), "tags only");
    harness.fake.with(|world| {
        for seen in world.resources.values() {
            assert_eq!((seen.tags.get("team"), seen.tags["cost-centre"].as_str()), (None, "7"));
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_shard_count_that_the_autoscaler_moved_is_no_change() {
    let harness = Harness::default();
    let mut scaled = pipeline();
    scaled.streams["events"].autoscale = Some(Autoscale { min: 1, max: 64, target_percent: Some(70) });
    harness.apply(&scaled).await;
    let mut moved = scaled.clone();
    moved.streams["events"].capacity = crate::spec::model::Capacity::Provisioned(8);
    assert!(!harness.plan(&moved).await.expect("a plan").has_changes());
}

#[tokio::test(start_paused = true)]
async fn two_deliveries_share_a_bucket() {
    let harness = Harness::default();
    let mut two = pipeline();
    two.deliveries.insert("raw".into(), delivery("the-lake"));
    two.transforms.insert("other".into(), transform(".b = 2"));
    assert_eq!(harness.apply(&two).await.outcome, Outcome::Succeeded);
    assert_eq!(harness.mutations().iter().filter(|call| call.contains("CreateBucket")).count(), 1);
    harness.apply(&pipeline()).await;
    harness.assert_is_as_if_new(&pipeline()).await;
}

#[tokio::test(start_paused = true)]
async fn destroy_leaves_nothing_and_the_ledger_says_so() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    assert_eq!(harness.destroy(&pipeline()).await.outcome, Outcome::Succeeded);
    harness.fake.with(|world| assert!(world.resources.is_empty() && world.hidden.is_empty()));
    let history = harness.ledger().history("p").await.expect("a history");
    let numbers: Vec<_> = history.iter().map(|revision| (revision.number, revision.outcome)).collect();
    assert_eq!(numbers, [(2, Outcome::Succeeded), (1, Outcome::Succeeded)]);
    assert_eq!(history[0].resources, []);
    assert!(!harness.removal(&pipeline(), BucketData::Refuse).await.expect("a plan").has_changes());
}

#[tokio::test(start_paused = true)]
async fn forgetting_empties_the_ledger() {
    let mut harness = Harness::default();
    harness.apply(&pipeline()).await;
    harness.options.forget = true;
    harness.destroy(&pipeline()).await;
    harness.fake.with(|world| assert_eq!(world.stored.keys().collect::<Vec<_>>(), [] as [&String; 0]));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_with_objects_is_refused_emptied_or_kept() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let fill = || harness.fake.with(|world| world.hidden.insert(("the-lake".into(), "object".into())));
    fill();
    let refused = harness.removal(&pipeline(), BucketData::Refuse).await.expect_err("refused");
    assert!(
        refused.to_string().contains("the bucket the-lake would be deleted and still holds 1 object (10 B)")
    );
    let PlanError::Refused(shown) = &refused else { panic!("{refused}") };
    assert_eq!((shown.counts().delete, shown.refusals.len()), (8, 1));
    assert!(refused.hint().contains("--delete-data") && refused.hint().contains("--keep-data"));

    let plan = harness.removal(&pipeline(), BucketData::Keep).await.expect("a plan");
    assert_eq!((plan.counts().delete, plan.counts().release), (7, 1));
    harness.execute(&plan).await.expect("it runs");
    harness.fake.with(|world| {
        let left: Vec<_> =
            world.resources.iter().map(|(id, seen)| (id.name.as_str(), seen.tags.len())).collect();
        assert_eq!(left, [("the-lake", 0)]);
        world.resources.clear();
        world.hidden.clear();
    });

    harness.apply(&pipeline()).await;
    fill();
    let plan = harness.removal(&pipeline(), BucketData::Delete).await.expect("a plan");
    harness.execute(&plan).await.expect("it runs");
    harness.fake.with(|world| assert!(world.resources.is_empty() && world.hidden.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_leaves_the_file_with_objects_in_it_is_refused() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    harness.fake.with(|world| world.hidden.insert(("the-lake".into(), "object".into())));
    let mut moved = pipeline();
    moved.deliveries["lake"] = delivery("another-lake");
    assert!(matches!(harness.plan(&moved).await, Err(PlanError::Refused(_))));
}

#[tokio::test(start_paused = true)]
async fn trusted_tags_are_read_before_anything_is_done_to_a_resource() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let id = ResourceId::new(Kind::Stream, "p-events");
    harness.fake.with(|world| {
        let seen = world.resources.get_mut(&id).expect("the stream");
        seen.tags.insert(PIPELINE.to_owned(), "q".to_owned());
    });
    let trusting = Harness { look: Look::TrustTags, ..harness.clone() };
    assert!(!trusting.plan(&pipeline()).await.expect("a plan").has_changes());
    let mut changed = pipeline();
    changed.streams["events"] = stream(4);
    let refused = trusting.plan(&changed).await.expect_err("it is another's now");
    assert!(refused.to_string().contains("belongs to the pipeline q"), "{refused}");
}
