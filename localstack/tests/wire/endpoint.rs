//! The endpoint as a whole, over plain HTTP: health, bad input, layers, shutdown.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::raw::{Raw, post, send, send_bytes};
use pipectl_localstack::http::AwsError;
use pipectl_localstack::layers::{Faults, Verdict};
use pipectl_localstack::{Call, Endpoint, Moment, Options, Timings};
use tokio::io::AsyncWriteExt;

async fn start(options: Options) -> Endpoint {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Endpoint::start(Options { bind, timings: Timings::all(Duration::ZERO), ..options })
        .await
        .expect("port 0 is free")
}

async fn kinesis(endpoint: &Endpoint, operation: &str, body: &str) -> Raw {
    let target = format!("Kinesis_20131202.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
    post(endpoint.address(), &headers, body.as_bytes()).await
}

const CREATE: &str = r#"{"StreamName":"s","ShardCount":1}"#;

#[tokio::test]
async fn health_is_in_localstacks_shape() {
    let endpoint = start(Options::default()).await;
    let health = send(endpoint.address(), "GET /_localstack/health", &[], b"").await.json();
    for service in ["kinesis", "firehose", "lambda", "s3", "iam", "sts", "cloudwatch", "logs"] {
        assert_eq!(health["services"][service], "running", "{service}");
    }
    assert_eq!(health["edition"], "pipectl");
    assert_eq!(send(endpoint.address(), "GET /_pipectl/nothing", &[], b"").await.status, 404);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn bad_input_is_answered_with_awss_own_errors() {
    let endpoint = start(Options::default()).await;
    let address = endpoint.address();
    for (target, content_type, body, code) in [
        ("Kinesis_20131202.PutRecord", "application/x-amz-json-1.1", &b"{bad"[..], "SerializationException"),
        ("Kinesis_20131202.PutRecord", "application/x-amz-json-1.1", b"[]", "SerializationException"),
        (
            "Kinesis_20131202.PutRecord",
            "application/x-amz-json-1.1",
            br#"{"Data":"%"}"#,
            "SerializationException",
        ),
        (
            "Kinesis_20131202.CreateStream",
            "application/x-amz-json-1.1",
            br#"{"ShardCount":"x"}"#,
            "SerializationException",
        ),
        ("Kinesis_20131202.PutRecord", "application/x-amz-json-1.1", b"", "SerializationException"),
        ("Kinesis_20131202.PutRecord", "application/x-amz-json-1.1", b"{}", "ValidationException"),
        ("Kinesis_20131202.Nothing", "application/x-amz-json-1.1", b"{}", "UnknownOperationException"),
        ("DynamoDB_20120810.GetItem", "application/x-amz-json-1.0", b"{}", "UnknownOperationException"),
        ("Nothing", "", b"", "UnknownOperationException"),
    ] {
        let answer = post(address, &[("x-amz-target", target), ("content-type", content_type)], body).await;
        assert_eq!((answer.status, answer.json()["__type"].as_str()), (400, Some(code)), "{target} {body:?}");
        assert!(answer.head.contains("x-amzn-requestid: "), "{}", answer.head);
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (body, code) in [
        (&b"Action=CreateUser&Version=2010-05-08"[..], "InvalidAction"),
        (b"Action=Anything&Version=1999-01-01", "InvalidAction"),
        (b"Version=2010-05-08", "MissingAction"),
        (b"Action=CreateRole&Version=2010-05-08", "ValidationError"),
    ] {
        let answer = post(address, &form, body).await;
        assert!(answer.text().contains(&format!("<Code>{code}</Code>")), "{}", answer.text());
    }
    endpoint.shutdown().await;
}

#[tokio::test]
async fn what_is_not_http_is_refused_and_the_next_request_is_served() {
    let endpoint = start(Options::default()).await;
    let answer = send_bytes(endpoint.address(), b"GARBAGE\r\n\r\n").await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
    assert_eq!(kinesis(&endpoint, "ListStreams", "{}").await.status, 200);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn an_unfinished_request_does_not_hold_others_up() {
    let endpoint = start(Options::default()).await;
    let mut stuck = tokio::net::TcpStream::connect(endpoint.address()).await.expect("it listens");
    stuck.write_all(b"POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\nhalf").await.expect("it reads");
    assert_eq!(kinesis(&endpoint, "ListStreams", "{}").await.status, 200);
    drop(stuck);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn added_latency_is_added_to_every_call() {
    let latency = Duration::from_millis(60);
    let endpoint = start(Options { latency: Some(latency), ..Options::default() }).await;
    let started = Instant::now();
    kinesis(&endpoint, "ListStreams", "{}").await;
    assert!(started.elapsed() >= latency);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn an_observer_sees_each_change_before_and_after_it_and_no_reads() {
    let endpoint = start(Options::default()).await;
    let seen: Arc<Mutex<Vec<(String, Moment)>>> = Arc::default();
    endpoint.observe({
        let seen = Arc::clone(&seen);
        Arc::new(move |call: &Call, moment| {
            assert_eq!(call.service, "kinesis");
            seen.lock().expect("no panic").push((call.operation.clone(), moment));
        })
    });
    kinesis(&endpoint, "CreateStream", CREATE).await;
    kinesis(&endpoint, "DescribeStream", r#"{"StreamName":"s"}"#).await;
    kinesis(&endpoint, "CreateStream", CREATE).await;
    let create = |moment| ("CreateStream".to_owned(), moment);
    assert_eq!(
        *seen.lock().expect("no panic"),
        [Moment::Before, Moment::After(200), Moment::Before, Moment::After(400)].map(create)
    );
    endpoint.shutdown().await;
}

#[derive(Debug)]
struct Plan(fn() -> Verdict);

impl Faults for Plan {
    fn verdict(&self, call: &Call, _now: jiff::Timestamp) -> Verdict {
        if call.operation == "CreateStream" { (self.0)() } else { Verdict::Proceed }
    }
}

fn throttled() -> AwsError {
    AwsError::bad_request("ThrottlingException", "Rate exceeded")
}

#[tokio::test]
async fn a_refused_call_has_no_effect_and_a_lost_answer_has_one() {
    for (plan, effect) in
        [(Plan(|| Verdict::Refuse(throttled())), 0), (Plan(|| Verdict::LoseAnswer(throttled())), 1)]
    {
        let endpoint = start(Options { faults: Some(Arc::new(plan)), ..Options::default() }).await;
        let answer = kinesis(&endpoint, "CreateStream", CREATE).await;
        assert_eq!(answer.json()["__type"], "ThrottlingException");
        let streams = kinesis(&endpoint, "ListStreams", "{}").await.json();
        assert_eq!(streams["StreamNames"].as_array().map(Vec::len), Some(effect));
        endpoint.shutdown().await;
    }
}

#[tokio::test]
async fn a_panic_is_an_internal_failure_and_the_endpoint_goes_on() {
    let plan = Plan(|| panic!("a defect in a service"));
    let endpoint = start(Options { faults: Some(Arc::new(plan)), ..Options::default() }).await;
    let answer = kinesis(&endpoint, "CreateStream", CREATE).await;
    assert_eq!((answer.status, answer.json()["__type"].as_str()), (500, Some("InternalFailure")));
    assert!(!answer.text().contains("defect"), "{}", answer.text());
    assert_eq!(kinesis(&endpoint, "ListStreams", "{}").await.status, 200);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn sixty_idle_uploads_do_not_hold_up_another_request() {
    let endpoint = start(Options::default()).await;
    let address = endpoint.address();
    assert_eq!(send(address, "PUT /lake", &[], b"").await.status, 200);
    let mut idle = Vec::new();
    for n in 0..60 {
        let head = match n % 2 {
            0 => "PUT /lake/idle HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
            _ => {
                "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: Kinesis_20131202.PutRecords\r\n\
                 content-type: application/x-amz-json-1.1\r\ncontent-length: 25000000\r\n\r\n{"
            }
        };
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        idle.push(stream);
    }
    let others = async {
        let large = vec![b'x'; 3 << 20];
        assert_eq!(send(address, "PUT /lake/key", &[], &large).await.status, 200);
        assert_eq!(send(address, "GET /lake/key", &[], b"").await.body, large);
        assert_eq!(kinesis(&endpoint, "CreateStream", CREATE).await.status, 200);
    };
    tokio::time::timeout(Duration::from_secs(20), others).await.expect("nothing waits for the idle ones");
    drop(idle);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn s3_says_what_it_does_not_do_and_ignores_ranges_that_are_none() {
    let endpoint = start(Options::default()).await;
    let address = endpoint.address();
    send(address, "PUT /lake", &[], b"").await;
    let versioning = |more: &str| {
        let status = "<Status>Enabled</Status>";
        format!("<VersioningConfiguration>{status}{more}</VersioningConfiguration>")
    };
    let mfa = versioning("<MfaDelete>Enabled</MfaDelete>");
    let refused = send(address, "PUT /lake?versioning", &[], mfa.as_bytes()).await;
    assert_eq!(refused.status, 501);
    assert!(refused.text().contains("no MFA delete"), "{}", refused.text());
    let enabled = send(address, "PUT /lake?versioning", &[], versioning("").as_bytes()).await;
    assert_eq!(enabled.status, 200);
    send(address, "PUT /lake/k", &[], b"hello").await;
    for range in ["bytes=3-1", "bytes=0-0,2-2", "garbage"] {
        let got = send(address, "GET /lake/k", &[("range", range)], b"").await;
        assert_eq!((got.status, got.text().as_str()), (200, "hello"), "{range}");
    }
    let target = "/lake/k?X-Amz-Date=20200102T030405Z&X-Amz-Expires=60&X-Amz-Signature=0";
    let expired = send(address, &format!("GET {target}"), &[], b"").await;
    assert_eq!(expired.status, 403);
    assert!(expired.text().contains("Request has expired"), "{}", expired.text());
    endpoint.shutdown().await;
}
