//! Plans of a part, replacements that the user asks for, and plans compared with themselves.

use super::harness::{Harness, delivery, pipeline, stream, transform};
use crate::apply::Outcome;
use crate::plan::{Action, Moved, PlanError, SelectError, Selection, moved};
use crate::resources::bucket::{BucketState, Contents};
use crate::resources::tags::{PIPELINE, TagMap};
use crate::resources::{Kind, Observed, ResourceId, State};

fn picking(targets: &[&str], replace: &[&str]) -> Selection {
    let owned = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect();
    Selection { targets: owned(targets), replace: owned(replace), adopt: Vec::new() }
}

fn picked(harness: &Harness, selection: Selection) -> Harness {
    Harness { selection, ..harness.clone() }
}

#[tokio::test(start_paused = true)]
async fn a_target_is_made_with_what_it_needs_and_nothing_else() {
    let harness = Harness::default();
    let part = picked(&harness, picking(&["transforms.parse"], &[]));
    let plan = part.plan(&pipeline()).await.expect("a plan");
    let made: Vec<_> = plan.steps.iter().map(|step| step.address.as_str()).collect();
    assert_eq!(made, ["transforms.parse.role", "transforms.parse.logs", "transforms.parse"]);
    assert!(plan.notes[0].contains("create deliveries.lake"), "{:?}", plan.notes);
    assert_eq!(part.execute(&plan).await.expect("it runs").outcome, Outcome::Succeeded);
    assert_eq!(harness.apply(&pipeline()).await.done.create, 5);
    harness.assert_is_as_if_new(&pipeline()).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_targeted_apply_left_out_is_still_pruned_by_the_next() {
    let harness = Harness::default();
    let mut two = pipeline();
    two.deliveries.insert("raw".into(), delivery("second-lake"));
    two.streams.insert("other".into(), stream(1));
    harness.apply(&two).await;
    let part = picked(&harness, picking(&["streams.events"], &[]));
    let mut changed = pipeline();
    changed.streams["events"] = stream(4);
    assert_eq!(part.apply(&changed).await.done.update, 1);
    harness.apply(&changed).await;
    harness.assert_is_as_if_new(&changed).await;
}

#[tokio::test(start_paused = true)]
async fn deleting_a_target_first_changes_what_used_it() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let mut changed = pipeline();
    changed.transforms.clear();
    changed.transforms.insert("other".into(), transform(".b = 2"));
    changed.deliveries["lake"].transform = None;
    let part = picked(&harness, picking(&["transforms.parse"], &[]));
    let plan = part.plan(&changed).await.expect("a plan");
    let actions: Vec<_> = plan.steps.iter().map(|step| (step.address.as_str(), step.action)).collect();
    assert!(actions.contains(&("deliveries.lake", Action::Update)), "{actions:?}");
    assert!(actions.contains(&("transforms.parse", Action::Delete)), "{actions:?}");
    assert!(!actions.iter().any(|(address, _)| address.contains("other")), "{actions:?}");
    assert_eq!(part.execute(&plan).await.expect("it runs").outcome, Outcome::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_was_asked_for_is_delete_then_create() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let before = harness.mutations().len();
    let anew = picked(&harness, picking(&[], &["transforms.parse"]));
    assert_eq!(anew.apply(&pipeline()).await.done.replace, 1);
    let calls = harness.mutations().split_off(before);
    assert_eq!(calls, ["lambda:DeleteFunction p-parse", "lambda:CreateFunction p-parse"]);
    harness.assert_is_as_if_new(&pipeline()).await;
}

#[tokio::test(start_paused = true)]
async fn a_bucket_is_never_replaced_and_an_unknown_address_is_refused() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let refused = |selection| {
        let picked = picked(&harness, selection);
        async move { picked.plan(&pipeline()).await.expect_err("refused") }
    };
    let bucket = refused(picking(&[], &["buckets.the-lake"])).await;
    assert!(matches!(bucket, PlanError::Select(SelectError::Bucket(_))), "{bucket}");
    let unknown = refused(picking(&["streams.evnts"], &[])).await;
    assert!(unknown.hint().contains("streams.events"), "{}", unknown.hint());
}

#[tokio::test(start_paused = true)]
async fn a_plan_made_twice_of_the_same_world_has_not_moved() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let mut changed = pipeline();
    changed.streams["events"] = stream(4);
    let (one, other) = (harness.plan(&changed).await.expect("a"), harness.plan(&changed).await.expect("b"));
    assert_eq!(moved(&one, &other), []);
}

#[tokio::test(start_paused = true)]
async fn whatever_moved_since_a_plan_was_made_is_named() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let mut changed = pipeline();
    changed.streams["events"] = stream(4);
    let planned = harness.plan(&changed).await.expect("a plan");
    harness.fake.with(|world| {
        let id = ResourceId::new(Kind::Stream, "p-events");
        let seen = world.resources.get_mut(&id).expect("the stream");
        let State::Stream(stream) = &mut seen.state else { unreachable!("kept by kind") };
        stream.open_shards = 3;
        world.resources.remove(&ResourceId::new(Kind::Function, "p-parse"));
    });
    let now = harness.plan(&changed).await.expect("a plan");
    let told: Vec<String> = moved(&planned, &now).iter().map(Moved::to_string).collect();
    assert_eq!(
        told,
        ["streams.events: shards is 3 now, and was 2", "transforms.parse: it was there, and is gone now",]
    );
    harness.apply(&changed).await;
    let later = moved(&planned, &harness.plan(&changed).await.expect("a plan"));
    assert_eq!(later[0], Moved::Ledger { planned: 1, found: 2 });
}

fn bucket(harness: &Harness, tags: &[(&str, &str)]) {
    let tags: TagMap = tags.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let state = State::Bucket(BucketState { contents: Some(Contents::default()), ..BucketState::default() });
    let seen = Observed { id: "the-lake".into(), tags, state };
    harness.fake.with(|world| world.resources.insert(ResourceId::new(Kind::Bucket, "the-lake"), seen));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_owns_is_adopted_when_the_user_says_so() {
    let harness = Harness::default();
    bucket(&harness, &[]);
    let refused = harness.plan(&pipeline()).await.expect_err("in the way");
    assert!(refused.hint().contains("--adopt buckets.the-lake"), "{}", refused.hint());
    let adopting = Selection { adopt: vec!["buckets.the-lake".into()], ..Selection::default() };
    let plan = picked(&harness, adopting).plan(&pipeline()).await.expect("a plan");
    assert!(plan.notes[0].contains("is adopted"), "{:?}", plan.notes);
    assert_eq!((plan.counts().create, plan.counts().update), (7, 1));
    harness.execute(&plan).await.expect("it runs");
    harness.assert_is_as_if_new(&pipeline()).await;
}

#[tokio::test(start_paused = true)]
async fn what_another_pipeline_owns_cannot_be_adopted() {
    let harness = Harness::default();
    bucket(&harness, &[(PIPELINE, "q")]);
    let adopting = Selection { adopt: vec!["buckets.the-lake".into()], ..Selection::default() };
    let refused = picked(&harness, adopting).plan(&pipeline()).await.expect_err("another's");
    assert!(refused.to_string().contains("belongs to the pipeline q"), "{refused}");
}
