//! How long a record takes at half of what its shards take, in virtual time: no longer than it may be buffered and a
//! request takes. `cargo test -p pipectl-producer --test latency -- --nocapture` shows the histogram.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_kinesis::Client;
use pipectl_localstack::{InProcess, Options};
use pipectl_producer::aws::KinesisSink;
use pipectl_producer::flow::{Limits, Ordering};
use pipectl_producer::{Aggregation, Outcome, Producer, Record, Settings};
use tokio::time::Instant;

const STREAM: &str = "events";
const SHARDS: i32 = 2;
const ROUND_TRIP: Duration = Duration::from_millis(30);
/// Half of 1,000 records a second for each shard; at 1 KiB half of their bytes, too.
const PER_SECOND: f64 = 1_000.0;
const BYTES: usize = 1_000;
const RECORDS: usize = 15_000;

/// The times from put to acknowledgement, sorted.
async fn latencies(limits: Limits) -> Vec<Duration> {
    let endpoint =
        InProcess::start(Options { seed: Some(1), latency: Some(ROUND_TRIP), ..Options::default() });
    let client = Client::new(&endpoint.sdk_config());
    client.create_stream().stream_name(STREAM).shard_count(SHARDS).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    let times = Arc::new(Mutex::new(Vec::with_capacity(RECORDS)));
    let told = Arc::clone(&times);
    let sink = Arc::new(KinesisSink::new(client, STREAM));
    let producer = Producer::start(
        sink,
        Settings { limits, seed: Some(1), ..Settings::default() },
        move |_, outcome| {
            let Outcome::Delivered { attempts, .. } = outcome else { panic!("{outcome:?}") };
            let last = attempts.last().unwrap();
            told.lock().unwrap().push(last.at + last.duration);
        },
    );
    let mut random = fastrand::Rng::with_seed(1);
    // Records come one by one, at times that know nothing of each other.
    let mut at = Instant::now();
    for _ in 0..RECORDS {
        at += Duration::from_secs_f64(-(1.0 - random.f64()).ln() / PER_SECOND);
        tokio::time::sleep_until(at).await;
        let key = format!("{:032x}", random.u128(..));
        producer.put(Record::new(key, vec![b'x'; BYTES])).await.unwrap();
    }
    assert!(producer.close().await.account.all_delivered());
    endpoint.shutdown().await;
    let mut times = std::mem::take(&mut *times.lock().unwrap());
    times.sort_unstable();
    times
}

fn at(times: &[Duration], per_mille: usize) -> Duration {
    times[(times.len() * per_mille / 1_000).min(times.len() - 1)]
}

fn histogram(name: &str, times: &[Duration]) -> String {
    let mut text = format!("{name}: {} records from put to acknowledgement\n", times.len());
    for from in
        (0..).step_by(10).map(Duration::from_millis).take_while(|from| *from <= times[times.len() - 1])
    {
        let to = from + Duration::from_millis(10);
        let count = times.iter().filter(|time| (from..to).contains(*time)).count();
        let bar = "#".repeat((count * 60).div_ceil(times.len()));
        writeln!(text, "{:>4}-{:<4} ms {count:>6} {bar}", from.as_millis(), to.as_millis()).unwrap();
    }
    let [p50, p90, p99, p999] = [500, 900, 990, 999].map(|per_mille| at(times, per_mille));
    write!(text, "p50 {p50:?}, p90 {p90:?}, p99 {p99:?}, p99.9 {p999:?}").unwrap();
    text
}

#[tokio::test(start_paused = true)]
async fn at_half_load_a_record_takes_its_buffering_and_one_round_trip_at_most() {
    let limits = |aggregation, ordering| Limits { aggregation, ordering, ..Limits::default() };
    for (name, limits) in [
        ("alone", limits(None, Ordering::Unordered)),
        ("aggregated", limits(Some(Aggregation::default()), Ordering::Unordered)),
        ("aggregated, per key", limits(Some(Aggregation::default()), Ordering::PerKey)),
    ] {
        let bound = limits.linger + ROUND_TRIP;
        let times = latencies(limits).await;
        println!("{}", histogram(name, &times));
        assert!(at(&times, 990) <= bound, "{name}: {:?} of {bound:?}", at(&times, 990));
        assert!(times[0] >= ROUND_TRIP, "time passes");
    }
}
