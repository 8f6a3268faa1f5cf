//! Evaluating alarms as time goes by.
//!
//! One task for all alarms of the endpoint. It runs from the first alarm to the last: without alarms nothing wakes. As on
//! AWS each alarm is looked at every minute, over windows that slide by the minute; those with periods under a minute
//! every ten seconds. It comes a little later than services publish, so that their newest points are there.

use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::Timestamp;

use super::definition::{Alarm, Kind, MetricAlarm};
use super::reason::{Subject, reason};
use crate::cloudwatch::query::Source;
use crate::cloudwatch::series::{MINUTE, PUBLISHING_DELAY};
use crate::cloudwatch::state::Shelf;
use crate::world::World;

/// Seconds between looks at alarms of high resolution.
const FINE: i64 = 10;
/// Seconds after the minute at which alarms are looked at.
const OFFSET: i64 = PUBLISHING_DELAY + 1;

/// Has the alarms of the endpoint evaluated from now on. Called whenever one is made.
pub(in super::super) fn watch(world: &Arc<World>) {
    let mut watching = world.cloudwatch.watching.lock();
    if *watching {
        return;
    }
    *watching = true;
    let (stopping, tasks) = (world.stopping.clone(), world.tasks.clone());
    let world = Arc::downgrade(world);
    tasks.spawn(async move {
        tokio::select! {
            () = run(world) => {}
            () = stopping.cancelled() => {}
        }
    });
}

async fn run(world: Weak<World>) {
    loop {
        let Some(pause) = world.upgrade().map(|world| next(world.clock.now())) else { return };
        tokio::time::sleep(pause).await;
        let Some(world) = world.upgrade() else { return };
        let shelves = world.cloudwatch.all_shelves();
        let now = world.clock.now();
        for (region, shelf) in &shelves {
            let arn = |name: &str| arn(&world, region, name);
            evaluate(shelf, now);
            shelf.alarms.follow(&arn, now);
        }
        let mut watching = world.cloudwatch.watching.lock();
        if shelves.iter().all(|(_, shelf)| shelf.alarms.is_empty()) {
            *watching = false;
            return;
        }
    }
}

/// The ARN of an alarm.
pub(in super::super) fn arn(world: &World, region: &str, name: &str) -> String {
    format!("arn:aws:cloudwatch:{region}:{}:alarm:{name}", world.account)
}

/// The time to the next look: the next multiple of ten seconds, a second later.
fn next(now: Timestamp) -> Duration {
    let second = now.as_second();
    let due = (second - OFFSET.rem_euclid(FINE)).div_euclid(FINE) * FINE + FINE + OFFSET.rem_euclid(FINE);
    let due = Timestamp::from_second(due).unwrap_or(now);
    due.duration_since(now).unsigned_abs()
}

/// Looks at the alarms of a region that are due.
fn evaluate(shelf: &Shelf, now: Timestamp) {
    let is_minute = now.as_second().rem_euclid(MINUTE) / FINE == OFFSET / FINE;
    for alarm in shelf.alarms.all() {
        let Kind::Metric(metric) = &alarm.kind else { continue };
        if is_minute || metric.queries.longest_period() < MINUTE {
            look(shelf, &alarm, metric, now);
        }
    }
}

fn look(shelf: &Shelf, alarm: &Alarm, metric: &MetricAlarm, now: Timestamp) {
    let condition = &metric.condition;
    let period = metric.queries.longest_period();
    let grain = if period < MINUTE { FINE } else { MINUTE };
    let end = (now.as_second() - PUBLISHING_DELAY).div_euclid(grain) * grain;
    let range = i64::try_from(condition.range()).unwrap_or(i64::MAX);
    let start = end.saturating_sub(range.saturating_mul(period));
    let points = match metric.queries.run(shelf, (start, end), now.as_second()) {
        Ok(outcomes) => outcomes.into_iter().next().map(|outcome| outcome.points).unwrap_or_default(),
        Err(error) => {
            tracing::debug!(alarm = alarm.name, %error, "an alarm's metrics could not be read");
            Vec::new()
        }
    };
    let slots: Vec<i64> = (0..range).map(|slot| start + slot * period).collect();
    let find = |at: &i64| points.iter().find(|(point, _)| point == at).copied();
    let verdict = condition.judge(&slots.iter().map(find).collect::<Vec<_>>(), alarm.state);
    if verdict.state == alarm.state {
        return;
    }
    let newest: Vec<i64> = slots.iter().rev().take(condition.periods).copied().collect();
    let single = metric.queries.iter().next().filter(|_| metric.is_single);
    let single = single.and_then(|query| match &query.source {
        Source::Metric(metric) => Some(metric),
        Source::Formula { .. } => None,
    });
    let subject = Subject {
        period,
        statistic: single.map(|single| single.stat.as_str()),
        unit: single.and_then(|single| single.unit).map(|unit| unit.as_str()),
        periods: &newest,
    };
    let reason = reason(condition, &verdict, subject, now);
    shelf.alarms.move_to(&alarm.name, (verdict.state, reason), false, now);
}
