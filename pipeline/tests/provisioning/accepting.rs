//! Drift that is taken into the file: the file then says what is there, and the ledger learns of it.

use pipectl_pipeline::spec::edit::edit;

use crate::aws;
use crate::bench::{Bench, apply, plan, read, run};

const FILE: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: clicks
streams:
  events:
    shards: 2        # a first guess
    # as long as the law asks for
    retention: 24h
  orders: { shards: 1 }
";

#[tokio::test(flavor = "multi_thread")]
async fn drift_that_is_accepted_is_in_the_file_with_its_comments_and_is_drift_no_more() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &read(FILE)).await;
    aws::keep_longer(&engine, "clicks-events", 48).await;
    aws::reshard(&engine, "clicks-orders", 2).await;
    let drift = engine.drift(&read(FILE)).await.expect("a look");
    let acceptance = drift.acceptance(&[]);
    assert_eq!(acceptance.refused, []);
    let text = edit(FILE, &acceptance.edits).expect("it can be edited");
    assert_eq!(text, FILE.replace("24h", "48h").replace("shards: 1", "shards: 2"));
    let settled = plan(&engine, &read(&text)).await;
    assert!(!settled.has_changes());
    assert_eq!(run(&engine, &settled).await.revision, 2);
    assert!(!engine.drift(&read(&text)).await.expect("a look").is_some());
    assert_eq!(run(&engine, &plan(&engine, &read(&text)).await).await.revision, 0);
    bench.endpoint.shutdown().await;
}
