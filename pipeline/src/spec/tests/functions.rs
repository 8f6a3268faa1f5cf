//! Functions and how they read streams.

use std::path::Path;

use super::super::model::{Architecture, Code, FunctionLogs, LogFormat, Reading, Retries, Start};
use super::super::{TakeEveryTransform, parse};
use super::{accepted, codes, refused, with};

/// A file with one stream and one function that has these fields.
fn function(fields: &str) -> String {
    with(&format!("streams:\n  events:\nfunctions:\n  enrich: {{ package: a.zip, {fields} }}\n"))
}

#[test]
fn every_field_of_a_function_is_read() {
    let text = function(
        "from: events, start: 2026-11-21T08:00:00Z, fan-out: true, enabled: false, \
         batch: { size: 500, window: 5s, parallel: 2 }, \
         failures: { retries: 5, age: 1h, bisect: false, partial: true, \
           to: \"arn:aws:sqs:eu-west-1:123456789012:failed\" }, \
         filters: [{ data: { kind: [order], total: [{ numeric: [\">\", 10] }] } }, '{\"partitionKey\": [\"a\"]}']",
    );
    let pipeline = accepted(&text).pipeline;
    let expected = Reading {
        start: Start::At("2026-11-21T08:00:00Z".parse().unwrap()),
        batch_size: 500,
        window_seconds: 5,
        parallel: 2,
        retries: Retries::Times(5),
        max_age_seconds: Some(3600),
        bisect: false,
        partial: true,
        failures_to: Some("arn:aws:sqs:eu-west-1:123456789012:failed".to_owned()),
        filters: vec![
            serde_json::json!({ "data": { "kind": ["order"], "total": [{ "numeric": [">", 10] }] } }),
            serde_json::json!({ "partitionKey": ["a"] }),
        ],
        fan_out: true,
        enabled: false,
        ..Reading::of("events")
    };
    assert_eq!(pipeline.functions["enrich"].reads, Some(expected));
}

#[test]
fn a_function_without_a_stream_is_one_that_something_else_calls() {
    let pipeline = accepted(&with("functions:\n  load: { package: a.zip }\n")).pipeline;
    assert_eq!(pipeline.functions["load"].reads, None);
}

#[test]
fn how_a_stream_is_read_means_nothing_without_one() {
    let found = refused(&function("start: oldest, batch: { size: 5 }"));
    assert_eq!(codes(&found), ["conflicting-fields", "conflicting-fields"]);
    assert!(found.to_string().contains("from: events"), "{found}");
}

#[test]
fn what_lambda_refuses_is_refused_with_the_fix() {
    for (fields, code, help) in [
        ("from: event", "unknown-reference", "did you mean `events`?"),
        ("from: events, start: trim-horizon", "unknown-choice", "write `start: oldest`"),
        ("from: events, batch: { size: 0 }", "out-of-range", "must be 1 to 10000"),
        ("from: events, batch: { window: 301s }", "out-of-range", "300s"),
        ("from: events, batch: { parallel: 2, tumbling: 30s }", "conflicting-fields", "parallel"),
        ("from: events, failures: { age: 30s }", "out-of-range", "60s"),
        ("from: events, failures: { retries: forever }", "unknown-choice", "until-expired"),
        ("from: events, failures: { to: failed }", "invalid-arn", "arn:aws:sqs"),
        ("from: events, failures: { bisect: yes }", "wrong-type", "write `true`"),
        ("from: events, filters: [{ kind: [order] }]", "invalid-filter", "below `data`"),
        ("from: events, filters: [{ data: { kind: order } }]", "invalid-filter", "write `kind: [value]`"),
        ("from: events, filters: { data: {} }", "wrong-type", "for example"),
        ("from: events, fan-out: maybe", "wrong-type", "`true` or `false`"),
    ] {
        let found = refused(&function(fields));
        assert_eq!(codes(&found), [code], "{fields}: {found}");
        assert!(found.to_string().contains(help), "{fields}: {found}");
    }
}

#[test]
fn a_place_for_failures_that_nothing_reaches_is_a_warning() {
    let text = function("from: events, failures: { to: \"arn:aws:s3:::failed-records\" }");
    assert_eq!(codes(&accepted(&text).warnings), ["unsuitable-value"]);
}

