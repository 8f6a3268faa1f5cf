//! Bad input field by field: unknown, missing, of the wrong type, unit or range.

use insta::assert_snapshot;

use super::{codes, refused, s3, stream, with};

#[test]
fn an_unknown_field() {
    assert_snapshot!(refused(&stream("retension: 24h")).to_string());
}

#[test]
fn an_unknown_field_that_belongs_elsewhere() {
    let text = s3("        bucket: abc\n        interval: 60s\n");
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn an_unknown_field_like_no_other() {
    assert_snapshot!(refused(&stream("colour: red")).to_string());
}

#[test]
fn a_header_that_is_missing() {
    assert_snapshot!(refused("streams:\n  events:\n").to_string());
}

#[test]
fn another_version_and_kind() {
    assert_snapshot!(
        refused("apiVersion: pipectl/v2\nkind: pipeline\nname: a\nstreams:\n  b:\n").to_string()
    );
}

#[test]
fn a_number_without_its_unit() {
    assert_snapshot!(refused(&stream("retention: 24")).to_string());
}

#[test]
fn a_unit_of_another_kind() {
    assert_snapshot!(refused(&stream("retention: 5MiB")).to_string());
}

#[test]
fn units_that_people_write() {
    let text = s3("        bucket: abc\n        buffer: { size: 5MB, interval: 60 seconds }\n");
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn values_out_of_range() {
    let text = with(
        "streams:\n  a: { retention: 12h }\n  b: { shards: 0 }\n  c: { retention: 90m }\n\
         transforms:\n  t: { vrl: ., memory: 64MiB, timeout: 1h }\n",
    );
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn a_number_in_quotes() {
    assert_snapshot!(refused(&stream("shards: \"2\"")).to_string());
}

#[test]
fn a_word_in_place_of_a_number_of_shards() {
    assert_snapshot!(refused(&stream("shards: ondemand")).to_string());
}

#[test]
fn autoscale_bounds_that_cross() {
    let text =
        with("streams:\n  a: { autoscale: { min: 8, max: 4 } }\n  b: { shards: 9, autoscale: { max: 8 } }\n");
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn autoscale_without_its_most() {
    assert_snapshot!(refused(&stream("autoscale: { target: 70 }")).to_string());
}

#[test]
fn autoscale_of_a_stream_that_aws_sizes() {
    assert_snapshot!(refused(&stream("shards: on-demand, autoscale: { max: 4 }")).to_string());
}

#[test]
fn a_choice_that_does_not_exist() {
    let text = s3("        bucket: abc\n        compression: gz\n");
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn a_list_in_place_of_named_streams() {
    assert_snapshot!(refused(&with("streams:\n  - name: events\n")).to_string());
}

#[test]
fn a_number_in_place_of_text() {
    assert_snapshot!(refused(&with("tags: { version: 1.10 }\nstreams:\n  events:\n")).to_string());
}

#[test]
fn a_key_that_is_no_key_of_kms() {
    let text = "region: us-east-1\nstreams:\n  a: { encryption: kinesis }\n  \
         b: { encryption: \"arn:aws:kms:eu-west-1:123456789012:alias/a\" }\n  c: { encryption: true }\n";
    assert_snapshot!(refused(&with(text)).to_string());
}

#[test]
fn a_bucket_that_s3_refuses() {
    assert_snapshot!(refused(&s3("        bucket: Click_Stream Lake\n")).to_string());
}

#[test]
fn a_bucket_with_a_folder() {
    assert_snapshot!(refused(&s3("        bucket: s3://lake/clicks\n")).to_string());
}

#[test]
fn tags_that_aws_or_pipectl_keep() {
    let text = with(
        "tags: { \"aws:team\": a, \"pipectl:pipeline\": b, ok: \"<b>\", empty: }\nstreams:\n  events:\n",
    );
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn too_many_tags() {
    let tags: String = (0..50).map(|n| format!("  t{n}: a\n")).collect();
    let found = refused(&with(&format!("tags:\n{tags}streams:\n  events:\n")));
    assert_eq!(codes(&found), ["invalid-tag"]);
    assert_eq!(found.report()[0].line, 5 + 48);
}

#[test]
fn a_zone_in_place_of_a_region() {
    assert_snapshot!(refused(&with("region: eu-west-1a\nstreams:\n  events:\n")).to_string());
}

#[test]
fn names_that_aws_refuses() {
    let text =
        "apiVersion: pipectl/v1\nkind: Pipeline\nname: Click Stream\nstreams:\n  Events!:\n  9lives:\n";
    assert_snapshot!(refused(text).to_string());
}

#[test]
fn names_that_become_too_long() {
    let name = "a".repeat(48);
    let text = format!(
        "apiVersion: pipectl/v1\nkind: Pipeline\nname: {name}\ntransforms:\n  enrichment: {{ vrl: . }}\nstreams:\n  {}:\n",
        "b".repeat(80),
    );
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn a_pipeline_name_that_leaves_no_room() {
    let text = format!("apiVersion: pipectl/v1\nkind: Pipeline\nname: {}\nstreams:\n  a:\n", "a".repeat(49));
    assert_eq!(codes(&refused(&text)), ["name-too-long"]);
}

#[test]
fn variables_that_lambda_keeps() {
    let text = with(
        "transforms:\n  t:\n    vrl: .\n    environment: { AWS_REGION: a, 1x: b, PIPECTL_FUNCTION: c, OK: }\n",
    );
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn variables_beyond_four_kilobytes() {
    let text =
        with(&format!("transforms:\n  t: {{ vrl: ., environment: {{ BIG: {} }} }}\n", "x".repeat(5000)));
    assert_eq!(codes(&refused(&text)), ["invalid-environment-variable"]);
}

#[test]
fn prefixes_that_firehose_refuses() {
    let text = s3(
        "        bucket: abc\n        prefix: \"a/!{timestmp:yyyy}/!{timestamp:yyyyy-bb}/!{firehose:error-output-type}/!{oops\"\n",
    );
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn an_error_prefix_without_the_type() {
    let text = s3("        bucket: abc\n        prefix: \"!{timestamp:yyyy}/\"\n        errors: failed/\n");
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn a_prefix_with_a_key_that_nothing_partitions_by() {
    let text = s3("        bucket: abc\n        prefix: \"!{partitionKeyFromQuery:user}/\"\n");
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn a_delivery_to_nowhere() {
    let text = with("deliveries:\n  a: { to: }\n  b: { to: { http: {} } }\n  c: { to: { s3: abc } }\n");
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn a_pipeline_with_nothing_in_it() {
    assert_snapshot!(refused(&with("")).to_string());
}
