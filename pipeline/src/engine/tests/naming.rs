//! Entries that the file calls otherwise on AWS than pipectl would: by `name`, from the first or later.

use super::harness::{Harness, delivery, pipeline, stream};
use crate::apply::Outcome;
use crate::plan::{Action, Plan, Step};
use crate::resources::{Kind, PropertyChange, ResourceId};
use crate::spec::model::Pipeline;

/// The file with a name of its own for everything that can have one.
pub(super) fn named() -> Pipeline {
    let mut file = pipeline();
    file.streams["events"].name = Some("OrdersProd".into());
    file.transforms["parse"].name = Some("ParseOrders".into());
    file.deliveries["lake"].name = Some("orders.lake".into());
    file
}

fn step<'a>(plan: &'a Plan, kind: Kind, name: &str) -> &'a Step {
    let step = plan.steps.iter().find(|step| step.kind == kind && step.name == name);
    step.unwrap_or_else(|| panic!("{name} in {plan:#?}"))
}

#[tokio::test(start_paused = true)]
async fn all_that_touches_a_named_resource_goes_by_its_name() {
    let harness = Harness::default();
    assert_eq!(harness.apply(&named()).await.outcome, Outcome::Succeeded);
    let names: Vec<String> = harness.fake.with(|world| {
        let mut names: Vec<String> = world.resources.keys().map(ToString::to_string).collect();
        names.sort();
        names
    });
    assert_eq!(
        names,
        [
            "Firehose delivery stream orders.lake",
            "IAM role p-lake-delivery",
            "IAM role p-parse-transform",
            "Kinesis stream OrdersProd",
            "Lambda function ParseOrders",
            "S3 bucket the-lake",
            "log group /aws/kinesisfirehose/orders.lake",
            "log group /aws/lambda/ParseOrders",
        ]
    );
    let role = ResourceId::new(Kind::Role, "p-lake-delivery");
    let role = harness.fake.with(|world| format!("{:?}", world.resources[&role].state));
    for arn in ["stream/OrdersProd", "function:ParseOrders", "log-group:/aws/kinesisfirehose/orders.lake"] {
        assert!(role.contains(arn), "{arn} in {role}");
    }
    assert!(!harness.plan(&named()).await.expect("a plan").has_changes());
    assert_eq!(harness.destroy(&named()).await.outcome, Outcome::Succeeded);
    harness.fake.with(|world| assert!(world.resources.is_empty() && world.hidden.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn another_name_is_another_resource_and_the_plan_says_what_is_lost() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let plan = harness.plan(&named()).await.expect("a plan");
    let (new, old) = (step(&plan, Kind::Stream, "OrdersProd"), step(&plan, Kind::Stream, "p-events"));
    assert_eq!((new.action, old.action), (Action::Create, Action::Delete));
    let change = PropertyChange {
        path: "name".into(),
        before: Some("p-events".into()),
        after: Some("OrdersProd".into()),
    };
    assert_eq!(new.changes, [change]);
    assert!(new.reason.as_deref().is_some_and(|why| why.contains("cannot rename")), "{new:#?}");
    assert!(old.reason.as_deref().is_some_and(|why| why.contains("every record that is in it is lost")));
    let delivery = step(&plan, Kind::Delivery, "p-lake").reason.clone();
    assert!(delivery.is_some_and(|why| why.contains("not delivered yet is lost")));
    for told in
        ["Kinesis stream p-events is replaced", "Lambda function p-parse is", "delivery stream p-lake is"]
    {
        assert!(plan.notes.iter().any(|note| note.contains(told)), "{told}: {:#?}", plan.notes);
    }

    let before = harness.mutations().len();
    assert_eq!(harness.execute(&plan).await.expect("it runs").outcome, Outcome::Succeeded);
    let calls = harness.mutations().split_off(before);
    let at = |part: &str| calls.iter().position(|call| call.contains(part)).expect(part);
    for (first, second) in [
        ("kinesis:CreateStream OrdersProd", "firehose:CreateDeliveryStream orders.lake"),
        ("lambda:CreateFunction ParseOrders", "firehose:CreateDeliveryStream orders.lake"),
        ("firehose:CreateDeliveryStream orders.lake", "firehose:DeleteDeliveryStream p-lake"),
        ("firehose:DeleteDeliveryStream p-lake", "kinesis:DeleteStream p-events"),
        ("firehose:DeleteDeliveryStream p-lake", "lambda:DeleteFunction p-parse"),
        ("lambda:DeleteFunction p-parse", "logs:DeleteLogGroup /aws/lambda/p-parse"),
    ] {
        assert!(at(first) < at(second), "{first} before {second} in {calls:#?}");
    }
    harness.assert_is_as_if_new(&named()).await;
    let head = harness.ledger().head("p").await.expect("readable").expect("a revision");
    assert!(head.resources.iter().all(|record| record.name != "p-events"), "{head:#?}");

    // And back: to take the name away is another name, too.
    assert_eq!(harness.apply(&pipeline()).await.outcome, Outcome::Succeeded);
    harness.assert_is_as_if_new(&pipeline()).await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_made_under_its_new_name_leaves_the_old_one_alone() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let refused = super::fake::Fault::Refuse(crate::cloud::Meaning::Denied, "no");
    harness.fake.with(|world| world.faults.push(("kinesis:CreateStream OrdersProd".into(), refused, 1)));
    assert_eq!(harness.apply(&named()).await.outcome, Outcome::Failed);
    let old = ResourceId::new(Kind::Stream, "p-events");
    assert!(harness.fake.with(|world| world.resources.contains_key(&old)));
    assert_eq!(harness.apply(&named()).await.outcome, Outcome::Succeeded);
    harness.assert_is_as_if_new(&named()).await;
}

#[tokio::test(start_paused = true)]
async fn one_part_of_a_plan_takes_the_old_one_along() {
    let mut harness = Harness::default();
    harness.apply(&pipeline()).await;
    let mut file = pipeline();
    file.streams["events"].name = Some("OrdersProd".into());
    harness.selection.targets = vec!["streams.events".into()];
    assert_eq!(harness.apply(&file).await.outcome, Outcome::Succeeded);
    harness.assert_is_as_if_new(&file).await;
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_the_file_calls_otherwise_keeps_its_resource_by_its_name() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let mut file = pipeline();
    let events = file.streams.shift_remove("events").expect("it is there");
    let orders = crate::spec::model::Stream { name: Some("p-events".into()), ..events };
    file.streams.insert("orders".into(), orders);
    file.deliveries["lake"].from = Some("orders".into());
    let plan = harness.plan(&file).await.expect("a plan");
    let counts = plan.counts();
    assert_eq!((counts.create, counts.replace, counts.delete), (0, 0, 0), "{plan:#?}");
    let changes = &step(&plan, Kind::Stream, "p-events").changes;
    assert!(changes.iter().all(|change| change.path == "tags.pipectl:resource"), "{changes:#?}");
    assert_eq!(harness.execute(&plan).await.expect("it runs").outcome, Outcome::Succeeded);
    harness.assert_is_as_if_new(&file).await;
}

#[tokio::test(start_paused = true)]
async fn a_delivery_whose_role_goes_with_its_entrys_old_name_is_replaced() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let mut file = pipeline();
    let lake = file.deliveries.shift_remove("lake").expect("it is there");
    let pond = crate::spec::model::Delivery { name: Some("p-lake".into()), ..lake };
    file.deliveries.insert("pond".into(), pond);
    let plan = harness.plan(&file).await.expect("a plan");
    let delivery = step(&plan, Kind::Delivery, "p-lake");
    assert_eq!(delivery.action, Action::Replace, "{delivery:#?}");
    assert!(delivery.reason.as_deref().is_some_and(|why| why.contains("p-lake-delivery")), "{delivery:#?}");
    let before = harness.mutations().len();
    assert_eq!(harness.execute(&plan).await.expect("it runs").outcome, Outcome::Succeeded);
    let calls = harness.mutations().split_off(before);
    let at = |part: &str| calls.iter().position(|call| call.contains(part)).expect(part);
    assert!(at("firehose:CreateDeliveryStream p-lake") < at("iam:DeleteRole p-lake-delivery"), "{calls:#?}");
    harness.assert_is_as_if_new(&file).await;
}

#[tokio::test(start_paused = true)]
async fn deliveries_that_swap_their_names_read_under_roles_of_their_own() {
    let harness = Harness::default();
    let mut file = pipeline();
    let raw = crate::spec::model::Delivery { transform: None, ..delivery("raw-lake") };
    file.deliveries.insert("raw".into(), raw);
    harness.apply(&file).await;
    let mut swapped = file.clone();
    swapped.deliveries["lake"].name = Some("p-raw".into());
    swapped.deliveries["raw"].name = Some("p-lake".into());
    let plan = harness.plan(&swapped).await.expect("a plan");
    for name in ["p-lake", "p-raw"] {
        let delivery = step(&plan, Kind::Delivery, name);
        assert_eq!(delivery.action, Action::Replace, "{delivery:#?}");
        assert!(delivery.reason.as_deref().is_some_and(|why| why.contains("another delivery's")));
    }
    assert_eq!(harness.execute(&plan).await.expect("it runs").outcome, Outcome::Succeeded);
    harness.assert_is_as_if_new(&swapped).await;
    // Each reads on when the other is gone, and its role with it.
    let mut one = swapped.clone();
    one.deliveries.shift_remove("raw");
    assert_eq!(harness.apply(&one).await.outcome, Outcome::Succeeded);
    harness.assert_is_as_if_new(&one).await;
}

#[tokio::test(start_paused = true)]
async fn two_entries_that_swap_their_names_swap_their_tags() {
    let harness = Harness::default();
    let mut file = pipeline();
    file.streams.insert("audit".into(), stream(2));
    harness.apply(&file).await;
    let (mut swapped, before) = (file.clone(), harness.mutations().len());
    swapped.streams["events"].name = Some("p-audit".into());
    swapped.streams["audit"].name = Some("p-events".into());
    swapped.deliveries["lake"].from = None;
    assert_eq!(harness.apply(&swapped).await.outcome, Outcome::Succeeded);
    let calls = harness.mutations().split_off(before);
    assert!(calls.iter().all(|call| !call.starts_with("kinesis:")), "{calls:#?}");
    harness.assert_is_as_if_new(&swapped).await;
}

#[tokio::test(start_paused = true)]
async fn names_that_change_again_after_a_kill_leave_nothing_behind() {
    let called = |name: &str, shards: u32| {
        let mut file = pipeline();
        file.streams["events"].capacity = stream(shards).capacity;
        file.deliveries["lake"].name = Some(name.to_owned());
        file
    };
    let first = || async {
        let harness = Harness::default();
        harness.apply(&pipeline()).await;
        harness
    };
    let whole = first().await;
    let before = whole.fake.with(|world| world.steps);
    whole.apply(&called("OTHER.name", 3)).await;
    let points = whole.fake.with(|world| world.steps) - before;
    assert!(points > 20, "{points} are too few to mean anything");
    for fuse in 0..points {
        let harness = first().await;
        assert!(!harness.until_death(fuse, harness.apply(&called("OTHER.name", 3))).await);
        assert_eq!(harness.apply(&called("Orders", 3)).await.outcome, Outcome::Succeeded, "{fuse}");
        harness.assert_is_as_if_new(&called("Orders", 3)).await;
    }
}
