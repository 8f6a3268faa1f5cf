//! The default set of alarms and the dashboard.

use pipectl_pipeline::plan::Action;
use pipectl_pipeline::resources::Kind;

use crate::bench::{Bench, changes};

const PIPELINE: &str = "streams:\n  events:\nfunctions:\n  enrich: { package: own.zip, from: events }\n\
                        deliveries:\n  lake: { from: events, to: { s3: { bucket: clicks-lake } } }\n";

#[tokio::test(flavor = "multi_thread")]
async fn alarms_and_a_dashboard_come_change_in_place_and_go() {
    let bench = Bench::start().await;
    bench.apply(PIPELINE).await;
    let watched = format!("{PIPELINE}alarms:\ndashboard: true\n");
    let plan = bench.plan(&watched).await;
    let of = |kind| changes(&plan).iter().filter(|step| step.kind == kind).count();
    // Three of a stream, three of a function that reads it, two of a delivery.
    assert_eq!((of(Kind::Alarm), of(Kind::Dashboard), changes(&plan).len()), (8, 1, 9));
    bench.apply(&watched).await;

    let told = format!(
        "{PIPELINE}alarms: {{ to: [\"arn:aws:sns:eu-west-1:000000000000:on-call\"] }}\ndashboard: true\n"
    );
    let plan = bench.plan(&told).await;
    assert!(changes(&plan).iter().all(|step| step.action == Action::Update && step.kind == Kind::Alarm));
    bench.apply(&told).await;
    assert_eq!(bench.apply(PIPELINE).await.done.delete, 9);
    bench.end().await;
}
