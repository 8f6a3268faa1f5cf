//! References to nothing, and the other faults between parts of a file.

use insta::assert_snapshot;

use super::{accepted, codes, refused, with};

fn delivery(from: &str, transform: &str) -> String {
    with(&format!(
        "streams:\n  events:\n  orders:\ntransforms:\n  parse: {{ vrl: . }}\ndeliveries:\n  lake:\n    \
         from: {from}\n    transform: {transform}\n    to: {{ s3: {{ bucket: abc }} }}\n"
    ))
}

#[test]
fn a_stream_and_a_transform_that_do_not_exist() {
    assert_snapshot!(refused(&delivery("clickz", "pars")).to_string());
}

#[test]
fn the_name_on_aws_in_place_of_the_one_in_the_file() {
    assert_snapshot!(refused(&delivery("clicks-events", "parse")).to_string());
}

#[test]
fn a_stream_where_there_is_none() {
    let text = with("deliveries:\n  lake:\n    from: events\n    to: { s3: { bucket: abc } }\n");
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn a_reference_to_something_broken_is_no_second_error() {
    let text = delivery("events", "parse").replace("events:\n", "events: { shards: 0 }\n");
    assert_eq!(codes(&refused(&text)), ["out-of-range"]);
}

#[test]
fn a_transform_that_nobody_uses_is_a_warning() {
    let text = with("streams:\n  events:\ntransforms:\n  parse: { vrl: . }\n");
    assert_snapshot!(accepted(&text).warnings.to_string());
}

#[test]
fn dates_that_mislead_are_warnings() {
    let text = with(
        "deliveries:\n  lake:\n    to:\n      s3: { bucket: abc, prefix: \"/dt=!{timestamp:YYYY-mm-DD}/\" }\n",
    );
    assert_snapshot!(accepted(&text).warnings.to_string());
}

#[test]
fn everything_that_is_wrong_comes_together() {
    let text = "apiVersion: pipectl/v1\nkind: Pipeline\nname: clicks\nstreams:\n  events:\n    shard: 2\n    \
         retention: 24\n  events:\n    shards: 1\ntransforms:\n  parse:\n    vrl: |\n      .a = wrong(.b)\n\
         deliveries:\n  lake:\n    from: event\n    transform: parse\n    to:\n      s3:\n        \
         bucket: My_Lake\n        compress: gzip\n";
    assert_snapshot!(refused(text).to_string());
}
