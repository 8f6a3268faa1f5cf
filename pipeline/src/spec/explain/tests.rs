//! What is told of fields, and of words that are none.

use super::*;

fn all(topic: &Topic, each: &mut dyn FnMut(&Topic)) {
    each(topic);
    for field in &topic.fields {
        all(field, each);
    }
}

#[test]
fn a_field_is_told_with_all_that_the_schema_knows() {
    let topic = explain("streams.events.autoscale").unwrap();
    assert_eq!(topic.path, "streams.<name>.autoscale");
    assert_eq!(topic.kind, "mapping");
    assert!(
        topic
            .description
            .starts_with("Bounds within which the autoscaler moves the number of shards. It then")
    );
    let fields: Vec<(&str, bool, Option<&str>)> = topic
        .fields
        .iter()
        .map(|field| (field.path.as_str(), field.required, field.default.as_deref()))
        .collect();
    assert_eq!(
        fields,
        [
            ("streams.<name>.autoscale.min", false, Some("1")),
            ("streams.<name>.autoscale.max", true, None),
            ("streams.<name>.autoscale.target", false, None),
        ]
    );
    assert_eq!(topic.fields[0].kind, "whole number, 1 to 10000");
    assert_eq!(topic.fields[2].kind, "percentage such as 70%");
}

#[test]
fn any_name_and_any_index_will_do() {
    let topic = explain("buckets.*.lifecycle[0].expire").unwrap();
    assert_eq!(topic, explain("buckets.clickstream-lake.lifecycle.expire").unwrap());
    assert_eq!(topic.kind, "number of days such as 30d");
    assert_eq!(explain("streams.<name>").unwrap().path, "streams.<name>");
    assert_eq!(explain("tags.team").unwrap().kind, "text");
}

#[test]
fn words_that_may_stand_there_are_told_with_their_meaning() {
    let compression = explain("deliveries.lake.to.s3.compression").unwrap();
    assert_eq!(compression.kind, "`none`, `gzip`, `snappy`, `zip` or `hadoop-snappy`");
    let words: Vec<&str> = compression.choices.iter().map(|choice| choice.value.as_str()).collect();
    assert_eq!(words, ["none", "gzip", "snappy", "zip", "hadoop-snappy"]);
    assert_eq!(compression.choices[1].description, "`.gz`.");
    assert_eq!(compression.default.as_deref(), Some("gzip"));
    assert_eq!(explain("streams.events.shards").unwrap().kind, "whole number, 1 to 10000, or `on-demand`");
}

#[test]
fn an_example_stands_where_it_would_stand_in_a_file() {
    assert_eq!(
        explain("streams.events.retention").unwrap().example.as_deref(),
        Some("streams:\n  events:\n    retention: 7d")
    );
    assert_eq!(
        explain("deliveries.lake.to.s3.prefix").unwrap().example.as_deref(),
        Some(
            "deliveries:\n  lake:\n    to:\n      s3:\n        prefix: \"clicks/dt=!{timestamp:yyyy-MM-dd}/\""
        )
    );
}

#[test]
fn a_word_that_is_not_there_comes_with_the_nearest() {
    let wrong = explain("streams.events.retension").unwrap_err();
    assert_eq!(wrong.meant, ["streams.<name>.retention"]);
    assert_eq!(wrong.to_string(), "streams.<name> has no field `retension`");
    assert!(wrong.known.contains(&"shards".to_owned()));
    let elsewhere = explain("retention").unwrap_err();
    assert!(elsewhere.meant.contains(&"streams.<name>.retention".to_owned()), "{elsewhere:?}");
    let deeper = explain("name.more").unwrap_err();
    assert_eq!(deeper.to_string(), "name has no fields, and so no `more`");
}

#[test]
fn a_variable_may_stand_anywhere_and_is_not_told_of() {
    let field = serde_json::json!({
        "anyOf": [
            { "type": ["string", "null"], "pattern": "^[0-9]+d$" },
            { "type": "string", "pattern": r"\$\{ *var\." },
        ],
    });
    assert_eq!(View::of(&field, &field).words(), "number of days such as 30d");
}

#[test]
fn every_field_of_the_schema_has_a_kind_in_words_and_a_text() {
    let mut seen = 0;
    all(&explain("").unwrap(), &mut |topic| {
        seen += 1;
        assert!(
            !topic.kind.contains("matches ^") && topic.kind != "any value",
            "{}: {}",
            topic.path,
            topic.kind
        );
        assert!(!topic.description.is_empty() || topic.path.ends_with("<name>"), "{}", topic.path);
        assert_eq!(explain(&topic.path).map(|again| again.path), Ok(topic.path.clone()));
    });
    assert!(seen > 80, "only {seen} fields");
}
