//! What is made anew takes along what reads it: a reader is tied to the very stream that it was made for.

use super::fake::Fault;
use super::harness::{Harness, context, pipeline, transform};
use crate::apply::Outcome;
use crate::plan::{Action, Drift, Fate, Here, Plan, PlanError, Selection};
use crate::resources::{self, Kind, ResourceId};
use crate::spec::model::{Function, Pipeline, Reading};

/// A stream that a delivery, two functions and an application of somebody's read, one of them by a consumer of its own.
fn read_by_many() -> Pipeline {
    let mut file = pipeline();
    file.streams["events"].fan_out = vec!["audit".into()];
    for (logical, fan_out) in [("watch", false), ("count", true)] {
        let program = transform(".a = 1");
        let reads = Some(Reading { fan_out, ..Reading::of("events") });
        let function = Function { name: None, code: program.code, settings: program.settings, reads };
        file.functions.insert(logical.into(), function);
    }
    file
}

fn replacing(harness: &Harness, addresses: &[&str]) -> Harness {
    let replace = addresses.iter().map(|it| (*it).to_owned()).collect();
    Harness { selection: Selection { replace, ..Selection::default() }, ..harness.clone() }
}

/// What is replaced, with the reason.
fn replaced(plan: &Plan) -> Vec<(&str, &str)> {
    let steps = plan.steps.iter().filter(|step| step.action == Action::Replace);
    steps.map(|step| (step.address.as_str(), step.reason.as_deref().unwrap_or_default())).collect()
}

