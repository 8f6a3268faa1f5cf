//! The loop closed: a producer at three times the capacity, then at a tenth of it.
//!
//! `PIPECTL_CLOSED_LOOP_MINUTES=60` in a release build is the hour; what runs by default is shorter, as every record goes
//! through the whole endpoint.

use std::sync::Mutex;
use std::time::Duration;

use pipectl_autoscaler::execute::{Act, StreamName, look};
use pipectl_producer::flow;

use crate::world::{MINUTE, SHARD, STREAM, Source, World, spread};

/// Minutes at three times the capacity unless told otherwise.
const MINUTES: u32 = 12;

fn minutes() -> u32 {
    let asked = std::env::var("PIPECTL_CLOSED_LOOP_MINUTES").ok();
    asked.map_or(MINUTES, |text| text.parse().expect("PIPECTL_CLOSED_LOOP_MINUTES is a number"))
}

#[tokio::test(start_paused = true)]
async fn a_crowd_opens_shards_its_end_closes_them_and_no_record_is_lost() {
    let world = World::new(1).await;
    let told = Mutex::new(Vec::new());
    let mut controller = world.controller("a");
    let mut most = 0;
    let mut source = Source::new(&world, flow::Limits { ttl: None, ..flow::Limits::default() });
    let traffic = async {
        for _ in 0..minutes() {
            source.put(3.0 * SHARD, MINUTE, spread).await;
            most = most.max(world.open().await.len());
        }
        source.put(0.1 * SHARD, minutes() * MINUTE, spread).await;
        let ended = source.close().await;
        // As long as it takes to be sure that it was a crowd: what comes after it is watched without a record.
        let mut hours = 0;
        while world.open().await.len() > 1 && hours < 12 {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            hours += 1;
        }
        ended
    };
    let (put, delivered, lost) = tokio::select! {
        biased;
        ended = traffic => ended,
        () = world.steer(&mut controller, 8, &told) => unreachable!("it steers for ever"),
    };
    assert_eq!((delivered, lost), (put, 0), "every record was delivered");
    let told = told.into_inner().unwrap();
    assert!(
        told.iter().all(|step| step.problem.is_none()),
        "{:?}",
        told.iter().find(|step| step.problem.is_some())
    );
    assert!(most >= 3, "it has opened {most} shards");
    let called = told.iter().filter(|step| matches!(step.act, Some(Act::Called { .. }))).count();
    assert!(called >= 3, "{called} calls");
    let entry = look(&*world.ledger, &StreamName::new(STREAM)).await.unwrap().unwrap();
    for decided in &entry.decisions {
        println!("{} {} shards: {}: {}", decided.at, decided.shards, decided.action, decided.reason);
    }
    let open = world.open().await.len();
    assert!(open < most, "{open} shards are open at the end, {most} were at most");
    world.endpoint.shutdown().await;
}
