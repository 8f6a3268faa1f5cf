//! Each shard at its own pace.

use pipectl_shards::HashKey;

use super::*;

/// A flow that knows two shards and sends each what it takes, and no more.
fn flow(limits: Limits) -> Flow {
    let mut flow = Flow::new(Limits { rate_limit: Some(1.0), ..limits });
    flow.looking();
    flow.looked(Ok(listed(&uniform(2))), MS(0));
    flow
}

/// A record for the first or the second shard.
fn record_of(shard: u64, n: usize) -> Record {
    let key = if shard == 0 { HashKey::MIN } else { HashKey::MAX };
    Record { explicit_hash_key: Some(key), ..record(n) }
}

fn shard_of(record: &Record) -> u64 {
    u64::from(record.explicit_hash_key == Some(HashKey::MAX))
}

/// What is sent between two times, with what each record is answered; counts by shard, and requests.
fn run(
    flow: &mut Flow,
    (from, to): (Duration, Duration),
    answer: impl Fn(Duration, &Record) -> PutResult,
) -> ([usize; 2], usize) {
    let (mut now, mut sent, mut requests) = (from, [0; 2], 0);
    while now < to {
        while let Some(batch) = flow.next_batch(now) {
            requests += 1;
            let answers = batch.records.iter().map(|record| {
                sent[usize::try_from(shard_of(record)).unwrap()] += 1;
                answer(now, record)
            });
            let answers = answers.collect();
            flow.answered(batch, Ok(answers), at(now));
        }
        let Some(wake) = flow.wake_at() else { break };
        assert!(wake > now, "at {now:?} it would wake at {wake:?} for nothing");
        now = wake;
    }
    (sent, requests)
}

fn landing(_: Duration, record: &Record) -> PutResult {
    landed(shard_of(record))
}

#[test]
fn a_shard_out_of_budget_holds_up_no_other() {
    let mut flow = flow(Limits::default());
    (0..3_000).for_each(|n| flow.put(record_of(0, n), MS(0)));
    (0..100).for_each(|n| flow.put(record_of(1, n), MS(10)));
    let (sent, _) = run(&mut flow, (MS(0), MS(111)), landing);
    assert_eq!(
        sent,
        [350, 100],
        "a quarter of a second's worth at once, then as it comes; and all of the other's"
    );
}

#[test]
fn a_shard_is_sent_what_it_takes_a_second_in_requests_worth_the_name() {
    let mut flow = flow(Limits { ttl: None, ..Limits::default() });
    (0..12_000).for_each(|n| flow.put(record_of(0, n), MS(0)));
    let (sent, requests) = run(&mut flow, (MS(0), MS(10_000)), landing);
    assert!((9_900..=10_250).contains(&sent[0]), "{sent:?}");
    assert!(requests <= 210, "{requests}");
}

#[test]
fn what_waits_for_its_pace_expires_at_its_time_to_live() {
    let mut flow = flow(Limits { ttl: Some(MS(1_000)), ..Limits::default() });
    (0..3_000).for_each(|n| flow.put(record_of(0, n), MS(0)));
    let (sent, _) = run(&mut flow, (MS(0), MS(999)), landing);
    let account = *flow.account();
    assert_eq!((account.delivered, account.expired), (sent[0] as u64, 0));
    assert_eq!(flow.wake_at(), Some(MS(1_000)));
    assert!(flow.next_batch(MS(1_000)).is_none());
    assert_eq!(flow.account().expired, 3_000 - account.delivered);
    assert!(flow.is_idle());
}

#[test]
fn a_shard_that_throttles_is_sent_less_and_the_other_is_not() {
    let mut flow = flow(Limits { ttl: None, ..Limits::default() });
    for n in 0..20_000 {
        flow.put(record_of(0, n), MS(0));
        flow.put(record_of(1, n), MS(0));
    }
    let throttling = |_: Duration, record: &Record| {
        if shard_of(record) == 0 { throttled() } else { landed(1) }
    };
    let (sent, _) = run(&mut flow, (MS(0), MS(10_000)), throttling);
    assert!(sent[0] < 3_000 && sent[1] > 9_900, "{sent:?}");
    let (sent, _) = run(&mut flow, (MS(10_000), MS(30_000)), landing);
    assert!(sent[0] > 12_000, "it recovers within some ten seconds: {sent:?}");
}

#[test]
fn without_a_known_shard_there_is_no_pace() {
    let mut flow = Flow::new(Limits { rate_limit: Some(0.1), ..Limits::default() });
    (0..3_000).for_each(|n| flow.put(record_of(0, n), MS(0)));
    let (sent, requests) = run(&mut flow, (MS(0), MS(101)), landing);
    assert_eq!((sent[0], requests), (3_000, 6));
}

#[test]
fn what_waits_for_a_shard_that_is_gone_goes_to_its_children_at_their_pace() {
    let mut lineage = uniform(1);
    let mut flow = flow(Limits { ttl: None, ..Limits::default() });
    flow.looked(Ok(listed(&lineage)), MS(0));
    for n in 0..1_000 {
        flow.put(record_of(0, n), MS(0));
        flow.put(record_of(1, n), MS(0));
    }
    run(&mut flow, (MS(0), MS(101)), |_, _| landed(0));
    assert_eq!(flow.account().delivered, 350);
    lineage.split(ShardId::new(0), HashKey(u128::MAX / 2)).unwrap();
    flow.looked(Ok(listed(&lineage)), MS(101));
    let (sent, _) = run(&mut flow, (MS(101), MS(102)), |_, record| landed(1 + shard_of(record)));
    assert_eq!(sent, [250, 250], "each has a budget of its own");
}
