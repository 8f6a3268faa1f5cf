//! Functions that read streams: event source mappings and enhanced fan-out consumers.

use pipectl_pipeline::plan::Action;

use crate::bench::Bench;

/// Two streams, and a function that reads one of them with these fields.
fn file(fields: &str) -> String {
    format!("streams:\n  events:\n  orders:\nfunctions:\n  enrich: {{ package: own.zip, {fields} }}\n")
}

fn position(calls: &[String], call: &str) -> usize {
    calls.iter().position(|made| made == call).unwrap_or_else(|| panic!("no {call} in {calls:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_a_mapping_is_set_kept_and_reset_in_place() {
    let bench = Bench::start().await;
    let all = file(
        "from: events, batch: { size: 500, window: 5s, parallel: 3 }, enabled: false, \
         failures: { retries: 5, age: 1h, bisect: false, partial: true, \
           to: \"arn:aws:sqs:eu-west-1:000000000000:failed\" }, \
         filters: [{ data: { kind: [order] } }, { partitionKey: [a] }]",
    );
    // Two streams, and the function with its role, its logs and its mapping.
    assert_eq!(bench.apply(&all).await.done.create, 6);
    let tumbling = file("from: events, batch: { tumbling: 30s }, failures: { retries: 0 }");
    let plan = bench.plan(&tumbling).await;
    let step = plan.steps.iter().find(|step| step.address.as_str() == "functions.enrich.from").expect("it");
    assert_eq!(step.action, Action::Update, "{step:#?}");
    bench.apply(&tumbling).await;
    // Fields that are taken away go back to what Lambda has by itself, each in so many words.
    let step = bench.change(&file("from: events")).await;
    assert_eq!((step.address.as_str(), step.action), ("functions.enrich.from", Action::Update));
    assert_eq!(bench.destroy(&file("from: events")).await.done.delete, 6);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mapping_replacement_is_delete_then_create() {
    let bench = Bench::start().await;
    bench.apply(&file("from: events")).await;
    for (fields, property) in [("from: orders", "from"), ("from: orders, start: oldest", "start")] {
        let plan = bench.plan(&file(fields)).await;
        let step = plan.steps.iter().find(|step| step.address.as_str() == "functions.enrich.from");
        let step = step.expect("the mapping");
        assert_eq!(step.action, Action::Replace);
        assert!(step.reason.as_deref().is_some_and(|why| why.contains("Lambda cannot change")), "{step:?}");
        assert!(step.changes.iter().any(|change| change.path == property), "{step:?}");
        bench.script.calls();
        bench.apply(&file(fields)).await;
        let calls = bench.script.calls();
        let deleted = position(&calls, "lambda:DeleteEventSourceMapping");
        assert!(deleted < position(&calls, "lambda:CreateEventSourceMapping"), "{calls:?}");
    }
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cannot_access_stream_is_retried() {
    let bench = Bench::start().await;
    for _ in 0..2 {
        bench.script.refuse(
            "lambda:CreateEventSourceMapping",
            "InvalidParameterValueException",
            "Cannot access stream arn:aws:kinesis:eu-west-1:000000000000:stream/clicks-events. Please ensure the \
             role can perform the GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams Actions \
             on your stream in IAM.",
        );
    }
    bench.apply(&file("from: events")).await;
    let calls = bench.script.calls();
    let tries = calls.iter().filter(|call| *call == "lambda:CreateEventSourceMapping").count();
    assert_eq!(tries, 3, "{calls:?}");
    // The policy as well as the role was there before the first of them.
    assert!(position(&calls, "iam:PutRolePolicy") < position(&calls, "lambda:CreateEventSourceMapping"));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fan_out_consumer_is_there_before_what_reads_by_it_and_goes_after_it() {
    let bench = Bench::start().await;
    let by_fan_out = file("from: events, fan-out: true");
    bench.apply(&by_fan_out).await;
    let calls = bench.script.calls();
    let registered = position(&calls, "kinesis:RegisterStreamConsumer");
    assert!(registered < position(&calls, "lambda:CreateEventSourceMapping"), "{calls:?}");
    // Back to shared reading: the mapping lets go of the consumer before that is deregistered.
    bench.apply(&file("from: events")).await;
    let calls = bench.script.calls();
    let gone = position(&calls, "kinesis:DeregisterStreamConsumer");
    assert!(position(&calls, "lambda:DeleteEventSourceMapping") < gone, "{calls:?}");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_that_read_by_fan_out_come_and_go_with_the_file() {
    let bench = Bench::start().await;
    bench.apply("streams:\n  events: { fan-out: [dashboard, fraud] }\n").await;
    let step = bench.change("streams:\n  events: { fan-out: [fraud] }\n").await;
    assert_eq!((step.address.as_str(), step.action), ("streams.events.fan-out.dashboard", Action::Delete));
    assert_eq!(bench.destroy("streams:\n  events: { fan-out: [fraud] }\n").await.done.delete, 2);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_of_vrl_is_run_by_the_bootstrap_and_heard_when_a_record_fails() {
    let bench = Bench::start().await;
    let vrl = |program: &str| {
        format!("streams:\n  events:\nfunctions:\n  enrich: {{ vrl: '{program}', from: events }}\n")
    };
    bench.apply(&vrl(".a = 1")).await;
    let (environment, responses) = crate::aws::runs(bench.engine.sdk_config(), "clicks-enrich").await;
    assert_eq!(environment.get("PIPECTL_FUNCTION").map(String::as_str), Some("vrl-function"));
    assert_eq!(responses, ["ReportBatchItemFailures"]);
    let step = bench.change(&vrl(".a = 2")).await;
    assert_eq!((step.address.as_str(), step.action), ("functions.enrich", Action::Update));
    bench.end().await;
}
