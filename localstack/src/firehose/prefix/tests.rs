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
    Prefixes::parse(prefix, errors, false).unwrap().data(&guide(), None, &mut || "046b6c7f-0b".to_owned())
}

fn errors(prefix: Option<&str>, errors: Option<&str>) -> String {
    Prefixes::parse(prefix, errors, false)
        .unwrap()
        .errors(ErrorOutputType::Processing, &guide(), &mut || "046b6c7f-0b".to_owned())
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
        false,
    )
    .unwrap();
    let mut drawn = 0;
    let text = prefixes.data(&guide(), None, &mut || {
        drawn += 1;
        drawn.to_string()
    });
    assert_eq!(text, "1/2/10");
}

#[test]
fn expressions_in_the_prefix_demand_an_error_prefix() {
    let error = Prefixes::parse(Some("!{timestamp:yyyy}/"), None, false).unwrap_err();
    assert_eq!(error.code(), "InvalidArgumentException");
    assert!(
        error.to_string().ends_with(
            "constraint: ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"
        )
    );
    assert!(Prefixes::parse(Some("!{timestamp:yyyy}/"), Some(""), false).is_err());
}

#[test]
fn an_error_prefix_with_expressions_names_the_error_type() {
    let error = Prefixes::parse(None, Some("errors/!{timestamp:yyyy}/"), false).unwrap_err();
    assert!(error.to_string().contains("!{firehose:error-output-type}"), "{error}");
}

#[test]
fn the_error_type_has_no_place_in_the_prefix() {
    let both = Some("!{firehose:error-output-type}/");
    assert!(Prefixes::parse(both, both, false).unwrap_err().to_string().contains("Prefix must not contain"));
}

#[test]
fn a_broken_expression_is_told_in_the_words_of_aws() {
    let refused = |prefix| {
        let errors = Some("e/!{firehose:error-output-type}");
        Prefixes::parse(Some(prefix), errors, false).unwrap_err().to_string()
    };
    for (prefix, words) in [
        ("!{aws:region}/", "Namespace to the left of colon (aws) is an invalid keyword!"),
        ("a/!{timestamp:yyyy", "Invalid expression usage"),
        ("a/!{timestamp}", "Invalid expression usage"),
        ("!{firehose:region}", "Invalid conversion character used in the value of the expression in Prefix"),
    ] {
        assert!(refused(prefix).contains(words), "{prefix}: {}", refused(prefix));
    }
}

#[test]
fn partition_keys_and_dynamic_partitioning_need_each_other() {
    let errors = Some("e/!{firehose:error-output-type}");
    let refused = |prefix, errors, partitioned| {
        Prefixes::parse(Some(prefix), errors, partitioned).unwrap_err().to_string()
    };
    assert_eq!(
        refused("!{partitionKeyFromQuery:id}/", errors, false),
        "Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning is enabled."
    );
    assert_eq!(
        refused("!{timestamp:yyyy}/", errors, true),
        "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled"
    );
    let errors = Some("e/!{firehose:error-output-type}/!{partitionKeyFromLambda:id}");
    assert_eq!(
        refused("!{partitionKeyFromQuery:id}/", errors, true),
        "Dynamic Partitioning Namespaces can't be part of an error prefix expression"
    );
}

#[test]
fn partition_keys_stand_where_they_are_named_and_no_hour_is_appended() {
    let prefix = "c=!{partitionKeyFromQuery:id}/d=!{partitionKeyFromLambda:day}/!{timestamp:yyyy}/";
    let prefixes = Prefixes::parse(Some(prefix), Some("e/!{firehose:error-output-type}/"), true).unwrap();
    let keys = prefixes.partition_keys();
    let query = [("id".to_owned(), "7".to_owned())].into();
    let lambda = [("day".to_owned(), "mon".to_owned())].into();
    let partition = Partition::of(&keys, Some(&query), Some(&lambda)).unwrap();
    assert_eq!(prefixes.data(&guide(), Some(&partition), &mut String::new), "c=7/d=mon/2018/");
    let only =
        Prefixes::parse(Some("!{partitionKeyFromQuery:id}/"), Some("e/!{firehose:error-output-type}/"), true);
    assert_eq!(only.unwrap().data(&guide(), Some(&partition), &mut String::new), "7/");
}

#[test]
fn each_error_has_its_place() {
    for (kind, place) in [
        (ErrorOutputType::Processing, "p/processing-failed/2018/08/27/10/"),
        (ErrorOutputType::MetadataExtraction, "p/metadata-extraction-failed/2018/08/27/10/"),
        (ErrorOutputType::Decompression, "p/decompression-failed/2018/08/27/10/"),
        (ErrorOutputType::HttpEndpoint, "p/http-endpoint-failed/2018/08/27/10/"),
    ] {
        let prefixes = Prefixes::parse(Some("p/"), None, false).unwrap();
        assert_eq!(prefixes.errors(kind, &guide(), &mut String::new), place);
    }
}

#[test]
fn five_hundred_and_twelve_characters_are_enough() {
    assert!(Prefixes::parse(Some(&"p".repeat(512)), None, false).is_ok());
    let error = Prefixes::parse(Some(&"p".repeat(513)), None, false).unwrap_err().to_string();
    assert!(error.ends_with("Length of evaluated prefix cannot be greater than 512"), "{error}");
    let error = Prefixes::parse(None, Some(&"p".repeat(513)), false).unwrap_err().to_string();
    assert!(error.ends_with("Length of evaluated ErrorOutputPrefix cannot be greater than 512"), "{error}");
}

proptest! {
    #[test]
    fn any_text_is_evaluated_or_refused(prefix in ".{0,80}", errors in ".{0,80}") {
        for partitioned in [false, true] {
            let Ok(prefixes) = Prefixes::parse(Some(&prefix), Some(&errors), partitioned) else { continue };
            prefixes.data(&guide(), None, &mut String::new);
            prefixes.errors(ErrorOutputType::Processing, &guide(), &mut String::new);
        }
    }

    #[test]
    fn any_pattern_is_formatted_or_refused(pattern in "[a-zA-Z'\\[\\]/ :-]{0,24}") {
        let errors = format!("!{{firehose:error-output-type}}!{{timestamp:{pattern}}}");
        if let Ok(prefixes) = Prefixes::parse(None, Some(&errors), false) {
            let text = prefixes.errors(ErrorOutputType::Processing, &guide(), &mut String::new);
            prop_assert!(text.starts_with("processing-failed"));
        }
    }

    #[test]
    fn text_without_expressions_is_kept(prefix in "[a-z0-9=/._-]{0,60}") {
        prop_assert_eq!(data(Some(&prefix), None), format!("{prefix}2018/08/27/10/"));
    }
}
