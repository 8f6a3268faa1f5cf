//! How functions are run: every setting, in place and back again.

use pipectl_pipeline::plan::Action;

use crate::bench::{Bench, changes};

fn file(fields: &str) -> String {
    format!("functions:\n  load: {{ package: own.zip, {fields} }}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_of_a_function_is_set_kept_and_reset_in_place() {
    let bench = Bench::start().await;
    let all = file(
        "memory: 512MiB, timeout: 2m, architecture: arm64, concurrency: 5, environment: { MODE: fast }, \
         vpc: { subnets: [subnet-0b, subnet-0a], security-groups: [sg-01] }, \
         dead-letters: \"arn:aws:sqs:eu-west-1:000000000000:dead\", \
         logs: { format: json, level: warn, system: debug }",
    );
    bench.apply(&all).await;
    let plain = file("architecture: arm64");
    let plan = bench.plan(&plain).await;
    // The role loses what it needed for the network and the queue.
    let addresses: Vec<_> = changes(&plan).iter().map(|step| step.address.as_str()).collect();
    assert_eq!(addresses, ["functions.load.role", "functions.load"]);
    let step = changes(&plan)[1].clone();
    assert_eq!(step.action, Action::Update);
    let paths: Vec<_> = step.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "memory",
            "timeout",
            "vpc.subnets",
            "vpc.security-groups",
            "dead-letters",
            "logs",
            "environment.MODE",
            "concurrency",
        ]
    );
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_and_configuration_are_changed_one_after_the_other() {
    let bench = Bench::start().await;
    bench.apply(&file("architecture: x86_64")).await;
    bench.script.calls();
    // The other architecture is code; the memory is configuration. Lambda takes one change at a time.
    bench.apply(&file("architecture: arm64, memory: 512MiB")).await;
    let calls = bench.script.calls();
    let position = |call: &str| calls.iter().position(|made| made == call).expect(call);
    assert!(position("lambda:UpdateFunctionCode") < position("lambda:UpdateFunctionConfiguration"));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_that_lines_are_kept_is_the_log_groups() {
    let bench = Bench::start().await;
    bench.apply(&file("logs: { retention: 30d }")).await;
    let step = bench.change(&file("logs: { retention: 7d }")).await;
    assert_eq!((step.address.as_str(), step.action), ("functions.load.logs", Action::Update));
    bench.end().await;
}
