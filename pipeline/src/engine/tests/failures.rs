//! Calls that fail, for good or for a while, and users who stop.

use std::time::Duration;

use super::fake::Fault;
use super::harness::{Harness, delivery, pipeline};
use crate::apply::{Event, Outcome, Report};
use crate::cloud::Meaning;
use crate::ledger::{LedgerError, Owner};

async fn mutations_of_a_first_apply() -> usize {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    harness.mutations().len()
}

async fn fails_at_every_call(fault: Fault, expected: Outcome) {
    for number in 0..mutations_of_a_first_apply().await {
        let harness = Harness::default();
        harness.fake.with(|world| world.fault_at = Some((number, fault.clone())));
        let report = harness.apply(&pipeline()).await;
        assert_eq!(report.outcome, expected, "call {number}: {report:#?}");
        harness.fake.with(|world| world.fault_at = None);
        assert_eq!(harness.apply(&pipeline()).await.outcome, Outcome::Succeeded);
        harness.assert_is_as_if_new(&pipeline()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_of_any_call_is_made_good_in_the_same_apply() {
    fails_at_every_call(Fault::LoseAnswer, Outcome::Succeeded).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_request_of_any_call_is_made_good_in_the_same_apply() {
    fails_at_every_call(Fault::LoseRequest, Outcome::Succeeded).await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_any_call_fails_and_the_next_apply_does_the_rest() {
    fails_at_every_call(Fault::Refuse(Meaning::Denied, "no"), Outcome::Failed).await;
}

#[tokio::test(start_paused = true)]
async fn throttling_of_any_call_is_waited_out() {
    fails_at_every_call(Fault::Refuse(Meaning::Throttled, "slow down"), Outcome::Succeeded).await;
}

#[tokio::test(start_paused = true)]
async fn what_does_not_depend_on_a_failure_is_completed_and_the_rest_is_named() {
    let harness = Harness::default();
    let mut two = pipeline();
    let mut direct = delivery("second-lake");
    (direct.from, direct.transform) = (None, None);
    two.deliveries.insert("raw".into(), direct);
    let refuse = Fault::Refuse(Meaning::Denied, "you may not");
    harness.fake.with(|world| world.faults.push(("kinesis:CreateStream".into(), refuse, 1)));
    let report = harness.apply(&two).await;
    assert_eq!(report.outcome, Outcome::Failed);
    let failure = &report.failures[0];
    assert_eq!(failure.address.as_str(), "streams.events");
    assert_eq!(failure.call.as_deref(), Some("kinesis:CreateStream"));
    assert!(failure.hint.as_deref().is_some_and(|hint| hint.contains("kinesis:CreateStream")));
    let skipped: Vec<_> = report.skipped.iter().map(|address| address.as_str()).collect();
    assert_eq!(skipped, ["deliveries.lake"]);
    assert!(harness.mutations().contains(&"firehose:CreateDeliveryStream p-raw".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_role_that_takes_six_minutes_to_spread_is_waited_for() {
    let harness = Harness::default();
    let message = "The role defined for the function cannot be assumed by Lambda.";
    harness.fake.with(|world| {
        world.faults.push(("lambda:CreateFunction".into(), Fault::Refuse(Meaning::Invalid, message), 45));
    });
    let began = tokio::time::Instant::now();
    assert_eq!(harness.apply(&pipeline()).await.outcome, Outcome::Succeeded);
    assert!(began.elapsed() > Duration::from_secs(240), "{:?}", began.elapsed());
    let events = harness.events.lock().expect("not poisoned");
    let told = events
        .iter()
        .filter(|event| matches!(event, Event::Retrying { call, .. } if call == "lambda:CreateFunction"));
    assert_eq!(told.count(), 45);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_never_becomes_usable_is_a_failure_in_the_end() {
    let harness = Harness::default();
    let message = "Firehose is unable to assume role";
    harness.fake.with(|world| {
        let refuse = Fault::Refuse(Meaning::Invalid, message);
        world.faults.push(("firehose:CreateDeliveryStream".into(), refuse, usize::MAX));
    });
    let report = harness.apply(&pipeline()).await;
    assert_eq!(report.failures[0].message, message);
}

#[tokio::test(start_paused = true)]
async fn a_user_who_stops_at_any_call_leaves_what_the_next_apply_finishes() {
    for number in 0..mutations_of_a_first_apply().await {
        let harness = Harness::default();
        let plan = harness.plan(&pipeline()).await.expect("a plan");
        let cancel = harness.options.cancel.clone();
        let watched = async {
            while harness.mutations().len() <= number {
                tokio::task::yield_now().await;
            }
            cancel.cancel();
        };
        let (report, ()) = tokio::join!(harness.execute(&plan), watched);
        let report = report.expect("it runs");
        let all_done = report.done.create == 8;
        assert_eq!(report.outcome == Outcome::Succeeded, all_done, "{report:#?}");
        assert!(report.failures.is_empty());
        let again = Harness { options: crate::engine::ApplyOptions::default(), ..harness.clone() };
        again.apply(&pipeline()).await;
        again.assert_is_as_if_new(&pipeline()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_another_process_holds_is_named() {
    let harness = Harness::default();
    let plan = harness.plan(&pipeline()).await.expect("a plan");
    let other = Owner::this_process("grace@server");
    let ledger = harness.ledger();
    let lock = ledger.lock("p", &other, crate::ledger::Lease::default(), Duration::ZERO).await.expect("free");
    let refused = harness.execute(&plan).await.expect_err("locked");
    assert!(matches!(&refused, LedgerError::Locked { owner, .. } if owner.starts_with("grace@server")));
    assert!(refused.hint().is_some_and(|hint| hint.contains("--lock-timeout")));
    assert_eq!(harness.mutations(), [] as [String; 0]);
    lock.release().await.expect("released");
    assert_eq!(harness.execute(&plan).await.expect("it runs").outcome, Outcome::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_plan_made_on_an_older_revision_is_refused() {
    let harness = Harness::default();
    let old = harness.plan(&pipeline()).await.expect("a plan");
    harness.apply(&pipeline()).await;
    assert!(matches!(harness.execute(&old).await, Err(LedgerError::Moved { planned: 0, found: 1 })));
}

#[tokio::test(start_paused = true)]
async fn an_apply_whose_lock_is_taken_over_stops_and_writes_no_more() {
    let harness = Harness::default();
    harness.fake.with(|world| world.slowness = 100);
    let plan = harness.plan(&pipeline()).await.expect("a plan");
    let thief = async {
        while harness.mutations().is_empty() {
            tokio::task::yield_now().await;
        }
        harness.fake.with(|world| world.stored.insert("p/lock.json".into(), b"{}".to_vec()));
    };
    let (outcome, ()) = tokio::join!(harness.execute(&plan), thief);
    let report = outcome.expect("there is something to tell");
    assert_eq!(report.outcome, Outcome::Failed);
    assert!(report.ledger.as_deref().is_some_and(|why| why.contains("lock on p was lost")), "{report:?}");
    assert_eq!(finished(&harness), [report]);
    assert!(!harness.mutations().iter().any(|call| call.contains("CreateDeliveryStream")));
}

fn finished(harness: &Harness) -> Vec<Report> {
    let events = harness.events.lock().expect("not poisoned");
    let reports = events.iter().filter_map(|event| match event {
        Event::Finished { report } => Some(report.clone()),
        _ => None,
    });
    reports.collect()
}

#[tokio::test(start_paused = true)]
async fn an_end_that_cannot_be_recorded_is_told_and_is_no_success() {
    let harness = Harness::default();
    harness.fake.with(|world| world.refused = Some("\"outcome\": \"succeeded\""));
    let report = harness.apply(&pipeline()).await;
    assert_eq!((report.outcome, report.done.create), (Outcome::Failed, 8));
    assert!(report.ledger.as_deref().is_some_and(|why| why.contains("s3:PutObject: no")), "{report:?}");
    assert_eq!(finished(&harness), [report]);
    harness.fake.with(|world| world.refused = None);
    assert_eq!(harness.apply(&pipeline()).await.outcome, Outcome::Succeeded);
    harness.assert_is_as_if_new(&pipeline()).await;
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_cannot_be_given_back_is_noted_and_the_apply_has_succeeded() {
    let harness = Harness::default();
    harness.fake.with(|world| world.refused = Some("\"released\": true"));
    let report = harness.apply(&pipeline()).await;
    assert_eq!((report.outcome, &report.ledger), (Outcome::Succeeded, &None));
    assert_eq!(finished(&harness), [report]);
    let events = harness.events.lock().expect("not poisoned");
    let noted = |event: &Event| matches!(event, Event::Note { text } if text.contains("was not given back"));
    assert!(events.iter().any(noted));
}

#[tokio::test(start_paused = true)]
async fn steps_that_wait_for_each_other_fail_and_are_no_success() {
    let harness = Harness::default();
    let mut plan = harness.plan(&pipeline()).await.expect("a plan");
    let last = plan.steps.last().expect("steps").address.clone();
    let before = plan.steps.last().expect("steps").depends_on[0].clone();
    let step = plan.steps.iter_mut().find(|step| step.address == before).expect("it is a step");
    step.depends_on.push(last);
    let report = harness.execute(&plan).await.expect("it runs");
    assert_eq!(report.outcome, Outcome::Failed, "{report:#?}");
    assert!(report.failures.iter().all(|it| it.message.contains("wait for it")), "{report:#?}");
    assert!(report.failures.len() >= 2, "{report:#?}");
    assert_eq!(harness.apply(&pipeline()).await.outcome, Outcome::Succeeded);
    harness.assert_is_as_if_new(&pipeline()).await;
}
