//! What moved outside is told apart from what the file changed and from what others move by right.

use super::harness::{Harness, context, delivery, pipeline, stream};
use crate::plan::{Drift, Fate, Here};
use crate::resources::tags::{PIPELINE, TagMap};
use crate::resources::{self, Kind, Observed, ResourceId, State};
use crate::spec::model::{Autoscale, Pipeline};

async fn drift(harness: &Harness, file: &Pipeline) -> Drift {
    let seen = harness.seen(file, false).await;
    let graph = resources::desired(file, &context(file));
    let here = Here { pipeline: "p", region: "eu-west-1" };
    Drift::find(here, seen.revision(), seen.remembered(), &graph, &seen.observed)
}

fn outside(harness: &Harness, kind: Kind, name: &str, change: impl FnOnce(&mut Observed)) {
    harness.fake.with(|world| change(world.resources.get_mut(&ResourceId::new(kind, name)).expect("it")));
}

fn reshard(seen: &mut Observed) {
    let State::Stream(stream) = &mut seen.state else { unreachable!("kept by kind") };
    stream.open_shards = 8;
}

#[tokio::test(start_paused = true)]
async fn an_edit_of_the_file_is_no_drift() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let mut edited = pipeline();
    edited.streams["events"] = stream(16);
    edited.deliveries.insert("raw".into(), delivery("second-lake"));
    let found = drift(&harness, &edited).await;
    assert_eq!((found.resources.as_slice(), found.looked_at), (&[][..], 8));
}

#[tokio::test(start_paused = true)]
async fn a_change_outside_is_drift_with_both_sides_and_apply_repairs_it() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    outside(&harness, Kind::Stream, "p-events", reshard);
    let found = drift(&harness, &pipeline()).await;
    let [drifted] = &found.resources[..] else { panic!("{found:#?}") };
    assert_eq!((drifted.address.as_str(), &drifted.fate), ("streams.events", &Fate::Changed));
    let change = &drifted.changes[0];
    assert_eq!((change.before.as_deref(), change.after.as_deref()), (Some("2"), Some("8")));
    assert!(found.note().is_some_and(|note| note.contains("streams.events")));
    harness.apply(&pipeline()).await;
    assert!(!drift(&harness, &pipeline()).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn what_the_autoscaler_moves_is_its_own_and_no_drift() {
    let harness = Harness::default();
    let mut scaled = pipeline();
    scaled.streams["events"].autoscale = Some(Autoscale { min: 1, max: 64, target_percent: Some(70) });
    harness.apply(&scaled).await;
    outside(&harness, Kind::Stream, "p-events", reshard);
    let found = drift(&harness, &scaled).await;
    assert!(!found.is_some(), "{found:#?}");
    let [owned] = &found.owned_by_others[..] else { panic!("{found:#?}") };
    assert_eq!(
        (owned.path.as_str(), owned.owner.as_str(), owned.now.as_str()),
        ("shards", "the autoscaler", "8")
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_or_taken_over_or_tagged_by_others_is_told_apart() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    harness.fake.with(|world| world.resources.remove(&ResourceId::new(Kind::Function, "p-parse")));
    outside(&harness, Kind::Role, "p-lake-delivery", |seen| {
        seen.tags = TagMap::from([(PIPELINE.to_owned(), "q".to_owned())]);
    });
    outside(&harness, Kind::Stream, "p-events", |seen| {
        seen.tags.insert("cost-centre".into(), "7".into());
    });
    let found = drift(&harness, &pipeline()).await;
    let fates: Vec<_> = found.resources.iter().map(|it| (it.address.as_str(), it.fate.clone())).collect();
    let other = Fate::NotOurs("it belongs to the pipeline q".into());
    assert!(fates.contains(&("transforms.parse", Fate::Gone)), "{fates:?}");
    assert!(fates.contains(&("deliveries.lake.role", other)), "{fates:?}");
    assert_eq!(fates.len(), 2);
    assert_eq!(found.owned_by_others[0].path, "tags.cost-centre");
}

#[tokio::test(start_paused = true)]
async fn a_ledger_of_an_older_program_is_measured_against_the_file() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    harness.fake.with(|world| {
        let head = world.stored.get_mut("p/head.json").expect("a head");
        let mut value: serde_json::Value = serde_json::from_slice(head).expect("JSON");
        for record in value["resources"].as_array_mut().expect("records") {
            record.as_object_mut().expect("an object").remove("applied").expect("it was written");
        }
        *head = serde_json::to_vec(&value).expect("JSON");
    });
    assert!(!drift(&harness, &pipeline()).await.is_some());
    outside(&harness, Kind::Stream, "p-events", reshard);
    assert_eq!(drift(&harness, &pipeline()).await.resources.len(), 1);
}
