//! Notifications of a bucket, told to functions in this process.

use std::time::Duration;

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::{
    BucketVersioningStatus, Event, FilterRule, FilterRuleName, LambdaFunctionConfiguration,
    NotificationConfiguration, NotificationConfigurationFilter, QueueConfiguration, S3KeyFilter,
    VersioningConfiguration,
};
use pipectl_localstack::lambda::InProcess;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::{Local, code_of, with_bucket};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

/// A function that hands its events on.
fn listener(local: &Local) -> UnboundedReceiver<Value> {
    let (sender, events) = unbounded_channel();
    let code = InProcess::new(move |event| {
        sender.send(serde_json::from_slice(&event).unwrap()).unwrap();
        std::future::ready(Ok(event))
    });
    let world = local.endpoint.world();
    world.lambda.install(world, "f", code).unwrap();
    events
}

fn client(local: &Local) -> aws_sdk_lambda::Client {
    let config = local.s3.config();
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(config.region().cloned())
        .endpoint_url(local.endpoint.url())
        .credentials_provider(aws_credential_types::Credentials::new("any", "any", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .build();
    aws_sdk_lambda::Client::from_conf(config)
}

async fn permit(local: &Local, source_arn: &str) {
    let add =
        client(local).add_permission().function_name("f").statement_id(format!("s{}", source_arn.len()));
    let add = add.action("lambda:InvokeFunction").principal("s3.amazonaws.com").source_arn(source_arn);
    add.source_account("000000000000").send().await.unwrap();
}

fn rule(event: &str, prefix: &str) -> LambdaFunctionConfiguration {
    let filter = FilterRule::builder().name(FilterRuleName::Prefix).value(prefix).build();
    let key = S3KeyFilter::builder().filter_rules(filter).build();
    LambdaFunctionConfiguration::builder()
        .lambda_function_arn(ARN)
        .events(Event::from(event))
        .filter(NotificationConfigurationFilter::builder().key(key).build())
        .build()
        .unwrap()
}

fn of(rules: &[LambdaFunctionConfiguration]) -> NotificationConfiguration {
    NotificationConfiguration::builder().set_lambda_function_configurations(Some(rules.to_vec())).build()
}

async fn put(local: &Local, configuration: NotificationConfiguration) -> Result<(), (u16, String, String)> {
    let put = local.s3.put_bucket_notification_configuration().bucket("lake");
    match put.notification_configuration(configuration).send().await {
        Ok(_) => Ok(()),
        Err(error) => {
            let message = error.message().unwrap_or_default().to_owned();
            let (status, code) = code_of::<(), _, _>(Err(error));
            Err((status, code, message))
        }
    }
}

async fn next(events: &mut UnboundedReceiver<Value>) -> Value {
    let event = tokio::time::timeout(Duration::from_secs(30), events.recv()).await;
    event.expect("an event comes").unwrap()["Records"][0].clone()
}

#[tokio::test]
async fn a_function_hears_of_what_its_rule_names() {
    let local = with_bucket().await;
    let mut events = listener(&local);
    permit(&local, "arn:aws:s3:::lake").await;
    put(&local, of(&[rule("s3:ObjectCreated:*", "in/"), rule("s3:ObjectRemoved:*", "in/")])).await.unwrap();
    local.put("out/1", "not told").await;
    let etag = local.put("in/a b.json", "hello").await;
    let event = next(&mut events).await;
    assert_eq!(event["eventName"], "ObjectCreated:Put");
    assert_eq!(event["awsRegion"], "us-east-1");
    assert_eq!(event["s3"]["object"]["key"], "in/a+b.json");
    assert_eq!(event["s3"]["object"]["size"], 5);
    assert_eq!(event["s3"]["object"]["eTag"].as_str(), Some(etag.trim_matches('"')));
    assert_eq!(event["s3"]["object"].get("versionId"), None);
    let got = local.s3.get_bucket_notification_configuration().bucket("lake").send().await.unwrap();
    let ids: Vec<_> = got.lambda_function_configurations().iter().filter_map(|one| one.id()).collect();
    assert_eq!(event["s3"]["configurationId"].as_str(), Some(ids[0]));

    let copy = local.s3.copy_object().bucket("lake").key("in/copy").copy_source("lake/out/1");
    copy.send().await.unwrap();
    let copied = next(&mut events).await;
    assert_eq!(copied["eventName"], "ObjectCreated:Copy");
    let order = |event: &Value| event["s3"]["object"]["sequencer"].as_str().unwrap().to_owned();
    assert!(order(&copied) > order(&event));

    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let versioning = local.s3.put_bucket_versioning().bucket("lake").versioning_configuration(enabled);
    versioning.send().await.unwrap();
    local.s3.delete_object().bucket("lake").key("in/copy").send().await.unwrap();
    let marked = next(&mut events).await;
    assert_eq!(marked["eventName"], "ObjectRemoved:DeleteMarkerCreated");
    let version = marked["s3"]["object"]["versionId"].as_str().unwrap();
    let delete = local.s3.delete_object().bucket("lake").key("in/copy").version_id(version);
    delete.send().await.unwrap();
    assert_eq!(next(&mut events).await["eventName"], "ObjectRemoved:Delete");

    let body = bytes::Bytes::from_static(b"from another service");
    let written = local.endpoint.world().s3.put_object("lake", "in/inside", body, Default::default());
    written.await.unwrap();
    assert_eq!(next(&mut events).await["s3"]["object"]["key"], "in/inside");
    put(&local, NotificationConfiguration::builder().build()).await.unwrap();
    local.put("in/2", "not told").await;
    assert!(events.try_recv().is_err());
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_function_that_is_not_there_or_lets_nobody_in_is_refused() {
    let local = with_bucket().await;
    let refused = |result: Result<(), (u16, String, String)>| {
        let (status, code, message) = result.unwrap_err();
        assert_eq!((status, code.as_str()), (400, "InvalidArgument"));
        assert_eq!(message, "Unable to validate the following destination configurations");
    };
    let rules = || of(&[rule("s3:ObjectCreated:*", "")]);
    refused(put(&local, rules()).await);
    let mut events = listener(&local);
    refused(put(&local, rules()).await);
    permit(&local, "arn:aws:s3:::other-bucket").await;
    refused(put(&local, rules()).await);
    permit(&local, "arn:aws:s3:::lake").await;
    put(&local, rules()).await.unwrap();
    local.put("k", "x").await;
    assert_eq!(next(&mut events).await["s3"]["object"]["key"], "k");

    let queue = QueueConfiguration::builder()
        .queue_arn("arn:aws:sqs:us-east-1:000000000000:q")
        .events(Event::from("s3:ObjectCreated:*"))
        .build()
        .unwrap();
    let queues = NotificationConfiguration::builder().queue_configurations(queue).build();
    refused(put(&local, queues.clone()).await);
    let skip = local.s3.put_bucket_notification_configuration().bucket("lake");
    skip.skip_destination_validation(true).notification_configuration(queues).send().await.unwrap();

    // A permission that is taken away later ends the notifications.
    put(&local, rules()).await.unwrap();
    let remove = client(&local).remove_permission().function_name("f");
    remove.statement_id(format!("s{}", "arn:aws:s3:::lake".len())).send().await.unwrap();
    local.put("k", "x").await;
    assert!(events.try_recv().is_err());
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn rules_that_overlap_are_refused_in_s3s_words() {
    let local = with_bucket().await;
    let _events = listener(&local);
    permit(&local, "arn:aws:s3:::lake").await;
    let message = |result: Result<(), (u16, String, String)>| result.unwrap_err().2;
    let created = "s3:ObjectCreated:*";
    let overlapping = put(&local, of(&[rule(created, "a/"), rule("s3:ObjectCreated:Put", "a/b/")])).await;
    assert_eq!(
        message(overlapping),
        "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are \
         overlapping for the same event type."
    );
    let unknown = put(&local, of(&[rule("s3:ObjectCreated:Often", "")])).await;
    assert_eq!(message(unknown), "A specified event is not supported for notifications.");
    put(&local, of(&[rule(created, "a/"), rule(created, "b/")])).await.unwrap();
    local.endpoint.shutdown().await;
}
