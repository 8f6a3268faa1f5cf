//! Deliveries and functions: what other tools got wrong.

use pipectl_pipeline::plan::Action;

use crate::bench::{Bench, apply, assert_no_changes, pipeline, plan, program, run};

/// What Firehose says while IAM still spreads the news of a role.
const NOT_YET: &str =
    "Firehose is unable to assume role arn:aws:iam::000000000000:role/r. Please check the role provided.";

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_firehose_does_not_know_yet_is_waited_for() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    bench.calls.refuse("CreateDeliveryStream", 3, "InvalidArgumentException", NOT_YET);
    apply(&engine, &pipeline()).await;
    let calls = bench.calls.take();
    assert_eq!(calls.iter().filter(|call| *call == "firehose:CreateDeliveryStream").count(), 4);
    assert_no_changes(&engine, &pipeline()).await;
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_depends_on_the_policy_and_not_on_the_role_alone() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    let calls = bench.calls.take();
    let last = |name: &str| calls.iter().rposition(|call| call == name).expect("the call");
    assert!(last("firehose:CreateDeliveryStream") > last("iam:PutRolePolicy"), "{calls:#?}");
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn defaulted_processor_parameters_are_not_a_difference() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    assert_no_changes(&engine, &pipeline()).await;
    assert!(!engine.drift(&pipeline()).await.expect("a look").is_some());
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_source_replaces_and_is_said_beforehand() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    let mut file = pipeline();
    file.deliveries["lake"].from = None;
    let change = plan(&engine, &file).await;
    let step = change.steps.iter().find(|step| step.action == Action::Replace).expect("one");
    assert!(step.reason.as_deref().is_some_and(|reason| reason.contains("source")));
    run(&engine, &change).await;
    assert_no_changes(&engine, &file).await;
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processing_is_sent_on_update_when_it_goes_and_when_it_comes() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    let mut without = pipeline();
    without.deliveries["lake"].transform = None;
    for file in [&without, &pipeline()] {
        apply(&engine, file).await;
        assert_no_changes(&engine, file).await;
    }
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_tags_alone_does_not_call_update_destination() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    bench.calls.take();
    let mut file = pipeline();
    file.tags.insert("team".into(), "platform".into());
    apply(&engine, &file).await;
    let calls = bench.calls.take();
    assert!(calls.iter().any(|call| call == "firehose:TagDeliveryStream"), "{calls:#?}");
    assert!(!calls.iter().any(|call| call == "firehose:UpdateDestination"), "{calls:#?}");
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_program_is_not_uploaded_again() {
    let bench = Bench::start().await;
    apply(&bench.engine().await, &pipeline()).await;
    bench.calls.take();
    apply(&bench.engine().await, &pipeline()).await;
    let calls = bench.calls.take();
    assert!(!calls.iter().any(|call| call == "lambda:UpdateFunctionCode"), "{calls:#?}");
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_waited_for_between_its_code_and_its_configuration() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    bench.calls.take();
    let mut file = pipeline();
    file.transforms["parse"] = program(".a = 2", 512);
    apply(&engine, &file).await;
    let calls: Vec<String> = bench.calls.take();
    let at = |name: &str| calls.iter().position(|call| call == name).expect("the call");
    let (code, configuration) = (at("lambda:UpdateFunctionCode"), at("lambda:UpdateFunctionConfiguration"));
    let between = &calls[code.min(configuration)..code.max(configuration)];
    assert!(between.iter().any(|call| call.starts_with("lambda:GetFunction")), "{calls:#?}");
    assert_no_changes(&engine, &file).await;
    bench.endpoint.shutdown().await;
}
