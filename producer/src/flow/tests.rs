//! Scenarios and properties of the flow, without a runtime.

use proptest::prelude::*;

use super::*;
use crate::outcome::SequenceNumber;
use pipectl_shards::ShardId;

const MS: fn(u64) -> Duration = Duration::from_millis;

fn flow() -> Flow {
    Flow::new(Limits::default())
}

fn record(n: usize) -> Record {
    Record::new(format!("key-{n}"), n.to_string().into_bytes())
}

fn put() -> PutResult {
    PutResult::Put { shard: ShardId::new(0), sequence: SequenceNumber::new("1") }
}

fn throttled() -> PutResult {
    PutResult::Failed { code: "ProvisionedThroughputExceededException".into(), message: "full".into() }
}

fn error(kind: SinkErrorKind) -> SinkError {
    SinkError { kind, code: "Code".into(), message: "message".into() }
}

fn at(now: Duration) -> Answer {
    Answer { began: now, now, random: 0.5 }
}

fn names(ended: &[Ended]) -> Vec<&'static str> {
    ended.iter().map(|ended| ended.outcome.name()).collect()
}

#[test]
fn a_request_goes_out_when_it_is_full_or_its_first_record_has_lingered() {
    let mut flow = flow();
    flow.put(record(0), MS(5));
    assert!(flow.next_batch(MS(104)).is_none());
    assert_eq!(flow.wake_at(), Some(MS(105)));
    assert_eq!(flow.next_batch(MS(105)).map(|batch| batch.records.len()), Some(1));
    (0..500).for_each(|n| flow.put(record(n), MS(106)));
    assert_eq!(flow.next_batch(MS(106)).map(|batch| batch.records.len()), Some(500));
    assert_eq!(flow.wake_at(), None, "answers are all that can happen now");
}

#[test]
fn only_the_records_that_failed_are_sent_again() {
    let mut flow = flow();
    (0..3).for_each(|n| flow.put(record(n), MS(0)));
    let batch = flow.next_batch(MS(100)).expect("due");
    flow.answered(batch, Ok(vec![put(), throttled(), put()]), at(MS(110)));
    assert_eq!(names(&flow.take_ended()), ["delivered", "delivered"]);
    let retry = flow.wake_at().expect("a retry");
    assert!(retry >= MS(210) && retry <= MS(310), "{retry:?}");
    let batch = flow.next_batch(retry).expect("the retry is due");
    assert_eq!(batch.records, [record(1)]);
    flow.answered(batch, Ok(vec![put()]), at(MS(500)));
    let ended = flow.take_ended();
    let Outcome::Delivered { attempts, .. } = &ended[0].outcome else { panic!("{ended:?}") };
    assert_eq!(attempts.count(), 2);
    assert_eq!(attempts.kept().filter(|attempt| attempt.failure.is_some()).count(), 1);
    let account = flow.account();
    assert_eq!((account.put, account.delivered, account.retries, account.throttles), (3, 3, 1, 1));
    assert!(flow.is_idle());
}

#[test]
fn a_record_over_the_limit_is_refused_at_once_and_takes_no_request() {
    let mut flow = flow();
    flow.put(Record::new("k", vec![0; RECORD_MAX_BYTES]), MS(0));
    flow.put(Record::new("", vec![0]), MS(0));
    flow.put(Record::new("é".repeat(257), vec![0]), MS(0));
    let ended = flow.take_ended();
    assert_eq!(names(&ended), ["refused", "refused", "refused"]);
    assert_eq!(
        ended[0].outcome,
        Outcome::Refused {
            reason: Refusal::TooLarge { size: RECORD_MAX_BYTES + 1, limit: RECORD_MAX_BYTES }
        }
    );
    assert_eq!(ended[2].outcome, Outcome::Refused { reason: Refusal::PartitionKey { characters: 257 } });
    assert!(flow.next_batch(MS(1000)).is_none());
    flow.put(Record::new("é".repeat(256), vec![0]), MS(0));
    assert!(flow.next_batch(MS(1000)).is_some());
}

