//! Two regions on one endpoint: functions, mappings, log groups and alarms are there in their own region only, under
//! whatever name.

use aws_config::{Region, SdkConfig};
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_lambda::operation::create_event_source_mapping::builders::CreateEventSourceMappingFluentBuilder;
use aws_sdk_lambda::types::{EventSourcePosition, Runtime};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::local::{Local, ROLE, code, echo_package, error_of, local, payload};
use crate::mappings::received_in;

pub(crate) const EAST: &str = "us-east-1";
/// The endpoint's own.
pub(crate) const WEST: &str = "eu-west-1";

/// The clients of one region.
pub(crate) struct Regional {
    pub(crate) name: &'static str,
    pub(crate) lambda: aws_sdk_lambda::Client,
    pub(crate) logs: aws_sdk_cloudwatchlogs::Client,
    pub(crate) kinesis: aws_sdk_kinesis::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
}

impl Local {
    pub(crate) fn regional(&self, name: &'static str) -> Regional {
        let config: SdkConfig = self.config.to_builder().region(Region::new(name)).build();
        Regional {
            name,
            lambda: aws_sdk_lambda::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            kinesis: aws_sdk_kinesis::Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
        }
    }

    fn both(&self) -> [Regional; 2] {
        [self.regional(WEST), self.regional(EAST)]
    }
}

impl Regional {
    /// Creates a function that does what its event says.
    pub(crate) async fn echo(&self, name: &str) {
        let create = self.lambda.create_function().function_name(name).runtime(Runtime::Providedal2023);
        let create = create.role(ROLE).handler("bootstrap").timeout(30).description(self.name);
        create.code(code(echo_package())).send().await.unwrap();
    }

    async fn invoke(&self, name: &str, event: &str) -> String {
        let invoke = self.lambda.invoke().function_name(name);
        payload(&invoke.payload(aws_sdk_lambda::primitives::Blob::new(event)).send().await.unwrap())
    }

    pub(crate) fn arn(&self, function: &str) -> String {
        format!("arn:aws:lambda:{}:000000000000:function:{function}", self.name)
    }

    fn stream_arn(&self, name: &str) -> String {
        format!("arn:aws:kinesis:{}:000000000000:stream/{name}", self.name)
    }

    pub(crate) async fn stream(&self, name: &str) {
        self.kinesis.create_stream().stream_name(name).shard_count(1).send().await.unwrap();
    }

    pub(crate) async fn put(&self, stream: &str, key: &str) {
        let put = self.kinesis.put_record().stream_name(stream).partition_key(key).data(Blob::new("{}"));
        put.send().await.unwrap();
    }

    /// A mapping from a stream of this region.
    pub(crate) fn mapping(&self, function: &str, stream: &str) -> CreateEventSourceMappingFluentBuilder {
        let create = self.lambda.create_event_source_mapping().function_name(function);
        create.event_source_arn(self.stream_arn(stream)).starting_position(EventSourcePosition::TrimHorizon)
    }

    pub(crate) async fn functions(&self) -> Vec<String> {
        let listed = self.lambda.list_functions().send().await.unwrap();
        listed.functions().iter().map(|function| function.function_arn().unwrap().to_owned()).collect()
    }

    /// Its log groups, with the days that each keeps its lines.
    pub(crate) async fn groups(&self) -> Vec<(String, Option<i32>)> {
        let described = self.logs.describe_log_groups().send().await.unwrap();
        let groups = described.log_groups().iter();
        groups.map(|group| (group.arn().unwrap().to_owned(), group.retention_in_days())).collect()
    }

    fn group_arn(&self, name: &str) -> String {
        format!("arn:aws:logs:{}:000000000000:log-group:{name}:*", self.name)
    }

    async fn alarms(&self) -> Vec<(String, Option<f64>)> {
        let described = self.cloudwatch.describe_alarms().send().await.unwrap();
        let alarms = described.metric_alarms().iter();
        alarms.map(|alarm| (alarm.alarm_arn().unwrap().to_owned(), alarm.threshold())).collect()
    }

