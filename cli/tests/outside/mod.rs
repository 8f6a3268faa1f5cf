//! Changes behind pipectl's back, for the scenarios that look for them.

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::{BehaviorVersion, Credentials, Region};

/// Changes a stream's retention.
pub(crate) async fn keep_longer((url, region): (String, &'static str), stream: &str, hours: i32) {
    let config = aws_sdk_kinesis::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let request = Client::from_conf(config).increase_stream_retention_period().stream_name(stream);
    request.retention_period_hours(hours).send().await.expect("changed outside");
}