#[test]
fn a_function_and_a_transform_of_one_name_would_be_one_function() {
    let text = with(
        "streams:\n  events:\ntransforms:\n  parse: { vrl: . }\nfunctions:\n  parse: { package: a.zip }\n\
         deliveries:\n  lake: { from: events, transform: parse, to: { s3: { bucket: abc } } }\n",
    );
    assert_eq!(codes(&refused(&text)), ["name-taken"]);
}

#[test]
fn a_reader_by_fan_out_has_a_name_and_only_once() {
    let text = with("streams:\n  events: { fan-out: [dashboard, fraud] }\n");
    assert_eq!(accepted(&text).pipeline.streams["events"].fan_out, ["dashboard", "fraud"]);
    let text = with("streams:\n  events: { fan-out: [dashboard, Fraud, dashboard] }\n");
    assert_eq!(codes(&refused(&text)), ["invalid-name", "name-taken"]);
}

/// A file with one function that has these fields.
fn settings(fields: &str) -> String {
    with(&format!("functions:\n  load: {{ package: a.zip, {fields} }}\n"))
}

#[test]
fn every_setting_of_a_function_is_read() {
    let text = settings(
        "memory: 1GiB, timeout: 5m, architecture: arm64, concurrency: 5, \
         layers: [\"arn:aws:lambda:eu-west-1:123456789012:layer:shared:3\"], \
         vpc: { subnets: [subnet-0a, subnet-0b], security-groups: [sg-01] }, \
         dead-letters: \"arn:aws:sqs:eu-west-1:123456789012:dead\", \
         logs: { format: json, level: warn, retention: 30d }",
    );
    let settings = accepted(&text).pipeline.functions["load"].settings.clone();
    assert_eq!(settings.architecture, Some(Architecture::Arm));
    assert_eq!((settings.concurrency, settings.layers.len()), (Some(5), 1));
    let vpc = settings.vpc.unwrap();
    assert_eq!((vpc.subnets.len(), vpc.security_groups.len()), (2, 1));
    assert!(settings.dead_letters.is_some());
    assert_eq!(
        settings.logs,
        FunctionLogs { format: LogFormat::Json { level: "WARN", system: "INFO" }, retention_days: 30 }
    );
}

#[test]
fn settings_that_aws_refuses_are_refused_with_the_fix() {
    for (fields, code, help) in [
        ("architecture: arm", "unknown-choice", "arm64"),
        ("layers: [shared]", "invalid-arn", "arn:aws:lambda"),
        (
            "layers: [\"arn:aws:lambda:eu-west-1:123456789012:layer:shared\"]",
            "invalid-arn",
            "with its version",
        ),
        ("vpc: { subnets: [subnet-0a] }", "missing-field", "security-groups"),
        ("vpc: { subnets: [a], security-groups: [sg-01] }", "invalid-name", "subnet-0123456789abcdef0"),
        ("vpc: { subnets: [], security-groups: [sg-01] }", "missing-field", "for example"),
        ("dead-letters: \"arn:aws:s3:::b\"", "invalid-arn", "`sqs` or `sns`"),
        ("logs: { level: warn }", "conflicting-fields", "format: json"),
        ("logs: { retention: 10d }", "out-of-range", "retention: 14d"),
        ("concurrency: -1", "out-of-range", "must be 0"),
    ] {
        let found = refused(&settings(fields));
        assert_eq!(codes(&found), [code], "{fields}: {found}");
        assert!(found.to_string().contains(help), "{fields}: {found}");
    }
}

#[test]
fn a_program_in_place_of_a_package_is_heard_when_a_record_fails() {
    let read = |fields: &str| {
        let text = format!(
            "apiVersion: pipectl/v1\nkind: Pipeline\nname: p\nstreams:\n  s:\nfunctions:\n  f: {{ {fields} }}\n"
        );
        parse(Path::new("file"), text.as_bytes(), &TakeEveryTransform)
            .map(|document| document.pipeline.functions["f"].clone())
            .map_err(|found| found.to_string())
    };
    let function = read("vrl: .a = 1, from: s").expect("it holds");
    assert_eq!(function.code, Code::Vrl(".a = 1".into()));
    assert!(function.reads.expect("it reads").partial);
    assert!(!read("package: a.zip, from: s").expect("it holds").reads.expect("it reads").partial);
    for (fields, message) in [
        ("vrl: .a, from: s, failures: { partial: false }", "Lambda has to hear it"),
        ("vrl: .a, package: a.zip", "has both `vrl` and `package`"),
        ("from: s", "says nothing to run"),
    ] {
        let refused = read(fields).expect_err(message);
        assert!(refused.contains(message), "{message}: {refused}");
    }
}