#[test]
fn a_record_expires_at_its_time_to_live_and_not_before() {
    let mut flow = flow();
    flow.put(record(0), MS(0));
    let mut now = MS(100);
    while flow.account().expired == 0 {
        if let Some(batch) = flow.next_batch(now) {
            flow.answered(batch, Ok(vec![throttled()]), at(now));
        }
        assert!(now <= MS(30_000));
        now = flow.wake_at().unwrap_or(now).max(now);
    }
    assert_eq!(now, MS(30_000));
    let ended = flow.take_ended();
    let Outcome::Expired { attempts } = &ended[0].outcome else { panic!("{ended:?}") };
    assert!(attempts.count() > 5);
}

#[test]
fn without_a_time_to_live_a_record_is_tried_for_as_long_as_it_takes() {
    let mut flow = Flow::new(Limits { ttl: None, ..Limits::default() });
    flow.put(record(0), MS(0));
    let mut now = MS(100);
    for _ in 0..1000 {
        now = now.max(flow.wake_at().expect("something to wait for"));
        if let Some(batch) = flow.next_batch(now) {
            flow.answered(batch, Err(error(SinkErrorKind::Transient)), at(now));
        }
    }
    assert!(now > Duration::from_secs(3600));
    assert_eq!(flow.account().outstanding(), 1);
}

#[test]
fn a_service_that_is_down_is_called_once_per_delay_however_much_waits() {
    let mut flow = Flow::new(Limits { ttl: None, max_in_flight: 4, ..Limits::default() });
    (0..10_000).for_each(|n| flow.put(record(n), MS(0)));
    let (mut now, mut requests) = (MS(100), 0);
    while now < Duration::from_secs(60) {
        let mut sent = Vec::new();
        while let Some(batch) = flow.next_batch(now) {
            sent.push(batch);
        }
        requests += sent.len();
        sent.into_iter()
            .for_each(|batch| flow.answered(batch, Err(error(SinkErrorKind::Transient)), at(now)));
        now += MS(10);
    }
    assert!(requests < 4 * 20, "{requests} requests in a minute");
    assert_eq!(flow.account().outstanding(), 10_000);
}

#[test]
fn a_fatal_error_cancels_everything_with_its_reason_and_what_comes_after_too() {
    let mut flow = flow();
    (0..501).for_each(|n| flow.put(record(n), MS(0)));
    let batch = flow.next_batch(MS(0)).expect("full");
    flow.answered(batch, Err(error(SinkErrorKind::Fatal)), at(MS(1)));
    flow.put(record(501), MS(2));
    let ended = flow.take_ended();
    assert_eq!(ended.len(), 502);
    for ended in ended {
        let Outcome::Cancelled { reason: Cancellation::Fatal { code, .. }, in_flight: false, .. } =
            ended.outcome
        else {
            panic!("{:?}", ended.outcome)
        };
        assert_eq!(&*code, "Code");
    }
    assert!(flow.is_idle() && flow.next_batch(MS(9_999)).is_none());
}

#[test]
fn a_request_already_under_way_when_a_fatal_error_comes_still_counts() {
    let mut flow = flow();
    (0..1000).for_each(|n| flow.put(record(n), MS(0)));
    let first = flow.next_batch(MS(0)).expect("full");
    let second = flow.next_batch(MS(0)).expect("full");
    flow.answered(first, Err(error(SinkErrorKind::Fatal)), at(MS(1)));
    let results = second.records.iter().map(|_| put()).collect();
    flow.answered(second, Ok(results), at(MS(2)));
    let account = flow.account();
    assert_eq!((account.cancelled, account.delivered), (500, 500));
}

#[test]
fn a_flush_ends_with_what_was_put_before_it_whatever_comes_after() {
    let mut flow = flow();
    flow.put(record(0), MS(0));
    let flush = flow.flush();
    assert!(!flow.is_flushed(flush));
    let batch = flow.next_batch(MS(0)).expect("a flush does not linger");
    flow.put(record(1), MS(0));
    flow.answered(batch, Ok(vec![put()]), at(MS(1)));
    assert!(flow.is_flushed(flush));
    assert!(!flow.is_idle());
    assert!(flow.next_batch(MS(1)).is_none(), "the flush is over: this one lingers");
}

#[test]
fn an_answer_of_the_wrong_length_is_a_failed_request() {
    let mut flow = flow();
    (0..2).for_each(|n| flow.put(record(n), MS(0)));
    let batch = flow.next_batch(MS(100)).expect("due");
    flow.answered(batch, Ok(vec![put()]), at(MS(110)));
    assert_eq!((flow.account().delivered, flow.account().failed_requests), (0, 1));
    assert_eq!(flow.account().outstanding(), 2);
}

