//! Twenty-four hours of a stream of 20 shards, with the limits and the times of AWS: a producer, one who reads the
//! metrics every minute, and a reshard every hour. In the end everything is read back and has to add up.

mod lineage;
mod producer;
mod reading;
mod reshards;
mod watcher;

use std::time::{Duration, Instant};

use pipectl_localstack::{InProcess, Options, Timings};

const STREAM: &str = "events";
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const HOURS: u32 = 24;
/// What a run takes at most, in real time: a minute. It takes some seconds in a debug build on an idle machine, which
/// says nothing of a machine that is busy: there the bound only ends what stands still.
const LONGEST: Duration = if cfg!(debug_assertions) { Duration::from_secs(900) } else { MINUTE };

/// Waits for the stream to be ACTIVE; answers how many open shards it has.
async fn active(kinesis: &aws_sdk_kinesis::Client) -> i32 {
    loop {
        let summary = kinesis.describe_stream_summary().stream_name(STREAM).send().await.expect("it exists");
        let summary = summary.stream_description_summary.expect("a stream has a summary");
        if summary.stream_status.as_str() == "ACTIVE" {
            return summary.open_shard_count;
        }
        tokio::time::sleep(Duration::from_secs(15)).await;
    }
}

async fn create(kinesis: &aws_sdk_kinesis::Client) {
    kinesis.create_stream().stream_name(STREAM).shard_count(20).send().await.expect("the name is free");
    assert_eq!(active(kinesis).await, 20);
    let longer = kinesis.increase_stream_retention_period().stream_name(STREAM).retention_period_hours(48);
    longer.send().await.expect("two days are allowed");
    active(kinesis).await;
    let metrics = kinesis.enable_enhanced_monitoring().stream_name(STREAM);
    metrics.shard_level_metrics("ALL".into()).send().await.expect("it can be enabled");
    active(kinesis).await;
}

/// Sleeps until the clock shows a full minute.
async fn full_minute(clock: pipectl_localstack::Clock) {
    let past = clock.epoch_millis().rem_euclid(60_000);
    let left = u64::try_from(60_000 - past).expect("less than a minute");
    tokio::time::sleep(Duration::from_millis(left)).await;
}

#[tokio::test(start_paused = true)]
async fn a_day_of_twenty_shards_with_metrics_and_hourly_reshards_adds_up_in_seconds() {
    // Real time, which is what the test is about.
    let started = Instant::now();
    let options = Options { seed: Some(24), timings: Timings::aws(), ..Options::default() };
    let endpoint = InProcess::start(options);
    let config = endpoint.sdk_config();
    let kinesis = aws_sdk_kinesis::Client::new(&config);
    let metrics = aws_sdk_cloudwatch::Client::new(&config);
    create(&kinesis).await;
    let clock = endpoint.world().clock;
    full_minute(clock).await;
    let began = clock.now();

    let (put, seen, ()) =
        tokio::join!(producer::run(&kinesis), watcher::run(&metrics, clock), reshards::run(&kinesis));
    assert!(clock.now().duration_since(began).as_secs() >= i64::from(HOURS) * 3600);

    put.is_as_the_limits_say();
    seen.is_what_was_put(&put);
    let shards = lineage::of(&kinesis).await;
    lineage::is_whole(&shards);
    reading::everything_is_read_once_and_in_order(&kinesis, &shards, &put).await;
    watcher::shards_sum_up_to_the_stream(&metrics, (began, clock.now()), &put).await;
    endpoint.shutdown().await;
    let took = started.elapsed();
    println!("24 virtual hours took {took:?}");
    assert!(took < LONGEST, "{took:?}");
}
