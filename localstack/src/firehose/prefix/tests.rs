//! The examples of the Firehose guide, the rules it states, and that no prefix can make evaluation panic.

use jiff::Zoned;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Zoned {
    text.parse().unwrap()
}

/// 10:30 UTC on 27 August 2018, the instant of the guide's examples.
fn guide() -> Zoned {
    at("2018-08-27T10:30:00[UTC]")
}

fn data(prefix: Option<&str>, errors: Option<&str>) -> String {
    Prefixes::parse(prefix, errors).unwrap().data(&guide(), &mut || "046b6c7f-0b".to_owned())
}

fn errors(prefix: Option<&str>, errors: Option<&str>) -> String {
    Prefixes::parse(prefix, errors)
        .unwrap()
        .errors(ErrorOutputType::ProcessingFailed, &guide(), &mut || "046b6c7f-0b".to_owned())
}

#[test]
fn without_a_prefix_objects_land_under_the_hour() {
    assert_eq!(data(None, None), "2018/08/27/10/");
    assert_eq!(errors(None, None), "processing-failed/2018/08/27/10/");
}

#[test]
fn a_literal_prefix_gets_the_hour_appended() {
    assert_eq!(data(Some("myFirehosePrefix/"), None), "myFirehosePrefix/2018/08/27/10/");
    assert_eq!(errors(Some("myFirehosePrefix/"), None), "myFirehosePrefix/processing-failed/2018/08/27/10/");
}

#[test]
fn a_literal_error_prefix_gets_type_and_hour() {
    assert_eq!(errors(None, Some("errors/")), "errors/processing-failed/2018/08/27/10/");
}

#[test]
fn an_expression_stays_as_it_is_written() {
    let error = "myFirehoseFailures/!{firehose:error-output-type}/!{timestamp:yyyy}/anyMonth/!{timestamp:dd}";
    assert_eq!(
        data(
            Some("myFirehose/DeliveredYear=!{timestamp:yyyy}/anyMonth/rand=!{firehose:random-string}"),
            Some(error)
        ),
        "myFirehose/DeliveredYear=2018/anyMonth/rand=046b6c7f-0b"
    );
    assert_eq!(errors(None, Some(error)), "myFirehoseFailures/processing-failed/2018/anyMonth/27");
}

#[test]
fn quoted_text_in_a_pattern_is_literal() {
    let error =
        "myErrorPrefix/!{timestamp:'year='yyyy'/month='MM'/day='dd'/hour='HH}/!{firehose:error-output-type}";
    assert_eq!(
        errors(None, Some(error)),
        "myErrorPrefix/year=2018/month=08/day=27/hour=10/processing-failed"
    );
}

#[test]
fn a_prefix_without_timestamp_but_with_another_expression_gets_the_hour() {
    let prefix = "!{firehose:random-string}/";
    assert_eq!(data(Some(prefix), Some("e/!{firehose:error-output-type}/")), "046b6c7f-0b/2018/08/27/10/");
}

#[test]
fn every_random_string_is_drawn_anew() {
    let prefixes = Prefixes::parse(
        Some("!{firehose:random-string}/!{firehose:random-string}/!{timestamp:HH}"),
        Some("!{firehose:error-output-type}"),
    )
    .unwrap();
    let mut drawn = 0;
    let text = prefixes.data(&guide(), &mut || {
        drawn += 1;
        drawn.to_string()
    });
    assert_eq!(text, "1/2/10");
}

#[test]
fn expressions_in_the_prefix_demand_an_error_prefix() {
    let error = Prefixes::parse(Some("!{timestamp:yyyy}/"), None).unwrap_err();
    assert_eq!(error.code(), "InvalidArgumentException");
    assert!(
        error.to_string().ends_with(
            "constraint: ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"
        )
    );
    assert!(Prefixes::parse(Some("!{timestamp:yyyy}/"), Some("")).is_err());
}

#[test]
fn an_error_prefix_with_expressions_names_the_error_type() {
    let error = Prefixes::parse(None, Some("errors/!{timestamp:yyyy}/")).unwrap_err();
    assert!(error.to_string().contains("!{firehose:error-output-type}"), "{error}");
}

#[test]
fn the_error_type_has_no_place_in_the_prefix() {
    let both = Some("!{firehose:error-output-type}/");
    assert!(Prefixes::parse(both, both).unwrap_err().to_string().contains("Prefix cannot contain"));
}

#[test]
fn an_unknown_expression_is_named_with_what_there_is() {
    let error = Prefixes::parse(Some("!{aws:region}/"), Some("e/!{firehose:error-output-type}")).unwrap_err();
    assert!(error.to_string().contains("!{aws:region} is not an expression"), "{error}");
    let unclosed =
        Prefixes::parse(Some("a/!{timestamp:yyyy"), Some("e/!{firehose:error-output-type}")).unwrap_err();
    assert!(unclosed.to_string().contains("has no }"), "{unclosed}");
}

#[test]
fn partition_keys_need_dynamic_partitioning() {
    let error =
        Prefixes::parse(Some("!{partitionKeyFromQuery:id}/"), Some("e/!{firehose:error-output-type}"));
    assert!(error.unwrap_err().to_string().contains("dynamic partitioning"));
}

#[test]
fn five_hundred_and_twelve_characters_are_enough() {
    assert!(Prefixes::parse(Some(&"p".repeat(512)), None).is_ok());
    assert!(Prefixes::parse(Some(&"p".repeat(513)), None).is_err());
}

proptest! {
    #[test]
    fn any_text_is_evaluated_or_refused(prefix in ".{0,80}", errors in ".{0,80}") {
        if let Ok(prefixes) = Prefixes::parse(Some(&prefix), Some(&errors)) {
            prefixes.data(&guide(), &mut String::new);
            prefixes.errors(ErrorOutputType::ProcessingFailed, &guide(), &mut String::new);
        }
    }

    #[test]
    fn any_pattern_is_formatted_or_refused(pattern in "[a-zA-Z'\\[\\]/ :-]{0,24}") {
        let errors = format!("!{{firehose:error-output-type}}!{{timestamp:{pattern}}}");
        if let Ok(prefixes) = Prefixes::parse(None, Some(&errors)) {
            let text = prefixes.errors(ErrorOutputType::ProcessingFailed, &guide(), &mut String::new);
            prop_assert!(text.starts_with("processing-failed"));
        }
    }

    #[test]
    fn text_without_expressions_is_kept(prefix in "[a-z0-9=/._-]{0,60}") {
        prop_assert_eq!(data(Some(&prefix), None), format!("{prefix}2018/08/27/10/"));
    }
}
