//! Readings that stop, are killed, and go on from their checkpoint.

use pipectl_producer::SequenceNumber;
use pipectl_producer::read::{Checkpoint, Event, Place, Progress, Reader, Start};
use pipectl_shards::ShardId;
use proptest::prelude::*;

use crate::stream::FakeStream;

/// Two shards that split and merge on the way, with records alone and in aggregates. Returns what was put.
fn resharded() -> (FakeStream, Vec<String>) {
    let stream = FakeStream::new(2);
    stream.with(|stream| stream.tells_children = true);
    let mut put = Vec::new();
    let mut fill = |stream: &FakeStream, shard: usize, seed: usize| {
        for n in 0..6 {
            let size = (seed + n) % 4;
            let texts: Vec<String> = (0..size.max(1)).map(|sub| format!("{shard}:{n}:{sub}")).collect();
            if size == 0 {
                stream.put(shard, texts[0].clone())
            } else {
                stream.put_together(shard, &texts)
            }
            put.extend(texts);
        }
    };
    fill(&stream, 0, 0);
    fill(&stream, 1, 1);
    stream.split(0);
    fill(&stream, 2, 2);
    fill(&stream, 3, 3);
    stream.merge(1, 3);
    fill(&stream, 4, 0);
    put.sort();
    (stream, put)
}

/// Reads so many records and drops the reader; the rest when there is no number.
async fn run(stream: &FakeStream, start: Start, count: Option<usize>) -> (Vec<String>, Checkpoint) {
    let mut reader = stream.reader(start, false);
    let mut read = Vec::new();
    while count != Some(read.len()) {
        let Some(record) = reader.next().await.unwrap() else { break };
        read.push(String::from_utf8(record.record.data.to_vec()).unwrap());
    }
    (read, reader.checkpoint().clone())
}

/// A reading from the trim horizon in runs of these lengths, each on from where the one before was, and the rest.
async fn in_runs(stream: &FakeStream, runs: &[usize]) -> Vec<String> {
    let (mut all, mut start) = (Vec::new(), Start::TrimHorizon);
    for count in runs.iter().copied().map(Some).chain([None]) {
        let (read, checkpoint) = run(stream, start, count).await;
        all.extend(read);
        start = Start::Checkpoint(checkpoint);
    }
    all
}

fn virtual_time<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_reading_in_any_number_of_runs_gives_each_record_once_through_reshards(
        runs in prop::collection::vec(0_usize..12, 0..12),
        faults in prop_oneof![Just(0_u8), Just(30)],
    ) {
        let (stream, put) = resharded();
        stream.with(|stream| stream.faults = faults);
        let mut read = virtual_time(in_runs(&stream, &runs));
        read.sort();
        prop_assert_eq!(read, put);
    }

    /// Killed between giving out a record and keeping the checkpoint, a reading repeats what it had given since, and
    /// loses nothing.
    #[test]
    fn a_killed_reading_repeats_records_and_loses_none(
        runs in prop::collection::vec((0_usize..12, 0_usize..6), 0..8)
    ) {
        let (stream, put) = resharded();
        let mut read = virtual_time(async {
            let (mut all, mut start) = (Vec::new(), Start::TrimHorizon);
            for (kept, lost) in runs {
                let (first, checkpoint) = run(&stream, start.clone(), Some(kept)).await;
                let (again, _) = run(&stream, start, Some(kept + lost)).await;
                all.extend(first.into_iter().chain(again));
                start = Start::Checkpoint(checkpoint);
            }
            all.extend(run(&stream, start, None).await.0);
            all
        });
        read.sort();
        read.dedup();
        prop_assert_eq!(read, put);
    }
}

#[tokio::test(start_paused = true)]
async fn a_shard_is_taken_up_within_its_aggregate() {
    let stream = FakeStream::new(1);
    stream.put_together(0, &["a", "b", "c"].map(str::to_owned));
    let (first, checkpoint) = run(&stream, Start::TrimHorizon, Some(2)).await;
    assert_eq!(first, ["a", "b"]);
    assert!(
        matches!(checkpoint.of(ShardId::new(0)), Some(Progress::At(Place { sub_sequence: Some(1), .. }))),
        "{checkpoint:?}"
    );
    assert_eq!(run(&stream, Start::Checkpoint(checkpoint), None).await.0, ["c"]);
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_appeared_meanwhile_is_read_from_its_start_and_a_finished_one_not_again() {
    let stream = FakeStream::new(1);
    stream.put(0, "parent");
    let (_, checkpoint) = run(&stream, Start::TrimHorizon, None).await;
    stream.split(0);
    stream.put(1, "left");
    stream.put(2, "right");
    let (mut read, checkpoint) = run(&stream, Start::Checkpoint(checkpoint), None).await;
    read.sort();
    assert_eq!(read, ["left", "right"]);
    assert_eq!(checkpoint.of(ShardId::new(0)), Some(&Progress::Ended));
    assert!(run(&stream, Start::Checkpoint(checkpoint), None).await.0.is_empty());
}

async fn events(reader: &mut Reader) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(event) = reader.next_event().await.unwrap() {
        events.push(event);
    }
    events
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_whose_record_has_expired_is_told_and_the_rest_read_also_where_pages_stay_empty() {
    for gets_stuck in [false, true] {
        let stream = FakeStream::new(1);
        (0..6).for_each(|n| stream.put(0, format!("record {n}")));
        let (_, checkpoint) = run(&stream, Start::TrimHorizon, Some(2)).await;
        stream.trim(0, 4);
        stream.with(|stream| stream.gets_stuck = gets_stuck);
        let events = events(&mut stream.reader(Start::Checkpoint(checkpoint), false)).await;
        let Event::Gap(gap) = &events[0] else { panic!("{events:?}") };
        assert_eq!((gap.after.as_str(), gap.next.as_ref().map(SequenceNumber::as_str)), ("1", Some("4")));
        assert_eq!(events.len(), 3, "stuck: {gets_stuck}: {events:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_expired_before_it_was_read_to_its_end_is_told() {
    let stream = FakeStream::new(1);
    stream.put(0, "read");
    stream.put(0, "not read");
    let (_, checkpoint) = run(&stream, Start::TrimHorizon, Some(1)).await;
    stream.split(0);
    stream.with(|stream| stream.expired = 1);
    let mut reader = stream.reader(Start::Checkpoint(checkpoint), false);
    let events = events(&mut reader).await;
    assert!(matches!(&events[..], [Event::Gap(gap)] if gap.shard == ShardId::new(0)), "{events:?}");
    assert_eq!(reader.checkpoint().of(ShardId::new(0)), None);
}
