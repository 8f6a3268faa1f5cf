//! What a user gets wrong ends in an error that names the thing and the way out, with exit code 1, and nothing is made.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::TcpListener;
use std::path::Path;

use pipectl_tests::run::{Finished, Pipectl};
use pipectl_tests::scenario::clickstream;

const GOOD_NAME: &str = "shop";

fn good() -> String {
    clickstream(GOOD_NAME, "shop-lake", "team: growth")
}

fn validate(content: &[u8]) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pipeline.yaml"), content).unwrap();
    Pipectl::new(folder.path(), ["validate"]).run()
}

/// Validation fails, says all of `words` and points into the file.
#[track_caller]
fn refused(content: &str, words: &[&str]) -> String {
    let finished = validate(content.as_bytes()).exits(1);
    for word in words {
        assert!(finished.stderr.contains(word), "no `{word}` in:\n{}", finished.stderr);
    }
    assert!(finished.stdout.is_empty(), "errors go to stderr: {}", finished.stdout);
    finished.stderr
}

/// The good file with one thing replaced.
#[track_caller]
fn with(from: &str, to: &str) -> String {
    let changed = good().replace(from, to);
    assert_ne!(changed, good(), "`{from}` is in the file");
    changed
}

#[test]
fn the_file_that_the_others_are_made_from_is_good() {
    validate(good().as_bytes()).succeeds();
}

#[test]
fn an_unknown_field_is_shown_where_it_stands_with_the_one_that_was_meant() {
    refused(&with("shards: 2", "shard: 2"), &["pipeline.yaml:9", "shard", "shards"]);
}

#[test]
fn a_wrong_unit_is_shown_with_the_right_ones() {
    refused(&with("interval: 1s", "interval: 1 parsec"), &["pipeline.yaml:", "1 parsec"]);
    refused(&with("size: 1MiB", "size: 1 barrel"), &["pipeline.yaml:", "1 barrel", "MiB"]);
}

#[test]
fn a_name_used_twice_is_refused() {
    refused(
        &with("    shards: 2\n", "    shards: 2\n  events:\n    shards: 3\n"),
        &["pipeline.yaml:", "events"],
    );
}

#[test]
fn a_reference_to_nothing_names_what_there_is() {
    refused(&with("from: events", "from: evnts"), &["pipeline.yaml:", "evnts", "events"]);
    refused(&with("transform: parse", "transform: prase"), &["pipeline.yaml:", "prase", "parse"]);
}

#[test]
fn vrl_that_does_not_compile_is_shown_at_its_line_in_the_file() {
    let file = with("parse_apache_log(.message", "parse_apache_lgo(.message");
    let line = file.lines().position(|line| line.contains("parse_apache_lgo")).unwrap() + 1;
    refused(&file, &[&format!("pipeline.yaml:{line}"), "parse_apache_lgo"]);
}

#[test]
fn a_bucket_name_that_aws_refuses_is_refused_before_aws_is_asked() {
    refused(&with("shop-lake", "Shop_Lake"), &["pipeline.yaml:", "Shop_Lake"]);
    refused(&with("shop-lake", "x"), &["pipeline.yaml:", "bucket"]);
}

#[test]
fn several_mistakes_come_together() {
    let file = with("shards: 2", "shard: 2")
        .replace("from: events", "from: evnts")
        .replace("size: 1MiB", "size: 900MiB");
    refused(&file, &["shard", "evnts", "900"]);
}

#[test]
fn an_empty_file_says_what_belongs_there() {
    refused("", &["empty"]);
    refused("# only a comment\n", &["pipeline.yaml"]);
}

#[test]
fn yaml_that_is_not_a_mapping_is_refused() {
    refused("- a\n- b\n", &["pipeline.yaml:1"]);
    refused("just words\n", &["pipeline.yaml:1"]);
}

#[test]
fn tabs_are_named() {
    refused(&with("    shards: 2", "\tshards: 2"), &["pipeline.yaml:", "tab"]);
}

#[test]
fn a_file_of_ten_megabytes_is_refused_at_once() {
    let file = format!("{}\n# {}\n", good(), "x".repeat(10 * 1024 * 1024));
    let finished = validate(file.as_bytes()).exits(1);
    assert!(finished.stderr.contains("pipeline.yaml"), "{}", finished.stderr);
    assert!(finished.stderr.len() < 10_000, "the error does not repeat the file");
}

#[test]
fn an_alias_bomb_does_not_go_off() {
    let mut file = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        file.push_str(&format!("a{level}: &a{level} [{}]\n", vec![before; 9].join(", ")));
    }
    let finished = validate(file.as_bytes()).exits(1);
    assert!(finished.stderr.contains("pipeline.yaml"), "{}", finished.stderr);
    assert!(finished.stderr.len() < 100_000, "{} bytes of error", finished.stderr.len());
}

#[test]
fn bytes_that_are_not_text_are_refused() {
    let finished = validate(b"name: \xff\xfe\x00\n").exits(1);
    assert!(finished.stderr.contains("pipeline.yaml"), "{}", finished.stderr);
}

#[test]
fn a_missing_file_names_init() {
    let folder = tempfile::tempdir().unwrap();
    let finished = Pipectl::new(folder.path(), ["validate"]).run().exits(1);
    assert!(finished.stderr.contains("pipeline.yaml"), "{}", finished.stderr);
    assert!(finished.stderr.contains("init"), "{}", finished.stderr);
}

/// A folder with the good file.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pipeline.yaml"), good()).unwrap();
    folder
}

fn in_folder<const N: usize>(folder: &Path, arguments: [&str; N]) -> Pipectl {
    // No profile and no instance to get credentials from: as on a machine that never saw AWS.
    Pipectl::new(folder, arguments)
        .env("HOME", folder)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_REGION", "eu-west-1")
}

#[test]
fn missing_credentials_name_the_ways_to_give_them() {
    let folder = folder();
    let finished = in_folder(folder.path(), ["plan"]).run().exits(1);
    assert!(finished.stderr.contains("credentials"), "{}", finished.stderr);
    assert!(finished.stderr.contains("AWS_ACCESS_KEY_ID"), "{}", finished.stderr);
}

#[test]
fn an_endpoint_that_is_down_is_named_soon() {
    let folder = folder();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}");
    let finished = in_folder(folder.path(), ["plan"]).env("AWS_ENDPOINT_URL", &url).run().exits(1);
    assert!(finished.stderr.contains(&free.to_string()), "{}", finished.stderr);
    assert!(finished.took.as_secs() < 30, "{:?}", finished.took);
}

#[test]
fn a_port_that_is_taken_is_named_with_the_way_out() {
    let folder = folder();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    let finished = in_folder(folder.path(), ["local", "--port", &port]).run().exits(1);
    assert!(finished.stderr.contains(&port), "{}", finished.stderr);
    assert!(finished.stderr.contains("port"), "{}", finished.stderr);
}
