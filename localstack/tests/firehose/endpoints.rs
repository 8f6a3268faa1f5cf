//! HTTP endpoint destinations: their members, and deliveries to a server on this machine.

use std::convert::Infallible;
use std::io::Read as _;
use std::sync::{Arc, Mutex};

use aws_sdk_firehose::types::{
    ContentEncoding, HttpEndpointBufferingHints, HttpEndpointCommonAttribute, HttpEndpointConfiguration,
    HttpEndpointDestinationConfiguration, HttpEndpointDestinationUpdate, HttpEndpointRequestConfiguration,
    HttpEndpointRetryOptions, HttpEndpointS3BackupMode, S3DestinationUpdate, SecretsManagerConfiguration,
};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

/// A server that takes every batch, or none, and remembers them.
struct Sink {
    url: String,
    seen: Arc<Mutex<Vec<(http::HeaderMap, Value)>>>,
}

impl Sink {
    async fn start(status: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/in", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let remember = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let remember = Arc::clone(&remember);
                let service = service_fn(move |request| answer(request, status, Arc::clone(&remember)));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(connection), service),
                );
            }
        });
        Self { url, seen }
    }
}

async fn answer(
    request: Request<Incoming>,
    status: u16,
    seen: Arc<Mutex<Vec<(http::HeaderMap, Value)>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let packed = body.collect().await.unwrap().to_bytes();
    let mut text = String::new();
    match head.headers.get("content-encoding") {
        Some(_) => flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap(),
        None => (&packed[..]).read_to_string(&mut text).unwrap(),
    };
    let body: Value = serde_json::from_str(&text).unwrap();
    let taken = json!({"requestId": body["requestId"], "timestamp": 1, "errorMessage": "as told"});
    seen.lock().unwrap().push((head.headers, body));
    let answer = Response::builder().status(status).header("content-type", "application/json");
    Ok(answer.body(Full::new(Bytes::from(taken.to_string()))).unwrap())
}

fn destination(url: &str) -> HttpEndpointDestinationConfiguration {
    let attribute = HttpEndpointCommonAttribute::builder()
        .attribute_name("stage")
        .attribute_value("test")
        .build()
        .unwrap();
    let request = HttpEndpointRequestConfiguration::builder()
        .content_encoding(ContentEncoding::Gzip)
        .common_attributes(attribute);
    let endpoint = HttpEndpointConfiguration::builder().url(url).name("sink").access_key("secret");
    let s3 = S3DestinationConfiguration::builder()
        .role_arn(ROLE)
        .bucket_arn("arn:aws:s3:::lake")
        .error_output_prefix("failed/")
        .buffering_hints(BufferingHints::builder().size_in_mbs(1).interval_in_seconds(0).build());
    HttpEndpointDestinationConfiguration::builder()
        .endpoint_configuration(endpoint.build().unwrap())
        .buffering_hints(HttpEndpointBufferingHints::builder().size_in_mbs(1).interval_in_seconds(0).build())
        .request_configuration(request.build())
        .retry_options(HttpEndpointRetryOptions::builder().duration_in_seconds(0).build())
        .role_arn(ROLE)
        .s3_backup_mode(HttpEndpointS3BackupMode::FailedDataOnly)
        .s3_configuration(s3.build().unwrap())
        .build()
}

async fn create(local: &Local, destination: HttpEndpointDestinationConfiguration) {
    let create = local.firehose.create_delivery_stream().delivery_stream_name("clicks");
    create.http_endpoint_destination_configuration(destination).send().await.unwrap();
}

