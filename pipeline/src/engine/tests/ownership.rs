//! What is ours is kept in shape; what is not is never touched.

use std::time::Duration;

use super::fake::Fault;
use super::harness::{Harness, mortal, pipeline};
use crate::cloud::Meaning;
use crate::ledger::Beginning;
use crate::plan::{Action, PlanError};
use crate::resources::bucket::BucketState;
use crate::resources::log_group::LogGroupState;
use crate::resources::tags::{PIPELINE, TagMap};
use crate::resources::{Kind, Observed, ResourceId, State};

fn bucket(tags: &[(&str, &str)]) -> Observed {
    let tags: TagMap = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Observed { id: "the-lake".into(), tags, state: State::Bucket(BucketState { holds_objects: None }) }
}

fn put(harness: &Harness, kind: Kind, name: &str, there: Observed) {
    harness.fake.with(|world| world.resources.insert(ResourceId::new(kind, name), there));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_nobody_tagged_is_in_the_way() {
    let harness = Harness::default();
    put(&harness, Kind::Bucket, "the-lake", bucket(&[]));
    let refused = harness.plan(&pipeline()).await.expect_err("in the way");
    let PlanError::NotOurs(problems) = &refused else { panic!("{refused}") };
    assert_eq!(problems[0].address.as_str(), "buckets.the-lake");
    assert!(refused.to_string().contains("not owned by this pipeline"));
    assert!(refused.hint().contains("another bucket name"));
}

#[tokio::test(start_paused = true)]
async fn a_resource_of_another_pipeline_is_in_the_way_and_that_pipeline_is_named() {
    let harness = Harness::default();
    put(&harness, Kind::Bucket, "the-lake", bucket(&[(PIPELINE, "q")]));
    let refused = harness.plan(&pipeline()).await.expect_err("in the way");
    assert!(refused.to_string().contains("belongs to the pipeline q"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_of_ours_that_someone_made_anew_is_not_ours() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    put(&harness, Kind::Bucket, "the-lake", bucket(&[]));
    assert!(matches!(harness.plan(&pipeline()).await, Err(PlanError::NotOurs(_))));
    let plan = harness.removal(&pipeline(), crate::plan::BucketData::Delete).await.expect("a plan");
    assert!(plan.steps.iter().all(|step| step.kind != Kind::Bucket));
    assert!(plan.notes[0].contains("left alone"), "{:?}", plan.notes);
}

#[tokio::test(start_paused = true)]
async fn a_log_group_that_lambda_made_is_taken_over_and_said_so() {
    let harness = Harness::default();
    let group = State::LogGroup(LogGroupState { retention_days: None });
    let name = "/aws/lambda/p-parse";
    put(&harness, Kind::LogGroup, name, Observed { id: name.into(), tags: TagMap::new(), state: group });
    let plan = harness.plan(&pipeline()).await.expect("a plan");
    let step = plan.steps.iter().find(|step| step.name == name).expect("a step");
    assert_eq!(step.action, Action::Update);
    assert!(plan.notes[0].contains("taken over"));
    harness.execute(&plan).await.expect("it runs");
    harness.assert_is_as_if_new(&pipeline()).await;
}

#[tokio::test(start_paused = true)]
async fn destroying_what_was_never_applied_touches_nothing_that_is_there() {
    let harness = Harness::default();
    let group = State::LogGroup(LogGroupState { retention_days: None });
    let name = "/aws/lambda/p-parse";
    put(&harness, Kind::LogGroup, name, Observed { id: name.into(), tags: TagMap::new(), state: group });
    put(&harness, Kind::Bucket, "the-lake", bucket(&[(PIPELINE, "q")]));
    harness.destroy(&pipeline()).await;
    assert_eq!(harness.mutations(), [] as [String; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_someone_deleted_is_made_again() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    harness.fake.with(|world| world.resources.remove(&ResourceId::new(Kind::Function, "p-parse")));
    let plan = harness.plan(&pipeline()).await.expect("a plan");
    assert_eq!((plan.counts().create, plan.counts().no_change), (1, 7));
    harness.execute(&plan).await.expect("it runs");
    harness.assert_is_as_if_new(&pipeline()).await;
}

#[tokio::test(start_paused = true)]
async fn without_its_ledger_a_pipeline_is_still_ours_by_its_tags() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    harness.fake.with(|world| world.stored.clear());
    assert!(!harness.plan(&pipeline()).await.expect("a plan").has_changes());
    harness.destroy(&pipeline()).await;
    harness.fake.with(|world| assert!(world.resources.is_empty()));
}

/// A bucket that is not there when the plan is made, and someone else's when it is carried out.
#[tokio::test(start_paused = true)]
async fn a_bucket_that_someone_made_meanwhile_is_left_alone_and_not_claimed_later() {
    let harness = Harness::default();
    let plan = harness.plan(&pipeline()).await.expect("a plan");
    put(&harness, Kind::Bucket, "the-lake", bucket(&[]));
    let report = harness.execute(&plan).await.expect("it runs");
    let failed: Vec<_> = report.failures.iter().map(|failure| failure.address.as_str()).collect();
    assert_eq!(failed, ["buckets.the-lake"]);
    assert!(!harness.mutations().contains(&"Tag the-lake".to_owned()));
    assert!(matches!(harness.plan(&pipeline()).await, Err(PlanError::NotOurs(_))));
    let plan = harness.removal(&pipeline(), crate::plan::BucketData::Delete).await.expect("a plan");
    assert!(plan.steps.iter().all(|step| step.kind != Kind::Bucket));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_made_by_others_after_a_kill_before_ours_was_called_for_is_not_ours() {
    for refused in [false, true] {
        let harness = Harness::default();
        let no = Fault::Refuse(Meaning::Denied, "no");
        if refused {
            harness.fake.with(|world| world.faults.push(("s3:CreateBucket".into(), no, 1)));
            harness.apply(&pipeline()).await;
        } else {
            // The revision is begun, and nothing called for.
            let ledger = harness.ledger();
            let plan = harness.plan(&pipeline()).await.expect("a plan");
            let lease = crate::ledger::Lease::default();
            let lock = ledger.lock("p", &mortal(), lease, Duration::ZERO).await.expect("free");
            let beginning =
                Beginning { plan: &plan, actor: "ada", commit: None, now: jiff::Timestamp::now() };
            drop(ledger.begin(&lock, beginning).await.expect("begun"));
        }
        put(&harness, Kind::Bucket, "the-lake", bucket(&[]));
        assert!(matches!(harness.plan(&pipeline()).await, Err(PlanError::NotOurs(_))), "{refused}");
        let plan = harness.removal(&pipeline(), crate::plan::BucketData::Delete).await.expect("a plan");
        assert!(plan.steps.iter().all(|step| step.kind != Kind::Bucket));
    }
}

#[tokio::test(start_paused = true)]
async fn a_bucket_whose_tags_were_not_put_is_ours_as_long_as_it_is_empty() {
    let harness = Harness::default();
    let no = Fault::Refuse(Meaning::Denied, "no");
    harness.fake.with(|world| world.faults.push(("Tag the-lake".into(), no, 1)));
    harness.apply(&pipeline()).await;
    harness.fake.with(|world| world.hidden.insert(("the-lake".into(), "object".into())));
    assert!(matches!(harness.plan(&pipeline()).await, Err(PlanError::NotOurs(_))));
    harness.fake.with(|world| world.hidden.clear());
    harness.plan(&pipeline()).await.expect("it is ours");
}
