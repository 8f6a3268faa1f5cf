//! What the pure part of the producer allocates once it is under way: for aggregates and requests, not for records.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(unsafe_code, reason = "a global allocator that counts; it hands everything on to the system's")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pipectl_producer::batch::Batch;
use pipectl_producer::flow::{Answer, Flow, Limits};
use pipectl_producer::{
    Aggregation, Distribution, Outcome, PutResult, Record, Routing, SequenceNumber, hash_keys,
};
use pipectl_shards::{HashKeyRange, ShardId};

const RECORDS: u64 = 20_000;
const INTAKE: usize = 1024;
const NOW: Duration = Duration::from_secs(1);

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

struct Counting;

// SAFETY: every call is handed to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Puts the records as the producer's task does, answers their requests, and lets them end; how many were delivered.
fn pass(flow: &mut Flow, records: Vec<Record>, ranges: &[HashKeyRange]) -> usize {
    let (mut batches, mut records) = (Vec::new(), records.into_iter());
    while records.len() > 0 {
        let taken: Vec<_> = records.by_ref().take(INTAKE).collect();
        let hash_keys = hash_keys(&taken);
        taken.into_iter().zip(hash_keys).for_each(|(record, key)| flow.put_hashed(record, Some(key), NOW));
        batches.extend(std::iter::from_fn(|| flow.next_batch(NOW)));
    }
    flow.flush();
    batches.extend(std::iter::from_fn(|| flow.next_batch(NOW)));
    for batch in batches {
        let answer = Answer { began: NOW, now: NOW, random: 0.5 };
        let results = results(&batch, ranges);
        flow.answered(batch, Ok(results), answer);
    }
    let delivered = |outcome: &Outcome| matches!(outcome, Outcome::Delivered { .. });
    flow.take_ended().iter().filter(|ended| delivered(&ended.outcome)).count()
}

fn results(batch: &Batch, ranges: &[HashKeyRange]) -> Vec<PutResult> {
    let shard = |record: &Record| ranges.iter().position(|range| range.contains(record.hash_key())).unwrap();
    let result = |record: &Record| PutResult::Put {
        shard: ShardId::new(shard(record) as u64),
        sequence: SequenceNumber::new("49590338271490256608559692538361571095921575989136588898"),
    };
    batch.records.iter().map(result).collect()
}

#[test]
fn a_record_on_its_way_into_an_aggregate_and_to_its_end_costs_no_allocation_of_its_own() {
    let limits = Limits { aggregation: Some(Aggregation::default()), rate_limit: None, ..Limits::default() };
    let mut flow = Flow::new(limits);
    let ranges = HashKeyRange::uniform(4.try_into().unwrap());
    let shards = (0..).map(ShardId::new).zip(ranges.iter().copied()).collect();
    flow.looking();
    flow.looked(
        Ok(Routing { shards, distribution: Distribution::ByKey, ..Routing::default() }),
        Duration::ZERO,
    );
    let mut counted = 0;
    for round in 0..4 {
        let record = |n| Record::new(format!("{n:08x}-0000-4000-8000-{round:012x}"), vec![b'x'; 100]);
        let records: Vec<_> = (0..RECORDS).map(record).collect();
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        assert_eq!(pass(&mut flow, records, &ranges) as u64, RECORDS);
        counted = ALLOCATIONS.load(Ordering::Relaxed) - before;
    }
    assert!(counted < RECORDS / 10, "{counted} allocations for {RECORDS} records");
}
