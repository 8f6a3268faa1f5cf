//! What a delivery has beside a bucket and a prefix.

use super::super::model::{DeliveryKey, Destination};
use super::{accepted, codes, refused, with};

/// A file with one direct delivery to S3 that has these fields, in flow style.
fn s3(fields: &str) -> String {
    with(&format!("deliveries:\n  lake: {{ to: {{ s3: {{ bucket: abc, {fields} }} }} }}\n"))
}

const BY_CUSTOMER: &str = "prefix: \"c=!{partitionKeyFromQuery:customer}/\"";

#[test]
fn partitions_and_a_backup_are_read() {
    let text = s3(&format!(
        "{BY_CUSTOMER}, partition: {{ keys: {{ customer: .customer.id }}, retry: 60s }}, \
         backup: {{ bucket: raw, prefix: raw/, buffer: {{ size: 1MiB }}, compression: none }}"
    ));
    let pipeline = accepted(&text).pipeline;
    let Destination::S3(s3) = &pipeline.deliveries["lake"].to else { panic!("it goes to S3") };
    let partition = s3.partition.as_ref().unwrap();
    assert_eq!((partition.keys["customer"].as_str(), partition.retry_seconds), (".customer.id", 60));
    assert_eq!(s3.buffer.size_mib, 64, "the least that a partitioned destination gathers");
    let backup = s3.backup.as_ref().unwrap();
    assert_eq!((backup.bucket.as_str(), backup.prefix.as_deref()), ("raw", Some("raw/")));
}

#[test]
fn lines_are_ended_where_the_file_says_so_and_only_in_s3() {
    let ended = |fields: &str| {
        let pipeline = accepted(&s3(fields)).pipeline;
        let Destination::S3(s3) = &pipeline.deliveries["lake"].to else { panic!("it goes to S3") };
        s3.newline
    };
    assert!(ended("newline: true"));
    assert!(!ended("newline: false"));
    assert!(!ended("prefix: a/"));
    assert_eq!(codes(&refused(&s3("newline: often"))), ["wrong-type"]);
    let http = "deliveries:\n  out: { to: { http: { url: \"https://example.com/in\", newline: true, \
                backup: { bucket: abc } } } }\n";
    assert_eq!(codes(&refused(&with(http))), ["unknown-field"]);
}

#[test]
fn line_breaks_behind_those_of_a_program_are_warned_of_where_they_stand() {
    let file = |transform: &str| {
        with(&format!(
            "transforms:\n  t: {{ {transform} }}\ndeliveries:\n  lake:\n    transform: t\n    to:\n      s3:\n        \
             bucket: abc\n        newline: true\n"
        ))
    };
    let read = accepted(&file("vrl: .a = 1"));
    let warned = read.warnings.to_string();
    assert!(warned.contains("line break already") && warned.contains("newline: true"), "{warned}");
    assert!(accepted(&file("package: own.zip")).warnings.is_empty(), "a package may end none");
}

#[test]
fn what_firehose_refuses_is_refused_with_the_fix() {
    for (fields, help) in [
        (BY_CUSTOMER.to_owned(), "add `partition:"),
        (format!("{BY_CUSTOMER}, partition: {{ keys: {{ customr: .c }} }}"), "did you mean `customr`?"),
        (format!("{BY_CUSTOMER}, partition: {{ keys: {{ customer: .c, b: .b }} }}"), "no key `b`"),
        ("prefix: a/, partition: { }".to_owned(), "the prefix has no key"),
        ("partition: { }".to_owned(), "there is no prefix"),
        ("prefix: \"!{partitionKeyFromLambda:a}/\", partition: { }".to_owned(), "add `transform"),
        (
            format!("{BY_CUSTOMER}, partition: {{ keys: {{ customer: .c }} }}, buffer: {{ size: 5MiB }}"),
            "size: 64MiB",
        ),
        (
            format!("{BY_CUSTOMER}, partition: {{ keys: {{ customer: .c }} }}, buffer: {{ interval: 0s }}"),
            "interval: 60s",
        ),
        ("errors: \"!{partitionKeyFromQuery:a}/\"".to_owned(), "only `prefix` can have keys"),
        ("backup: { }".to_owned(), "bucket: my-backup"),
        (
            "backup: { bucket: raw, prefix: \"!{partitionKeyFromQuery:a}/\" }".to_owned(),
            "a backup is not partitioned",
        ),
    ] {
        let found = refused(&s3(&fields)).to_string();
        assert!(found.contains(help), "{fields}: {found}");
    }
}

#[test]
fn encryption_is_a_deliverys_own_only_with_direct_put() {
    let file = |fields: &str| {
        with(&format!(
            "streams:\n  events:\ndeliveries:\n  lake: {{ {fields}, to: {{ s3: {{ bucket: abc }} }} }}\n"
        ))
    };
    let pipeline = accepted(&file("encryption: aws-owned")).pipeline;
    assert_eq!(pipeline.deliveries["lake"].encryption, Some(DeliveryKey::AwsOwned));
    assert_eq!(codes(&refused(&file("from: events, encryption: aws-owned"))), ["conflicting-fields"]);
    assert_eq!(codes(&refused(&file("encryption: alias/aws/firehose"))), ["invalid-kms-key"]);
}
