//! HTTP endpoints: what they are sent, which answers take it, and where it goes when they do not.

use super::super::fakes::answered;
use super::*;
use crate::firehose::ports::{HttpRequest, NoAnswer};

fn endpoint(extra: &Value) -> Configured {
    let mut settings = json!({
        "EndpointConfiguration": {"Url": "https://example.com/in?x=1", "AccessKey": "secret"},
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
        "RetryOptions": {"DurationInSeconds": 10},
        "CloudWatchLoggingOptions": {"Enabled": true, "LogGroupName": "group", "LogStreamName": "stream"},
        "S3Configuration": {"RoleARN": "arn:aws:iam::000000000000:role/delivery", "BucketARN": "arn:aws:s3:::failed",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60}},
    });
    settings.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let settings = Settings::Http(Box::new(serde_json::from_value(settings).unwrap()));
    Configured { version: 1, destination: settings.created("http", "us-east-1").unwrap().1 }
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
}

fn refused(status: u16) -> Option<Result<crate::firehose::ports::HttpAnswer, NoAnswer>> {
    Some(Ok(answered(status, &json!({"requestId": "x", "timestamp": 1, "errorMessage": "no"}))))
}

#[tokio::test(start_paused = true)]
async fn a_request_is_what_the_specification_says() {
    let attributes = json!([{"AttributeName": "stage", "AttributeValue": "test"}]);
    let running =
        start_with(endpoint(&json!({"RequestConfiguration": {"CommonAttributes": attributes}})), None);
    let began = Instant::now();
    running.put(&["one", "two"]);
    running.fake.changed.notified().await;
    assert_eq!(began.elapsed().as_secs(), 60);
    let request = running.fake.requests.lock()[0].clone();
    assert_eq!(request.url, "https://example.com/in?x=1");
    assert_eq!(header(&request, "x-amz-firehose-protocol-version"), Some("1.0"));
    assert_eq!(header(&request, "x-amz-firehose-access-key"), Some("secret"));
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    assert_eq!(header(&request, "content-encoding"), None);
    let arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/clicks";
    assert_eq!(header(&request, "x-amz-firehose-source-arn"), Some(arn));
    let common = header(&request, "x-amz-firehose-common-attributes");
    assert_eq!(common, Some(r#"{"commonAttributes":{"stage":"test"}}"#));
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["requestId"], header(&request, "x-amz-firehose-request-id").unwrap());
    assert_eq!(body["timestamp"], 1_535_365_920_000_i64);
    assert_eq!(body["records"], json!([{"data": STANDARD.encode("one")}, {"data": STANDARD.encode("two")}]));
    let account = running.drained().await;
    assert_eq!((account.delivered, account.objects, account.failed, account.pending), (2, 1, 0, 0));
    assert_eq!(running.fake.total("DeliveryToHttpEndpoint.Records"), 2.0);
    assert!(running.fake.objects.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_body_is_gzipped_where_it_is_asked_for() {
    let running = start_with(endpoint(&json!({"RequestConfiguration": {"ContentEncoding": "GZIP"}})), None);
    running.put(&["one"]);
    running.drained().await;
    let request = running.fake.requests.lock()[0].clone();
    assert_eq!(header(&request, "content-encoding"), Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&request.body[..]).read_to_string(&mut text).unwrap();
    assert!(text.contains(&STANDARD.encode("one")));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_tried_again_under_its_id() {
    let running = start_with(endpoint(&json!({})), None);
    running.fake.http.lock().extend([
        refused(503),
        Some(Err(NoAnswer::ConnectionFailed)),
        Some(Ok(answered(200, &json!({"requestId": "another", "timestamp": 1})))),
    ]);
    running.put(&["a"]);
    tokio::time::sleep(Duration::from_secs(70)).await;
    let requests = running.fake.requests.lock().clone();
    assert_eq!(requests.len(), 4);
    let ids: Vec<_> = requests.iter().map(|request| header(request, "x-amz-firehose-request-id")).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(running.delivery.account().delivered, 1);
    let log = running.fake.log.lock().clone();
    let codes: Vec<&str> = log.iter().filter_map(|entry| entry["errorCode"].as_str()).collect();
    assert_eq!(
        codes,
        [
            "HttpEndpoint.DestinationException",
            "HttpEndpoint.ConnectionFailed",
            "HttpEndpoint.InvalidResponseFromDestination",
        ]
    );
    assert_eq!(log[0]["destination"], "https://example.com/in?x=1");
    assert_eq!(log[0]["deliveryStreamVersionId"], 1);
    let message = log[0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("The following response was received from the endpoint destination. 503: {"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_not_taken_in_time_goes_to_the_error_output() {
    let running = start_with(endpoint(&json!({})), None);
    running.fake.http.lock().extend(std::iter::repeat_n(refused(500), 100));
    let began = Instant::now();
    running.put(&["one", "two"]);
    let object = running.fake.objects(1).await.remove(0);
    // A minute of buffer, pauses of about 1, 2 and 4 s within the 10 s, and a minute of the error output's own buffer.
    assert!((125..=128).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert_eq!(running.fake.requests.lock().len(), 4);
    assert_eq!(object.bucket, "failed");
    assert!(object.key.starts_with("http-endpoint-failed/2018/08/27/10/clicks-1-"), "{}", object.key);
    let lines: Vec<Value> = std::str::from_utf8(&object.body)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["rawData"], STANDARD.encode("two"));
    assert_eq!(lines[1]["errorCode"], "HttpEndpoint.DestinationException");
    assert_eq!(lines[1]["attemptsMade"], 4);
    let message = lines[1]["errorMessage"].as_str().unwrap();
    assert!(
        message.starts_with("Received the following response from the endpoint destination. {"),
        "{message}"
    );
    let account = running.delivery.account();
    assert_eq!((account.delivered, account.failed, account.pending), (0, 2, 0));
    assert_eq!(running.fake.total("BackupToS3.Records"), 2.0);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_silent_is_given_three_minutes() {
    let running = start_with(endpoint(&json!({"RetryOptions": {"DurationInSeconds": 0}})), None);
    running.fake.http.lock().push_back(None);
    let began = Instant::now();
    running.put(&["a"]);
    let object = running.fake.objects(1).await.remove(0);
    assert_eq!(began.elapsed().as_secs(), 60 + 180 + 60);
    let line: Value = serde_json::from_slice(&object.body).unwrap();
    assert_eq!(
        (&line["errorCode"], &line["attemptsMade"]),
        (&json!("HttpEndpoint.RequestTimeout"), &json!(1))
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_large_for_the_endpoint_is_gone() {
    let running = start_with(endpoint(&json!({})), None);
    running.fake.http.lock().push_back(refused(413));
    running.put(&["a"]);
    let account = running.drained().await;
    assert_eq!((account.lost, account.failed, account.pending), (1, 0, 0));
    assert_eq!(running.fake.requests.lock().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn all_data_is_kept_beside_what_fails() {
    let running = start_with(endpoint(&json!({"S3BackupMode": "AllData"})), None);
    running.fake.http.lock().extend(std::iter::repeat_n(refused(500), 100));
    running.put(&["one", "two"]);
    let account = running.drained().await;
    assert_eq!((account.failed, account.backed_up, account.pending), (2, 2, 0));
    let objects = running.fake.objects(2).await;
    let raw = objects.iter().find(|object| object.key.starts_with("2018/")).unwrap();
    assert_eq!(&raw.body[..], b"onetwo");
}

#[tokio::test(start_paused = true)]
async fn what_was_gathered_for_a_backup_is_written_when_an_update_takes_the_backup_away() {
    let running = start_with(endpoint(&json!({"S3BackupMode": "AllData"})), None);
    running.put(&["before"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    running.delivery.configure(Configured { version: 2, ..endpoint(&json!({})) });
    running.put(&["after"]);
    let account = running.drained().await;
    assert_eq!((account.delivered, account.backed_up, account.pending), (2, 1, 0));
    assert_eq!(running.bodies(), ["before"]);
}

#[tokio::test(start_paused = true)]
async fn a_request_holds_ten_thousand_records_at_most_however_small() {
    let running = start_with(endpoint(&json!({})), None);
    running.put(&vec![""; 10_001]);
    running.fake.changed.notified().await;
    let counts = || -> Vec<usize> {
        let requests = running.fake.requests.lock();
        let bodies = requests.iter().map(|request| serde_json::from_slice::<Value>(&request.body).unwrap());
        bodies.map(|body| body["records"].as_array().unwrap().len()).collect()
    };
    assert_eq!(counts(), [10_000], "they go before their minute is over");
    let account = running.drained().await;
    assert_eq!((account.delivered, account.pending), (10_001, 0));
    assert_eq!(counts(), [10_000, 1]);
}

#[tokio::test(start_paused = true)]
async fn only_a_whole_acknowledgment_takes_a_batch() {
    let id = |request: &HttpRequest| header(request, "x-amz-firehose-request-id").unwrap().to_owned();
    for broken in ["{}", "", "null", "[]", "{\"requestId\": null}", "{\"timestamp\": 1}"] {
        let running = start_with(endpoint(&json!({"RetryOptions": {"DurationInSeconds": 0}})), None);
        let mut answer = answered(200, &json!({}));
        answer.body = broken.into();
        running.fake.http.lock().push_back(Some(Ok(answer)));
        running.put(&["a"]);
        let account = running.drained().await;
        assert_eq!((account.delivered, account.failed), (0, 1), "{broken}");
        let message = running.fake.log.lock()[0]["message"].as_str().unwrap().to_owned();
        let request = running.fake.requests.lock()[0].clone();
        assert!(
            message.contains(&format!("Response for request {} is not recognized", id(&request))),
            "{message}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_runs_before_the_endpoint() {
    let lambda = lambda(&[])["ProcessingConfiguration"].clone();
    let running = start_with(endpoint(&json!({"ProcessingConfiguration": lambda})), None);
    running.put(&["a", "drop", "fail"]);
    let account = running.drained().await;
    assert_eq!((account.delivered, account.dropped, account.failed), (1, 1, 1));
    let body: Value = serde_json::from_slice(&running.fake.requests.lock()[0].body).unwrap();
    assert_eq!(body["records"], json!([{"data": STANDARD.encode("A")}]));
    assert!(running.fake.objects(1).await[0].key.starts_with("processing-failed/"));
}

#[tokio::test(start_paused = true)]
async fn what_was_gathered_for_a_bucket_still_goes_there_after_an_update() {
    let running = start(&json!({}), None);
    running.put(&["bucket"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    running.delivery.configure(Configured { version: 2, ..endpoint(&json!({})) });
    running.put(&["endpoint"]);
    let account = running.drained().await;
    assert_eq!((account.delivered, account.pending), (2, 0));
    assert_eq!(running.bodies(), ["bucket"]);
    assert_eq!(running.fake.objects.lock()[0].bucket, "lake");
    let body: Value = serde_json::from_slice(&running.fake.requests.lock()[0].body).unwrap();
    assert_eq!(body["records"], json!([{"data": STANDARD.encode("endpoint")}]));
}