/// What happens next in a random run.
#[derive(Clone, Debug)]
enum Step {
    Put(usize),
    Refuse,
    Flush,
    Advance(u64),
    Answer { which: prop::sample::Index, plan: Plan },
    Cancel,
}

#[derive(Clone, Debug)]
enum Plan {
    PerRecord(Vec<bool>),
    Whole(SinkErrorKind),
    WrongLength,
}

fn step() -> impl Strategy<Value = Step> {
    let plan = prop_oneof![
        8 => prop::collection::vec(any::<bool>(), 1..8).prop_map(Plan::PerRecord),
        2 => Just(Plan::Whole(SinkErrorKind::Transient)),
        2 => Just(Plan::Whole(SinkErrorKind::Throttled)),
        1 => Just(Plan::WrongLength),
    ];
    prop_oneof![
        6 => (1_usize..700).prop_map(Step::Put),
        1 => Just(Step::Refuse),
        1 => Just(Step::Flush),
        6 => (0_u64..9_000).prop_map(Step::Advance),
        8 => (any::<prop::sample::Index>(), plan).prop_map(|(which, plan)| Step::Answer { which, plan }),
    ]
}

fn results(plan: &Plan, len: usize) -> Result<Vec<PutResult>, SinkError> {
    match plan {
        Plan::PerRecord(oks) => {
            Ok(oks.iter().cycle().take(len).map(|ok| if *ok { put() } else { throttled() }).collect())
        }
        Plan::Whole(kind) => Err(error(*kind)),
        Plan::WrongLength => Ok(vec![put(); len + 1]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every record ends once, none is lost or ends twice, and the account adds up after every step, whatever
    /// the order of answers, failures, flushes and time.
    #[test]
    fn every_record_ends_exactly_once(
        steps in prop::collection::vec(step(), 1..60),
        last in prop_oneof![Just(Step::Cancel), Just(Step::Flush)],
    ) {
        let mut flow = flow();
        let (mut now, mut next) = (MS(0), 0_usize);
        let mut under_way: Vec<Batch> = Vec::new();
        let mut ends = std::collections::HashMap::new();
        for step in steps.into_iter().chain([last.clone()]) {
            match step {
                Step::Put(count) => {
                    (next..next + count).for_each(|n| flow.put(record(n), now));
                    next += count;
                }
                Step::Refuse => {
                    flow.refuse(record(next), Refusal::NotJson("x".into()));
                    next += 1;
                }
                Step::Flush => { flow.flush(); }
                Step::Advance(ms) => now += MS(ms),
                Step::Answer { which, plan } if !under_way.is_empty() => {
                    let batch = under_way.swap_remove(which.index(under_way.len()));
                    let results = results(&plan, batch.records.len());
                    flow.answered(batch, results, at(now));
                }
                Step::Answer { .. } => {}
                Step::Cancel => {
                    flow.cancel(&Cancellation::Requested);
                    under_way.drain(..).for_each(|batch| flow.abandoned(batch, &Cancellation::Requested));
                }
            }
            while let Some(batch) = flow.next_batch(now) {
                under_way.push(batch);
            }
            prop_assert!(under_way.len() <= 16);
            for ended in flow.take_ended() {
                *ends.entry(ended.record.partition_key).or_insert(0) += 1;
            }
            prop_assert_eq!(flow.account().put, next as u64);
            prop_assert_eq!(flow.account().outstanding(), (next - ends.len()) as u64);
        }
        // Let it finish: every request succeeds from here.
        flow.drain();
        for _ in 0..10_000 {
            for batch in std::mem::take(&mut under_way) {
                let results = batch.records.iter().map(|_| put()).collect();
                flow.answered(batch, Ok(results), at(now));
            }
            while let Some(batch) = flow.next_batch(now) {
                under_way.push(batch);
            }
            if flow.is_idle() {
                break;
            }
            now = flow.wake_at().unwrap_or(now).max(now);
        }
        for ended in flow.take_ended() {
            *ends.entry(ended.record.partition_key).or_insert(0) += 1;
        }
        prop_assert!(flow.is_idle());
        prop_assert_eq!(ends.len(), next);
        prop_assert!(ends.values().all(|times| *times == 1));
    }
}

mod aggregated {
    use pipectl_shards::{HashKey, HashKeyRange, Lineage};

    use super::*;
    use crate::parcel::Aggregation;

    fn open(lineage: &Lineage) -> Vec<(ShardId, HashKeyRange)> {
        lineage.open().map(|shard| (shard.id, shard.range)).collect()
    }

    fn uniform(count: u32) -> Lineage {
        Lineage::uniform(std::num::NonZeroU32::new(count).unwrap())
    }

    /// A flow that aggregates and knows the shards.
    fn flow(lineage: &Lineage) -> Flow {
        let mut flow = Flow::new(Limits { aggregation: Some(Aggregation::default()), ..Limits::default() });
        assert_eq!(flow.look_at(), Some(MS(0)));
        flow.looking();
        flow.looked(Ok(open(lineage)), MS(0));
        assert_eq!(flow.look_at(), None);
        flow
    }

    fn landed(shard: u64) -> PutResult {
        PutResult::Put { shard: ShardId::new(shard), sequence: SequenceNumber::new("7") }
    }

    fn places(ended: &[Ended]) -> Vec<Option<u64>> {
        let place = |ended: &Ended| match &ended.outcome {
            Outcome::Delivered { sub_sequence, .. } => *sub_sequence,
            outcome => panic!("{outcome:?}"),
        };
        ended.iter().map(place).collect()
    }

    #[test]
    fn the_records_of_a_shard_share_a_record_and_each_is_told_its_place() {
        let mut flow = flow(&uniform(2));
        (0..100).for_each(|n| flow.put(record(n), MS(0)));
        assert!(flow.next_batch(MS(99)).is_none(), "they wait for company");
        assert_eq!(flow.wake_at(), Some(MS(100)));
        let batch = flow.next_batch(MS(100)).unwrap();
        assert_eq!(batch.records.len(), 2, "one for each shard");
        let answers = batch.records.iter().map(|record| {
            let half = record.hash_key() > HashKey(u128::MAX / 2);
            landed(u64::from(half))
        });
        let answers = answers.collect();
        flow.answered(batch, Ok(answers), at(MS(110)));
        let mut places = places(&flow.take_ended());
        places.sort_unstable();
        assert_eq!(places.len(), 100);
        assert_eq!(places[..2], [Some(0), Some(0)]);
        assert!(flow.is_idle());
        assert_eq!(flow.look_at(), None, "nothing was surprising");
    }

    #[test]
    fn an_aggregate_that_lands_where_one_of_its_records_is_dropped_has_not_arrived_at_all() {
        let mut lineage = uniform(1);
        let mut flow = flow(&lineage);
        (0..50).for_each(|n| flow.put(record(n), MS(0)));
        let batch = flow.next_batch(MS(100)).unwrap();
        lineage.split(ShardId::new(0), HashKey(u128::MAX / 3)).unwrap();
        // It lands on the left child, which owns some of them; the map has never seen it.
        flow.answered(batch, Ok(vec![landed(1)]), at(MS(110)));
        assert!(flow.take_ended().is_empty());
        assert_eq!(flow.look_at(), Some(MS(110)), "the map is out of date");
        flow.looking();
        flow.looked(Ok(open(&lineage)), MS(120));
        let retry = flow.wake_at().unwrap();
        let batch = flow.next_batch(retry).unwrap();
        assert_eq!(batch.records.len(), 2, "now they are gathered by the children");
        let owner = |record: &Record| landed(if record.hash_key() < HashKey(u128::MAX / 3) { 1 } else { 2 });
        let answers = batch.records.iter().map(owner).collect();
        flow.answered(batch, Ok(answers), at(retry));
        assert_eq!(places(&flow.take_ended()).len(), 50);
        assert!(flow.is_idle());
    }

    #[test]
    fn a_record_of_a_known_range_decides_even_where_the_shard_is_not_the_predicted_one() {
        let mut lineage = uniform(2);
        let mut flow = flow(&lineage);
        lineage.merge(ShardId::new(0), ShardId::new(1)).unwrap();
        flow.looked(Ok(open(&lineage)), MS(0));
        (0..20).for_each(|n| flow.put(record(n), MS(0)));
        let batch = flow.next_batch(MS(100)).unwrap();
        assert_eq!(batch.records.len(), 1);
        // A shard of half the space cannot own all of them.
        flow.answered(batch, Ok(vec![landed(0)]), at(MS(110)));
        assert!(flow.take_ended().is_empty());
    }

    #[test]
    fn what_was_gathered_for_shards_that_are_gone_is_gathered_anew() {
        let mut lineage = uniform(1);
        let mut flow = flow(&lineage);
        (0..50).for_each(|n| flow.put(record(n), MS(0)));
        lineage.split(ShardId::new(0), HashKey(u128::MAX / 2)).unwrap();
        flow.looked(Ok(open(&lineage)), MS(50));
        let batch = flow.next_batch(MS(100)).unwrap();
        assert_eq!(batch.records.len(), 2);
    }

    #[test]
    fn while_the_map_is_in_doubt_and_after_too_many_riddles_records_go_alone() {
        let lineage = uniform(2);
        let mut flow = flow(&lineage);
        let mut now = MS(0);
        let mut rounds = 0;
        // As a stream does that distributes records itself: everything lands on shard 0.
        while flow.account().requests < 40 {
            (0..20).for_each(|n| flow.put(record(n), now));
            now += MS(100);
            while let Some(batch) = flow.next_batch(now) {
                let answers = batch.records.iter().map(|_| landed(0)).collect();
                flow.answered(batch, Ok(answers), at(now));
            }
            if flow.look_at().is_some_and(|due| due <= now) {
                flow.looking();
                flow.looked(Ok(open(&lineage)), now);
                rounds += 1;
            }
            now += MS(10_000);
        }
        assert_eq!(rounds, 6, "then it is no longer asked");
        assert_eq!(flow.look_at(), None);
        flow.drain();
        (0..20).for_each(|n| flow.put(record(n), now));
        assert!(flow.next_batch(now).unwrap().records.len() >= 20, "each by itself");
    }

    proptest! {
        /// Records end once, and an acknowledged one is in an aggregate that the shard it landed on owns whole, whatever
        /// the shards do meanwhile.
        #[test]
        fn no_record_is_acknowledged_that_a_reader_drops(
            steps in proptest::collection::vec((0_u8..6, any::<u128>()), 1..80),
        ) {
            let mut lineage = uniform(2);
            let limits = Limits { aggregation: Some(Aggregation::default()), ttl: None, ..Limits::default() };
            let mut flow = Flow::new(limits);
            let (mut now, mut sent, mut under_way) = (MS(0), 0, Vec::new());
            let mut kept = std::collections::BTreeSet::new();
            let mut told = Vec::new();
            for (step, number) in steps.into_iter().chain((0..60).flat_map(|_| [(1, 0), (2, 0), (5, 0)])) {
                now += MS(60);
                match step {
                    0 => for _ in 0..10 { flow.put(record(sent), now); sent += 1; },
                    1 => under_way.extend(flow.next_batch(now)),
                    2 => for batch in under_way.drain(..) {
                        let mut answers = Vec::new();
                        for parcel in batch.clone().into_parcels() {
                            let owner = lineage.owner(parcel.record().hash_key()).unwrap();
                            let members = parcel.into_members();
                            // KCL's rule: all of it, or nothing. A record by itself is always kept.
                            if members.len() == 1 || members.iter().all(|m| owner.range.contains(m.record.hash_key())) {
                                kept.extend(members.into_iter().map(|member| member.record.data));
                            }
                            answers.push(landed(owner.id.number()));
                        }
                        flow.answered(batch, Ok(answers), at(now));
                    },
                    3 => { let owner = lineage.owner(HashKey(number)).unwrap().id; let _ = lineage.split(owner, HashKey(number)); }
                    4 => { let owner = lineage.owner(HashKey(number)).unwrap().clone();
                           if let Some(next) = owner.range.end().0.checked_add(1) {
                               let next = lineage.owner(HashKey(next)).unwrap().id;
                               let _ = lineage.merge(owner.id, next);
                           } }
                    _ => if flow.look_at().is_some_and(|due| due <= now) {
                        flow.looking();
                        flow.looked(Ok(open(&lineage)), now);
                    },
                }
                told.extend(flow.take_ended());
            }
            prop_assert_eq!(told.len(), sent, "all end once the shards are left alone");
            for ended in told {
                prop_assert_eq!(ended.outcome.name(), "delivered");
                prop_assert!(kept.contains(&ended.record.data), "{:?}", ended);
            }
        }
    }
}
