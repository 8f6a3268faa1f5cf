//! Decompression, message extraction and compressions, from end to end.

use std::io::Write as _;

use super::*;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn logs(messages: &str, kind: &str) -> Record {
    let events: Vec<Value> =
        messages.split('|').map(|message| json!({"id": "1", "timestamp": 1, "message": message})).collect();
    let envelope = json!({"messageType": kind, "owner": "1", "logGroup": "g", "logStream": "s",
        "subscriptionFilters": ["f"], "logEvents": events});
    raw(&gzip(&envelope.to_string()))
}

fn raw(data: &[u8]) -> Record {
    Record { data: bytes::Bytes::copy_from_slice(data), ..kinesis_record("") }
}

fn processors(extraction: &str) -> Value {
    json!({"ProcessingConfiguration": {"Enabled": true, "Processors": [
        {"Type": "CloudWatchLogProcessing", "Parameters": [
            {"ParameterName": "DataMessageExtraction", "ParameterValue": extraction}]},
        {"Type": "Decompression"},
    ]}})
}

#[tokio::test(start_paused = true)]
async fn messages_are_taken_out_of_what_logs_send() {
    let broken = raw(b"not gzip");
    let reads = VecDeque::from([Ok(vec![logs("a|b", "DATA_MESSAGE"), broken, logs("x", "CONTROL_MESSAGE")])]);
    let running = start(&processors("true"), Some(Scripted { reads }));
    let account = running.drained().await;
    assert_eq!((account.received, account.delivered, account.failed, account.pending), (3, 2, 1, 0));
    let objects = running.fake.objects(2).await;
    let data = objects.iter().find(|object| object.key.starts_with("2018/")).unwrap();
    assert_eq!(&data.body[..], b"a\nb\n");
    let errors = objects.iter().find(|object| object.key.starts_with("decompression-failed/2018/")).unwrap();
    let line: Value = serde_json::from_slice(&errors.body).unwrap();
    assert_eq!(line["errorCode"], "Decompression failed.");
    assert_eq!(line["rawData"], STANDARD.encode("not gzip"));
    assert_eq!(line["attemptsMade"], 1);
}

#[tokio::test(start_paused = true)]
async fn what_becomes_large_is_unpacked_only_as_far_as_there_is_room() {
    let large = logs(&"x".repeat(3_000_000), "DATA_MESSAGE");
    assert!(large.data.len() < 100_000, "{}", large.data.len());
    for backed_up in [false, true] {
        let mut settings = processors("true");
        settings["BufferingHints"] = json!({"SizeInMBs": 1, "IntervalInSeconds": 60});
        if backed_up {
            settings["S3BackupMode"] = json!("Enabled");
            settings["S3BackupConfiguration"] = json!({"RoleARN": "arn:aws:iam::000000000000:role/delivery", "BucketARN": "arn:aws:s3:::raw"});
        }
        let reads = VecDeque::from([Ok(vec![large.clone(); 10])]);
        let running = start(&settings, Some(Scripted { reads }));
        running.fake.bucket_missing.store(true, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(10)).await;
        let unpacked = running.fake.total("OutputDecompressedRecords.Success");
        assert!((2.0..=4.0).contains(&unpacked), "{unpacked}");
        running.fake.bucket_missing.store(false, Ordering::Relaxed);
        let account = running.drained().await;
        assert_eq!((account.received, account.delivered, account.objects, account.pending), (10, 10, 10, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_backup_and_a_failure_keep_what_was_sent() {
    let mut settings = processors("true");
    let processors = settings["ProcessingConfiguration"]["Processors"].as_array_mut().unwrap();
    processors.push(
        json!({"Type": "Lambda", "Parameters": [{"ParameterName": "LambdaArn", "ParameterValue": ARN}]}),
    );
    settings["S3BackupMode"] = json!("Enabled");
    settings["S3BackupConfiguration"] =
        json!({"RoleARN": "arn:aws:iam::000000000000:role/delivery", "BucketARN": "arn:aws:s3:::raw"});
    let sent = logs("x", "DATA_MESSAGE");
    let reads = VecDeque::from([Ok(vec![sent.clone()])]);
    let running = start(&settings, Some(Scripted { reads }));
    running.fake.answers.lock().push_back(Invoked::Returned("{}".into()));
    running.drained().await;
    let event = running.fake.events.lock()[0].clone();
    assert_eq!(event["records"][0]["data"], STANDARD.encode("x\n"));
    let objects = running.fake.objects(2).await;
    let backup = objects.iter().find(|object| object.bucket == "raw").unwrap();
    assert_eq!(backup.body, sent.data);
    let errors = objects.iter().find(|object| object.key.starts_with("processing-failed/")).unwrap();
    let line: Value = serde_json::from_slice(&errors.body).unwrap();
    assert_eq!(line["rawData"], STANDARD.encode(&sent.data));
}

#[tokio::test(start_paused = true)]
async fn every_compression_says_so_in_name_and_header() {
    for (format, extension, encoding) in [
        ("UNCOMPRESSED", "", None),
        ("GZIP", ".gz", Some("gzip")),
        ("ZIP", ".zip", Some("zip")),
        ("Snappy", ".snappy", Some("snappy-java")),
        ("HADOOP_SNAPPY", ".snappy", Some("hadoop-snappy")),
    ] {
        for chosen in ["", ".log"] {
            let running = start(&json!({"CompressionFormat": format, "FileExtension": chosen}), None);
            running.put(&["one\n", "two\n"]);
            running.drained().await;
            let object = running.fake.objects(1).await.remove(0);
            let expected = if chosen.is_empty() { extension } else { chosen };
            assert!(object.key.ends_with(expected), "{}", object.key);
            assert_eq!(object.content_encoding, encoding);
        }
    }
}
