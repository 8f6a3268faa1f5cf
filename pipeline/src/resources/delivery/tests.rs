//! What is a difference of a delivery, and what it takes.

use super::*;

fn spec() -> DeliverySpec {
    DeliverySpec {
        source: Some(DeliverySource { stream_arn: "arn:s/a".into(), role_arn: "r".into() }),
        destination: To::S3(S3Settings {
            role_arn: "r".into(),
            bucket_arn: "arn:aws:s3:::lake".into(),
            prefix: String::new(),
            error_prefix: "errors/".into(),
            buffer_mib: 5,
            buffer_seconds: 60,
            compression: "GZIP".into(),
            log_group: None,
            processor: None,
            newline: false,
            partitioning: None,
            backup: None,
        }),
        encryption: None,
    }
}

/// The same with its settings changed.
fn with(change: impl FnOnce(&mut S3Settings)) -> DeliverySpec {
    let mut spec = spec();
    if let To::S3(s3) = &mut spec.destination {
        change(s3);
    }
    spec
}

#[test]
fn a_source_change_replaces_and_says_why() {
    let direct = DeliverySpec { source: None, ..spec() };
    let difference = direct.compare(&spec().created(), &TagMap::new());
    assert!(difference.replace.expect("a reason").contains("source"));
    assert_eq!(difference.changes, []);
}

#[test]
fn a_source_that_is_read_under_another_role_is_the_same_source() {
    let by_hand = DeliverySource { stream_arn: "arn:s/a".into(), role_arn: "by-hand".into() };
    let there = DeliveryState { source: Some(by_hand), ..spec().created() };
    assert!(spec().compare(&there, &TagMap::new()).is_empty());
}

#[test]
fn removing_the_transform_is_one_update_in_place() {
    let processor = Some(LambdaProcessor { function_arn: "arn:f".into(), buffer_seconds: 60 });
    let there = with(|s3| s3.processor = processor);
    let difference = spec().compare(&there.created(), &TagMap::new());
    assert!(matches!(difference.changes[..], [DeliveryChange::Destination(_)]));
    assert_eq!(difference.properties.len(), 1);
    assert_eq!(difference.properties[0].after, None);
}

#[test]
fn a_changed_batch_of_the_transform_is_not_shown_as_another_function() {
    let with_batch = |buffer_seconds| {
        with(|s3| s3.processor = Some(LambdaProcessor { function_arn: "arn:f".into(), buffer_seconds }))
    };
    let difference = with_batch(60).compare(&with_batch(5).created(), &TagMap::new());
    let [shown] = &difference.properties[..] else { panic!("{:?}", difference.properties) };
    assert_eq!(shown.path, "transform.buffer");
    assert_eq!((shown.before.as_deref(), shown.after.as_deref()), (Some("5s"), Some("60s")));
}

#[test]
fn a_line_break_behind_each_record_is_one_update_in_place_and_shown_as_what_comes_or_goes() {
    let ended = with(|s3| s3.newline = true);
    for (wanted, there, side) in
        [(&ended, spec(), (None, Some("true"))), (&spec(), ended.clone(), (Some("true"), None))]
    {
        let difference = wanted.compare(&there.created(), &TagMap::new());
        assert!(
            matches!(difference.changes[..], [DeliveryChange::Destination(_)])
                && difference.replace.is_none()
        );
        let [shown] = &difference.properties[..] else { panic!("{:?}", difference.properties) };
        assert_eq!(shown.path, "to.s3.newline");
        assert_eq!((shown.before.as_deref(), shown.after.as_deref()), side);
    }
    assert!(ended.compare(&ended.created(), &TagMap::new()).is_empty());
}

#[test]
fn what_a_ledger_of_old_keeps_ends_no_lines_and_is_written_as_it_was() {
    let kept = serde_json::to_value(spec()).unwrap();
    assert!(kept["destination"].get("newline").is_none(), "{kept}");
    assert_eq!(serde_json::from_value::<DeliverySpec>(kept).unwrap(), spec());
    let ended = with(|s3| s3.newline = true);
    let kept = serde_json::to_value(&ended).unwrap();
    assert_eq!(serde_json::from_value::<DeliverySpec>(kept).unwrap(), ended);
}

#[test]
fn dynamic_partitioning_replaces_and_its_settings_do_not() {
    let partitioned = |retry_seconds| {
        let query = Some("{customer:.customer}".into());
        with(|s3| s3.partitioning = Some(Partitioning { retry_seconds, query }))
    };
    let enabled = partitioned(300).compare(&spec().created(), &TagMap::new());
    assert!(enabled.replace.is_some_and(|why| why.contains("dynamic partitioning")));
    assert_eq!(enabled.changes, []);
    let retry = partitioned(60).compare(&partitioned(300).created(), &TagMap::new());
    assert!(matches!(retry.changes[..], [DeliveryChange::Destination(_)]));
    assert_eq!(retry.replace, None);
}

#[test]
fn a_backup_is_switched_on_in_place_and_off_by_replacement() {
    let backup = BackupSettings {
        bucket_arn: "arn:aws:s3:::raw".into(),
        prefix: String::new(),
        buffer_mib: 5,
        buffer_seconds: 60,
        compression: "GZIP".into(),
    };
    let backed_up = with(|s3| s3.backup = Some(Box::new(backup)));
    let on = backed_up.compare(&spec().created(), &TagMap::new());
    assert!(matches!(on.changes[..], [DeliveryChange::Destination(_)]) && on.replace.is_none());
    let off = spec().compare(&backed_up.created(), &TagMap::new());
    assert!(off.replace.is_some_and(|why| why.contains("backup")));
}

#[test]
fn what_a_delivery_holds_is_encrypted_in_place() {
    let held = |encryption| DeliverySpec { source: None, encryption, ..spec() };
    let there = held(None).created();
    let on = held(Some(HeldBy::AwsOwned)).compare(&there, &TagMap::new());
    assert_eq!(on.changes, [DeliveryChange::Encrypt(HeldBy::AwsOwned)]);
    let there = held(Some(HeldBy::AwsOwned)).created();
    assert_eq!(held(None).compare(&there, &TagMap::new()).changes, [DeliveryChange::StopEncrypting]);
}

#[test]
fn another_kind_of_destination_replaces() {
    let there = DeliveryState { destination: None, ..spec().created() };
    let difference = spec().compare(&there, &TagMap::new());
    assert!(difference.replace.is_some_and(|why| why.contains("kind of destination")));
    assert_eq!(difference.changes, []);
}

#[test]
fn the_same_settings_are_no_change() {
    assert!(spec().compare(&spec().created(), &TagMap::new()).is_empty());
}

#[test]
fn a_failed_creation_is_a_failed_state() {
    let state = DeliveryState { status: "CREATING_FAILED".into(), failure: "x".into(), ..spec().created() };
    assert_eq!(state.readiness(), Readiness::Failed("CREATING_FAILED: x".into()));
}
