//! Event source mappings over the wire, with a function that runs as a process.

use std::time::Duration;

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_lambda::operation::create_event_source_mapping::builders::CreateEventSourceMappingFluentBuilder;
use aws_sdk_lambda::operation::get_event_source_mapping::GetEventSourceMappingOutput;
use aws_sdk_lambda::types::{
    DestinationConfig, EventSourcePosition, Filter, FilterCriteria, FunctionResponseType, OnFailure,
};
use pipectl_localstack::logs::GroupId;
use serde_json::{Value, json};

use crate::local::{Local, error_of, kept, local};

fn stream_arn(name: &str) -> String {
    format!("arn:aws:kinesis:eu-west-1:000000000000:stream/{name}")
}

/// The records that the function of these tests was given, one line of its log each.
fn received(local: &Local, function: &str) -> Vec<Value> {
    received_in(local, "eu-west-1", function)
}

/// The records that a region's function of that name was given.
pub(crate) fn received_in(local: &Local, region: &str, function: &str) -> Vec<Value> {
    let group = GroupId::new(region, &format!("/aws/lambda/{function}"));
    let lines = local.endpoint.world().logs.messages(&group, None);
    lines.iter().filter_map(|line| serde_json::from_str(line.trim().strip_prefix("event ")?).ok()).collect()
}

impl Local {
    fn kinesis(&self) -> aws_sdk_kinesis::Client {
        aws_sdk_kinesis::Client::new(&self.config)
    }

    async fn stream(&self, name: &str) {
        self.kinesis().create_stream().stream_name(name).shard_count(1).send().await.unwrap();
    }

    async fn put(&self, stream: &str, key: &str, data: &str) {
        let put = self.kinesis().put_record().stream_name(stream).partition_key(key).data(Blob::new(data));
        put.send().await.unwrap();
    }

    fn mapping(&self, function: &str, stream: &str) -> CreateEventSourceMappingFluentBuilder {
        self.lambda
            .create_event_source_mapping()
            .function_name(function)
            .event_source_arn(stream_arn(stream))
            .starting_position(EventSourcePosition::TrimHorizon)
    }

    async fn mapping_of(&self, id: &str) -> GetEventSourceMappingOutput {
        self.lambda.get_event_source_mapping().uuid(id).send().await.unwrap()
    }

    /// Asks until `holds`.
    pub(crate) async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let asked = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), asked).await.unwrap_or_else(|_| panic!("{what}"));
    }
}

