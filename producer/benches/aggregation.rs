//! What aggregation costs, on one core: keys hashed, shards predicted, aggregates laid out, written and signed; and
//! what taking them apart costs, checksums and hash keys checked.
//!
//! The baseline is a bound measured in the same run: the same kernel's MD5 of the same keys and of as many bytes in
//! aggregates, and one copy of those bytes. `PIPECTL_KINESIS_AGG_PYTHON`, an interpreter, and
//! `PIPECTL_KINESIS_AGG_NODE_MODULES`, a folder, name the aws-kinesis-agg of PyPI and npm to compare with.

#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]
#![expect(clippy::unwrap_used, reason = "a bench may end where its premises do")]

use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use pipectl_producer::aggregation::{Aggregator, Layout, Unpacked, UserRecord, sign, unpack};
use pipectl_producer::md5::Kernel;
use pipectl_producer::shard_map::ShardMap;
use pipectl_producer::{Record, hash_keys};
use pipectl_shards::{HashKey, HashKeyRange, ShardId};

const SHARDS: u32 = 4;
/// Some sixty-four aggregates.
const RECORDS: usize = 22_000;
const ROUNDS: usize = 41;
const MAX_BYTES: usize = 51_200;
/// Records that a producer takes from its intake at a time.
const INTAKE: usize = 1024;

fn records() -> Vec<Record> {
    let key = |n: usize| format!("{:08x}-0000-4000-8000-{n:012x}", (n * 0x9E37_79B1) & 0xffff_ffff);
    let record = |n: usize| Record::new(key(n), vec![u8::try_from(n % 251).unwrap(); 100]);
    (0..RECORDS).map(record).collect()
}

fn user(record: &Record) -> UserRecord<'_> {
    UserRecord {
        partition_key: &record.partition_key,
        explicit_hash_key: record.explicit_hash_key,
        data: &record.data,
    }
}

/// One aggregate that is being filled, by places in the records.
#[derive(Default)]
struct Lane {
    layout: Layout,
    members: Vec<usize>,
}

impl Lane {
    fn seal(&mut self, records: &[Record], spare: &mut Vec<Bytes>) -> Bytes {
        let data = self.members.iter().map(|place| &records[*place].data[..]);
        let spare = spare.pop().unwrap_or_default().try_into_mut().unwrap_or_default();
        let sealed = self.layout.write(data, spare);
        self.members.clear();
        sealed.freeze()
    }
}

/// As the producer does it, without what it keeps of each record until that has ended. The memory of aggregates that
/// were sent is used again.
fn aggregate(records: &[Record], map: &ShardMap, lanes: &mut [Lane], mut spare: Vec<Bytes>) -> Vec<Bytes> {
    let mut sealed = Vec::new();
    for (chunk, records_taken) in records.chunks(INTAKE).enumerate() {
        for (at, hash_key) in hash_keys(records_taken).into_iter().enumerate() {
            let place = chunk * INTAKE + at;
            let Some(shard) = map.predict(hash_key) else { continue };
            let lane = &mut lanes[usize::try_from(shard.number()).unwrap()];
            let record = user(&records[place]);
            if !lane.layout.has_room(&record, Some(hash_key), MAX_BYTES) {
                sealed.push(lane.seal(records, &mut spare));
            }
            lane.layout.push(&record, Some(hash_key));
            lane.members.push(place);
        }
    }
    let left = lanes.iter_mut().filter(|lane| !lane.layout.is_empty());
    sealed.extend(left.map(|lane| lane.seal(records, &mut spare)));
    sign(&mut sealed);
    sealed
}

/// What no aggregation can do without.
fn bound(records: &[Record], aggregates: &[Bytes], copy: &mut [u8]) {
    let mut sum = 0;
    let keys: Vec<_> = records.iter().map(|record| &record.partition_key).collect();
    Kernel::fastest().digest_each(&keys, |_, digest| sum ^= digest[0]);
    Kernel::fastest().digest_each(aggregates, |_, digest| sum ^= digest[0]);
    let mut at = 0;
    for aggregate in aggregates {
        copy[at..at + aggregate.len()].copy_from_slice(aggregate);
        at += aggregate.len();
    }
    black_box((sum, copy));
}

/// Takes apart what came from each shard, a page a shard.
fn deaggregate(pages: &[(HashKeyRange, Vec<Bytes>)]) -> usize {
    let mut found = 0;
    for (range, page) in pages {
        for unpacked in unpack(page.iter().map(|data| &data[..]), range) {
            if let Unpacked::Apart(parts) = unpacked {
                for part in parts.iter() {
                    found += usize::from(!black_box(part).data.is_empty());
                }
            }
        }
    }
    found
}

