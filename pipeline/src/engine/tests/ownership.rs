//! What is ours is kept in shape; what is not is never touched.

use super::harness::{Harness, pipeline};
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
