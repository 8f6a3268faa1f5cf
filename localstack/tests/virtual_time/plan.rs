//! Each kind of fault that a plan has, as a client sees it.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_kinesis::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use pipectl_localstack::{FaultPlan, InProcess, Options, Profile};
use tokio::time::Instant;

const ALL: u16 = 10_000;
const MINUTE: Duration = Duration::from_secs(60);

fn start(profile: Profile) -> (InProcess, aws_config::SdkConfig) {
    let faults = Arc::new(FaultPlan::new(7, profile));
    let endpoint = InProcess::start(Options { faults: Some(faults), seed: Some(7), ..Options::default() });
    let once = aws_sdk_kinesis::config::retry::RetryConfig::disabled();
    let config = endpoint.sdk_config().into_builder().retry_config(once).build();
    (endpoint, config)
}

/// What becomes of a `CreateStream`: the error, how long it took, and how many streams there are.
async fn create(profile: Profile) -> (String, Duration, usize) {
    let (endpoint, config) = start(profile);
    let started = Instant::now();
    let sent = aws_sdk_kinesis::Client::new(&config).create_stream().stream_name("s").shard_count(1).send();
    let error = sent.await.err();
    let took = started.elapsed();
    let code = error.as_ref().and_then(|error| error.code().map(str::to_owned));
    let told = code.or_else(|| error.map(|error| DisplayErrorContext(error).to_string())).unwrap_or_default();
    let world = endpoint.world();
    let streams = world.kinesis.streams("us-east-1", world.clock.now()).len();
    endpoint.shutdown().await;
    (told, took, streams)
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_fault_has_its_error_its_time_and_its_effect() {
    let zero = Duration::ZERO;
    let none = Profile::NONE;
    for (profile, told, time, streams) in [
        (Profile { throttled: ALL, ..none }, "LimitExceededException", zero, 0),
        (Profile { internal: ALL, ..none }, "InternalFailure", zero, 0),
        (Profile { unavailable: ALL, ..none }, "ServiceUnavailable", zero, 0),
        (Profile { timed_out_before: ALL, ..none }, "dispatch failure", Profile::HANG, 0),
        (Profile { timed_out_after: ALL, ..none }, "dispatch failure", Profile::HANG, 1),
        (Profile { dropped: ALL, ..none }, "dispatch failure", zero, 1),
    ] {
        let (error, took, found) = create(profile).await;
        assert!(error.starts_with(told), "{told}: {error}");
        assert_eq!((took, found), (time, streams), "{told}");
    }
    let (error, took, streams) = create(Profile { slow: ALL, slowest: MINUTE, ..none }).await;
    assert_eq!((error.as_str(), streams), ("", 1));
    assert!(took >= MINUTE / 10 && took <= MINUTE, "{took:?}");
}

async fn status(kinesis: &aws_sdk_kinesis::Client) -> String {
    let summary = kinesis.describe_stream_summary().stream_name("s").send().await.expect("it exists");
    summary.stream_description_summary.expect("it has one").stream_status.as_str().to_owned()
}

async fn until_active(kinesis: &aws_sdk_kinesis::Client) -> Duration {
    let started = Instant::now();
    while status(kinesis).await != "ACTIVE" {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    started.elapsed()
}

#[tokio::test(start_paused = true)]
async fn states_of_a_stream_last_longer() {
    let (endpoint, config) = start(Profile { stream_state: MINUTE, ..Profile::NONE });
    let kinesis = aws_sdk_kinesis::Client::new(&config);
    kinesis.create_stream().stream_name("s").shard_count(1).send().await.unwrap();
    assert_eq!(status(&kinesis).await, "CREATING");
    let created = until_active(&kinesis).await;
    let update = kinesis.increase_stream_retention_period().stream_name("s").retention_period_hours(48);
    update.send().await.unwrap();
    assert_eq!(status(&kinesis).await, "UPDATING");
    let updated = until_active(&kinesis).await;
    for took in [created, updated] {
        assert!(took > MINUTE / 10 && took < MINUTE + Duration::from_secs(1), "{took:?}");
    }
    kinesis.delete_stream().stream_name("s").send().await.unwrap();
    tokio::time::sleep(MINUTE / 10).await;
    assert_eq!(status(&kinesis).await, "DELETING");
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_list_of_shards_knows_of_a_reshard_later() {
    let (endpoint, config) = start(Profile { shard_list: MINUTE, ..Profile::NONE });
    let kinesis = aws_sdk_kinesis::Client::new(&config);
    kinesis.create_stream().stream_name("s").shard_count(1).send().await.unwrap();
    until_active(&kinesis).await;
    let middle = (1_u128 << 127).to_string();
    let split = kinesis.split_shard().stream_name("s").shard_to_split("shardId-000000000000");
    split.new_starting_hash_key(middle).send().await.unwrap();
    until_active(&kinesis).await;
    let listed = async || {
        let shards = kinesis.list_shards().stream_name("s").send().await.unwrap().shards.unwrap_or_default();
        let ends = |shard: &aws_sdk_kinesis::types::Shard| {
            shard.sequence_number_range().is_some_and(|range| range.ending_sequence_number().is_some())
        };
        (shards.len(), shards.iter().filter(|shard| ends(shard)).count())
    };
    assert_eq!(listed().await, (1, 0), "the list does not know yet");
    tokio::time::sleep(MINUTE).await;
    assert_eq!(listed().await, (3, 1));
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_new_role_cannot_be_assumed_for_a_while() {
    let (endpoint, config) = start(Profile { new_role: 5 * MINUTE, ..Profile::NONE });
    let iam = aws_sdk_iam::Client::new(&config);
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"firehose.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let role = iam.create_role().role_name("r").assume_role_policy_document(trust).send().await.unwrap();
    let role = role.role().unwrap().arn().to_owned();
    let firehose = aws_sdk_firehose::Client::new(&config);
    let create = async || {
        let lake = aws_sdk_firehose::types::ExtendedS3DestinationConfiguration::builder();
        let lake = lake.role_arn(&role).bucket_arn("arn:aws:s3:::lake").build().unwrap();
        let create = firehose.create_delivery_stream().delivery_stream_name("d");
        create.extended_s3_destination_configuration(lake).send().await
    };
    let refused = create().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidArgumentException"));
    assert!(refused.message().unwrap_or_default().contains("unable to assume role"), "{refused:?}");
    let code = pipectl_localstack::lambda::InProcess::new(|event| async { Ok(event) });
    endpoint.world().lambda.install(endpoint.world(), "f", code).unwrap();
    let lambda = aws_sdk_lambda::Client::new(&config);
    let update = async || lambda.update_function_configuration().function_name("f").role(&role).send().await;
    let refused = update().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterValueException"));
    assert_eq!(refused.message(), Some("The role defined for the function cannot be assumed by Lambda."));
    tokio::time::sleep(5 * MINUTE).await;
    create().await.unwrap();
    update().await.unwrap();
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn single_records_of_a_call_fail() {
    let (endpoint, config) = start(Profile { records: ALL / 2, ..Profile::NONE });
    let kinesis = aws_sdk_kinesis::Client::new(&config);
    kinesis.create_stream().stream_name("s").shard_count(1).send().await.unwrap();
    until_active(&kinesis).await;
    let record = |n: u32| {
        let entry = PutRecordsRequestEntry::builder().partition_key("k").data(Blob::new(n.to_string()));
        entry.build().unwrap()
    };
    let records = (0..100).map(record).collect();
    let put = kinesis.put_records().stream_name("s").set_records(Some(records)).send().await.unwrap();
    let failed = put.records().iter().filter(|record| record.error_code() == Some("InternalFailure")).count();
    assert!((30..70).contains(&failed), "{failed}");
    assert_eq!(put.failed_record_count(), i32::try_from(failed).ok());
    assert_eq!(
        put.records().iter().filter(|record| record.sequence_number().is_some()).count(),
        100 - failed
    );
    endpoint.shutdown().await;
}
