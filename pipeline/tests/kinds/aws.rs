//! What others do to an account behind the engine's back.

use aws_sdk_kinesis::Client;

/// Registers a consumer that no pipeline knows.
pub(crate) async fn register_consumer(config: &aws_types::SdkConfig, stream: &str, consumer: &str) {
    let client = Client::new(config);
    let seen = client.describe_stream_summary().stream_name(stream).send().await.expect("described");
    let arn = seen.stream_description_summary().expect("a stream").stream_arn();
    let request = client.register_stream_consumer().stream_arn(arn).consumer_name(consumer);
    request.send().await.expect("registered");
}

fn s3(config: &aws_types::SdkConfig, url: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(config).endpoint_url(url).force_path_style(true);
    aws_sdk_s3::Client::from_conf(config.build())
}

/// Has a bucket tell EventBridge beside whom it tells already.
pub(crate) async fn notify_by_event_bridge(config: &aws_types::SdkConfig, url: &str, bucket: &str) {
    use aws_sdk_s3::types::{EventBridgeConfiguration, NotificationConfiguration};
    let client = s3(config, url);
    let seen = client.get_bucket_notification_configuration().bucket(bucket).send().await.expect("read");
    let all = NotificationConfiguration::builder()
        .set_lambda_function_configurations(seen.lambda_function_configurations)
        .event_bridge_configuration(EventBridgeConfiguration::builder().build())
        .build();
    let request = client.put_bucket_notification_configuration().bucket(bucket);
    request.notification_configuration(all).send().await.expect("written");
}

/// Whether a bucket tells EventBridge.
pub(crate) async fn has_event_bridge(config: &aws_types::SdkConfig, url: &str, bucket: &str) -> bool {
    let seen = s3(config, url).get_bucket_notification_configuration().bucket(bucket).send().await;
    seen.expect("read").event_bridge_configuration().is_some()
}

/// The types of a delivery's processors, in the order they work.
pub(crate) async fn processors(config: &aws_types::SdkConfig, delivery: &str) -> Vec<String> {
    let client = aws_sdk_firehose::Client::new(config);
    let seen = client.describe_delivery_stream().delivery_stream_name(delivery).send().await;
    let seen = seen.expect("described").delivery_stream_description.expect("a description");
    let s3 = seen.destinations()[0].extended_s3_destination_description().expect("an S3 destination");
    let processors = s3.processing_configuration().expect("it works on records").processors();
    processors.iter().map(|it| it.r#type().as_str().to_owned()).collect()
}

/// Puts records to a delivery, together.
pub(crate) async fn put_to_delivery(config: &aws_types::SdkConfig, delivery: &str, texts: &[&str]) {
    use aws_sdk_firehose::primitives::Blob;
    use aws_sdk_firehose::types::Record;
    let record = |text: &&str| Record::builder().data(Blob::new(*text)).build().expect("whole");
    let client = aws_sdk_firehose::Client::new(config);
    let request = client.put_record_batch().delivery_stream_name(delivery);
    let answer = request.set_records(Some(texts.iter().map(record).collect())).send().await;
    assert_eq!(answer.expect("taken").failed_put_count(), 0);
}

/// What the first object of a bucket holds, once there is one.
pub(crate) async fn first_object(config: &aws_types::SdkConfig, url: &str, bucket: &str) -> String {
    let client = s3(config, url);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let key = loop {
        let listed = client.list_objects_v2().bucket(bucket).send().await.expect("listed");
        match listed.contents().first().and_then(|object| object.key()) {
            Some(key) => break key.to_owned(),
            None => assert!(std::time::Instant::now() < deadline, "nothing arrived"),
        }
        tokio::task::yield_now().await;
    };
    let object = client.get_object().bucket(bucket).key(key).send().await.expect("read");
    let bytes = object.body.collect().await.expect("whole").into_bytes();
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// The environment of a function, and what its mapping hears of its answers.
pub(crate) async fn runs(
    config: &aws_types::SdkConfig,
    function: &str,
) -> (std::collections::HashMap<String, String>, Vec<String>) {
    let client = aws_sdk_lambda::Client::new(config);
    let seen = client.get_function_configuration().function_name(function).send().await.expect("it is there");
    let environment = seen.environment.and_then(|it| it.variables).unwrap_or_default();
    let mappings = client.list_event_source_mappings().function_name(function).send().await.expect("listed");
    let responses = mappings.event_source_mappings()[0].function_response_types();
    (environment, responses.iter().map(|it| it.as_str().to_owned()).collect())
}
