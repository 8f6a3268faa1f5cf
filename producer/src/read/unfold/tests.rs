//! Aggregates, resumed readings and what is missing in them.

use bytes::Bytes;
use pipectl_shards::HashKey;
use proptest::prelude::*;

use super::*;
use crate::aggregation::{Aggregator, MAGIC, UserRecord};
use crate::read::Origin;

const SHARD: ShardId = ShardId::new(3);

fn number(n: usize) -> SequenceNumber {
    SequenceNumber::new(&(1_000 + n).to_string())
}

fn arrived(n: usize, data: impl Into<Bytes>) -> Arrived {
    Arrived {
        sequence: number(n),
        time: Timestamp::from_second(i64::try_from(n).unwrap()).ok(),
        partition_key: Some("outer".to_owned()),
        data: data.into(),
    }
}

/// An aggregate of these texts, each under its own text as key and at this hash key.
fn aggregate(n: usize, texts: &[String], hash_key: u128) -> Arrived {
    let mut aggregator = Aggregator::default();
    for text in texts {
        aggregator.push(&UserRecord {
            partition_key: text,
            explicit_hash_key: Some(HashKey(hash_key)),
            data: text.as_bytes(),
        });
    }
    arrived(n, aggregator.take().unwrap().data)
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("user-{n}")).collect()
}

fn batch(records: Vec<Arrived>, ended: bool) -> Batch {
    Batch { shard: SHARD, range: HashKeyRange::ALL, records, passed: None, ended }
}

fn unfolder(checkpoint: Checkpoint, strict: bool) -> Unfolder {
    Unfolder::new(checkpoint, strict)
}

fn fresh() -> Unfolder {
    unfolder(Checkpoint::new(Origin::TrimHorizon), false)
}

fn resumed(progress: Progress) -> Unfolder {
    unfolder(Checkpoint::with(Origin::TrimHorizon, [(SHARD, progress)]), false)
}

fn at(n: usize, sub_sequence: Option<u64>) -> Progress {
    let time = Timestamp::from_second(i64::try_from(n).unwrap()).ok();
    Progress::At(Place { sequence: number(n), sub_sequence, time })
}

/// All that is left of what it was handed, each event with the progress after it.
fn all(unfolder: &mut Unfolder) -> Vec<Event> {
    std::iter::from_fn(|| unfolder.next()).collect()
}

fn data(events: &[Event]) -> Vec<String> {
    let text = |event: &Event| match event {
        Event::Record(read) => String::from_utf8(read.record.data.to_vec()).unwrap(),
        Event::Damaged(_) => "damaged".to_owned(),
        Event::Gap(_) => "gap".to_owned(),
    };
    events.iter().map(text).collect()
}

#[test]
fn an_aggregate_gives_its_records_one_by_one_and_the_checkpoint_moves_with_each() {
    let mut unfolder = fresh();
    unfolder.take(batch(vec![arrived(0, "plain"), aggregate(1, &texts(2), 7)], true));
    let Some(Event::Record(plain)) = unfolder.next() else { panic!("a record") };
    assert_eq!((plain.sub_sequence, plain.record.partition_key.as_deref()), (None, Some("outer")));
    assert_eq!(unfolder.checkpoint().of(SHARD), Some(&at(0, None)));
    for n in 0..2 {
        let Some(Event::Record(read)) = unfolder.next() else { panic!("a record") };
        assert_eq!((read.sub_sequence, read.explicit_hash_key.as_deref()), (Some(n), Some("7")));
        assert_eq!(read.record.partition_key, Some(format!("user-{n}")));
        assert_eq!((&read.record.sequence, read.record.time), (&number(1), Timestamp::from_second(1).ok()));
        assert_eq!(unfolder.checkpoint().of(SHARD), Some(&at(1, Some(n))));
    }
    assert_eq!(unfolder.next(), None);
    assert_eq!(unfolder.checkpoint().of(SHARD), Some(&Progress::Ended));
}

#[test]
fn what_kcl_drops_is_dropped_and_passed_and_what_it_passes_through_comes_as_it_is() {
    let range = HashKeyRange::new(HashKey(0), HashKey(99)).unwrap();
    let damaged = arrived(1, [&MAGIC[..], &[0; 40]].concat());
    let records = vec![aggregate(0, &texts(3), 100), damaged.clone(), aggregate(2, &texts(1), 99)];
    let mut unfolder = fresh();
    unfolder.take(Batch { range, ..batch(records.clone(), false) });
    let events = all(&mut unfolder);
    let Event::Record(first) = &events[0] else { panic!("a record") };
    assert_eq!(first.record, damaged);
    assert_eq!(data(&events[1..]), ["user-0"]);
    unfolder.take(Batch { range, ..batch(vec![aggregate(3, &texts(3), 100)], false) });
    assert_eq!(all(&mut unfolder), []);
    assert_eq!(unfolder.checkpoint().of(SHARD), Some(&at(3, None)), "a dropped one is passed, too");

    let mut strict = Unfolder::new(Checkpoint::new(Origin::TrimHorizon), true);
    strict.take(Batch { range, ..batch(records, false) });
    let events = all(&mut strict);
    assert_eq!(data(&events), ["damaged", "damaged", "user-0"]);
    let Event::Damaged(told) = &events[0] else { panic!("it is told") };
    assert_eq!(told.problem, Deaggregated::OutOfRange { index: 0, records: 3 });
    assert_eq!(told.record.sequence, number(0));
}

