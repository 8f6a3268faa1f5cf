//! The process dies before or after the effect of every single call; the next apply converges.

use proptest::prelude::*;

use super::harness::{Harness, delivery, pipeline, stream, transform};
use crate::apply::Outcome;
use crate::spec::model::Pipeline;

/// A file that differs from [`pipeline`] in every way: more, less, and other.
fn another() -> Pipeline {
    let mut other = pipeline();
    other.tags.insert("team".into(), "growth".into());
    other.streams["events"] = stream(16);
    other.streams["events"].retention_hours = 48;
    other.transforms.clear();
    other.transforms.insert("enrich".into(), transform(".c = 3"));
    other.deliveries["lake"].transform = Some("enrich".into());
    other.deliveries.insert("raw".into(), delivery("second-lake"));
    other.deliveries["raw"].from = None;
    other.deliveries["raw"].transform = None;
    other
}

/// Counts the points at which `to` may die when applied over `from`.
async fn points(from: Option<&Pipeline>, to: &Pipeline) -> usize {
    let harness = Harness::default();
    if let Some(from) = from {
        harness.apply(from).await;
    }
    let before = harness.fake.with(|world| world.steps);
    harness.apply(to).await;
    harness.fake.with(|world| world.steps) - before
}

async fn killed_everywhere(from: Option<&Pipeline>, to: &Pipeline) {
    let points = points(from, to).await;
    assert!(points > 40, "{points} are too few to mean anything");
    for fuse in 0..points {
        let harness = Harness::default();
        if let Some(from) = from {
            harness.apply(from).await;
        }
        let survived = harness.until_death(fuse, harness.apply(to)).await;
        assert!(!survived, "it should have died at {fuse}");
        let report = harness.apply(to).await;
        assert_eq!(report.outcome, Outcome::Succeeded, "after dying at {fuse}: {report:#?}");
        harness.assert_is_as_if_new(to).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_apply_killed_anywhere_is_finished_by_the_next() {
    killed_everywhere(None, &pipeline()).await;
}

#[tokio::test(start_paused = true)]
async fn another_name_for_everything_killed_anywhere_is_finished_by_the_next() {
    killed_everywhere(Some(&pipeline()), &super::naming::named()).await;
}

#[tokio::test(start_paused = true)]
async fn a_change_of_everything_killed_anywhere_is_finished_by_the_next() {
    killed_everywhere(Some(&pipeline()), &another()).await;
}

#[tokio::test(start_paused = true)]
async fn an_apply_killed_anywhere_is_destroyed_without_a_trace() {
    for fuse in 0..points(None, &pipeline()).await {
        let harness = Harness::default();
        harness.until_death(fuse, harness.apply(&pipeline())).await;
        assert_eq!(harness.destroy(&pipeline()).await.outcome, Outcome::Succeeded);
        harness.fake.with(|world| assert!(world.resources.is_empty(), "after dying at {fuse}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_destroy_killed_anywhere_is_finished_by_the_next() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let before = harness.fake.with(|world| world.steps);
    harness.destroy(&pipeline()).await;
    for fuse in 0..harness.fake.with(|world| world.steps) - before {
        let harness = Harness::default();
        harness.apply(&pipeline()).await;
        harness.until_death(fuse, harness.destroy(&pipeline())).await;
        assert_eq!(harness.destroy(&pipeline()).await.outcome, Outcome::Succeeded);
        harness.fake.with(|world| assert!(world.resources.is_empty(), "after dying at {fuse}"));
    }
}

/// One edit of the file.
#[derive(Clone, Debug)]
enum Edit {
    Shards(u32),
    Program(u8),
    Transform(bool),
    SecondDelivery(bool),
    Direct(bool),
    Tag(bool),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (1_u32..40).prop_map(Edit::Shards),
        any::<u8>().prop_map(Edit::Program),
        any::<bool>().prop_map(Edit::Transform),
        any::<bool>().prop_map(Edit::SecondDelivery),
        any::<bool>().prop_map(Edit::Direct),
        any::<bool>().prop_map(Edit::Tag),
    ]
}

fn edited(mut file: Pipeline, edit: &Edit) -> Pipeline {
    match edit {
        Edit::Shards(count) => file.streams["events"] = stream(*count),
        Edit::Program(number) => {
            if file.transforms.contains_key("parse") {
                file.transforms["parse"] = transform(&format!(".a = {number}"));
            }
        }
        Edit::Transform(true) => {
            file.transforms.entry("parse".into()).or_insert_with(|| transform(".a = 1"));
            file.deliveries["lake"].transform = Some("parse".into());
        }
        Edit::Transform(false) => {
            file.transforms.clear();
            file.deliveries.values_mut().for_each(|delivery| delivery.transform = None);
        }
        Edit::SecondDelivery(true) => {
            let mut second = delivery("second-lake");
            second.transform = None;
            file.deliveries.insert("raw".into(), second);
        }
        Edit::SecondDelivery(false) => {
            file.deliveries.shift_remove("raw");
        }
        Edit::Direct(direct) => {
            file.deliveries["lake"].from = (!direct).then(|| "events".into());
        }
        Edit::Tag(true) => {
            file.tags.insert("team".into(), "growth".into());
        }
        Edit::Tag(false) => {
            file.tags.clear();
        }
    }
    file
}

/// Applies the edits one after the other, dying in between where they say so; the last file's state is
/// reached by the apply that follows.
fn converges(edits: &[(Edit, Option<usize>)]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let harness = Harness::default();
        let mut file = pipeline();
        for (edit, death) in edits {
            file = edited(file, edit);
            match death {
                Some(fuse) => drop(harness.until_death(*fuse, harness.apply(&file)).await),
                None => drop(harness.apply(&file).await),
            }
        }
        harness.apply(&file).await;
        harness.assert_is_as_if_new(&file).await;
    });
}

#[test]
fn a_tag_whose_removal_was_killed_is_removed_by_the_next_apply() {
    for fuse in 0..60 {
        converges(&[(Edit::Tag(true), None), (Edit::Tag(false), Some(fuse))]);
    }
}

/// How many cases to try: `PROPTEST_CASES`, or few enough for every run.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn any_edits_with_kills_in_between_end_in_the_state_of_the_last_file(
        edits in prop::collection::vec((edit(), prop::option::of(0_usize..120)), 1..8)
    ) {
        converges(&edits);
    }
}
