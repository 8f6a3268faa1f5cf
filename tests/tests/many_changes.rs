//! A pipeline over its life, by the binary, on the embedded endpoint or on another: changed in many ways, moved from
//! outside, killed, imported, taken back. `PIPECTL_TEST_ENDPOINT` says on which.

use std::thread;
use std::time::Duration;

use pipectl_tests::aws::Clients;
use pipectl_tests::run::Finished;
use pipectl_tests::scenario::Scenario;
use pipectl_tests::target::{Lack, REGION, runtime};

/// The head of a file, and a stream that is delivered.
fn file(scenario: &Scenario, stream: &str, rest: &str) -> String {
    format!(
        "apiVersion: pipectl/v1\nkind: Pipeline\nname: {}\nregion: eu-west-1\n\nstreams:\n  events:{stream}\n\n\
         deliveries:\n  lake:\n    from: events\n    to:\n      s3: {{ bucket: {}, buffer: {{ size: 1MiB, interval: 1s }} }}\n\
         {rest}",
        scenario.name,
        scenario.bucket(),
    )
}

fn apply(scenario: &Scenario, file: &str) -> Finished {
    scenario.write("pipeline.yaml", file);
    scenario.pipectl(["apply", "--auto-approve", "--delete-data"]).run()
}

/// Nothing is left to do, by `plan` and by `drift`.
#[track_caller]
fn is_as_the_file_says(scenario: &Scenario, what: &str) {
    for command in ["plan", "drift"] {
        let told = scenario.pipectl([command, "--detailed-exitcode"]).run();
        assert_eq!(told.code, Some(0), "{what}: {command}\n{}{}", told.stdout, told.stderr);
    }
}

fn destroy(scenario: &Scenario) {
    scenario.pipectl(["destroy", "--auto-approve", "--delete-data"]).run().succeeds();
    assert_eq!(scenario.resources(), Vec::<String>::new());
}

#[test]
fn each_of_many_changes_is_applied_and_leaves_nothing_to_do() {
    let scenario = Scenario::new("many");
    let second = "  copy:\n    from: events\n    to:\n      s3: { bucket: BUCKET, prefix: copy/, buffer: { size: 2MiB, interval: 1s } }\n";
    let second = second.replace("BUCKET", &scenario.bucket());
    let function = "functions:\n  watch: { from: events, vrl: '.seen = true' }\n";
    let versioned = format!("buckets:\n  {}: {{ versioning: true }}\n", scenario.bucket());
    let alarms = if scenario.target.lacks(Lack::CannotTellAlarms) { "" } else { "alarms: {}\n" };
    let dashboard = if scenario.target.lacks(Lack::NeverTagsDashboards) { "" } else { "dashboard: true\n" };
    let changes = [
        ("as it begins", "", String::new()),
        ("a shard more", " { shards: 2 }", String::new()),
        ("a longer retention", " { shards: 2, retention: 48h }", String::new()),
        ("a shorter one, and encryption", " { shards: 2, encryption: alias/aws/kinesis }", String::new()),
        ("a second delivery", " { shards: 2 }", second.clone()),
        ("a function", " { shards: 2 }", format!("{second}{function}")),
        (
            "a setting of the bucket, and one delivery less",
            " { shards: 2 }",
            format!("{function}{versioned}"),
        ),
        (
            "tags, the default alarms and the dashboard",
            " { shards: 1 }",
            format!("{versioned}tags: {{ team: growth }}\n{alarms}{dashboard}"),
        ),
        ("on demand", " { shards: on-demand }", versioned.clone()),
        ("back", "", versioned),
    ];
    for (what, stream, rest) in &changes {
        let applied = apply(&scenario, &file(&scenario, stream, rest));
        assert_eq!(applied.code, Some(0), "{what}\n{}{}", applied.stdout, applied.stderr);
        is_as_the_file_says(&scenario, what);
    }
    let history = scenario.pipectl(["history", "--json"]).run().succeeds();
    let revisions = history.json_lines().iter().filter(|line| line["type"] == "revision").count();
    assert!(revisions >= changes.len() - 1, "{}", history.stdout);
    scenario.pipectl(["rollback", "2", "--auto-approve", "--delete-data"]).run().succeeds();
    scenario.write("pipeline.yaml", file(&scenario, " { shards: 2 }", ""));
    is_as_the_file_says(&scenario, "back at revision 2");
    destroy(&scenario);
}

