//! Each kind of fault, as a client sees it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_kinesis::error::SdkError;
use jiff::Timestamp;
use pipectl_localstack::layers::{Faults, Verdict};
use pipectl_localstack::{Call, Endpoint, FaultPlan, InProcess, Options, Profile};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

/// The same for every call that creates a stream.
#[derive(Debug)]
struct Always(Verdict);

impl Faults for Always {
    fn verdict(&self, call: &Call, _now: Timestamp) -> Verdict {
        if call.operation == "CreateStream" { self.0.clone() } else { Verdict::Proceed }
    }
}

fn start(faults: impl Faults + 'static) -> (InProcess, aws_sdk_kinesis::Client) {
    let endpoint = InProcess::start(Options { faults: Some(Arc::new(faults)), ..Options::default() });
    let once = aws_sdk_kinesis::config::retry::RetryConfig::disabled();
    let config = endpoint.sdk_config().into_builder().retry_config(once).build();
    let client = aws_sdk_kinesis::Client::new(&config);
    (endpoint, client)
}

async fn streams(kinesis: &aws_sdk_kinesis::Client) -> Vec<String> {
    kinesis.list_streams().send().await.expect("lists are left alone").stream_names
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_is_a_connectors_error_and_the_effect_is_as_planned() {
    for (effect, expected) in [(true, 1), (false, 0)] {
        let after = Duration::from_secs(65);
        let (endpoint, kinesis) = start(Always(Verdict::Close { effect, after }));
        let started = Instant::now();
        let error = kinesis.create_stream().stream_name("s").shard_count(1).send().await.unwrap_err();
        let SdkError::DispatchFailure(failure) = error else { panic!("{error:?}") };
        assert!(failure.is_io());
        assert_eq!(started.elapsed(), after);
        assert_eq!(streams(&kinesis).await.len(), expected);
        endpoint.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_an_answer() {
    let (endpoint, kinesis) = start(Always(Verdict::Slow(Duration::from_secs(7))));
    let started = Instant::now();
    kinesis.create_stream().stream_name("s").shard_count(1).send().await.unwrap();
    assert_eq!(started.elapsed(), Duration::from_secs(7));
    endpoint.shutdown().await;
}

#[tokio::test]
async fn over_http_the_connection_is_closed_without_a_byte() {
    let faults = Always(Verdict::Close { effect: true, after: Duration::ZERO });
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let options = Options { bind, faults: Some(Arc::new(faults)), ..Options::default() };
    let endpoint = Endpoint::start(options).await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(endpoint.address()).await.unwrap();
    let body = r#"{"StreamName":"s","ShardCount":1}"#;
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: Kinesis_20131202.CreateStream\r\n\
                x-amz-date: 20260101T000000Z\r\nauthorization: AWS4-HMAC-SHA256 \
                Credential=k/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0\r\n";
    let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset is as good as an end.
    let _ = stream.read_to_end(&mut answer).await;
    assert_eq!(answer, b"");
    assert_eq!(endpoint.world().kinesis.streams("us-east-1", endpoint.world().clock.now()).len(), 1);
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn the_sdk_gets_through_light_faults() {
    let faults = Arc::new(FaultPlan::new(3, Profile::LIGHT));
    let endpoint = InProcess::start(Options { faults: Some(faults), seed: Some(3), ..Options::default() });
    let kinesis = aws_sdk_kinesis::Client::new(&endpoint.sdk_config());
    let mut failed = 0;
    for _ in 0..300 {
        failed += usize::from(kinesis.list_streams().send().await.is_err());
    }
    assert_eq!(failed, 0, "three attempts are enough for one call in a hundred");
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn every_services_faults_are_errors_of_its_own_protocol() {
    let everything = Profile { throttled: 10_000, ..Profile::NONE };
    let faults = Arc::new(FaultPlan::new(1, everything));
    let endpoint = InProcess::start(Options { faults: Some(faults), ..Options::default() });
    let once = aws_sdk_kinesis::config::retry::RetryConfig::disabled();
    let config = endpoint.sdk_config().into_builder().retry_config(once).build();
    let code = |error: &dyn std::fmt::Debug| format!("{error:?}");
    let s3 = aws_sdk_s3::Client::new(&config).list_buckets().send().await.unwrap_err();
    assert!(code(&s3).contains("SlowDown"), "{s3:?}");
    let iam = aws_sdk_iam::Client::new(&config).list_roles().send().await.unwrap_err();
    assert!(code(&iam).contains("\"Throttling\""), "{iam:?}");
    let lambda = aws_sdk_lambda::Client::new(&config).list_functions().send().await.unwrap_err();
    assert!(lambda.into_service_error().is_too_many_requests_exception());
    let kinesis = aws_sdk_kinesis::Client::new(&config).list_streams().send().await.unwrap_err();
    assert!(kinesis.into_service_error().is_limit_exceeded_exception());
    let firehose = aws_sdk_firehose::Client::new(&config).list_delivery_streams().send().await.unwrap_err();
    assert!(code(&firehose).contains("ThrottlingException"), "{firehose:?}");
    let metrics = aws_sdk_cloudwatch::Client::new(&config).list_metrics().send().await.unwrap_err();
    assert!(code(&metrics).contains("Throttling"), "{metrics:?}");
    endpoint.shutdown().await;
}
