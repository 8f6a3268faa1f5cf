//! The decision itself: what forbids a change, then which change pays.

use std::num::NonZeroU32;

use super::choice::{Situation, Way, whole};
use super::decision::{Action, Decision, HoldReason, Reason};
use super::history::History;
use super::limits::Limits;
use super::local::{self, Local};
use super::outlook::Outlook;
use super::signal::{MINUTE, Point, StreamStatus, Timestamp};

/// Seconds after which metrics are too old to act on: CloudWatch may be minutes late, not more.
const STALE: i64 = 15 * MINUTE;
/// Seconds to stand back after someone else was seen resharding.
const STAND_BACK: i64 = 15 * MINUTE;
/// Minutes whose peak the stream must still carry after it has been scaled in.
const PEAK_MINUTES: i64 = 15;
/// Calls of the day that are kept for demand that is being refused.
const RESERVE: f64 = 2.0;
/// Seconds behind which consumers hold back scaling in.
const LAG: f64 = 300.0;
/// Minutes of refusals that are no single spike any more, where spikes are what this stream has: longer than a
/// five-minute metric.
const CROWD: usize = 6;

/// What a decision is made from, all at hand.
struct Grounds<'a> {
    history: &'a History,
    outlook: &'a Outlook,
    limits: &'a Limits,
    now: Timestamp,
    open: u32,
    demand: f64,
    /// The part of the newest minute's demand that was refused.
    refused: f64,
    /// The demand that is passed with no more chance than pays.
    expected: f64,
}

pub(crate) fn decide(history: &History, now: Timestamp, limits: &Limits) -> Decision {
    let (newest, outlook) = match (obstacle(history, now), history.newest(), history.outlook()) {
        (None, Some(newest), Some(outlook)) => (newest, outlook),
        (obstacle, ..) => {
            let reason = Reason::Hold(obstacle.unwrap_or(HoldReason::NoMetrics));
            return Decision { action: Action::Hold, reason, wanted: history.layout().count() };
        }
    };
    let demand = newest.demand();
    let grounds = Grounds {
        history,
        outlook: &outlook,
        limits,
        now,
        open: history.layout().count(),
        demand,
        refused: newest.refused.shards() / demand.max(f64::MIN_POSITIVE),
        expected: outlook.passed_with(1.0 / limits.price_of_refusal.max(1.0)),
    };
    if history.skewed() { grounds.where_it_is_hot() } else { grounds.evenly() }
}

/// What forbids any change now.
fn obstacle(history: &History, now: Timestamp) -> Option<HoldReason> {
    match history.status() {
        StreamStatus::Active => {}
        StreamStatus::Updating => return Some(HoldReason::Updating),
        StreamStatus::Unavailable => return Some(HoldReason::Unavailable),
    }
    let foreign = history.foreign().map(|at| now.since(at));
    if let Some(seconds) = foreign.filter(|seconds| (0..STAND_BACK).contains(seconds)) {
        return Some(HoldReason::SomeoneElse { minutes: seconds / MINUTE });
    }
    let Some(newest) = history.newest() else { return Some(HoldReason::NoMetrics) };
    match now.since(newest.at) {
        age if age < 0 => Some(HoldReason::ClockJumped { minutes: -age / MINUTE }),
        age if age > STALE => Some(HoldReason::Stale { minutes: age / MINUTE }),
        _ => None,
    }
}

