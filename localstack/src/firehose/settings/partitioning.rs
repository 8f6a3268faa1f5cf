//! The rules of dynamic partitioning, and of the processors that need it.

use super::super::error::FirehoseError;
use super::super::prefix::Prefixes;
use super::super::processors::partition::KeySource;
use super::blocks::{BufferingHints, RetryOptions};
use super::check;
use super::processing::Processing;
use super::wire::S3Settings;

/// Least `SizeInMBs` of a partitioned destination.
const LEAST_SIZE: i64 = 64;
/// `SizeInMBs` of one that names none (?): AWS documents 128 for record conversion, which has the same minimum.
const DEFAULT_SIZE: i64 = 128;
/// `DurationInSeconds` when it is left out. It is checked and described, and of no effect (?): the reference says that it
/// is for data that cannot be delivered "to an Amazon S3 prefix", and nowhere what becomes of the data then. Here a
/// bucket is tried for as long as without partitioning.
const DEFAULT_RETRY: i64 = 300;

/// Fills in what AWS fills in when partitioning is switched on.
pub(super) fn with_defaults(mut settings: S3Settings) -> S3Settings {
    if settings.is_partitioned() {
        if let Some(block) = &mut settings.dynamic_partitioning_configuration {
            block.retry_options.get_or_insert(RetryOptions { duration_in_seconds: Some(DEFAULT_RETRY) });
        }
        let hints = settings.buffering_hints.get_or_insert(BufferingHints::default());
        hints.size_in_mbs.get_or_insert(DEFAULT_SIZE);
    }
    settings
}

/// Checks a destination as a whole.
pub(super) fn check(
    settings: &S3Settings,
    processing: &Processing,
    prefixes: &Prefixes,
) -> Result<(), FirehoseError> {
    let block = settings.dynamic_partitioning_configuration.unwrap_or_default();
    if let Some(seconds) = block.retry_options.and_then(|options| options.duration_in_seconds) {
        check::range("dynamicPartitioningConfiguration.retryOptions.durationInSeconds", seconds, 0, 7200)?;
    }
    if !settings.is_partitioned() {
        return refuse_processors(processing);
    }
    let hints = settings.buffering_hints.unwrap_or_default();
    if hints.size_in_mbs.is_some_and(|size| size < LEAST_SIZE) {
        return refused("BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.");
    }
    if hints.interval_in_seconds == Some(0) {
        // The guide: "Zero buffering feature is not available for dynamic partitioning." The words are not AWS's (?).
        return refused(
            "BufferingHints.IntervalInSeconds must be at least 1 when Dynamic Partitioning is enabled.",
        );
    }
    check_keys(processing, prefixes)
}

/// Checks that every key the prefix names has who gives it, and every key the query gives is named.
fn check_keys(processing: &Processing, prefixes: &Prefixes) -> Result<(), FirehoseError> {
    let named = prefixes.partition_keys();
    let from = |source: KeySource| named.iter().any(|key| key.source == source);
    let seen = |name: &String| named.iter().any(|key| key.source == KeySource::Query && *key.name == **name);
    if let Some(keys) = processing.query.as_ref().and_then(|query| query.keys())
        && !keys.iter().all(seen)
    {
        return refused(
            "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix expression",
        );
    }
    // That these two are refused is documented; how is not (?).
    if from(KeySource::Query) && processing.query.is_none() {
        return refused(
            "MetadataExtraction processor is required when Prefix contains partitionKeyFromQuery.",
        );
    }
    if from(KeySource::Lambda) && processing.lambda.is_none() {
        return refused("Lambda processor is required when Prefix contains partitionKeyFromLambda.");
    }
    Ok(())
}

/// Refuses the processors that only a partitioned destination may have.
pub(super) fn refuse_processors(processing: &Processing) -> Result<(), FirehoseError> {
    let class = if processing.query.is_some() {
        "MetadataExtractionProcessor"
    } else if processing.split.is_some() {
        "RecordDeAggregationProcessor"
    } else {
        return Ok(());
    };
    refused(&format!(
        "class com.amazonaws.services.firehose.internal.model.{class} can only be present when Dynamic Partitioning \
         is enabled."
    ))
}

/// Checks what an update may not change. The rules are documented; the words are not AWS's (?).
pub(super) fn check_update(old: &S3Settings, new: &S3Settings) -> Result<(), FirehoseError> {
    match (old.is_partitioned(), new.is_partitioned()) {
        (false, true) => {
            return refused("Dynamic Partitioning can only be enabled when a Firehose is created.");
        }
        (true, false) => {
            return refused("Dynamic Partitioning cannot be disabled once it is enabled.");
        }
        _ => {}
    }
    if old.s3_backup_mode.as_deref() == Some("Enabled") && new.s3_backup_mode.as_deref() != Some("Enabled") {
        return refused("S3 backup cannot be disabled once it is enabled.");
    }
    Ok(())
}

