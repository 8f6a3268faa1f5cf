//! CloudWatch and CloudWatch Logs over the wire.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, DimensionFilter, Metric, MetricDataQuery, MetricDatum, MetricStat, StandardUnit, Statistic,
    StatisticSet,
};
use aws_sdk_cloudwatchlogs::error::ProvideErrorMetadata;
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use pipectl_localstack::{Endpoint, Options};

async fn local() -> (Endpoint, SdkConfig) {
    let options = Options { bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), ..Options::default() };
    let endpoint = Endpoint::start(options).await.unwrap();
    let credentials = Credentials::new("test", "test", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint.url())
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .build();
    (endpoint, config)
}

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn event(timestamp: i64, message: &str) -> InputLogEvent {
    InputLogEvent::builder().timestamp(timestamp).message(message).build().unwrap()
}

#[tokio::test]
async fn lines_written_are_read_back_in_pages_both_ways() {
    let (endpoint, config) = local().await;
    let logs = aws_sdk_cloudwatchlogs::Client::new(&config);
    logs.create_log_group().log_group_name("g").send().await.unwrap();
    logs.create_log_stream().log_group_name("g").log_stream_name("s").send().await.unwrap();
    let now = now_ms();
    let events = (0..5).map(|n| event(now + n, &format!("line {n}"))).collect();
    let put = logs.put_log_events().log_group_name("g").log_stream_name("s").set_log_events(Some(events));
    put.send().await.unwrap();
    let read = || logs.get_log_events().log_group_name("g").log_stream_name("s").limit(2);
    let messages = |events: &[aws_sdk_cloudwatchlogs::types::OutputLogEvent]| {
        events.iter().filter_map(|event| event.message().map(str::to_owned)).collect::<Vec<_>>()
    };
    let last = read().send().await.unwrap();
    assert_eq!(messages(last.events()), ["line 3", "line 4"]);
    let before = read().next_token(last.next_backward_token().unwrap()).send().await.unwrap();
    assert_eq!(messages(before.events()), ["line 1", "line 2"]);
    let first = read().start_from_head(true).send().await.unwrap();
    assert_eq!(messages(first.events()), ["line 0", "line 1"]);
    let end = read().next_token(last.next_forward_token().unwrap()).send().await.unwrap();
    assert!(end.events().is_empty());
    assert_eq!(end.next_forward_token(), last.next_forward_token(), "the end is told by the same token");
    let found =
        logs.filter_log_events().log_group_name("g").filter_pattern("?\"line 1\" ?\"line 4\"").limit(1);
    let mut pages = found.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(page.unwrap().events().iter().filter_map(|event| event.message().map(str::to_owned)));
    }
    assert_eq!(found, ["line 1", "line 4"]);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn groups_keep_retention_and_tags_and_are_not_made_twice() {
    let (endpoint, config) = local().await;
    let logs = aws_sdk_cloudwatchlogs::Client::new(&config);
    let create = || logs.create_log_group().log_group_name("/aws/lambda/f").tags("a", "1").send();
    create().await.unwrap();
    let again = create().await.unwrap_err();
    assert_eq!(again.code(), Some("ResourceAlreadyExistsException"));
    logs.put_retention_policy().log_group_name("/aws/lambda/f").retention_in_days(14).send().await.unwrap();
    let wrong = logs.put_retention_policy().log_group_name("/aws/lambda/f").retention_in_days(2).send().await;
    assert_eq!(wrong.unwrap_err().code(), Some("InvalidParameterException"));
    let groups = logs.describe_log_groups().log_group_name_prefix("/aws/").send().await.unwrap();
    let group = &groups.log_groups()[0];
    assert_eq!(group.retention_in_days(), Some(14));
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f";
    assert_eq!((group.log_group_arn(), group.arn()), (Some(arn), Some(format!("{arn}:*").as_str())));
    logs.tag_resource().resource_arn(arn).tags("b", "2").send().await.unwrap();
    logs.untag_resource().resource_arn(arn).tag_keys("a").send().await.unwrap();
    let tags = logs.list_tags_for_resource().resource_arn(arn).send().await.unwrap();
    assert_eq!(tags.tags().unwrap().keys().collect::<Vec<_>>(), ["b"]);
    logs.delete_retention_policy().log_group_name("/aws/lambda/f").send().await.unwrap();
    logs.delete_log_group().log_group_name("/aws/lambda/f").send().await.unwrap();
    let gone = logs.delete_log_group().log_group_name("/aws/lambda/f").send().await.unwrap_err();
    assert_eq!(gone.code(), Some("ResourceNotFoundException"));
    assert_eq!(gone.message(), Some("The specified log group does not exist."));
    endpoint.shutdown().await;
}

#[tokio::test]
async fn writing_to_what_is_not_there_is_refused() {
    let (endpoint, config) = local().await;
    let logs = aws_sdk_cloudwatchlogs::Client::new(&config);
    let put = || {
        logs.put_log_events().log_group_name("g").log_stream_name("s").log_events(event(now_ms(), "x")).send()
    };
    assert_eq!(put().await.unwrap_err().message(), Some("The specified log group does not exist."));
    logs.create_log_group().log_group_name("g").send().await.unwrap();
    assert_eq!(put().await.unwrap_err().message(), Some("The specified log stream does not exist."));
    let bad = logs.create_log_group().log_group_name("a b").send().await.unwrap_err();
    assert_eq!(bad.code(), Some("InvalidParameterException"));
    endpoint.shutdown().await;
}

fn stream(name: &str) -> Dimension {
    Dimension::builder().name("StreamName").value(name).build()
}

