//! The reader on an in-memory stream: every shard, in order, at a pace, whatever fails.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pipectl_producer::read::{
    Page, Position, ReadError, ReadRecord, Reader, Settings, ShardDescription, ShardIterator, ShardSource,
    SourceError, SourceErrorKind, Start,
};
use pipectl_shards::ShardId;
use tokio::time::timeout;

use crate::stream::{FakeStream, failed};

async fn all(reader: &mut Reader) -> Vec<ReadRecord> {
    let mut records = Vec::new();
    while let Some(record) = reader.next().await.unwrap() {
        records.push(record);
    }
    records
}

fn texts(records: &[ReadRecord]) -> Vec<&str> {
    records.iter().map(|record| std::str::from_utf8(&record.record.data).unwrap()).collect()
}

async fn next(reader: &mut Reader) -> String {
    let record = timeout(Duration::from_secs(600), reader.next()).await.expect("in time").unwrap();
    String::from_utf8(record.expect("a record").record.data.to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn reading_to_the_tip_gives_everything_of_all_shards_children_after_parents_and_ends() {
    let stream = FakeStream::new(2);
    ["a0", "a1", "a2", "a3", "a4"].into_iter().for_each(|data| stream.put(0, data));
    stream.put(1, "b0");
    stream.split(0);
    stream.put(2, "c0");
    stream.put(3, "d0");
    stream.merge(1, 3);
    stream.put(4, "e0");
    let records = all(&mut stream.reader(Start::TrimHorizon, false)).await;
    let texts = texts(&records);
    let place = |text: &str| texts.iter().position(|other| *other == text).expect(text);
    assert_eq!(texts.len(), 9);
    assert!(place("a0") < place("a1") && place("a3") < place("a4"));
    assert!(place("a4") < place("c0") && place("a4") < place("d0"));
    assert!(place("d0") < place("e0") && place("b0") < place("e0"));
}

#[tokio::test(start_paused = true)]
async fn from_the_latest_only_what_is_put_later_comes_through_a_split_too() {
    let stream = FakeStream::new(1);
    stream.put(0, "before");
    let mut reader = stream.reader(Start::Latest, true);
    tokio::time::sleep(Duration::from_secs(1)).await;
    stream.put(0, "after");
    assert_eq!(next(&mut reader).await, "after");
    stream.put(0, "last of the parent");
    stream.split(0);
    stream.with(|stream| stream.lag = 5);
    stream.put(2, "child");
    assert_eq!(next(&mut reader).await, "last of the parent");
    assert_eq!(next(&mut reader).await, "child");
}

#[tokio::test(start_paused = true)]
async fn throttles_failures_and_expired_iterators_lose_and_repeat_nothing() {
    for faults in [10, 40, 70] {
        let stream = FakeStream::new(3);
        stream.with(|stream| stream.faults = faults);
        for n in 0..40 {
            for shard in 0..3 {
                stream.put(shard, format!("{shard}-{n:02}"));
            }
        }
        let records = all(&mut stream.reader(Start::TrimHorizon, false)).await;
        assert_eq!(records.len(), 120, "faults {faults}");
        for shard in 0..3_usize {
            let of_shard: Vec<&str> =
                texts(&records).into_iter().filter(|text| text.starts_with(&format!("{shard}-"))).collect();
            assert_eq!(of_shard.len(), 40);
            assert!(of_shard.is_sorted(), "faults {faults}: {of_shard:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_shard_is_asked_fewer_than_five_times_a_second() {
    let stream = FakeStream::new(2);
    let reader = stream.reader(Start::Latest, true);
    tokio::time::sleep(Duration::from_secs(10)).await;
    drop(reader);
    let calls = stream.with(|stream| std::mem::take(&mut stream.calls));
    for shard in [0, 1].map(ShardId::new) {
        let count = calls.iter().filter(|(called, _)| *called == shard).count();
        assert!((20..50).contains(&count), "{count} calls in ten seconds");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_no_retry_mends_ends_the_reading_and_is_told_once() {
    struct Gone;
    #[async_trait]
    impl ShardSource for Gone {
        async fn shards(&self) -> Result<Vec<ShardDescription>, SourceError> {
            Err(SourceError {
                kind: SourceErrorKind::Fatal,
                code: "ResourceNotFoundException".into(),
                message: "Stream clicks not found".into(),
            })
        }
        async fn iterator(&self, _: ShardId, _: &Position) -> Result<ShardIterator, SourceError> {
            Err(failed(SourceErrorKind::Fatal))
        }
        async fn records(&self, _: &ShardIterator, _: i32) -> Result<Page, SourceError> {
            Err(failed(SourceErrorKind::Fatal))
        }
    }
    let mut reader = Reader::start(Arc::new(Gone), Settings::default());
    let error = reader.next().await.unwrap_err();
    assert!(matches!(&error, ReadError::ListShards(_)));
    assert!(error.to_string().contains("ResourceNotFoundException: Stream clicks not found"), "{error}");
    assert_eq!(reader.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_nobody_reads_from_holds_a_bounded_number_of_pages() {
    let stream = FakeStream::new(40);
    for shard in 0..40 {
        for _ in 0..100 {
            stream.put(shard, "data");
        }
    }
    let mut reader = stream.reader(Start::TrimHorizon, false);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let calls = stream.with(|stream| stream.calls.len());
    assert!(calls <= 12, "{calls} pages of 3 records were fetched while nobody took any");
    assert_eq!(all(&mut reader).await.len(), 4_000);
}

#[tokio::test(start_paused = true)]
async fn children_that_the_last_page_tells_are_read_without_a_listing() {
    for tells_children in [true, false] {
        let stream = FakeStream::new(1);
        stream.with(|stream| stream.tells_children = tells_children);
        stream.put(0, "parent");
        stream.split(0);
        stream.put(1, "left");
        stream.put(2, "right");
        stream.merge(1, 2);
        stream.put(3, "merged");
        // The first listing shows the parent alone.
        stream.with(|stream| stream.lag = 1);
        let records = all(&mut stream.reader(Start::TrimHorizon, false)).await;
        let texts = texts(&records);
        assert_eq!((texts.len(), texts[0], texts[3]), (4, "parent", "merged"));
        let listings = stream.with(|stream| stream.listings);
        assert_eq!(listings == 1, tells_children, "{listings} listings");
    }
}

#[tokio::test(start_paused = true)]
async fn one_shard_alone_is_read_to_its_end_and_one_that_is_not_there_is_named() {
    let stream = FakeStream::new(3);
    (0..3).for_each(|shard| stream.put(shard, format!("of {shard}")));
    stream.split(1);
    stream.put(3, "child");
    let only = |id| Settings {
        start: Start::TrimHorizon,
        only: Some(BTreeSet::from([ShardId::new(id)])),
        ..Settings::default()
    };
    let records = all(&mut stream.reader_with(only(1))).await;
    assert_eq!(texts(&records), ["of 1"], "and it ends, though it follows");
    let error = stream.reader_with(only(9)).next().await.unwrap_err();
    assert!(matches!(&error, ReadError::NoSuchShard { there, .. } if there.len() == 5), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_reader_knows_how_far_it_is_behind() {
    let stream = FakeStream::new(2);
    (0..9).for_each(|_| stream.put(0, "data"));
    let mut reader = stream.reader(Start::TrimHorizon, true);
    assert_eq!(reader.behind(), Duration::MAX, "it has not looked yet");
    for _ in 0..9 {
        next(&mut reader).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(reader.behind(), Duration::ZERO);
}
