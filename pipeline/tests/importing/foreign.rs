//! What others made: the file says what it can, and names what it cannot.

use pipectl_pipeline::apply::Outcome;
use pipectl_pipeline::import::{ImportError, Wanted};
use pipectl_pipeline::plan::Action;
use pipectl_pipeline::{ApplyOptions, Error};

use crate::aws;
use crate::bench::{Bench, changes};

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_somebody_made_by_hand_is_imported_with_all_that_it_uses() {
    let bench = Bench::start().await;
    let engine = bench.engine("none", "").await;
    aws::stream_by_hand(&engine, "acme-clicks", 2).await;
    aws::bucket_by_hand(&engine, &bench.endpoint.url(), "acme-lake-bucket").await;
    aws::delivery_by_hand(&engine, "acme-lake", "acme-lake-bucket", "acme-clicks").await;

    let imported = bench.import(&Wanted { deliveries: vec!["acme-lake".into()], ..Wanted::default() }).await;
    assert_eq!((imported.name.as_str(), imported.adopt.len()), ("acme", 3), "{}", imported.text);
    for said in [
        "name: acme\n",
        "  clicks:\n    shards: 2\n",
        "    from: clicks\n",
        "        bucket: acme-lake-bucket\n",
        "        buffer: { size: 16MiB, interval: 120s }\n",
        "        compression: none\n",
        "        errors: \"\"\n",
        "  acme-lake-bucket:\n    versioning: true\n",
        "env=prod",
    ] {
        assert!(imported.text.contains(said), "{said} in\n{}", imported.text);
    }
    assert!(imported.text.contains("reading its stream under arn:aws:iam::000000000000:role/by-hand"));
    // The role is one that the file makes; the comment beside the delivery says so.
    let told = "role";
    assert!(imported.warnings.iter().any(|it| it.starts_with("deliveries.lake") && it.contains(told)));
    assert!(
        imported.text.contains("  # Apply makes the IAM role acme-lake-delivery.\n"),
        "{}",
        imported.text
    );
    let plan = bench.plan_of(&imported).await;
    let replaced: Vec<_> = changes(&plan).into_iter().filter(|step| step.action == Action::Replace).collect();
    assert!(replaced.is_empty(), "{replaced:#?}");
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_have_nothing_in_common_are_taken_over_as_they_are() {
    let bench = Bench::start().await;
    let engine = bench.engine("none", "").await;
    aws::stream_by_hand(&engine, "OrdersProd", 2).await;
    aws::bucket_by_hand(&engine, &bench.endpoint.url(), "a-lake").await;
    aws::delivery_by_hand(&engine, "lake2", "a-lake", "OrdersProd").await;

    let imported = bench.import(&Wanted { deliveries: vec!["lake2".into()], ..Wanted::default() }).await;
    assert_eq!(imported.name, "orders-prod");
    for said in
        ["  orders-prod:\n    name: OrdersProd\n    shards: 2\n", "    name: lake2\n    from: orders-prod\n"]
    {
        assert!(imported.text.contains(said), "{said} in\n{}", imported.text);
    }
    let plan = bench.plan_of(&imported).await;
    let made_anew = plan.steps.iter().filter(|step| matches!(step.action, Action::Replace | Action::Delete));
    assert_eq!(made_anew.count(), 0, "{plan:#?}");
    let another = bench.engine("another", "back").await;
    let report = another.apply(&plan, &ApplyOptions::default(), &|_| {}).await.expect("it runs");
    assert_eq!(report.outcome, Outcome::Succeeded, "{report:#?}");
    assert!(!bench.plan_of(&imported).await.has_changes());
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_or_cannot_be_named_is_said_before_anything_is_written() {
    let bench = Bench::start().await;
    let engine = bench.engine("none", "").await;
    let refused = async |wanted: Wanted| match engine.import(&wanted).await {
        Err(Error::Import(refused)) => refused,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(Wanted::default()).await, ImportError::NothingWanted);
    let missing = Wanted { streams: vec!["acme-clicks".into()], ..Wanted::default() };
    assert!(matches!(refused(missing).await, ImportError::Missing { .. }));
    let prefix = Wanted { prefix: Some("acme-".into()), ..Wanted::default() };
    assert_eq!(refused(prefix).await, ImportError::NothingFound);
    let named = Wanted { streams: vec!["Clicks".into()], name: Some("Acme".into()), ..Wanted::default() };
    aws::stream_by_hand(&engine, "Clicks", 1).await;
    assert_eq!(refused(named).await, ImportError::BadName("Acme".into()));
    bench.endpoint.shutdown().await;
}