fn minute_ago() -> DateTime {
    DateTime::from_secs(now_ms() / 1000 / 60 * 60 - 60)
}

#[tokio::test]
async fn values_of_each_kind_come_back_as_statistics() {
    let (endpoint, config) = local().await;
    let cloudwatch = aws_sdk_cloudwatch::Client::new(&config);
    let datum = || {
        MetricDatum::builder()
            .metric_name("IncomingBytes")
            .dimensions(stream("a"))
            .timestamp(minute_ago())
            .unit(StandardUnit::Bytes)
    };
    let set = StatisticSet::builder().sample_count(2.0).sum(30.0).minimum(10.0).maximum(20.0).build();
    let put = cloudwatch
        .put_metric_data()
        .namespace("Test")
        .metric_data(datum().value(5.0).build())
        .metric_data(datum().statistic_values(set).build())
        .metric_data(datum().values(1.0).values(2.0).counts(3.0).counts(1.0).build());
    put.send().await.unwrap();
    let from = DateTime::from_secs(minute_ago().secs() - 600);
    let to = DateTime::from_secs(minute_ago().secs() + 600);
    let read = cloudwatch
        .get_metric_statistics()
        .namespace("Test")
        .metric_name("IncomingBytes")
        .dimensions(stream("a"))
        .start_time(from)
        .end_time(to)
        .period(60)
        .set_statistics(Some(vec![
            Statistic::Sum,
            Statistic::SampleCount,
            Statistic::Minimum,
            Statistic::Maximum,
        ]));
    let statistics = read.send().await.unwrap();
    let point = &statistics.datapoints()[0];
    assert_eq!(point.timestamp(), Some(&minute_ago()));
    assert_eq!((point.sum(), point.sample_count()), (Some(40.0), Some(7.0)));
    assert_eq!((point.minimum(), point.maximum(), point.average()), (Some(1.0), Some(20.0), None));
    assert_eq!(point.unit(), Some(&StandardUnit::Bytes));
    let metric =
        Metric::builder().namespace("Test").metric_name("IncomingBytes").dimensions(stream("a")).build();
    let stat = MetricStat::builder().metric(metric).period(300).stat("Average").build();
    let query = MetricDataQuery::builder().id("q").metric_stat(stat).build();
    let data = cloudwatch.get_metric_data().metric_data_queries(query).start_time(from).end_time(to);
    let data = data.send().await.unwrap();
    let result = &data.metric_data_results()[0];
    assert_eq!((result.id(), result.values()), (Some("q"), &[40.0 / 7.0][..]));
    endpoint.shutdown().await;
}

#[tokio::test]
async fn metrics_are_listed_by_namespace_name_and_dimension() {
    let (endpoint, config) = local().await;
    let cloudwatch = aws_sdk_cloudwatch::Client::new(&config);
    for (name, of) in [("x", "a"), ("x", "b"), ("y", "a")] {
        let datum = MetricDatum::builder().metric_name(name).dimensions(stream(of)).value(1.0).build();
        cloudwatch.put_metric_data().namespace("Test").metric_data(datum).send().await.unwrap();
    }
    let list = || cloudwatch.list_metrics().namespace("Test");
    assert_eq!(list().send().await.unwrap().metrics().len(), 3);
    assert_eq!(list().metric_name("x").send().await.unwrap().metrics().len(), 2);
    let only = DimensionFilter::builder().name("StreamName").value("a").build();
    assert_eq!(list().metric_name("x").dimensions(only).send().await.unwrap().metrics().len(), 1);
    assert!(cloudwatch.list_metrics().namespace("Other").send().await.unwrap().metrics().is_empty());
    endpoint.shutdown().await;
}

#[tokio::test]
async fn the_query_protocol_of_older_clients_reads_and_writes_the_same_metrics() {
    let (endpoint, _) = local().await;
    let at = minute_ago().secs();
    let form = |action: &str, rest: &str| format!("Action={action}&Version=2010-08-01&Namespace=Test&{rest}");
    let put = form(
        "PutMetricData",
        &format!(
            "MetricData.member.1.MetricName=m&MetricData.member.1.Value=4&MetricData.member.1.Unit=Count&\
             MetricData.member.1.Timestamp={at}&MetricData.member.1.Dimensions.member.1.Name=S&\
             MetricData.member.1.Dimensions.member.1.Value=a"
        ),
    );
    assert!(post(endpoint.address(), &put).await.contains("<PutMetricDataResponse"));
    let window = format!("StartTime={}&EndTime={}&Period=60&Statistics.member.1=Sum", at - 600, at + 600);
    let read = form(
        "GetMetricStatistics",
        &format!("MetricName=m&Dimensions.member.1.Name=S&Dimensions.member.1.Value=a&{window}"),
    );
    let answer = post(endpoint.address(), &read).await;
    assert!(answer.contains("<Datapoints><member><Timestamp>20"), "{answer}");
    assert!(answer.contains("<Sum>4.0</Sum><Unit>Count</Unit>"), "{answer}");
    let listed = post(endpoint.address(), &form("ListMetrics", "")).await;
    assert!(listed.contains("<MetricName>m</MetricName><Dimensions><member><Name>S</Name>"), "{listed}");
    let wrong = post(endpoint.address(), &read.replace("Period=60", "Period=90")).await;
    assert!(wrong.contains("<Code>InvalidParameterValue</Code>"), "{wrong}");
    endpoint.shutdown().await;
}

/// Posts a form; answers the whole response.
async fn post(address: SocketAddr, form: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let reading = stream.read_to_string(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), reading).await.unwrap().unwrap();
    answer
}
