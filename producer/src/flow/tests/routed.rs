//! Streams that distribute records themselves, change their mind, or do not tell.

use super::*;
use crate::flow::routing::{IDLE, RECHECK};
use crate::parcel::Aggregation;
use crate::sink::Capacity;

fn flow() -> Flow {
    let mut flow = Flow::new(Limits { aggregation: Some(Aggregation::default()), ..Limits::default() });
    flow.looking();
    flow
}

fn on_demand(distribution: Distribution) -> Routing {
    Routing { distribution, capacity: Some(Capacity::OnDemand), ..listed(&uniform(2)) }
}

/// How many Kinesis records a hundred user records go in.
fn sent(flow: &mut Flow, now: Duration) -> usize {
    (0..100).for_each(|n| flow.put(record(n), now));
    let batch = flow.next_batch(now + MS(100)).unwrap();
    let count = batch.records.len();
    let answers = (0..count).map(|n| landed(n as u64 % 2)).collect();
    flow.answered(batch, Ok(answers), at(now + MS(100)));
    count
}

#[test]
fn where_the_stream_distributes_records_itself_nothing_is_aggregated_or_doubted() {
    let mut flow = flow();
    flow.looked(Ok(on_demand(Distribution::Auto)), MS(0));
    let stats = flow.stats(MS(0));
    assert_eq!((stats.distribution, stats.capacity), (Distribution::Auto, Some(Capacity::OnDemand)));
    assert_eq!((stats.aggregates, stats.open_shards), (false, 2));
    assert_eq!(sent(&mut flow, MS(0)), 100);
    assert_eq!(flow.account().delivered, 100);
    assert_eq!(flow.look_at(), Some(RECHECK), "no surprise, however they land: a look now and then");
}

#[test]
fn an_on_demand_stream_that_goes_by_keys_is_aggregated_for() {
    let mut flow = flow();
    flow.looked(Ok(on_demand(Distribution::ByKey)), MS(0));
    assert!(flow.stats(MS(0)).aggregates);
    assert_eq!(sent(&mut flow, MS(0)), 2);
}

#[test]
fn a_stream_that_begins_to_distribute_itself_gets_what_was_gathered_record_by_record() {
    let mut flow = flow();
    flow.looked(Ok(on_demand(Distribution::ByKey)), MS(0));
    // A full aggregate waits with one that is being filled.
    (0..2_000).for_each(|n| flow.put(record(n), MS(0)));
    flow.looked(Ok(on_demand(Distribution::Auto)), MS(10));
    let mut count = 0;
    while let Some(batch) = flow.next_batch(MS(10)) {
        assert!(batch.clone().into_parcels().all(|parcel| parcel.members().len() == 1));
        count += batch.records.len();
    }
    assert_eq!(count, 2_000);
}

#[test]
fn a_stream_that_goes_back_to_keys_is_aggregated_for_again() {
    let mut flow = flow();
    flow.looked(Ok(on_demand(Distribution::Auto)), MS(0));
    flow.looking();
    flow.looked(Ok(on_demand(Distribution::ByKey)), RECHECK);
    assert_eq!(sent(&mut flow, RECHECK), 2);
}

#[test]
fn a_stream_that_does_not_tell_is_aggregated_for_until_records_land_where_they_cannot() {
    let mut flow = flow();
    flow.looked(Ok(on_demand(Distribution::Unknown)), MS(0));
    assert_eq!(sent(&mut flow, MS(0)), 2);
    assert!(flow.account().delivered == 100 || flow.look_at().is_some());
}

#[test]
fn without_the_list_of_the_shards_records_go_alone_and_it_is_asked_for_again() {
    let mut flow = flow();
    flow.looked(Err(error(SinkErrorKind::Fatal)), MS(0));
    assert_eq!(flow.look_at(), Some(MS(1_000)));
    assert_eq!(sent(&mut flow, MS(0)), 100);
    assert!(flow.fatal().is_none(), "puts may be allowed where lists are not");
}

#[test]
fn a_stream_that_was_made_anew_while_nothing_was_put_is_looked_at_before_anything_is_aggregated() {
    let mut flow = flow();
    flow.looked(Ok(listed(&uniform(2))), MS(0));
    assert_eq!(sent(&mut flow, MS(0)), 2);
    let before = IDLE + MS(99);
    assert_eq!(sent(&mut flow, before - MS(1)), 2, "the last answer came at 100 ms");
    assert_eq!(flow.look_at(), None);
    let after = before + IDLE + MS(100);
    (0..100).for_each(|n| flow.put(record(n), after));
    let batch = flow.next_batch(after + MS(100)).unwrap();
    assert_eq!(batch.records.len(), 100, "each by itself is kept wherever it lands");
    assert_eq!(flow.look_at(), Some(after));
    flow.looking();
    flow.answered(batch, Ok(vec![landed(0); 100]), at(after + MS(150)));
    flow.looked(Ok(listed(&uniform(1))), after + MS(200));
    (0..100).for_each(|n| flow.put(record(n), after + MS(200)));
    let batch = flow.next_batch(after + MS(300)).unwrap();
    assert_eq!(batch.records.len(), 1, "by the shards of the new one");
    assert!(flow.is_kept(&batch.into_parcels().next().unwrap(), ShardId::new(0)).unwrap());
}