    async fn alarm(&self, name: &str, threshold: f64) {
        let put = self.cloudwatch.put_metric_alarm().alarm_name(name).namespace("n").metric_name("m");
        let put = put.statistic(aws_sdk_cloudwatch::types::Statistic::Sum).period(60).evaluation_periods(1);
        let put =
            put.comparison_operator(aws_sdk_cloudwatch::types::ComparisonOperator::GreaterThanThreshold);
        put.threshold(threshold).send().await.unwrap();
    }
}

/// The partition keys that a region's function `f` was given.
pub(crate) fn keys(local: &Local, region: &str) -> Vec<String> {
    let events = received_in(local, region, "f");
    let records = events.iter().flat_map(|event| event["Records"].as_array().unwrap());
    let key = |record: &Value| record["kinesis"]["partitionKey"].as_str().unwrap().to_owned();
    records.map(key).collect()
}

/// The body of the answer to a request without a signature.
async fn unsigned(local: &Local, request: String) -> Vec<u8> {
    let mut connection = TcpStream::connect(local.endpoint.address()).await.unwrap();
    let head =
        format!("{request} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
    answer.split_off(head + 4)
}

#[tokio::test]
async fn the_page_tells_what_has_one_name_apart_by_region_and_a_reset_empties_both() {
    let local = local().await;
    for region in local.both() {
        region.echo("f").await;
        region.stream("s").await;
        region.mapping("f", "s").send().await.unwrap();
        region.logs.create_log_group().log_group_name("g").send().await.unwrap();
    }
    let functions = async || {
        let state: Value =
            serde_json::from_slice(&unsigned(&local, "GET /_pipectl/state".into()).await).unwrap();
        state["functions"].as_array().unwrap().clone()
    };
    let shown: Vec<Value> = functions().await;
    let regions = shown.iter().map(|function| (&function["name"], &function["region"]));
    assert_eq!(regions.collect::<Vec<_>>(), [(&json!("f"), &json!(WEST)), (&json!("f"), &json!(EAST))]);
    for function in &shown {
        let region = function["region"].as_str().unwrap();
        let [mapping] = &function["mappings"].as_array().unwrap()[..] else {
            panic!("one mapping: {function}")
        };
        assert!(mapping["source"].as_str().unwrap().contains(region), "{function}");
    }
    unsigned(&local, "POST /_pipectl/reset".into()).await;
    assert_eq!(functions().await, Vec::<Value>::new());
    for region in local.both() {
        assert_eq!(region.functions().await, Vec::<String>::new());
        assert_eq!(region.groups().await, []);
    }
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_function_deleted_in_one_region_is_still_there_in_the_other() {
    let local = local().await;
    let [west, east] = local.both();
    for region in [&west, &east] {
        region.echo("f").await;
        assert_eq!(region.functions().await, [region.arn("f")]);
        // Each region has a thousand of them.
        let reserve = region.lambda.put_function_concurrency().function_name("f");
        reserve.reserved_concurrent_executions(900).send().await.unwrap();
        let usage = region.lambda.get_account_settings().send().await.unwrap();
        assert_eq!(usage.account_usage().unwrap().function_count(), 1);
        assert_eq!(usage.account_limit().unwrap().unreserved_concurrent_executions(), Some(100));
        let environment: Value = serde_json::from_str(&region.invoke("f", r#""environment""#).await).unwrap();
        assert_eq!(environment["AWS_REGION"], region.name);
    }
    west.lambda.tag_resource().resource(west.arn("f")).tags("team", "growth").send().await.unwrap();
    west.lambda.delete_function().function_name("f").send().await.unwrap();
    let gone = error_of(west.lambda.get_function().function_name("f").send().await);
    assert_eq!(gone.1, format!("Function not found: {}", west.arn("f")));
    let kept = east.lambda.get_function().function_name(east.arn("f")).send().await.unwrap();
    assert_eq!(kept.configuration().unwrap().description(), Some(EAST));
    assert_eq!(kept.concurrency().unwrap().reserved_concurrent_executions(), Some(900));
    assert!(kept.tags().is_none_or(|tags| tags.is_empty()), "tags are of one region, too");
    assert_eq!(east.invoke("f", "7").await, "7");
    assert_eq!(west.functions().await, Vec::<String>::new());
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_function_of_another_region_is_not_reachable_by_its_arn() {
    let local = local().await;
    let [west, east] = local.both();
    east.echo("f").await;
    west.echo("f").await;
    let expected = "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')";
    for refused in [
        error_of(west.lambda.get_function().function_name(east.arn("f")).send().await),
        error_of(west.lambda.invoke().function_name(east.arn("f")).send().await),
        error_of(west.lambda.delete_function().function_name(east.arn("f")).send().await),
        error_of(west.lambda.list_tags().resource(east.arn("f")).send().await),
    ] {
        assert_eq!(refused, ("ResourceNotFoundException".to_owned(), expected.to_owned()));
    }
    assert_eq!(east.functions().await, [east.arn("f")]);
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn the_code_of_a_function_is_fetched_from_its_own_region_without_a_signature() {
    let local = local().await;
    let east = local.regional(EAST);
    east.echo("f").await;
    let found = east.lambda.get_function().function_name("f").send().await.unwrap();
    let location = found.code().unwrap().location().unwrap().to_owned();
    let path = location.strip_prefix(&local.endpoint.url()).unwrap().to_owned();
    let archive = unsigned(&local, format!("GET {path}")).await;
    assert!(
        archive == echo_package(),
        "the archive as it was sent, not {}",
        String::from_utf8_lossy(&archive)
    );
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn lines_go_to_the_log_group_of_the_functions_region_and_groups_of_one_name_are_two() {
    let local = local().await;
    let [west, east] = local.both();
    let name = "/aws/lambda/f";
    for (region, days) in [(&west, 7), (&east, 30)] {
        region.echo("f").await;
        let create = region.logs.create_log_group().log_group_name(name).tags("of", region.name);
        create.send().await.unwrap();
        let keep = region.logs.put_retention_policy().log_group_name(name).retention_in_days(days);
        keep.send().await.unwrap();
    }
    west.invoke("f", "1").await;
    assert_eq!(west.groups().await, [(west.group_arn(name), Some(7))]);
    assert_eq!(east.groups().await, [(east.group_arn(name), Some(30))]);
    let found = async |region: &Regional| {
        let found =
            region.logs.filter_log_events().log_group_name(name).filter_pattern("REPORT").send().await;
        found.unwrap().events().len()
    };
    assert_eq!((found(&west).await, found(&east).await), (1, 0));
    let foreign = west.logs.list_tags_for_resource().resource_arn(east.group_arn(name)).send().await;
    assert!(foreign.unwrap_err().into_service_error().is_resource_not_found_exception());
    west.logs.delete_log_group().log_group_name(name).send().await.unwrap();
    assert_eq!(west.groups().await, []);
    assert_eq!(east.groups().await, [(east.group_arn(name), Some(30))]);
    let tags = east.logs.list_tags_for_resource().resource_arn(east.group_arn(name)).send().await.unwrap();
    assert_eq!(tags.tags().unwrap()["of"], EAST);
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_mapping_reads_the_stream_of_its_region_and_is_there_only() {
    let local = local().await;
    let [west, east] = local.both();
    let mut mappings = Vec::new();
    for region in [&west, &east] {
        region.echo("f").await;
        region.stream("s").await;
        region.put("s", region.name).await;
        mappings.push(region.mapping("f", "s").send().await.unwrap());
    }
    let all = async || WEST == keys(&local, WEST).concat() && EAST == keys(&local, EAST).concat();
    local.until("each function gets the record of its region", all).await;
    for (region, mapping) in [&west, &east].into_iter().zip(&mappings) {
        assert_eq!(mapping.function_arn(), Some(region.arn("f").as_str()));
        let listed = region.lambda.list_event_source_mappings().function_name("f").send().await.unwrap();
        let ids = listed.event_source_mappings().iter().map(|mapping| mapping.uuid());
        assert_eq!(ids.collect::<Vec<_>>(), [mapping.uuid()]);
    }
    let (id, arn) = (mappings[1].uuid().unwrap(), mappings[1].event_source_mapping_arn().unwrap());
    for refused in [
        error_of(west.lambda.get_event_source_mapping().uuid(id).send().await),
        error_of(west.lambda.update_event_source_mapping().uuid(id).enabled(false).send().await),
        error_of(west.lambda.delete_event_source_mapping().uuid(id).send().await),
        error_of(west.lambda.list_tags().resource(arn).send().await),
    ] {
        assert_eq!(refused.0, "ResourceNotFoundException", "{refused:?}");
    }
    west.lambda.delete_event_source_mapping().uuid(mappings[0].uuid().unwrap()).send().await.unwrap();
    east.put("s", "-again").await;
    let again = async || keys(&local, EAST).concat() == format!("{EAST}-again");
    local.until("the other goes on", again).await;
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_mapping_takes_function_and_stream_from_its_own_region() {
    let local = local().await;
    let [west, east] = local.both();
    east.echo("f").await;
    east.stream("s").await;
    west.stream("s").await;
    let none = error_of(west.mapping("f", "s").send().await);
    assert_eq!(none, ("InvalidParameterValueException".to_owned(), "Function does not exist".to_owned()));
    let foreign = error_of(west.mapping(&east.arn("f"), "s").send().await);
    assert_eq!(foreign, none);
    west.echo("f").await;
    let elsewhere = west.mapping("f", "s").event_source_arn(east.stream_arn("s")).send().await;
    let expected = "Event source region must match Lambda region eu-west-1.";
    assert_eq!(error_of(elsewhere), ("InvalidParameterValueException".to_owned(), expected.to_owned()));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_stream_of_another_region_is_not_there_by_its_arn_either() {
    let local = local().await;
    let [west, east] = local.both();
    west.stream("s").await;
    east.stream("s").await;
    let described = west.kinesis.describe_stream_summary().stream_arn(east.stream_arn("s")).send().await;
    assert!(described.unwrap_err().into_service_error().is_resource_not_found_exception());
    let consumer =
        west.kinesis.register_stream_consumer().stream_arn(east.stream_arn("s")).consumer_name("c");
    assert!(consumer.send().await.unwrap_err().into_service_error().is_resource_not_found_exception());
    let tags = west.kinesis.list_tags_for_resource().resource_arn(east.stream_arn("s")).send().await;
    assert!(tags.unwrap_err().into_service_error().is_resource_not_found_exception());
    let own = west.kinesis.describe_stream_summary().stream_arn(west.stream_arn("s")).send().await;
    assert!(own.is_ok(), "{own:?}");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn an_alarm_deleted_in_one_region_is_still_there_in_the_other() {
    let local = local().await;
    let [west, east] = local.both();
    west.alarm("late", 1.0).await;
    east.alarm("late", 2.0).await;
    let arn = |region: &str| format!("arn:aws:cloudwatch:{region}:000000000000:alarm:late");
    assert_eq!(west.alarms().await, [(arn(WEST), Some(1.0))]);
    let tags = west.cloudwatch.list_tags_for_resource().resource_arn(arn(EAST)).send().await;
    assert!(tags.unwrap_err().into_service_error().is_resource_not_found_exception());
    west.cloudwatch.delete_alarms().alarm_names("late").send().await.unwrap();
    assert_eq!(west.alarms().await, []);
    assert_eq!(east.alarms().await, [(arn(EAST), Some(2.0))]);
    local.endpoint.shutdown().await;
}
