//! The endpoint's own paths: the page, the state behind it, the reset, and what LocalStack's tools ask for.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pipectl_localstack::{Endpoint, Limits, Options, Timings};
use serde_json::json;

use crate::data_dir::kinesis;
use crate::raw::send;

async fn start() -> Endpoint {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let options = Options { bind, timings: Timings::all(Duration::ZERO), ..Options::default() };
    Endpoint::start(options).await.expect("port 0 is free")
}

const BROWSER: [(&str, &str); 1] = [("accept", "text/html,application/xhtml+xml")];

#[tokio::test]
async fn a_browser_sees_the_page_and_an_s3_client_its_buckets() {
    let endpoint = start().await;
    let page = send(endpoint.address(), "GET /", &BROWSER, b"").await;
    assert_eq!(page.status, 200);
    assert!(page.head.contains("content-type: text/html"), "{}", page.head);
    assert!(page.head.contains("content-security-policy: default-src 'none'"), "{}", page.head);
    assert!(page.text().starts_with("<!doctype html>"));
    let buckets = send(endpoint.address(), "GET /", &[], b"").await;
    assert!(buckets.text().contains("ListAllMyBucketsResult"), "{}", buckets.text());
    endpoint.shutdown().await;
}

#[tokio::test]
async fn the_state_shows_streams_with_their_lineage_and_what_was_asked() {
    let endpoint = start().await;
    let at = endpoint.address();
    kinesis(at, "CreateStream", &json!({"StreamName": "clicks", "ShardCount": 1})).await;
    let put = json!({"StreamName": "clicks", "PartitionKey": "k", "Data": "AAAA"});
    kinesis(at, "PutRecord", &put).await;
    let middle = "170141183460469231731687303715884105728";
    let split =
        json!({"StreamName": "clicks", "ShardToSplit": "shardId-000000000000", "NewStartingHashKey": middle});
    kinesis(at, "SplitShard", &split).await;
    send(at, "PUT /lake", &[], b"").await;
    let put = send(at, "PUT /lake/%3Cb%3Ea%26amp;", &[], b"four").await;
    assert_eq!(put.status, 200, "{}", put.text());
    let state = send(at, "GET /_pipectl/state", &[], b"").await.json();
    let stream = &state["streams"][0];
    assert_eq!((&stream["name"], &stream["openShards"]), (&json!("clicks"), &json!(2)));
    let shards = stream["shards"].as_array().unwrap();
    assert_eq!((&shards[0]["open"], &shards[0]["records"]), (&json!(false), &json!(1)));
    assert_eq!((&shards[1]["start"], &shards[1]["end"]), (&json!(0.0), &json!(0.5)));
    assert_eq!(shards[2]["parents"], json!([0]));
    let newest = &state["buckets"][0]["newest"][0];
    assert_eq!((&newest["key"], &newest["bytes"]), (&json!("<b>a&amp;"), &json!(4)));
    let operations: Vec<_> = state["requests"].as_array().unwrap().iter().map(|r| &r["operation"]).collect();
    assert_eq!(operations, ["PutObject", "CreateBucket", "SplitShard", "PutRecord", "CreateStream"]);
    assert_eq!(state["requests"][3]["resource"], "clicks");
    endpoint.shutdown().await;
}

#[tokio::test]
async fn of_a_stream_with_a_thousand_shards_all_open_ones_are_shown() {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let (limits, timings) = (Limits::Off, Timings::all(Duration::ZERO));
    let options = Options { bind, limits, timings, ..Options::default() };
    let endpoint = Endpoint::start(options).await.expect("port 0 is free");
    let at = endpoint.address();
    kinesis(at, "CreateStream", &json!({"StreamName": "big", "ShardCount": 500})).await;
    let double = json!({"StreamName": "big", "TargetShardCount": 1000, "ScalingType": "UNIFORM_SCALING"});
    kinesis(at, "UpdateShardCount", &double).await;
    let state = send(at, "GET /_pipectl/state", &[], b"").await.json();
    let shards = state["streams"][0]["shards"].as_array().unwrap();
    assert_eq!(shards.iter().filter(|shard| shard["open"] == true).count(), 1000);
    assert_eq!((shards.len(), &state["streams"][0]["hiddenShards"]), (1000, &json!(500)));
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_watcher_sees_each_request_with_what_it_was_about_and_its_error() {
    let endpoint = start().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    endpoint.watch({
        let seen = Arc::clone(&seen);
        Arc::new(move |request| seen.lock().unwrap().push(request.clone()))
    });
    let headers = [("x-amz-target", "Kinesis_20131202.DescribeStream")];
    send(endpoint.address(), "POST /", &headers, br#"{"StreamName":"nothing"}"#).await;
    let seen = seen.lock().unwrap().clone();
    let [request] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((request.service, request.operation.as_str()), ("kinesis", "DescribeStream"));
    assert_eq!((request.resource.as_str(), request.status), ("nothing", 400));
    assert_eq!(request.error.as_deref(), Some("ResourceNotFoundException"));
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_reset_empties_everything_and_the_data_folder_too() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["/_pipectl/reset", "/_localstack/state/reset"] {
        let endpoint = Endpoint::start(crate::data_dir::options(folder.path())).await.unwrap();
        let at = endpoint.address();
        kinesis(at, "CreateStream", &json!({"StreamName": "clicks", "ShardCount": 1})).await;
        send(at, "PUT /lake", &[], b"").await;
        send(at, "PUT /lake/a", &[], b"bytes").await;
        assert_eq!(send(at, &format!("GET {path}"), &[], b"").await.status, 405);
        let foreign = [("origin", "http://evil.example")];
        assert_eq!(send(at, &format!("POST {path}"), &foreign, b"").await.status, 403);
        assert_eq!(send(at, "GET /lake/a", &[], b"").await.status, 200);
        let own = [("origin", format!("http://{at}"))];
        let own: Vec<_> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(send(at, &format!("POST {path}"), &own, b"").await.status, 200);
        let state = send(at, "GET /_pipectl/state", &[], b"").await.json();
        for part in ["streams", "deliveries", "functions", "buckets", "requests"] {
            assert_eq!(state[part], json!([]), "{part}");
        }
        endpoint.shutdown().await;
        let endpoint = Endpoint::start(crate::data_dir::options(folder.path())).await.unwrap();
        let state = send(endpoint.address(), "GET /_pipectl/state", &[], b"").await.json();
        assert_eq!((&state["streams"], &state["buckets"]), (&json!([]), &json!([])));
        endpoint.shutdown().await;
        assert_eq!(std::fs::read_dir(folder.path().join("s3/blobs")).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn localstacks_tools_find_health_info_and_init() {
    let endpoint = start().await;
    let get = async |path: &str| send(endpoint.address(), &format!("GET {path}"), &[], b"").await;
    assert_eq!(get("/_localstack/health").await.json()["services"]["kinesis"], "running");
    assert_eq!(get("/_localstack/info").await.json()["is_license_activated"], false);
    assert_eq!(get("/_localstack/init").await.json()["completed"]["READY"], true);
    assert_eq!(get("/_localstack/init/ready").await.json()["completed"], true);
    assert_eq!(get("/_localstack/init/never").await.status, 404);
    endpoint.shutdown().await;
}
