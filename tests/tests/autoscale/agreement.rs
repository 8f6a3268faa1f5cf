//! The simulator agrees with the endpoint: the same traffic and the same calls, and what the producer could not deliver
//! lies within a tenth of what the model throttles.

use std::time::Duration;

use aws_sdk_kinesis::types::ScalingType;
use pipectl_autoscaler::simulate::stream::Operation;
use pipectl_autoscaler::simulate::{Action, KeySpread, Limits, Policy, Scenario, View};
use pipectl_producer::flow;

use crate::world::{MINUTE, SHARD, STREAM, Source, World, spread};

/// The load of each minute, in shards.
const LOADS: [f64; 11] = [0.8, 1.6, 1.6, 1.6, 1.6, 1.6, 1.6, 1.6, 1.6, 1.6, 1.6];
/// The minute in which the only shard is split, a quarter from its beginning.
const SPLIT_AT: usize = 2;
/// The minute in which four equal shards are asked for.
const UPDATE_AT: usize = 4;

/// What is called when, whatever is seen.
struct Script;

impl Policy for Script {
    fn decide(&mut self, view: &View<'_>) -> Option<Action> {
        let operation = match view.minute() {
            SPLIT_AT => Operation::Split { at: 0.25 },
            UPDATE_AT => Operation::UpdateShardCount(4),
            _ => return None,
        };
        Some(Action { operations: vec![operation], reason: "as written".to_owned() })
    }
}

async fn calls(world: &World) {
    // What a minute's split does serves from the next minute on, in the model: it takes half of this one.
    tokio::time::sleep(u32::try_from(SPLIT_AT).unwrap() * MINUTE + MINUTE / 2).await;
    let split = world.kinesis.split_shard().stream_name(STREAM).shard_to_split("shardId-000000000000");
    split.new_starting_hash_key((1_u128 << 126).to_string()).send().await.unwrap();
    tokio::time::sleep(u32::try_from(UPDATE_AT - SPLIT_AT).unwrap() * MINUTE - MINUTE / 2).await;
    let update = world.kinesis.update_shard_count().stream_name(STREAM).target_shard_count(4);
    update.scaling_type(ScalingType::UniformScaling).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_producer_cannot_deliver_is_within_a_tenth_of_what_the_model_throttles() {
    let scenario = Scenario { loads: &LOADS, keys: KeySpread::Uniform, limits: Limits::default() };
    let run = scenario.run(1, &mut Script);
    let modelled: f64 = run.points.iter().map(|point| point.throttled).sum();
    let world = World::new(1).await;
    // A producer that gives up what is throttled, as the model's does: with retries only within the second in which a
    // shard's limit is counted.
    let limits =
        flow::Limits { ttl: Some(Duration::from_millis(900)), rate_limit: None, ..flow::Limits::default() };
    let mut source = Source::new(&world, limits);
    let traffic = async {
        for load in LOADS {
            source.put(load * SHARD, MINUTE, spread).await;
        }
        source.close().await
    };
    let ((put, delivered, lost), ()) = tokio::join!(traffic, calls(&world));
    assert_eq!(put, delivered + lost);
    #[expect(clippy::cast_precision_loss, reason = "some hundred thousand")]
    let measured = lost as f64 / (60.0 * SHARD);
    println!("throttled: {measured:.3} shard-minutes on the endpoint, {modelled:.3} in the model");
    assert!(modelled > 1.0, "{modelled}");
    assert!((measured / modelled - 1.0).abs() <= 0.1, "{measured} on the endpoint, {modelled} in the model");
    let after: Vec<u32> = run.schedule.iter().map(|minute| minute.open_shards).collect();
    assert_eq!(u32::try_from(world.open().await.len()).ok(), after.last().copied());
    world.endpoint.shutdown().await;
}