/// Every reader was made after the stream that it reads.
fn assert_reads_what_is_there(harness: &Harness) {
    harness.fake.with(|world| {
        let birth = |kind, name: &str| world.birth(&ResourceId::new(kind, name)).expect("it was made");
        let stream = birth(Kind::Stream, "p-events");
        for (kind, name) in [
            (Kind::Delivery, "p-lake"),
            (Kind::Mapping, "p-watch"),
            (Kind::Mapping, "p-count"),
            (Kind::StreamConsumer, "p-events/p-audit"),
        ] {
            assert!(birth(kind, name) > stream, "{name} reads a stream that is gone");
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_replaced_takes_its_readers_along_and_each_says_why() {
    let harness = Harness::default();
    harness.apply(&read_by_many()).await;
    let anew = replacing(&harness, &["streams.events"]);
    let plan = anew.plan(&read_by_many()).await.expect("a plan");
    let why = "streams.events is replaced";
    let told = replaced(&plan);
    assert_eq!(told[0], ("streams.events", "you asked for it"));
    for address in [
        "streams.events.fan-out.audit",
        "functions.watch.from",
        "functions.count.fan-out",
        "functions.count.from",
        "deliveries.lake",
    ] {
        let reason = told.iter().find(|(it, _)| *it == address).map(|(_, reason)| *reason);
        assert_eq!(reason, Some(why), "{address}: {told:?}");
    }
    assert_eq!(told.len(), 6, "{told:?}");
    let before = harness.mutations().len();
    assert_eq!(anew.execute(&plan).await.expect("it runs").outcome, Outcome::Succeeded);
    let calls = harness.mutations().split_off(before);
    let at = |call: &str| calls.iter().position(|made| made == call).unwrap_or_else(|| panic!("{calls:?}"));
    assert!(at("lambda:CreateEventSourceMapping p-watch") > at("kinesis:CreateStream p-events"));
    assert!(at("lambda:DeleteEventSourceMapping p-watch") < at("lambda:CreateEventSourceMapping p-watch"));
    assert_reads_what_is_there(&harness);
    harness.assert_is_as_if_new(&read_by_many()).await;
}

#[tokio::test(start_paused = true)]
async fn what_goes_along_is_picked_with_what_takes_it_along() {
    let harness = Harness::default();
    harness.apply(&read_by_many()).await;
    let selection = Selection {
        targets: vec!["streams.events".into()],
        replace: vec!["streams.events".into()],
        ..Selection::default()
    };
    let part = Harness { selection, ..harness.clone() };
    assert_eq!(part.apply(&read_by_many()).await.done.replace, 6);
    assert_reads_what_is_there(&harness);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_somebody_deleted_is_made_anew_with_its_readers() {
    let harness = Harness::default();
    harness.apply(&read_by_many()).await;
    harness.fake.with(|world| {
        world.resources.retain(|id, _| id.name != "p-events" && id.kind != Kind::StreamConsumer);
    });
    let plan = harness.plan(&read_by_many()).await.expect("a plan");
    let told = replaced(&plan);
    assert!(told.contains(&("deliveries.lake", "streams.events is made anew")), "{told:?}");
    harness.execute(&plan).await.expect("it runs");
    assert_reads_what_is_there(&harness);
    harness.assert_is_as_if_new(&read_by_many()).await;
}

#[tokio::test(start_paused = true)]
async fn a_replacement_killed_anywhere_leaves_no_reader_behind() {
    for fuse in 0.. {
        let harness = Harness::default();
        harness.apply(&read_by_many()).await;
        let anew = replacing(&harness, &["streams.events"]);
        let survived = harness.until_death(fuse, anew.apply(&read_by_many())).await;
        assert_eq!(harness.apply(&read_by_many()).await.outcome, Outcome::Succeeded, "after {fuse}");
        assert_reads_what_is_there(&harness);
        harness.assert_is_as_if_new(&read_by_many()).await;
        if survived {
            assert!(fuse > 40, "{fuse} points are too few to mean anything");
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_was_lost_on_its_way_is_made_again() {
    let harness = Harness::default();
    harness.apply(&read_by_many()).await;
    let lost = ("lambda:DeleteEventSourceMapping p-watch".to_owned(), Fault::LoseRequest, 1);
    harness.fake.with(|world| world.faults.push(lost));
    replacing(&harness, &["streams.events"]).apply(&read_by_many()).await;
    assert_reads_what_is_there(&harness);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_was_left_behind_is_drift_and_trouble() {
    let harness = Harness::default();
    harness.apply(&read_by_many()).await;
    harness.fake.with(|world| {
        let later = world.births.values().max().expect("a birth") + 1;
        world.births.insert(ResourceId::new(Kind::Stream, "p-events"), later);
    });
    let (file, seen) = (read_by_many(), harness.seen(&read_by_many(), false).await);
    let graph = resources::desired(&file, &context(&file));
    let here = Here { pipeline: "p", region: "eu-west-1" };
    let drift = Drift::find(here, seen.revision(), seen.remembered(), &graph, &seen.observed);
    let fate = Fate::NeedsReplacement("the stream p-events was made anew after it".into());
    let told: Vec<_> = drift.resources.iter().map(|it| (it.address.as_str(), &it.fate)).collect();
    assert!(told.contains(&("deliveries.lake", &fate)), "{told:?}");
    assert!(told.contains(&("functions.watch.from", &fate)), "{told:?}");
    let [trouble] = &drift.troubles[..] else { panic!("{:?}", drift.troubles) };
    assert_eq!(
        (trouble.address.as_str(), trouble.what.as_str()),
        ("functions.watch.from", "PROBLEM: Stream not found")
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_others_read_by_consumers_is_replaced_only_when_they_may_go() {
    let harness = Harness::default();
    harness.apply(&read_by_many()).await;
    harness.fake.with(|world| {
        let ours = ResourceId::new(Kind::StreamConsumer, "p-events/p-audit");
        let theirs = world.resources[&ours].clone();
        world.resources.insert(ResourceId::new(Kind::StreamConsumer, "p-events/theirs"), theirs);
    });
    let refused = replacing(&harness, &["streams.events"]).plan(&read_by_many()).await.expect_err("refused");
    assert!(matches!(refused, PlanError::Refused(_)), "{refused}");
    assert!(refused.hint().contains("--delete-consumers"), "{}", refused.hint());
}
