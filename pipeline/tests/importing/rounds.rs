//! Files that pipectl applied come back as files that say the same.

use pipectl_pipeline::import::Wanted;
use pipectl_pipeline::templates;

use crate::aws;
use crate::bench::{Bench, apply, changes, read};

/// Every kind of entry, with settings far from the defaults.
const EVERYTHING: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: clicks
tags: { team: growth }
streams:
  events: { shards: 3, retention: 48h, encryption: alias/aws/kinesis, fan-out: [dashboard], shard-metrics: all }
  orders: { shards: on-demand }
transforms:
  parse: { vrl: '.a = 1', memory: 512MiB, environment: { MODE: fast }, logs: { format: json, retention: 30d } }
functions:
  load:
    package: own.zip
    from: events
    start: oldest
    fan-out: true
    batch: { size: 500, window: 5s }
    failures: { retries: 3, age: 1h, to: \"arn:aws:sqs:eu-west-1:000000000000:failed\" }
    filters: [{ data: { kind: [order] } }]
    concurrency: 5
  told: { package: own.zip, architecture: arm64 }
  flag: { vrl: '.flag = true', from: orders, failures: { retries: 2 } }
deliveries:
  lake:
    from: events
    transform: parse
    to:
      s3:
        bucket: clicks-lake
        prefix: \"dt=!{timestamp:yyyy-MM-dd}/\"
        buffer: { size: 64MiB, interval: 300s }
        compression: snappy
        backup: { bucket: clicks-raw, prefix: raw/ }
  parts:
    encryption: aws-owned
    to:
      s3:
        bucket: clicks-lake
        prefix: \"c=!{partitionKeyFromQuery:customer}/d=!{partitionKeyFromQuery:day}/\"
        errors: \"failed/!{firehose:error-output-type}/\"
        partition: { retry: 60s, keys: { customer: .customer.id, day: '.at[0:10]' } }
        compression: none
        newline: true
  out:
    from: orders
    to:
      http:
        url: \"https://example.com/in\"
        name: collector
        secret: \"arn:aws:secretsmanager:eu-west-1:000000000000:secret:collector-AbCdEf\"
        encoding: gzip
        attributes: { stage: prod }
        buffer: { size: 1MiB }
        retry: 60s
        backup: { bucket: clicks-failed, records: all, prefix: failed/ }
buckets:
  clicks-lake:
    versioning: true
    lifecycle: [{ prefix: a/, expire: 90d, archive: { after: 30d, class: glacier } }]
    notify: [{ function: told, prefix: a/, suffix: .gz }]
alarms: { to: [\"arn:aws:sns:eu-west-1:000000000000:pager\"] }
dashboard: true
";

/// The names that the files of the templates make on AWS.
fn wanted(file: &str) -> Wanted {
    let file = read(file);
    Wanted {
        streams: file.streams.keys().map(|logical| file.stream_name(logical)).collect(),
        functions: file.functions.keys().map(|logical| file.function_name(logical)).collect(),
        deliveries: file.deliveries.keys().map(|logical| file.delivery_name(logical)).collect(),
        ..Wanted::default()
    }
}

async fn round(file: &str) {
    let bench = Bench::start().await;
    apply(&bench.engine("state", "").await, &read(file)).await;
    // Ours by its tags: nothing has to be adopted.
    let imported = bench.import(&wanted(file)).await;
    assert_eq!(imported.adopt, Vec::<String>::new(), "{}", imported.text);
    assert_eq!(imported.warnings, Vec::<String>::new(), "{}", imported.text);
    let plan = bench.plan_of(&imported).await;
    assert!(!plan.has_changes(), "{}\n{:#?}", imported.text, changes(&plan));
    // Nobody's once the tags are off: adopting changes nothing else.
    aws::disown(&bench, &read(file)).await;
    let imported = bench.import(&Wanted { name: Some(read(file).name), ..wanted(file) }).await;
    assert!(!imported.adopt.is_empty(), "{}", imported.text);
    let plan = bench.plan_of(&imported).await;
    assert!(changes(&plan).is_empty(), "{}\n{:#?}", imported.text, changes(&plan));
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_everything_comes_back_as_one_that_changes_nothing() {
    round(EVERYTHING).await;
}

/// Names of all sorts, none of which begins as the pipeline's does; and text that looks like a variable.
fn named() -> String {
    let names = [
        ("events: {", "Events"),
        ("orders: {", "orders."),
        ("parse: {", "PARSE"),
        ("load:", "Load"),
        ("flag: {", "flag"),
        ("lake:", "Lake"),
        ("parts:", "_parts"),
        ("out:", "OUT"),
    ];
    let mut text = EVERYTHING.to_owned();
    for (entry, name) in names {
        let (from, to) = match entry.strip_suffix(" {") {
            Some(_) => (format!("\n  {entry}"), format!("\n  {entry} name: {name},")),
            None => (format!("\n  {entry}\n"), format!("\n  {entry}\n    name: {name}\n")),
        };
        assert!(text.contains(&from), "{from}");
        text = text.replacen(&from, &to, 1);
    }
    text.replace("MODE: fast", "MODE: \"$${var.mode}/${HOME}\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_names_of_all_sorts_comes_back_as_one_that_changes_nothing() {
    round(&named()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_template_comes_back_as_a_file_that_changes_nothing() {
    for template in templates::ALL {
        let (_, text) = template.files.iter().find(|(name, _)| *name == "pipeline.yaml").expect("a file");
        round(text).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_imported_by_prefix_or_tag_is_what_is_imported_by_name() {
    let bench = Bench::start().await;
    apply(&bench.engine("state", "").await, &read(EVERYTHING)).await;
    let other = EVERYTHING.replace("clicks", "other").replace("growth", "platform");
    apply(&bench.engine("state", "").await, &read(&other)).await;
    let by_name = bench.import(&wanted(EVERYTHING)).await;
    let by_prefix = bench.import(&Wanted { prefix: Some("clicks-".into()), ..Wanted::default() }).await;
    assert_eq!(by_prefix.text, by_name.text);
    let by_tag = Wanted { tags: vec![("team".into(), "growth".into())], ..Wanted::default() };
    assert_eq!(bench.import(&by_tag).await.text, by_name.text);
    bench.endpoint.shutdown().await;
}
