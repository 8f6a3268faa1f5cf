//! When requests go out, what is tried again, and how records end.

use pipectl_shards::limits::RECORD_MAX_BYTES;

use super::*;

#[test]
fn a_request_goes_out_when_it_is_full_or_its_first_record_has_lingered() {
    let mut flow = flow();
    flow.put(record(0), MS(5));
    assert!(flow.next_batch(MS(104)).is_none());
    assert_eq!(flow.wake_at(), Some(MS(105)));
    assert_eq!(flow.next_batch(MS(105)).map(|batch| batch.records.len()), Some(1));
    (0..500).for_each(|n| flow.put(record(n), MS(106)));
    assert_eq!(flow.next_batch(MS(106)).map(|batch| batch.records.len()), Some(500));
    assert_eq!(flow.wake_at(), None, "answers are all that can happen now");
}

#[test]
fn only_the_records_that_failed_are_sent_again() {
    let mut flow = flow();
    (0..3).for_each(|n| flow.put(record(n), MS(0)));
    let batch = flow.next_batch(MS(100)).expect("due");
    flow.answered(batch, Ok(vec![put(), throttled(), put()]), at(MS(110)));
    assert_eq!(names(&flow.take_ended()), ["delivered", "delivered"]);
    let retry = flow.wake_at().expect("a retry");
    assert!(retry >= MS(210) && retry <= MS(310), "{retry:?}");
    let batch = flow.next_batch(retry).expect("the retry is due");
    assert_eq!(batch.records, [record(1)]);
    flow.answered(batch, Ok(vec![put()]), at(MS(500)));
    let ended = flow.take_ended();
    let Outcome::Delivered { attempts, .. } = &ended[0].outcome else { panic!("{ended:?}") };
    assert_eq!(attempts.count(), 2);
    assert_eq!(attempts.kept().filter(|attempt| attempt.failure.is_some()).count(), 1);
    let account = flow.account();
    assert_eq!((account.put, account.delivered, account.retries, account.throttles), (3, 3, 1, 1));
    assert!(flow.is_idle());
}

#[test]
fn a_record_over_the_limit_is_refused_at_once_and_takes_no_request() {
    let mut flow = flow();
    flow.put(Record::new("k", vec![0; RECORD_MAX_BYTES]), MS(0));
    flow.put(Record::new("", vec![0]), MS(0));
    flow.put(Record::new("é".repeat(257), vec![0]), MS(0));
    let ended = flow.take_ended();
    assert_eq!(names(&ended), ["refused", "refused", "refused"]);
    assert_eq!(
        ended[0].outcome,
        Outcome::Refused {
            reason: Refusal::TooLarge { size: RECORD_MAX_BYTES + 1, limit: RECORD_MAX_BYTES }
        }
    );
    assert_eq!(ended[2].outcome, Outcome::Refused { reason: Refusal::PartitionKey { characters: 257 } });
    assert!(flow.next_batch(MS(1000)).is_none());
    flow.put(Record::new("é".repeat(256), vec![0]), MS(0));
    assert!(flow.next_batch(MS(1000)).is_some());
}

#[test]
fn how_large_a_record_may_be_the_stream_says_and_less_if_it_is_told_so() {
    let most = 2 * RECORD_MAX_BYTES;
    for (own, limit) in [(Limits::default().max_record_bytes, most), (1_000, 1_000)] {
        let limits = Limits { max_record_bytes: own, rate_limit: None, ..Limits::default() };
        let mut flow = Flow::new(limits);
        assert_eq!(flow.look_at(), Some(MS(0)), "it is asked, though nothing else is to be known of it");
        flow.looking();
        flow.looked(Ok(Routing { max_record_bytes: Some(most), ..Routing::default() }), MS(0));
        assert_eq!(flow.look_at(), None, "once");
        flow.put(Record::new("k", vec![0; limit - 1]), MS(0));
        flow.put(Record::new("k", vec![0; limit]), MS(0));
        let [refused] = &flow.take_ended()[..] else { panic!("one of them is refused") };
        assert_eq!(
            refused.outcome,
            Outcome::Refused { reason: Refusal::TooLarge { size: limit + 1, limit } }
        );
    }
}

