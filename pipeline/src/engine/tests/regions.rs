//! One pipeline name in two regions: what has one name in every region belongs to one of them.

use super::harness::{Harness, context, pipeline, place};
use crate::plan::{BucketData, Inputs, Plan, PlanError, RemovalInputs, Selection, build, build_removal};
use crate::resources::names::Place;
use crate::resources::tags::REGION;
use crate::resources::{self, Kind};

fn elsewhere() -> Place {
    Place::new("us-east-1", "000000000000")
}

/// A plan in the other region, whose ledger knows nothing.
async fn plan_elsewhere(harness: &Harness) -> Result<Plan, PlanError> {
    let seen = harness.seen(&pipeline(), false).await;
    let place = elsewhere();
    let context = resources::Context { place: place.clone(), ..context(&pipeline()) };
    // Streams, functions and deliveries of this region are not seen from there.
    let global = seen.observed.into_iter().filter(|(id, _)| id.kind.is_global()).collect();
    build(&Inputs {
        pipeline: "p",
        source: "the file",
        place: &place,
        graph: &resources::desired(&pipeline(), &context),
        observed: &global,
        remembered: &[],
        based_on: 0,
        bucket_data: BucketData::Refuse,
        delete_consumers: false,
        selection: &Selection::default(),
        returns_to: None,
    })
}

/// As it was before there was the tag.
fn untagged(harness: &Harness) {
    harness.fake.with(|world| {
        for seen in world.resources.values_mut() {
            seen.tags.remove(REGION);
        }
    });
}

#[tokio::test(start_paused = true)]
async fn what_this_pipeline_has_in_another_region_is_not_taken_over() {
    for tagged in [true, false] {
        let harness = Harness::default();
        harness.apply(&pipeline()).await;
        if !tagged {
            untagged(&harness);
        }
        let refused = plan_elsewhere(&harness).await.expect_err("in the way");
        let text = refused.to_string();
        assert!(text.contains("belongs to the pipeline of this name in eu-west-1"), "{text}");
        assert!(text.contains("p-lake-delivery") && text.contains("p-parse-transform"), "{text}");
        assert!(text.contains("the-lake"), "{text}");
        assert!(refused.hint().contains("another `name:`"), "{}", refused.hint());
        assert!(refused.hint().contains("eu-west-1 as its region"), "{}", refused.hint());
    }
}

#[tokio::test(start_paused = true)]
async fn a_destroy_in_one_region_leaves_what_is_of_the_other() {
    for tagged in [true, false] {
        let harness = Harness::default();
        harness.apply(&pipeline()).await;
        if !tagged {
            untagged(&harness);
        }
        let seen = harness.seen(&pipeline(), true).await;
        let global = seen.observed.into_iter().filter(|(id, _)| id.kind.is_global()).collect();
        let plan = build_removal(&RemovalInputs {
            pipeline: "p",
            source: "the file",
            place: &elsewhere(),
            outline: &resources::outline(&pipeline()),
            observed: &global,
            remembered: &[],
            based_on: 0,
            bucket_data: BucketData::Delete,
            delete_consumers: false,
        });
        assert!(!plan.has_changes(), "{:#?}", plan.steps);
        let left = plan.notes.iter().filter(|note| note.contains("left alone"));
        assert_eq!(left.count(), 3, "{:?}", plan.notes);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_made_before_there_was_the_tag_is_this_regions_where_the_ledger_has_it_and_gets_it() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    untagged(&harness);
    let report = harness.apply(&pipeline()).await;
    assert_eq!((report.done.update, report.done.create), (3, 0));
    harness.fake.with(|world| {
        let global = world.resources.iter().filter(|(id, _)| id.kind.is_global());
        for (id, seen) in global {
            assert_eq!(seen.tags.get(REGION), Some(&place().region), "{id}");
        }
        let stream = world.resources.iter().find(|(id, _)| id.kind == Kind::Stream).expect("the stream");
        assert!(!stream.1.tags.contains_key(REGION), "a stream is of one region by itself");
    });
    harness.assert_is_as_if_new(&pipeline()).await;
}