#[test]
fn a_resumed_reading_goes_on_within_the_aggregate() {
    let mut unfolder = resumed(at(1, Some(1)));
    unfolder.take(batch(vec![aggregate(1, &texts(4), 7), arrived(2, "next")], false));
    assert_eq!(data(&all(&mut unfolder)), ["user-2", "user-3", "next"]);
    let mut whole = resumed(at(1, None));
    whole.take(batch(vec![arrived(1, "given"), arrived(2, "next")], false));
    assert_eq!(data(&all(&mut whole)), ["next"]);
}

#[test]
fn what_comes_before_the_checkpoint_is_left_away_where_reading_begins_at_the_horizon() {
    let mut unfolder = resumed(at(2, Some(0)));
    unfolder.take(batch(vec![arrived(0, "old"), arrived(1, "old")], false));
    unfolder.take(batch(vec![arrived(1, "old"), aggregate(2, &texts(2), 7)], false));
    assert_eq!(data(&all(&mut unfolder)), ["user-1"]);
}

#[test]
fn a_checkpoint_whose_record_has_expired_is_told_once_and_reading_goes_on() {
    let mut unfolder = resumed(at(1, Some(0)));
    unfolder.take(batch(vec![arrived(5, "five"), arrived(6, "six")], false));
    let events = all(&mut unfolder);
    assert_eq!(data(&events), ["gap", "five", "six"]);
    let Event::Gap(gap) = &events[0] else { panic!("a gap") };
    assert_eq!((&gap.after, gap.after_time), (&number(1), Timestamp::from_second(1).ok()));
    assert_eq!((gap.next.as_ref(), gap.next_time), (Some(&number(5)), Timestamp::from_second(5).ok()));
}

#[test]
fn a_shard_that_ended_or_went_away_without_the_record_of_the_checkpoint_is_a_gap() {
    let mut ended = resumed(at(1, Some(0)));
    ended.take(batch(Vec::new(), true));
    assert_eq!(data(&all(&mut ended)), ["gap"]);
    assert_eq!(ended.checkpoint().of(SHARD), Some(&Progress::Ended));
    let mut gone = resumed(at(1, Some(0)));
    gone.lost(SHARD);
    let events = all(&mut gone);
    assert!(matches!(&events[..], [Event::Gap(Gap { next: None, .. })]), "{events:?}");
    assert_eq!(gone.checkpoint().of(SHARD), None);
}

#[test]
fn a_number_that_was_passed_is_a_place_until_there_is_a_record() {
    let mut unfolder = fresh();
    let passed = |n, records| Batch { passed: Some(number(n)), ..batch(records, false) };
    unfolder.take(passed(4, Vec::new()));
    assert_eq!(all(&mut unfolder), []);
    assert_eq!(unfolder.checkpoint().of(SHARD), Some(&Progress::Passed(number(4))));
    unfolder.take(passed(9, vec![arrived(8, "record")]));
    assert_eq!(all(&mut unfolder).len(), 1);
    assert_eq!(unfolder.checkpoint().of(SHARD), Some(&at(8, None)), "its absence would tell of a gap");
    let mut after = resumed(Progress::Passed(number(4)));
    after.take(batch(vec![arrived(3, "old"), arrived(7, "record")], false));
    assert_eq!(data(&all(&mut after)), ["record"], "and the absence of a passed number tells of none");
}

proptest! {
    /// However a reading is cut into runs, each of which goes on from the checkpoint of the one before at the record
    /// that it names, each record comes once and in order.
    #[test]
    fn any_split_into_resumed_runs_gives_each_record_once(
        sizes in prop::collection::vec(0_usize..5, 1..20),
        runs in prop::collection::vec(0_usize..12, 0..20),
        page in 1_usize..4,
    ) {
        let mut expected = Vec::new();
        let records: Vec<Arrived> = sizes.iter().enumerate().map(|(n, size)| {
            // Of size 0: a record that came alone.
            let texts: Vec<String> = (0..(*size).max(1)).map(|sub| format!("{n}-{sub}")).collect();
            expected.extend(texts.clone());
            if *size == 0 { arrived(n, texts[0].clone()) } else { aggregate(n, &texts, 7) }
        }).collect();
        let mut given = Vec::new();
        let mut checkpoint = Checkpoint::new(Origin::TrimHorizon);
        for run in runs.into_iter().map(Some).chain([None]) {
            let from = match checkpoint.of(SHARD) {
                Some(Progress::At(place)) => records.iter().position(|record| record.sequence == place.sequence),
                _ => Some(0),
            };
            let mut unfolder = unfolder(checkpoint, false);
            let mut left = run.unwrap_or(usize::MAX);
            'run: for page in records[from.unwrap()..].chunks(page) {
                unfolder.take(batch(page.to_vec(), false));
                loop {
                    if left == 0 {
                        break 'run;
                    }
                    let Some(event) = unfolder.next() else { break };
                    given.push(event);
                    left -= 1;
                }
            }
            checkpoint = unfolder.checkpoint().clone();
        }
        prop_assert_eq!(data(&given), expected);
    }
}