#[test]
fn a_record_expires_at_its_time_to_live_and_not_before() {
    let mut flow = flow();
    flow.put(record(0), MS(0));
    let mut now = MS(100);
    while flow.account().expired == 0 {
        if let Some(batch) = flow.next_batch(now) {
            flow.answered(batch, Ok(vec![throttled()]), at(now));
        }
        assert!(now <= MS(30_000));
        now = flow.wake_at().unwrap_or(now).max(now);
    }
    assert_eq!(now, MS(30_000));
    let ended = flow.take_ended();
    let Outcome::Expired { attempts } = &ended[0].outcome else { panic!("{ended:?}") };
    assert!(attempts.count() > 5);
}

#[test]
fn without_a_time_to_live_a_record_is_tried_for_as_long_as_it_takes() {
    let mut flow = Flow::new(Limits { ttl: None, ..Limits::default() });
    flow.put(record(0), MS(0));
    let mut now = MS(100);
    for _ in 0..1000 {
        now = now.max(flow.wake_at().expect("something to wait for"));
        if let Some(batch) = flow.next_batch(now) {
            flow.answered(batch, Err(error(SinkErrorKind::Transient)), at(now));
        }
    }
    assert!(now > Duration::from_secs(3600));
    assert_eq!(flow.account().outstanding(), 1);
}

#[test]
fn a_service_that_is_down_is_called_once_per_delay_however_much_waits() {
    let mut flow = Flow::new(Limits { ttl: None, max_in_flight: 4, ..Limits::default() });
    (0..10_000).for_each(|n| flow.put(record(n), MS(0)));
    let (mut now, mut requests) = (MS(100), 0);
    while now < Duration::from_secs(60) {
        let mut sent = Vec::new();
        while let Some(batch) = flow.next_batch(now) {
            sent.push(batch);
        }
        requests += sent.len();
        sent.into_iter()
            .for_each(|batch| flow.answered(batch, Err(error(SinkErrorKind::Transient)), at(now)));
        now += MS(10);
    }
    assert!(requests < 4 * 20, "{requests} requests in a minute");
    assert_eq!(flow.account().outstanding(), 10_000);
}

#[test]
fn a_fatal_error_cancels_everything_with_its_reason_and_what_comes_after_too() {
    let mut flow = flow();
    (0..501).for_each(|n| flow.put(record(n), MS(0)));
    let batch = flow.next_batch(MS(0)).expect("full");
    flow.answered(batch, Err(error(SinkErrorKind::Fatal)), at(MS(1)));
    flow.put(record(501), MS(2));
    let ended = flow.take_ended();
    assert_eq!(ended.len(), 502);
    for ended in ended {
        let Outcome::Cancelled { reason: Cancellation::Fatal { code, .. }, in_flight: false, .. } =
            ended.outcome
        else {
            panic!("{:?}", ended.outcome)
        };
        assert_eq!(&*code, "Code");
    }
    assert!(flow.is_idle() && flow.next_batch(MS(9_999)).is_none());
}

#[test]
fn a_request_already_under_way_when_a_fatal_error_comes_still_counts() {
    let mut flow = flow();
    (0..1000).for_each(|n| flow.put(record(n), MS(0)));
    let first = flow.next_batch(MS(0)).expect("full");
    let second = flow.next_batch(MS(0)).expect("full");
    flow.answered(first, Err(error(SinkErrorKind::Fatal)), at(MS(1)));
    let results = second.records.iter().map(|_| put()).collect();
    flow.answered(second, Ok(results), at(MS(2)));
    let account = flow.account();
    assert_eq!((account.cancelled, account.delivered), (500, 500));
}

#[test]
fn a_flush_ends_with_what_was_put_before_it_whatever_comes_after() {
    let mut flow = flow();
    flow.put(record(0), MS(0));
    let flush = flow.flush();
    assert!(!flow.is_flushed(flush));
    let batch = flow.next_batch(MS(0)).expect("a flush does not linger");
    flow.put(record(1), MS(0));
    flow.answered(batch, Ok(vec![put()]), at(MS(1)));
    assert!(flow.is_flushed(flush));
    assert!(!flow.is_idle());
    assert!(flow.next_batch(MS(1)).is_none(), "the flush is over: this one lingers");
}

#[test]
fn an_answer_of_the_wrong_length_is_a_failed_request() {
    let mut flow = flow();
    (0..2).for_each(|n| flow.put(record(n), MS(0)));
    let batch = flow.next_batch(MS(100)).expect("due");
    flow.answered(batch, Ok(vec![put()]), at(MS(110)));
    assert_eq!((flow.account().delivered, flow.account().failed_requests), (0, 1));
    assert_eq!(flow.account().outstanding(), 2);
}
