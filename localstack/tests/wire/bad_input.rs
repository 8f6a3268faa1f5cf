//! Requests that no client should send: each gets AWS's own error, and the next request is answered.

use std::net::{Ipv4Addr, SocketAddr};

use pipectl_localstack::{Endpoint, Options};
use proptest::prelude::*;

use crate::raw::{Raw, post, send, send_bytes};

async fn start() -> Endpoint {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Endpoint::start(Options { bind, ..Options::default() }).await.expect("port 0 is free")
}

async fn kinesis(endpoint: &Endpoint, content_type: &str, body: &[u8]) -> Raw {
    let headers = [("x-amz-target", "Kinesis_20131202.PutRecords"), ("content-type", content_type)];
    post(endpoint.address(), &headers, body).await
}

#[tokio::test]
async fn malformed_and_deeply_nested_bodies_are_serialization_exceptions() {
    let endpoint = start().await;
    let json = "application/x-amz-json-1.1";
    let deep_json = [br#"{"Records":"#.as_slice(), &[b'['; 200_000]].concat();
    for body in [&b"{"[..], b"nonsense", b"{\"Records\":7}", b"\xff\xfe", &deep_json] {
        let answer = kinesis(&endpoint, json, body).await;
        assert_eq!((answer.status, &answer.json()["__type"]), (400, &"SerializationException".into()));
    }
    let deep_cbor = [b"\xa1\x67Records".as_slice(), &[0x81; 200_000]].concat();
    for body in [&b"\xa1"[..], b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", b"\xbf\x61", &deep_cbor] {
        let answer = kinesis(&endpoint, "application/x-amz-cbor-1.1", body).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(answer.text().contains("SerializationException"), "{}", answer.text());
    }
    endpoint.shutdown().await;
}

#[tokio::test]
async fn malformed_queries_and_xml_are_told_so_in_xml() {
    let endpoint = start().await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for body in [&b"%"[..], b"Action=%ff%fe&Version=2010-05-08", b"&&&===", b"\xff\xff"] {
        let answer = post(endpoint.address(), &form, body).await;
        assert!((400..500).contains(&answer.status) && answer.text().contains("<Code>"), "{}", answer.text());
    }
    assert_eq!(send(endpoint.address(), "PUT /lake", &[], b"").await.status, 200);
    let deep = "<Delete>".repeat(100_000);
    for body in [&b"<Delete><Object>"[..], b"no xml", b"<a/>", b"\x00\x01", deep.as_bytes()] {
        let answer = send(endpoint.address(), "POST /lake?delete", &[], body).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(answer.text().contains("<Code>"), "{}", answer.text());
    }
    endpoint.shutdown().await;
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused_by_what_they_announce_and_by_what_they_are() {
    let endpoint = start().await;
    let head =
        "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-amz-target: Kinesis_20131202.PutRecords\r\n";
    let announced = format!("{head}content-length: 99999999999\r\n\r\n");
    let answer = send_bytes(endpoint.address(), announced.as_bytes()).await;
    assert!(answer.starts_with(b"HTTP/1.1 413"), "{}", String::from_utf8_lossy(&answer));
    assert!(String::from_utf8_lossy(&answer).contains("RequestEntityTooLargeException"));
    endpoint.shutdown().await;
}

#[tokio::test]
async fn names_too_long_for_an_operation_are_unknown_and_not_remembered() {
    let endpoint = start().await;
    let long = "A".repeat(1 << 18);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let query = post(endpoint.address(), &form, format!("Action={long}&Version=2010-05-08").as_bytes()).await;
    assert!(query.status == 400 && query.text().contains("<Code>InvalidAction</Code>"), "{}", query.head);
    let target = format!("Kinesis_20131202.{}", &long[..20_000]);
    let json = post(endpoint.address(), &[("x-amz-target", target.as_str())], b"{}").await;
    assert_eq!(json.json()["__type"], "UnknownOperationException");
    let path = format!("POST /service/GraniteServiceVersion20100801/operation/{}", &long[..20_000]);
    let rpc = send(endpoint.address(), &path, &[], b"").await;
    assert!(rpc.text().contains("UnknownOperationException"), "{}", rpc.head);
    let state = send(endpoint.address(), "GET /_pipectl/state", &[], b"").await;
    assert_eq!(state.json()["requests"].as_array().map(Vec::len), Some(3));
    for answer in [query, json, rpc, state] {
        assert!(answer.body.len() < 4096, "{}", answer.body.len());
    }
    endpoint.shutdown().await;
}

#[tokio::test]
async fn lengths_that_are_none_are_bad_requests() {
    let endpoint = start().await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
    for lines in [
        "content-length: -1\r\n",
        "content-length: many\r\n",
        "content-length: 1\r\ncontent-length: 2\r\n",
        "content-length: 18446744073709551616\r\n",
        "transfer-encoding: chunked, nonsense\r\n",
    ] {
        let answer = send_bytes(endpoint.address(), format!("{head}{lines}\r\n{{}}").as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{lines} {answer:?}");
    }
    for broken in ["zz\r\n", "5\r\nabc\r\n0\r\n\r\n", "ffffffffffffffffff\r\n"] {
        let request = format!(
            "{head}x-amz-target: Kinesis_20131202.ListStreams\r\ntransfer-encoding: chunked\r\n\r\n{broken}"
        );
        let answer = send_bytes(endpoint.address(), request.as_bytes()).await;
        let text = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || text.starts_with("HTTP/1.1 4"), "{broken} {text}");
    }
    assert_eq!(send(endpoint.address(), "GET /_localstack/health", &[], b"").await.status, 200);
    endpoint.shutdown().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_request_there_is_an_answer_and_no_500(
        line in "(GET|PUT|POST|DELETE|HEAD|PATCH) /[a-z0-9/?&=%.-]{0,40}",
        target in "(Kinesis_20131202|Firehose_20150804|Logs_20140328|GraniteServiceVersion20100801)\\.[A-Z][A-Za-z]{0,20}",
        with_target in any::<bool>(),
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it starts");
        let status = runtime.block_on(async {
            let endpoint = start().await;
            let headers = [("x-amz-target", target.as_str())];
            let answer = send(endpoint.address(), &line, if with_target { &headers } else { &[] }, &body).await;
            endpoint.shutdown().await;
            answer.status
        });
        prop_assert!(status != 500, "{status}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_told_so_however_often_and_counts_for_no_rate() {
    let endpoint = start().await;
    let call = async |operation: &str, body: &[u8]| {
        let target = format!("Kinesis_20131202.{operation}");
        post(endpoint.address(), &[("x-amz-target", target.as_str())], body).await.json()["__type"].clone()
    };
    for _ in 0..20 {
        assert_eq!(call("CreateStream", br#"{"StreamName":23}"#).await, "SerializationException");
        assert_eq!(call("CreateStream", b"{}").await, "ValidationException");
    }
    let no_stream = br#"{"ResourceARN":"arn:aws:kinesis:us-east-1:000000000000:stream/s","TagKeys":["k"]}"#;
    assert_eq!(call("UntagResource", no_stream).await, "ResourceNotFoundException");
    endpoint.shutdown().await;
}