impl Grounds<'_> {
    /// Keys are even: towards as many equal shards as pay.
    fn evenly(&self) -> Decision {
        let call = self.call();
        let situation = Situation {
            outlook: self.outlook,
            shape: self.history.shape(),
            limits: self.limits,
            excess: self.history.capacity().over(self.outlook),
            soon: self.history.capacity().soon_over(self.outlook),
            open: self.open,
            least: self.least(),
            call,
        };
        let way = self.crowd().unwrap_or_else(|| situation.best());
        match way {
            Way::Stay => self.hold(),
            Way::Update(to) => self.change(Action::UpdateShardCount(to.get()), to.get()),
            Way::Serial(to) => {
                let steps = self.history.shape().clone().next_steps(to, self.steps());
                self.change(Action::Serial(steps), to.get())
            }
        }
    }

    /// Keys are skewed: split what is hot, merge what is idle.
    fn where_it_is_hot(&self) -> Decision {
        let room = self.limits.most().saturating_sub(self.open);
        let spare = self.open.saturating_sub(self.limits.min_shards.max(1));
        let may_join = if self.lag() > LAG { 0 } else { spare };
        let peak = self.expected.max(self.peak());
        let most = self.steps().min(usize::try_from(room).unwrap_or(usize::MAX));
        let found = local::steps(self.history.layout(), peak, most, may_join > 0);
        let steps: Vec<_> = found
            .iter()
            .filter_map(|local| match local {
                Local::Cut { step, .. } | Local::Join { step, .. } => Some(*step),
                Local::OneKey { .. } => None,
            })
            .collect();
        let (reason, wanted) = match found.first() {
            Some(Local::Cut { load, range, .. }) => {
                (Reason::Hot { load: *load, range: *range, from: self.open }, self.open + 1)
            }
            Some(Local::Join { load, .. }) => (Reason::Idle { load: *load, from: self.open }, self.open - 1),
            Some(Local::OneKey { load }) => return self.held(HoldReason::OneKey { load: *load }),
            _ => return self.hold(),
        };
        Decision { action: Action::Serial(steps), reason, wanted }
    }

    fn change(&self, action: Action, to: u32) -> Decision {
        let (demand, expected, refused, from) = (self.demand, self.expected, self.refused, self.open);
        let reason = if to >= from {
            Reason::ScaleOut { demand, expected, refused, from, to }
        } else {
            Reason::ScaleIn { demand, expected, from, to }
        };
        Decision { action, reason, wanted: to }
    }

    fn held(&self, reason: HoldReason) -> Decision {
        Decision { action: Action::Hold, reason: Reason::Hold(reason), wanted: self.open }
    }

    /// Nothing is to be done; says what stands behind it.
    fn hold(&self) -> Decision {
        let (demand, expected, shards) = (self.demand, self.expected, self.open);
        let wished = whole(expected);
        self.held(if wished > shards && shards >= self.limits.quota_shards {
            HoldReason::AtQuota { expected, quota: self.limits.quota_shards }
        } else if wished > shards && shards >= self.limits.max_shards {
            HoldReason::AtMax { expected, max: self.limits.max_shards }
        } else if wished < shards && self.lag() > LAG {
            HoldReason::ConsumersLag { seconds: self.lag(), shards }
        } else {
            HoldReason::Fits { demand, expected, shards }
        })
    }

    /// Refusals that last: straight to what the demand is growing to, as far as one call goes.
    fn crowd(&self) -> Option<Way> {
        let mut recent = self.history.last(i64::try_from(CROWD).unwrap_or(i64::MAX));
        let newest = recent.next()?;
        let mut before = newest.demand();
        let mut minutes = usize::from(refusing(newest));
        for point in recent {
            minutes += usize::from(refusing(point));
            before = point.demand();
        }
        let growth = (self.demand / before.max(f64::MIN_POSITIVE)).clamp(1.0, 2.0);
        let need = whole(self.demand * growth).min(self.limits.most());
        let reach = need.min(self.open.saturating_mul(2));
        let left = self.limits.updates_per_day > self.history.updates_within_day(self.now);
        let enough = if self.history.surprises_last() { 1 } else { CROWD };
        let worth = reach >= self.open + self.open.div_ceil(10);
        let to = NonZeroU32::new(reach).filter(|_| left && worth && minutes >= enough)?;
        Some(Way::Update(to))
    }

    /// The fewest shards to go to: never under the peak of the last minutes, nor fewer while consumers are behind.
    fn least(&self) -> u32 {
        if self.lag() > LAG { self.open } else { whole(self.peak()).min(self.open) }
    }

    /// The peak of the last minutes, which the stream must still carry after it has been scaled in.
    fn peak(&self) -> f64 {
        self.history.last(PEAK_MINUTES).map(Point::demand).fold(0.0, f64::max)
    }

    fn lag(&self) -> f64 {
        self.history.newest().and_then(|point| point.consumer_lag_seconds).unwrap_or(0.0)
    }

    /// Splits and merges that fit a minute.
    fn steps(&self) -> usize {
        usize::try_from(MINUTE / self.limits.serial_seconds.max(1)).unwrap_or(1).max(1)
    }

    /// What a call of the day's is worth, in shard-minutes; `None` when none is to be spent.
    fn call(&self) -> Option<f64> {
        let used = self.history.updates_within_day(self.now);
        let left = self.limits.updates_per_day.checked_sub(used).filter(|left| *left > 0)?;
        #[expect(clippy::cast_precision_loss, reason = "ten at most")]
        let (left, used) = (left as f64, used as f64);
        if left <= RESERVE && self.refused <= 0.0 {
            return None;
        }
        Some(self.limits.price_of_call * (used + 1.0) / left * f64::from(self.open))
    }
}

/// Whether more than a hundredth of a minute's demand was refused.
fn refusing(point: &Point) -> bool {
    point.refused.shards() > 0.01 * point.demand()
}