#[tokio::test]
async fn records_reach_the_function_as_the_event_that_aws_sends() {
    let local = local().await;
    local.echo("f").await;
    local.stream("s").await;
    local.put("s", "key-1", "hello").await;
    let created = local.mapping("f", "s").send().await.unwrap();
    let id = created.uuid().unwrap();
    assert_eq!(created.last_processing_result(), Some("No records processed"));
    assert_eq!(created.state_transition_reason(), Some("User action"));
    assert_eq!((created.batch_size(), created.maximum_retry_attempts()), (Some(100), Some(-1)));
    assert!(created.event_source_mapping_arn().unwrap().ends_with(id));
    local.until("the event arrives", async || !received(&local, "f").is_empty()).await;
    let event = received(&local, "f").remove(0);
    let record = &event["Records"][0];
    let number = record["kinesis"]["sequenceNumber"].as_str().unwrap();
    assert_eq!(record["eventID"], format!("shardId-000000000000:{number}"));
    assert_eq!(record["kinesis"]["data"], "aGVsbG8=");
    assert_eq!(record["kinesis"]["partitionKey"], "key-1");
    assert!(record["kinesis"]["approximateArrivalTimestamp"].as_f64().unwrap() > 1e9);
    assert_eq!(record["eventSourceARN"], stream_arn("s"));
    assert_eq!(record["awsRegion"], "eu-west-1");
    assert_eq!(record["invokeIdentityArn"], crate::local::ROLE);
    let ok = async || local.mapping_of(id).await.last_processing_result() == Some("OK");
    local.until("the result is noted", ok).await;
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn what_a_function_does_not_take_is_written_to_the_bucket_under_awss_name() {
    let local = local().await;
    local.echo("f").await;
    local.stream("s").await;
    local.put("s", "k", "fail").await;
    let config = aws_sdk_s3::config::Builder::from(&local.config)
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .force_path_style(true);
    let s3 = aws_sdk_s3::Client::from_conf(config.build());
    s3.create_bucket().bucket("failures").send().await.unwrap();
    let destination = OnFailure::builder().destination("arn:aws:s3:::failures").build();
    let created = local
        .mapping("f", "s")
        .maximum_retry_attempts(1)
        .destination_config(DestinationConfig::builder().on_failure(destination).build())
        .send()
        .await
        .unwrap();
    let id = created.uuid().unwrap();
    let listed = async || {
        let listed = s3.list_objects_v2().bucket("failures").send().await.unwrap();
        listed.contents().first().map(|object| object.key().unwrap().to_owned())
    };
    local.until("the record of the failure is written", async || listed().await.is_some()).await;
    let key = listed().await.unwrap();
    assert!(key.starts_with(&format!("aws/lambda/{id}/shardId-000000000000/20")), "{key}");
    let object = s3.get_object().bucket("failures").key(&key).send().await.unwrap();
    let body: Value = serde_json::from_slice(&object.body.collect().await.unwrap().into_bytes()).unwrap();
    assert_eq!(body["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(body["requestContext"]["approximateInvokeCount"], 2);
    assert_eq!(
        body["responseContext"],
        json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" })
    );
    let payload: Value = serde_json::from_str(body["payload"].as_str().unwrap()).unwrap();
    assert_eq!(payload["Records"][0]["kinesis"]["data"], "ZmFpbA==");
    let result = local.mapping_of(id).await.last_processing_result().map(str::to_owned);
    assert_eq!(result.as_deref(), Some("PROBLEM: Function call failed"));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn mistakes_are_told_in_awss_words() {
    let local = local().await;
    local.echo("f").await;
    local.stream("s").await;
    let created = local.mapping("f", "s").send().await.unwrap();
    let id = created.uuid().unwrap();
    let now = aws_sdk_lambda::primitives::DateTime::from_secs(1_700_000_000);
    let cases = [
        (
            local.mapping("f", "s"),
            "ResourceConflictException",
            format!(
                "The event source arn (\" {} \") and function (\" f \") provided mapping already exists. Please update \
                 or delete the existing mapping with UUID {id}",
                stream_arn("s")
            ),
        ),
        (
            local.mapping("f", "missing"),
            "InvalidParameterValueException",
            format!("Stream not found: {}", stream_arn("missing")),
        ),
        (
            local.mapping("f", "s").event_source_arn(format!("{}/consumer/c:1700000000", stream_arn("s"))),
            "InvalidParameterValueException",
            format!("Consumer not found: {}/consumer/c:1700000000", stream_arn("s")),
        ),
        (local.mapping("g", "s"), "InvalidParameterValueException", "Function does not exist".to_owned()),
        (
            local.mapping("f", "s").starting_position_timestamp(now),
            "InvalidParameterValueException",
            "Timestamp only valid with StartingPosition AT_TIMESTAMP".to_owned(),
        ),
    ];
    for (mapping, code, message) in cases {
        assert_eq!(error_of(mapping.send().await), (code.to_owned(), message));
    }
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn settings_outside_their_bounds_are_refused_in_awss_words() {
    let local = local().await;
    local.echo("f").await;
    local.stream("s").await;
    let pattern =
        |text: &str| FilterCriteria::builder().filters(Filter::builder().pattern(text).build()).build();
    let cases = [
        (
            local.mapping("f", "s").starting_position("0".into()),
            "ValidationException",
            "1 validation error detected: Value '0' at 'startingPosition' failed to satisfy constraint: Member must \
             satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"
                .to_owned(),
        ),
        (
            local.mapping("f", "s").batch_size(10_001),
            "ValidationException",
            "1 validation error detected: Value '10001' at 'batchSize' failed to satisfy constraint: Member must have \
             value less than or equal to 10000"
                .to_owned(),
        ),
        (
            local.mapping("f", "s").filter_criteria(pattern(r#"{"data":"no list"}"#)),
            "InvalidParameterValueException",
            "Invalid filter pattern definition.".to_owned(),
        ),
        (
            local
                .mapping("f", "s")
                .starting_position(EventSourcePosition::AtTimestamp)
                .starting_position_timestamp(aws_sdk_lambda::primitives::DateTime::from_secs(4_000_000_000)),
            "InvalidParameterValueException",
            "StartingPositionTimestamp cannot be in the future.".to_owned(),
        ),
        (
            local.mapping("f", "s").topics("t"),
            "InvalidParameterValueException",
            "Unsupported Topics parameter for given event source mapping type.".to_owned(),
        ),
    ];
    for (mapping, code, message) in cases {
        assert_eq!(error_of(mapping.send().await), (code.to_owned(), message));
    }
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn settings_are_shown_changed_reset_listed_and_tagged() {
    let local = local().await;
    local.echo("f").await;
    local.echo("g").await;
    local.stream("s").await;
    let queue = "arn:aws:sqs:eu-west-1:000000000000:q";
    let filter = r#"{"data":{"a":[1]}}"#;
    let created = local
        .mapping("f", "s")
        .tumbling_window_in_seconds(60)
        .maximum_record_age_in_seconds(60)
        .function_response_types(FunctionResponseType::ReportBatchItemFailures)
        .filter_criteria(FilterCriteria::builder().filters(Filter::builder().pattern(filter).build()).build())
        .destination_config(
            DestinationConfig::builder().on_failure(OnFailure::builder().destination(queue).build()).build(),
        )
        .tags("team", "growth")
        .send()
        .await
        .unwrap();
    let id = created.uuid().unwrap();
    assert_eq!(created.filter_criteria().unwrap().filters()[0].pattern(), Some(filter));
    assert_eq!(created.destination_config().unwrap().on_failure().unwrap().destination(), Some(queue));
    local.mapping("g", "s").send().await.unwrap();
    let list = || local.lambda.list_event_source_mappings();
    assert_eq!(list().send().await.unwrap().event_source_mappings().len(), 2);
    let of_f = list().function_name("f").event_source_arn(stream_arn("s")).send().await.unwrap();
    assert_eq!(of_f.event_source_mappings()[0].uuid(), Some(id));
    let first = list().max_items(1).send().await.unwrap();
    let second = list().max_items(1).marker(first.next_marker().unwrap()).send().await.unwrap();
    assert_eq!((second.event_source_mappings().len(), second.next_marker()), (1, None));
    let reset = local
        .lambda
        .update_event_source_mapping()
        .uuid(id)
        .filter_criteria(FilterCriteria::builder().build())
        .destination_config(DestinationConfig::builder().build())
        .set_function_response_types(Some(Vec::new()))
        .maximum_record_age_in_seconds(-1)
        .tumbling_window_in_seconds(0);
    reset.send().await.unwrap();
    let read = local.mapping_of(id).await;
    assert!(read.filter_criteria().is_none() && read.function_response_types().is_empty());
    assert_eq!(read.destination_config().unwrap().on_failure().unwrap().destination(), None);
    assert_eq!(
        (read.maximum_record_age_in_seconds(), read.tumbling_window_in_seconds()),
        (Some(-1), Some(0))
    );
    let arn = created.event_source_mapping_arn().unwrap();
    local.lambda.tag_resource().resource(arn).tags("stage", "test").send().await.unwrap();
    local.lambda.untag_resource().resource(arn).tag_keys("team").send().await.unwrap();
    let tags = local.lambda.list_tags().resource(arn).send().await.unwrap();
    assert_eq!(tags.tags().unwrap().iter().collect::<Vec<_>>(), [(&"stage".to_owned(), &"test".to_owned())]);
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_mapping_goes_on_where_it_was_when_the_endpoint_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    let local = kept(folder.path()).await;
    local.echo("f").await;
    local.stream("s").await;
    let created = local.mapping("f", "s").batch_size(7).tags("team", "growth").send().await.unwrap();
    let (id, arn) = (created.uuid().unwrap(), created.event_source_mapping_arn().unwrap());
    local.put("s", "one", "1").await;
    let ok = async |local: &Local| local.mapping_of(id).await.last_processing_result() == Some("OK");
    local.until("the first event is done", async || ok(&local).await).await;
    let before = local.mapping_of(id).await;
    local.endpoint.shutdown().await;

    let local = kept(folder.path()).await;
    let after = local.mapping_of(id).await;
    assert_eq!(after.last_modified(), before.last_modified());
    assert_eq!((after.state(), after.batch_size()), (Some("Enabled"), Some(7)));
    assert_eq!(after.last_processing_result(), Some("OK"));
    let tags = local.lambda.list_tags().resource(arn).send().await.unwrap();
    assert_eq!(tags.tags().unwrap()["team"], "growth");
    local.put("s", "two", "2").await;
    // The log of the first run is there as well.
    local.until("the second event arrives", async || received(&local, "f").len() == 2).await;
    let keys: Vec<Value> = received(&local, "f")
        .iter()
        .flat_map(|event| event["Records"].as_array().unwrap())
        .map(|record| record["kinesis"]["partitionKey"].clone())
        .collect();
    assert_eq!(keys, [json!("one"), json!("two")], "each once");
    local.lambda.delete_event_source_mapping().uuid(id).send().await.unwrap();
    local.endpoint.shutdown().await;

    let local = kept(folder.path()).await;
    assert!(
        local.lambda.list_event_source_mappings().send().await.unwrap().event_source_mappings().is_empty()
    );
    local.endpoint.shutdown().await;
}
