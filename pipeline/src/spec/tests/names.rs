//! `name`: what an entry is called on AWS.

use insta::assert_snapshot;

use super::{accepted, codes, refused, with};

const NAMED: &str = "\
streams:
  events: { name: OrdersProd }
  audit:
transforms:
  parse: { name: ParseOrders, vrl: . }
functions:
  load: { name: load_orders, vrl: ., from: events }
deliveries:
  lake: { name: lake2.v1, from: events, transform: parse, to: { s3: { bucket: abc } } }
";

#[test]
fn an_entry_is_called_on_aws_what_its_name_says() {
    let pipeline = accepted(&with(NAMED)).pipeline;
    assert_eq!(pipeline.stream_name("events"), "OrdersProd");
    assert_eq!(pipeline.stream_name("audit"), "clicks-audit");
    assert_eq!(pipeline.function_name("parse"), "ParseOrders");
    assert_eq!(pipeline.function_name("load"), "load_orders");
    assert_eq!(pipeline.delivery_name("lake"), "lake2.v1");
    let unsaid = accepted(&with(&NAMED.replace("name: OrdersProd", "name:"))).pipeline;
    assert_eq!(unsaid.stream_name("events"), "clicks-events");
}

#[test]
fn names_that_a_service_does_not_take() {
    let text = with(&format!(
        "streams:\n  a: {{ name: \"orders prod\" }}\n  b: {{ name: \"\" }}\n  c: {{ name: 12 }}\n  d: {{ name: {} }}\n\
         functions:\n  load: {{ name: a.b, vrl: . }}\n  far: {{ name: \"arn:aws:lambda:eu-west-1:1:function:Far\", vrl: . }}\n\
         deliveries:\n  lake: {{ name: straße, to: {{ s3: {{ bucket: abc }} }} }}\n",
        "x".repeat(129)
    ));
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn two_of_one_name_on_aws_are_named_both() {
    let text = with(
        "streams:\n  events:\n  audit: { name: clicks-events }\n  more: { name: Same }\n  most: { name: Same }\n\
         transforms:\n  parse: { vrl: ., name: Work }\n\
         functions:\n  load: { vrl: ., name: Work }\n\
         deliveries:\n  lake: { name: Same, transform: parse, to: { s3: { bucket: abc } } }\n  \
         raw: { name: clicks-lake, to: { s3: { bucket: abc } } }\n",
    );
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn a_name_that_pipectl_would_make_too_long_may_be_another() {
    let long = "l".repeat(60);
    let entry = |name: &str| with(&format!("streams:\n  {}: {{ {name} }}\n", "s".repeat(125)));
    assert_eq!(codes(&refused(&entry(""))), ["name-too-long"]);
    accepted(&entry("name: s"));
    // Its role is called by its name here.
    let text = with(&format!("functions:\n  {long}: {{ vrl: ., name: short }}\n"));
    assert_eq!(codes(&refused(&text)), ["name-too-long"]);
}

#[test]
fn the_name_on_aws_is_no_reference() {
    let text = with(&NAMED.replace("from: events", "from: OrdersProd"));
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn a_name_may_be_made_of_variables() {
    let text =
        with(&format!("vars: {{ stage: prod }}\n{}", NAMED.replace("OrdersProd", "\"orders-${var.stage}\"")));
    assert_eq!(accepted(&text).pipeline.stream_name("events"), "orders-prod");
}
