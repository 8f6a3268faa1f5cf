//! The programs in the starter pipelines compile without a warning and do what their comments say.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use flate2::read::GzDecoder;
use pipectl_lambdas::vrl::{Transform, Transformed, check, compile};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The VRL programs of a template by the name of their transform.
fn programs(template: &str) -> BTreeMap<String, String> {
    let path = root().join("templates").join(template).join("pipeline.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let file: Value = serde_yaml::from_str(&text).unwrap();
    let transforms = file["transforms"].as_object().cloned().unwrap_or_default();
    transforms
        .into_iter()
        .filter_map(|(name, transform)| Some((name, transform["vrl"].as_str()?.to_owned())))
        .collect()
}

fn transform(template: &str, name: &str) -> Transform {
    Transform::new(compile(&programs(template)[name]).unwrap())
}

fn run(transform: &mut Transform, record: &[u8]) -> Result<Value, Transformed> {
    let mut out = Vec::new();
    match transform.apply(Bytes::copy_from_slice(record), &mut out) {
        Transformed::Lines => Ok(serde_json::from_slice(&out).unwrap()),
        other => Err(other),
    }
}

#[test]
fn the_programs_of_all_templates_compile_without_a_warning() {
    let mut checked = 0;
    for entry in std::fs::read_dir(root().join("templates")).unwrap() {
        let entry = entry.unwrap();
        if !entry.path().join("pipeline.yaml").is_file() {
            continue;
        }
        let template = entry.file_name().into_string().unwrap();
        for (name, program) in programs(&template) {
            assert_eq!(check(&program), Ok(vec![]), "{template}/{name}");
            checked += 1;
        }
    }
    assert!(checked >= 2, "only {checked} programs were found");
}

#[test]
fn the_click_stream_template_takes_clicks_as_json_and_hashes_their_address() {
    let mut transform = transform("clickstream", "parse");
    let click = br#"{"timestamp":"2026-01-01T00:00:00.000Z","user_agent":"Mozilla/5.0","user_id":"u-1",
        "request":"GET / HTTP/1.1","session_id":"s","ip":"192.0.2.1","referrer":"-","status":200,"bytes":12}"#;
    let event = run(&mut transform, click).unwrap();
    assert_eq!(event["user_id"], "u-1");
    assert_eq!(event["status"], 200);
    assert_eq!(event.get("ip"), None);
    assert_eq!(event["ip_hash"].as_str().unwrap().len(), 64);
}

#[test]
fn the_click_stream_template_fails_a_line_that_is_no_log_line() {
    let mut transform = transform("clickstream", "parse");
    assert!(matches!(run(&mut transform, b"Segmentation fault"), Err(Transformed::Failed { .. })));
}

#[test]
fn the_logs_template_drops_debug_output_and_finds_levels() {
    let mut transform = transform("logs", "tidy");
    assert_eq!(run(&mut transform, b"12:00 ERROR the disk is full").unwrap()["level"], "error");
    assert_eq!(run(&mut transform, br#"{"level":"warn","message":"x"}"#).unwrap()["level"], "warn");
    assert!(matches!(run(&mut transform, b"12:00 DEBUG x=1"), Err(Transformed::Dropped { .. })));
}

/// The status of an access log line, found without a log parser: the first three digits that stand alone
/// after a quote.
fn status(line: &str) -> Option<&str> {
    line.match_indices("\" ").find_map(|(at, _)| {
        let (status, rest) = line[at + 2..].split_at_checked(3)?;
        (status.bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with(' ')).then_some(status)
    })
}

#[test]
fn the_click_stream_template_takes_every_line_of_a_real_access_log() {
    let path = root().join("../shared/data/access.log.gz");
    let Ok(file) = std::fs::File::open(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return;
    };
    let mut log = String::new();
    GzDecoder::new(file).read_to_string(&mut log).unwrap();
    let mut transform = transform("clickstream", "parse");
    let (mut expected, mut found) = (BTreeMap::new(), BTreeMap::new());
    for line in log.lines() {
        *expected.entry(status(line).unwrap().to_owned()).or_insert(0_u32) += 1;
        let event =
            run(&mut transform, line.as_bytes()).map_err(|result| format!("{result:?}: {line}")).unwrap();
        *found.entry(event["status"].to_string()).or_insert(0_u32) += 1;
        let request = format!("\"{}\"", event["request"].as_str().unwrap());
        assert!(line.contains(&request) && event["timestamp"].is_string(), "{event}");
    }
    assert_eq!(found, expected);
    assert_eq!(found.values().sum::<u32>(), 10_000);
}
