//! Dynamic partitioning: one buffer a partition, and what becomes of records that have none.

use super::*;

const PREFIX: &str = "c=!{partitionKeyFromQuery:c}/!{timestamp:yyyy}/";

fn partitioned(query: &str, extra: &Value) -> Value {
    let mut settings = json!({
        "Prefix": PREFIX,
        "ErrorOutputPrefix": "e/!{firehose:error-output-type}/",
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
        "DynamicPartitioningConfiguration": {"Enabled": true},
        "ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "MetadataExtraction", "Parameters": [
            {"ParameterName": "MetadataExtractionQuery", "ParameterValue": query},
            {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"},
        ]}]},
    });
    settings.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    settings
}

fn under<'a>(objects: &'a [crate::firehose::ports::NewObject], prefix: &str) -> Vec<&'a str> {
    let found = objects.iter().filter(|object| object.key.starts_with(prefix));
    found.map(|object| std::str::from_utf8(&object.body).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn each_partition_has_its_object() {
    let running = start(&partitioned("{c: .customer}", &json!({})), None);
    running.put(&[r#"{"customer":"a","n":1}"#, r#"{"customer":7,"n":2}"#, r#"{"customer":"a","n":3}"#]);
    let account = running.drained().await;
    assert_eq!((account.received, account.delivered, account.objects), (3, 3, 2));
    let objects = running.fake.objects(2).await;
    assert_eq!(under(&objects, "c=a/2018/clicks-1-"), [r#"{"customer":"a","n":1}{"customer":"a","n":3}"#]);
    assert_eq!(under(&objects, "c=7/2018/clicks-1-"), [r#"{"customer":7,"n":2}"#]);
    assert_eq!(running.fake.total("DeliveryToS3.ObjectCount"), 2.0);
}

#[tokio::test(start_paused = true)]
async fn each_partition_waits_for_its_own_interval() {
    let running = start(&partitioned("{c: .c}", &json!({})), None);
    let began = Instant::now();
    running.put(&[r#"{"c":"first"}"#]);
    tokio::time::sleep(Duration::from_secs(40)).await;
    running.put(&[r#"{"c":"second"}"#]);
    running.fake.objects(1).await;
    assert_eq!(began.elapsed().as_secs(), 60);
    let objects = running.fake.objects(2).await;
    assert_eq!(began.elapsed().as_secs(), 100);
    assert!(objects[0].key.starts_with("c=first/") && objects[1].key.starts_with("c=second/"));
}

#[tokio::test(start_paused = true)]
async fn a_record_without_its_keys_goes_to_the_error_output() {
    let running = start(&partitioned("{c: .c}", &json!({})), None);
    running.put(&["no json", r#"{"c":null}"#, r#"{"c":"x"}"#]);
    let account = running.drained().await;
    assert_eq!((account.delivered, account.failed, account.pending), (1, 2, 0));
    let objects = running.fake.objects(2).await;
    let lines = under(&objects, "e/metadata-extraction-failed/clicks-1-").concat();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["errorCode"], "DynamicPartitioning.MetadataExtractionFailed");
    assert_eq!(lines[0]["errorMessage"], "Non JSON record provided");
    assert_eq!(lines[0]["rawData"], STANDARD.encode("no json"));
    assert_eq!(lines[0]["attemptsMade"], 1);
    assert!(lines[0].get("lambdaARN").is_none());
    assert_eq!(lines[1]["errorMessage"], "partitionKeys values must not be null or empty");
}

#[tokio::test(start_paused = true)]
async fn a_partition_whose_key_is_too_long_for_s3_goes_to_the_error_output() {
    let running = start(&partitioned("{c: .c}", &json!({})), None);
    // `c=` and `/2018/` around it, and the name of the object after it.
    let rest = "c=/2018/clicks-1-2018-08-27-10-30-00-00000000-0000-0000-0000-000000000000".len();
    let (fits, longer) = ("ä".repeat((1024 - rest) / 2), "ä".repeat((1024 - rest) / 2 + 1));
    running.put(&[&json!({ "c": fits }).to_string(), &json!({ "c": longer }).to_string()]);
    let account = running.drained().await;
    assert_eq!((account.delivered, account.failed, account.pending), (1, 1, 0));
    let objects = running.fake.objects(2).await;
    assert!(objects.iter().all(|object| object.key.len() <= 1024));
    let line: Value =
        serde_json::from_str(&under(&objects, "e/metadata-extraction-failed/").concat()).unwrap();
    assert_eq!(line["errorCode"], "DynamicPartitioning.MetadataExtractionFailed");
    assert!(line["errorMessage"].as_str().unwrap().contains("1024"));
}

#[tokio::test(start_paused = true)]
async fn the_five_hundred_and_first_partition_goes_to_the_error_output() {
    let running = start(&partitioned("{c: .c}", &json!({})), None);
    let records: Vec<String> = (0..502).map(|number| format!(r#"{{"c":"p{number}"}}"#)).collect();
    running.put(&records.iter().map(String::as_str).collect::<Vec<_>>());
    running.put(&[r#"{"c":"p0","more":true}"#]);
    let account = running.drained().await;
    assert_eq!((account.delivered, account.failed, account.objects), (501, 2, 500));
    let objects = running.fake.objects(501).await;
    let errors = under(&objects, "e/metadata-extraction-failed/").concat();
    assert_eq!(errors.matches("ActivePartitionLimitExceeded").count(), 2);
    assert_eq!(running.fake.total("PartitionCountExceeded"), 2.0);
}

#[tokio::test(start_paused = true)]
async fn keys_come_from_the_function_and_from_its_output() {
    let lambda =
        json!({"Type": "Lambda", "Parameters": [{"ParameterName": "LambdaArn", "ParameterValue": ARN}]});
    let mut settings = partitioned("{c: .C}", &json!({}));
    settings["Prefix"] = json!("w=!{partitionKeyFromLambda:who}/c=!{partitionKeyFromQuery:c}/");
    settings["ProcessingConfiguration"]["Processors"].as_array_mut().unwrap().push(lambda);
    let running = start(&settings, None);
    // The fake hands the record back in upper case, and `who` is what stands before the colon.
    running.put(&[r#"{"c":"x"}"#, "drop", r#"{"d":1}"#]);
    let account = running.drained().await;
    assert_eq!((account.delivered, account.dropped, account.failed), (1, 1, 1));
    let objects = running.fake.objects(2).await;
    assert_eq!(under(&objects, "w={\"c\"/c=X/clicks-1-"), [r#"{"C":"X"}"#]);
    let line: Value = serde_json::from_str(under(&objects, "e/metadata").concat().trim()).unwrap();
    assert_eq!(line["rawData"], STANDARD.encode(r#"{"d":1}"#));
}

#[tokio::test(start_paused = true)]
async fn records_within_one_are_partitioned_each_for_itself() {
    let mut settings = partitioned("{c: .c}", &json!({}));
    settings["ProcessingConfiguration"]["Processors"].as_array_mut().unwrap().extend([
        json!({"Type": "RecordDeAggregation", "Parameters": [{"ParameterName": "SubRecordType", "ParameterValue": "JSON"}]}),
        json!({"Type": "AppendDelimiterToRecord"}),
    ]);
    let running = start(&settings, None);
    running.put(&["{\"c\":\"a\",\"n\":1}\n{\"c\":\"b\"}{\"c\":\"a\",\"n\":2}", "\n"]);
    let account = running.drained().await;
    assert_eq!((account.received, account.delivered, account.dropped, account.pending), (4, 3, 1, 0));
    let objects = running.fake.objects(2).await;
    assert_eq!(under(&objects, "c=a/"), ["{\"c\":\"a\",\"n\":1}\n{\"c\":\"a\",\"n\":2}"]);
    assert_eq!(under(&objects, "c=b/"), ["{\"c\":\"b\"}"]);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_never_ends_costs_its_records_and_nothing_else() {
    let query = "if .loop then def f: f; {c: f} else {c: .c} end";
    let running = start(&partitioned(query, &json!({})), None);
    running.put(&[r#"{"loop":true}"#, r#"{"c":"ok"}"#]);
    let account = running.drained().await;
    assert_eq!((account.delivered, account.failed), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_was_gathered_for_other_keys_keeps_its_prefix() {
    let running = start(&partitioned("{c: .c}", &json!({})), None);
    running.put(&[r#"{"c":"old","d":"1"}"#]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut changed = partitioned("{d: .d}", &json!({}));
    changed["Prefix"] = json!("d=!{partitionKeyFromQuery:d}/");
    running.delivery.configure(configured(2, &changed));
    running.put(&[r#"{"c":"new","d":"2"}"#]);
    running.drained().await;
    let objects = running.fake.objects(2).await;
    assert_eq!(under(&objects, "c=old/2018/clicks-1-").len(), 1);
    assert_eq!(under(&objects, "d=2/clicks-2-").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn five_hundred_large_partitions_do_not_fill_the_memory() {
    let running = start(
        &partitioned("{c: .c}", &json!({"BufferingHints": {"SizeInMBs": 128, "IntervalInSeconds": 900}})),
        None,
    );
    let pad = "x".repeat(1_000_000);
    let began = Instant::now();
    for number in 0..300 {
        let record = format!(r#"{{"c":"{}","pad":"{pad}"}}"#, number % 50);
        while running.delivery.put(vec![super::record(&record)]).is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // Nothing is due for a quarter of an hour, and yet something was written.
    running.fake.objects(1).await;
    assert!(began.elapsed() < Duration::from_secs(600), "{:?}", began.elapsed());
}
