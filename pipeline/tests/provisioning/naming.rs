//! Entries with a name of their own on AWS: made, left alone, called otherwise, destroyed.

use std::collections::BTreeSet;

use pipectl_pipeline::plan::{Action, BucketData};
use pipectl_pipeline::spec::Pipeline;

use crate::aws;
use crate::bench::{Bench, apply, assert_no_changes, options, plan, read, run};

/// Every kind of entry that can have a name, and everything that is derived from it.
const NAMED: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: shop
streams:
  orders: { name: OrdersProd, fan-out: [dashboard] }
transforms:
  parse: { name: ParseOrders, vrl: '.a = 1' }
functions:
  load: { name: LOAD, vrl: '.b = 1', from: orders, fan-out: true, start: oldest }
deliveries:
  lake: { name: lake2, from: orders, transform: parse, to: { s3: { bucket: shop-lake } } }
buckets:
  shop-lake: { notify: [{ function: load }] }
alarms:
dashboard: true
";

/// The same, called as pipectl would call it.
fn unnamed() -> Pipeline {
    let mut file = named();
    file.streams["orders"].name = None;
    file.transforms["parse"].name = None;
    file.functions["load"].name = None;
    file.deliveries["lake"].name = None;
    file
}

fn named() -> Pipeline {
    read(NAMED)
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

const BY_NAME: [&str; 7] = [
    "/aws/kinesisfirehose/lake2",
    "/aws/lambda/LOAD",
    "/aws/lambda/ParseOrders",
    "LOAD",
    "OrdersProd",
    "ParseOrders",
    "lake2",
];
const WITHOUT: [&str; 7] = [
    "/aws/kinesisfirehose/shop-lake",
    "/aws/lambda/shop-load",
    "/aws/lambda/shop-parse",
    "shop-lake",
    "shop-load",
    "shop-orders",
    "shop-parse",
];

#[tokio::test(flavor = "multi_thread")]
async fn names_are_what_the_file_says_and_another_name_leaves_nothing_behind() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &named()).await;
    assert_eq!(aws::names(&engine).await, set(&BY_NAME));
    assert_no_changes(&engine, &named()).await;
    assert!(!engine.drift(&named()).await.expect("seen").is_some());

    let other = plan(&engine, &unnamed()).await;
    let made = other.steps.iter().find(|step| step.name == "shop-orders").expect("the stream");
    assert_eq!((made.action, made.changes[0].path.as_str()), (Action::Create, "name"));
    let lost = "OrdersProd is replaced, not renamed; shop-orders takes its place: every record that is in it is lost";
    assert!(other.notes.iter().any(|note| note.contains(lost)), "{:#?}", other.notes);
    run(&engine, &other).await;
    assert_eq!(aws::names(&engine).await, set(&WITHOUT));
    assert_no_changes(&engine, &unnamed()).await;

    // What the ledger recalls has the names of then.
    let back = engine.rollback_plan("shop", Some(1), &options("the file")).await.expect("a plan");
    run(&engine, &back).await;
    assert_eq!(aws::names(&engine).await, set(&BY_NAME));
    assert_no_changes(&engine, &named()).await;

    let options = pipectl_pipeline::PlanOptions { bucket_data: BucketData::Delete, ..options("the file") };
    let gone = engine.destroy_plan(&unnamed(), &options).await.expect("a plan");
    run(&engine, &gone).await;
    assert_eq!(aws::names(&engine).await, BTreeSet::new());
    bench.endpoint.shutdown().await;
}
