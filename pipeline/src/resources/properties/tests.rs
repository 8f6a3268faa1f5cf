//! What is told of a resource that is made.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::function::{PackageContent, PackageSource};
use super::super::names::Place;
use super::super::{CodeSource, Context, Graph, desired};
use super::*;
use crate::spec::model::Code;
use crate::spec::{TakeEveryTransform, parse};

const FILE: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: clicks
tags: { team: growth }
vars: { token: { sensitive: true, default: hunter2-hunter2 } }
streams:
  events: { shards: 3, retention: 48h, shard-metrics: all }
  moved: { autoscale: { min: 2, max: 8 } }
  orders: { shards: on-demand }
transforms:
  parse: { vrl: '.a = 1', environment: { TOKEN: '${var.token}' }, memory: 512MiB }
  secret: { vrl: '.a = \"${var.token}\"' }
functions:
  load: { package: own.zip, from: events, start: oldest, fan-out: true, failures: { retries: 3 } }
deliveries:
  lake: { from: events, transform: parse, to: { s3: { bucket: clicks-lake, prefix: a/, newline: true } } }
  direct: { transform: secret, to: { s3: { bucket: clicks-lake } } }
  out: { from: orders, to: { http: { url: 'https://example.com/in', access-key: '${var.token}', backup: { bucket: b-b-b } } } }
buckets:
  clicks-lake: { versioning: true }
alarms: { to: ['arn:aws:sns:eu-west-1:000000000000:pager'] }
dashboard: true
";

fn graph() -> Graph {
    let file = parse(Path::new("pipeline.yaml"), FILE.as_bytes(), &TakeEveryTransform);
    let file = file.unwrap_or_else(|found| panic!("{found}")).pipeline;
    let code = file.code().map(|(logical, code, ..)| {
        let content = match code {
            Code::Vrl(program) => PackageContent::Vrl { program: program.clone() },
            Code::Package(path) => PackageContent::Zip { path: path.clone() },
        };
        let package = PackageSource { fingerprint: "0123456789abcdef".into(), content };
        (logical.clone(), CodeSource { package, architecture: "arm64".into() })
    });
    let context = Context { place: Place::new("eu-west-1", "000000000000"), code: code.collect() };
    desired(&file, &context)
}

fn told(graph: &Graph, address: &str) -> BTreeMap<String, String> {
    let desired = graph.resources.values().find(|it| it.address.as_str() == address);
    let properties = desired.unwrap_or_else(|| panic!("no {address}")).properties();
    assert!(properties.iter().all(|it| it.before.is_none()), "{properties:?}");
    properties.into_iter().filter_map(|it| Some((it.path, it.after?))).collect()
}

fn has(told: &BTreeMap<String, String>, wanted: &[(&str, &str)]) {
    for (path, value) in wanted {
        assert_eq!(told.get(*path).map(String::as_str), Some(*value), "{path} of {told:#?}");
    }
}

#[test]
fn everything_that_is_made_but_a_consumer_says_something_of_itself() {
    for desired in graph().resources.values() {
        let silent = matches!(desired.spec, Spec::StreamConsumer(_));
        let properties = desired.spec.properties();
        assert_eq!(properties.is_empty(), silent, "{}: {properties:?}", desired.address);
    }
}

#[test]
fn a_stream_says_its_size_whoever_moves_it_later() {
    let graph = graph();
    let events = told(&graph, "streams.events");
    has(&events, &[("mode", "provisioned"), ("shards", "3"), ("retention", "48h"), ("tags.team", "growth")]);
    assert!(events["shard-metrics"].contains("IncomingBytes"));
    assert!(!events.keys().any(|path| path.starts_with("tags.pipectl:")), "{events:#?}");
    has(&told(&graph, "streams.moved"), &[("shards", "2"), ("retention", "24h")]);
    let orders = told(&graph, "streams.orders");
    has(&orders, &[("mode", "on-demand")]);
    assert!(!orders.contains_key("shards"));
}

#[test]
fn a_function_says_its_code_and_no_value_of_its_environment() {
    let graph = graph();
    let parse = told(&graph, "transforms.parse");
    has(
        &parse,
        &[("memory", "512MiB"), ("architecture", "arm64"), ("code", "0123456789ab"), ("vrl", ".a = 1")],
    );
    has(&parse, &[("environment.TOKEN", "(a value)"), ("logs", "text")]);
    assert!(parse["role"].contains("parse"), "{parse:#?}");
    has(&told(&graph, "transforms.secret"), &[("vrl", "(sensitive)")]);
    has(&told(&graph, "functions.load"), &[("package", "own.zip")]);
    let mapping = told(&graph, "functions.load.from");
    has(
        &mapping,
        &[("start", "oldest"), ("failures.retries", "3"), ("batch.size", "100"), ("enabled", "true")],
    );
    assert!(mapping["from"].contains("clicks-events"), "{mapping:#?}");
}

#[test]
fn a_delivery_says_where_from_where_to_and_how() {
    let graph = graph();
    let lake = told(&graph, "deliveries.lake");
    has(&lake, &[("from", "clicks-events"), ("to.s3.bucket", "clicks-lake"), ("to.s3.prefix", "a/")]);
    has(&lake, &[("to.s3.newline", "true"), ("to.s3.buffer.size", "5MiB"), ("transform", "clicks-parse")]);
    has(&told(&graph, "deliveries.direct"), &[("from", "direct put"), ("to.s3.compression", "GZIP")]);
    has(
        &told(&graph, "deliveries.out"),
        &[("to.http.url", "https://example.com/in"), ("to.http.access-key", "(a key)")],
    );
}

#[test]
fn what_is_beside_them_is_told_too() {
    let graph = graph();
    has(&told(&graph, "buckets.clicks-lake"), &[("versioning", "true")]);
    has(&told(&graph, "deliveries.lake.logs"), &[("retention", "14d")]);
    assert!(told(&graph, "deliveries.lake.role")["policy"].contains("s3:PutObject"));
    assert!(told(&graph, "streams.events.alarms.iterator-age")["metric"].contains("maximum"));
}

#[test]
fn nothing_that_is_told_holds_a_secret() {
    for desired in graph().resources.values() {
        let text = format!("{:?}", desired.properties());
        assert!(!text.contains("hunter2"), "{}: {text}", desired.address);
    }
}
