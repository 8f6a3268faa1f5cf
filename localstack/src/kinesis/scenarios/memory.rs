//! What is held under flood.

use super::{Api, passed, records, wait};
use crate::limits::Limits;
use crate::timings::Timings;
use crate::world::Setting;

#[tokio::test(start_paused = true)]
async fn a_flood_drops_the_oldest_records_of_the_fullest_stream_and_stays_in_bounds() {
    let limit = 4 << 20;
    let timings = Timings::all(std::time::Duration::ZERO);
    let api = Api::new(Setting { timings, limits: Limits::Off, memory_limit: limit, ..Setting::default() });
    api.create("small", 1).await;
    api.create("s", 3).await;
    api.put("small", 10, 1000).await;
    let streams = api.world.kinesis.streams("us-east-1", api.world.clock.now());
    let held = || streams.iter().map(|stream| stream.held_bytes()).sum::<u64>();
    for _ in 0..100 {
        assert_eq!(passed(&api.put("s", 100, 1000).await), 100);
        assert!(held() <= limit, "{}", held());
    }
    assert!(held() > limit / 2, "no more is dropped than must be: {}", held());
    let iterator = api.iterator("small", 0).await.unwrap();
    assert_eq!(records(&api.read(&iterator).await.unwrap()), 10);
    // What is counted follows what is there.
    for name in ["s", "small"] {
        api.call("DeleteStream", serde_json::json!({"StreamName": name})).await.unwrap();
    }
    wait(super::SECOND).await;
    assert_eq!(held(), 0);
    assert!(!api.world.kinesis.memory.is_exceeded());
}