#[test]
fn what_moved_outside_is_told_and_put_back() {
    let scenario = Scenario::new("moved");
    apply(&scenario, &file(&scenario, "", "")).succeeds();
    let (stream, delivery) = (format!("{}-events", scenario.name), format!("{}-lake", scenario.name));
    runtime().block_on(async {
        let retention = scenario.clients.kinesis.increase_stream_retention_period();
        retention.stream_name(&stream).retention_period_hours(72).send().await.expect("the retention grows");
        let gone = scenario.clients.firehose.delete_delivery_stream().delivery_stream_name(&delivery);
        gone.send().await.expect("the delivery goes");
    });
    let drift = scenario.pipectl(["drift", "--detailed-exitcode"]).run().exits(2);
    assert!(drift.stdout.contains("retention") && drift.stdout.contains(&delivery), "{}", drift.stdout);
    scenario.pipectl(["apply", "--auto-approve"]).run().succeeds();
    is_as_the_file_says(&scenario, "put back");
    destroy(&scenario);
}

#[test]
fn a_saved_plan_is_carried_out_once_and_not_after_something_moved() {
    let scenario = Scenario::new("saved");
    apply(&scenario, &file(&scenario, "", "")).succeeds();
    scenario.write("pipeline.yaml", file(&scenario, " { retention: 48h }", ""));
    scenario.pipectl(["plan", "-o", "change.plan"]).run().succeeds();
    runtime().block_on(async {
        let retention = scenario.clients.kinesis.increase_stream_retention_period();
        let stream = format!("{}-events", scenario.name);
        retention.stream_name(stream).retention_period_hours(36).send().await.expect("the retention grows");
    });
    let refused = scenario.pipectl(["apply", "change.plan"]).run().exits(1);
    assert!(refused.stderr.contains("streams.events"), "{}", refused.stderr);
    scenario.pipectl(["plan", "-o", "again.plan"]).run().succeeds();
    scenario.pipectl(["apply", "again.plan"]).run().succeeds();
    is_as_the_file_says(&scenario, "as planned");
    scenario.pipectl(["apply", "again.plan"]).run().exits(1);
    destroy(&scenario);
}

#[test]
fn what_runs_becomes_a_file_that_changes_nothing() {
    let scenario = Scenario::new("found");
    apply(&scenario, &file(&scenario, " { shards: 2, retention: 36h }", "")).succeeds();
    let delivery = format!("{}-lake", scenario.name);
    scenario.pipectl(["import", "--delivery", &delivery, "--out", "found.yaml"]).run().succeeds();
    let plan = scenario.pipectl(["plan", "-f", "found.yaml", "--detailed-exitcode"]).run();
    assert_eq!(plan.code, Some(0), "{}{}", plan.stdout, plan.stderr);
    destroy(&scenario);
}

#[test]
fn a_pipeline_that_reads_anothers_stream_comes_after_it_and_goes_before_it() {
    let scenario = Scenario::new("pair");
    let name = &scenario.name;
    let reader = format!(
        "---\napiVersion: pipectl/v1\nkind: Pipeline\nname: {name}-r\nregion: eu-west-1\ndeliveries:\n  copy:\n    from: {name}/events\n    \
         to:\n      s3: {{ bucket: {}-r, buffer: {{ size: 1MiB, interval: 1s }} }}\n",
        scenario.bucket()
    );
    scenario.write("pipeline.yaml", file(&scenario, "", "") + &reader);
    scenario.pipectl(["apply", "--auto-approve"]).run().succeeds();
    scenario.pipectl(["plan", "--detailed-exitcode"]).run().exits(0);
    scenario.pipectl(["destroy", "--auto-approve", "--delete-data"]).run().succeeds();
    assert_eq!(scenario.resources(), Vec::<String>::new());
}

