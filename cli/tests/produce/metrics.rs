//! KPL's metrics, as Prometheus reads them and as they are in CloudWatch.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use aws_sdk_cloudwatch::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Statistic};

use crate::world::{STREAM, World};

/// What is answered to a GET.
fn get(url: &str) -> String {
    let (host, path) = url.trim_start_matches("http://").split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).expect("it listens");
    write!(stream, "GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    answer
}

#[test]
fn prometheus_reads_the_metrics_while_records_are_put() {
    let world = World::of(1);
    let mut command = world.command("produce", STREAM, &["--prometheus", "127.0.0.1:0"]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
    let mut input = child.stdin.take().expect("its input is ours");
    let mut said = BufReader::new(child.stderr.take().expect("what it says is ours"));
    let mut line = String::new();
    while !line.contains("/metrics") {
        line.clear();
        assert_ne!(said.read_line(&mut line).expect("text"), 0, "it ended and named no address");
    }
    let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
    input.write_all(b"one\ntwo\nthree\n").expect("it reads");
    let put = format!("UserRecordsPut_sum{{StreamName=\"{STREAM}\",ShardId=\"shardId-000000000000\"}} 3");
    let began = Instant::now();
    while !get(url).lines().any(|line| line == put) {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", get(url));
        std::thread::sleep(Duration::from_millis(50));
    }
    let other = url.replace("/metrics", "/other");
    assert!(get(&other).starts_with("HTTP/1.1 404"));
    drop(input);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn cloudwatch_has_the_metrics_when_all_records_are_put() {
    let world = World::of(2);
    let arguments = ["--generate", "clicks", "--records", "100", "--seed", "1", "--cloudwatch=My/Producers"];
    world.produce(&arguments).exits(0);
    let config = aws_sdk_cloudwatch::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(world.url())
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let (now, hour) = (SystemTime::now(), Duration::from_secs(3600));
    let asked = aws_sdk_cloudwatch::Client::from_conf(config)
        .get_metric_statistics()
        .namespace("My/Producers")
        .metric_name("UserRecordsPut")
        .dimensions(Dimension::builder().name("StreamName").value(STREAM).build())
        .start_time(DateTime::from(now - hour))
        .end_time(DateTime::from(now + hour))
        .period(60)
        .statistics(Statistic::Sum)
        .send();
    let points = world.block_on(asked).expect("it is answered").datapoints.unwrap_or_default();
    let sum: f64 = points.iter().filter_map(|point| point.sum).sum();
    assert!((sum - 100.0).abs() < f64::EPSILON, "{points:?}");
}

#[test]
fn an_address_that_is_taken_is_an_error_before_anything_is_put() {
    let world = World::of(1);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it has one").to_string();
    let ended =
        world.produce(&["--generate", "clicks", "--records", "10", "--prometheus", &address]).exits(1);
    assert!(ended.stderr.contains(&format!("cannot let Prometheus in at {address}")), "{}", ended.stderr);
    assert!(world.lines(STREAM).is_empty());
}