#[tokio::test]
async fn every_member_of_an_endpoint_comes_back_save_its_key() {
    let local = local().await;
    let secret = SecretsManagerConfiguration::builder()
        .enabled(true)
        .secret_arn("arn:aws:secretsmanager:us-east-1:000000000000:secret:key-AbCdEf")
        .role_arn(ROLE)
        .build()
        .unwrap();
    let mut configuration = destination("https://example.com/in");
    configuration.secrets_manager_configuration = Some(secret.clone());
    create(&local, configuration).await;
    let described = local.describe("clicks").await.destinations.remove(0);
    assert!(described.extended_s3_destination_description.is_none());
    let http = described.http_endpoint_destination_description.unwrap();
    let endpoint = http.endpoint_configuration.unwrap();
    assert_eq!(
        (endpoint.url.as_deref(), endpoint.name.as_deref()),
        (Some("https://example.com/in"), Some("sink"))
    );
    assert_eq!(http.buffering_hints.unwrap().interval_in_seconds, Some(0));
    let request = http.request_configuration.unwrap();
    assert_eq!(request.content_encoding, Some(ContentEncoding::Gzip));
    assert_eq!(request.common_attributes.unwrap()[0].attribute_value, "test");
    assert_eq!(http.retry_options.unwrap().duration_in_seconds, Some(0));
    assert_eq!(http.s3_backup_mode, Some(HttpEndpointS3BackupMode::FailedDataOnly));
    assert_eq!((http.role_arn.as_deref(), http.secrets_manager_configuration), (Some(ROLE), Some(secret)));
    assert_eq!(http.s3_destination_description.unwrap().error_output_prefix.as_deref(), Some("failed/"));

    let change = HttpEndpointDestinationUpdate::builder()
        .endpoint_configuration(
            HttpEndpointConfiguration::builder().url("https://example.com/new").build().unwrap(),
        )
        .s3_backup_mode(HttpEndpointS3BackupMode::AllData)
        .s3_update(S3DestinationUpdate::builder().prefix("all/").build());
    let update = local.firehose.update_destination().delivery_stream_name("clicks");
    let update = update.current_delivery_stream_version_id("1").destination_id(DESTINATION);
    update.http_endpoint_destination_update(change.build()).send().await.unwrap();
    let description = local.describe("clicks").await;
    assert_eq!(description.version_id, "2");
    let http = description.destinations[0].http_endpoint_destination_description.clone().unwrap();
    let endpoint = http.endpoint_configuration.unwrap();
    assert_eq!(
        (endpoint.url.as_deref(), endpoint.name.as_deref()),
        (Some("https://example.com/new"), Some("sink"))
    );
    let s3 = http.s3_destination_description.unwrap();
    assert_eq!((s3.prefix.as_deref(), s3.error_output_prefix.as_deref()), (Some("all/"), Some("failed/")));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_server_gets_what_was_put() {
    let local = local().await;
    let sink = Sink::start(200).await;
    create(&local, destination(&sink.url)).await;
    let batch = local.firehose.put_record_batch().delivery_stream_name("clicks");
    batch.records(record("one")).records(record("two")).send().await.unwrap();
    let world = local.endpoint.world().clone();
    local.endpoint.shutdown().await;
    let (headers, body) = sink.seen.lock().unwrap()[0].clone();
    assert_eq!(headers["x-amz-firehose-protocol-version"], "1.0");
    assert_eq!(headers["x-amz-firehose-access-key"], "secret");
    assert_eq!(headers["content-encoding"], "gzip");
    assert_eq!(headers["x-amz-firehose-common-attributes"], r#"{"commonAttributes":{"stage":"test"}}"#);
    assert_eq!(headers["x-amz-firehose-request-id"].to_str().unwrap(), body["requestId"]);
    assert_eq!(body["records"], json!([{"data": "b25l"}, {"data": "dHdv"}]));
    assert_eq!(world.firehose.accounts()["clicks"]["delivered"], 2);
}

#[tokio::test]
async fn what_a_server_does_not_take_is_in_the_bucket() {
    let local = local().await;
    local.create_bucket();
    let sink = Sink::start(500).await;
    create(&local, destination(&sink.url)).await;
    local.firehose.put_record().delivery_stream_name("clicks").record(record("kept")).send().await.unwrap();
    let keys = local.keys(1).await;
    assert!(keys[0].starts_with("failed/http-endpoint-failed/"), "{keys:?}");
    let line: Value = serde_json::from_slice(&local.read(&keys[0]).await).unwrap();
    assert_eq!((&line["rawData"], &line["attemptsMade"]), (&json!("a2VwdA=="), &json!(1)));
    assert_eq!(line["errorCode"], "HttpEndpoint.DestinationException");
    // A port that nobody listens at.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    drop(silent);
    let change = HttpEndpointDestinationUpdate::builder()
        .endpoint_configuration(HttpEndpointConfiguration::builder().url(url).build().unwrap());
    let update = local.firehose.update_destination().delivery_stream_name("clicks");
    let update = update.current_delivery_stream_version_id("1").destination_id(DESTINATION);
    update.http_endpoint_destination_update(change.build()).send().await.unwrap();
    local
        .firehose
        .put_record()
        .delivery_stream_name("clicks")
        .record(record("kept too"))
        .send()
        .await
        .unwrap();
    let keys = local.keys(2).await;
    let lines = [local.read(&keys[0]).await, local.read(&keys[1]).await].concat();
    assert!(String::from_utf8_lossy(&lines).contains("HttpEndpoint.ConnectionFailed"));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_plain_address_elsewhere_is_refused() {
    let local = local().await;
    let create = local.firehose.create_delivery_stream().delivery_stream_name("clicks");
    let refused = create
        .http_endpoint_destination_configuration(destination("http://example.com/"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some("ValidationException"));
    assert!(
        refused.message().unwrap().ends_with("Member must satisfy regular expression pattern: https://.*")
    );
    local.endpoint.shutdown().await;
}