fn refused(words: &str) -> Result<(), FirehoseError> {
    Err(FirehoseError::InvalidArgument(words.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::destination::Target;
    use super::super::{Destination, Settings};
    use super::*;

    const QUERY: &str = "p/!{partitionKeyFromQuery:k}/";

    fn query(text: &str) -> Value {
        json!({"Type": "MetadataExtraction", "Parameters": [
            {"ParameterName": "MetadataExtractionQuery", "ParameterValue": text},
            {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"},
        ]})
    }

    fn settings(prefix: &str, processors: &[Value], extra: Value) -> S3Settings {
        let mut json = json!({
            "RoleARN": "arn:aws:iam::000000000000:role/r", "BucketARN": "arn:aws:s3:::lake",
            "Prefix": prefix, "ErrorOutputPrefix": "e/!{firehose:error-output-type}/",
            "DynamicPartitioningConfiguration": {"Enabled": true},
            "ProcessingConfiguration": {"Enabled": true, "Processors": processors},
        });
        json.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_value(json).unwrap()
    }

    fn created(settings: S3Settings) -> Result<(Settings, Destination), String> {
        Settings::S3(Box::new(settings)).created("s3", "us-east-1").map_err(|error| error.to_string())
    }

    #[test]
    fn a_partitioned_destination_has_its_defaults() {
        let (described, destination) = created(settings(QUERY, &[query("{k: .k}")], json!({}))).unwrap();
        let Target::S3(Some(keys)) = &destination.target else { panic!("it is partitioned") };
        assert_eq!(keys.len(), 1);
        assert_eq!(destination.place.hints.size, 128 << 20);
        let Settings::S3(described) = described else { panic!("it is a bucket") };
        assert_eq!(
            serde_json::to_value(described.dynamic_partitioning_configuration).unwrap(),
            json!({"Enabled": true, "RetryOptions": {"DurationInSeconds": 300}})
        );
    }

    #[test]
    fn each_rule_is_told_in_the_words_of_aws() {
        let small = json!({"BufferingHints": {"SizeInMBs": 63, "IntervalInSeconds": 60}});
        let hasty = json!({"BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 0}});
        let off = json!({"DynamicPartitioningConfiguration": {"Enabled": false}, "Prefix": "p/"});
        let deaggregation = json!({"Type": "RecordDeAggregation", "Parameters": [
            {"ParameterName": "SubRecordType", "ParameterValue": "JSON"},
        ]});
        for (settings, words) in [
            (settings(QUERY, &[query("{k: .k}")], small), "BufferingHints.SizeInMBs must be at least 64"),
            (settings(QUERY, &[query("{k: .k}")], hasty), "at least 1 when Dynamic Partitioning"),
            (settings("p/", &[query("{k: .k}")], json!({})), "S3 Prefix should contain Dynamic Partitioning"),
            (
                settings(QUERY, &[query("{k: .k, l: .l}")], json!({})),
                "keys that are not present in the S3 Prefix",
            ),
            (
                settings(QUERY, &[json!({"Type": "AppendDelimiterToRecord"})], json!({})),
                "MetadataExtraction processor",
            ),
            (
                settings(
                    "!{partitionKeyFromLambda:k}/",
                    &[json!({"Type": "AppendDelimiterToRecord"})],
                    json!({}),
                ),
                "Lambda processor is required",
            ),
            (
                settings("", &[query("{k: .k}")], off.clone()),
                "model.MetadataExtractionProcessor can only be present",
            ),
            (settings("", &[deaggregation], off), "model.RecordDeAggregationProcessor can only be present"),
        ] {
            let message = created(settings).unwrap_err();
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn an_update_leaves_hints_and_retries_it_does_not_name_as_they_are() {
        let chosen = json!({
            "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
            "DynamicPartitioningConfiguration": {"Enabled": true, "RetryOptions": {"DurationInSeconds": 7}},
        });
        let (old, _) = created(settings(QUERY, &[query("{k: .k}")], chosen.clone())).unwrap();
        for change in [
            json!({"DynamicPartitioningConfiguration": {"Enabled": true}}),
            json!({"DynamicPartitioningConfiguration": {"Enabled": true}, "BufferingHints": {"IntervalInSeconds": 60}}),
        ] {
            let change = Settings::S3(Box::new(serde_json::from_value(change).unwrap()));
            let (new, destination) = old.updated(change, "s3", "us-east-1").unwrap();
            assert_eq!(destination.place.hints.size, 64 << 20);
            let Settings::S3(new) = new else { panic!("it is a bucket") };
            let new = serde_json::to_value(new).unwrap();
            assert_eq!(new["DynamicPartitioningConfiguration"], chosen["DynamicPartitioningConfiguration"]);
        }
    }

    #[test]
    fn an_update_switches_neither_partitioning_nor_a_backup_off() {
        let change = |json: Value| Settings::S3(Box::new(serde_json::from_value(json).unwrap()));
        let (partitioned, _) = created(settings(QUERY, &[query("{k: .k}")], json!({}))).unwrap();
        let update = |of: &Settings, json: Value| {
            of.updated(change(json), "s3", "us-east-1").map_err(|error| error.to_string())
        };
        let off = json!({"DynamicPartitioningConfiguration": {"Enabled": false}, "Prefix": "p/",
            "ProcessingConfiguration": {"Enabled": false}});
        assert!(update(&partitioned, off).unwrap_err().contains("cannot be disabled"));
        update(&partitioned, json!({"ErrorOutputPrefix": "f/!{firehose:error-output-type}/"})).unwrap();
        let plain = json!({"DynamicPartitioningConfiguration": {"Enabled": false}, "Prefix": "p/",
            "ProcessingConfiguration": {"Enabled": false}});
        let (plain, _) = created(settings("p/", &[], plain)).unwrap();
        let on = json!({"DynamicPartitioningConfiguration": {"Enabled": true}, "Prefix": QUERY,
            "ProcessingConfiguration": {"Enabled": true, "Processors": [query("{k: .k}")]}});
        assert!(update(&plain, on).unwrap_err().contains("can only be enabled when a Firehose is created"));
        let backup = json!({"S3BackupMode": "Enabled", "S3BackupUpdate": {
            "RoleARN": "arn:aws:iam::000000000000:role/r", "BucketARN": "arn:aws:s3:::raw"}});
        let (backed_up, destination) = update(&plain, backup).unwrap();
        assert_eq!(destination.backup.unwrap().bucket, "raw");
        assert!(
            update(&backed_up, json!({"S3BackupMode": "Disabled"}))
                .unwrap_err()
                .contains("cannot be disabled")
        );
    }
}