/// The shortest of many rounds of each, taken in turn, so that a machine that slows down slows down all.
fn shortest<const N: usize>(mut work: [&mut dyn FnMut(); N]) -> [Duration; N] {
    let mut least = [Duration::MAX; N];
    for _ in 0..ROUNDS {
        for (work, least) in work.iter_mut().zip(&mut least) {
            let started = Instant::now();
            work();
            *least = started.elapsed().min(*least);
        }
    }
    least
}

fn figure(name: &str, took: Duration, baseline: &str, baseline_took: f64) {
    let rate = RECORDS as f64 / took.as_secs_f64();
    let ratio = baseline_took / took.as_secs_f64();
    println!("figure {name} {rate:.0} records/s ratio={ratio:.2} baseline={baseline}");
}

/// What a peer takes for as many records, in seconds: for aggregation, and for deaggregation.
fn peer(name: &str, command: &mut Command) -> (f64, f64) {
    let mut peer = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect(name);
    let request = format!("{{\"bench\": {{\"records\": {RECORDS}, \"rounds\": 7}}}}\n");
    peer.stdin.take().unwrap().write_all(request.as_bytes()).expect(name);
    let answer = peer.wait_with_output().expect(name).stdout;
    let answer: serde_json::Value = serde_json::from_slice(&answer).expect(name);
    let seconds = |of: &str| answer[of].as_f64().unwrap_or_else(|| panic!("{name}: {answer}"));
    (seconds("encode"), seconds("decode"))
}

fn peers() -> Vec<(&'static str, (f64, f64))> {
    let script = |name: &str| format!("{}/tests/kinesis_agg/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut peers = Vec::new();
    match std::env::var_os("PIPECTL_KINESIS_AGG_PYTHON") {
        Some(python) => peers.push(("pypi", peer("pypi", Command::new(python).arg(script("peer.py"))))),
        None => println!("skipped: the ratio to PyPI's, PIPECTL_KINESIS_AGG_PYTHON is not set"),
    }
    match std::env::var_os("PIPECTL_KINESIS_AGG_NODE_MODULES") {
        Some(_) => peers.push(("npm", peer("npm", Command::new("node").arg(script("peer.js"))))),
        None => println!("skipped: the ratio to npm's, PIPECTL_KINESIS_AGG_NODE_MODULES is not set"),
    }
    peers
}

fn main() {
    let records = records();
    let ranges = HashKeyRange::uniform(SHARDS.try_into().unwrap());
    let shards = (0..).map(ShardId::new).zip(ranges.iter().copied());
    let mut map = ShardMap::default();
    map.refreshed(shards, Duration::ZERO);
    let mut lanes: Vec<_> = (0..SHARDS).map(|_| Lane::default()).collect();
    let aggregates = aggregate(&records, &map, &mut lanes, Vec::new());
    let mut sent = Vec::new();
    let home = |data: &Bytes| {
        let Some(Unpacked::Apart(parts)) = unpack([&data[..]], &HashKeyRange::ALL).next() else { panic!() };
        HashKey::of_partition_key(parts.iter().next().unwrap().partition_key)
    };
    let page = |range: &HashKeyRange| -> Vec<Bytes> {
        aggregates.iter().filter(|data| range.contains(home(data))).cloned().collect()
    };
    let pages: Vec<_> = ranges.iter().map(|range| (*range, page(range))).collect();
    assert_eq!(deaggregate(&pages), RECORDS);
    let mut copy = vec![0; aggregates.iter().map(Bytes::len).sum()];
    let mut one_by_one = Aggregator::default();
    let [bound, aggregation, copying, deaggregation] = shortest([
        &mut || bound(&records, &aggregates, &mut copy),
        &mut || sent = aggregate(&records, &map, &mut lanes, std::mem::take(&mut sent)),
        &mut || {
            for record in &records {
                one_by_one.push(&user(record));
                if one_by_one.size() > MAX_BYTES {
                    black_box(one_by_one.take());
                }
            }
        },
        &mut || assert_eq!(deaggregate(&pages), RECORDS),
    ]);
    println!("{RECORDS} records of 100 bytes, keys of 36, {:?}", Kernel::fastest());
    figure("aggregation_bound", bound, "itself", bound.as_secs_f64());
    figure("aggregation", aggregation, "bound", bound.as_secs_f64());
    figure("aggregation_one_by_one", copying, "bound", bound.as_secs_f64());
    figure("deaggregation", deaggregation, "bound", bound.as_secs_f64());
    for (name, (encode, decode)) in peers() {
        figure(&format!("aggregation_to_{name}"), aggregation, name, encode);
        figure(&format!("deaggregation_to_{name}"), deaggregation, name, decode);
    }
}
