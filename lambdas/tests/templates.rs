//! The programs of the starter pipelines, on the records that they are made for.

use bytes::Bytes;
use pipectl_lambdas::vrl::{Transform, Transformed, compile};
use serde_json::{Value, json};

/// The program below `vrl: |`, up to the line that is further left.
fn program(template: &str) -> String {
    let (_, after) = template.split_once("vrl: |\n").expect("the template has a program");
    let indent = after.len() - after.trim_start().len();
    let mut program = String::new();
    for line in after.lines() {
        match line.get(indent..) {
            _ if line.trim().is_empty() => {}
            Some(rest) if line[..indent].trim().is_empty() => program.push_str(rest),
            _ => break,
        }
        program.push('\n');
    }
    program
}

fn transform(template: &str) -> Transform {
    let program = program(template);
    let compiled = compile(&program).unwrap_or_else(|problems| panic!("{problems:#?}\n{program}"));
    assert!(compiled.warnings.is_empty(), "{:#?}", compiled.warnings);
    Transform::new(compiled)
}

fn clickstream() -> Transform {
    transform(include_str!("../../templates/clickstream/pipeline.yaml"))
}

fn apply(transform: &mut Transform, record: &str) -> Result<Value, Transformed> {
    let mut out = Vec::new();
    match transform.apply(Bytes::copy_from_slice(record.as_bytes()), &mut out) {
        Transformed::Lines => Ok(serde_json::from_slice(&out).expect("one line of JSON")),
        other => Err(other),
    }
}

#[test]
fn a_line_of_an_access_log_becomes_an_event() {
    let event = apply(
        &mut clickstream(),
        "192.0.2.7 - - [17/May/2015:10:05:03 +0000] \"GET /images/search.png HTTP/1.1\" 200 203023 \
         \"http://example.com/talks/\" \"Mozilla/5.0 (X11; Linux x86_64)\"",
    );
    assert_eq!(
        event,
        Ok(json!({
            "timestamp": "2015-05-17T10:05:03Z",
            "ip_hash": "37dad677cf0b3997d0f5dd0d7889f84b11002e3ca73b0ae1bdb6d7e9b46fdb8a",
            "request": "GET /images/search.png",
            "status": 200,
            "bytes": 203_023,
            "referrer": "http://example.com/talks/",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
        }))
    );
}

#[test]
fn a_line_that_is_cut_off_keeps_what_it_has() {
    let event = apply(
        &mut clickstream(),
        "192.0.2.7 - - [20/May/2015:12:05:17 +0000] \"GET /test/configlib.py HTTP/1.1\" 200 235 \"-\" \
         \"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html",
    )
    .expect("an event");
    assert_eq!(event["status"], 200);
    assert_eq!(event["timestamp"], "2015-05-20T12:05:17Z");
    assert_eq!(event["bytes"], 235);
}

#[test]
fn a_click_keeps_its_fields_but_for_the_address() {
    let click = json!({
        "timestamp": "2026-11-21T10:00:00Z",
        "user_agent": "Mozilla/5.0",
        "user_id": "u-17",
        "request": "GET /cart HTTP/1.1",
        "session_id": "s-4711",
        "ip": "192.0.2.7",
        "referrer": "https://example.com/",
    });
    let event = apply(&mut clickstream(), &click.to_string()).expect("an event");
    for field in ["timestamp", "user_agent", "user_id", "request", "session_id", "referrer"] {
        assert_eq!(event[field], click[field], "{field}");
    }
    assert!(event.get("ip").is_none());
    assert_eq!(event["ip_hash"].as_str().map(str::len), Some(64));
}

#[test]
fn what_is_neither_fails_rather_than_vanishes() {
    let failed = apply(&mut clickstream(), "not a log line");
    assert!(matches!(failed, Err(Transformed::Failed { .. })), "{failed:?}");
}

#[test]
fn the_logs_template_finds_levels_and_drops_debug_output() {
    let mut logs = transform(include_str!("../../templates/logs/pipeline.yaml"));
    let level = |event: Result<Value, _>| event.map(|event| event["level"].clone());
    assert_eq!(level(apply(&mut logs, "12:00 ERROR disk full")), Ok(json!("error")));
    assert_eq!(level(apply(&mut logs, "hello")), Ok(json!("info")));
    assert_eq!(level(apply(&mut logs, "{\"level\":\"warn\"}")), Ok(json!("warn")));
    assert_eq!(apply(&mut logs, "debug: x"), Err(Transformed::Dropped { message: None }));
}

/// `PIPECTL_TEST_ACCESS_LOG=access.log cargo test -p pipectl-lambdas --test templates -- --ignored`
#[test]
#[ignore = "wants an access log, unpacked, in PIPECTL_TEST_ACCESS_LOG"]
fn every_line_of_a_log_has_its_status() {
    let path = std::env::var("PIPECTL_TEST_ACCESS_LOG").expect("PIPECTL_TEST_ACCESS_LOG");
    let log = std::fs::read_to_string(path).expect("a log of UTF-8 text");
    let mut transform = clickstream();
    let mut lines = 0;
    for line in log.lines() {
        let event = apply(&mut transform, line).unwrap_or_else(|failed| panic!("{line}\n{failed:?}"));
        let status = line.split("\" ").nth(1).and_then(|rest| rest.get(..3));
        assert_eq!(event["status"].to_string(), status.unwrap_or_default(), "{line}");
        lines += 1;
    }
    assert!(lines > 0, "an empty log says nothing");
}
