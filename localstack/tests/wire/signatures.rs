//! `verify_signatures`, as the SDK signs: what it signs is taken by every service, and nothing else is.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_kinesis::config::SharedCredentialsProvider;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use pipectl_localstack::{Endpoint, Options};

use crate::raw::{Raw, send, send_as_is};

async fn start() -> Endpoint {
    let options = Options {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        verify_signatures: true,
        access_keys: vec![("AKIDCI".to_owned(), "s3cr3t/with+signs".to_owned())],
        ..Options::default()
    };
    Endpoint::start(options).await.expect("port 0 is free")
}

fn config(endpoint: &Endpoint, key: &str, secret: &str) -> SdkConfig {
    let credentials = Credentials::new(key, secret, None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint.url())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

#[tokio::test]
async fn every_service_takes_what_the_sdk_signed() {
    let endpoint = start().await;
    for (key, secret) in [("test", "test"), ("AKIDCI", "s3cr3t/with+signs")] {
        let config = config(&endpoint, key, secret);
        aws_sdk_kinesis::Client::new(&config).list_streams().send().await.expect("Kinesis");
        aws_sdk_firehose::Client::new(&config).list_delivery_streams().send().await.expect("Firehose");
        aws_sdk_iam::Client::new(&config).list_roles().send().await.expect("IAM");
        aws_sdk_sts::Client::new(&config).get_caller_identity().send().await.expect("STS");
        aws_sdk_cloudwatch::Client::new(&config).list_metrics().send().await.expect("CloudWatch");
        aws_sdk_cloudwatchlogs::Client::new(&config).describe_log_groups().send().await.expect("logs");
        let lambda = aws_sdk_lambda::Client::new(&config);
        lambda.list_functions().max_items(3).send().await.expect("Lambda");
        let arn = "arn:aws:lambda:eu-west-1:000000000000:function:no thing";
        let error = lambda.get_function().function_name(arn).send().await.expect_err("there is none");
        assert!(!format!("{error:?}").contains("Signature"), "{error:?}");
    }
    endpoint.shutdown().await;
}

#[tokio::test]
async fn objects_in_every_form_of_signing_are_taken() {
    let endpoint = start().await;
    let s3 = aws_sdk_s3::config::Builder::from(&config(&endpoint, "test", "test")).force_path_style(true);
    let s3 = aws_sdk_s3::Client::from_conf(s3.build());
    let ireland =
        CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::EuWest1).build();
    s3.create_bucket().bucket("lake").create_bucket_configuration(ireland).send().await.expect("a bucket");
    let key = "a b/ü+c=d&e~(1).txt";
    // In memory: with the hash of the body, or with a trailer. From a file: in chunks.
    let put = s3.put_object().bucket("lake").key(key).body(ByteStream::from_static(b"hello"));
    put.send().await.expect("put");
    let read = s3.get_object().bucket("lake").key(key).send().await.expect("get");
    assert_eq!(read.body.collect().await.expect("whole").to_vec(), b"hello");
    let listed =
        s3.list_objects_v2().bucket("lake").prefix("a b/").delimiter("/").send().await.expect("list");
    assert_eq!(listed.contents().len(), 1);
    let minute = PresigningConfig::expires_in(Duration::from_secs(60)).expect("a minute is short");
    let url = s3.get_object().bucket("lake").key(key).presigned(minute).await.expect("presigned");
    let target = url.uri().split_once(&endpoint.url()).expect("its own URL").1.to_owned();
    let get = async |target: &str| send(endpoint.address(), &format!("GET {target}"), &[], b"").await;
    assert_eq!(get(&target).await.text(), "hello");
    let forged = get(&target.replace("X-Amz-Expires=60", "X-Amz-Expires=61")).await;
    assert!(forged.text().contains("SignatureDoesNotMatch"), "{}", forged.text());
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_key_are_refused_by_every_service() {
    let endpoint = start().await;
    for (key, secret, json, query, s3) in [
        ("test", "wrong", "InvalidSignatureException", "SignatureDoesNotMatch", "SignatureDoesNotMatch"),
        ("nobody", "test", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId"),
    ] {
        let config = config(&endpoint, key, secret);
        let error = aws_sdk_kinesis::Client::new(&config).list_streams().send().await.expect_err("refused");
        assert!(format!("{error:?}").contains(json), "{error:?}");
        let error = aws_sdk_lambda::Client::new(&config).list_functions().send().await.expect_err("refused");
        assert!(format!("{error:?}").contains(json), "{error:?}");
        let error = aws_sdk_iam::Client::new(&config).list_roles().send().await.expect_err("refused");
        assert!(format!("{error:?}").contains(query), "{error:?}");
        let error = aws_sdk_s3::Client::new(&config).list_buckets().send().await.expect_err("refused");
        assert!(format!("{error:?}").contains(s3), "{error:?}");
    }
    endpoint.shutdown().await;
}

#[tokio::test]
async fn what_is_not_signed_is_told_so_and_the_health_is_everyones() {
    let endpoint = start().await;
    let code = |answer: &Raw| answer.text();
    let post = async |headers: &[(&str, &str)], body: &[u8]| {
        send_as_is(endpoint.address(), "POST /", headers, body).await
    };
    let kinesis = post(&[("x-amz-target", "Kinesis_20131202.ListStreams")], b"{}").await;
    assert!(code(&kinesis).contains("MissingAuthenticationTokenException"), "{}", kinesis.text());
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let iam = post(&form, b"Action=ListRoles&Version=2010-05-08").await;
    assert!(code(&iam).contains("<Code>MissingAuthenticationToken</Code>"), "{}", iam.text());
    let s3 = send(endpoint.address(), "GET /lake", &[], b"").await;
    assert!(s3.status == 403 && code(&s3).contains("<Code>AccessDenied</Code>"), "{}", s3.text());
    assert_eq!(send(endpoint.address(), "GET /_localstack/health", &[], b"").await.status, 200);
    endpoint.shutdown().await;
}
