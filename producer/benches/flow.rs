//! What a record costs in the pure part of the producer, on one core, with all that is kept of it until it has ended:
//! from being put, in the batches of the intake, into requests ready to be sent, and from their answers to its outcome.
//!
//! The baseline is the bound of the bench `aggregation`: the MD5s and one copy, of records of the same size.

#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]
#![expect(clippy::unwrap_used, reason = "a bench may end where its premises do")]

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::{Duration, Instant};

use pipectl_producer::batch::Batch;
use pipectl_producer::flow::{Answer, Flow, Limits};
use pipectl_producer::md5::Kernel;
use pipectl_producer::{
    Aggregation, Distribution, Outcome, PutResult, Record, Routing, SequenceNumber, hash_keys,
};
use pipectl_shards::{HashKeyRange, ShardId};

const SHARDS: u32 = 4;
const RECORDS: usize = 22_000;
const ROUNDS: usize = 41;
const INTAKE: usize = 1024;
const NOW: Duration = Duration::from_secs(1);

fn records() -> Vec<Record> {
    let key = |n: usize| format!("{:08x}-0000-4000-8000-{n:012x}", (n * 0x9E37_79B1) & 0xffff_ffff);
    (0..RECORDS).map(|n| Record::new(key(n), vec![u8::try_from(n % 251).unwrap(); 100])).collect()
}

fn flow() -> Flow {
    let limits = Limits { aggregation: Some(Aggregation::default()), rate_limit: None, ..Limits::default() };
    let mut flow = Flow::new(limits);
    let shards = (0..).map(ShardId::new).zip(HashKeyRange::uniform(SHARDS.try_into().unwrap()));
    let routing =
        Routing { shards: shards.collect(), distribution: Distribution::ByKey, ..Routing::default() };
    flow.looking();
    flow.looked(Ok(routing), Duration::ZERO);
    flow
}

/// Everything that was put, in requests.
fn put(flow: &mut Flow, records: Vec<Record>) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut records = VecDeque::from(records);
    while !records.is_empty() {
        for hash_key in hash_keys(records.range(..INTAKE.min(records.len()))) {
            flow.put_hashed(records.pop_front().unwrap(), Some(hash_key), NOW);
        }
        batches.extend(std::iter::from_fn(|| flow.next_batch(NOW)));
    }
    flow.flush();
    batches.extend(std::iter::from_fn(|| flow.next_batch(NOW)));
    batches
}

/// As if each Kinesis record had arrived where it was to.
fn results(batch: &Batch, ranges: &[HashKeyRange]) -> Vec<PutResult> {
    let shard = |record: &Record| ranges.iter().position(|range| range.contains(record.hash_key())).unwrap();
    let result = |record: &Record| PutResult::Put {
        shard: ShardId::new(shard(record) as u64),
        sequence: SequenceNumber::new("49590338271490256608559692538361571095921575989136588898"),
    };
    batch.records.iter().map(result).collect()
}

/// What the records cannot do without: the bytes of an aggregate are about those of the records and eight more each.
fn bound(records: &[Record]) -> Duration {
    let aggregates: Vec<Vec<u8>> = vec![vec![7; 51_200]; RECORDS / 347];
    let mut copy = vec![0; 51_200 * aggregates.len()];
    let keys: Vec<_> = records.iter().map(|record| &record.partition_key).collect();
    let round = |_| {
        let started = Instant::now();
        let mut sum = 0;
        Kernel::fastest().digest_each(&keys, |_, digest| sum ^= digest[0]);
        Kernel::fastest().digest_each(&aggregates, |_, digest| sum ^= digest[0]);
        for (copy, aggregate) in copy.chunks_mut(51_200).zip(&aggregates) {
            copy.copy_from_slice(aggregate);
        }
        black_box((sum, &copy));
        started.elapsed()
    };
    (0..ROUNDS).map(round).min().unwrap_or_default()
}

fn main() {
    let (records, ranges) = (records(), HashKeyRange::uniform(SHARDS.try_into().unwrap()));
    let mut flow = flow();
    let mut ended = Vec::new();
    let (mut least_in, mut least_out) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let input = records.clone();
        let started = Instant::now();
        let batches = put(&mut flow, input);
        least_in = started.elapsed().min(least_in);
        let answered: Vec<_> = batches.into_iter().map(|batch| (results(&batch, &ranges), batch)).collect();
        let started = Instant::now();
        let answer = Answer { began: NOW, now: NOW, random: 0.5 };
        answered.into_iter().for_each(|(results, batch)| flow.answered(batch, Ok(results), answer));
        flow.swap_ended(&mut ended);
        let delivered =
            |ended: &&pipectl_producer::flow::Ended| matches!(ended.outcome, Outcome::Delivered { .. });
        assert_eq!(ended.iter().filter(delivered).count(), RECORDS);
        ended.clear();
        least_out = started.elapsed().min(least_out);
    }
    let bound = bound(&records);
    for (name, took) in [("flow_put", least_in), ("flow_answered", least_out)] {
        let rate = RECORDS as f64 / took.as_secs_f64();
        let ratio = bound.as_secs_f64() / took.as_secs_f64();
        println!("figure {name} {rate:.0} records/s ratio={ratio:.2} baseline=bound");
    }
}
