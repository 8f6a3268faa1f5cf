//! What a delivery had not delivered when its process ended, and the next one that goes on with it.

use super::*;
use crate::persist::Folder;
use crate::persist::firehose::{Ledger, folder_of, restore};

/// A data folder with the ledger of one delivery.
struct Kept {
    folder: Folder,
    _temporary: tempfile::TempDir,
}

impl Kept {
    fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        Self { folder: Folder::open(temporary.path()).unwrap(), _temporary: temporary }
    }

    fn first(&self, settings: &Value, reader: Option<Scripted>) -> Running {
        let place = reader.as_ref().and_then(Source::place);
        let ledger = Ledger::create(folder_of(self.folder.path(), "arn"), place).unwrap();
        start_kept(configured(1, settings), reader, (Some(Arc::new(ledger)), Vec::new()))
    }

    /// A delivery of the next process.
    fn next(&self, settings: &Value) -> Running {
        let (_, ledger, backlog) = restore(&self.folder).unwrap().remove(0);
        start_kept(configured(1, settings), None, (Some(Arc::new(ledger)), backlog.chunks))
    }

    fn place(&self) -> Option<String> {
        restore(&self.folder).unwrap().remove(0).2.place
    }
}

#[tokio::test(start_paused = true)]
async fn a_killed_delivery_is_followed_by_one_that_delivers_what_it_had_not() {
    let kept = Kept::new();
    let settings = json!({"BufferingHints": {"IntervalInSeconds": 60}});
    let running = kept.first(&settings, None);
    running.put(&["a", "b"]);
    running.fake.objects(1).await;
    running.put(&["c"]);
    running.put(&["d"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(running);

    let running = kept.next(&settings);
    running.put(&["e"]);
    let account = running.drained().await;
    assert_eq!((account.delivered, account.pending), (3, 0));
    assert_eq!(running.bodies(), ["cde"]);
    drop(running);
    assert_eq!(kept.next(&settings).drained().await.received, 0, "nothing is delivered twice");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_at_the_end_is_kept_for_the_next() {
    let kept = Kept::new();
    let running = kept.first(&json!({}), None);
    running.fake.bucket_missing.store(true, Ordering::Relaxed);
    running.put(&["a"]);
    assert_eq!(running.drained().await.pending, 1);
    drop(running);
    let running = kept.next(&json!({}));
    running.drained().await;
    assert_eq!(running.bodies(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_function_or_a_backup_under_way_holds_back_what_is_settled() {
    let kept = Kept::new();
    let slow = lambda(&[("BufferIntervalInSeconds", "0")]);
    let running = kept.first(&slow, None);
    running.fake.stuck.store(true, Ordering::Relaxed);
    running.put(&["in a function"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(running);
    let running = kept.next(&slow);
    running.drained().await;
    assert_eq!(running.bodies(), ["IN A FUNCTION"]);
    drop(running);

    let kept = Kept::new();
    let backup = json!({
        "BufferingHints": {"IntervalInSeconds": 10}, "S3BackupMode": "Enabled",
        "S3BackupConfiguration": {
            "RoleARN": "arn:aws:iam::000000000000:role/delivery", "BucketARN": "arn:aws:s3:::raw",
            "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60},
        },
    });
    let running = kept.first(&backup, None);
    running.put(&["a"]);
    running.fake.objects(1).await;
    drop(running);
    let running = kept.next(&backup);
    running.drained().await;
    assert_eq!(running.bodies(), ["a", "a"], "its backup was not written yet, so all of it comes again");
}

#[tokio::test(start_paused = true)]
async fn one_record_that_waits_does_not_hold_back_what_came_after_it_for_long() {
    let kept = Kept::new();
    let mut settings = lambda(&[("BufferIntervalInSeconds", "0")]);
    settings["BufferingHints"] = json!({"SizeInMBs": 1, "IntervalInSeconds": 900});
    let running = kept.first(&settings, None);
    let began = Instant::now();
    running.put(&["fail"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let large = "x".repeat(300_000);
    for _ in 0..16 {
        running.put(&[&large]);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let objects = running.fake.objects.lock().clone();
    assert!(began.elapsed().as_secs() < 60);
    let errors = objects.iter().filter(|object| object.key.starts_with("processing-failed/")).count();
    assert_eq!(errors, 1, "it was written before its 900 seconds");
    drop(running);
    let account = kept.next(&settings).drained().await;
    assert!(account.delivered <= 8 && account.failed == 0, "{account:?}");
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_takes_nothing_ends_in_puts_that_are_refused_and_not_in_a_disk_that_is_full() {
    let kept = Kept::new();
    let running = kept.first(&json!({"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 900}}), None);
    // One object waits for its bucket, those after it are written.
    running.fake.stuck_puts.store(1, Ordering::Relaxed);
    let large = "x".repeat(1_000_000);
    let mut taken = 0;
    while taken < 100 && running.delivery.put(vec![record(&large)]).is_ok() {
        taken += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // Four times two mebibytes, and what the intake holds.
    assert!((35..60).contains(&taken), "{taken}");
}

#[tokio::test(start_paused = true)]
async fn the_place_in_a_source_follows_what_was_delivered() {
    let kept = Kept::new();
    let reads = VecDeque::from([Ok(vec![kinesis_record("a")]), Ok(vec![kinesis_record("b")])]);
    let running = kept.first(&json!({"BufferingHints": {"IntervalInSeconds": 60}}), Some(Scripted { reads }));
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(kept.place().as_deref(), Some("2 left"), "nothing was delivered yet");
    running.fake.objects(1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(kept.place().as_deref(), Some("0 left"));
}
