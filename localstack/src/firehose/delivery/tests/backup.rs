//! Source backup: every record as it was sent, whatever becomes of it and of the destination.

use super::*;

fn backed_up(extra: &Value) -> Value {
    let mut settings = json!({
        "S3BackupMode": "Enabled",
        "S3BackupConfiguration": {
            "RoleARN": "arn:aws:iam::000000000000:role/delivery", "BucketARN": "arn:aws:s3:::raw",
            "Prefix": "raw/", "CompressionFormat": "GZIP",
            "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60},
        },
    });
    settings.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    settings
}

fn unzipped(body: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test(start_paused = true)]
async fn every_record_is_backed_up_as_it_was_sent() {
    let mut settings = backed_up(&json!({"BufferingHints": {"IntervalInSeconds": 120}}));
    settings.as_object_mut().unwrap().extend(lambda(&[]).as_object().unwrap().clone());
    let running = start(&settings, None);
    let began = Instant::now();
    running.put(&["a", "drop", "fail"]);
    let raw = running.fake.objects(1).await.remove(0);
    assert_eq!(began.elapsed().as_secs(), 60);
    assert_eq!(raw.bucket, "raw");
    assert!(raw.key.starts_with("raw/2018/08/27/10/clicks-1-") && raw.key.ends_with(".gz"), "{}", raw.key);
    assert_eq!(unzipped(&raw.body), "adropfail");
    let account = running.drained().await;
    assert_eq!((account.delivered, account.dropped, account.failed, account.pending), (1, 1, 1, 0));
    assert_eq!((account.backed_up, account.backup_objects), (3, 1));
    assert_eq!(running.fake.total("BackupToS3.Records"), 3.0);
    assert_eq!(running.fake.total("DeliveryToS3.Records"), 2.0);
}

#[tokio::test(start_paused = true)]
async fn one_bucket_that_is_missing_does_not_hold_up_the_other() {
    for (missing, written) in [("raw", "lake"), ("lake", "raw")] {
        let running = start(&backed_up(&json!({"BufferingHints": {"IntervalInSeconds": 60}})), None);
        *running.fake.missing.lock() = Some(missing);
        running.put(&["a"]);
        let object = running.fake.objects(1).await.remove(0);
        assert_eq!(object.bucket, written);
        let log = running.fake.log.lock().first().cloned();
        let told = log.is_none_or(|entry| entry["destination"] == format!("arn:aws:s3:::{missing}"));
        assert!(told);
        *running.fake.missing.lock() = None;
        running.fake.objects(2).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_backup_comes_by_an_update_and_keeps_what_is_buffered() {
    let running = start(&json!({}), None);
    running.put(&["before"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    running.delivery.configure(configured(2, &backed_up(&json!({}))));
    running.put(&["after"]);
    let account = running.drained().await;
    assert_eq!((account.delivered, account.backed_up), (2, 1));
    let objects = running.fake.objects(2).await;
    let raw = objects.iter().find(|object| object.bucket == "raw").unwrap();
    assert_eq!(unzipped(&raw.body), "after");
}

#[tokio::test(start_paused = true)]
async fn what_was_put_directly_is_given_up_after_a_day() {
    let running = start(&json!({"BufferingHints": {"IntervalInSeconds": 60}}), None);
    running.fake.bucket_missing.store(true, Ordering::Relaxed);
    let mut old = record("old");
    old.arrived_ms = running.delivery.shared.clock.epoch_millis();
    running.delivery.put(vec![old]).unwrap();
    tokio::time::sleep(Duration::from_secs(24 * 3600 - 60)).await;
    assert_eq!(running.delivery.account().pending, 1);
    tokio::time::sleep(Duration::from_secs(120)).await;
    let account = running.delivery.account();
    assert_eq!((account.pending, account.lost, account.delivered), (0, 1, 0));
    running.fake.bucket_missing.store(false, Ordering::Relaxed);
    running.put(&["new"]);
    running.fake.objects(1).await;
    assert_eq!(running.bodies(), ["new"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_waits_for_its_bucket_as_long_as_it_takes() {
    let mut read = kinesis_record("kept");
    read.arrived_ms = 1_535_365_860_000;
    let reads = VecDeque::from([Ok(vec![read])]);
    let running = start(&json!({"BufferingHints": {"IntervalInSeconds": 60}}), Some(Scripted { reads }));
    running.fake.bucket_missing.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(3 * 24 * 3600)).await;
    assert_eq!(running.delivery.account().lost, 0);
    running.fake.bucket_missing.store(false, Ordering::Relaxed);
    running.fake.objects(1).await;
    assert_eq!(running.bodies(), ["kept"]);
}