/// The pipeline in a region. Roles and buckets have one name in all of them, so it has a name for each; streams, functions
/// and deliveries are called the same on AWS.
fn in_region(scenario: &Scenario, region: &str) -> String {
    let name = &scenario.name;
    format!(
        "apiVersion: pipectl/v1\nkind: Pipeline\nname: {name}-{region}\nregion: {region}\n\n\
         streams:\n  events: {{ name: {name}-events }}\n\n\
         transforms:\n  parse: {{ name: {name}-parse, vrl: '.seen = true' }}\n\n\
         functions:\n  watch: {{ name: {name}-watch, from: events, vrl: '.watched = true' }}\n\n\
         deliveries:\n  lake:\n    name: {name}-lake\n    from: events\n    transform: parse\n    to:\n      \
         s3: {{ bucket: {name}-{region}, buffer: {{ size: 1MiB, interval: 1s }} }}\n"
    )
}

#[test]
fn a_pipeline_in_two_regions_is_destroyed_in_one_and_has_nothing_to_do_in_the_other() {
    const OTHER: &str = "us-east-1";
    let scenario = Scenario::new("regions");
    let regions = [(REGION, "west.yaml"), (OTHER, "east.yaml")];
    for (region, file) in regions {
        scenario.write(file, in_region(&scenario, region));
        scenario.pipectl(["apply", "-f", file, "--auto-approve"]).run().succeeds();
    }
    let other = runtime().block_on(Clients::connect(scenario.target.url(), OTHER));
    let resources = |clients: &Clients| runtime().block_on(clients.resources(&scenario.name));
    let regional = |clients: &Clients| {
        let global = |resource: &String| resource.starts_with("bucket ") || resource.starts_with("role ");
        resources(clients).into_iter().filter(|resource| !global(resource)).collect::<Vec<_>>()
    };
    let before = regional(&other);
    assert_eq!(before, regional(&scenario.clients), "the same names in both");
    for kind in ["stream", "function", "log group", "delivery"] {
        assert!(before.iter().any(|resource| resource.starts_with(kind)), "{kind}: {before:?}");
    }
    scenario.pipectl(["destroy", "-f", "west.yaml", "--auto-approve", "--delete-data"]).run().succeeds();
    assert_eq!(regional(&scenario.clients), Vec::<String>::new());
    assert_eq!(regional(&other), before);
    for command in ["plan", "drift"] {
        let told = scenario.pipectl([command, "-f", "east.yaml", "--detailed-exitcode"]).run();
        assert_eq!(told.code, Some(0), "{command}\n{}{}", told.stdout, told.stderr);
    }
    scenario.pipectl(["destroy", "-f", "east.yaml", "--auto-approve", "--delete-data"]).run().succeeds();
    assert_eq!(resources(&other), Vec::<String>::new());
}

#[test]
fn an_apply_that_is_killed_is_gone_on_with_and_nothing_is_there_twice() {
    let scenario = Scenario::new("killed");
    scenario.write(
        "pipeline.yaml",
        file(&scenario, " { shards: 2 }", "functions:\n  watch: { from: events, vrl: '.seen = true' }\n"),
    );
    for wait in [150, 400, 900, 1_800] {
        let mut child = scenario.pipectl(["apply", "--auto-approve"]).spawn();
        thread::sleep(Duration::from_millis(wait));
        // It may have ended by itself.
        let _ = child.kill();
        child.wait().expect("it has ended");
    }
    scenario.pipectl(["apply", "--auto-approve", "--lock-timeout", "90s"]).run().succeeds();
    is_as_the_file_says(&scenario, "after four kills");
    let mut resources = scenario.resources();
    let count = resources.len();
    resources.dedup();
    assert_eq!(resources.len(), count, "{resources:?}");
    assert_eq!(resources.iter().filter(|name| name.starts_with("stream ")).count(), 1, "{resources:?}");
    destroy(&scenario);
}
