//! Whatever happens, every record ends once.

use proptest::prelude::*;

use super::*;
use crate::parcel::Aggregation;

/// What happens next in a random run.
#[derive(Clone, Debug)]
enum Step {
    Put(usize),
    Refuse,
    Flush,
    Advance(u64),
    Look,
    Answer { which: prop::sample::Index, plan: Plan },
    Cancel,
}

/// What becomes of a Kinesis record.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Taken,
    /// Where no list names the shard.
    TakenElsewhere,
    Throttled,
}

#[derive(Clone, Debug)]
enum Plan {
    PerRecord(Vec<Fate>),
    Whole(SinkErrorKind),
    WrongLength,
}

fn step() -> impl Strategy<Value = Step> {
    let fate = prop_oneof![
        4 => Just(Fate::Taken),
        1 => Just(Fate::TakenElsewhere),
        3 => Just(Fate::Throttled),
    ];
    let plan = prop_oneof![
        8 => prop::collection::vec(fate, 1..8).prop_map(Plan::PerRecord),
        2 => Just(Plan::Whole(SinkErrorKind::Transient)),
        2 => Just(Plan::Whole(SinkErrorKind::Throttled)),
        1 => Just(Plan::WrongLength),
    ];
    prop_oneof![
        6 => (1_usize..700).prop_map(Step::Put),
        1 => Just(Step::Refuse),
        1 => Just(Step::Flush),
        6 => (0_u64..9_000).prop_map(Step::Advance),
        3 => Just(Step::Look),
        8 => (any::<prop::sample::Index>(), plan).prop_map(|(which, plan)| Step::Answer { which, plan }),
    ]
}

fn results(plan: &Plan, len: usize) -> Result<Vec<PutResult>, SinkError> {
    match plan {
        Plan::PerRecord(fates) => {
            let result = |fate: &Fate| match fate {
                Fate::Taken => put(),
                Fate::TakenElsewhere => landed(9),
                Fate::Throttled => throttled(),
            };
            Ok(fates.iter().cycle().take(len).map(result).collect())
        }
        Plan::Whole(kind) => Err(error(*kind)),
        Plan::WrongLength => Ok(vec![put(); len + 1]),
    }
}

/// Of few keys, so that in per-key order many wait.
fn numbered(n: usize) -> Record {
    Record::new(format!("key-{}", n % 50), n.to_string().into_bytes())
}

/// A flow that does all of it or some.
fn some_flow(aggregates: bool, ordering: Ordering, rate_limit: Option<f64>) -> Flow {
    let aggregation = aggregates.then(Aggregation::default);
    let mut flow = Flow::new(Limits { aggregation, ordering, rate_limit, ..Limits::default() });
    flow.looking();
    flow.looked(Ok(listed(&uniform(1))), MS(0));
    flow
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Every record ends once, none is lost or ends twice, and the account adds up after every step, whatever
    /// the order of answers, failures, flushes and time.
    #[test]
    fn every_record_ends_exactly_once(
        steps in prop::collection::vec(step(), 1..60),
        last in prop_oneof![Just(Step::Cancel), Just(Step::Flush)],
        aggregates in any::<bool>(),
        ordering in prop_oneof![Just(Ordering::Unordered), Just(Ordering::PerKey)],
        rate_limit in prop_oneof![Just(None), Just(Some(1.5)), Just(Some(0.1))],
    ) {
        let mut flow = some_flow(aggregates, ordering, rate_limit);
        let (mut now, mut next) = (MS(0), 0_usize);
        let mut under_way: Vec<Batch> = Vec::new();
        let mut ends = std::collections::HashMap::new();
        for step in steps.into_iter().chain([last.clone()]) {
            match step {
                Step::Put(count) => {
                    (next..next + count).for_each(|n| flow.put(numbered(n), now));
                    next += count;
                }
                Step::Refuse => {
                    flow.refuse(numbered(next), Refusal::NotJson("x".into()));
                    next += 1;
                }
                Step::Flush => { flow.flush(); }
                Step::Advance(ms) => now += MS(ms),
                Step::Look => if flow.look_at().is_some_and(|due| due <= now) {
                    flow.looking();
                    flow.looked(Ok(listed(&uniform(1))), now);
                },
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
                *ends.entry(ended.record.data).or_insert(0) += 1;
            }
            prop_assert_eq!(flow.account().put, next as u64);
            prop_assert_eq!(flow.account().outstanding(), (next - ends.len()) as u64);
            let stats = flow.stats(now);
            prop_assert_eq!(stats.requests_in_flight, under_way.len());
            prop_assert_eq!(stats.outstanding_bytes == 0, next == ends.len());
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
            *ends.entry(ended.record.data).or_insert(0) += 1;
        }
        prop_assert!(flow.is_idle());
        prop_assert_eq!(ends.len(), next);
        prop_assert!(ends.values().all(|times| *times == 1));
    }
}
